/* test_replay - `qlimit replay`: past hours against the limits of another configuration */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "replay.h"
#include "store.h"
#include "suites.h"
#include "tally.h"

#define HOUR 3600
#define NOW_HOUR ((uint32_t)(HARNESS_NOW / HOUR)) /* 2026-11-21 17:00 UTC */

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.1500s", wanted, text);
}

static void
lacks(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "in it: %s\n%.1500s", unwanted, text);
}

/* --- one hour, against the policy itself --- */

/* What policy_judge() says to so many deliveries, one by one, each for the first time. */
static struct replay_hour
step_by_step(const struct limits *l, uint64_t wanted, uint64_t before)
{
	struct counters c = { .before = before };
	struct replay_hour h = { .admitted = 0 };

	for (uint64_t i = 0; i < wanted; i++)
		switch (policy_judge(l, &c, 1, false).verdict) {
		case VERDICT_PASS:
			c.admitted++;
			break;
		case VERDICT_DEFER:
			c.held++;
			break;
		default:
			c.refused++;
		}
	h.admitted = c.admitted;
	h.held = c.held;
	h.refused = c.refused;
	return h;
}

static uint32_t
any(uint32_t below)
{
	return (uint32_t)random() % below;
}

static void
any_limits(struct limits *l)
{
	limits_init(l);
	l->max_per_hour = any(3) == 0 ? 0 : 1 + any(50);
	l->max_per_day = any(3) == 0 ? 0 : 1 + any(200);
	l->refuse_above_percent = any(4) == 0 ? 100 : 100 + any(300);
}

/* Goal: the closed form says what the wrapper does, whatever the limits, the hour and the day before it. */
START_TEST(test_like_the_policy)
{
	struct limits l;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		uint64_t before = any(3) == 0 ? 0 : any(250);
		struct counters c = { .admitted = any(120), .held = any(120), .refused = any(60) };
		struct replay_hour h, s;

		any_limits(&l);
		h = replay_judge(&l, &c, before, false);
		s = step_by_step(&l, c.admitted + c.held + c.refused, before);
		ck_assert_msg(h.admitted == s.admitted && h.held == s.held && h.refused == s.refused,
		    "max_per_hour %u, max_per_day %u, %u %%, %d before, %d wanted: %d, %d, %d; really %d, %d, %d",
		    l.max_per_hour, l.max_per_day, l.refuse_above_percent, (int)before,
		    (int)(c.admitted + c.held + c.refused), (int)h.admitted, (int)h.held, (int)h.refused,
		    (int)s.admitted, (int)s.held, (int)s.refused);
		ck_assert_int_eq(h.rule != RULE_NONE, s.held + s.refused > 0);
	}
}
END_TEST

static const struct {
	const char *label;
	uint32_t per_hour, per_day, percent;
	bool bounces, exempt;
	uint64_t before, wanted, held, refused;
	enum rule rule;
	uint64_t count;
} worked[] = {
	{ "WHM: 135 of 100", 100, 0, 125, false, false, 0, 135, 25, 10, RULE_MAX_PER_HOUR, 135 },
	{ "WHM: nothing is queued", 100, 0, 100, false, false, 0, 135, 0, 35, RULE_MAX_PER_HOUR, 135 },
	{ "WHM: the next 100 are", 100, 0, 200, false, false, 0, 300, 100, 100, RULE_MAX_PER_HOUR, 300 },
	{ "WHM: the 3rd of 2 is queued, the 4th is not", 2, 0, 125, false, false, 0, 4, 1, 1, RULE_MAX_PER_HOUR, 4 },
	{ "all of it", 100, 0, 125, false, false, 0, 100, 0, 0, RULE_NONE, 0 },
	{ "no limit", 0, 0, 125, false, false, 5000, 5000, 0, 0, RULE_NONE, 0 },
	{ "exempt", 1, 1, 100, false, true, 5, 500, 0, 0, RULE_NONE, 0 },
	{ "bounces are never refused", 10, 0, 100, true, false, 0, 500, 490, 0, RULE_MAX_PER_HOUR, 500 },
	{ "the day is used up", 0, 100, 125, false, false, 100, 40, 25, 15, RULE_MAX_PER_DAY, 140 },
	{ "the day, by a higher limit of before", 0, 100, 125, false, false, 900, 1, 1, 0, RULE_MAX_PER_DAY, 901 },
	{ "the hour is first", 10, 100, 125, false, false, 20, 30, 3, 17, RULE_MAX_PER_HOUR, 30 },
	{ "the day is first", 50, 100, 125, false, false, 90, 30, 20, 0, RULE_MAX_PER_DAY, 120 },
	{ "as many as there can be", 1000000000, 0, 10000, false, false, 0, UINT64_MAX, 99000000000,
	  UINT64_MAX - 100000000000, RULE_MAX_PER_HOUR, UINT64_MAX },
};

