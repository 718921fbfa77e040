/*
 * admin_queue - what the parts of the command queue share
 */
#ifndef ADMIN_QUEUE_H
#define ADMIN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "admin_queue_known.h"
#include "queue.h"

#define ADMIN_QUEUE_TEXT_MAX 32

/* Short forms for columns: 999, 4.1K, 12M; 90s, 5h, 12d. To ADMIN_QUEUE_TEXT_MAX bytes, which they return. */
const char *admin_queue_size(char *out, uint64_t bytes);
const char *admin_queue_age(char *out, int64_t seconds);

/*
 * Prints the message that queue_walk() is at, all that is known of it; `waiting` NULL: the store did not say
 * why its recipients wait. 0, or -1 with errno.
 */
int admin_queue_list(struct queue *q, const struct queue_message *m, const struct admin_waiting *waiting,
    int64_t now, bool json);

#endif
