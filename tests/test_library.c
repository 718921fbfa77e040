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
#include "orders.h"
#include "settlement.h"
#include "store_backend.h"
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
/* All that is asked for somewhere, of every meter. */
#define EVERY_DAY "max_per_day = 1000000;"
static const char day_rules[] = "hosted = ( \"hosted\" ); count = \"messages\";\n"
    "default = { " EVERY_DAY " }; server = { " EVERY_DAY " }; foreign = { " EVERY_DAY " };\n"
    "users = ( { uid = 89; runs_smtpd = true; " EVERY_DAY " }, { auth = \"joe\"; " EVERY_DAY " } );\n"
    "destinations = ( { name = \"there.example\"; " EVERY_DAY " } );\n"
    "domains = ( { name = \"first.example\"; max_per_hour = 11000; }, "
    "{ name = \"last.example\"; max_per_hour = 11000; } );\n";
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
	write_rules("days", day_rules);
	write_rules("control/hosted", "host.example\n");
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

/* What a message says of itself. */
struct letter {
	const char *sender, *recipient;
	struct head head;
};

static void
address_letter(struct booking *b, const struct letter *letter, char **recipients)
{
	static uint64_t inode;
	static char recipient[40];

	(void)snprintf(recipient, sizeof recipient, "%s", letter->recipient);
	recipients[0] = recipient;
	*b = (struct booking){ .sender = letter->sender, .recipients = recipients, .count = 1,
		.config = admin.place.config, .boot = admin.boot, .file = { .known = true, .inode = ++inode } };
	origin_read(&b->origin, letter->sender, recipient);
	b->origin.head = letter->head;
}

