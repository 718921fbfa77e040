/* test_corners - records, reports, watches and bookings in the cases between the cases */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admission.h"
#include "bytes.h"
#include "counters.h"
#include "harness.h"
#include "hour.h"
#include "info.h"
#include "limits.h"
#include "report.h"
#include "rules.h"
#include "settlement.h"
#include "standing.h"
#include "store.h"
#include "suites.h"
#include "watch.h"

#define NOW HARNESS_NOW
#define HOUR 3600

/* --- records --- */

/* One byte of a record that is otherwise good. */
struct change {
	size_t at;
	unsigned char to;
	bool good;
};

START_TEST(test_records_of_info)
{
	static const struct change changes[] = { { 0, 2, true }, { 0, 3, false }, { 1, 1, true }, { 1, 2, false },
		{ 52, 8, false } };
	unsigned char record[INFO_SIZE];
	struct info info = { .hour = 7 }, back;

	rules_settings_init(&info.settings);
	for (int i = 0; i < 5; i++) {
		info_encode(&info, record);
		record[changes[i].at] = changes[i].to;
		ck_assert_msg(info_decode(&back, record, INFO_SIZE) == changes[i].good, "%d", i);
		ck_assert(!info_decode(&back, record, INFO_SIZE - 1));
	}
}
END_TEST

START_TEST(test_records_of_limits)
{
	static const struct change changes[] = { { 0, 2, true }, { 0, 3, false }, { 1, 100, true }, { 1, 101, false },
		{ 2, 0, true }, { 2, 1, false }, { 3, 31, true }, { 3, 32, false }, { 15, 99, false }, { 15, 100, true },
		{ 19, 0, false } };
	unsigned char record[LIMITS_SIZE];
	struct limits limits, back;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		limits_init(&limits);
		limits_encode(&limits, record);
		record[changes[i].at] = changes[i].to;
		ck_assert_msg(limits_decode(&back, record, LIMITS_SIZE) == changes[i].good, "%zu", i);
		ck_assert(!limits_decode(&back, record, LIMITS_SIZE - 1));
	}
}
END_TEST

START_TEST(test_records_of_settings)
{
	static const struct change changes[] = { { 0, 7, true }, { 0, 8, false }, { 3, 0, false }, { 3, 1, true },
		{ 2, 15, false }, { 7, 99, false }, { 7, 100, true }, { 4, 1, false } };
	struct rules_settings settings = { .history_days = 1 }, back;
	unsigned char record[RULES_SETTINGS_SIZE];
	struct bytes b;

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		bytes_init(&b, record, sizeof record);
		settings.max_meters = changes[i].at == 7 ? 0 : 100;
		rules_settings_put(&settings, &b);
		record[changes[i].at] = changes[i].to;
		bytes_init(&b, record, sizeof record);
		ck_assert_msg(rules_settings_get(&back, &b) == changes[i].good, "%zu", i);
	}
}
END_TEST

START_TEST(test_records_of_counters)
{
	static const struct change changes[] = { { 0, 4, true }, { 0, 3, false }, { 0, 2, false }, { 0, 5, false },
		{ 1, 1, true }, { 1, 3, true }, { 1, 4, false }, { COUNTERS_SIZE - LIMITS_SIZE, 3, false } };
	struct counters c = { .admitted = 3 }, back;
	unsigned char record[COUNTERS_SIZE];

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		counters_encode(&c, record);
		record[changes[i].at] = changes[i].to;
		ck_assert_msg(counters_decode(&back, record, sizeof record) == changes[i].good, "%zu", i);
		ck_assert(!counters_decode(&back, record, sizeof record - 1));
	}
	/* An outcome that nobody has is counted nowhere. */
	ck_assert_ptr_null(counters_of_outcome(&c, (enum outcome)99));
	ck_assert_ptr_null(counters_of_outcome(&c, OUTCOME_NONE));
}
END_TEST

START_TEST(test_bytes_without_room)
{
	unsigned char room[4] = { 0 };
	struct bytes b;

	bytes_init(&b, room, sizeof room);
	bytes_put(&b, "", 0);
	bytes_put(&b, "abcde", 5);
	ck_assert(b.failed && b.at == 0 && room[0] == 0);
	bytes_put8(&b, 1);
	ck_assert(!bytes_complete(&b) && room[0] == 0);
}
END_TEST

/* --- standing --- */

