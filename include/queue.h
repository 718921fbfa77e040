/*
 * queue - qmail's queue, read
 *
 * Nothing in it is ever written, made or locked. It is read while qmail works: files that vanish
 * meanwhile are normal and no error. Nobody's symbolic link is followed below the queue's directory, and
 * nothing but a plain file is read. How many parts the directories are split into (conf-split) is seen
 * from mess/; todo/ may be split as well (big-todo).
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue_text.h"

#define QUEUE_WHERE_MAX 80
#define QUEUE_HEAD_MAX 65536  /* bytes of a message that are looked at */
#define QUEUE_REASON_MAX 4096 /* likewise of bounce/, at its end */

/* INTERNALS.md: S2 and S3, S4, S5. */
enum queue_state {
	QUEUE_INCOMPLETE, /* qmail-queue is still writing it, or qmail-send removing it: no sender is known */
	QUEUE_TODO,       /* not preprocessed: which of its recipients are remote is not known yet */
	QUEUE_READY,
};

struct queue_message {
	uint64_t id; /* the inode number of its file in mess/ */
	enum queue_state state;
	int64_t since; /* when it was queued, as qmail-send believes: the time of info, todo or mess */
	uint64_t size; /* bytes, with what qmail-queue put in front */
	uint64_t remote_left, remote_done, local_left, local_done; /* recipients; of QUEUE_TODO all are remote_left */
	const struct queue_records *records; /* its sender and the first recipients, remote ones first */
};

struct queue;

/* Opens `directory` of qmail's. NULL with errno. */
struct queue *queue_open(const char *directory);

/*
 * Calls `each` with every message, in no order; what it is given lives until it returns. It returns 0 to go
 * on, or -1 with errno to stop. Returns 0, or -1 with errno: of `each`, or of what queue_where() names.
 */
int queue_walk(struct queue *q, int (*each)(void *context, struct queue *q, const struct queue_message *m),
    void *context);

/*
 * For `each`, of the message it is given: the first bytes of it, or the last ones of its bounce/. How many
 * were read, at most `size`; 0 where there are none, or not any more. -1 with errno.
 */
int64_t queue_read_head(struct queue *q, char *bytes, size_t size);
int64_t queue_read_bounce(struct queue *q, char *bytes, size_t size);

/* ... its own file, open, for the caller to close: 1; 0 where it is gone; -1 with errno. */
int queue_open_message(struct queue *q, int *fd);

/* ... each of its remote recipients that is not done, as qmail-remote is given it. 0, or -1 with errno. */
int queue_read_remote(struct queue *q, queue_recipient *each, void *context);

/* The file or directory below the queue that was last tried; QUEUE_WHERE_MAX bytes. */
const char *queue_where(const struct queue *q, char *where);

/* What was found up to now where only qmail's files should be, and was passed over. */
uint64_t queue_strange(const struct queue *q);

/* Ends it; NULL is harmless. */
void queue_close(struct queue *q);

#endif
