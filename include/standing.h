/*
 * standing - how a meter stands in its hour, in one word
 */
#ifndef STANDING_H
#define STANDING_H

#include "counters.h"
#include "limits.h"

/* From here on a meter is in warning: percent of a maximum. */
#define STANDING_WARN_PERCENT 80

/* In order of gravity. */
enum standing {
	STANDING_OK,
	STANDING_WARNING,
	STANDING_HELD,    /* max_per_hour or max_per_day is used up: what comes now is held or refused */
	STANDING_TRIPPED, /* the failure limit was crossed */
};

enum standing standing_of(const struct limits *limits, const struct counters *counters);

/* What is to be said of a meter now and was not in this hour: marked as said; STANDING_OK if nothing. */
enum standing standing_notice(struct counters *counters);

/* "ok", "warning", "held", "tripped". */
const char *standing_name(enum standing standing);

#endif
