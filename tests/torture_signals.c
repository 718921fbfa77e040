/* torture_signals - at every system call of a delivery the wrapper crashes, is out of time, or told to end */
#include <check.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "torture.h"

#define CALLS 400       /* more than a delivery makes */
#define WRONG_SHOWN 40
#define ODDITIES 3
#define NO_END 95       /* how helper_inject.c ends then */
#define ALARM_SLACK 4000 /* milliseconds */

/*
 * How many calls there are, at most, between which the guard is not armed and nothing has been started:
 * a crash there is the death of any program, and ends in a deferral.
 */
#define UNGUARDED_CALLS 60
#define UNHEARD_CALLS 3 /* see is_unheard() */

static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS, SIGXFSZ, SIGXCPU,
	SIGALRM };
static const int requests[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
static const char *const moments[] = { "before", "after" };

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* One signal, and what is inherited. */
struct hit {
	long number;
	const char *moment;
	int signal;
	const char *mode; /* once, on, or how many calls later it comes once more */
	int odd;
	bool defer;
};

/* What helper_inject.c tells of it. */
struct told {
	long calls, call;
	int started, ended, store_open, became, in_child;
};

/* What came of it. */
struct end {
	struct harness_delivery d;
	bool again; /* hit more than once */
	struct told told;
	size_t calls;
	long long ms;
};

static struct {
	unsigned runs, hits, real, deferred, wrong, unguarded, unheard;
	long long slowest;
	bool died[CALLS];
} tally;

/* What the bare program inherits with each oddity, and says. */
enum { BLOCKED, IGNORED };
static const char *const inherited_keys[] = { "blocked", "ignored", "uid", "fds", "argc", "argv1", "argv2",
	"argv3",
	"offset", "cwd", "umask", "environ", "environ_sum" };
static struct {
	const char *value[COUNT(inherited_keys)];
	long alarm;
} bare[ODDITIES];
static struct harness_delivery bare_report;

static void __attribute__((format(printf, 3, 4)))
wrong(const struct hit *h, const struct end *e, const char *format, ...)
{
	va_list arguments;

	if (tally.wrong++ >= WRONG_SHOWN)
		return;
	va_start(arguments, format);
	printf("call %ld (%ld), %s it signal %d, %s, odd %d, %s: ", h->number, e->told.call, h->moment,
	    h->signal, h->mode, h->odd, h->defer ? "defer" : "deliver");
	vprintf(format, arguments);
	printf(" [%c, status %x, %zu bytes, %zu calls, started %d, ended %d, store open %d]\n",
	    e->d.letter, (unsigned)e->d.wait_status, e->d.length, e->calls, e->told.started,
	    e->told.ended, e->told.store_open);
	va_end(arguments);
	(void)fflush(stdout); /* a test that fails does not */
}

static struct told
read_told(const char *path)
{
	struct told t = { 0 };
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%ld %ld %d %d %d %d %d", &t.calls, &t.call, &t.started, &t.ended,
	    &t.store_open, &t.became, &t.in_child), 7);
	(void)fclose(f);
	return t;
}

static struct end
run(const struct hit *h, const char *program)
{
	static const char *path, *aside;
	char number[24], fault[24], odd[4];
	const char *const argv[] = { "inject", number, fault, h->mode, harness_program(program), "x",
		"a@example.com", "accept@x", NULL };
	struct harness_attempt attempt = { .program = harness_program("inject"), .argv = argv,
		.message = harness_message(NULL, NULL) };
	long long start = harness_milliseconds();
	size_t calls = harness_calls();
	struct end e;

	if (path == NULL) {
		path = harness_path("count");
		aside = harness_path("state/live.mdb.damaged");
	}
	(void)snprintf(number, sizeof number, "%ld", h->number);
	(void)snprintf(fault, sizeof fault, "%s=%d", h->moment, h->signal);
	(void)snprintf(odd, sizeof odd, "%d", h->odd);
	(void)setenv("INJECT_ODD", odd, 1);
	e.d = harness_attempt_finish(harness_attempt_start(&attempt));
	e.ms = harness_milliseconds() - start;
	e.calls = harness_calls() - calls;
	e.again = strcmp(h->mode, "once") != 0;
	/* Every run meets the store in the same state. */
	if (unlink(aside) == 0)
		ck_assert_int_eq(harness_load().status, 0);
	e.told = WIFEXITED(e.d.wait_status) && WEXITSTATUS(e.d.wait_status) == NO_END ?
	    (struct told){ 0 } : read_told(path);
	return e;
}

