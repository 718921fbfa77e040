/*
 * queue_table - messages of a queue added up, sender's domain by sender's domain
 */
#ifndef QUEUE_TABLE_H
#define QUEUE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "queue.h"

/*
 * Rows of their own, about 400 bytes each with their place in the tree; all further domains share one of
 * kind METER_OVERFLOW. A flood of made-up senders has no end, the memory has.
 */
#define QUEUE_TABLE_MAX 100000

struct queue_sum {
	uint64_t messages, todo, incomplete; /* ... and of those, by state */
	uint64_t remote, local; /* recipients not done */
	uint64_t held, held_messages; /* of the remote ones, those that limits hold; messages that have such */
	uint64_t bytes;
	int64_t oldest; /* when it was queued; only where there are messages */
};

struct queue_row {
	struct meter meter;
	struct queue_sum sum;
};

/* All zeros is an empty one. 800 KB: not for the stack. */
struct queue_table {
	struct queue_row *rows[QUEUE_TABLE_MAX + 1];
	size_t count;
	void *tree; /* of the same rows, by meter: tsearch(3) */
};

/* Adds a message, `held` of whose remote recipients are held by limits. */
void queue_sum_add(struct queue_sum *sum, const struct queue_message *m, uint64_t held);

/* The same to the row of `meter`. 0, or -1 with errno ENOMEM. */
int queue_table_add(struct queue_table *t, const struct meter *meter, const struct queue_message *m,
    uint64_t held);

/* Most recipients first; among those with as many, most messages. */
void queue_table_sort(struct queue_table *t);

/* Frees the rows, and leaves an empty table. */
void queue_table_empty(struct queue_table *t);

#endif
