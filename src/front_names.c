/* front_names - qmail's directory of programs: what stands there under a name, and what is said of it */
#include "front_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

int
front_refuse(struct front *f, const char *name, const char *what)
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

static const char *
hint(int error)
{
	if (error == EPERM)
		return " (is qmail-remote immutable? see lsattr(1), chattr(1))";
	if (error == EXDEV || error == EBUSY)
		return " (is qmail-remote mounted by itself? see findmnt(8))";
	return error == ENOENT ? " (is qmail installed, and was QMAIL right when qlimit was built?)" : "";
}

int
front_fail(struct front *f, const char *name)
{
	const char *more = hint(errno);
	char what[200];
	struct text t;

	text_init(&t, what, sizeof what);
	text_add(&t, strerror(errno));
	text_add(&t, more);
	return front_refuse(f, name, what);
}

int
front_sync(struct front *f)
{
	return fsync(f->fd) == -1 && errno != EINVAL ? front_fail(f, "") : 0;
}

int
front_look(struct front *f, const char *name, struct stat *st)
{
	if (fstatat(f->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : front_fail(f, name);
}

bool
front_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool
front_is_one_file(const struct front *f, const char *a, const char *b, int flags)
{
	struct stat x, y;

	return fstatat(f->fd, a, &x, flags) == 0 && fstatat(f->fd, b, &y, flags) == 0 && front_is_same(&x, &y);
}

void
front_whose(const struct front *f, const char *name, struct ours_file *file)
{
	char path[PLACE_PATH_MAX + 1];

	if (place_join(path, f->bin, name) == 0)
		ours_look(file, path, f->ours);
	else
		*file = (struct ours_file){ .is = OURS_UNKNOWN, .error = errno };
}

int
front_check_directory(struct front *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == -1)
		return front_fail(f, "");
	if (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return front_refuse(f, "", "must belong to root and be writable by nobody else: who may write here runs "
	    "programs as qmail does");
}

int
front_check_program(struct front *f, const char *name)
{
	struct stat st;

	if (fstatat(f->fd, name, &st, 0) == -1)
		return front_fail(f, name);
	if (!S_ISREG(st.st_mode))
		return front_refuse(f, name, "is no plain file");
	if (st.st_size == 0)
		return front_refuse(f, name, "is empty");
	if ((st.st_mode & 0111) == 0)
		return front_refuse(f, name, "is not executable");
	if ((st.st_mode & (S_ISUID | S_ISGID)) != 0)
		return front_refuse(f, name, "runs with other rights than its caller's (set-user-ID or set-group-ID): "
		    "not understood");
	return 0;
}
