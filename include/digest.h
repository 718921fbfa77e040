/*
 * digest - SipHash-2-4 with 128 bits of output
 *
 * Names a delivery by 16 bytes and checks records. Keyed with a secret of the store, so that a
 * local user cannot make two messages that count as one. (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF"; tests/test_digest.c holds the authors' vectors.)
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 16
#define DIGEST_KEY_SIZE 16

struct digest {
	uint64_t v[4];
	uint64_t pending;  /* bytes of the word not yet full, least significant first */
	uint64_t length;
};

/* Starts a digest under a key of DIGEST_KEY_SIZE bytes. */
void digest_init(struct digest *d, const unsigned char *key);

/* Adds `n` bytes; the result depends on the bytes only, not on how they were cut into calls. */
void digest_add(struct digest *d, const void *data, size_t n);

/* Adds a number as 8 bytes, or a string with its NUL, so that neighbours cannot run together. */
void digest_add64(struct digest *d, uint64_t value);
void digest_add_string(struct digest *d, const char *s);

/* Ends the digest; `out` receives DIGEST_SIZE bytes. */
void digest_finish(struct digest *d, unsigned char *out);

#endif
