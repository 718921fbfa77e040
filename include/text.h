/*
 * text - a string built up in a buffer of fixed size
 *
 * For reports, log lines and paths in the wrapper: no allocation, no stdio, no locale, safe in a
 * signal handler. What does not fit is left out and `truncated` says so; the string always ends
 * with a NUL.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t size;
	size_t used;
	bool truncated;
};

/* Starts an empty string in `size` (>= 1) bytes of `data`, which the caller owns and keeps. */
void text_init(struct text *t, char *data, size_t size);

/* Append a string as it is, `n` bytes as they are, a decimal number. */
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *bytes, size_t n);
void text_add_number(struct text *t, uint64_t n);

/*
 * Appends at most `most` characters of `n` untrusted bytes made printable: bytes below 33 or above
 * 126, `"` and `\` become \xHH. Cut strings end in "...".
 */
void text_add_printable(struct text *t, const char *bytes, size_t n, size_t most);

/* Appends a sentence: likewise, but that blanks stay, and that each word may have 800 characters. */
void text_add_sentence(struct text *t, const char *sentence);

/* A letter of ASCII as its small one; any other byte as it is. */
char text_lower(char c);

#endif
