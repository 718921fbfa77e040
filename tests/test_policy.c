/* test_policy - WHM's documented cases, and what must never happen with big numbers */
#include <check.h>
#include <string.h>

#include "policy.h"
#include "standing.h"
#include "suites.h"

/* Sends `count` deliveries one after the other; what became of them. */
static void
send(const struct limits *limits, unsigned count, unsigned *result)
{
	struct counters c = { .admitted = 0 };

	memset(result, 0, 3 * sizeof *result);
	for (unsigned i = 0; i < count; i++) {
		struct judgement j = policy_judge(limits, &c, 1, false);

		result[j.verdict]++;
		if (j.verdict == VERDICT_PASS)
			c.admitted++;
		if (j.verdict == VERDICT_DEFER)
			c.held++;
		if (j.verdict == VERDICT_REFUSE)
			c.refused++;
	}
}

/* facts/limits.md, "Worked cases (documented)". */
static const struct {
	const char *label;
	uint32_t max, percent;
	unsigned count, passed, deferred, refused;
} volumes[] = {
	{ "M=100 Q=125, 135 sent", 100, 125, 135, 100, 25, 10 },
	{ "M=100 Q=100: nothing is queued", 100, 100, 130, 100, 0, 30 },
	{ "M=100 Q=200, 250 sent", 100, 200, 250, 100, 100, 50 },
	{ "M=2 Q=125: the 3rd queued, the 4th discarded", 2, 125, 4, 2, 1, 1 },
	{ "M=1 Q=10000", 1, 10000, 150, 1, 99, 50 },
	{ "M=3 Q=125: 133 % is discarded", 3, 125, 6, 3, 1, 2 },
	{ "M=0: no limit", 0, 125, 1000, 1000, 0, 0 },
	{ "M=7 Q=101: truncation: 100 % is not 101 %", 7, 101, 10, 7, 1, 2 },
};

START_TEST(test_volume)
{
	struct limits limits;
	unsigned result[3];

	limits_init(&limits);
	limits.max_per_hour = volumes[_i].max;
	limits.refuse_above_percent = volumes[_i].percent;
	send(&limits, volumes[_i].count, result);
	ck_assert_msg(result[VERDICT_PASS] == volumes[_i].passed &&
	    result[VERDICT_DEFER] == volumes[_i].deferred &&
	    result[VERDICT_REFUSE] == volumes[_i].refused, "%s: %u %u %u", volumes[_i].label,
	    result[0], result[1], result[2]);
}
END_TEST

/* Goal: the figures that WHM prints: count before this one, limit, truncated percent. */
START_TEST(test_volume_figures)
{
	struct limits limits;
	struct counters c = { .admitted = 2, .held = 1 };
	struct judgement j;

	limits_init(&limits);
	limits.max_per_hour = 2;
	j = policy_judge(&limits, &c, 1, false);
	ck_assert_int_eq(j.verdict, VERDICT_REFUSE);
	ck_assert(j.rule == RULE_MAX_PER_HOUR && j.count == 3 && j.limit == 2 && j.percent == 150);
}
END_TEST

/* Goal: a limit that is lowered within the hour holds what comes next, and bounces none of it yet. */
START_TEST(test_lowered_limit)
{
	struct limits limits;
	struct counters c = { .admitted = 1000 };
	struct judgement j;

	limits_init(&limits);
	limits.max_per_hour = 10;
	j = policy_judge(&limits, &c, 1, false);
	ck_assert(j.verdict == VERDICT_DEFER && j.count == 1000 && j.percent == 10000);
	c.held = 2;
	ck_assert_int_eq(policy_judge(&limits, &c, 1, false).verdict, VERDICT_DEFER);
	c.held = 3;
	ck_assert_int_eq(policy_judge(&limits, &c, 1, false).verdict, VERDICT_REFUSE);
}
END_TEST

/* Goal: who was held keeps its place: never refused for the number of those behind it. */
START_TEST(test_waiting_is_not_refused)
{
	struct limits limits;
	struct counters c = { .admitted = 100, .held = 25 };

	limits_init(&limits);
	limits.max_per_hour = 100;
	ck_assert_int_eq(policy_judge(&limits, &c, 1, false).verdict, VERDICT_REFUSE);
	ck_assert_int_eq(policy_judge(&limits, &c, 1, true).verdict, VERDICT_DEFER);
}
END_TEST

