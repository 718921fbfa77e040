/* store_lock - one process at a time in a store, and only in files that are ours */
#include "store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 5

int
store_lock_check(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) == type && st->st_uid == geteuid() && (st->st_mode & 022) == 0 &&
	    (type != S_IFREG || st->st_nlink == 1))
		return 0;
	errno = EPERM;
	return -1;
}

/* flock(2) knows no time limit: the wrapper's deadline ends its wait, the CLI asks again and again. */
static int
wait_for(int fd, int patience_ms)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };

	while (flock(fd, patience_ms < 0 ? LOCK_EX : LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -1;
		if (patience_ms < STEP_MS) {
			errno = ETIMEDOUT;
			return -1;
		}
		patience_ms -= STEP_MS;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

int
store_lock(const char *directory, const char *path, int patience_ms)
{
	struct stat st;
	int fd, saved;

	if (lstat(directory, &st) == -1 || store_lock_check(&st, S_IFDIR) == -1)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && store_lock_check(&st, S_IFREG) == 0 &&
	    wait_for(fd, patience_ms) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}
