/* guard - whatever breaks in our own part ends in the real qmail-remote being run, once */
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* XFSZ and XCPU: limits of whoever started qmail, no damage; ALRM: our deadline. */
static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGXFSZ, SIGXCPU,
	SIGALRM };

#define SIGNALS (sizeof signals / sizeof signals[0])

static const struct guard *volatile armed;
static volatile sig_atomic_t depth; /* how many fallbacks are running inside each other */
static pid_t owner;
static bool prepared;
static struct sigaction before[SIGNALS];
static sigset_t mask_before;
static struct itimerval timer_before;
static struct timespec armed_at;
static uint32_t armed_ms; /* the deadline; 0: there is none */
static unsigned char stack[1 << 16]; /* the ordinary one may be what broke */

static void
fall_back(enum guard_reason reason)
{
	const struct guard *guard = armed;

	/* Between fork and exec of a helper the handlers are still ours, but the mail is not. */
	if (getpid() != owner)
		_exit(111);
	if (guard == NULL)
		return;
	if (depth++ == 0)
		guard->fallback(reason);
	else if (depth == 2)
		guard->last_resort(reason);
	_exit(111); /* a deferral */
}

static bool
is_own_fault(int number, const siginfo_t *info)
{
	if (number == SIGALRM || number == SIGXFSZ || number == SIGXCPU)
		return false;
	return info->si_code > 0 || info->si_pid == owner; /* the latter: abort(3) */
}

static void
handle(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (armed != NULL && armed->own_faults_only && !is_own_fault(number, info))
		return;
	switch (number) {
	case SIGALRM:
		fall_back(GUARD_TIMED_OUT);
		break;
	case SIGXFSZ:
	case SIGXCPU:
		fall_back(GUARD_OVER_LIMIT);
		break;
	default:
		fall_back(GUARD_CRASHED);
		break;
	}
}

static void
on_exit_of_a_library(void)
{
	if (armed != NULL)
		fall_back(GUARD_EXITED);
}

static void
prepare(void)
{
	const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };

	if (prepared)
		return;
	(void)sigaltstack(&alternative, NULL);
	(void)atexit(on_exit_of_a_library);
	prepared = true;
}

static sigset_t
all_of_them(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&set, signals[i]);
	return set;
}

static void
catch_signals(void)
{
	/* NODEFER: a second crash, in the fallback, must come through as well. */
	struct sigaction action = {
		.sa_sigaction = handle,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &action, &before[i]);
}

static void
start_timer(uint32_t ms)
{
	/* Again and again: one that is lost must not be the last. */
	const struct itimerval timer = {
		.it_value = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000 },
		.it_interval = { 1, 0 },
	};

	armed_ms = ms;
	(void)clock_gettime(CLOCK_MONOTONIC, &armed_at);
	if (ms > 0)
		(void)setitimer(ITIMER_REAL, &timer, &timer_before);
}

void
guard_arm(const struct guard *guard)
{
	const sigset_t ours = all_of_them();
	bool first;

	prepare();
	owner = getpid();
	depth = 0;
	first = armed == NULL;
	armed = guard;
	if (first)
		catch_signals();
	(void)sigprocmask(SIG_UNBLOCK, &ours, &mask_before);
	start_timer(guard->deadline_ms);
}

void
guard_hold(void)
{
	const sigset_t ours = all_of_them();

	(void)sigprocmask(SIG_BLOCK, &ours, NULL);
}

uint32_t
guard_elapsed_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((now.tv_sec - armed_at.tv_sec) * 1000 +
	    (now.tv_nsec - armed_at.tv_nsec) / 1000000);
}

/* An alarm of whoever started us goes on with what is left of it: a moment, if it is overdue. */
static void
restore_timer(void)
{
	struct itimerval timer = timer_before;
	uint32_t gone = guard_elapsed_ms();
	int64_t left;

	if (armed_ms == 0)
		return;
	if (timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0) {
		left = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec -
		    (int64_t)gone * 1000;
		if (left < 1)
			left = 1;
		timer.it_value.tv_sec = (time_t)(left / 1000000);
		timer.it_value.tv_usec = (suseconds_t)(left % 1000000);
	}
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
guard_disarm(void)
{
	if (armed == NULL)
		return;
	/* No deadline from here on; one that is pending already finds nothing armed. */
	armed = NULL;
	restore_timer();
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &before[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
}