/* Goal: several recipients pass together or not at all, and more than the limit can pass at all. */
START_TEST(test_several_recipients)
{
	struct limits limits;
	struct counters c = { .admitted = 0 };

	limits_init(&limits);
	limits.max_per_hour = 10;
	ck_assert_int_eq(policy_judge(&limits, &c, 11, false).verdict, VERDICT_PASS);
	c.admitted = 8;
	ck_assert_int_eq(policy_judge(&limits, &c, 2, false).verdict, VERDICT_PASS);
	ck_assert_int_eq(policy_judge(&limits, &c, 3, false).verdict, VERDICT_DEFER);
	c.admitted = 1;
	ck_assert_int_eq(policy_judge(&limits, &c, 10, false).verdict, VERDICT_DEFER);
}
END_TEST

/* The documented truth table, P = 55, N = 7. */
static const struct {
	uint64_t failures, sent;
	bool blocked;
} table[] = {
	{ 1, 0, false }, { 2, 0, false }, { 2, 1, false }, { 2, 2, false }, { 3, 2, false },
	{ 4, 2, false }, { 5, 2, false }, { 6, 2, false }, { 6, 3, false }, { 6, 4, false },
	{ 6, 5, false }, { 6, 6, false }, { 6, 7, false }, { 7, 7, false }, { 8, 7, false },
	{ 9, 7, true },
};

START_TEST(test_failure_table)
{
	struct limits limits;
	struct counters c = { .sent = table[_i].sent, .deferred = table[_i].failures / 2,
		.failed = table[_i].failures - table[_i].failures / 2 };
	struct judgement j;

	limits_init(&limits);
	limits.max_failure_percent = 55;
	limits.min_failures = 7;
	ck_assert(policy_trips(&limits, &c) == table[_i].blocked);
	j = policy_judge(&limits, &c, 1, false);
	ck_assert_int_eq(j.verdict, table[_i].blocked ? VERDICT_DEFER : VERDICT_PASS);
	limits.refuse_on_failures = true;
	j = policy_judge(&limits, &c, 1, true);
	ck_assert_int_eq(j.verdict, table[_i].blocked ? VERDICT_REFUSE : VERDICT_PASS);
	if (table[_i].blocked)
		ck_assert(j.rule == RULE_MAX_FAILURE_PERCENT && j.count == 9 && j.limit == 7 &&
		    j.percent == 56);
}
END_TEST

/* Goal: the ratio is exact at its edges, and only counted outcomes are failures. */
START_TEST(test_failure_edges)
{
	struct limits limits;
	struct counters c = { .sent = 1, .failed = 1 };

	limits_init(&limits);
	limits.max_failure_percent = 50;
	limits.min_failures = 1;
	ck_assert(policy_trips(&limits, &c));
	c.sent = 101;
	c.failed = 100; /* 49.75 % */
	ck_assert(!policy_trips(&limits, &c));
	c = (struct counters){ .unreached = 1000 };
	ck_assert(!policy_trips(&limits, &c));
	limits.count_failures = LIMITS_COUNT_ALL;
	ck_assert(policy_trips(&limits, &c));
	limits.count_failures = LIMITS_COUNT(OUTCOME_FAILED);
	c = (struct counters){ .deferred = 1000 };
	ck_assert(!policy_trips(&limits, &c));
	limits.max_failure_percent = 100;
	c = (struct counters){ .failed = 10 };
	ck_assert(policy_trips(&limits, &c));
	c.sent = 1;
	ck_assert(!policy_trips(&limits, &c));
}
END_TEST

/* sent, failed, returned: the share, where that is counted as a failure or not, and does it trip 60 % from 5 on. */
static const struct {
	const char *label;
	uint64_t sent, failed, returned, percent;
	bool counted, trips;
} returns[] = {
	{ "not counted by default", 100, 0, 100, 0, false, false },
	{ "60 of 100 sent in this hour", 100, 0, 60, 60, true, true },
	{ "one less", 100, 0, 59, 59, true, false },
	{ "all of them", 100, 0, 100, 100, true, true },
	{ "of an earlier hour: never above 100 %", 10, 0, 300, 100, true, true },
	{ "of an earlier hour, nothing sent since", 0, 0, 5, 100, true, true },
	{ "fewer than min_failures", 0, 0, 4, 100, true, false },
	{ "with others that failed", 100, 100, 20, 60, true, true },
	{ "more returned than sent, with others that failed", 10, 10, 30, 100, true, true },
	{ "no room for the sum", UINT64_MAX, UINT64_MAX, UINT64_MAX, 100, true, true },
};

