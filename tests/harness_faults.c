/* harness_faults - what the tests of faults have in common */
#include "harness_faults.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness_inside.h"

#define SLACK_MS 4000 /* beyond a deadline, on a machine that has other things to do */

const char *
harness_state(const char *name)
{
	char below[100];

	(void)snprintf(below, sizeof below, "state/%s", name);
	return harness_path(below);
}

void
harness_write(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	(void)close(fd);
}

int64_t
harness_milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
harness_wait_until(bool (*is_so)(void))
{
	const struct timespec pause = { 0, 20000000 };

	for (int i = 0; i < 3000; i++) {
		if (is_so())
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

void
harness_skip(const char *what, const char *why)
{
	printf("SKIPPED: %s: %s\n", what, why);
	(void)fflush(stdout);
}

struct harness_delivery
harness_send(void)
{
	return harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
}

static void
check_delivered(const char *label, const struct harness_delivery *d, size_t calls)
{
	ck_assert_msg(d->letter == 'K' && d->wait_status == 0, "%s: %c %x: %s", label, d->letter,
	    (unsigned)d->wait_status, d->text);
	ck_assert_msg(harness_calls() == calls + 1, "%s: %zu calls", label, harness_calls() - calls);
	ck_assert_str_eq(harness_call(calls, "fds"), "0,1,2");
	ck_assert_str_eq(harness_call(calls, "offset"), "0");
	ck_assert_str_eq(harness_call(calls, "argv0"), "qmail-remote");
	ck_assert_str_eq(harness_call(calls, "alarm"), "0");
}

void
harness_expect_delivered(const char *label)
{
	size_t calls = harness_calls();
	struct harness_delivery d = harness_send();

	check_delivered(label, &d, calls);
}

void
harness_expect_in_trouble(const char *label, bool defer)
{
	size_t calls = harness_calls(), lines = harness_log_lines(NULL);
	int64_t start = harness_milliseconds(), took;
	struct harness_delivery d = harness_send();

	took = harness_milliseconds() - start;
	if (!defer)
		check_delivered(label, &d, calls);
	else
		ck_assert_msg(d.letter == 'Z' && d.wait_status == 0 && d.length > 1 &&
		    strlen(d.bytes) == d.length - 1 && harness_calls() == calls,
		    "%s: not one clean Z: %c%s (status %x, %zu bytes, %zu calls)", label, d.letter, d.text,
		    (unsigned)d.wait_status, d.length, harness_calls() - calls);
	ck_assert_msg(took < 1000 + SLACK_MS, "%s: %lld ms", label, (long long)took);
	ck_assert_msg(harness_log_lines(NULL) == lines + 1, "%s: %zu log lines: %s; %s", label,
	    harness_log_lines(NULL) - lines, harness_log_line(NULL, lines),
	    harness_log_line(NULL, lines + 1));
	ck_assert_msg(strstr(harness_log_line(NULL, lines), "event=trouble") != NULL, "%s: %s", label,
	    harness_log_line(NULL, lines));
}

bool
harness_start_as_user(void)
{
	if (geteuid() == 0) {
		/* Where all tests make their places: this one's has to be made and removed there, too. */
		if (getenv("TMPDIR") != NULL)
			(void)chmod(getenv("TMPDIR"), 01777);
		HARNESS_MUST(setgroups(0, NULL) == 0);
		HARNESS_MUST(setgid(HARNESS_USER) == 0);
		HARNESS_MUST(setuid(HARNESS_USER) == 0);
	}
	harness_start();
	if (access(harness_program("qlimit-remote"), X_OK) == 0)
		return true;
	harness_skip("as an ordinary user", "the programs are in a place that others cannot reach");
	return false;
}

/* --- a program stopped in the middle --- */

static pid_t
start(const char *program, const char *const *argv, bool traced)
{
	union {
		const char *const *given;
		char *const *taken;
	} words = { .given = argv };
	pid_t pid = fork();

	HARNESS_MUST(pid != -1);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		for (int fd = 0; fd <= 2; fd++)
			(void)dup2(null, fd);
		for (int fd = 3; fd < 1024; fd++)
			(void)close(fd);
		if (traced)
			(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)execv(program, words.taken);
		_exit(97);
	}
	return pid;
}

pid_t
harness_background(const char *program, const char *const *argv)
{
	return start(program, argv, false);
}

pid_t
harness_background_traced(const char *program, const char *const *argv)
{
	return start(program, argv, true);
}

/* Goes on to the next stop. Signals of its own (its deadline) reach the program. */
static void
step(pid_t pid, int *signal)
{
	int status;

	HARNESS_MUST(ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)*signal) == 0);
	HARNESS_MUST(waitpid(pid, &status, 0) == pid);
	ck_assert_msg(WIFSTOPPED(status), "harness: ended before it had the lock: %x", (unsigned)status);
	*signal = WSTOPSIG(status) == (SIGTRAP | 0x80) || status >> 16 != 0 ? 0 : WSTOPSIG(status);
}

