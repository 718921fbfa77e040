/* test_hearing - while the real program runs, a fault of ours neither cuts its report nor changes its end */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "guard.h"
#include "harness.h"
#include "suites.h"

extern char **environ;

static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGXFSZ, SIGXCPU,
	SIGALRM };

#define SIGNALS (int)(sizeof signals / sizeof signals[0])

/* --- what can break in whoever listens to the real program --- */

static void
wild_pointer(void)
{
	const char *const *volatile nowhere = NULL;

	ck_assert_str_eq(*nowhere, "not reached");
}

static void
library_exit(void)
{
	exit(3);
}

static void (*const faults[])(void) = { wild_pointer, abort, library_exit };

static int fault;

static void
breaking_reader(void *context, const char *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
	faults[fault]();
}

static void
hear_out(enum guard_reason reason)
{
	(void)reason;
	child_exit_as(child_hear(NULL, NULL));
}

/* What delivery.c does, with a listener that breaks. */
static _Noreturn void
deliver_inside(int output)
{
	static const struct guard guard = { hear_out, hear_out, 0, 111, true };
	static char name[] = "qmail-remote", host[] = "x", sender[] = "a@b", recipient[] = "c@d";
	static char *argv[] = { name, host, sender, recipient, NULL };
	const struct child_program program = { harness_program("remote"), argv, environ };

	(void)dup2(output, 1);
	(void)close(output);
	child_init();
	guard_arm(&guard);
	if (child_start(&program, guard_leave) != CHILD_STARTED)
		_exit(98);
	(void)child_hear(breaking_reader, NULL);
	_exit(97);
}

static size_t
read_all(int from, char *bytes, size_t room)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(from, bytes + used, room - used)) > 0)
		used += (size_t)n;
	return used;
}

/* Goal: whatever breaks with the first bytes, all of them go out, once, and the end is the program's. */
START_TEST(test_listener_breaks)
{
	static const char whole[] = "first, second\n";
	static const int ends[] = { 0, 7, -9 };
	static const char *const last[] = { "", "exit 7\n", "kill 9\n" };
	char script[100], bytes[100];
	int pipe_ends[2], status;
	pid_t pid;

	fault = _i / 3;
	(void)strcpy(script, "write first, \nsleep 50\nwrite second\\n\n");
	(void)strcat(script, last[_i % 3]);
	harness_script(script);
	ck_assert_int_eq(pipe(pipe_ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(pipe_ends[0]);
		deliver_inside(pipe_ends[1]);
	}
	(void)close(pipe_ends[1]);
	ck_assert_uint_eq(read_all(pipe_ends[0], bytes, sizeof bytes), sizeof whole - 1);
	ck_assert_mem_eq(bytes, whole, sizeof whole - 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), ends[_i % 3]);
	ck_assert_uint_eq(harness_calls(), 1);
}
END_TEST

static bool
is_zombie_of_ours(long pid)
{
	char path[40], state = '?';
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	(void)fclose(f);
	return state == 'Z';
}

/* Goal: the real program is reaped by us: not every process 1 does it for others. */
START_TEST(test_no_zombie)
{
	harness_rules("");
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@b.example", "accept@x").letter, 'K');
	ck_assert(!is_zombie_of_ours(atol(harness_call(0, "pid"))));
}
END_TEST

/* Goal: somebody's own time limit on a delivery ends the real program, as it would without us. */
START_TEST(test_alarm_reaches_the_program)
{
	char command[400];
	const char *const words[] = { "perl", "-e", command, NULL };
	struct harness_attempt attempt = { .program = "/usr/bin/perl", .argv = words };
	struct harness_delivery d;

	harness_rules("");
	harness_script("sleep 60000\naccept\n");
	(void)snprintf(command, sizeof command, "alarm 2; exec '%s', 'x', 'a@example.com', 'b@x'",
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(WIFSIGNALED(d.wait_status) && WTERMSIG(d.wait_status) == SIGALRM, "%x",
	    (unsigned)d.wait_status);
	ck_assert_uint_eq(harness_calls(), 1);
}
END_TEST

/* Goal: a signal that somebody sends meanwhile is not heeded: the report is whole, and booked. */
START_TEST(test_signal_while_the_remote_runs)
{
	struct harness_delivery d;
	struct harness_run *run;

	harness_rules("");
	harness_script("write r\\0Kfirst\nsleep 200\nwrite  second\\n\\0\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	(void)usleep(50000);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(kill(harness_attempt_pid(run), signals[_i]), 0);
	d = harness_deliver_finish(run);
	ck_assert_msg(d.letter == 'K' && d.wait_status == 0, "signal %d: %c %x", signals[_i],
	    d.letter, (unsigned)d.wait_status);
	ck_assert_uint_eq(d.length, sizeof "r\0Kfirst second\n");
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

Suite *
suite_hearing(void)
{
	Suite *s = suite_create("hearing");
	TCase *t = tcase_create("hearing");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
#ifdef __SANITIZE_ADDRESS__ /* whose friend for undefined behaviour takes the wild pointer before it crashes */
	tcase_add_loop_test(t, test_listener_breaks, 3, 9);
#else
	tcase_add_loop_test(t, test_listener_breaks, 0, 9);
#endif
	tcase_add_test(t, test_no_zombie);
	tcase_add_test(t, test_alarm_reaches_the_program);
	tcase_add_loop_test(t, test_signal_while_the_remote_runs, 0, SIGNALS);
	suite_add_tcase(s, t);
	return s;
}
