/*
 * pending - a delivery that is not finished, and how to know it again
 *
 * qmail tries the same delivery again and again; it is charged once. Its queue file keeps inode,
 * mtime, size and content through retries and restarts, while the inode number alone is reused
 * within the second (facts/qmail-remote.md section 5).
 */
#ifndef PENDING_H
#define PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "outcome.h"

#define PENDING_SIZE 40 /* bytes of a record */
#define PENDING_HEAD 256 /* first bytes of the message that are part of the identity */

/* queuelifetime's default of 7 days and one more: nothing older can come back (qmail-send(8)). */
#define PENDING_LIFETIME (8 * 86400)

/* Of a message as a whole: it is only asked for when one more recipient is tried for the first time. */
#define PENDING_MESSAGE_LIFETIME 86400
#define PENDING_MESSAGE_CROWDED 3600 /* where half of STORE_PENDINGS_MAX is taken */

/* What a message's queue file says of itself. */
struct pending_file {
	bool known; /* false: not a regular file, nothing to know it by */
	uint64_t inode;
	int64_t mtime_seconds;
	uint32_t mtime_nanoseconds;
	uint64_t size;
	size_t head_length;
	unsigned char head[PENDING_HEAD];
};

/* Stored in records: numbers are never reused. */
enum pending_state { PENDING_HELD = 1, PENDING_ADMITTED = 2 };

struct pending {
	enum pending_state state;
	bool message;         /* not a delivery but the message, for count = "messages" */
	enum outcome outcome; /* of the latest attempt that was booked, or OUTCOME_NONE */
	uint32_t hour;        /* when it was last held, or in which the outcome was booked */
	uint32_t stopped;     /* when an order held it, though it was admitted before; 0: not since its last outcome */
	int64_t since;        /* when it was first seen, seconds since 1970 */
	int64_t touched;      /* when it was last seen */
	uint64_t booked_at;   /* the store's sequence number when the outcome was booked */
};

/*
 * The identity of one delivery, DIGEST_SIZE bytes, under the store's secret; with "" for sender and
 * recipient that of the message as a whole, with "" and a domain that of what goes there. `file->known`
 * must be true.
 */
void pending_identity(unsigned char *id, const unsigned char *secret,
    const struct pending_file *file, const char *sender, const char *recipient);

/* Encodes to PENDING_SIZE bytes. */
void pending_encode(const struct pending *p, unsigned char *record);

/* Decodes; false if the record is not one of this version. */
bool pending_decode(struct pending *p, unsigned char *record, size_t size);

#endif
