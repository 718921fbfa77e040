/* store_file - the files of a store: their names, their lock, whose they are */
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

#define REPLACED_MAX 10           /* how often a lock file may be replaced while it is waited for */
#define HOLES_MIN ((off_t)64 << 20)
#define LIVE_MAX ((off_t)1 << 30) /* a live store that grew beyond this is not one hour's */
#define DESCRIPTORS_MAX 256       /* of a process that opens a handful */

int
store_file_init(struct store_file *f, const char *directory, bool live)
{
	f->live = live;
	memset(f->boot, 0, sizeof f->boot);
	f->lock = -1;
	if (place_join(f->directory, directory, "") == -1 ||
	    place_join(f->path, directory, live ? "live.mdb" : "ledger.mdb") == -1 ||
	    place_join(f->aside, directory, live ? "live.mdb.damaged" : "ledger.mdb.damaged") == -1 ||
	    place_join(f->fresh, directory, live ? "live.mdb.new" : "ledger.mdb.new") == -1 ||
	    place_join(f->lock_path, directory, live ? "lock" : "ledger.lock") == -1)
		return -1;
	(void)place_join(f->newer, directory, "live.mdb.newer"); /* no longer than the others */
	f->directory[strlen(f->directory) - 1] = '\0'; /* else a link would be followed */
	return 0;
}

/* Ours, a plain file or directory, without a second name, and nobody else may write it. */
static int
check_ours(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) == type && st->st_uid == geteuid() && (st->st_mode & 022) == 0 &&
	    (type != S_IFREG || st->st_nlink == 1))
		return 0;
	errno = EPERM;
	return -1;
}

/* From 1 to 5 ms, for each process and each time another: who asks at the same moments meets the same others. */
static uint32_t
next_pause_us(uint32_t *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return 1000 + (*seed >> 16) % 4000;
}

/*
 * Asks again and again, the wrapper until its deadline. To wait in flock(2) itself is to be passed over: who is
 * woken finds the lock taken by a newcomer, and goes to the end of the queue with all who stand behind him. Of
 * 120 processes on a busy machine 15 % waited for more than 2 s in it; asking, none.
 */
static int
wait_for(int fd, int patience_ms)
{
	uint32_t seed = (uint32_t)getpid();
	int64_t left_us = (int64_t)patience_ms * 1000;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		uint32_t pause_us = next_pause_us(&seed);
		const struct timespec pause = { 0, (long)pause_us * 1000 };

		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -1;
		if (patience_ms >= 0 && left_us < pause_us) {
			errno = ETIMEDOUT;
			return -1;
		}
		left_us -= pause_us;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

/*
 * O_CREAT only where there is nothing yet: on a frozen file system Linux before 6.12 lets it wait for
 * the thaw, with no signal let through, even if the file is there.
 */
static int
open_lock(const char *path)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = open(path, flags);

	if (fd != -1 || errno != ENOENT)
		return fd;
	fd = open(path, flags | O_CREAT, 0600);
	(void)fchmod(fd, 0600); /* an odd umask would keep out everybody who comes later */
	return fd;
}

