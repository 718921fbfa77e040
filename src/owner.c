/* owner - becoming the owner of the state directory */
#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

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

bool
owner_can_read(const char *directory, const char *path)
{
	struct stat owner, st;

	if (geteuid() != 0 || stat(directory, &owner) == -1 || stat(path, &st) == -1)
		return true;
	if (owner.st_uid == 0)
		return true;
	if (st.st_uid == owner.st_uid)
		return (st.st_mode & 0400) != 0;
	if (st.st_gid == owner.st_gid)
		return (st.st_mode & 0040) != 0;
	return (st.st_mode & 0004) != 0;
}
