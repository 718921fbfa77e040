/*
 * timespan - the times that an admin writes, as hours
 *
 * "24h" and "7d" are so many hours back, the running one among them: 24h are this hour and the 23 before it,
 * as with max_per_day. A date or time is local (TZ). Hours are those of UTC; one that a time lies in counts
 * as a whole.
 */
#ifndef TIMESPAN_H
#define TIMESPAN_H

#include <stdint.h>

#define TIMESPAN_HOURS_MAX (3660u * 24) /* as far back as history_days goes */

/* Hours from <= hour < to. */
struct timespan {
	uint32_t from, to;
};

/*
 * The hours from `since` to `until` (NULL: 24h, and the end of the running hour, beyond which nothing is
 * counted). NULL, or what is wrong, as a sentence for behind the word that *wrong then is.
 */
const char *timespan_parse(struct timespan *t, const char *since, const char *until, uint32_t running,
    const char **wrong);

/* "30m", "2h" or "7d": so many seconds. NULL, or what is wrong, as a sentence for behind the word. */
const char *timespan_ahead(const char *word, int64_t *seconds);

/* A local date or time, as seconds since 1970. NULL, or what is wrong. */
const char *timespan_time(const char *word, int64_t *seconds);

#endif
