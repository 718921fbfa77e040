/* standing - how a meter stands in its hour, in one word */
#include "standing.h"

#include "policy.h"

static bool
nearly(uint64_t count, uint64_t limit)
{
	return limit > 0 && count > 0 && count >= limit * STANDING_WARN_PERCENT / 100;
}

static bool
is_used_up(uint64_t count, uint64_t limit)
{
	return limit > 0 && count >= limit;
}

enum standing
standing_of(const struct limits *limits, const struct counters *counters)
{
	uint64_t failure_percent = policy_failure_percent(limits, counters);

	if (limits->exempt)
		return STANDING_OK;
	if (limits->max_failure_percent > 0 &&
	    (counters->tripped || policy_trips(limits, counters)))
		return STANDING_TRIPPED;
	if (is_used_up(counters->admitted, limits->max_per_hour) ||
	    is_used_up(policy_day(counters), limits->max_per_day))
		return STANDING_HELD;
	if (nearly(counters->admitted, limits->max_per_hour) ||
	    nearly(policy_day(counters), limits->max_per_day))
		return STANDING_WARNING;
	if (policy_failures(limits, counters) >= limits->min_failures &&
	    nearly(failure_percent, limits->max_failure_percent))
		return STANDING_WARNING;
	return STANDING_OK;
}

enum standing
standing_notice(struct counters *counters)
{
	enum standing standing = standing_of(&counters->limits, counters);
	unsigned bit = 1u << standing;

	if (standing == STANDING_OK || (counters->noticed & bit) != 0)
		return STANDING_OK;
	counters->noticed = (uint16_t)(counters->noticed | bit);
	return standing;
}

const char *
standing_name(enum standing standing)
{
	static const char *const names[] = { "ok", "warning", "held", "tripped" };

	return names[standing];
}
