/* usage - how much of its nearest limit a meter has used up */
#include "usage.h"

/* Truncated percent of a maximum > 0; far beyond any that means something it stays the same. */
static uint64_t
percent_of(uint64_t count, uint32_t max)
{
	return (count < UINT64_MAX / 100 ? count : UINT64_MAX / 100) * 100 / max;
}

static struct usage
of_failures(const struct counters *c)
{
	const struct limits *limits = &c->limits;
	uint64_t number = percent_of(policy_failures(limits, c), limits->min_failures);
	uint64_t share = percent_of(policy_failure_percent(limits, c), limits->max_failure_percent);
	struct usage u = { RULE_MAX_FAILURE_PERCENT, limits->max_failure_percent, number < share ? number : share };

	/* Latched: what has been sent since does not open it again. */
	if (c->tripped && u.percent < 100)
		u.percent = 100;
	return u;
}

static void
keep_nearest(struct usage *nearest, struct usage other)
{
	if (nearest->rule == RULE_NONE || other.percent > nearest->percent)
		*nearest = other;
}

struct usage
usage_of(const struct counters *c)
{
	const struct limits *limits = &c->limits;
	struct usage u = { RULE_NONE, 0, 0 };

	if (limits->exempt)
		return u;
	if (limits->max_per_hour > 0)
		keep_nearest(&u, (struct usage){ RULE_MAX_PER_HOUR, limits->max_per_hour,
		    percent_of(c->admitted, limits->max_per_hour) });
	if (limits->max_per_day > 0)
		keep_nearest(&u, (struct usage){ RULE_MAX_PER_DAY, limits->max_per_day,
		    percent_of(policy_day(c), limits->max_per_day) });
	if (limits->max_failure_percent > 0)
		keep_nearest(&u, of_failures(c));
	return u;
}
