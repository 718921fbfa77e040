/* test_library - every call of LMDB's and every allocation fails in turn: all or nothing is written */
#include <check.h>
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin.h"
#include "admission.h"
#include "harness.h"
#include "harness_fail.h"
#include "hour.h"
#include "log.h"
#include "settlement.h"
#include "suites.h"

#define DAY 86400
#define HOUR 3600
#define PATIENCE_MS 1000
#define RUNS_MAX 5000

/* How calls fail, by the loop's index. Trouble leaves the store as it was; damage sets live aside. */
static const struct {
	int error;
	bool on;
} ways[] = { { EIO, false }, { EIO, true }, { MDB_CORRUPTED, false }, { MDB_CORRUPTED, true } };

#define WAYS ((int)(sizeof ways / sizeof ways[0]))

static struct admin admin;
static int64_t now;
static const char *answer = "Kok\n"; /* the remote's */

static const char old_rules[] = "default = { max_per_hour = 1000000; };\n"
    "packages = ( { name = \"p\"; max_per_hour = 11; } );\n"
    "domains = ( { name = \"first.example\"; package = \"p\"; }, "
    "{ name = \"held.example\"; max_per_hour = 1; refuse_above_percent = 10000; }, "
    "{ name = \"refused.example\"; max_per_hour = 1; refuse_above_percent = 100; }, "
    "{ name = \"last.example\"; max_per_hour = 11; } );\n";
static const char new_rules[] = "domains = ( { name = \"first.example\"; max_per_hour = 22; },\n"
    "{ name = \".new.example\"; }, { name = \"last.example\"; max_per_hour = 22; } );\n";

/* Runs a command of the CLI's at `now`. */
static int
run(int (*command)(struct admin *), char **names, bool json)
{
	static char *none[] = { NULL };

	admin_init(&admin, now);
	admin.names = names != NULL ? names : none;
	admin.option[ADMIN_JSON] = json ? "" : NULL;
	return command(&admin);
}

static void
choose(const char *rules)
{
	(void)setenv("QLIMIT_CONFIG", harness_path(rules), 1);
}

static int
load(void)
{
	return run(admin_load, NULL, false);
}

static void
write_rules(const char *name, const char *text)
{
	FILE *f = fopen(harness_path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* What the commands say is not what is tested here. Every test has a process of its own. */
static void
setup(void)
{
	harness_start();
	log_to("/nonexistent/log");
	now = HARNESS_NOW;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	write_rules("old", old_rules);
	write_rules("new", new_rules);
	write_rules("wrong", "nonsense = 1;\n");
	choose("old");
	ck_assert_int_eq(load(), EX_OK);
}

static struct store *
live(void)
{
	return store_lmdb_new(admin.place.state, STORE_LIVE, PATIENCE_MS);
}

/* --- deliveries --- */

static struct {
	unsigned passed, settled;
} tally;

/* One delivery of a message that nobody has seen before (no assertions: Check allocates); 0, or -1 where its counting failed. */
static int
deliver(const char *sender)
{
	static char recipient[] = "accept@x", *recipients[] = { recipient };
	static uint64_t inode;
	struct booking b = { .sender = sender, .recipients = recipients, .count = 1,
		.config = admin.place.config, .boot = admin.boot,
		.file = { .known = true, .inode = ++inode } };
	struct booking_notices notices;
	struct admission a;
	struct report report;
	struct store *s = live();
	int rc;

	if (s == NULL)
		return -1;
	origin_read(&b.origin, sender, b.recipients[0]);
	rc = admission_ask(s, &b, now, false, &a);
	if (rc == 0 && a.judgement.verdict == VERDICT_PASS) {
		tally.passed++;
		report_init(&report);
		report_read(&report, answer, strlen(answer) + 1);
		rc = settlement_book(s, &b, now, &report, 0, &notices);
		tally.settled += rc == 0;
	}
	store_close(s);
	return rc;
}

static struct counters
counted(const char *name)
{
	struct store *s = live();
	struct counters c;
	struct meter m;
	struct info info;

	meter_set(&m, METER_DOMAIN, name);
	ck_assert_int_eq(store_begin(s, true), 0);
	ck_assert_int_eq(store_info_ready(s, &info, admin.boot, now), 0);
	ck_assert_int_ge(store_counters_get(s, hour_to_count_in(now, info.hour), &m, &c), 0);
	store_rollback(s);
	store_close(s);
	return c;
}

/* Goal: what was not counted is not half counted, and the next delivery counts again. */
START_TEST(test_deliveries)
{
	static const char *const domains[] = { "first.example", "held.example", "refused.example",
		"held.example" };
	const char *domain = domains[_i / WAYS];
	bool first_of_its_hour = _i / WAYS == 3; /* what passes, with a limit to be said */
	bool trouble = ways[_i % WAYS].error == EIO;
	char sender[40];
	unsigned n = 0;

	(void)snprintf(sender, sizeof sender, "a@%s", domain);
	ck_assert_int_eq(deliver(sender), 0);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		if (first_of_its_hour) {
			now += HOUR;
			tally.passed = tally.settled = 0;
		}
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		(void)deliver(sender);
		if (harness_fail_end() < n)
			break;
		if (trouble) {
			ck_assert_uint_eq(counted(domain).admitted, tally.passed);
			ck_assert_uint_eq(counted(domain).sent, tally.settled);
		} else {
			ck_assert_uint_le(counted(domain).admitted, tally.passed);
		}
		ck_assert_int_eq(deliver(sender), 0);
	} while (true);
	ck_assert_uint_gt(n, 10);
}
END_TEST

/* --- commands --- */

static int
show_all(void)
{
	return run(admin_show, NULL, false);
}

static int
show_some(void)
{
	static char first[] = "first.example", nobody[] = "nobody.example", server[] = "server",
	    *names[] = { first, nobody, server, NULL };

	return run(admin_show, names, true);
}

static int
status(void)
{
	return run(admin_status, NULL, false);
}

static int
status_json(void)
{
	return run(admin_status, NULL, true);
}

static int
check(void)
{
	return run(admin_check, NULL, false);
}

static int
reset(void)
{
	static char first[] = "first.example", *names[] = { first, NULL };

	return run(admin_reset, names, false);
}

static int
load_what_is_wrong(void)
{
	return run(admin_load, NULL, false);
}

static const struct {
	int (*run)(void);
	int status;
	const char *rules;
} commands[] = {
	{ show_all, EX_OK, "old" },
	{ show_some, EX_OK, "old" },
	{ status, EX_OK, "old" },
	{ status_json, EX_OK, "old" },
	{ check, EX_OK, "old" },
	{ reset, EX_OK, "old" },
	{ load_what_is_wrong, EX_CONFIG, "wrong" },
};

#define COMMANDS ((int)(sizeof commands / sizeof commands[0]))

/* Goal: done, or a status of sysexits.h; and all is there afterwards. */
START_TEST(test_commands)
{
	int wanted = commands[_i / WAYS].status, rc;
	bool trouble = ways[_i % WAYS].error == EIO;
	unsigned n = 0;

	choose(commands[_i / WAYS].rules);
	ck_assert_int_eq(deliver("a@first.example"), 0);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		rc = commands[_i / WAYS].run();
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		if (trouble)
			ck_assert_uint_eq(counted("last.example").admitted, 0);
		ck_assert_int_eq(deliver("a@first.example"), 0);
		if (trouble)
			ck_assert_int_eq(commands[_i / WAYS].run(), wanted);
	} while (true);
	ck_assert_int_eq(rc, wanted);
	ck_assert_uint_gt(n, 5);
}
END_TEST

