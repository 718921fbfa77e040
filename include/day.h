/*
 * day - what one meter has admitted in each of the last closed hours
 *
 * Kept in the live store for meters with max_per_day, so that their sum costs one look-up in an hour; made
 * anew from the ledger by `qlimit load`.
 */
#ifndef DAY_H
#define DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAY_HOURS 24 /* the running one and those before it */
#define DAY_SIZE 104 /* bytes of a record */

struct day {
	uint32_t hour; /* the newest one in it */
	uint32_t from; /* hours before this one do not count: an admin's reset */
	uint32_t admitted[DAY_HOURS - 1]; /* in `hour`, the one before it, ... */
};

/* Sets what was admitted in a closed hour; one that is too old, or was reset, is left out. */
void day_note(struct day *day, uint32_t hour, uint64_t admitted);

/* Forgets all hours before `hour`, and will not take them again. */
void day_reset(struct day *day, uint32_t hour);

/* The sum of the 23 hours before `hour`. */
uint64_t day_before(const struct day *day, uint32_t hour);

/* True if none of it can count at `hour` or later. */
bool day_is_over(const struct day *day, uint32_t hour);

/* Encodes to DAY_SIZE bytes. */
void day_encode(const struct day *day, unsigned char *record);

/* Decodes; false if the record is not one of this version. */
bool day_decode(struct day *day, unsigned char *record, size_t size);

#endif
