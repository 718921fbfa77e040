/* delivery - the story of one run of qlimit-remote, from top to bottom */
#include "delivery.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admission.h"
#include "boot.h"
#include "child.h"
#include "clock.h"
#include "delivery_log.h"
#include "envelope.h"
#include "essentials.h"
#include "guard.h"
#include "helper.h"
#include "log.h"
#include "message.h"
#include "nested.h"
#include "place.h"
#include "real.h"
#include "report.h"
#include "settlement.h"
#include "store.h"

#define TRY_AGAIN 111 /* qmail-rspawn: try again later */

/* One process, one delivery. Static, because the guard's fallbacks have to find it. */
static struct {
	struct place place;
	struct essentials essentials;
	char real[PLACE_PATH_MAX + 1];
	struct child_program program;
	char *const *envp; /* qmail's, for helpers: one may start a qmail anew, which is to have no mark of ours */
	struct envelope envelope;
	struct booking booking;
	struct orders orders;
	unsigned char boot[INFO_BOOT_SIZE];
	struct store *store;
	struct report report;
	int wait_status; /* of the real program, once it has run */
} run;

/* --- when something of ours breaks before the real program has started --- */

static _Noreturn void
go_on_uncounted(void)
{
	static const char later[] = "Zqlimit-remote is unable to use its counters. (#4.3.0)\n";

	guard_disarm();
	if (run.essentials.defer_on_error)
		child_answer(later, sizeof later);
	child_become(&run.program);
}

/* The fallback has crashed: then without its log line, and at last without closing what is open. */
static void
without_store(enum guard_reason reason)
{
	static volatile sig_atomic_t again;

	(void)reason;
	if (!again) {
		again = 1;
		(void)store_lmdb_emergency(false);
	}
	go_on_uncounted();
}

static void
after_accident(enum guard_reason reason)
{
	if (!store_lmdb_emergency(reason == GUARD_CRASHED))
		delivery_log_accident(reason, run.essentials.defer_on_error);
	go_on_uncounted();
}

/* Nothing of ours is open any more: it has been admitted, or its outcome cannot be heard. */
static void
carry_on(enum guard_reason reason)
{
	(void)reason;
	if (child_is_started())
		child_exit_as(child_hear(NULL, NULL));
	go_on_uncounted();
}

static void
tell_trouble(const char *what)
{
	if (run.essentials.notify[0] != '\0')
		helper_trouble(what, run.place.state, clock_now(), run.envp);
}

static _Noreturn void
give_up(void)
{
	if (store_was_set_aside(run.store)) {
		tell_trouble("a damaged store was set aside, and counting starts anew");
	} else {
		delivery_log_unusable(run.place.state, errno, run.essentials.defer_on_error);
		tell_trouble(run.essentials.defer_on_error ? "the store cannot be used: mail is deferred" :
		    "the store cannot be used: mail is not counted");
	}
	go_on_uncounted();
}

/* --- and after it has ended --- */

static void
without_settlement(enum guard_reason reason)
{
	(void)reason;
	child_exit_as(run.wait_status);
}

static void
after_late_accident(enum guard_reason reason)
{
	if (!store_lmdb_emergency(reason == GUARD_CRASHED))
		delivery_log_late_accident(reason);
	child_exit_as(run.wait_status);
}

/* --- the steps --- */

static const char *
look_for_program(void)
{
	return real_find(run.real, run.place.remote != NULL ? run.place.remote : run.essentials.remote);
}

/* The real program: without it there is nothing to go on with. */
static void
demand(const char *problem)
{
	static const char sorry[] = "Zqlimit-remote is unable to find the real qmail-remote. (#4.3.5)\n";

	if (problem == NULL)
		return;
	log_trouble(problem, 0);
	guard_disarm();
	child_answer(sorry, sizeof sorry);
}

/* Where things are, and who the real program is. */
static void
find_program(char **argv, char **envp)
{
	static char program_name[] = "qmail-remote";
	char *const *marked = nested_mark(envp);

	run.envp = envp;
	place_init(&run.place);
	log_to(run.place.syslog);
	run.booking.no_essentials = essentials_read(&run.essentials, run.place.state) == -1;
	if (run.booking.no_essentials && errno != ENOENT && errno != ENOTDIR)
		log_trouble("the file essentials is not used: built-in settings instead", errno);
	if (!run.place.state_is_set && run.essentials.state[0] != '\0')
		run.place.state = run.essentials.state;
	demand(marked != NULL ? look_for_program() : "what is taken for the real qmail-remote runs qlimit-remote, and "
	    "that runs it again: see remote in qlimit.conf");
	argv[0] = program_name;
	run.program = (struct child_program){ run.real, argv, marked };
}

/* What an admin has said goes for this delivery, too: it needs no `load`. */
static void
read_orders(void)
{
	if (orders_read(&run.orders, run.place.state, clock_now()) == -1 && errno != ENOTDIR)
		log_trouble("the file orders cannot be read: no order is in force", errno);
	else if (run.orders.bad_line > 0)
		log_trouble("the file orders is not understood: see `qlimit orders`", 0);
	run.booking.orders = &run.orders;
}

static void
describe(void)
{
	boot_id(run.boot);
	run.booking.sender = run.envelope.sender;
	run.booking.recipients = run.envelope.recipients;
	run.booking.count = run.envelope.count;
	run.booking.config = run.place.config;
	run.booking.boot = run.boot;
	run.booking.warn_percent = run.essentials.warn_percent;
	read_orders();
	origin_read(&run.booking.origin, run.envelope.sender, run.envelope.recipients[0]);
	message_examine(&run.booking.file, &run.booking.origin.head, &run.essentials.trust, 0);
}

