/* test_many - commands of qlimit(8) that work in batches, with more than one; numbers at their ends */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "harness_faults.h"
#include "hour.h"
#include "store.h"
#include "suites.h"

#define DAY 86400
#define ROWS 1000       /* of counters, twice as many as are moved at once */
#define DELIVERIES 2500 /* more than are looked at at once */
#define PATIENCE_MS 1000

static struct store *
begin(enum store_kind kind, struct info *info)
{
	struct store *s = store_lmdb_new(harness_path("state"), kind, PATIENCE_MS);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_begin(s, true), 0);
	if (info != NULL)
		ck_assert_int_eq(store_info_get(s, info), 1);
	return s;
}

static void
commit(struct store *s)
{
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static void
put_rows(struct store *s, uint32_t hour, int rows)
{
	struct counters c = { .admitted = 1 };
	struct meter meter;
	char name[32];

	limits_init(&c.limits);
	for (int i = 0; i < rows; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(s, hour, &meter, &c), 0);
	}
}

static size_t
count_rows(struct store *s)
{
	struct store_row row = { .hour = 0 };
	size_t n = 0;

	while (store_counters_next(s, 0, UINT32_MAX, &row) == 1)
		n++;
	return n;
}

static void
tidy_says(const char *words)
{
	struct harness_output o = harness_cli("tidy");

	ck_assert_msg(o.status == EX_OK && strstr(o.out, words) != NULL, "%d, wanted \"%s\": %s%s", o.status,
	    words, o.out, o.err);
}

/* Goal: as many rows as fill two batches exactly are moved once each; the hour that goes on stays. */
START_TEST(test_closed_hour)
{
	uint32_t now = hour_of(HARNESS_NOW);
	struct info info;
	struct store *s;

	harness_rules("");
	s = begin(STORE_LIVE, &info);
	info.hour = now;
	put_rows(s, now - 1, ROWS);
	put_rows(s, now, 3);
	ck_assert_int_eq(store_info_put(s, &info), 0);
	commit(s);
	tidy_says("moved to the ledger: 1000 rows; removed from it: 0;");
	s = begin(STORE_LIVE, NULL);
	ck_assert_uint_eq(count_rows(s), 3);
	commit(s);
	s = begin(STORE_LEDGER, NULL);
	ck_assert_uint_eq(count_rows(s), ROWS);
	commit(s);
}
END_TEST

START_TEST(test_history)
{
	struct store *s;

	harness_rules("");
	s = begin(STORE_LEDGER, NULL);
	put_rows(s, hour_of(HARNESS_NOW - 91 * DAY), ROWS);
	put_rows(s, hour_of(HARNESS_NOW - 89 * DAY), 3);
	commit(s);
	tidy_says("removed from it: 1000;");
	s = begin(STORE_LEDGER, NULL);
	ck_assert_uint_eq(count_rows(s), 3);
	commit(s);
}
END_TEST

/* Goal: a clock that was never set does not make all history look old. */
START_TEST(test_history_in_1970)
{
	struct store *s;

	harness_set_time(2 * DAY);
	harness_rules("");
	s = begin(STORE_LEDGER, NULL);
	put_rows(s, 1, 3);
	commit(s);
	tidy_says("removed from it: 0;");
}
END_TEST

START_TEST(test_deliveries)
{
	struct pending p = { .state = PENDING_ADMITTED, .touched = HARNESS_NOW - PENDING_LIFETIME - 1 };
	unsigned char id[DIGEST_SIZE] = { 0 };
	struct info info;
	struct store *s;

	harness_rules("");
	s = begin(STORE_LIVE, &info);
	info.pendings = DELIVERIES;
	for (unsigned i = 1; i <= DELIVERIES; i++) {
		id[0] = (unsigned char)(i >> 8);
		id[1] = (unsigned char)i;
		if (i == DELIVERIES)
			p.touched++;
		ck_assert_int_eq(store_pending_put(s, id, &p), 0);
	}
	ck_assert_int_eq(store_info_put(s, &info), 0);
	commit(s);
	tidy_says("deliveries forgotten: 2499");
	s = begin(STORE_LIVE, &info);
	ck_assert_uint_eq(info.pendings, 1);
	ck_assert_int_eq(store_pending_get(s, id, &p), 1);
	commit(s);
}
END_TEST