/* One delivery of a message that nobody has seen before (no assertions: Check allocates); 0, or -1 where its counting failed. */
static int
deliver_letter(const struct letter *letter)
{
	char *recipients[1];
	struct booking b;
	struct booking_notices notices;
	struct admission a;
	struct report report;
	struct store *s = live();
	int rc;

	if (s == NULL)
		return -1;
	address_letter(&b, letter, recipients);
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

static int
deliver(const char *sender)
{
	return deliver_letter(&(struct letter){ .sender = sender, .recipient = "accept@x" });
}

static struct counters
counted_by(enum meter_kind kind, const char *name)
{
	struct store *s = live();
	struct counters c;
	struct meter m;
	struct info info;

	meter_set(&m, kind, name);
	ck_assert_int_eq(store_begin(s, true), 0);
	ck_assert_int_eq(store_info_ready(s, &info, admin.boot, now), 0);
	ck_assert_int_ge(store_counters_get(s, hour_to_count_in(now, info.hour), &m, &c), 0);
	store_rollback(s);
	store_close(s);
	return c;
}

static struct counters
counted(const char *name)
{
	return counted_by(METER_DOMAIN, name);
}

/* Whose mail, by which rules, and one who pays for it. */
static const struct {
	const char *rules;
	struct letter letter;
	bool first_of_its_hour; /* what passes, with a limit to be said, or days to be read */
	bool no_room;           /* for names that are new in this hour */
	enum meter_kind kind;
	const char *payer;
} mail[] = {
	{ "old", { "a@first.example", "accept@x", { .uid = 0 } }, false, false, METER_DOMAIN, "first.example" },
	{ "old", { "a@held.example", "accept@x", { .uid = 0 } }, false, false, METER_DOMAIN, "held.example" },
	{ "old", { "a@refused.example", "accept@x", { .uid = 0 } }, false, false, METER_DOMAIN, "refused.example" },
	{ "old", { "a@held.example", "accept@x", { .uid = 0 } }, true, false, METER_DOMAIN, "held.example" },
	/* Forwarded by a host of ours and by who authenticated to it, to one of the destinations. */
	{ "days", { "a@elsewhere.example", "accept@there.example", { .invoker = HEAD_UID, .uid = 89,
	    .forwarder = "host.example", .auth = "joe" } }, true, false, METER_DOMAIN, "host.example" },
	{ "days", { "a@elsewhere.example", "accept@there.example", { .invoker = HEAD_UID, .uid = 89,
	    .forwarder = "host.example", .auth = "joe" } }, false, false, METER_DESTINATION, "there.example" },
	/* Two names at once that there is no room for. */
	{ "old", { "a@new.example", "accept@x", { .invoker = HEAD_UID, .uid = 7 } }, false, true, METER_OVERFLOW, "" },
	{ "old", { "a@new.example", "accept@x", { .invoker = HEAD_UID, .uid = 7 } }, true, true, METER_OVERFLOW, "" },
};

#define MAIL ((int)(sizeof mail / sizeof mail[0]))

/* As if there had been as many names in this hour as there may be, and more. */
static void
fill_up(void)
{
	struct store *s = live();
	struct info info;

	ck_assert_int_eq(store_begin_live(s, &info, admin.boot, now), 0);
	info.hour = hour_to_count_in(now, info.hour);
	info.meters = UINT32_MAX;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

/*
 * Nobody has been charged more than once with what has passed; those without room not by their own names. A store
 * that was set aside has begun anew.
 */
static void
check_mail(int row, bool trouble)
{
	struct counters c = counted_by(mail[row].kind, mail[row].payer);

	ck_assert_uint_le(c.admitted, tally.passed);
	ck_assert_uint_le(c.sent, tally.settled);
	if (!trouble)
		return;
	ck_assert_uint_eq(c.admitted, tally.passed);
	ck_assert_uint_eq(c.sent, tally.settled);
	ck_assert_uint_eq(counted_by(METER_SERVER, "").admitted, tally.passed);
	if (mail[row].no_room) {
		ck_assert_uint_eq(counted("new.example").admitted, 0);
		ck_assert_uint_eq(counted_by(METER_USER, "uid:7").admitted, 0);
	}
}

/* Goal: what was not counted is not half counted, and the next delivery counts again. */
START_TEST(test_deliveries)
{
	const int row = _i / WAYS;
	bool trouble = ways[_i % WAYS].error == EIO;
	unsigned n = 0;

	choose(mail[row].rules);
	ck_assert_int_eq(load(), EX_OK);
	if (mail[row].no_room)
		fill_up();
	ck_assert_int_eq(deliver_letter(&mail[row].letter), 0);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		if (mail[row].first_of_its_hour) {
			now += HOUR;
			tally.passed = tally.settled = 0;
		}
		if (mail[row].no_room)
			fill_up();
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		(void)deliver_letter(&mail[row].letter);
		if (harness_fail_end() < n)
			break;
		check_mail(row, trouble);
		ck_assert_int_eq(deliver_letter(&mail[row].letter), 0);
		check_mail(row, trouble);
	} while (true);
	ck_assert_uint_gt(n, 10);
}
END_TEST

/* Goal: a look at what would be said of a delivery fails clearly, and changes nothing. */
START_TEST(test_preview)
{
	const struct letter *letter = &mail[4].letter;
	char *recipients[1];
	struct payers payers;
	struct admission a;
	struct booking b;
	struct info info;
	unsigned n = 0, seen;
	int rc, error;

	choose("days");
	ck_assert_int_eq(load(), EX_OK);
	ck_assert_int_eq(deliver_letter(letter), 0);
	now += HOUR;
	do {
		struct store *s = live();

		ck_assert_uint_lt(++n, RUNS_MAX);
		ck_assert_int_eq(store_begin_live(s, &info, admin.boot, now), 0);
		address_letter(&b, letter, recipients);
		harness_fail_at(n, ways[_i].on, ways[_i].error);
		rc = admission_preview(s, &info, &b, now, &a, &payers);
		error = errno;
		seen = harness_fail_end();
		ck_assert_int_eq(rc, seen < n ? 0 : -1);
		if (rc == -1)
			ck_assert_int_eq(error, ways[_i].error == EIO ? EIO : EBADMSG);
		s->broken = s->damaged = false; /* the file is to stay */
		store_rollback(s);
		store_close(s);
	} while (seen >= n);
	ck_assert_uint_gt(n, 10);
	ck_assert_int_eq(a.judgement.verdict, VERDICT_PASS);
	ck_assert_uint_eq(payers.count, 5);
	ck_assert_uint_eq(counted("host.example").admitted, 0);
	now -= HOUR;
	ck_assert_uint_eq(counted("host.example").admitted, 1);
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
explain(void)
{
	static char sender[] = "a@first.example", *names[] = { sender, NULL };

	return run(admin_explain, names, false);
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
	{ reset, EX_OK, "days" }, /* and what max_per_day has counted */
	{ explain, EX_OK, "old" },
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
	if (wanted == EX_OK)
		ck_assert_int_eq(load(), EX_OK);
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

/* Goal: a store that cannot be read is no reason to tell nobody. */
START_TEST(test_notify)
{
	char test[] = "test", first[] = "first.example", *names[] = { test, first, NULL };
	unsigned n = 0, calls;
	int rc;

	write_rules("told", "notify = \"/bin/true\";\n");
	choose("told");
	ck_assert_int_eq(load(), EX_OK);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		harness_fail_at(n, ways[_i].on, ways[_i].error);
		rc = run(admin_notify, names, false);
		calls = harness_fail_end();
		ck_assert_msg(rc == EX_OK, "call %u: %d", n, rc);
	} while (calls >= n);
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

/* What first.example has admitted in the 23 hours before this one, as max_per_day knows it. */
static uint64_t
day_sum(void)
{
	struct store *s = live();
	struct meter m;
	struct info info;
	struct day day;

	meter_set(&m, METER_DOMAIN, "first.example");
	ck_assert_int_eq(store_begin_live(s, &info, admin.boot, now), 0);
	ck_assert_int_ge(store_day_get(s, &m, &day), 0);
	store_rollback(s);
	store_close(s);
	return day_before(&day, hour_of(now));
}

/* One that a call of LMDB's was made to call damaged is none: true. */
static bool
put_ledger_back(void)
{
	static char path[4096];

	(void)snprintf(path, sizeof path, "%s", harness_path("state/ledger.mdb.damaged"));
	return rename(path, harness_path("state/ledger.mdb")) == 0;
}

/*
 * Goal: a load that has to read the ledger gives max_per_day all of it, or says that it failed, or that the ledger
 * could not be read; nothing is counted twice, and what failed is made good by the next load.
 */
START_TEST(test_load_with_history)
{
	unsigned n = 0, stride = ways[_i].on ? 16 : 1; /* these write to the disk */
	size_t told;
	uint64_t sum;
	int rc;

	log_to(harness_path("syslog"));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver("a@first.example"), 0);
	now += HOUR;
	ck_assert_int_eq(deliver("a@first.example"), 0);
	ck_assert_int_eq(run(admin_tidy, NULL, false), EX_OK);
	do {
		ck_assert_uint_lt(n += stride, RUNS_MAX);
		ck_assert_int_eq(remove(harness_path("state/live.mdb")), 0);
		choose("old");
		ck_assert_int_eq(load(), EX_OK);
		ck_assert_uint_eq(day_sum(), 0);
		choose("days");
		told = harness_log_lines("ledger.mdb cannot be read");
		harness_fail_at(n, ways[_i].on, ways[_i].error);
		rc = load();
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		sum = day_sum();
		ck_assert_msg(sum == 0 || sum == 3, "call %u: %u", n, (unsigned)sum);
		ck_assert_uint_eq(limit_of("first.example"), limit_of("last.example"));
		if (rc == EX_OK) {
			ck_assert_uint_eq(limit_of("first.example"), 11000);
			ck_assert_msg(sum == 3 || harness_log_lines("ledger.mdb cannot be read") > told, "call %u", n);
		}
		if (put_ledger_back())
			ck_assert_int_ne(ways[_i].error, EIO);
		choose("new");
		ck_assert_int_eq(load(), EX_OK);
		choose("days");
		ck_assert_int_eq(load(), EX_OK);
		ck_assert_uint_eq(day_sum(), 3);
	} while (true);
	ck_assert_int_eq(rc, EX_OK);
	ck_assert_uint_eq(day_sum(), 3);
	ck_assert_uint_gt(n, 20);
}
END_TEST

/* --- tidy --- */

/* What first.example was admitted in the hours of the ledger from this one on. */
static uint64_t
ledger_sum(uint32_t from)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, PATIENCE_MS);
	struct store_row row = { .hour = 0 };
	uint64_t sum = 0;

	ck_assert_int_eq(store_begin(s, true), 0);
	while (store_counters_next(s, from, UINT32_MAX, &row) == 1)
		if (strcmp(row.meter.name, "first.example") == 0)
			sum += row.counters.admitted;
	store_rollback(s);
	store_close(s);
	return sum;
}