START_TEST(test_worked)
{
	const struct counters c = { .admitted = worked[_i].wanted };
	struct limits l;
	struct replay_hour h;

	limits_init(&l);
	l.max_per_hour = worked[_i].per_hour;
	l.max_per_day = worked[_i].per_day;
	l.refuse_above_percent = worked[_i].percent;
	l.exempt = worked[_i].exempt;
	h = replay_judge(&l, &c, worked[_i].before, worked[_i].bounces);
	ck_assert_msg(h.held == worked[_i].held && h.refused == worked[_i].refused && h.rule == worked[_i].rule &&
	    h.count == worked[_i].count, "%s: held %llu, refused %llu, %s, %llu", worked[_i].label,
	    (unsigned long long)h.held, (unsigned long long)h.refused, policy_rule_name(h.rule),
	    (unsigned long long)h.count);
	ck_assert_uint_eq(h.admitted + h.held + h.refused, worked[_i].wanted);
}
END_TEST

/* --- the hours of a meter --- */

/* Goal: a day is the 24 hours that would have been, and before the replay those that were. */
START_TEST(test_days_like_the_policy)
{
	uint64_t admitted[80];
	struct limits l;

	srandom(2);
	for (int i = 0; i < 200; i++) {
		struct replay r = { .limits = &l };
		struct replay_sum sum = { .hours = 0 };

		any_limits(&l);
		l.max_per_day = 1 + any(1500);
		memset(admitted, 0, sizeof admitted);
		for (uint32_t hour = 0; hour < 80; hour++) {
			const struct counters c = { .admitted = any(60), .held = any(20) };
			struct replay_hour h;
			uint64_t before = 0;

			if (any(4) == 0)
				continue;
			for (uint32_t ago = 1; ago < DAY_HOURS && ago <= hour; ago++)
				before += admitted[hour - ago];
			if (hour < 23) {
				admitted[hour] = c.admitted;
				replay_before(&r, 1000 + hour, &c);
				continue;
			}
			h = step_by_step(&l, c.admitted + c.held, before);
			admitted[hour] = h.admitted;
			sum.hours += h.held + h.refused > 0;
			sum.held += h.held;
			sum.refused += h.refused;
			replay_add(&r, 1000 + hour, &c);
			/* Told twice: nothing changes. */
			replay_add(&r, 1000 + hour, &c);
			replay_before(&r, 1000 + hour, &c);
		}
		ck_assert_uint_eq(r.now.hours, sum.hours);
		ck_assert_uint_eq(r.now.held, sum.held);
		ck_assert_uint_eq(r.now.refused, sum.refused);
	}
}
END_TEST

static const struct {
	const char *label;
	bool was, now; /* messages are counted */
	uint32_t max;
	uint64_t admitted, held, refused;
	uint32_t unknown;
	uint64_t stopped;
} units[] = {
	{ "deliveries", false, false, 10, 20, 0, 0, 0, 10 },
	{ "messages, none refused", true, true, 10, 5, 8, 0, 0, 3 },
	{ "messages, and deliveries refused", true, true, 10, 5, 5, 8, 1, 0 },
	{ "messages, too few with all refused", true, true, 20, 5, 5, 8, 0, 0 },
	{ "deliveries to be messages", false, true, 10, 20, 0, 0, 1, 0 },
	{ "so few that messages are no more", false, true, 10, 5, 5, 0, 0, 0 },
	{ "messages to be deliveries", true, false, 10, 5, 0, 0, 1, 0 },
	{ "without a maximum that is nothing", true, false, 0, 5, 0, 0, 0, 0 },
};

START_TEST(test_units)
{
	struct limits l;
	struct counters c = { .admitted = units[_i].admitted, .held = units[_i].held, .refused = units[_i].refused };
	struct replay r = { .limits = &l };

	limits_init(&l);
	c.limits = l;
	c.limits.count_messages = units[_i].was;
	l.count_messages = units[_i].now;
	l.max_per_hour = units[_i].max;
	replay_add(&r, 1000, &c);
	ck_assert_msg(r.unknown == units[_i].unknown && r.now.held + r.now.refused == units[_i].stopped, "%s: %u, %d",
	    units[_i].label, r.unknown, (int)(r.now.held + r.now.refused));
	/* By the day as well; and who is exempt is never stopped. */
	r = (struct replay){ .limits = &l };
	l.max_per_day = l.max_per_hour;
	l.max_per_hour = 0;
	replay_add(&r, 1000, &c);
	ck_assert_uint_eq(r.unknown, units[_i].unknown);
	ck_assert_uint_eq(r.now.held + r.now.refused, units[_i].stopped);
	r = (struct replay){ .limits = &l };
	l.exempt = true;
	replay_add(&r, 1000, &c);
	ck_assert_uint_eq(r.unknown, 0);
}
END_TEST