/* Says what is worth a notice: to the log, and in the background to the admin's program, if there is one. */
static void
tell(const struct booking_notices *notices)
{
	delivery_log_notices(notices);
	if (run.essentials.notify[0] != '\0')
		helper_notify(notices, run.envp);
}

/* Asks the store; while a load is to bring the very first rules, or the essentials, again. Whether that was so. */
static bool
ask(struct admission *a)
{
	static const char no_answer[] = "qlimit(8), started in the background, has not come back";
	const struct timespec pause = { 0, 10000000 };
	uint32_t patience = run.essentials.deadline_ms / 4 * 3;

	for (bool awaited = false;; awaited = true) {
		bool wait = guard_elapsed_ms() < patience;

		if (admission_ask(run.store, &run.booking, clock_now(), wait, a) == -1)
			give_up();
		if (a->claims.unanswered) {
			log_trouble(no_answer, 0);
			tell_trouble(no_answer);
		}
		if (a->claims.restore)
			log_trouble("the file essentials was missing or not usable: `qlimit load` is to write it", 0);
		if (a->claims.start_load)
			helper_start("load", run.envp);
		if (!a->claims.await_load)
			return awaited;
		(void)nanosleep(&pause, NULL);
	}
}

/* The load has written what `remote` is set to, which no guess may stand for. */
static void
find_program_anew(void)
{
	struct essentials news;

	if (essentials_read(&news, run.place.state) == 0) {
		memcpy(run.essentials.remote, news.remote, sizeof news.remote);
		run.essentials.defer_on_error = news.defer_on_error;
	}
	demand(look_for_program());
}

static void
admit(struct admission *a)
{
	static struct guard guard = { after_accident, without_store, 0, TRY_AGAIN, false };
	static const struct guard admitted = { carry_on, carry_on, 0, TRY_AGAIN, true };
	bool awaited;

	guard.deadline_ms = run.essentials.deadline_ms;
	guard_arm(&guard);
	describe();
	run.store = store_lmdb_new(run.place.state, STORE_LIVE, -1);
	if (run.store == NULL)
		give_up();
	store_lmdb_of_boot(run.store, run.boot);
	awaited = ask(a);
	guard_arm(&admitted);
	if (awaited)
		find_program_anew();
	if (a->claims.start_tidy)
		helper_start("tidy", run.envp);
}

/* Said or not: without a word qmail defers it, and nothing else may be said. */
static void
say_no_more(enum guard_reason reason)
{
	(void)reason;
	_exit(0);
}

/* While a report of our own goes out. */
static const struct guard spoken = { say_no_more, say_no_more, 0, 0, true };

static _Noreturn void
stop(const struct admission *a)
{
	char buffer[REPORT_TEXT_MAX];
	struct text text;

	guard_arm(&spoken);
	text_init(&text, buffer, sizeof buffer);
	report_compose(&text, &a->judgement, &a->meter);
	child_answer(text.data, text.used);
}

static void
listen(void *context, const char *bytes, size_t n)
{
	report_read(context, bytes, n);
}

/* Nothing has run: our own words stand for the real program's, and are booked like them. */
static void
answer_for_it(void)
{
	log_trouble("the real qmail-remote cannot be executed", errno);
	guard_arm(&spoken);
	child_write(CHILD_SORRY, sizeof CHILD_SORRY);
	report_read(&run.report, CHILD_SORRY, sizeof CHILD_SORRY);
	run.wait_status = 0;
}

/* `qlimit enable` or `disable` may have renamed it since it was found; nothing has run yet. */
static enum child_start
start(void)
{
	enum child_start how = child_start(&run.program, guard_leave);

	if (how != CHILD_NO_PROGRAM || errno != ENOENT || look_for_program() != NULL)
		return how;
	return child_start(&run.program, guard_leave);
}

static void
deliver(void)
{
	report_init(&run.report);
	switch (start()) {
	case CHILD_STARTED:
		run.wait_status = child_hear(listen, &run.report);
		break;
	case CHILD_NO_PROGRAM:
		answer_for_it();
		break;
	case CHILD_NOT_STARTED:
		/* No room for the two of us: then without hearing its outcome. */
		log_trouble("outcome not counted: no process to run qmail-remote in", errno);
		guard_disarm();
		child_become(&run.program);
	}
}

static void
settle(void)
{
	static struct guard guard = { after_late_accident, without_settlement, 0, 0, false };
	struct booking_notices notices;

	guard.deadline_ms = run.essentials.deadline_ms;
	guard.last_status = WIFEXITED(run.wait_status) ? WEXITSTATUS(run.wait_status) : TRY_AGAIN;
	guard_arm(&guard);
	if (settlement_book(run.store, &run.booking, clock_now(), &run.report, run.wait_status,
		&notices) == 0)
		tell(&notices);
	else if (!store_was_set_aside(run.store))
		store_log_trouble("outcome not counted: the store cannot be used", errno);
}

void
delivery_run(int argc, char **argv, char **envp)
{
	struct admission admission;

	find_program(argv, envp);
	if (!envelope_parse(&run.envelope, argc, argv))
		child_become(&run.program); /* it knows best what to say to that */
	admit(&admission);
	tell(&admission.notices);
	delivery_log_admission(&run.booking, &admission);
	if (admission.judgement.verdict != VERDICT_PASS)
		stop(&admission);
	deliver();
	settle();
	child_exit_as(run.wait_status);
}