/* A place with rules, and what the real program is given without us. */
static void
begin(bool defer)
{
	const struct rlimit no_core = { 0, 0 }, descriptors = { 64, 64 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	/* What starts in the background closes all there may be, and every call is watched. */
	(void)setrlimit(RLIMIT_NOFILE, &descriptors);
	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	for (int odd = 0; odd < ODDITIES; odd++) {
		const struct hit none = { 0, "after", 0, "once", odd, false };
		size_t index = harness_calls();

		bare_report = run(&none, "remote").d;
		ck_assert_int_eq(bare_report.letter, 'K');
		for (size_t i = 0; i < COUNT(inherited_keys); i++)
			bare[odd].value[i] = harness_call(index, inherited_keys[i]);
		bare[odd].alarm = atol(harness_call(index, "alarm"));
		ck_assert(odd == 0 ? bare[odd].alarm == 0 : bare[odd].alarm > 400000);
	}
	ck_assert_str_ne(bare[0].value[BLOCKED], bare[1].value[BLOCKED]);
	ck_assert_str_ne(bare[0].value[IGNORED], bare[2].value[IGNORED]);
	harness_rules(defer ? "deadline_ms = 5000; on_error = \"defer\";" : "deadline_ms = 5000;");
}

/* The remote was given what was inherited. */
static void
check_inheritance(const struct hit *h, const struct end *e)
{
	size_t index = harness_calls() - 1;
	long left = atol(harness_call(index, "alarm"));

	for (size_t i = 0; i < COUNT(inherited_keys); i++) {
		const char *value = harness_call(index, inherited_keys[i]);

		if (strcmp(value, bare[h->odd].value[i]) != 0)
			wrong(h, e, "%s=%s, not %s", inherited_keys[i], value, bare[h->odd].value[i]);
	}
	/* A process that is new has no alarm, so only the program that takes our place gets ours. */
	if (!e->told.became)
		return;
	if (left > bare[h->odd].alarm + ALARM_SLACK || left < bare[h->odd].alarm - ALARM_SLACK)
		wrong(h, e, "alarm=%ld, not %ld", left, bare[h->odd].alarm);
}

/* What qmail-rspawn read is the real report, or one of ours, or nothing. */
static bool
is_clean(const struct end *e)
{
	const char *nul;

	/* Twice where the write(2) was hit: for qmail-rspawn the first one decides. */
	if (e->calls > 0)
		return (e->d.length == bare_report.length || ((e->told.call == SYS_write || e->again) &&
		    e->d.length == 2 * bare_report.length &&
		    memcmp(e->d.bytes + bare_report.length, bare_report.bytes,
			bare_report.length) == 0)) &&
		    memcmp(e->d.bytes, bare_report.bytes, bare_report.length) == 0;
	if (e->d.length == 0)
		return true;
	nul = memchr(e->d.bytes, '\0', e->d.length);
	return e->d.bytes[0] == 'Z' && nul == e->d.bytes + e->d.length - 1;
}

/* True whatever has hit it; false if it did not end at all. */
static bool
check_end(const struct hit *h, const struct end *e)
{
	int status = e->d.wait_status;

	tally.runs++;
	tally.hits += e->told.call != -1;
	if (e->calls > 0 && e->ms > tally.slowest)
		tally.slowest = e->ms;
	tally.real += e->calls == 1;
	tally.deferred += e->calls == 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_END) {
		/* Interrupted at every single call nobody gets anything done. */
		if (strcmp(h->mode, "on") != 0)
			wrong(h, e, "it goes round in circles");
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 111)
		wrong(h, e, "exit status %d", WEXITSTATUS(status));
	if (e->calls > 1)
		wrong(h, e, "delivered %zu times", e->calls);
	if (e->d.letter == 'D')
		wrong(h, e, "bounced: %s", e->d.text);
	if (e->calls > 0)
		check_inheritance(h, e);
	return true;
}