/* Limits and counts, and the word for them. */
static const struct {
	uint32_t max;
	uint8_t percent;
	uint64_t admitted, sent, failed;
	bool tripped;
	enum standing standing;
} standings[] = {
	{ 10, 50, 1, 1, 0, true, STANDING_TRIPPED },  /* once in this hour */
	{ 10, 50, 6, 5, 5, false, STANDING_TRIPPED }, /* just now */
	{ 10, 0, 6, 5, 5, true, STANDING_OK },        /* the limit has been lifted */
	{ 10, 0, 10, 5, 5, false, STANDING_HELD },
	{ 10, 0, 8, 8, 0, false, STANDING_WARNING },
	{ 1, 0, 0, 0, 0, false, STANDING_OK }, /* 80 % of 1 is nothing */
	{ 0, 0, 9, 9, 0, false, STANDING_OK },
	{ 0, 50, 12, 7, 5, false, STANDING_WARNING },
	{ 0, 50, 50, 45, 5, false, STANDING_OK },
	{ 0, 50, 4, 0, 4, false, STANDING_OK },
};

START_TEST(test_standing)
{
	struct counters c = { .admitted = standings[_i].admitted, .sent = standings[_i].sent,
		.failed = standings[_i].failed, .tripped = standings[_i].tripped };

	limits_init(&c.limits);
	c.limits.max_per_hour = standings[_i].max;
	c.limits.max_failure_percent = standings[_i].percent;
	ck_assert_str_eq(standing_name(standing_of(&c.limits, &c, 80)), standing_name(standings[_i].standing));
}
END_TEST

/* --- reports --- */

/* Goal: beyond the recipients that are remembered, each has the message's outcome. */
START_TEST(test_report_of_many_recipients)
{
	struct report r;

	report_init(&r);
	for (int i = 0; i < REPORT_RECIPIENTS + 2; i++)
		report_read(&r, "h", 2);
	report_read(&r, "Kok\n", 5);
	ck_assert_int_eq(report_outcome(&r, 0, 0), OUTCOME_FAILED);
	ck_assert_int_eq(report_outcome(&r, REPORT_RECIPIENTS - 1, 0), OUTCOME_FAILED);
	ck_assert_int_eq(report_outcome(&r, REPORT_RECIPIENTS, 0), OUTCOME_SENT);
	ck_assert_int_eq(report_outcome(&r, REPORT_RECIPIENTS + 1, 0), OUTCOME_SENT);
}
END_TEST

/* Goal: nothing but NULs decides nothing, and is a failure; no block at all has no letter. */
START_TEST(test_report_without_a_letter)
{
	struct report r;

	report_init(&r);
	report_read(&r, "", 1);
	ck_assert_int_eq(report_outcome(&r, 0, 0), OUTCOME_FAILED);
	ck_assert_int_eq(report_outcome(&r, 1, 0), OUTCOME_FAILED);
	report_init(&r);
	report_read(&r, "s", 1); /* no NUL ended it */
	ck_assert_int_eq(report_outcome(&r, 0, 0), OUTCOME_DEFERRED);
	ck_assert_int_eq(report_outcome(&r, 1, 0), OUTCOME_FAILED);
	report_init(&r);
	r.any = true; /* nothing is open and nothing has ended */
	ck_assert_int_eq(report_outcome(&r, 0, 0), OUTCOME_FAILED);
}
END_TEST

/* --- watch --- */

START_TEST(test_watch_records)
{
	static struct watch_list list, back;
	static unsigned char record[WATCH_RECORD_MAX];
	size_t size;

	list.count = 0;
	ck_assert(watch_add(&list, "/nonexistent/a"));
	ck_assert(watch_add(&list, "/nonexistent/b"));
	size = watch_encode(&list, record);
	ck_assert(watch_is_current(record, size, "/nonexistent/a"));
	ck_assert(!watch_is_current(record, size, "/nonexistent/b"));
	/* Cut anywhere it is no record; nor with more behind it. */
	for (size_t n = 0; n < size; n++) {
		ck_assert_msg(!watch_is_current(record, n, "/nonexistent/a"), "%zu", n);
		ck_assert_msg(!watch_decode(&back, record, n), "%zu", n);
	}
	ck_assert(!watch_is_current(record, size + 1, "/nonexistent/a"));
	record[1] = 0;
	ck_assert(!watch_is_current(record, 2, "/nonexistent/a"));
	record[1] = WATCH_FILES_MAX + 1;
	ck_assert(!watch_decode(&back, record, size));
	ck_assert_uint_eq(back.count, 0);
	record[0]++;
	record[1] = 2;
	ck_assert(!watch_decode(&back, record, size));
	ck_assert(!watch_is_current(record, size, "/nonexistent/a"));
}
END_TEST

/* --- bookings, on both backends --- */

