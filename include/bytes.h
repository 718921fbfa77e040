/*
 * bytes - records as bytes: big-endian, fixed width
 *
 * One cursor serves both directions. An access past the end changes nothing, yields 0 and sets
 * `failed`, so a caller writes or reads a whole record first and asks once at the end.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	unsigned char *data;
	size_t size;
	size_t at;
	bool failed;
};

/* Starts at the first of `size` bytes of `data`, which the caller owns and keeps. */
void bytes_init(struct bytes *b, void *data, size_t size);

/* Append a number, the most significant byte first. */
void bytes_put8(struct bytes *b, uint8_t value);
void bytes_put16(struct bytes *b, uint16_t value);
void bytes_put32(struct bytes *b, uint32_t value);
void bytes_put64(struct bytes *b, uint64_t value);

/* Appends `n` bytes as they are. */
void bytes_put(struct bytes *b, const void *from, size_t n);

/* Take the next number; 0 where the record is too short. */
uint8_t bytes_get8(struct bytes *b);
uint16_t bytes_get16(struct bytes *b);
uint32_t bytes_get32(struct bytes *b);
uint64_t bytes_get64(struct bytes *b);

/* Takes the next `n` bytes into `to`; zeros where the record is too short. */
void bytes_get(struct bytes *b, void *to, size_t n);

/* True if every access so far was inside the record and nothing is left over. */
bool bytes_complete(const struct bytes *b);

#endif