static bool
is_open_as(pid_t pid, uint64_t fd, const char *name)
{
	char path[64], target[300];
	const char *base;
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, (int)fd);
	n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	base = strrchr(target, '/');
	return base != NULL && strcmp(base + 1, name) == 0;
}

/* Until a flock(2) of this file has returned 0. */
static void
go_to_lock(pid_t pid, const char *name)
{
	struct __ptrace_syscall_info info;
	bool in_flock = false;
	int signal = 0;

	for (;;) {
		step(pid, &signal);
		HARNESS_MUST(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0);
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
			in_flock = info.entry.nr == SYS_flock && is_open_as(pid, info.entry.args[0], name);
		else if (info.op == PTRACE_SYSCALL_INFO_EXIT && in_flock && info.exit.rval == 0)
			return;
	}
}

/* Takes hold of it where it is; then the lock is free. */
static bool
seize(pid_t pid, int lock, unsigned long options)
{
	bool seized = ptrace(PTRACE_SEIZE, pid, NULL, options) == 0;
	int status;

	if (!seized)
		harness_skip("a program stopped in the middle", strerror(errno));
	if (seized) {
		HARNESS_MUST(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
		HARNESS_MUST(waitpid(pid, &status, 0) == pid);
	}
	(void)close(lock);
	return seized;
}

static void
detach(pid_t pid, int signal)
{
	HARNESS_MUST(ptrace(PTRACE_DETACH, pid, NULL, (unsigned long)signal) == 0);
}

bool
harness_stop_at_lock(pid_t pid, int lock, const char *name)
{
	int status;

	if (!seize(pid, lock, PTRACE_O_TRACESYSGOOD))
		return false;
	go_to_lock(pid, name);
	detach(pid, SIGSTOP);
	/* A SIGCONT that comes before it has stopped would be lost. */
	HARNESS_MUST(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	return true;
}

/* Until it has forked; the new process, which stands still, while this one goes on. */
static pid_t
go_to_fork(pid_t pid)
{
	unsigned long child;
	int status;

	do {
		HARNESS_MUST(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
		HARNESS_MUST(waitpid(pid, &status, __WALL) == pid);
		ck_assert_msg(WIFSTOPPED(status), "harness: ended before it forked");
	} while (status >> 16 != PTRACE_EVENT_FORK);
	HARNESS_MUST(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0);
	HARNESS_MUST(waitpid((pid_t)child, &status, __WALL) == (pid_t)child);
	detach(pid, 0);
	return (pid_t)child;
}

pid_t
harness_signal_at_fork(pid_t pid, int lock, int nth, int signal)
{
	int status;

	if (!seize(pid, lock, PTRACE_O_TRACEFORK))
		return 0;
	while (nth-- > 0)
		pid = go_to_fork(pid);
	HARNESS_MUST(kill(pid, signal) == 0);
	HARNESS_MUST(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	HARNESS_MUST(waitpid(pid, &status, __WALL) == pid);
	detach(pid, signal);
	return pid;
}
