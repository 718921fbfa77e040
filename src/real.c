/* real - which program is the real qmail-remote, and which is our own */
#include "real.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

/* What would run without us; where that is us, what stood there before: by `qlimit enable`, by hand, by Plesk. */
static const char *const guesses[] = {
	QMAIL "/bin/qmail-remote",
	QMAIL "/bin/qmail-remote.next",
	QMAIL "/bin/qmail-remote.orig",
	QMAIL "/bin/qmail-remote.moved",
};

#define GUESSES (sizeof guesses / sizeof guesses[0])

static const char *self_path; /* NULL: the program that runs */

void
real_set_self(const char *path)
{
	self_path = path;
}

/* The kernel's word; where there is no /proc, the path that was executed. */
static int
stat_self(struct stat *st)
{
	unsigned long executed;
	const char *path;

	if (self_path != NULL)
		return stat(self_path, st);
	if (stat("/proc/self/exe", st) == 0)
		return 0;
	executed = getauxval(AT_EXECFN);
	memcpy(&path, &executed, sizeof path);
	return path == NULL ? -1 : stat(path, st);
}

static bool
is_self(const char *path)
{
	struct stat self, other;

	return stat_self(&self) == 0 && stat(path, &other) == 0 && self.st_dev == other.st_dev &&
	       self.st_ino == other.st_ino;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void
copy_path(char *path, const char *from)
{
	struct text t;

	text_init(&t, path, PLACE_PATH_MAX + 1);
	text_add(&t, from);
}

static bool
is_same_content(int a, int b)
{
	char x[4096], y[4096];
	ssize_t n;

	do {
		n = read(a, x, sizeof x);
		if (n != read(b, y, sizeof y) || n < 0 || memcmp(x, y, (size_t)n) != 0)
			return false;
	} while (n > 0);
	return true;
}

bool
real_is_copy(const char *path, const char *of)
{
	int a = open(path, O_RDONLY | O_CLOEXEC), b = open(of, O_RDONLY | O_CLOEXEC);
	bool same = a != -1 && b != -1 && is_same_content(a, b);

	if (a != -1)
		(void)close(a);
	if (b != -1)
		(void)close(b);
	return same;
}

/* This program, or a copy of it under another name: only a file of our size is read. */
static bool
is_ours(const char *path)
{
	struct stat self, other;

	return is_self(path) || (stat_self(&self) == 0 && stat(path, &other) == 0 &&
	    self.st_size == other.st_size &&
	    real_is_copy(path, self_path != NULL ? self_path : "/proc/self/exe"));
}

/* Behind another program that was put before us, any guess could lead back to it, for ever. */
static bool
stands_behind(void)
{
	for (size_t i = 1; i < GUESSES; i++)
		if (is_ours(guesses[i]))
			return true;
	return false;
}

static bool
guess_one(char *path)
{
	bool behind = stands_behind();

	for (size_t i = 0; i < GUESSES && !behind; i++)
		if (is_program(guesses[i]) && !is_ours(guesses[i])) {
			copy_path(path, guesses[i]);
			return true;
		}
	return false;
}

/* Twice: `qlimit enable` and `disable` rename these files while mail is delivered. */
static const char *
guess(char *path)
{
	if (guess_one(path) || guess_one(path))
		return NULL;
	path[0] = '\0';
	return "no real qmail-remote found in " QMAIL "/bin: set remote in qlimit.conf";
}

const char *
real_find(char *path, const char *chosen)
{
	if (chosen == NULL || *chosen == '\0')
		return guess(path);
	copy_path(path, chosen);
	if (chosen[0] != '/' || strlen(chosen) > PLACE_PATH_MAX)
		return "the real qmail-remote must be given as an absolute path";
	if (is_ours(chosen))
		return "the real qmail-remote is set to qlimit-remote itself";
	return NULL;
}

void
real_find_ours(char *path, const char *name)
{
	ssize_t n = readlink("/proc/self/exe", path, PLACE_PATH_MAX);
	struct text t;

	if (n > 0) {
		while (n > 0 && path[n - 1] != '/')
			n--;
		text_init(&t, path + n, (size_t)(PLACE_PATH_MAX + 1 - n));
		text_add(&t, name);
		if (!t.truncated && is_program(path))
			return;
	}
	text_init(&t, path, PLACE_PATH_MAX + 1);
	text_add(&t, QLIMIT_SBIN "/");
	text_add(&t, name);
}