static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";
static struct store *store;
static char first[] = "r@b.example", second[] = "s@b.example", *recipients[] = { first, second };
static struct booking booking;
static struct admission admission;
static struct booking_notices notices;
static struct meter payer; /* a.example */

static void
setup(void)
{
	harness_start();
}

static void
teardown(void)
{
	store_close(store);
	harness_end();
}

/* A store with rules: limits of a.example, and the mode. */
static void
open_with(int backend, uint32_t max, uint32_t refuse_above, bool observe)
{
	struct rules_key key;
	struct limits limits;
	struct info info;

	store = backend == 0 ? store_memory_new() : store_lmdb_new(harness_path("state"), STORE_LIVE, 0);
	ck_assert_ptr_nonnull(store);
	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
	limits_init(&limits);
	limits.max_per_hour = max;
	limits.refuse_above_percent = refuse_above;
	rules_key_set(&key, RULES_DOMAIN, "a.example");
	info.generation = 1;
	info.tried_at = NOW;
	ck_assert_int_eq(store_rule_put(store, 1, &key, &limits), 0);
	info.settings.observe = observe;
	ck_assert_int_eq(store_info_put(store, &info), 0);
	ck_assert_int_eq(store_commit(store), 0);
	booking = (struct booking){ .sender = "a@a.example", .recipients = recipients, .count = 1,
		.config = "/nonexistent", .boot = boot, .file = { .known = true, .inode = 1, .size = 100 } };
	origin_read(&booking.origin, booking.sender, recipients[0]);
	meter_set(&payer, METER_DOMAIN, "a.example");
}

static enum verdict
ask(uint64_t inode, size_t count)
{
	booking.file.inode = inode;
	booking.count = count;
	ck_assert_int_eq(admission_ask(store, &booking, NOW, false, &admission), 0);
	return admission.judgement.verdict;
}

static void
settle(const char *said)
{
	struct report report;

	report_init(&report);
	report_read(&report, said, strlen(said) + 1);
	ck_assert_int_eq(settlement_book(store, &booking, NOW, &report, 0, &notices), 0);
}

static struct counters
counted_at(int64_t now)
{
	struct counters c;
	struct info info;

	ck_assert_int_eq(store_begin_live(store, &info, boot, now), 0);
	ck_assert_int_ge(store_counters_get(store, hour_of(now), &payer, &c), 0);
	store_rollback(store);
	return c;
}

static struct counters
counted(void)
{
	return counted_at(NOW);
}

static uint64_t
pendings(bool set, uint64_t to)
{
	struct info info;

	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
	if (set) {
		info.pendings = to;
		ck_assert_int_eq(store_info_put(store, &info), 0);
	}
	ck_assert_int_eq(store_commit(store), 0);
	return info.pendings;
}

/* Goal: of two recipients the one that was admitted before is neither held nor charged again. */
START_TEST(test_one_admitted_of_two)
{
	open_with(_i, 1, 10000, false);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	ck_assert_int_eq(ask(1, 2), VERDICT_DEFER);
	ck_assert(!admission.repeated);
	ck_assert_uint_eq(counted().admitted, 1);
	ck_assert_uint_eq(counted().held, 1);
	ck_assert_uint_eq(pendings(false, 0), 2);
	ck_assert_int_eq(ask(1, 2), VERDICT_DEFER);
	ck_assert(admission.repeated);
	ck_assert_uint_eq(counted().held, 1);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	ck_assert_uint_eq(counted().admitted, 1);
}
END_TEST

/* Goal: what was held in one hour and is refused in the next is forgotten: qmail bounces it. */
START_TEST(test_refused_is_forgotten)
{
	struct info info;

	open_with(_i, 1, 100, false);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	ck_assert_int_eq(ask(2, 1), VERDICT_REFUSE);
	ck_assert_uint_eq(pendings(false, 0), 1);
	/* One that was held in an earlier hour. */
	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
	{
		struct pending p = { .state = PENDING_HELD, .hour = info.hour - 1 };
		unsigned char id[DIGEST_SIZE];

		booking.file.inode = 3;
		pending_identity(id, info.secret, &booking.file, booking.sender, recipients[0]);
		ck_assert_int_eq(store_pending_put(store, id, &p), 0);
		info.pendings++;
		ck_assert_int_eq(store_info_put(store, &info), 0);
		ck_assert_int_eq(store_commit(store), 0);
	}
	ck_assert_int_eq(ask(3, 1), VERDICT_REFUSE);
	ck_assert_uint_eq(pendings(false, 0), 1);
	ck_assert_uint_eq(counted().refused, 2);
}
END_TEST

