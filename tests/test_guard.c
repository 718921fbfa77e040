/* test_guard - whatever happens while the guard is armed ends in the fallback, once, or in a deferral */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "suites.h"

#define FELL_BACK 40 /* exit status of the fallback: this and the reason */
#define RESORTED 50  /* ... and of the last resort */
#define DEFERRED 111
#define RETURNED 7

static void
fall_back(enum guard_reason reason)
{
	_exit(FELL_BACK + (int)reason);
}

static void
resort(enum guard_reason reason)
{
	_exit(RESORTED + (int)reason);
}

static void
crash(enum guard_reason reason)
{
	(void)reason;
	(void)raise(SIGSEGV);
}

static void
return_from_it(enum guard_reason reason)
{
	(void)reason;
}

static void
signal_segv(void)
{
	(void)raise(SIGSEGV);
}

static void
signal_abort(void)
{
	abort();
}

static void
signal_xfsz(void)
{
	(void)raise(SIGXFSZ);
}

static void
signal_xcpu(void)
{
	(void)raise(SIGXCPU);
}

static void
take_long(void)
{
	for (;;)
		(void)pause();
}

static void
leave(void)
{
	exit(0);
}

/* A helper between fork and exec: the guard is its parent's. */
static void
crash_in_a_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		(void)raise(SIGSEGV);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == DEFERRED)
		_exit(RETURNED);
}

static void
disarm(void)
{
	guard_disarm();
	guard_disarm();
	exit(RETURNED);
}

static const struct {
	const char *label;
	void (*event)(void);
	guard_fallback *fallback, *last_resort;
	uint32_t deadline_ms;
	int status;
} events[] = {
	{ "a crash", signal_segv, fall_back, resort, 0, FELL_BACK + GUARD_CRASHED },
	{ "abort", signal_abort, fall_back, resort, 0, FELL_BACK + GUARD_CRASHED },
	{ "a file too large", signal_xfsz, fall_back, resort, 0, FELL_BACK + GUARD_OVER_LIMIT },
	{ "too much time", signal_xcpu, fall_back, resort, 0, FELL_BACK + GUARD_OVER_LIMIT },
	{ "the deadline", take_long, fall_back, resort, 100, FELL_BACK + GUARD_TIMED_OUT },
	{ "a library's exit", leave, fall_back, resort, 0, FELL_BACK + GUARD_EXITED },
	{ "a crash in the fallback", take_long, crash, resort, 100, RESORTED + GUARD_CRASHED },
	{ "and another in the last resort", signal_segv, crash, crash, 0, DEFERRED },
	{ "a fallback that returns", signal_segv, return_from_it, return_from_it, 0, DEFERRED },
	{ "a child's crash", crash_in_a_child, fall_back, resort, 0, RETURNED },
	{ "nothing", disarm, fall_back, resort, 0, RETURNED },
};

START_TEST(test_events)
{
	static struct guard guard;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		guard.fallback = events[_i].fallback;
		guard.last_resort = events[_i].last_resort;
		guard.deadline_ms = events[_i].deadline_ms;
		guard.last_status = DEFERRED;
		guard_arm(&guard);
		events[_i].event();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == events[_i].status, "%s: status %x",
	    events[_i].label, (unsigned)status);
}
END_TEST

/* Goal: an alarm of whoever started us is neither lost nor late by more than we took. */
START_TEST(test_timer_is_given_back)
{
	static const struct guard guard = { .fallback = fall_back, .last_resort = resort,
		.deadline_ms = 60000 };
	const struct timespec pause = { 0, 200000000 };
	struct itimerval inherited = { .it_value = { _i == 0 ? 1000 : 0, _i == 0 ? 0 : 100000 } }, left;
	sigset_t alarm_only;

	(void)sigemptyset(&alarm_only);
	(void)sigaddset(&alarm_only, SIGALRM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &alarm_only, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &inherited, NULL), 0);
	guard_arm(&guard);
	ck_assert_int_eq(nanosleep(&pause, NULL), 0);
	ck_assert_uint_ge(guard_elapsed_ms(), 200);
	guard_disarm();
	ck_assert_int_eq(getitimer(ITIMER_REAL, &left), 0);
	if (_i == 0)
		ck_assert(left.it_value.tv_sec < 1000 && left.it_value.tv_sec > 900);
	else
		ck_assert_int_eq(sigwaitinfo(&alarm_only, NULL), SIGALRM);
}
END_TEST

Suite *
suite_guard(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("guard");

	tcase_add_loop_test(t, test_events, 0, (int)(sizeof events / sizeof events[0]));
	tcase_add_loop_test(t, test_timer_is_given_back, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