/* WHM's truth table, facts/limits.md: P = 55, N = 7. */
static const struct {
	uint64_t failed, sent;
	bool trips;
} shares[] = { { 6, 0, false }, { 6, 5, false }, { 7, 7, false }, { 8, 7, false }, { 9, 7, true }, { 0, 9, false } };

START_TEST(test_trips)
{
	struct limits l;
	const struct counters c = { .admitted = 16, .failed = shares[_i].failed, .sent = shares[_i].sent };
	struct replay r = { .limits = &l };

	limits_init(&l);
	l.max_failure_percent = 55;
	l.min_failures = 7;
	replay_add(&r, 1000, &c);
	ck_assert_uint_eq(r.now.tripped, shares[_i].trips);
	ck_assert_uint_eq(r.now.hours, 0);
	ck_assert_int_eq(replay_stops(&r), shares[_i].trips);
	ck_assert_int_eq(r.worst.rule, shares[_i].trips ? RULE_MAX_FAILURE_PERCENT : RULE_NONE);
	r = (struct replay){ .limits = &l };
	l.exempt = true;
	replay_add(&r, 1000, &c);
	ck_assert(!replay_stops(&r));
}
END_TEST

/* Goal: what was held says more than what failed, most says most, and of two that are alike the first. */
START_TEST(test_worst)
{
	struct limits l;
	struct replay r = { .limits = &l }, all = { .hours = 0 };
	struct counters c = { .admitted = 10, .failed = 8, .sent = 1 };

	limits_init(&l);
	l.max_per_hour = 10;
	l.max_failure_percent = 50;
	replay_add(&r, 1000, &c);
	ck_assert_uint_eq(r.worst.hour, 1000);
	ck_assert(r.worst.count == 8 && r.worst.limit == 9);
	c.failed = 9;
	replay_add(&r, 1001, &c);
	ck_assert_uint_eq(r.worst.hour, 1001);
	c.held = 5;
	replay_add(&r, 1002, &c);
	replay_add(&r, 1003, &c);
	ck_assert_uint_eq(r.worst.hour, 1002);
	ck_assert(r.worst.rule == RULE_MAX_PER_HOUR && r.worst.count == 15 && r.worst.limit == 10);
	c.refused = 1;
	replay_add(&r, 1004, &c);
	ck_assert_uint_eq(r.worst.hour, 1004);
	replay_join(&all, &r);
	replay_join(&all, &r);
	ck_assert(all.hours == 10 && all.now.hours == 6 && all.now.held == 2 * (3 + 3 + 3) &&
	    all.now.refused == 2 * (2 + 2 + 3) && all.now.tripped == 10 && all.worst.hour == 1004);
	ck_assert(all.then.hours == 6 && all.then.held == 30 && all.then.refused == 2 && all.then.tripped == 0);
}
END_TEST

/* Goal: a tally that cannot grow says so, and has all that it had. */
START_TEST(test_tally_without_memory)
{
	struct tally *t = tally_new(TALLY_BYTES_MAX);
	struct meter meter;
	char name[40];
	int made;

	ck_assert_ptr_nonnull(t);
	meter_set(&meter, METER_DOMAIN, "first");
	ck_assert_ptr_nonnull(tally_of(t, &meter));
	harness_fail_at(1, true, ENOMEM);
	for (made = 1;; made++) {
		(void)snprintf(name, sizeof name, "d%d.example", made);
		meter_set(&meter, METER_DOMAIN, name);
		if (tally_of(t, &meter) == NULL)
			break;
	}
	(void)harness_fail_end();
	ck_assert_int_ge(made, 2);
	ck_assert_ptr_nonnull(tally_of(t, &meter));
	/* ... also where only its index has to grow: each piece of rows has been there before. */
	for (unsigned number = 1; number <= 8; number++) {
		harness_fail_at(number, false, ENOMEM);
		for (int i = 0; i < 2000; i++) {
			(void)snprintf(name, sizeof name, "%u.d%d.example", number, i);
			meter_set(&meter, METER_DOMAIN, name);
			if (tally_of(t, &meter) == NULL)
				ck_assert_ptr_nonnull(tally_of(t, &meter));
		}
		(void)harness_fail_end();
	}
	tally_free(t);
}
END_TEST

/* --- the command --- */

