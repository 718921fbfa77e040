/*
 * fuzz - what the targets have in common
 *
 * A target is LLVMFuzzerTestOneInput(): any bytes, never a return value but 0. What must not be is said
 * with MUST(): libFuzzer keeps the input that broke it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

#define MUST(what) \
	do { \
		if (!(what)) { \
			(void)fprintf(stderr, "%s:%d: must be: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/*
 * Freed memory is kept back for a while, or a use after it is not seen; 256 MB of it, and the callers
 * of every malloc(), only cost time: ask for those with ASAN_OPTIONS=malloc_context_size=30.
 */
const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=1:allocator_may_return_null=1";
}

/*
 * Between these stands what only fills and judges: libFuzzer is not to learn from it which way to go, and
 * need not wait for it.
 */
#define FUZZ_UNGUIDED \
	_Pragma("clang attribute push(__attribute__((no_sanitize(\"coverage\"))), apply_to = function)")
#define FUZZ_GUIDED _Pragma("clang attribute pop")

/* The input, taken from its front: at its end there are only zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

FUZZ_UNGUIDED

static inline uint64_t
fuzz_number(struct fuzz_input *in, size_t width)
{
	uint64_t value = 0;

	for (; width > 0 && in->left > 0; width--, in->left--)
		value = value << 8 | *in->at++;
	return value;
}

/* At most `most` of the next bytes, as many as their first one says; a view, not a copy. */
static inline const uint8_t *
fuzz_bytes(struct fuzz_input *in, size_t most, size_t *n)
{
	const uint8_t *bytes;
	size_t wanted = (size_t)fuzz_number(in, most > 255 ? 2 : 1) % (most + 1);

	*n = wanted < in->left ? wanted : in->left;
	bytes = in->at;
	in->at += *n;
	in->left -= *n;
	return bytes;
}

FUZZ_GUIDED

#endif