/* --- load --- */

static uint32_t
limit_of(const char *name)
{
	struct store *s = live();
	struct limits limits;
	struct meter m;
	struct info info;

	meter_set(&m, METER_DOMAIN, name);
	ck_assert_int_eq(store_begin(s, true), 0);
	ck_assert_int_eq(store_info_ready(s, &info, admin.boot, now), 0);
	ck_assert_int_ge(store_limits_find(s, info.generation, &m, &limits), 0);
	store_rollback(s);
	store_close(s);
	return limits.max_per_hour;
}

/* Goal: the old rules or the new ones, whole; and the next load succeeds. */
START_TEST(test_load)
{
	unsigned n = 0, stride = ways[_i % WAYS].on ? 4 : 1; /* these write to the disk */
	int rc;

	do {
		ck_assert_uint_lt(n += stride, RUNS_MAX);
		choose("new");
		harness_fail_at(n, ways[_i].on, ways[_i].error);
		rc = load();
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		ck_assert_uint_eq(limit_of("first.example"), limit_of("last.example"));
		if (rc == EX_OK)
			ck_assert_msg(limit_of("first.example") == 22, "call %u: not loaded", n);
		choose("old");
		ck_assert_int_eq(load(), EX_OK);
		ck_assert_uint_eq(limit_of("first.example"), 11);
	} while (true);
	ck_assert_int_eq(rc, EX_OK);
	ck_assert_uint_gt(n, 20);
}
END_TEST

/* --- tidy --- */

/* What first.example was admitted in all hours of the ledger. */
static uint64_t
ledger_sum(void)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, PATIENCE_MS);
	struct store_row row = { .hour = 0 };
	uint64_t sum = 0;

	ck_assert_int_eq(store_begin(s, true), 0);
	while (store_counters_next(s, 0, UINT32_MAX, &row) == 1)
		if (strcmp(row.meter.name, "first.example") == 0)
			sum += row.counters.admitted;
	store_rollback(s);
	store_close(s);
	return sum;
}

/* Goal: no closed hour is lost or moved twice; with long steps history expires and pendings too. */
START_TEST(test_tidy)
{
	int64_t step = _i / WAYS == 0 ? 2 * HOUR : 200 * DAY;
	bool trouble = ways[_i % WAYS].error == EIO;
	unsigned n = 0, stride = ways[_i % WAYS].on ? 4 : 1; /* these write to the disk */
	int rc;

	answer = "Zlater\n"; /* to be remembered, and forgotten by tidy */
	ck_assert_int_eq(deliver("a@first.example"), 0);
	do {
		ck_assert_uint_lt(n += stride, RUNS_MAX);
		now += step;
		ck_assert_int_eq(deliver("a@first.example"), 0);
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		rc = run(admin_tidy, NULL, false);
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		ck_assert_int_eq(deliver("a@first.example"), 0);
		ck_assert_int_eq(run(admin_tidy, NULL, false), EX_OK);
		if (trouble && step == 2 * HOUR)
			ck_assert_uint_eq(ledger_sum(), tally.passed - 2);
	} while (true);
	ck_assert_int_eq(rc, EX_OK);
	ck_assert_uint_gt(n, 20);
}
END_TEST

static void
add(Suite *s, const char *name, const TTest *test, int ways_times)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test, 0, ways_times * WAYS);
	suite_add_tcase(s, t);
}

Suite *
suite_library(void)
{
	Suite *s = suite_create("library");

	add(s, "deliveries", test_deliveries, 4);
	add(s, "commands", test_commands, COMMANDS);
	add(s, "load", test_load, 1);
	add(s, "tidy", test_tidy, 2);
	return s;
}