/* Goal: what would have been is told by the rule that would have spoken, and nothing is stopped. */
START_TEST(test_observed)
{
	open_with(_i, 1, 200, true);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	ck_assert_int_eq(admission.observed.verdict, VERDICT_PASS);
	ck_assert_int_eq(ask(2, 1), VERDICT_PASS);
	ck_assert_int_eq(admission.observed.verdict, VERDICT_DEFER);
	ck_assert_int_eq(ask(3, 1), VERDICT_PASS);
	ck_assert_int_eq(admission.observed.verdict, VERDICT_REFUSE);
	/* A clock that is behind refuses nothing. */
	booking.file.inode = 4;
	ck_assert_int_eq(admission_ask(store, &booking, NOW - HOUR, false, &admission), 0);
	ck_assert_int_eq(admission.observed.verdict, VERDICT_DEFER);
	ck_assert_uint_eq(counted().admitted, 4);
}
END_TEST

START_TEST(test_observed_failures)
{
	struct counters c;
	struct info info;

	open_with(_i, 0, 100, true);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
	ck_assert_int_eq(store_counters_get(store, info.hour, &payer, &c), 1);
	c.limits.max_failure_percent = 50;
	c.tripped = true;
	c.failed = 10; /* of 10: as much as refuse_above_percent asks of the other rule */
	ck_assert_int_eq(store_counters_put(store, info.hour, &payer, &c), 0);
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_eq(ask(2, 1), VERDICT_PASS);
	ck_assert_int_eq(admission.observed.verdict, VERDICT_DEFER);
	ck_assert_int_eq(admission.observed.rule, RULE_MAX_FAILURE_PERCENT);
	settle("Kok\n"); /* and tripped it stays */
	ck_assert(counted().tripped);
}
END_TEST

/* Goal: without room to remember, a delivery is charged and booked all the same, each time. */
START_TEST(test_pendings_full)
{
	open_with(_i, 0, 100, false);
	(void)pendings(true, STORE_PENDINGS_MAX);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	settle("Zsaid:\n");
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	settle("Kok\n");
	ck_assert_uint_eq(counted().admitted, 2);
	ck_assert(counted().deferred == 1 && counted().sent == 1);
	ck_assert_uint_eq(pendings(false, 0), STORE_PENDINGS_MAX);
	/* With room: the twin of one that is finished is not booked twice. */
	(void)pendings(true, 0);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	settle("Kok\n");
	settle("Kok\n");
	ck_assert_uint_eq(counted().sent, 2);
}
END_TEST

/* Goal: a wrong number of pendings does not wrap round, which would leave no room for ever. */
START_TEST(test_pendings_of_nobody)
{
	open_with(_i, 0, 100, false);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	(void)pendings(true, 0);
	settle("Kok\n");
	ck_assert_uint_eq(pendings(false, 0), 0);
}
END_TEST

/* Goal: what a reset has cleared is not taken back by a later outcome. */
START_TEST(test_outcome_before_a_reset)
{
	struct counters c = { .admitted = 0 };
	struct info info;

	open_with(_i, 0, 100, false);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	settle("Zsaid:\n");
	ck_assert_uint_eq(counted().deferred, 1);
	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
	c.reset_at = info.sequence;
	c.deferred = 5; /* of others, since */
	ck_assert_int_eq(store_counters_put(store, info.hour, &payer, &c), 0);
	ck_assert_int_eq(store_commit(store), 0);
	settle("Kok\n");
	ck_assert(counted().deferred == 5 && counted().sent == 1);
	/* Nor in another hour than it was counted in. */
	ck_assert_int_eq(ask(2, 1), VERDICT_PASS);
	settle("Zsaid:\n");
	ck_assert_uint_eq(counted().deferred, 6);
	{
		struct report report;

		report_init(&report);
		report_read(&report, "Kok\n", 5);
		ck_assert_int_eq(settlement_book(store, &booking, NOW + HOUR, &report, 0, &notices), 0);
		ck_assert(counted_at(NOW + HOUR).sent == 1 && counted_at(NOW + HOUR).deferred == 0);
	}
}
END_TEST