/* Puts a row into a store; `ago` hours before the one that is running. */
static void
put(enum store_kind kind, uint32_t ago, enum meter_kind of, const char *name, const struct counters *c)
{
	struct store *s = store_lmdb_new(harness_path("state"), kind, 1000);
	struct counters row = *c;
	struct meter meter;

	if (row.limits.refuse_above_percent == 0)
		limits_init(&row.limits);
	row.generation = 1;
	meter_set(&meter, of, name);
	ck_assert(s != NULL && store_begin(s, true) == 0);
	ck_assert_int_eq(store_counters_put(s, NOW_HOUR - ago, &meter, &row), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

#define PUT(ago, name, ...) put(STORE_LEDGER, ago, METER_DOMAIN, name, &(const struct counters){ __VA_ARGS__ })

static const char *
draft(const char *text)
{
	const char *path = harness_path("draft.conf");

	harness_write(path, text, strlen(text));
	return path;
}

/* At least one word more, which may be NULL. */
#define REPLAY(...) harness_cli("replay", "--with", harness_path("draft.conf"), __VA_ARGS__)

static void
some_hours(void)
{
	PUT(3, "hacked.example", .admitted = 100, .held = 25, .refused = 35, .sent = 40, .failed = 60);
	PUT(2, "hacked.example", .admitted = 50, .sent = 50);
	PUT(3, "oldlist.example", .admitted = 16, .failed = 9, .sent = 7, .tripped = true);
	PUT(3, "shop.example", .admitted = 30, .sent = 30);
	PUT(30, "shop.example", .admitted = 500, .sent = 500);
	put(STORE_LEDGER, 3, METER_SERVER, "", &(const struct counters){ .admitted = 146, .sent = 77, .failed = 69 });
}

static const char limits_text_of_draft[] =
    "default = { max_per_hour = 40; max_failure_percent = 55; min_failures = 7; };"
    "server = { max_failure_percent = 0; };";

/* Goal: who would have been stopped, worst first, with figures that add up. */
START_TEST(test_table)
{
	struct harness_output o;
	char wanted[900];

	some_hours();
	(void)draft(limits_text_of_draft);
	o = REPLAY(NULL);
	ck_assert_str_eq(o.err, "");
	ck_assert_int_eq(o.status, EX_OK);
	/* 160 wanted: 40 admitted, 10 held, 110 refused; then 50: 40 and 10. */
	(void)snprintf(wanted, sizeof wanted,
	    "Replay of all mail, 2026-11-20 18:00:00 UTC to 2026-11-21 18:00:00 UTC (24 hours), with %s\n"
	    "4 meters counted; of them stopped, each by its own limits alone:\n"
	    "                 METERS    HOURS     HELD  REFUSED  TRIPPED\n"
	    "by this file          2        2       20      110        2\n"
	    "as it was             2        1       25       35        1\n"
	    "\n"
	    "KIND        NAME             HOURS     HELD  REFUSED  TRIPPED  WORST\n"
	    "domain      hacked.example       2       20      110        1  2026-11-21 14:00:00 UTC: 160/40; "
	    "as it was: held 25, refused 35\n"
	    "domain      oldlist.example      0        0        0        1  2026-11-21 14:00:00 UTC: 9 of 16 failures\n",
	    harness_path("draft.conf"));
	ck_assert_str_eq(o.out, wanted);
	o = REPLAY("--limit", "1", "--since", "2d", "--until", "2026-11-21T17:00");
	contains(o.out, "(47 hours)");
	contains(o.out, "\nby this file          3        3       30      560        2\n");
	contains(o.out, "\ndomain      shop.example      1       10      450        0  2026-11-20 11:00:00 UTC: 500/40; "
	    "as it was: held 0, refused 0\nand 2 more\n");
	o = REPLAY("--since", "1h");
	contains(o.out, "nothing was counted in these hours\n");
	lacks(o.out, "METERS");
}
END_TEST

START_TEST(test_json)
{
	struct harness_output o;

	some_hours();
	(void)draft(limits_text_of_draft);
	o = REPLAY("--json");
	ck_assert_str_eq(o.out,
	    "{\"kind\":\"total\",\"name\":\"\",\"since\":\"2026-11-20T18:00:00Z\",\"until\":\"2026-11-21T18:00:00Z\","
	    "\"stopped_hours\":2,\"held\":20,\"refused\":110,\"tripped_hours\":2,\"then_stopped_hours\":1,"
	    "\"then_held\":25,\"then_refused\":35,\"then_tripped_hours\":1,\"hours\":5,\"not_replayed_hours\":0,"
	    "\"meters\":4,\"stopped_meters\":2,\"then_stopped_meters\":2,\"observe\":false}\n"
	    "{\"kind\":\"domain\",\"name\":\"hacked.example\",\"since\":\"2026-11-20T18:00:00Z\","
	    "\"until\":\"2026-11-21T18:00:00Z\",\"stopped_hours\":2,\"held\":20,\"refused\":110,\"tripped_hours\":1,"
	    "\"then_stopped_hours\":1,\"then_held\":25,\"then_refused\":35,\"then_tripped_hours\":0,\"hours\":2,"
	    "\"not_replayed_hours\":0,\"would_be_foreign\":false,\"worst_hour\":\"2026-11-21T14:00:00Z\","
	    "\"worst_rule\":\"max_per_hour\",\"worst_count\":160,\"worst_limit\":40}\n"
	    "{\"kind\":\"domain\",\"name\":\"oldlist.example\",\"since\":\"2026-11-20T18:00:00Z\","
	    "\"until\":\"2026-11-21T18:00:00Z\",\"stopped_hours\":0,\"held\":0,\"refused\":0,\"tripped_hours\":1,"
	    "\"then_stopped_hours\":0,\"then_held\":0,\"then_refused\":0,\"then_tripped_hours\":1,\"hours\":1,"
	    "\"not_replayed_hours\":0,\"would_be_foreign\":false,\"worst_hour\":\"2026-11-21T14:00:00Z\","
	    "\"worst_rule\":\"max_failure_percent\",\"worst_count\":9,\"worst_limit\":16}\n");
	o = REPLAY("--json", "--limit", "1");
	lacks(o.out, "oldlist");
	o = REPLAY("--json", "server");
	contains(o.out, "{\"kind\":\"server\",\"name\":\"\",");
	contains(o.out, "\"would_be_foreign\":false}\n");
}
END_TEST

/* Goal: where nothing is stopped that is said; who is named is told of all the same, and once. */
START_TEST(test_nothing_is_stopped)
{
	struct harness_output o;

	some_hours();
	(void)draft("mode = \"observe\";");
	o = REPLAY(NULL);
	contains(o.out, "\nits mode is observe: it would only say what is told here, and stop nothing\n4 meters counted");
	contains(o.out, "\nby this file          0        0        0        0        0\n"
	    "as it was             2        1       25       35        1\nnothing would have been stopped\n");
	lacks(o.out, "KIND");
	o = REPLAY("hacked.example", "Hacked.Example.", "nobody.example");
	contains(o.out, "Replay of the meters named, ");
	contains(o.out, "\n1 meter counted; ");
	contains(o.out, "\nas it was             1        1       25       35        0\n");
	contains(o.out, "\ndomain      hacked.example      0        0        0        0  -; as it was: held 25, refused 35\n");
	lacks(o.out, "nobody");
}
END_TEST

/* Goal: the same limits as those of the time say what those have done. */
START_TEST(test_the_same_limits)
{
	const char *text = "default = { max_per_hour = 4; };";
	struct harness_output o;

	harness_rules(text);
	for (int i = 0; i < 7; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x");
	(void)draft(text);
	for (int tidied = 0; tidied < 2; tidied++) {
		o = REPLAY("a.example");
		contains(o.out, "\nby this file          1        1        1        2        0\n"
		    "as it was             1        1        1        2        0\n");
		contains(o.out, "\ndomain      a.example      1        1        2        0  2026-11-21 17:00:00 UTC: 7/4\n");
		harness_set_time(HARNESS_NOW + HOUR);
		ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	}
}
END_TEST

/* --- days --- */

/* Goal: a day goes on over both stores, whichever is told first, and began before --since. */
START_TEST(test_day_over_both_stores)
{
	const struct counters c = { .admitted = 30 };
	struct harness_output o;

	harness_rules("");
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "x@other.example", "accept@x").letter, 'K');
	(void)draft("default = { max_per_day = 140; };");
	for (uint32_t ago = 1; ago <= 26; ago += ago == 5 ? 17 : 1)
		put(ago <= 2 ? STORE_LIVE : STORE_LEDGER, ago, METER_DOMAIN, "a.example", &c);
	/* A tidy that was between its two steps. */
	put(STORE_LEDGER, 2, METER_DOMAIN, "a.example", &c);
	for (int named = 0; named < 2; named++) {
		/* 26 to 22 hours ago 150 in all: nothing of the first three, 20 of the fourth, all of the fifth. */
		o = REPLAY("--since", "6h", "--json", named == 1 ? "a.example" : NULL);
		contains(o.out, "\"name\":\"a.example\",\"since\":\"2026-11-21T12:00:00Z\",\"until\":\"2026-11-21T18:00:00Z\","
		    "\"stopped_hours\":4,\"held\":100,\"refused\":0,");
		contains(o.out, "\"hours\":5,\"not_replayed_hours\":0,\"would_be_foreign\":false,\"worst_hour\":"
		    "\"2026-11-21T12:00:00Z\",\"worst_rule\":\"max_per_day\",\"worst_count\":180,\"worst_limit\":140}\n");
	}
	contains(REPLAY("--since", "6h").out, "  2026-11-21 12:00:00 UTC: 180/140 in 24 hours; as it was: held 0, refused 0\n");
	/* Before 1970 there is nothing to count. */
	harness_set_time(10 * HOUR);
	ck_assert_int_eq(REPLAY("--since", "3h").status, EX_OK);
}
END_TEST

/* --- what cannot be replayed --- */

static void
host(const char *file, const char *text)
{
	char name[40];

	(void)snprintf(name, sizeof name, "control/%s", file);
	harness_write(harness_path(name), text, strlen(text));
}

/* Goal: a domain that would be foreign is not judged by limits that it would not have. */
START_TEST(test_would_be_foreign)
{
	struct harness_output o;

	PUT(2, "here.example", .admitted = 50);
	PUT(2, "below.here.example", .admitted = 51);
	PUT(2, "elsewhere.example", .admitted = 52, .held = 3);
	PUT(2, "one.example", .admitted = 53);
	host("rcpthosts", "here.example\n.here.example\n");
	host("virtualdomains", "joe@one.example:joe\nann@two.example:ann\n");
	(void)draft("default = { max_per_hour = 40; refuse_above_percent = 10000; };");
	o = REPLAY(NULL);
	contains(o.out, "\nby this file          3        3       34        0        0\nas it was             1        1"
	    "        3        0        0\nnot replayed, and not in the first line: 1 hour, added up over meters\n");
	contains(o.out, "domain      one.example             1       13 ");
	contains(o.out, "domain      elsewhere.example       0        0        0        0  -; as it was: held 3, refused 0; "
	    "not replayed: would be foreign\n");
	contains(REPLAY("--json", "elsewhere.example").out, "\"not_replayed_hours\":1,\"would_be_foreign\":true}\n");
}
END_TEST

START_TEST(test_messages)
{
	struct harness_output o;

	PUT(2, "a.example", .admitted = 50);
	PUT(3, "a.example", .admitted = 50);
	PUT(4, "b.example", .admitted = 50);
	PUT(4, "c.example", .admitted = 5);
	(void)draft("default = { max_per_hour = 40; count = \"messages\"; };");
	o = REPLAY(NULL);
	contains(o.out, "\nnothing would have been stopped\n"
	    "not replayed, and not in the first line: 3 hours, added up over meters\n");
	contains(o.out, "0  -; not replayed: 2 hours, messages are not deliveries\ndomain      b.example");
	contains(o.out, "0  -; not replayed: 1 hour, messages are not deliveries\n");
	lacks(o.out, "c.example");
}
END_TEST

/* Goal: every kind of meter has its own limits; a kind of another version, none. */
START_TEST(test_kinds)
{
	static const struct {
		enum meter_kind kind;
		const char *name, *json;
	} kinds[] = {
		{ METER_SERVER, "", "{\"kind\":\"server\"" }, { METER_BOUNCES, "", "{\"kind\":\"bounces\"" },
		{ METER_FOREIGN, "", "{\"kind\":\"foreign\"" }, { METER_OVERFLOW, "", "{\"kind\":\"overflow\"" },
		{ METER_USER, "uid:0", "{\"kind\":\"user\"" },
		{ METER_DESTINATION, "gmail.com", "{\"kind\":\"destination\"" },
	};
	char wanted[400];
	const char *out;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		put(STORE_LEDGER, 1, kinds[i].kind, kinds[i].name, &(const struct counters){ .admitted = 1000 });
	put(STORE_LEDGER, 1, (enum meter_kind)99, "x", &(const struct counters){ .admitted = 1000 });
	put(STORE_LEDGER, 1, METER_DESTINATION, "isp.example", &(const struct counters){ .admitted = 1000 });
	(void)draft("default = { max_per_hour = 4; }; server = { max_per_hour = 1; }; bounces = { max_per_hour = 2; }; "
	    "foreign = { max_per_hour = 3; }; users = ( { name = \"root\"; max_per_hour = 5; } ); destinations = ( { name = "
	    "\"gmail.com\"; max_per_hour = 6; } );");
	out = REPLAY("--json").out;
	contains(out, "\"stopped_hours\":6,");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		static const int limits[] = { 1, 2, 3, 4, 5, 6 };
		const char *row = strstr(out, kinds[i].json);

		ck_assert_msg(row != NULL, "%s: %s", kinds[i].json, out);
		(void)snprintf(wanted, sizeof wanted, "\"worst_count\":1000,\"worst_limit\":%d}\n", limits[i]);
		ck_assert_msg(strncmp(strstr(row, "\"worst_count\""), wanted, strlen(wanted)) == 0, "%s", row);
	}
	contains(strstr(out, "\"bounces\""), "\"held\":998,\"refused\":0,");
}
END_TEST

