/* nudge - telling the running qmail-send to try all deferred mail now */
#include "nudge.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "processes.h"

/* proc(5): Uid and SigCgt stand in the first 2 KB. */
#define STATUS_SIZE 4096

/* Whose qmail-send is looked for. */
struct sought {
	struct stat queue;
	uid_t owner;
};

/* --- is it this one? --- */

/* By what every user may know of a process. One that has ended meanwhile is not it. */
static bool
looks_like_it(int process, const struct sought *sought)
{
	char status[STATUS_SIZE];

	return processes_read(process, "status", status, sizeof status) > 0 &&
	    processes_is_called(status, "qmail-send") &&
	    processes_number(status, "\nUid:\t", 10) == sought->owner &&
	    (processes_number(status, "\nSigCgt:\t", 16) & 1ULL << (SIGALRM - 1)) != 0;
}

/* 1 if it is; 0; -1 with errno where that is not ours to know. */
static int
is_it(int process, const struct sought *sought)
{
	struct stat directory;

	if (!looks_like_it(process, sought))
		return 0;
	if (fstatat(process, "cwd", &directory, 0) == -1)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	return directory.st_dev == sought->queue.st_dev && directory.st_ino == sought->queue.st_ino;
}

/*
 * --- telling it ---
 *
 * A child of its that has not executed qmail-queue yet looks the same. There the signal is caught as well; one
 * instruction later it may end qmail-queue, and qmail-send queues that bounce again.
 */

/* 1 if it was told; 0 if it is another, or has ended; -1 with errno. */
static int
tell(int process, pid_t pid, void *context)
{
	const struct sought *sought = context;
	int rc = is_it(process, sought);

	if (rc != 1)
		return rc;
	if (pidfd_send_signal(process, SIGALRM, NULL, 0) == 0)
		return 1;
	if (errno == ESRCH || is_it(process, sought) != 1)
		return 0;
	return kill(pid, SIGALRM) == 0 ? 1 : -1;
}

int
nudge_qmail_send(const char *queue)
{
	struct sought sought;
	struct stat info;
	int fd = open(queue, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc, saved;

	if (fd == -1)
		return -1;
	rc = fstat(fd, &sought.queue) == -1 || fstatat(fd, "info", &info, 0) == -1 ? -1 : 0;
	saved = errno;
	(void)close(fd);
	errno = saved;
	if (rc == -1)
		return -1;
	sought.owner = info.st_uid;
	return processes_visit(tell, &sought);
}

/* --- the process that stays root --- */

struct answer {
	int told, error;
};

static int
wait_for_word(void *context, int fd)
{
	const char *const *queue = context;
	struct answer answer = { 0, 0 };
	char word;

	if (recv(fd, &word, 1, 0) != 1)
		return 0;
	answer.told = nudge_qmail_send(*queue);
	answer.error = errno;
	return send(fd, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer ? 0 : 1;
}

int
nudge_ready(struct nudge *n, const char *queue)
{
	return aside_start(&n->aside, wait_for_word, &queue);
}

int
nudge_give(struct nudge *n)
{
	struct answer answer;

	if (send(n->aside.fd, "", 1, MSG_NOSIGNAL) != 1 ||
	    recv(n->aside.fd, &answer, sizeof answer, MSG_WAITALL) != sizeof answer)
		answer = (struct answer){ -1, EIO };
	(void)aside_end(&n->aside);
	errno = answer.error;
	return answer.told;
}

void
nudge_drop(struct nudge *n)
{
	(void)aside_end(&n->aside);
}
