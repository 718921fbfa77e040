/* front - qmail's directory of programs, opened and locked, so that one at a time changes what is there */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "front_names.h"

#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 100000000 /* 0.1 s */

static int
lock(struct front *f)
{
	const struct timespec pause = { 0, LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return front_fail(f, "");
		(void)nanosleep(&pause, NULL);
	}
	return front_refuse(f, "", "another `qlimit enable` or `disable` has been at work here for 10 seconds");
}

static int
open_and_lock(struct front *f)
{
	f->fd = open(f->bin, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd == -1)
		return front_fail(f, "");
	if (lock(f) == -1)
		return -1;
	return fstatat(f->fd, FRONT_REMOTE, &f->remote, AT_SYMLINK_NOFOLLOW) == -1 ? front_fail(f, FRONT_REMOTE) : 0;
}

int
front_open(struct front *f, const char *bin, const char *ours)
{
	memset(f, 0, sizeof *f);
	f->bin = bin;
	f->ours = ours;
	if (open_and_lock(f) == 0)
		return 0;
	front_close(f);
	return -1;
}

void
front_close(struct front *f)
{
	if (f->prepared)
		(void)unlinkat(f->fd, FRONT_NEW, 0);
	/* A network file system may say that a rename failed which was done: then it is the real one's only name. */
	if (f->made && front_is_one_file(f, f->kept, FRONT_REMOTE, AT_SYMLINK_NOFOLLOW))
		(void)unlinkat(f->fd, f->kept, 0);
	if (f->fd != -1)
		(void)close(f->fd);
	f->fd = -1;
	f->prepared = f->made = false;
}