static size_t
count_rules(struct store *s, uint32_t generation)
{
	struct rules_key key = { .scope = 0 };
	struct limits limits;
	size_t n = 0;

	while (store_rule_next(s, generation, &key, &limits) == 1)
		n++;
	return n;
}

/* Goal: of a load that was killed nothing stays; but tidy may run beside one, and leaves its rules alone. */
START_TEST(test_rules_left_behind)
{
	struct rules_key key;
	struct limits limits;
	struct info info;
	struct store *s;
	char name[32];

	harness_rules("");
	limits_init(&limits);
	s = begin(STORE_LIVE, &info);
	for (int i = 0; i < ROWS; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		rules_key_set(&key, RULES_DOMAIN, name);
		ck_assert_int_eq(store_rule_put(s, info.generation + 1, &key, &limits), 0);
	}
	commit(s);
	tidy_says("moved to the ledger: 0 rows;");
	s = begin(STORE_LIVE, NULL);
	ck_assert_uint_eq(count_rules(s, info.generation + 1), ROWS);
	ck_assert_uint_eq(count_rules(s, info.generation), 5);
	commit(s);
	ck_assert_int_eq(harness_load().status, 0);
	s = begin(STORE_LIVE, NULL);
	ck_assert_uint_eq(count_rules(s, info.generation + 1), 5);
	ck_assert_uint_eq(count_rules(s, info.generation), 0);
	commit(s);
}
END_TEST

/* Goal: days that are over go, and those of a clock that was ahead; none that a load has just noted. */
START_TEST(test_days_that_are_over)
{
	static const struct {
		int32_t ago;
		int left;
	} days[] = { { 1, 1 }, { 23, 1 }, { 24, 0 }, { -1, 0 } };
	struct day day;
	struct store *s;

	/* Nothing was counted yet: the store knows no hour. */
	harness_rules("default = { max_per_day = 10; };");
	s = begin(STORE_LIVE, NULL);
	for (unsigned i = 0; i < 4; i++) {
		struct meter m = { .kind = (uint8_t)(i + 1) };

		memset(&day, 0, sizeof day);
		day_note(&day, hour_of(HARNESS_NOW) - (uint32_t)days[i].ago, 5);
		ck_assert_int_eq(store_day_put(s, &m, &day), 0);
	}
	commit(s);
	tidy_says("moved to the ledger: 0 rows;");
	s = begin(STORE_LIVE, NULL);
	for (unsigned i = 0; i < 4; i++) {
		struct meter m = { .kind = (uint8_t)(i + 1) };

		ck_assert_msg(store_day_get(s, &m, &day) == days[i].left, "%u", i);
	}
	commit(s);
}
END_TEST

/* Goal: the last generation's number is followed by the first; 0 is none, and nothing would be limited. */
START_TEST(test_last_generation)
{
	struct info info;
	struct store *s;

	harness_rules("default = { max_per_hour = 1; };");
	s = begin(STORE_LIVE, &info);
	info.generation = UINT32_MAX;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	commit(s);
	harness_rules("default = { max_per_hour = 2; };");
	s = begin(STORE_LIVE, &info);
	ck_assert_uint_eq(info.generation, 1);
	commit(s);
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--json", "a.example").out, "\"max_per_hour\":2,"));
}
END_TEST

Suite *
suite_many(void)
{
	Suite *s = suite_create("many");
	TCase *t = tcase_create("many");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_closed_hour);
	tcase_add_test(t, test_history);
	tcase_add_test(t, test_history_in_1970);
	tcase_add_test(t, test_deliveries);
	tcase_add_test(t, test_rules_left_behind);
	tcase_add_test(t, test_days_that_are_over);
	tcase_add_test(t, test_last_generation);
	suite_add_tcase(s, t);
	return s;
}
