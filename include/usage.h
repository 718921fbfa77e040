/*
 * usage - how much of its nearest limit a meter has used up
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

#include "counters.h"
#include "policy.h"

struct usage {
	enum rule rule;   /* which limit; RULE_NONE: there is none, or the meter is exempt */
	uint32_t limit;   /* max_per_hour, max_per_day or max_failure_percent */
	uint64_t percent; /* truncated; 100 and more: it stops what comes now */
};

/*
 * The limit of which most is used up, by the counters' own limits. Of max_failure_percent it is the share that
 * is furthest from its end, of the percentage or of min_failures: both have to be reached. Tripped is 100.
 */
struct usage usage_of(const struct counters *counters);

#endif
