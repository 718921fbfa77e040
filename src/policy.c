/* policy - what a meter's limits say to a delivery */
#include "policy.h"

/* floor(100 * part / whole) without overflow; whole > 0. */
static uint64_t
percent_of(uint64_t part, uint64_t whole)
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
	return sum;
}

uint64_t
policy_failure_percent(const struct limits *limits, const struct counters *counters)
{
	uint64_t failures = policy_failures(limits, counters);
	uint64_t finished = counters_sum(failures, counters->sent);

	return finished == 0 ? 0 : percent_of(failures, finished);
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

/*
 * What refuse_above_percent is compared with: as WHM counts, but what was admitted counts up to the
 * limit only. A limit that is lowered, or enforced from now on, within the hour then holds the next
 * delivery instead of bouncing it.
 */
static uint64_t
in_excess(const struct counters *counters, uint64_t max)
{
	return counters_sum(counters->admitted < max ? counters->admitted : max, counters->held);
}

static struct judgement
judge_volume(const struct limits *limits, const struct counters *counters, uint64_t asked,
    bool waiting)
{
	struct judgement j = { .verdict = VERDICT_PASS };
	uint64_t max = limits->max_per_hour;

	if (max == 0 || counters->admitted == 0 ||
	    counters_sum(counters->admitted, asked) <= max)
		return j;
	j.rule = RULE_MAX_PER_HOUR;
	j.count = counters_sum(counters->admitted, counters->held);
	j.limit = max;
	j.percent = percent_of(j.count, max);
	j.verdict = VERDICT_DEFER;
	if (percent_of(in_excess(counters, max), max) >= limits->refuse_above_percent && !waiting)
		j.verdict = VERDICT_REFUSE;
	return j;
}

struct judgement
policy_judge(const struct limits *limits, const struct counters *counters, uint64_t asked,
    bool waiting)
{
	struct judgement failures = judge_failures(limits, counters);
	struct judgement volume = judge_volume(limits, counters, asked, waiting);

	return failures.verdict > volume.verdict ? failures : volume;
}
