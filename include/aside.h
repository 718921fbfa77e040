/*
 * aside - a part of the CLI that runs beside it, in a process with other rights
 *
 * Becoming the owner of the state directory is for good (owner.h). What needs both, root's rights and the
 * store, is therefore done by two processes, and only bytes pass between them: whatever a store that has been
 * tampered with makes of the one that reads it, it does not become root.
 */
#ifndef ASIDE_H
#define ASIDE_H

#include <sys/types.h>

struct aside {
	pid_t pid;
	int fd; /* to the other process and back: a stream. Closed in one, it ends in the other */
};

/* What the other process does; `fd` is its end. It returns an exit status; exit(3) is not for it. */
typedef int aside_part(void *context, int fd);

/* Starts it, with a copy of all memory and the rights of this process. 0, or -1 with errno. */
int aside_start(struct aside *a, aside_part *part, void *context);

/* Closes the stream and waits for its end. Its exit status, or -1 if it was killed. */
int aside_end(struct aside *a);

#endif
