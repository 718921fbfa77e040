/* test_child - programs are started once, heard out, and ended like: with calls that fail on the way, too */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "harness.h"
#include "harness_calls.h"
#include "suites.h"

#define NOBODY 65534
#define MUCH 200000 /* more than a pipe and we ourselves hold */

extern char **environ;

/* child.c changes the descriptors and signals of its process, so it gets one; this is what came of it. */
static struct {
	int status; /* exit status, or the negative number of the signal */
	size_t length;
	char bytes[MUCH + 1];
} end;

static int *wrong_line; /* in there */

#define MUST(what) \
	do { \
		if (!(what)) { \
			*wrong_line = __LINE__; \
			_exit(99); \
		} \
	} while (0)

/* Runs `body` with a pipe as descriptors 1 and 2, as qmail-rspawn does; it must exit. */
static void
inside(void (*body)(void))
{
	int ends[2], status;
	ssize_t n;
	pid_t pid;

	wrong_line = mmap(NULL, sizeof *wrong_line, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(wrong_line, MAP_FAILED);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		(void)dup2(ends[1], 1);
		(void)dup2(ends[1], 2);
		(void)close(ends[1]);
		(void)signal(SIGTERM, SIG_DFL); /* Check has a handler of its own */
		body();
		_exit(98);
	}
	(void)close(ends[1]);
	(void)usleep(50000); /* first it meets a reader that is slow, if it writes much */
	end.length = 0;
	while ((n = read(ends[0], end.bytes + end.length, MUCH - end.length)) > 0)
		end.length += (size_t)n;
	end.bytes[end.length] = '\0';
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(*wrong_line == 0, "line %d", *wrong_line);
	end.status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
nothing(void)
{
}

static enum child_start
start(const char *path, const char *script)
{
	static char name[] = "sh", option[] = "-c", words[300];
	static char *argv[] = { name, option, words, NULL };
	static struct child_program program;

	(void)snprintf(words, sizeof words, "%s", script);
	program = (struct child_program){ path, argv, environ };
	return child_start(&program, nothing);
}

/* Starts a shell with this script and ends as it ends. */
static _Noreturn void
relay(const char *script)
{
	MUST(start("/bin/sh", script) == CHILD_STARTED);
	MUST(child_is_started());
	child_exit_as(child_hear(NULL, NULL));
}

/* --- its bytes --- */

#define SAY_MUCH "head -c 200000 /dev/zero | tr '\\0' x; exit 5"

static void
hear_with_pipe_that_does_not_block(void)
{
	child_init();
	(void)fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
	relay(SAY_MUCH);
}

static void
hear_interrupted(void)
{
	child_init();
	harness_call_fails("write", 1, 2, EINTR);
	relay(SAY_MUCH);
}

static void
hear_with_trouble(void)
{
	child_init();
	harness_call_fails("write", 1, 3, EIO);
	relay(SAY_MUCH);
}

START_TEST(test_all_bytes)
{
	static void (*const ways[])(void) = { hear_with_pipe_that_does_not_block, hear_interrupted,
		hear_with_trouble };

	inside(ways[_i]);
	ck_assert_int_eq(end.status, 5);
	ck_assert_uint_eq(end.length, MUCH);
	ck_assert_uint_eq(strspn(end.bytes, "x"), MUCH);
}
END_TEST

static void
hear_without_output(void)
{
	child_init();
	harness_call_fails("write", 0, 10000, EBADF);
	relay(SAY_MUCH);
}

static void
hear_broken_pipe(void)
{
	int ends[2];

	MUST(pipe(ends) == 0);
	(void)close(ends[0]);
	child_init();
	MUST(dup2(ends[1], 1) == 1);
	relay(SAY_MUCH);
}

/* Goal: the program is heard out even if nobody listens any more: it must not die of it. */
START_TEST(test_heard_out)
{
	inside(_i == 0 ? hear_without_output : hear_broken_pipe);
	ck_assert_int_eq(end.status, 5);
	ck_assert_uint_eq(end.length, 0);
}
END_TEST

static void
hear_with_errors_elsewhere(void)
{
	int fd = open(harness_path("errors"), O_WRONLY | O_CREAT | O_APPEND, 0600);

	MUST(dup2(fd, 2) == 2);
	child_init();
	relay("echo report; echo error >&2");
}

/* Goal: 1 and 2 are made one pipe only where they were one. */
START_TEST(test_errors_elsewhere)
{
	struct stat st;

	inside(hear_with_errors_elsewhere);
	ck_assert_int_eq(end.status, 0);
	ck_assert_str_eq(end.bytes, "report\n");
	ck_assert_int_eq(stat(harness_path("errors"), &st), 0);
	ck_assert_int_eq(st.st_size, 6);
}
END_TEST

static void
write_interrupted(void)
{
	harness_call_fails("write", 0, 1, EINTR);
	child_answer("Zlater\n", 8);
}

START_TEST(test_answer)
{
	inside(write_interrupted);
	ck_assert_int_eq(end.status, 0);
	ck_assert_uint_eq(end.length, 8);
	ck_assert_mem_eq(end.bytes, "Zlater\n", 8);
}
END_TEST

/* --- its end --- */

/* How often waitid(2) fails, with what, and what is then known of a program that ended with 5. */
static const struct {
	unsigned times;
	int error, status;
} waits[] = { { 0, 0, 5 }, { 1, EINTR, 5 }, { 9, EINTR, 5 }, { 3, EIO, 5 }, { 4, EIO, 0 } };

static int wait_row;

static void
hear_with_waits_that_fail(void)
{
	child_init();
	harness_call_fails("waitid", 0, waits[wait_row].times, waits[wait_row].error);
	relay("echo said; exit 5");
}

START_TEST(test_waits_that_fail)
{
	wait_row = _i;
	inside(hear_with_waits_that_fail);
	ck_assert_int_eq(end.status, waits[_i].status);
	ck_assert_str_eq(end.bytes, "said\n");
}
END_TEST

/* A wait status, and how this process ends by it: a signal that kills nobody is a deferral. */
static const struct {
	int wait_status, status;
} ends_alike[] = { { 0, 0 }, { 7 << 8, 7 }, { SIGKILL, -SIGKILL }, { SIGTERM, -SIGTERM }, { SIGURG, 111 } };

static void
end_alike(void)
{
	child_exit_as(ends_alike[wait_row].wait_status);
}

START_TEST(test_end_alike)
{
	wait_row = _i;
	inside(end_alike);
	ck_assert_int_eq(end.status, ends_alike[_i].status);
}
END_TEST

/* --- what is not started --- */

static void
start_without_pipe(void)
{
	child_init();
	harness_call_fails("pipe2", 0, 1, EMFILE);
	MUST(start("/bin/sh", "echo ran") == CHILD_NOT_STARTED && errno == EMFILE);
	_exit(0);
}

static void
start_without_process(void)
{
	const struct rlimit none = { 0, 0 };

	child_init();
	MUST(setrlimit(RLIMIT_NPROC, &none) == 0);
	MUST(geteuid() != 0 || setuid(NOBODY) == 0);
	MUST(start("/bin/sh", "echo ran") == CHILD_NOT_STARTED && errno == EAGAIN);
	_exit(0);
}

/* Whoever started us is gone before the new process could ask to die with it. */
static void
start_as_an_orphan(void)
{
	child_init();
	harness_call_fails("getppid", 0, 1, EIO);
	MUST(start("/bin/sh", "echo ran") == CHILD_NOT_STARTED);
	_exit(0);
}

static void
start_without_output(void)
{
	child_init();
	harness_call_fails("dup2", 1, 1, EBUSY); /* the first one gives descriptor 2 back */
	MUST(start("/bin/sh", "echo ran") == CHILD_NO_PROGRAM && errno == EBUSY);
	_exit(0);
}

static void
start_without_error_output(void)
{
	child_init();
	harness_call_fails("dup2", 2, 1, EBUSY);
	MUST(start("/bin/sh", "echo ran") == CHILD_NO_PROGRAM && errno == EBUSY);
	_exit(0);
}

static void
start_nothing(void)
{
	child_init();
	harness_call_fails("waitpid", 0, 1, EINTR);
	MUST(start("/nonexistent", "") == CHILD_NO_PROGRAM && errno == ENOENT);
	MUST(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	harness_call_fails("waitpid", 0, 4, EIO);
	MUST(start("/nonexistent", "") == CHILD_NO_PROGRAM && errno == ENOENT);
	_exit(0);
}

START_TEST(test_not_started)
{
	static void (*const ways[])(void) = { start_without_pipe, start_without_process, start_as_an_orphan,
		start_without_output, start_without_error_output, start_nothing };

	inside(ways[_i]);
	ck_assert_int_eq(end.status, 0);
	ck_assert_str_eq(end.bytes, "");
}
END_TEST

/* --- requests to end --- */

static void
request_while_it_runs(void)
{
	child_init();
	MUST(start("/bin/sh", "trap 'echo heard; exit 6' TERM; echo ready; while :; do sleep 0.01; done") ==
	    CHILD_STARTED);
	(void)usleep(1000000); /* sh has set its trap */
	(void)raise(SIGTERM);
	child_exit_as(child_hear(NULL, NULL));
}

static void
request_before(void)
{
	child_init();
	MUST(start("/nonexistent", "") == CHILD_NO_PROGRAM);
	(void)raise(SIGTERM);
}

/* Goal: a request to end is the program's; before there is one it ends us. */
START_TEST(test_requests)
{
	inside(_i == 0 ? request_while_it_runs : request_before);
	ck_assert_int_eq(end.status, _i == 0 ? 6 : -SIGTERM);
	ck_assert_str_eq(end.bytes, _i == 0 ? "ready\nheard\n" : "");
}
END_TEST

/* --- in the background --- */

static const char *
script(const char *name, mode_t mode)
{
	const char *path = harness_path(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "#!/bin/sh\necho \"$1 in $PWD\" >%s\n", harness_path("trace")), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

/* The background process's exit status: orphans become children of this process. */
static int
bury(void)
{
	int status;

	ck_assert_int_gt(waitpid(-1, &status, 0), 0);
	return WEXITSTATUS(status);
}

static void
expect_trace(const char *expected)
{
	char line[100] = "";
	FILE *f = fopen(harness_path("trace"), "r");

	if (f != NULL) {
		ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
		(void)fclose(f);
	}
	ck_assert_str_eq(line, expected);
}

static int
detach(const char *path)
{
	static char name[] = "helper", word[] = "word";
	char *const argv[] = { name, word, NULL };
	const struct child_program program = { path, argv, environ };

	return child_detach(&program);
}

START_TEST(test_detach)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	harness_call_fails("getrlimit", 0, (unsigned)_i, EPERM); /* how many descriptors there may be */
	ck_assert_int_eq(detach(script("helper", 0700)), 0);
	ck_assert_int_eq(bury(), 0);
	expect_trace("word in /\n");
}
END_TEST

/* Goal: what cannot run in the background leaves no second one of us behind. */
START_TEST(test_not_detached)
{
	const char *good = script("helper", 0700), *bad = script("data", 0600);

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(detach(bad), 0);
	ck_assert_int_eq(bury(), 127);
	harness_call_fails("chdir", 0, 1, EACCES);
	ck_assert_int_eq(detach(good), 0);
	ck_assert_int_eq(bury(), 127);
	harness_call_fails("chdir", 0, 0, 0);
	/* No process at all; or no second one. */
	harness_call_fails("fork", 0, 1, EAGAIN);
	ck_assert(detach(good) == -1 && errno == EAGAIN);
	harness_call_fails("fork", 1, 1, EAGAIN);
	ck_assert_int_eq(detach(good), 0);
	harness_call_fails("fork", 0, 0, 0);
	ck_assert(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
	expect_trace("");
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *
suite_child(void)
{
	Suite *s = suite_create("child");
	TCase *t = tcase_create("child");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, test_all_bytes, 0, 3);
	tcase_add_loop_test(t, test_heard_out, 0, 2);
	tcase_add_test(t, test_errors_elsewhere);
	tcase_add_test(t, test_answer);
	tcase_add_loop_test(t, test_waits_that_fail, 0, ROWS(waits));
	tcase_add_loop_test(t, test_end_alike, 0, ROWS(ends_alike));
	tcase_add_loop_test(t, test_not_started, 0, 6);
	tcase_add_loop_test(t, test_requests, 0, 2);
	tcase_add_loop_test(t, test_detach, 0, 2);
	tcase_add_test(t, test_not_detached);
	suite_add_tcase(s, t);
	return s;
}