/* An order that has expired; and whether it is in its file no more. */
static void
write_order(void)
{
	static struct orders orders;
	struct order o = { .kind = ORDER_HOLD, .since = 1, .until = 2 };

	orders.count = 0;
	meter_set(&o.meter, METER_DOMAIN, "held.example");
	ck_assert(orders_put(&orders, &o));
	ck_assert_int_eq(orders_write(&orders, harness_path("state")), 0);
}

static bool
is_gone(void)
{
	static struct orders orders;

	return orders_read(&orders, harness_path("state"), 0) == 0 && orders.count == 0;
}

/*
 * Goal: no order is taken out without a word; no closed hour is lost or moved twice, for the ledger or for
 * max_per_day; with long steps history expires, and pendings and days, too.
 */
START_TEST(test_tidy)
{
	int64_t step = _i / WAYS % 2 == 0 ? 2 * HOUR : 200 * DAY;
	bool days = _i / WAYS >= 2;
	bool trouble = ways[_i % WAYS].error == EIO;
	unsigned n = 0, gone = 0, stride = ways[_i % WAYS].on ? 12 : 1; /* these write to the disk */
	int rc;

	choose(days ? "days" : "old");
	ck_assert_int_eq(load(), EX_OK);
	answer = "Zlater\n"; /* to be remembered, and forgotten by tidy */
	ck_assert_int_eq(deliver("a@first.example"), 0);
	do {
		ck_assert_uint_lt(n += stride, RUNS_MAX);
		now += step;
		ck_assert_int_eq(deliver("a@first.example"), 0);
		write_order();
		log_to(harness_path("syslog"));
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		rc = run(admin_tidy, NULL, false);
		log_to("/nonexistent/log");
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		gone += is_gone();
		ck_assert_uint_eq(harness_log_lines("event=order_expired order=hold kind=domain name=held.example"), gone);
		ck_assert_int_eq(deliver("a@first.example"), 0);
		ck_assert_int_eq(run(admin_tidy, NULL, false), EX_OK);
		if (trouble && step == 2 * HOUR)
			ck_assert_uint_eq(ledger_sum(0), tally.passed - 2);
		if (trouble && days)
			ck_assert_uint_eq(day_sum(), ledger_sum(hour_of(now) - (DAY_HOURS - 1)));
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

	add(s, "deliveries", test_deliveries, MAIL);
	add(s, "preview", test_preview, 1);
	add(s, "commands", test_commands, COMMANDS);
	add(s, "notify", test_notify, 1);
	add(s, "load", test_load, 1);
	add(s, "load with history", test_load_with_history, 1);
	add(s, "tidy", test_tidy, 4);
	return s;
}
