/* rspawn - the qmail-rspawns that run, and which program each of them runs for a delivery */
#include "rspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_scan.h"
#include "processes.h"
#include "text.h"

#define REAL_PATH_SIZE 4096 /* PATH_MAX, what realpath(3) needs */
#define STATUS_SIZE 4096
#define ENVIRONMENT_SIZE (64 << 10) /* a longer one is not understood */

struct search {
	struct rspawns *all;
	const struct passwd *owner;
	struct stat bin;
	char inside[REAL_PATH_SIZE];  /* "root", and BIN with its links followed: as the process itself sees it */
	char program[REAL_PATH_SIZE]; /* BIN/qmail-rspawn, likewise */
};

/* --- its environment --- */

/* The first counts, as with getenv(3) and qmail's own env_get. */
static const char *
value_of(const char *environment, size_t size, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = environment; at < environment + size; at += strlen(at) + 1)
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return at + n + 1;
	return NULL;
}

static bool
is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* As execvp(3); what is relative is not, for it would be so to the queue. */
static void
search_path(char *out, const char *path, const char *name)
{
	for (;;) {
		size_t n = strcspn(path, ":");
		struct text t;

		text_init(&t, out, PLACE_PATH_MAX + 1);
		text_add_bytes(&t, path, n);
		text_add(&t, "/");
		text_add(&t, name);
		if (out[0] == '/' && !t.truncated && is_executable(out))
			return;
		if (path[n] == '\0')
			break;
		path += n + 1;
	}
	out[0] = '\0';
}

static void
find_remote(struct rspawn *r, const char *environment, size_t size)
{
	const char *path = value_of(environment, size, "PATH");
	const char *name = r->honours ? value_of(environment, size, "QMAILREMOTE") : NULL;
	struct text t;

	r->by_variable = name != NULL;
	r->ignores = !r->honours && value_of(environment, size, "QMAILREMOTE") != NULL;
	if (name == NULL)
		name = "qmail-remote";
	if (strchr(name, '/') == NULL) {
		search_path(r->remote, path != NULL ? path : "/bin:/usr/bin", name);
		return;
	}
	text_init(&t, r->remote, sizeof r->remote);
	text_add(&t, name);
	if (t.truncated || r->remote[0] != '/')
		r->remote[0] = '\0';
}

static int
read_environment(struct rspawn *r, int process)
{
	static char environment[ENVIRONMENT_SIZE];
	ssize_t n = processes_read(process, "environ", environment, sizeof environment);

	/* Of one that is just ending there is nothing to read. */
	if (n <= 0 || n == sizeof environment - 1) {
		errno = n == -1 ? errno : n == 0 ? ESRCH : E2BIG;
		return -1;
	}
	find_remote(r, environment, (size_t)n);
	return 0;
}

/* The last part of its control group, "0::/system.slice/qmail-send.service". */
static void
find_unit(struct rspawn *r, int process)
{
	char groups[STATUS_SIZE];
	const char *at, *end;
	struct text t;

	(void)processes_read(process, "cgroup", groups, sizeof groups);
	end = strstr(groups, ".service\n");
	if (end == NULL)
		return;
	end += strlen(".service");
	for (at = end; at > groups && at[-1] != '/';)
		at--;
	text_init(&t, r->unit, sizeof r->unit);
	text_add_printable(&t, at, (size_t)(end - at), sizeof r->unit - 1);
}

/* --- its binary --- */

static int
examine(struct rspawn *r, int fd)
{
	char behind[2];
	int honours = file_scan(fd, "QMAILREMOTE", behind, sizeof behind), signs;

	if (honours == -1)
		return -1;
	signs = file_scan(fd, "qmail-dksign", behind, sizeof behind);
	r->honours = honours == 1;
	r->signs = signs == 1;
	return signs == -1 ? -1 : 0;
}

static int
open_and_examine(struct rspawn *r, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC), rc, saved;

	if (fd == -1)
		return -1;
	rc = examine(r, fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

void
rspawn_examine(struct rspawn *r, const char *bin)
{
	char path[PLACE_PATH_MAX + 1];

	memset(r, 0, sizeof *r);
	if (place_join(path, bin, "qmail-rspawn") == -1 || open_and_examine(r, AT_FDCWD, path) == -1)
		r->error = errno;
}

/* --- is it one? --- */

/* 1 if it is one of ours; 0; -1 with errno where that is not ours to know. */
static int
is_it(const struct search *search, int process)
{
	static const char replaced[] = " (deleted)";
	char program[REAL_PATH_SIZE];
	struct stat bin;
	ssize_t n = readlinkat(process, "exe", program, sizeof program - 1);
	size_t length = strlen(search->program);

	/* A container has the same path, and another directory there; a service of systemd's has the same. */
	if (n == -1 || fstatat(process, search->inside, &bin, 0) == -1)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	program[n] = '\0';
	return bin.st_dev == search->bin.st_dev && bin.st_ino == search->bin.st_ino &&
	    strncmp(program, search->program, length) == 0 &&
	    (program[length] == '\0' || strcmp(program + length, replaced) == 0);
}

/* Whoever likes may run the program, in an environment that he likes: his word is not asked. */
static bool
is_qmails(const struct search *search, const char *status)
{
	unsigned long long uid = processes_number(status, "\nUid:\t", 10);

	return search->owner == NULL || uid == search->owner->pw_uid || uid == 0;
}

static int
visit(int process, pid_t pid, void *context)
{
	struct search *search = context;
	struct rspawn r = { .pid = pid };
	char status[STATUS_SIZE];
	int rc;

	if (processes_read(process, "status", status, sizeof status) == -1 ||
	    !processes_is_called(status, "qmail-rspawn") || !is_qmails(search, status))
		return 0;
	rc = is_it(search, process);
	if (rc == 0)
		return 0;
	if (rc == -1 || open_and_examine(&r, process, "exe") == -1 || read_environment(&r, process) == -1)
		r.error = errno;
	find_unit(&r, process);
	if (search->all->count < RSPAWN_MOST)
		search->all->one[search->all->count] = r;
	search->all->count++;
	return 1;
}

/* Where it is not there now, one of before may run all the same. */
static int
find_program(struct search *search, const char *bin)
{
	char path[PLACE_PATH_MAX + 1], real[REAL_PATH_SIZE];
	struct text t;

	if (place_join(path, bin, "qmail-rspawn") == -1 || realpath(bin, real) == NULL ||
	    stat(bin, &search->bin) == -1)
		return -1;
	text_init(&t, search->inside, sizeof search->inside);
	text_add(&t, "root");
	text_add(&t, real);
	if (realpath(path, search->program) != NULL)
		return 0;
	text_init(&t, search->program, sizeof search->program);
	text_add(&t, real);
	text_add(&t, "/qmail-rspawn");
	return 0;
}

void
rspawn_find(struct rspawns *all, const char *bin)
{
	static struct search search;

	memset(all, 0, sizeof *all);
	search.all = all;
	search.owner = getpwnam(QLIMIT_OWNER);
	if (find_program(&search, bin) == -1 || processes_visit(visit, &search) == -1)
		all->error = errno;
}
