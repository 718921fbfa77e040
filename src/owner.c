/* owner - becoming the owner of the state directory */
#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
complain(const char *directory, const char *what)
{
	(void)fprintf(stderr, "qlimit: %s: %s\n", directory, what);
	return -1;
}

/* Nothing in it is opened as root; only the directory itself is made. */
static int
make_directory(const char *directory)
{
	const struct passwd *pw = getpwnam(QLIMIT_OWNER);

	if (pw == NULL)
		return complain(directory, "does not exist, and neither does the user "
		    QLIMIT_OWNER " who should own it: is qmail installed?");
	if (mkdir(directory, 0700) == -1 || lchown(directory, pw->pw_uid, pw->pw_gid) == -1)
		return complain(directory, strerror(errno));
	return 0;
}

static int
become(const struct stat *st, const char *directory)
{
	if (setgroups(1, &st->st_gid) == -1 || setgid(st->st_gid) == -1 ||
	    setuid(st->st_uid) == -1)
		return complain(directory, "cannot become its owner");
	return 0;
}

int
owner_become(const char *directory, bool create)
{
	struct stat st;

	if (lstat(directory, &st) == -1 && errno == ENOENT && create && geteuid() == 0 &&
	    make_directory(directory) == -1)
		return -1;
	if (lstat(directory, &st) == -1)
		return complain(directory, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(directory, "is not a directory");
	if (geteuid() == 0)
		return st.st_uid == 0 ? 0 : become(&st, directory);
	if (st.st_uid != geteuid())
		return complain(directory, "belongs to somebody else: run this as root");
	return 0;
}
