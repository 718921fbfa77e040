/*
 * summary - what a meter has counted in many hours, and whether it looks compromised
 *
 * Pure. The rule, in the words of qlimit(8): in one hour of the period
 *   failures: at least 20 deliveries failed or were deferred, and those are 40 % or more of what was tried;
 *   excess:   at least 100 were wanted, at least twice max_per_hour, and some were stopped;
 *   surge:    at least 100 were wanted, ten times what the other hours had on average, and 10 % or more of
 *             what was tried failed or was deferred. Only in periods of 24 hours and more: fewer say nothing
 *             of what is usual.
 * One hour, not the whole period: a week of good mail must not hide a bad night.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <stdint.h>

#include "counters.h"

/* In order of weight. */
enum summary_sign { SUMMARY_FINE, SUMMARY_SURGE, SUMMARY_EXCESS, SUMMARY_FAILURES };

/* An hour and what was remarkable in it: failures of tried, wanted of allowed, wanted over failures. */
struct summary_hour {
	uint32_t hour;
	uint64_t part, whole;
};

/* All zero: nothing yet. */
struct summary {
	struct counters sum;    /* `limits` are those of the newest hour */
	uint32_t newest, hours; /* the newest, and how many */
	uint32_t held_hours, tripped_hours; /* in which something was held or refused, by whatever; it tripped: often both */
	struct summary_hour failures, excess, peak;
};

/* Adds one hour. Every hour is to be added once, in any order. */
void summary_add(struct summary *s, uint32_t hour, const struct counters *counters);

/* The gravest sign in a period of so many hours; which hour, and the figures, in *why. */
enum summary_sign summary_judge(const struct summary *s, uint32_t hours, struct summary_hour *why);

/* "fine", "surge", "excess", "failures". */
const char *summary_sign_name(enum summary_sign sign);

/* Deliveries that asked to be admitted: admitted, held and refused. */
uint64_t summary_wanted(const struct counters *counters);

/* Failed and deferred, whatever count_failures says: as WHM counts. */
uint64_t summary_failures(const struct counters *counters);

/* ... as truncated percent of those and what was sent; 0 where there is neither. */
uint64_t summary_failure_percent(const struct counters *counters);

#endif
