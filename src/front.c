/* front - putting qlimit-remote in front of qmail-remote by name, and taking it away */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "file_scan.h"
#include "label.h"
#include "ours.h"
#include "text.h"

#define REMOTE "qmail-remote"
#define ORIG "qmail-remote.orig"
#define NEXT "qmail-remote.next"
#define MOVED "qmail-remote.moved" /* Plesk's */
#define NEXT_NEW "qmail-remote.qlimit-next"

#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 100000000 /* 0.1 s */

static int
refuse(struct front *f, const char *name, const char *what)
{
	struct text t;

	text_init(&t, f->problem, sizeof f->problem);
	text_add(&t, f->bin);
	text_add(&t, name[0] != '\0' ? "/" : "");
	text_add(&t, name);
	text_add(&t, ": ");
	text_add(&t, what);
	return -1;
}

static int
fail(struct front *f, const char *name)
{
	return refuse(f, name, strerror(errno));
}

/* Makes the names durable, where the file system knows such a thing. */
static int
sync_names(struct front *f)
{
	return fsync(f->fd) == -1 && errno != EINVAL ? fail(f, "") : 0;
}

/* 1 if it is there; 0; -1 if that could not be seen, which is never taken for a "no". */
static int
look(struct front *f, const char *name, struct stat *st)
{
	if (fstatat(f->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail(f, name);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static void
look_whose(const struct front *f, const char *name, struct ours_file *file)
{
	char path[PLACE_PATH_MAX + 1];

	if (place_join(path, f->bin, name) == 0)
		ours_look(file, path, f->ours);
	else
		*file = (struct ours_file){ .is = OURS_UNKNOWN, .error = errno };
}

/* --- the directory --- */

static int
lock(struct front *f)
{
	const struct timespec pause = { 0, LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(f->fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return fail(f, "");
		(void)nanosleep(&pause, NULL);
	}
	return refuse(f, "", "another `qlimit enable` or `disable` has been at work here for 10 seconds");
}

static int
open_and_lock(struct front *f)
{
	f->fd = open(f->bin, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd == -1)
		return fail(f, "");
	if (lock(f) == -1)
		return -1;
	return fstatat(f->fd, REMOTE, &f->remote, AT_SYMLINK_NOFOLLOW) == -1 ? fail(f, REMOTE) : 0;
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

/* A network file system may say that a rename failed which was done: then this is the only name of the real one. */
static bool
is_second_name(struct front *f)
{
	struct stat kept, now;

	return fstatat(f->fd, f->kept, &kept, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(f->fd, REMOTE, &now, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(&kept, &now);
}

void
front_close(struct front *f)
{
	if (f->prepared)
		(void)unlinkat(f->fd, FRONT_NEW, 0);
	if (f->made && is_second_name(f))
		(void)unlinkat(f->fd, f->kept, 0);
	if (f->fd != -1)
		(void)close(f->fd);
	f->fd = -1;
	f->prepared = f->made = false;
}

/* --- what is understood --- */

static int
check_directory(struct front *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return fail(f, "");
	if (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return refuse(f, "", "must belong to root and be writable by nobody else: who may write here runs programs "
	    "as qmail does");
}

/* Of qmail-remote, and of what is to be it again. */
static int
check_program(struct front *f, const char *name)
{
	struct stat st;

	if (fstatat(f->fd, name, &st, 0) == -1)
		return fail(f, name);
	if (!S_ISREG(st.st_mode))
		return refuse(f, name, "is no plain file");
	if (st.st_size == 0)
		return refuse(f, name, "is empty");
	if ((st.st_mode & 0111) == 0)
		return refuse(f, name, "is not executable");
	if ((st.st_mode & (S_ISUID | S_ISGID)) != 0)
		return refuse(f, name, "runs with other rights than its caller's (set-user-ID or set-group-ID): not "
		    "understood");
	return 0;
}

/* It would be run by the one in front, or run that one: for ever. */
static int
check_second_names(struct front *f)
{
	static const char *const names[] = { ORIG, MOVED };
	struct ours_file file;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		look_whose(f, names[i], &file);
		if (file.is == OURS_UNKNOWN)
			return refuse(f, names[i], strerror(file.error));
		if (file.is != OURS_NOT && file.is != OURS_NOTHING)
			return refuse(f, names[i], "is qlimit-remote itself: it stands behind " REMOTE " already. If it "
			    "got there by mistake, remove it");
	}
	return 0;
}

/* Whether qmail-remote, a script or a program, has this name in it: then it runs that, one way or another. */
static int
mentions(struct front *f, const char *name)
{
	char behind[2];
	int fd = openat(f->fd, REMOTE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int found = fd == -1 ? -1 : file_scan(fd, name, behind, sizeof behind);

	if (found == -1)
		(void)fail(f, REMOTE);
	if (fd != -1)
		(void)close(fd);
	return found;
}

/* A .next that was kept by an earlier `enable` is stale, and is lost; one that is in use would be lost as well. */
static int
check_next(struct front *f, const struct stat *next)
{
	static const char in_use[] = "is what " REMOTE " itself runs, and would be replaced: not understood. Give it "
				     "another name, there too";
	struct stat runs, target;
	int mentioned;

	if (is_same_file(next, &f->remote))
		return 0;
	mentioned = mentions(f, NEXT);
	if (mentioned == -1)
		return -1;
	if (mentioned == 1 || (fstatat(f->fd, REMOTE, &runs, 0) == 0 && fstatat(f->fd, NEXT, &target, 0) == 0 &&
	    is_same_file(&runs, &target)))
		return refuse(f, NEXT, in_use);
	return 0;
}

/* .next is asked for before .orig (real.h): a stale one has to be replaced, and that is to it alone. */
static int
choose_name(struct front *f)
{
	struct stat next, orig;
	int has_next = look(f, NEXT, &next), has_orig = look(f, ORIG, &orig);

	if (has_next == -1 || has_orig == -1 || (has_next == 1 && check_next(f, &next) == -1))
		return -1;
	f->kept = has_next == 0 && (has_orig == 0 || is_same_file(&orig, &f->remote)) ? ORIG : NEXT;
	return 0;
}

int
front_examine(struct front *f)
{
	struct ours_file file;

	if (check_directory(f) == -1 || check_program(f, REMOTE) == -1 || check_second_names(f) == -1)
		return -1;
	look_whose(f, REMOTE, &file);
	if (file.is != OURS_NOT)
		return refuse(f, REMOTE, file.is == OURS_UNKNOWN ? strerror(file.error) : "is qlimit-remote");
	return choose_name(f);
}

/* --- the steps --- */

static int
copy(int from, int to)
{
	static char bytes[1 << 18];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0) {
		if (write(to, bytes, (size_t)n) != n) {
			errno = errno != 0 ? errno : ENOSPC;
			return -1;
		}
	}
	return n == -1 ? -1 : 0;
}

static int
label(const struct front *f, int to)
{
	int from = openat(f->fd, REMOTE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc = from == -1 ? -1 : label_copy(from, to);

	if (from != -1)
		(void)close(from);
	return rc;
}

static int
fill(const struct front *f, int from, int to)
{
	struct stat target;

	return copy(from, to) == -1 || fstatat(f->fd, REMOTE, &target, 0) == -1 ||
	    fchown(to, 0, target.st_gid) == -1 || fchmod(to, 0755) == -1 || label(f, to) == -1 || fsync(to) == -1 ? -1 : 0;
}

static int
make_copy(struct front *f, int from)
{
	int to, rc;

	if (unlinkat(f->fd, FRONT_NEW, 0) == -1 && errno != ENOENT)
		return fail(f, FRONT_NEW);
	to = openat(f->fd, FRONT_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to == -1)
		return fail(f, FRONT_NEW);
	f->prepared = true;
	errno = 0;
	rc = fill(f, from, to) == -1 ? fail(f, FRONT_NEW) : 0;
	if (close(to) == -1 && rc == 0)
		rc = fail(f, FRONT_NEW);
	return rc;
}

int
front_prepare(struct front *f)
{
	struct ours_file file;
	int from, rc;

	ours_look(&file, f->ours, f->ours);
	from = file.is == OURS_SAME ? open(f->ours, O_RDONLY | O_CLOEXEC) : -1;
	if (from == -1) {
		struct text t;

		text_init(&t, f->problem, sizeof f->problem);
		text_add(&t, f->ours);
		text_add(&t, ": is not qlimit-remote, or cannot be read: is it installed?");
		return -1;
	}
	rc = check_directory(f) == -1 ? -1 : make_copy(f, from);
	(void)close(from);
	return rc;
}

/* By way of another name: .next is never missing, nor half of it. */
static int
replace_next(struct front *f)
{
	if (unlinkat(f->fd, NEXT_NEW, 0) == -1 && errno != ENOENT)
		return fail(f, NEXT_NEW);
	if (linkat(f->fd, REMOTE, f->fd, NEXT_NEW, 0) == -1)
		return fail(f, NEXT_NEW);
	if (renameat(f->fd, NEXT_NEW, f->fd, NEXT) == -1) {
		(void)fail(f, NEXT);
		(void)unlinkat(f->fd, NEXT_NEW, 0);
		return -1;
	}
	return 0;
}

int
front_keep(struct front *f)
{
	struct stat st;
	int there = look(f, f->kept, &st), rc;

	if (there == -1)
		return -1;
	if (there == 1 && is_same_file(&st, &f->remote))
		return sync_names(f);
	if (there == 1)
		rc = replace_next(f);
	else
		rc = linkat(f->fd, REMOTE, f->fd, f->kept, 0) == -1 ? fail(f, f->kept) : 0;
	f->made = rc == 0;
	return rc == -1 ? -1 : sync_names(f);
}

/* `name` becomes qmail-remote. From then on nothing of it is to be taken away. */
static int
become_remote(struct front *f, const char *name)
{
	struct stat before, now;

	if (fstatat(f->fd, name, &before, AT_SYMLINK_NOFOLLOW) == -1 ||
	    renameat(f->fd, name, f->fd, REMOTE) == -1)
		return fail(f, name);
	f->prepared = f->made = false;
	if (sync_names(f) == -1)
		return -1;
	if (look(f, REMOTE, &now) != 1 || !is_same_file(&before, &now))
		return refuse(f, REMOTE, "is not what was put there: see `qlimit status`");
	return 0;
}

/* The trial may have taken seconds: an update of qmail's that came meanwhile would be lost by the rename. */
int
front_put(struct front *f)
{
	struct stat now;
	int there = look(f, REMOTE, &now);

	if (there == -1)
		return -1;
	if (there == 0 || !is_same_file(&now, &f->remote))
		return refuse(f, REMOTE, "has been replaced meanwhile, by an update of qmail perhaps: try again");
	return become_remote(f, FRONT_NEW);
}

static int
remove_name(struct front *f, const char *name, int *removed)
{
	if (unlinkat(f->fd, name, 0) == 0)
		++*removed;
	else if (errno != ENOENT)
		return fail(f, name);
	return 0;
}

static int
remove_ours(struct front *f, int *removed)
{
	return remove_name(f, FRONT_NEW, removed) == -1 ? -1 : remove_name(f, NEXT_NEW, removed);
}

int
front_restore(struct front *f)
{
	struct ours_file file;
	struct stat st;
	int there = look(f, NEXT, &st), removed = 0;

	f->kept = there == 1 ? NEXT : ORIG;
	if (there == 0)
		there = look(f, ORIG, &st);
	if (there == -1)
		return -1;
	if (there == 0)
		return refuse(f, REMOTE, "is qlimit-remote, and what it was before is neither " ORIG " nor " NEXT
		    ": nothing is changed; put qmail's own program back");
	if (check_program(f, f->kept) == -1)
		return -1;
	look_whose(f, f->kept, &file);
	if (file.is != OURS_NOT)
		return refuse(f, f->kept, file.is == OURS_UNKNOWN ? strerror(file.error) :
		    "is qlimit-remote itself: nothing is changed; put qmail's own program back");
	return remove_ours(f, &removed) == -1 ? -1 : become_remote(f, f->kept);
}

int
front_clean(struct front *f)
{
	static const char *const seconds[] = { ORIG, NEXT };
	int removed = 0;

	if (remove_ours(f, &removed) == -1)
		return -1;
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
		struct stat st;
		int there = look(f, seconds[i], &st);

		if (there == -1 || (there == 1 && is_same_file(&st, &f->remote) &&
		    remove_name(f, seconds[i], &removed) == -1))
			return -1;
	}
	return removed > 0 && sync_names(f) == -1 ? -1 : removed;
}
