/*
 * harness_send - a qmail-send that can be told to try all
 */
#ifndef HARNESS_SEND_H
#define HARNESS_SEND_H

#include <sys/types.h>

#define HARNESS_QMAILS 12346 /* the user whose it is */

/*
 * Starts a process that looks like the qmail-send of the harness's queue, and ends with `status` when it is told by
 * SIGALRM. Returns once it is that; to be reaped by the caller. Only root can start another user's process.
 */
pid_t harness_send_start(int status);

#endif