/* Goal: whatever a sender is called, the terminal is told nothing by it. */
START_TEST(test_hostile_names)
{
	const char *out;

	PUT(1, "\x1b[31mred\n\"q\\\x80.example", .admitted = 9);
	(void)draft("default = { max_per_hour = 1; };");
	for (int json = 0; json < 2; json++) {
		out = REPLAY(json == 1 ? "--json" : NULL).out;
		for (const char *at = out; *at != '\0'; at++)
			ck_assert_msg(*at == '\n' || (*at >= ' ' && *at <= '~'), "%s", out);
		contains(out, json == 0 ? "\\x1b[31mred\\x0a\\x22q\\x5c\\x80.example" : "\\\\x1b[31mred");
	}
}
END_TEST

/* --- the file --- */

static const struct {
	const char *label, *text; /* NULL: none */
} files[] = {
	{ "missing", NULL },
	{ "no configuration", "\x7f" "ELF\x01\x02" },
	{ "cut off", "default = { max_per_hour = 5" },
	{ "two mistakes", "default = { max_per_hour = 010; };\nmode = \"nonsense\";\n" },
	{ "includes itself", "@include \"draft.conf\"\n" },
	{ "no such program", "remote = \"/nowhere\";" },
	{ "lists that cannot be read", "hosted = ( \"/\" );" },
};

