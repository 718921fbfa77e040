/*
 * record - one kind of record of a store: its key, its bytes, and a check over both
 *
 * For the files that make up the store only. A value is kept with RECORD_CHECK_SIZE bytes of check
 * behind it, which also covers the key: a page that was torn, or stands in the wrong place, is
 * noticed when its record is read. Results are those of store_backend.h.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "info.h"
#include "meter.h"
#include "store_backend.h"
#include "watch.h"

#define RECORD_CHECK_SIZE 4
#define RECORD_ROOM (INFO_SIZE_MAX + RECORD_CHECK_SIZE) /* for any record of a fixed size */
#define RECORD_NAMED_PREFIX 6 /* bytes before the name in a named key: tag, number, kind */

/*
 * First byte of every key: what kind of record it is. Never reused. Up to TAG_WATCH, and with the
 * counters of meters without a name, they are in the table that every delivery changes; other counters
 * have one of their own; from TAG_NOTE on, what is read and seldom written, they are in the table of the
 * rules.
 */
enum record_tag {
	TAG_PENDING = 1,
	TAG_INFO = 2, /* in both stores; 3 were settings by generation */
	TAG_WATCH = 4,
	TAG_COUNTERS = 5,
	TAG_NOTE = 6,
	TAG_RULE = 7,
	TAG_DAY = 8,
	TAG_RETURNS = 9,
};

struct record_key {
	size_t size;
	unsigned char data[STORE_KEY_MAX];
};

/* Keys: the tag alone; with a number; with number, kind and name; with an identity. */
void record_key(struct record_key *key, enum record_tag tag);
void record_key_numbered(struct record_key *key, enum record_tag tag, uint32_t number);
void record_key_named(struct record_key *key, enum record_tag tag, uint32_t number, unsigned kind,
    const char *name, size_t length);
void record_key_id(struct record_key *key, const unsigned char *id);

/* The kind, which is not 0, and the name in a key of record_key_named(); false if it cannot be one. */
bool record_key_names(const struct record_key *key, struct meter *meter);

/* Notes that the store is damaged; returns -1 with errno EBADMSG. */
int record_damaged(struct store *s);

/*
 * What reads a value of `size` bytes into a structure: false if it is none that anybody wrote. Each kind of
 * record has one, around the decoder in its own header.
 */
typedef bool record_decode(void *to, unsigned char *value, size_t size);

/* Reads a record: 1; 0 and `to` as it was if there is none; -1. What cannot be decoded is damaged. */
int record_read(struct store *s, const struct record_key *key, record_decode *decode, void *to);

/* The same for the next one, as record_next(). */
int record_read_next(struct store *s, struct record_key *key, size_t prefix, record_decode *decode, void *to);

/* Reads a value into `room` bytes, which hold its check as well; `*size` is what is left without. */
int record_get(struct store *s, const struct record_key *key, void *value, size_t room,
    size_t *size);
int record_put(struct store *s, const struct record_key *key, const void *value, size_t size);
int record_del(struct store *s, const struct record_key *key);

/* In the table of `key`, moves to the next one if its first `prefix` bytes are the same: 1 with its value; 0 if not. */
int record_next(struct store *s, struct record_key *key, size_t prefix, void *value, size_t room,
    size_t *size);

/* The same without a look at the value, be it damaged. */
int record_next_key(struct store *s, struct record_key *key, size_t prefix);

#endif
