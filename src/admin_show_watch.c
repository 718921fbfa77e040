/* admin_show_watch - show --watch: the table again and again, until it is interrupted */
#include "admin_show.h"

#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin_print.h"
#include "clock.h"
#include "terminal.h"

#define PERIOD 2 /* seconds */

#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

static volatile sig_atomic_t stop_wanted;
static sigset_t asleep; /* the signals' mask while nothing is done */

/* At once, also while the store's lock is waited for: a transaction that only reads has nothing to finish. */
static void
end(int number)
{
	(void)number;
	terminal_leave();
	_exit(EX_OK);
}

/* Not at once: who is stopped while he holds the store's lock has all deliveries go out uncounted. */
static void
want_stop(int number)
{
	(void)number;
	stop_wanted = 1;
}

/* A screen of another size is drawn anew: it ends the sleep. */
static void
wake(int number)
{
	(void)number;
}

/* What whoever started this has it ignore, it ignores (nohup(1)). */
static void
catch(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before = { 0 };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(number, &action, &before);
	if (before.sa_handler == SIG_IGN)
		(void)sigaction(number, &before, NULL);
}

static void
catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t later;

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		catch(ends[i], end);
	catch(SIGTSTP, want_stop);
	catch(SIGWINCH, wake);
	(void)sigemptyset(&later);
	(void)sigaddset(&later, SIGTSTP);
	(void)sigaddset(&later, SIGWINCH);
	(void)sigprocmask(SIG_BLOCK, &later, &asleep);
}

static void
wait_for_next(void)
{
	const struct timespec period = { .tv_sec = PERIOD };

	(void)pselect(0, NULL, NULL, NULL, &period, &asleep);
	if (stop_wanted) {
		stop_wanted = 0;
		terminal_leave();
		(void)raise(SIGSTOP);
		terminal_enter();
	}
}

static void
draw_table(struct admin_show *show)
{
	char clock[ADMIN_TIME_MAX];

	show->width = terminal_width() - 1; /* behind a full line CLEAR_LINE would take its last character */
	show->height = terminal_height() - 2; /* the line below, and one for the cursor */
	(void)printf(HOME "%s; every %d seconds until interrupted%s", admin_print_time(clock, show->now),
	    PERIOD, show->end);
	admin_show_table(show);
	(void)fputs(CLEAR_REST, stdout);
}

/* What is wrong is on stderr, which was held back, so that it comes behind this. No figures: they are old. */
static void
draw_trouble(const struct admin *a)
{
	char clock[ADMIN_TIME_MAX];

	(void)printf(HOME CLEAR_REST "%s; cannot be read; trying again every %d seconds\n\033[?7h",
	    admin_print_time(clock, a->now), PERIOD);
	(void)fflush(stdout);
	(void)fflush(stderr);
	(void)fputs("\033[?7l", stdout);
}

/* What another delivery, load or second can mend. */
static bool
can_pass(int status)
{
	return status == EX_IOERR || status == EX_NOINPUT;
}

int
admin_show_watch(struct admin_show *show, const struct admin *a)
{
	static char out[1 << 17], err[BUFSIZ]; /* a screen at once, so that it does not flicker */
	int status;

	(void)setvbuf(stdout, out, _IOFBF, sizeof out);
	(void)setvbuf(stderr, err, _IOFBF, sizeof err);
	show->end = CLEAR_LINE "\n";
	catch_signals();
	for (;;) {
		/* Each time from the start, for `state` may be another by now. */
		struct admin round = *a;

		round.now = clock_now();
		status = admin_show_read(show, &round);
		if (status != EX_OK && !can_pass(status))
			break;
		terminal_enter();
		if (status == EX_OK)
			draw_table(show);
		else
			draw_trouble(&round);
		if (fflush(stdout) != 0)
			break;
		wait_for_next();
	}
	terminal_leave();
	return status;
}