/* Goal: a file that `check` does not take, replay does not, for the same reasons, and reads nothing. */
START_TEST(test_wrong_file)
{
	struct harness_output check, replay;

	if (files[_i].text != NULL)
		(void)draft(files[_i].text);
	check = harness_cli("check", harness_path("draft.conf"));
	replay = REPLAY(NULL);
	ck_assert_msg(check.status == EX_CONFIG && replay.status == EX_CONFIG, "%s: %d, %d", files[_i].label,
	    check.status, replay.status);
	ck_assert_str_ne(replay.err, "");
	ck_assert_str_eq(replay.err, check.err);
	ck_assert_str_eq(replay.out, "");
}
END_TEST

/* Goal: warnings are said, and stop nothing; a relative path is one from here. */
START_TEST(test_odd_file)
{
	struct harness_output o;

	PUT(1, "a.example", .admitted = 9);
	host("rcpthosts", "no domain\na.example\n");
	(void)draft("default = { max_per_hour = 1; };");
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	o = harness_cli("replay", "--with", "draft.conf");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.err, "/rcpthosts:1: skipped: ");
	contains(o.out, " (24 hours), with draft.conf\n");
	ck_assert_int_eq(mkdir(harness_path("gone"), 0700), 0);
	ck_assert_int_eq(chdir(harness_path("gone")), 0);
	ck_assert_int_eq(rmdir(harness_path("gone")), 0);
	o = harness_cli("replay", "--with", "draft.conf");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "qlimit: draft.conf: give an absolute path\n");
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* --- stores --- */

