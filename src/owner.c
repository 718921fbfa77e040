/* owner - becoming the owner of the state directory */
#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "aside.h"

static int
complain(int status, const char *directory, const char *what)
{
	(void)fprintf(stderr, "qlimit: %s: %s\n", directory, what);
	return status;
}

/* Nothing in it is opened as root; only the directory itself is made. */
static int
make_directory(const char *directory)
{
	const struct passwd *pw = getpwnam(QLIMIT_OWNER);

	if (pw == NULL)
		return complain(EX_NOUSER, directory, "does not exist, and neither does the user "
		    QLIMIT_OWNER " who should own it: is qmail installed?");
	if (mkdir(directory, 0700) == -1 || lchown(directory, pw->pw_uid, pw->pw_gid) == -1)
		return complain(EX_CANTCREAT, directory, strerror(errno));
	return EX_OK;
}

static int
become(const struct stat *st, const char *directory)
{
	if (setgroups(1, &st->st_gid) == -1 || setgid(st->st_gid) == -1 ||
	    setuid(st->st_uid) == -1)
		return complain(EX_OSERR, directory, "cannot become its owner");
	return EX_OK;
}

int
owner_become(const char *directory, bool create)
{
	struct stat st;
	int status;

	if (create && geteuid() == 0 && lstat(directory, &st) == -1 && errno == ENOENT) {
		status = make_directory(directory);
		if (status != EX_OK)
			return status;
	}
	if (lstat(directory, &st) == -1)
		return complain(EX_NOINPUT, directory, errno == ENOENT ?
		    "does not exist: `qlimit load`, as root, makes it" : strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(EX_NOINPUT, directory, "is not a directory");
	if (geteuid() == 0 && st.st_uid != 0)
		return become(&st, directory);
	if (st.st_uid != geteuid())
		return complain(EX_NOPERM, directory, "belongs to somebody else: run this as root");
	return EX_OK;
}

/* --- what he can read --- */

/*
 * Where whoever runs this is kept from a file: the directory that he may not enter, or the file. realpath(3),
 * of GNU and of BSD, leaves the name at which it met EACCES, past all links: that name's directory is closed.
 */
static bool
is_closed(const char *path, char *where)
{
	char *slash;

	if (realpath(path, where) != NULL)
		return access(path, R_OK) == -1;
	if (errno != EACCES)
		return false;
	slash = strrchr(where, '/');
	slash[slash == where] = '\0'; /* of "/a" the "/" */
	return true;
}

struct question {
	const char *directory, *path;
};

/* One who could not become him is still root, to whom nothing is closed. */
static int
answer(void *context, int fd)
{
	const struct question *q = context;
	char where[OWNER_PATH_SIZE];
	int status = owner_become(q->directory, false);

	if (is_closed(q->path, where))
		(void)send(fd, where, strlen(where) + 1, MSG_NOSIGNAL); /* else nothing is said */
	return status;
}

/* By trying, as that user: what directories above, ACLs and links allow is for the system to say. */
bool
owner_can_read(const char *directory, const char *path, char where[OWNER_PATH_SIZE])
{
	struct question q = { directory, path };
	struct aside aside;
	struct stat st;
	ssize_t n;

	if (geteuid() != 0 || lstat(directory, &st) == -1 || st.st_uid == 0)
		return true;
	if (aside_start(&aside, answer, &q) == -1)
		return true;
	n = recv(aside.fd, where, OWNER_PATH_SIZE, MSG_WAITALL);
	(void)aside_end(&aside);
	return n <= 0;
}