static int
open_and_wait(const char *path, int patience_ms)
{
	struct stat st;
	int fd = open_lock(path), saved;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && check_ours(&st, S_IFREG) == 0 &&
	    wait_for(fd, patience_ms) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

/* Removed or replaced while it was waited for, it keeps nobody out any more: the next one opens another. */
static bool
is_still_there(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino &&
	       held.st_dev == named.st_dev;
}

int
store_file_take(const char *directory, const char *lock_path, int patience_ms)
{
	struct stat st;

	if (lstat(directory, &st) == -1 || check_ours(&st, S_IFDIR) == -1)
		return -1;
	for (int i = 0; i < REPLACED_MAX; i++) {
		int fd = open_and_wait(lock_path, patience_ms);

		if (fd == -1 || is_still_there(fd, lock_path))
			return fd;
		(void)close(fd);
	}
	errno = ETIMEDOUT;
	return -1;
}

/*
 * The lock file tells of which boot the live store is; where it is new it does not, and the store is asked
 * itself. Removed first: then there is room to say so. Synced, once a boot: what is written to the store
 * later must not last longer.
 */
static int
follow_boot(const struct store_file *f, bool create)
{
	static const unsigned char unknown[INFO_BOOT_SIZE];
	unsigned char noted[INFO_BOOT_SIZE];
	ssize_t n;

	if (!f->live || memcmp(f->boot, unknown, sizeof unknown) == 0)
		return 0;
	n = pread(f->lock, noted, sizeof noted, 0);
	if (n == -1)
		return -1;
	if (n == (ssize_t)sizeof noted && memcmp(noted, f->boot, sizeof noted) == 0)
		return 0;
	errno = ENOENT; /* for whoever only looks; and not for him to remove */
	if (!create)
		return n == 0 ? 0 : -1;
	if (n != 0 && store_file_remove(f, STORE_REMOVED) == -1)
		return -1;
	errno = ENOSPC; /* of a short write */
	if (pwrite(f->lock, f->boot, sizeof f->boot, 0) != (ssize_t)sizeof f->boot)
		return -1;
	(void)fsync(f->lock);
	return 0;
}

int
store_file_lock(struct store_file *f, bool create, int patience_ms)
{
	f->lock = store_file_take(f->directory, f->lock_path, patience_ms);
	if (f->lock == -1)
		return -1;
	if (follow_boot(f, create) == 0)
		return 0;
	store_file_unlock(f);
	return -1;
}

void
store_file_unlock(struct store_file *f)
{
	int saved = errno;

	if (f->lock != -1)
		(void)close(f->lock);
	f->lock = -1;
	errno = saved;
}

/* A wild page number was written to. The map would have to be as large, and may not be (softlimit(8)). */
static bool
is_mostly_holes(const struct stat *st)
{
	return st->st_size > HOLES_MIN && (off_t)st->st_blocks * 512 < st->st_size / 64;
}

int
store_file_examine(const struct store_file *f, bool create, off_t *size)
{
	struct stat st;

	*size = 0;
	if (lstat(f->path, &st) == -1)
		return errno == ENOENT && create ? 0 : -1;
	if (check_ours(&st, S_IFREG) == -1)
		return -1;
	if (f->live && (st.st_size > LIVE_MAX || is_mostly_holes(&st))) {
		errno = EBADMSG;
		return -1;
	}
	*size = st.st_size;
	return 0;
}

/* A ledger's copy is never overwritten: it may be all that is left of the history. */
static int
set_aside(const struct store_file *f)
{
	char name[PLACE_PATH_MAX + 8];
	struct text t;
	unsigned n = 0;

	do {
		text_init(&t, name, sizeof name);
		text_add(&t, f->aside);
		if (n > 0) {
			text_add(&t, ".");
			text_add_number(&t, n);
		}
	} while (!f->live && ++n < 1000 && access(name, F_OK) == 0);
	return rename(f->path, name);
}

int
store_file_remove(const struct store_file *f, enum store_fate fate)
{
	int rc = fate == STORE_REMOVED ? unlink(f->path) :
	    fate == STORE_KEPT_NEWER ? rename(f->path, f->newer) : set_aside(f);

	if (rc == -1)
		return errno == ENOENT ? 0 : -1;
	if (fate == STORE_KEPT_NEWER)
		log_trouble("live.mdb is of a newer qlimit: set aside as live.mdb.newer, counting anew", 0);
	if (fate == STORE_KEPT_DAMAGED)
		log_trouble(f->live ? "live.mdb is damaged: set aside as live.mdb.damaged, counting anew" :
		    "ledger.mdb is damaged: set aside as ledger.mdb.damaged, history begins anew", 0);
	return 1;
}

void
store_file_close_all(const struct store_file *f)
{
	struct stat file, st;

	if (stat(f->path, &file) == -1)
		return;
	for (int fd = 3; fd < DESCRIPTORS_MAX; fd++)
		if (fstat(fd, &st) == 0 && st.st_dev == file.st_dev && st.st_ino == file.st_ino)
			(void)close(fd);
}