START_TEST(test_no_store)
{
	struct harness_output o;

	(void)draft("");
	o = REPLAY(NULL);
	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "nothing counted yet");
	ck_assert_str_eq(o.out, "");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	o = REPLAY(NULL);
	ck_assert_int_eq(o.status, EX_NOINPUT);
	ck_assert_str_ne(o.err, "");
}
END_TEST

START_TEST(test_damaged_ledger)
{
	struct harness_output o;

	harness_write(harness_path("state/ledger.mdb"), "no database at all", 18);
	harness_rules("");
	(void)draft("");
	o = REPLAY(NULL);
	ck_assert_int_eq(o.status, EX_IOERR);
	contains(o.err, "ledger.mdb");
	ck_assert_str_eq(o.out, "");
}
END_TEST

/* Goal: a clock that is behind: the newest hour is the one that is replayed up to. */
START_TEST(test_clock_behind)
{
	harness_rules("");
	(void)harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x");
	(void)draft("default = { max_per_hour = 1; };");
	harness_set_time(HARNESS_NOW - 2 * HOUR);
	contains(REPLAY("--since", "1h", "--json").out, "\"until\":\"2026-11-21T18:00:00Z\",\"stopped_hours\":0,");
	/* What seemed to be in the past is not. */
	ck_assert_int_eq(REPLAY("--since", "2026-11-21T17:00").status, EX_OK);
	harness_set_time(HARNESS_NOW);
	ck_assert_int_eq(REPLAY("--since", "2026-11-21T19:00").status, EX_USAGE);
}
END_TEST

static void
put_many(uint32_t ago, int count)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	struct counters c = { .admitted = 3 };
	struct meter meter;
	char name[40];

	limits_init(&c.limits);
	for (int i = 0; i < count; i++) {
		if (i % 2000 == 0)
			ck_assert_int_eq(store_begin(s, true), 0);
		(void)snprintf(name, sizeof name, "d%06d.example", i);
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(s, NOW_HOUR - ago, &meter, &c), 0);
		if (i % 2000 == 1999 || i == count - 1)
			ck_assert_int_eq(store_commit(s), 0);
	}
	store_close(s);
}

/* Goal: more names than there is room for beside very many rules are all judged, and it is said how. */
START_TEST(test_too_many_names)
{
	FILE *f = fopen(harness_path("control/rcpthosts"), "w");
	struct harness_output o;

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 140000; i++)
		ck_assert_int_gt(fprintf(f, "d%06d.example\n", i), 0);
	ck_assert_int_eq(fclose(f), 0);
	put_many(2, 80000);
	put_many(1, 80000);
	(void)draft("default = { max_per_hour = 2; refuse_above_percent = 200; max_per_day = 6; };");
	o = REPLAY("--since", "2h", "--json", "--limit", "1");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.err, "qlimit: too many names for one replay: ");
	contains(o.out, "\"held\":80000,\"refused\":0,");
	contains(o.out, "\n{\"kind\":\"domain\",\"name\":\"\",");
	contains(REPLAY("--since", "3h", "--json", "--limit", "1").out, "\"held\":160000,\"refused\":0,");
}
END_TEST

