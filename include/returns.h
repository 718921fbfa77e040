/*
 * returns - which returned deliveries were counted already
 *
 * A notification may come twice, and two servers may send one each. What was counted is remembered in
 * buckets of a fixed number of places, so that it needs no count, no sweep, and no more than
 * RETURNS_BUCKETS records (1 MB in all): 65,536 deliveries. In a full bucket the oldest one makes room.
 * Their keyed digests spread them evenly: of 30,000 in a week hardly one is forgotten early. Beyond that
 * a second copy of an old notification counts again.
 */
#ifndef RETURNS_H
#define RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETURNS_BUCKETS 4096
#define RETURNS_PLACES 16
#define RETURNS_HOURS 168 /* a week: the lifetime of mail in most queues (RFC 5321 4.5.4.1 has 4 to 5 days) */
#define RETURNS_ID_SIZE 12 /* bytes of an identity that are kept; the bucket says two more */
#define RETURNS_SIZE (4 + RETURNS_PLACES * (RETURNS_ID_SIZE + 4)) /* bytes of a record */

struct returns {
	size_t count;
	struct {
		unsigned char id[RETURNS_ID_SIZE];
		uint32_t hour; /* in which it was counted */
	} at[RETURNS_PLACES];
};

/* The bucket of an identity of DIGEST_SIZE bytes. */
uint32_t returns_bucket(const unsigned char *id);

/*
 * Notes that this delivery was returned, in its bucket: true if that was not known, or longer than
 * RETURNS_HOURS ago. A clock that has gone back forgets nothing.
 */
bool returns_note(struct returns *r, const unsigned char *id, uint32_t hour);

/* Encodes to RETURNS_SIZE bytes. */
void returns_encode(const struct returns *r, unsigned char *record);

/* Decodes; false if the record is not one of this version. */
bool returns_decode(struct returns *r, unsigned char *record, size_t size);

#endif
