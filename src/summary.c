/* summary - what a meter has counted in many hours, and whether it looks compromised */
#include "summary.h"

#include "policy.h"

enum {
	FAILURES_LEAST = 20,
	FAILURES_PERCENT = 40,
	VOLUME_LEAST = 100,
	EXCESS_TIMES = 2,
	SURGE_TIMES = 10,
	SURGE_PERCENT = 10,
	SURGE_HOURS = 24,
};

static const struct limits as_whm = { .count_failures = LIMITS_COUNT_DEFAULT };

uint64_t
summary_wanted(const struct counters *counters)
{
	return counters_sum(counters->admitted, counters_sum(counters->held, counters->refused));
}

uint64_t
summary_failures(const struct counters *counters)
{
	return policy_failures(&as_whm, counters);
}

uint64_t
summary_failure_percent(const struct counters *counters)
{
	return policy_failure_percent(&as_whm, counters);
}

static void
keep_worse(struct summary_hour *worst, uint32_t hour, uint64_t part, uint64_t whole)
{
	if (part > worst->part)
		*worst = (struct summary_hour){ hour, part, whole };
}

static void
look_for_signs(struct summary *s, uint32_t hour, const struct counters *c)
{
	uint64_t failures = summary_failures(c), wanted = summary_wanted(c);
	uint64_t limit = c->limits.max_per_hour;

	if (failures >= FAILURES_LEAST && summary_failure_percent(c) >= FAILURES_PERCENT)
		keep_worse(&s->failures, hour, failures, counters_sum(failures, c->sent));
	if (limit > 0 && wanted >= VOLUME_LEAST && wanted / EXCESS_TIMES >= limit && wanted > c->admitted)
		keep_worse(&s->excess, hour, wanted, limit);
	if (wanted >= VOLUME_LEAST && summary_failure_percent(c) >= SURGE_PERCENT)
		keep_worse(&s->peak, hour, wanted, failures);
}

void
summary_add(struct summary *s, uint32_t hour, const struct counters *counters)
{
	counters_add(&s->sum, counters);
	if (hour >= s->newest) {
		s->newest = hour;
		s->sum.limits = counters->limits;
		s->sum.generation = counters->generation;
	}
	s->hours++;
	s->held_hours += counters->held > 0 || counters->refused > 0;
	s->tripped_hours += counters->tripped;
	look_for_signs(s, hour, counters);
}

/* Peak against the average of the other hours, those without mail among them. */
static int
is_surge(const struct summary *s, uint32_t hours)
{
	uint64_t others = summary_wanted(&s->sum) - s->peak.part;

	return s->peak.part > 0 && hours >= SURGE_HOURS && s->peak.part / SURGE_TIMES >= others / (hours - 1);
}

enum summary_sign
summary_judge(const struct summary *s, uint32_t hours, struct summary_hour *why)
{
	if (s->failures.part > 0) {
		*why = s->failures;
		return SUMMARY_FAILURES;
	}
	if (s->excess.part > 0) {
		*why = s->excess;
		return SUMMARY_EXCESS;
	}
	*why = s->peak;
	return is_surge(s, hours) ? SUMMARY_SURGE : SUMMARY_FINE;
}

const char *
summary_sign_name(enum summary_sign sign)
{
	static const char *const names[] = { "fine", "surge", "excess", "failures" };

	return names[sign];
}