/* --- what fails --- */

static char *const nobody[] = { NULL };

static int
run_here(const char *path, bool named)
{
	static char name[] = "a.example";
	static char *names[] = { name, NULL };
	struct admin a;

	admin_init(&a, HARNESS_NOW);
	memset(a.boot, 0, sizeof a.boot); /* of any */
	a.option[ADMIN_WITH] = path;
	a.names = named ? names : (char **)(uintptr_t)nobody;
	return admin_replay(&a);
}

/* Goal: whichever allocation or call of LMDB's fails, it ends with a status, and a word why. */
START_TEST(test_everything_fails)
{
	static const int errors[] = { EIO, ENOMEM };
	unsigned calls = 1;
	const char *path, *said = harness_path("said");
	struct stat st;
	int failed = 0, status;

	harness_rules("");
	(void)harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x");
	PUT(2, "a.example", .admitted = 9);
	path = draft("default = { max_per_hour = 1; max_per_day = 2; };");
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	for (unsigned n = 1; calls >= n; n++) {
		ck_assert_ptr_nonnull(freopen(said, "w", stderr));
		harness_fail_at(n, _i >= 2, errors[_i % 2]);
		status = run_here(path, n % 2 == 0);
		calls = harness_fail_end() + 1; /* the next one, where this one was the last */
		(void)fflush(stderr);
		ck_assert_msg(status == EX_OK || status == EX_OSERR || status == EX_IOERR || status == EX_NOINPUT ||
		    status == EX_CONFIG, "call %u: %d", n, status);
		failed += status != EX_OK;
		ck_assert_int_eq(stat(said, &st), 0);
		ck_assert_msg(status == EX_OK || st.st_size > 0, "call %u: %d without a word", n, status);
	}
	ck_assert_int_gt(failed, 5);
}
END_TEST

static const struct {
	const char *words[8];
	const char *err;
} misused[] = {
	{ { "replay" }, "replay needs the configuration to try: --with FILE" },
	{ { "replay", "a.example" }, "replay needs the configuration to try: --with FILE" },
	{ { "replay", "--with" }, "usage: qlimit replay --with FILE [--since TIME]" },
	{ { "replay", "--with", "/x", "--since", "30m" }, "--since \"30m\" is too fine: counters are of whole hours" },
	{ { "replay", "--with", "/x", "--until", "soon" }, "--until \"soon\" is no time: write hours or days back" },
	{ { "replay", "--with", "/x", "--limit", "0" }, "--limit \"0\": write a whole number from 1 to" },
	{ { "replay", "--with", "/x", "" }, "not the name of a meter" },
	{ { "replay", "--with", "/x", "--by", "hour" }, "usage: qlimit replay" },
	{ { "report", "--with", "/x" }, "usage: qlimit report" },
};

START_TEST(test_misused)
{
	struct harness_output o = harness_cli_words(misused[_i].words);

	ck_assert_int_eq(o.status, EX_USAGE);
	ck_assert_str_eq(o.out, "");
	contains(o.err, misused[_i].err);
}
END_TEST

Suite *
suite_replay(void)
{
	Suite *s = suite_create("replay");
	TCase *t = tcase_create("pure"), *c = tcase_create("command");

	tcase_add_test(t, test_like_the_policy);
	tcase_add_loop_test(t, test_worked, 0, HARNESS_ROWS(worked));
	tcase_add_test(t, test_days_like_the_policy);
	tcase_add_loop_test(t, test_units, 0, HARNESS_ROWS(units));
	tcase_add_loop_test(t, test_trips, 0, HARNESS_ROWS(shares));
	tcase_add_test(t, test_worst);
	tcase_add_test(t, test_tally_without_memory);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(c, harness_start, harness_end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_table);
	tcase_add_test(c, test_json);
	tcase_add_test(c, test_nothing_is_stopped);
	tcase_add_test(c, test_the_same_limits);
	tcase_add_test(c, test_day_over_both_stores);
	tcase_add_test(c, test_would_be_foreign);
	tcase_add_test(c, test_messages);
	tcase_add_test(c, test_kinds);
	tcase_add_test(c, test_hostile_names);
	tcase_add_loop_test(c, test_wrong_file, 0, HARNESS_ROWS(files));
	tcase_add_test(c, test_odd_file);
	tcase_add_test(c, test_no_store);
	tcase_add_test(c, test_damaged_ledger);
	tcase_add_test(c, test_clock_behind);
	tcase_add_test(c, test_too_many_names);
	tcase_add_loop_test(c, test_everything_fails, 0, 4);
	tcase_add_loop_test(c, test_misused, 0, HARNESS_ROWS(misused));
	suite_add_tcase(s, c);
	return s;
}
