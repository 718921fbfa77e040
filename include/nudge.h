/*
 * nudge - telling the running qmail-send to try all deferred mail now
 *
 * That is what it does on SIGALRM (qmail-send(8)). Which process it is: one that is called qmail-send, runs as
 * the owner of QUEUE/info (qmails), has QUEUE as its working directory and catches SIGALRM. Each instance on a
 * machine has a queue of its own, so no other one is meant; the program's file is not looked at, for after an
 * upgrade the old one runs on, deleted or under another name. One that does not catch the signal is just
 * starting, and would be killed by it.
 *
 * A process number that is used again is not hit: process and signal both go by one descriptor of its
 * directory in /proc (pidfd_send_signal(2), Linux 5.1). Where that call is missing or forbidden, kill(2)
 * follows a second look at once.
 *
 * The right to send a signal is asked for when it is sent, so a descriptor that root has opened is of no use
 * once the CLI has become the owner of the state directory. Hence two steps:
 *
 *	nudge_ready(&n, queue)    as root, before admin_enter(): a process that stays root waits for the word
 *	...                       the order is written and committed
 *	told = nudge_give(&n)     or nudge_drop(&n), if nothing came of it
 *
 * If the CLI ends in between, so does that process, and nobody is told.
 */
#ifndef NUDGE_H
#define NUDGE_H

#include "aside.h"

struct nudge {
	struct aside aside;
};

/*
 * Tells every qmail-send of this queue. How many, 0 if none is running. -1 with errno where there is no such
 * queue, or none could be told and of one it is not known, for lack of rights (EACCES, EPERM): looking at its
 * directory takes root with CAP_SYS_PTRACE, which a container may lack.
 */
int nudge_qmail_send(const char *queue);

/* Starts the process that does the same on the word; `queue` is copied. 0, or -1 with errno. */
int nudge_ready(struct nudge *n, const char *queue);

/* Gives the word and ends it. As nudge_qmail_send(); EIO where it has died. */
int nudge_give(struct nudge *n);

/* Ends it without. */
void nudge_drop(struct nudge *n);

#endif
