/*
 * policy - what a meter's limits say to a delivery
 *
 * Pure: (limits, counters) -> verdict. The rules are WHM's (facts/limits.md) with design.md's
 * corrections.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "limits.h"

/* In order of strictness. */
enum verdict { VERDICT_PASS = 0, VERDICT_DEFER = 1, VERDICT_REFUSE = 2, VERDICT_DISCARD = 3 };

enum rule {
	RULE_NONE = 0,
	RULE_MAX_PER_HOUR = 1,
	RULE_MAX_FAILURE_PERCENT = 2,
	RULE_MAX_PER_DAY = 3,
	RULE_ORDER = 4, /* no limit but an admin's order (orders.h): it has no figures */
};

/* A verdict and the figures that explain it. */
struct judgement {
	enum verdict verdict;
	enum rule rule;
	uint64_t count;   /* deliveries (or failures) counted before this one */
	uint64_t limit;   /* max_per_hour, max_per_day (or min_failures) */
	uint64_t percent; /* truncated */
};

/*
 * Judges `asked` (>= 1) deliveries that want to pass together. `waiting` says that they were held
 * before in this hour: they have their place among the held and are never refused for the number
 * of those; nobody is, in an hour in which an order has held some. More than a maximum at once can pass only
 * as the first of an hour, or day: else a message to more recipients than that could never leave.
 */
struct judgement policy_judge(const struct limits *limits, const struct counters *counters,
    uint64_t asked, bool waiting);

/* "max_per_hour", "max_per_day", "max_failure_percent", "order", "none". */
const char *policy_rule_name(enum rule rule);

/* Failures in the sense of count_failures. */
uint64_t policy_failures(const struct limits *limits, const struct counters *counters);

/* Share of failures among what has an outcome, truncated percent; 0 where nothing has one. */
uint64_t policy_failure_percent(const struct limits *limits, const struct counters *counters);

/* floor(100 * part / whole) without overflow; whole > 0. */
uint64_t policy_percent(uint64_t part, uint64_t whole);

/* Admitted in this hour and the 23 before it, where max_per_day is set. */
uint64_t policy_day(const struct counters *counters);

/* True if the counters have crossed the failure limit: whoever books an outcome then latches it. */
bool policy_trips(const struct limits *limits, const struct counters *counters);

#endif
