/* harness_bin - qmail's directory of programs, in a /var of the test's own */
#include "harness_bin.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_inside.h"

/* unshare(2) is no part of what _DEFAULT_SOURCE declares. */
int unshare(int flags);
#ifndef CLONE_NEWNS
#define CLONE_NEWNS 0x00020000
#define CLONE_NEWUSER 0x10000000
#endif

#define FILES_MOST 30

static void
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	/* An older kernel has no setgroups file; the maps decide. */
	if (fd != -1) {
		(void)!write(fd, text, strlen(text));
		(void)close(fd);
	}
}

/* Who is not root is root in a namespace of users; outside of it nothing changes. */
bool
harness_may_mount(void)
{
	char uid[40], gid[40];

	if (unshare(CLONE_NEWNS) == -1) {
		(void)snprintf(uid, sizeof uid, "%u %u 1", geteuid(), geteuid());
		(void)snprintf(gid, sizeof gid, "%u %u 1", getegid(), getegid());
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
			return false;
		write_text("/proc/self/setgroups", "deny");
		write_text("/proc/self/uid_map", uid);
		write_text("/proc/self/gid_map", gid);
	}
	return mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool
mount_all(void)
{
	static const char users[] = "root:x:0:0::/:/bin/sh\nqmailr:x:12348:12348::/:/bin/sh\n";

	if (geteuid() != 0 || strncmp(harness_path(""), "/var/", 5) == 0 ||
	    strncmp(harness_program(""), "/var/", 5) == 0) {
		errno = EPERM;
		return false;
	}
	if (!harness_may_mount() || mount("tmpfs", "/etc", "tmpfs", MS_NODEV, "mode=755,size=1m") == -1 ||
	    mount("tmpfs", "/var", "tmpfs", MS_NODEV, "mode=755,size=64m") == -1)
		return false;
	harness_write("/etc/passwd", users, sizeof users - 1);
	ck_assert_int_eq(chmod("/etc/passwd", 0644), 0);
	return true;
}

bool
harness_bin_start(void)
{
	harness_start();
	if (!mount_all()) {
		harness_skip("what changes qmail's directory of programs", strerror(errno));
		return false;
	}
	ck_assert_int_eq(unsetenv("QLIMIT_REMOTE"), 0);
	/* Only in the test's own /var: elsewhere this would be somebody's qmail. */
	ck_assert_int_eq(mkdir("/var/qmail", 0755), 0);
	ck_assert_int_eq(mkdir("/var/lib", 0755), 0);
	ck_assert_int_eq(mkdir(HARNESS_BIN, 0755), 0);
	harness_bin_put("qmail-remote", harness_program("remote"), "", 0711);
	harness_bin_put("qmail-rspawn", "/bin/sleep", "", 0755);
	return true;
}

static void
copy(int from, int to)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0)
		ck_assert_int_eq(write(to, bytes, (size_t)n), n);
	ck_assert_int_eq(n, 0);
}

void
harness_bin_put(const char *name, const char *program, const char *more, mode_t mode)
{
	const char new[] = HARNESS_BIN "put.new";
	char path[200];
	int from = open(program, O_RDONLY | O_CLOEXEC), to = open(new, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_msg(from != -1 && to != -1, "%s: %s", program, strerror(errno));
	copy(from, to);
	ck_assert_int_eq(write(to, more, strlen(more)), (ssize_t)strlen(more));
	ck_assert_int_eq(fchown(to, 0, HARNESS_OWNER), 0);
	ck_assert_int_eq(fchmod(to, mode), 0);
	ck_assert_int_eq(close(from), 0);
	ck_assert_int_eq(close(to), 0);
	(void)snprintf(path, sizeof path, HARNESS_BIN "%s", name);
	ck_assert_int_eq(rename(new, path), 0);
}

/* --- a qmail-rspawn --- */

static _Noreturn void
become_rspawn(uid_t owner, const char *const *environment)
{
	static char name[] = "qmail-rspawn", long_enough[] = "60";
	char *const argv[] = { name, long_enough, NULL };
	union {
		const char *const *given;
		char *const *taken;
	} words = { .given = environment };

	if (setgid(HARNESS_OWNER) == 0 && setuid(owner) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		(void)execve(HARNESS_BIN "qmail-rspawn", argv, words.taken);
	_exit(99);
}

/* By its words, not by its name: exec(2) sets that before there is an environment to be read. */
static bool
is_called_so(pid_t pid)
{
	char path[40], word[40] = "";
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, word, sizeof word - 1), 0);
	ck_assert_int_eq(close(fd), 0);
	return strcmp(word, "qmail-rspawn") == 0;
}

pid_t
harness_bin_rspawn_of(uid_t owner, const char *const *environment)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		become_rspawn(owner, environment);
	while (!is_called_so(pid))
		(void)usleep(1000);
	return pid;
}

pid_t
harness_bin_rspawn(const char *const *environment)
{
	return harness_bin_rspawn_of(HARNESS_OWNER, environment);
}

void
harness_bin_end(pid_t rspawn)
{
	ck_assert_int_eq(kill(rspawn, SIGKILL), 0);
	ck_assert_int_eq(waitpid(rspawn, NULL, 0), rspawn);
}

/* --- looking --- */

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *
harness_bin_list(void)
{
	static char names[FILES_MOST][100];
	struct harness_buffer list = { NULL, 0, 0 };
	DIR *dir = opendir(HARNESS_BIN);
	const struct dirent *entry;
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		ck_assert_uint_lt(n, FILES_MOST);
		(void)snprintf(names[n++], sizeof names[0], "%.99s", entry->d_name);
	}
	(void)closedir(dir);
	qsort(names, n, sizeof names[0], compare);
	for (size_t i = 0; i < n; i++) {
		char line[300], path[200];
		struct stat st;
		int length;

		if (names[i][0] == '.')
			continue;
		(void)snprintf(path, sizeof path, HARNESS_BIN "%.99s", names[i]);
		ck_assert_int_eq(lstat(path, &st), 0);
		length = snprintf(line, sizeof line, "%.99s %ju %o %u %u %jd %ju\n", names[i], (uintmax_t)st.st_ino,
		    (unsigned)st.st_mode, st.st_uid, st.st_gid, (intmax_t)st.st_size, (uintmax_t)st.st_nlink);
		harness_buffer_add(&list, line, (size_t)length);
	}
	return harness_keep(list.data);
}