/* Goal: an outcome makes a record, whichever it is, though nothing was admitted in that hour. */
START_TEST(test_outcome_of_a_new_hour)
{
	static const char *const said[] = { "Kok\n", "Zsaid:\n", "Dno\n", "Znobody there\n" };
	struct counters c;
	struct report report;
	struct info info;

	open_with(_i % 2, 0, 100, false);
	ck_assert_int_eq(ask(1, 1), VERDICT_PASS);
	report_init(&report);
	report_read(&report, said[_i / 2], strlen(said[_i / 2]) + 1);
	ck_assert_int_eq(settlement_book(store, &booking, NOW + HOUR, &report, 0, &notices), 0);
	ck_assert_int_eq(store_begin_live(store, &info, boot, NOW + HOUR), 0);
	ck_assert_int_eq(store_counters_get(store, info.hour, &payer, &c), 1);
	ck_assert_uint_eq(c.sent + c.deferred + c.failed + c.unreached, 1);
	ck_assert_uint_eq(c.admitted, 0);
	store_rollback(store);
}
END_TEST

/*
 * Goal: the first rules, and essentials that were lost, are waited for only for a moment, and only while their load
 * is on its way; what is lost is loaded again, but not all the time.
 */
START_TEST(test_first_rules)
{
	/* Seconds after the claim, 0: none; when a load was tried, one succeeded; are essentials lost; is it waited, loaded. */
	static unsigned char current[WATCH_RECORD_MAX];
	static struct watch_list watched;
	static const struct {
		int64_t seconds, tried, loaded;
		bool lost, waits, loads;
	} moments[] = { { 1, 0, 0, false, true, false }, { 3, 0, 0, false, true, false }, { 4, 0, 0, false, false, false },
		{ 1, NOW, 0, false, false, false }, { 1, NOW - 99, NOW - 99, false, false, false },
		{ 0, NOW - 29, NOW - 29, true, false, false }, { 0, NOW - 30, NOW - 30, true, true, true },
		{ 0, NOW + 1, NOW + 1, true, true, true }, { 0, NOW - 99, 0, true, false, false },
		{ 0, NOW - 98, NOW - 99, true, false, false }, { 1, NOW - 30, NOW - 30, true, true, false },
		{ 4, NOW - 30, NOW - 30, true, false, false } };
	struct info info;
	size_t size;

	ck_assert(watch_add(&watched, "/nonexistent"));
	size = watch_encode(&watched, current);

	for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
		open_with(_i, 0, 100, false);
		ck_assert_int_eq(store_begin_live(store, &info, boot, NOW), 0);
		info.generation = moments[i].loaded != 0;
		info.loaded_at = moments[i].loaded;
		info.tried_at = moments[i].tried;
		info.load_claimed_at = moments[i].seconds == 0 ? 0 : NOW - moments[i].seconds;
		ck_assert_int_eq(store_info_put(store, &info), 0);
		ck_assert_int_eq(store_watch_put(store, current, size), 0);
		ck_assert_int_eq(store_commit(store), 0);
		booking.no_essentials = moments[i].lost;
		ck_assert_int_eq(admission_ask(store, &booking, NOW, true, &admission), 0);
		ck_assert_msg(admission.claims.await_load == moments[i].waits, "%zu", i);
		ck_assert_msg(admission.claims.start_load == moments[i].loads, "%zu", i);
		ck_assert_msg(admission.claims.restore == moments[i].loads, "%zu", i);
		store_close(store);
		store = NULL;
		(void)unlink(harness_path("state/live.mdb"));
	}
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

static void
add_bookings(Suite *s)
{
	TCase *t = tcase_create("bookings");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_one_admitted_of_two, 0, 2);
	tcase_add_loop_test(t, test_refused_is_forgotten, 0, 2);
	tcase_add_loop_test(t, test_observed, 0, 2);
	tcase_add_loop_test(t, test_observed_failures, 0, 2);
	tcase_add_loop_test(t, test_pendings_full, 0, 2);
	tcase_add_loop_test(t, test_pendings_of_nobody, 0, 2);
	tcase_add_loop_test(t, test_outcome_before_a_reset, 0, 2);
	tcase_add_loop_test(t, test_outcome_of_a_new_hour, 0, 8);
	tcase_add_loop_test(t, test_first_rules, 0, 2);
	suite_add_tcase(s, t);
}

Suite *
suite_corners(void)
{
	Suite *s = suite_create("corners");
	TCase *t = tcase_create("pure");

	tcase_add_test(t, test_records_of_info);
	tcase_add_test(t, test_records_of_limits);
	tcase_add_test(t, test_records_of_settings);
	tcase_add_test(t, test_records_of_counters);
	tcase_add_test(t, test_bytes_without_room);
	tcase_add_loop_test(t, test_standing, 0, ROWS(standings));
	tcase_add_test(t, test_report_of_many_recipients);
	tcase_add_test(t, test_report_without_a_letter);
	tcase_add_test(t, test_watch_records);
	suite_add_tcase(s, t);
	add_bookings(s);
	return s;
}
