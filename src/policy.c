/* policy - what a meter's limits say to a delivery */
#include "policy.h"

uint64_t
policy_percent(uint64_t part, uint64_t whole)
{
	if (part <= UINT64_MAX / 100)
		return part * 100 / whole;
	return whole < 100 ? UINT64_MAX : part / (whole / 100);
}

uint64_t
policy_failures(const struct limits *limits, const struct counters *counters)
{
	uint64_t sum = 0;

	if (limits->count_failures & LIMITS_COUNT(OUTCOME_DEFERRED))
		sum = counters_sum(sum, counters->deferred);
	if (limits->count_failures & LIMITS_COUNT(OUTCOME_FAILED))
		sum = counters_sum(sum, counters->failed);
	if (limits->count_failures & LIMITS_COUNT(OUTCOME_UNREACHED))
		sum = counters_sum(sum, counters->unreached);
	if (limits->count_failures & LIMITS_COUNT_RETURNED)
		sum = counters_sum(sum, counters->returned);
	return sum;
}

uint64_t
policy_failure_percent(const struct limits *limits, const struct counters *counters)
{
	uint64_t failures = policy_failures(limits, counters);
	uint64_t returned = limits->count_failures & LIMITS_COUNT_RETURNED ? counters->returned : 0;
	/* Who was returned was sent before: counters.h. */
	uint64_t delivered = counters->sent > returned ? counters->sent - returned : 0;
	uint64_t finished = counters_sum(failures, delivered);

	return finished == 0 ? 0 : policy_percent(failures, finished);
}

uint64_t
policy_day(const struct counters *counters)
{
	return counters_sum(counters->before, counters->admitted);
}

bool
policy_trips(const struct limits *limits, const struct counters *counters)
{
	/* The share is a whole number of percent or more exactly if its truncation is. */
	return limits->max_failure_percent > 0 &&
	       policy_failures(limits, counters) >= limits->min_failures &&
	       policy_failure_percent(limits, counters) >= limits->max_failure_percent;
}

static struct judgement
judge_failures(const struct limits *limits, const struct counters *counters)
{
	struct judgement j = { .verdict = VERDICT_PASS };

	if (limits->max_failure_percent == 0)
		return j;
	if (!counters->tripped && !policy_trips(limits, counters))
		return j;
	j.verdict = limits->refuse_on_failures ? VERDICT_REFUSE : VERDICT_DEFER;
	j.rule = RULE_MAX_FAILURE_PERCENT;
	j.count = policy_failures(limits, counters);
	j.limit = limits->min_failures;
	j.percent = policy_failure_percent(limits, counters);
	return j;
}

/* One maximum, and what was admitted under it. */
struct volume {
	enum rule rule;
	uint64_t max, used;
};

/*
 * What refuse_above_percent is compared with: as WHM counts, but what was admitted counts up to the
 * limit only. A limit that is lowered, or enforced from now on, within the hour then holds the next
 * delivery instead of bouncing it.
 */
static uint64_t
in_excess(const struct volume *v, uint64_t held)
{
	return policy_percent(counters_sum(v->used < v->max ? v->used : v->max, held), v->max);
}

static struct judgement
judge_volume(const struct volume *v, const struct limits *limits, uint64_t held, uint64_t asked, bool waiting)
{
	struct judgement j = { .verdict = VERDICT_PASS };

	if (v->max == 0 || v->used == 0 || counters_sum(v->used, asked) <= v->max)
		return j;
	j.rule = v->rule;
	j.count = counters_sum(v->used, held);
	j.limit = v->max;
	j.percent = policy_percent(j.count, v->max);
	j.verdict = VERDICT_DEFER;
	if (in_excess(v, held) >= limits->refuse_above_percent && !waiting)
		j.verdict = VERDICT_REFUSE;
	return j;
}

struct judgement
policy_judge(const struct limits *limits, const struct counters *counters, uint64_t asked,
    bool waiting)
{
	/* What an order has held may pass by now, and be counted as admitted as well: that bounces nobody's mail. */
	const bool spared = waiting || counters->ordered;
	const struct volume hour = { RULE_MAX_PER_HOUR, limits->max_per_hour, counters->admitted };
	const struct volume day = { RULE_MAX_PER_DAY, limits->max_per_day, policy_day(counters) };
	const struct judgement judgements[] = {
		judge_volume(&hour, limits, counters->held, asked, spared),
		judge_volume(&day, limits, counters->held, asked, spared),
		judge_failures(limits, counters),
	};
	struct judgement strictest = judgements[0];

	for (size_t i = 1; i < sizeof judgements / sizeof judgements[0]; i++)
		if (judgements[i].verdict > strictest.verdict)
			strictest = judgements[i];
	return strictest;
}

const char *
policy_rule_name(enum rule rule)
{
	static const char *const names[] = {
		[RULE_NONE] = "none",
		[RULE_MAX_PER_HOUR] = "max_per_hour",
		[RULE_MAX_FAILURE_PERCENT] = "max_failure_percent",
		[RULE_MAX_PER_DAY] = "max_per_day",
		[RULE_ORDER] = "order",
	};

	return names[rule];
}