/*
 * The first instruction behind the read(2) of the report: nobody can know that there were bytes.
 * This is the one place where a message that was sent may be sent again.
 */
static bool
is_unheard(const struct hit *h, const struct end *e)
{
	bool is = e->calls == 1 && e->d.length == 0 && e->d.wait_status == 0 && (e->again ||
	    (e->told.call == SYS_read && strcmp(h->moment, "after") == 0));

	tally.unheard += is;
	return is;
}

/*
 * A fault of our own ends in the real report, or where that is wanted in one clean Z. Only where nothing
 * is guarded, because nothing of ours is in use yet or any more, may it be the end of us.
 */
static void
check_crash(const struct hit *h, const struct end *e)
{
	if (!check_end(h, e) || strcmp(h->mode, "on") == 0 || is_unheard(h, e))
		return;
	if (e->calls > 0) {
		if (e->d.letter != 'K' || e->d.wait_status != 0 || !is_clean(e))
			wrong(h, e, "the real report is not what is heard");
		return;
	}
	if (e->d.letter != 'Z' || !is_clean(e))
		wrong(h, e, "no clean Z");
	/* One that was hit itself, between vfork and exec, has ended by itself. */
	if (e->told.started && !e->told.in_child)
		wrong(h, e, "the real program was stopped");
	if (h->defer && e->d.wait_status == 0 && e->d.length > 0)
		return;
	if (e->told.store_open && strcmp(h->mode, "once") == 0)
		wrong(h, e, "not guarded with the store open");
	if (strcmp(h->mode, "once") == 0)
		tally.died[h->number] = true;
	else
		tally.died[atol(h->mode)] = true;
}

static long
count_calls(bool defer)
{
	const struct hit none = { 0, "after", 0, "once", 0, defer };
	struct end e;

	(void)run(&none, "qlimit-remote"); /* makes what only the first one makes */
	e = run(&none, "qlimit-remote");
	ck_assert(e.d.letter == 'K' && e.calls == 1);
	ck_assert_int_lt(e.told.calls, CALLS);
	return e.told.calls;
}

static void
print_unguarded(void)
{
	for (long n = 1; n < CALLS; n++) {
		long from = n;

		for (; n < CALLS && tally.died[n]; n++)
			tally.unguarded++;
		if (n > from)
			printf("torture: a crash ends us at the calls %ld to %ld\n", from, n - 1);
	}
}

static void
print_tally(const char *what, long calls)
{
	print_unguarded();
	printf("torture: %s: %ld calls, %u runs, %u hit, %u real reports, %u deferred, slowest %lld ms; "
	    "%u unheard, %u wrong\n", what, calls, tally.runs, tally.hits, tally.real, tally.deferred,
	    tally.slowest, tally.unheard, tally.wrong);
	(void)fflush(stdout); /* a test that fails does not */
	ck_assert_uint_eq(tally.wrong, 0);
	ck_assert_uint_le(tally.unheard, UNHEARD_CALLS * COUNT(crashes));
	ck_assert_uint_gt(tally.hits, 0);
}

/* Every call and moment; the signals in turn at a tenth of the scale, all of them at full scale. */
static void
hit_all(const struct hit *like, const int *signals, size_t n, long calls,
    void (*check)(const struct hit *h, const struct end *e))
{
	size_t stride = torture_scale() >= 100 ? 1 : n;

	for (long number = 1; number <= calls; number++)
		for (size_t m = 0; m < COUNT(moments); m++)
			for (size_t i = ((size_t)number + m) % stride; i < n; i += stride) {
				struct hit h = *like;
				struct end e;

				h.number = number;
				h.moment = moments[m];
				h.signal = signals[i];
				h.odd = (int)(((size_t)number / 2 + i) % ODDITIES);
				e = run(&h, "qlimit-remote");
				check(&h, &e);
			}
}

