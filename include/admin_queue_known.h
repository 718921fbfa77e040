/*
 * admin_queue_known - the deliveries that the live store knows, found again in qmail's queue
 *
 * The queue is for root to read, the store for its owner. So another process reads the store, as that owner,
 * once and in short transactions, and hands over the store's secret and what it knows of each delivery: 18
 * bytes for each, at most 9 MB. What is looked up later needs no lock.
 */
#ifndef ADMIN_QUEUE_KNOWN_H
#define ADMIN_QUEUE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin.h"
#include "queue.h"

/* All zeros: nothing is known. */
struct admin_known {
	unsigned char *bytes; /* the secret, then the records; from malloc(3) */
	size_t count;         /* of records */
	bool read;            /* all were; false: what limits hold cannot be told */
};

/* Remote recipients of one message that are not done, by what has become of their last attempt. */
struct admin_waiting {
	uint64_t held;      /* stopped here by a limit */
	uint64_t deferred;  /* by the other side */
	uint64_t unreached; /* no answer from there */
};

/* Reads them all. Where that fails, why is said on standard error, and k->read is false. */
void admin_known_read(struct admin_known *k, struct admin *a);

/*
 * Of the message that queue_walk() is at. Known again by the very identity that the wrapper gives a delivery
 * (pending.h): none is ever taken for another. 0, or -1 with errno.
 */
int admin_known_find(const struct admin_known *k, struct queue *q, const struct queue_message *m,
    struct admin_waiting *waiting);

/* Frees what was read; k->read stays. */
void admin_known_free(struct admin_known *k);

#endif
