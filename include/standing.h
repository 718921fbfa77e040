/*
 * standing - how a meter stands in its hour, in one word
 */
#ifndef STANDING_H
#define STANDING_H

#include <stdbool.h>

#include "counters.h"
#include "limits.h"
#include "notify.h"

/* In order of gravity. */
enum standing {
	STANDING_OK,
	STANDING_WARNING,
	STANDING_HELD,    /* max_per_hour or max_per_day is used up: what comes now is held or refused */
	STANDING_TRIPPED, /* the failure limit was crossed */
};

/* In warning from `warn_percent` of a limit on. */
enum standing standing_of(const struct limits *limits, const struct counters *counters, uint32_t warn_percent);

/*
 * What is to be told of a meter now and was not in this hour: marked as told. NOTIFY_EVENTS if nothing. One
 * thing at a time: how it stands, and then that its limits refuse, where `refuses` says so.
 */
enum notify_event standing_notice(struct counters *counters, uint32_t warn_percent, bool refuses);
/* max_per_day is: when there is room again depends on when the hours of the day were busy. */
bool standing_day_is_used_up(const struct limits *limits, const struct counters *counters);

/* "ok", "warning", "held", "tripped". */
const char *standing_name(enum standing standing);

#endif
