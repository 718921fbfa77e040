/*
 * harness_queue - message files as qmail-queue leaves them
 */
#ifndef HARNESS_QUEUE_H
#define HARNESS_QUEUE_H

#include <stddef.h>

#define HARNESS_QUEUE_NAME 48

/* Makes `queue` with pid/ and mess/0 to mess/22. 0, or -1 with errno. */
int harness_queue_make(const char *queue);

/*
 * Queues a message: qmail-queue's own first line, then the `n` bytes of `text`. `origin` is what
 * that line says of the caller: "by uid 48", "by alias", "from network" or "for bounce". `name`
 * (HARNESS_QUEUE_NAME bytes) is set to what qmail-send calls the file, "13/1234": the path below
 * mess/, and the message's number behind the slash. 0, or -1 with errno.
 */
int harness_queue_put(const char *queue, const char *origin, const char *text, size_t n, char *name);

#endif
