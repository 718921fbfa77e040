/* standing - how a meter stands in its hour, in one word */
#include "standing.h"

#include "policy.h"

static bool
nearly(uint64_t count, uint64_t limit, uint32_t warn_percent)
{
	return limit > 0 && count > 0 && policy_percent(count, limit) >= warn_percent;
}

static bool
is_used_up(uint64_t count, uint64_t limit)
{
	return limit > 0 && count >= limit;
}

bool
standing_day_is_used_up(const struct limits *limits, const struct counters *counters)
{
	return is_used_up(policy_day(counters), limits->max_per_day);
}

enum standing
standing_of(const struct limits *limits, const struct counters *counters, uint32_t warn_percent)
{
	uint64_t failure_percent = policy_failure_percent(limits, counters);

	if (limits->exempt)
		return STANDING_OK;
	if (limits->max_failure_percent > 0 &&
	    (counters->tripped || policy_trips(limits, counters)))
		return STANDING_TRIPPED;
	if (is_used_up(counters->admitted, limits->max_per_hour) ||
	    standing_day_is_used_up(limits, counters))
		return STANDING_HELD;
	if (nearly(counters->admitted, limits->max_per_hour, warn_percent) ||
	    nearly(policy_day(counters), limits->max_per_day, warn_percent))
		return STANDING_WARNING;
	if (policy_failures(limits, counters) >= limits->min_failures &&
	    nearly(failure_percent, limits->max_failure_percent, warn_percent))
		return STANDING_WARNING;
	return STANDING_OK;
}

static bool
was_told(const struct counters *counters, enum notify_event event)
{
	return (counters->noticed & 2u << event) != 0;
}

enum notify_event
standing_notice(struct counters *counters, uint32_t warn_percent, bool refuses)
{
	static const enum notify_event events[] = { [STANDING_OK] = NOTIFY_EVENTS,
		[STANDING_WARNING] = NOTIFY_WARNING, [STANDING_HELD] = NOTIFY_LIMIT,
		[STANDING_TRIPPED] = NOTIFY_FAILURES };
	enum notify_event event = events[standing_of(&counters->limits, counters, warn_percent)];

	if (refuses && (event == NOTIFY_EVENTS || was_told(counters, event)))
		event = NOTIFY_REFUSED;
	if (event == NOTIFY_EVENTS || was_told(counters, event))
		return NOTIFY_EVENTS;
	counters->noticed = (uint16_t)(counters->noticed | 2u << event);
	return event;
}

const char *
standing_name(enum standing standing)
{
	static const char *const names[] = { "ok", "warning", "held", "tripped" };

	return names[standing];
}