static const struct hit crash_kinds[] = {
	{ .mode = "once", .defer = false },
	{ .mode = "once", .defer = true },
	{ .mode = "1", .defer = false },
	{ .mode = "on", .defer = false },
	{ .mode = "on", .defer = true },
};

START_TEST(torture_crashes)
{
	const struct hit *like = &crash_kinds[_i];
	char what[80];
	long calls;

	begin(like->defer);
	calls = count_calls(like->defer);
	hit_all(like, crashes, COUNT(crashes), calls, check_crash);
	(void)snprintf(what, sizeof what, "crashes %s, %s", like->mode,
	    like->defer ? "defer" : "deliver");
	print_tally(what, calls);
	ck_assert_uint_le(tally.unguarded, UNGUARDED_CALLS);
}
END_TEST

/* --- a second crash, in what is done about the first --- */

#define GAPS 60

/* With the store open, and with the report relayed. */
START_TEST(torture_crashes_twice)
{
	struct hit h = { .mode = "once", .moment = "after", .defer = _i % 2 == 1 };
	char gap[12], what[80];
	long calls;

	begin(h.defer);
	calls = count_calls(h.defer);
	h.number = _i < 2 ? calls * 2 / 5 : calls * 9 / 10;
	h.mode = gap;
	for (int i = 1; i <= GAPS; i++)
		for (size_t s = 0; s < COUNT(crashes); s++) {
			struct end e;

			if (torture_scale() < 100 && s != (size_t)i % COUNT(crashes))
				continue;
			(void)snprintf(gap, sizeof gap, "%d", i);
			h.signal = crashes[s];
			h.odd = i / 2 % ODDITIES;
			e = run(&h, "qlimit-remote");
			check_crash(&h, &e);
		}
	(void)snprintf(what, sizeof what, "a second crash behind call %ld, %s", h.number,
	    h.defer ? "defer" : "deliver");
	print_tally(what, calls);
	ck_assert_uint_le(tally.unguarded, UNGUARDED_CALLS);
}
END_TEST

/* --- told to end --- */

/*
 * Where the whole report is out and its program has ended, the message is delivered: whatever else
 * qmail-rspawn is told then makes it send it again.
 */
static void
check_request(const struct hit *h, const struct end *e)
{
	if (!check_end(h, e))
		return;
	if (!e->told.started && e->told.call != -1 && e->calls > 0 && !WIFEXITED(e->d.wait_status))
		wrong(h, e, "run all the same");
	if (e->told.ended && e->d.length == bare_report.length &&
	    (e->d.letter != 'K' || e->d.wait_status != 0 || !is_clean(e)))
		wrong(h, e, "delivered, and deferred");
	if (e->d.letter == 'K' && (e->calls != 1 || !is_clean(e)))
		wrong(h, e, "K without the real report");
}

START_TEST(torture_requests)
{
	const struct hit like = { .mode = "once" };
	long calls;

	begin(false);
	calls = count_calls(false);
	hit_all(&like, requests, COUNT(requests), calls, check_request);
	print_tally("TERM, INT, HUP, QUIT", calls);
}
END_TEST

static TCase *
new_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 3600);
	suite_add_tcase(s, t);
	return t;
}

Suite *
suite_torture_signals(void)
{
	Suite *s = suite_create("torture_signals");

	tcase_add_test(new_case(s, "requests"), torture_requests);
	tcase_add_loop_test(new_case(s, "crashes"), torture_crashes, 0, COUNT(crash_kinds));
	tcase_add_loop_test(new_case(s, "twice"), torture_crashes_twice, 0, 4);
	return s;
}
