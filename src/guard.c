/* guard - whatever breaks in our own part ends in the real qmail-remote being run, once */
#include "guard.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* XFSZ and XCPU: limits of whoever started qmail, no damage; ALRM: our deadline. */
static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGXFSZ, SIGXCPU,
	SIGALRM };

#define SIGNALS (sizeof signals / sizeof signals[0])
#define LAST_RESORTS 2
#define ENTRIES_MAX 6 /* each one inside the other takes room on the stack below */

static const struct guard *volatile armed;
static volatile sig_atomic_t entries, depth; /* how many fallbacks are running inside each other */
static pid_t owner;
static unsigned char stack[1 << 17]; /* the ordinary one may be what broke */

/* As it was before the guard was armed. */
static struct {
	struct sigaction action[SIGNALS];
	sigset_t mask;
	struct itimerval timer;
	struct timespec at;
} before;

static bool timing; /* our timer is set instead of the one from before */
static struct timespec armed_at;

static void
fall_back(enum guard_reason reason)
{
	const struct guard *guard = armed;

	if (++entries > ENTRIES_MAX)
		_exit(guard->last_status);
	/* Between fork and exec of a helper the handlers are still ours, but the mail is not. */
	if (getpid() != owner)
		_exit(111);
	if (depth++ == 0)
		guard->fallback(reason);
	else if (depth <= 1 + LAST_RESORTS)
		guard->last_resort(reason);
	_exit(guard->last_status);
}

static bool
is_own_fault(int number, const siginfo_t *info)
{
	if (number == SIGALRM || number == SIGXFSZ || number == SIGXCPU)
		return false;
	return info->si_code > 0 || info->si_pid == owner; /* the latter: abort(3) */
}

static enum guard_reason
reason_of(int number)
{
	switch (number) {
	case SIGALRM:
		return GUARD_TIMED_OUT;
	case SIGXFSZ:
	case SIGXCPU:
		return GUARD_OVER_LIMIT;
	default:
		return GUARD_CRASHED;
	}
}

static void
handle(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (armed->own_faults_only && !is_own_fault(number, info))
		return;
	fall_back(reason_of(number));
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
	static bool prepared;
	const stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };

	if (prepared)
		return;
	(void)sigaltstack(&alternative, NULL);
	(void)atexit(on_exit_of_a_library);
	prepared = true;
}

/* All of it before anything is changed: a fallback may have to give it back at any moment. */
static void
note_what_is(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], NULL, &before.action[i]);
	(void)sigprocmask(SIG_SETMASK, NULL, &before.mask);
	(void)getitimer(ITIMER_REAL, &before.timer);
	(void)clock_gettime(CLOCK_MONOTONIC, &before.at);
	timing = false;
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
		(void)sigaction(signals[i], &action, NULL);
}

static void
let_through(void)
{
	sigset_t ours;

	(void)sigemptyset(&ours);
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaddset(&ours, signals[i]);
	(void)sigprocmask(SIG_UNBLOCK, &ours, NULL);
}

static void
start_timer(uint32_t ms)
{
	/* Again and again: one that is lost must not be the last. */
	const struct itimerval timer = {
		.it_value = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000 },
		.it_interval = { ms > 0, 0 },
	};

	(void)clock_gettime(CLOCK_MONOTONIC, &armed_at);
	if (ms == 0 && !timing)
		return;
	timing = true;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
guard_arm(const struct guard *guard)
{
	bool first = armed == NULL;

	if (first) {
		prepare();
		owner = getpid();
		note_what_is();
	}
	entries = 0;
	depth = 0;
	armed = guard;
	if (first)
		catch_signals();
	let_through();
	start_timer(guard->deadline_ms);
}

static int64_t
microseconds_since(const struct timespec *then)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)(now.tv_sec - then->tv_sec) * 1000000 + (now.tv_nsec - then->tv_nsec) / 1000;
}

uint32_t
guard_elapsed_ms(void)
{
	return (uint32_t)(microseconds_since(&armed_at) / 1000);
}

static void
stop_timer(void)
{
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };

	if (timing)
		(void)setitimer(ITIMER_REAL, &none, NULL);
}

/* An alarm of whoever started us goes on with what is left of it: a moment, if it is overdue. */
static void
restore_timer(void)
{
	struct itimerval timer = before.timer;
	int64_t left = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec;

	if (!timing && left == 0)
		return;
	if (left > 0) {
		left -= microseconds_since(&before.at);
		if (left < 1)
			left = 1;
		timer.it_value.tv_sec = (time_t)(left / 1000000);
		timer.it_value.tv_usec = (suseconds_t)(left % 1000000);
	}
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void
restore_actions(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(signals[i], &before.action[i], NULL);
}

void
guard_follow(void)
{
	owner = getpid();
}

void
guard_leave(void)
{
	restore_actions();
	restore_timer();
}

void
guard_disarm(void)
{
	if (armed == NULL)
		return;
	stop_timer();
	restore_actions();
	(void)sigprocmask(SIG_SETMASK, &before.mask, NULL);
	restore_timer(); /* theirs may be due at once, and must not meet our handler */
	armed = NULL; /* last: whatever breaks on the way here still has its fallback */
}