/* Goal: what was returned was sent before, and is one delivery (counters.h). */
START_TEST(test_returned)
{
	struct counters c = { .sent = returns[_i].sent, .failed = returns[_i].failed,
		.returned = returns[_i].returned };
	struct limits limits;

	limits_init(&limits);
	limits.max_failure_percent = 60;
	if (returns[_i].counted)
		limits.count_failures |= LIMITS_COUNT_RETURNED;
	ck_assert_msg(policy_failure_percent(&limits, &c) == returns[_i].percent, "%s", returns[_i].label);
	ck_assert_msg(policy_trips(&limits, &c) == returns[_i].trips, "%s", returns[_i].label);
}
END_TEST

/* Goal: tripped stays tripped though the share has fallen; switched off it means nothing. */
START_TEST(test_latch)
{
	struct limits limits;
	struct counters c = { .sent = 1000, .failed = 5, .tripped = true };

	limits_init(&limits);
	limits.max_failure_percent = 50;
	ck_assert_int_eq(policy_judge(&limits, &c, 1, false).verdict, VERDICT_DEFER);
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_TRIPPED);
	limits.max_failure_percent = 0;
	ck_assert_int_eq(policy_judge(&limits, &c, 1, false).verdict, VERDICT_PASS);
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_OK);
}
END_TEST

/* Goal (A10): counters at their end saturate, and the arithmetic on them does not overflow. */
START_TEST(test_saturation)
{
	struct limits limits;
	struct counters c = { .admitted = UINT64_MAX, .held = UINT64_MAX, .sent = UINT64_MAX,
		.failed = UINT64_MAX, .deferred = UINT64_MAX };
	struct judgement j;

	limits_init(&limits);
	limits.max_per_hour = 1;
	j = policy_judge(&limits, &c, UINT64_MAX, false);
	ck_assert(j.verdict == VERDICT_REFUSE && j.count == UINT64_MAX);
	ck_assert_uint_eq(j.percent, UINT64_MAX);
	limits.max_failure_percent = 100;
	ck_assert_uint_eq(policy_failures(&limits, &c), UINT64_MAX);
	(void)policy_trips(&limits, &c);
	counters_book(&c, OUTCOME_NONE, OUTCOME_SENT);
	ck_assert_uint_eq(c.sent, UINT64_MAX);
	c.sent = 0;
	counters_book(&c, OUTCOME_SENT, OUTCOME_NONE);
	ck_assert_uint_eq(c.sent, 0);
	counters_add(&c, &c);
	ck_assert_uint_eq(c.admitted, UINT64_MAX);
}
END_TEST

START_TEST(test_standing)
{
	struct limits limits;
	struct counters c = { .admitted = 79 };

	limits_init(&limits);
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_OK);
	limits.max_per_hour = 100;
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_OK);
	c.admitted = 80;
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_WARNING);
	c.admitted = 100;
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_HELD);
	c = (struct counters){ .sent = 55, .failed = 45 };
	limits.max_failure_percent = 50;
	ck_assert_int_eq(standing_of(&limits, &c, 80), STANDING_WARNING);
	ck_assert_str_eq(standing_name(STANDING_TRIPPED), "tripped");
	c.limits = limits;
	ck_assert_int_eq(standing_notice(&c, 80, false), NOTIFY_WARNING);
	ck_assert_int_eq(standing_notice(&c, 80, false), NOTIFY_EVENTS);
	c.tripped = true;
	ck_assert_int_eq(standing_notice(&c, 80, false), NOTIFY_FAILURES);
	ck_assert_int_eq(standing_notice(&c, 80, false), NOTIFY_EVENTS);
}
END_TEST

Suite *
suite_policy(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("WHM");

	tcase_add_loop_test(t, test_volume, 0, sizeof volumes / sizeof volumes[0]);
	tcase_add_test(t, test_volume_figures);
	tcase_add_test(t, test_waiting_is_not_refused);
	tcase_add_test(t, test_lowered_limit);
	tcase_add_test(t, test_several_recipients);
	tcase_add_loop_test(t, test_failure_table, 0, sizeof table / sizeof table[0]);
	tcase_add_test(t, test_failure_edges);
	tcase_add_loop_test(t, test_returned, 0, sizeof returns / sizeof returns[0]);
	tcase_add_test(t, test_latch);
	tcase_add_test(t, test_saturation);
	tcase_add_test(t, test_standing);
	suite_add_tcase(s, t);
	return s;
}
