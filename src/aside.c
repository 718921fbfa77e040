/* aside - a part of the CLI that runs beside it, in a process with other rights */
#include "aside.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int
aside_start(struct aside *a, aside_part *part, void *context)
{
	int ends[2], saved;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	a->fd = ends[0];
	a->pid = fork();
	if (a->pid == 0) {
		(void)close(ends[0]);
		/* Nothing that waits in stdio's buffers is written twice. */
		_exit(part(context, ends[1]));
	}
	saved = errno;
	(void)close(ends[1]);
	if (a->pid == -1)
		(void)close(ends[0]);
	errno = saved;
	return a->pid == -1 ? -1 : 0;
}

int
aside_end(struct aside *a)
{
	int status;
	pid_t ended;

	(void)close(a->fd);
	do
		ended = waitpid(a->pid, &status, 0);
	while (ended == -1 && errno == EINTR);
	return ended != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
