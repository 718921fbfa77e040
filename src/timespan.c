/* timespan - the times that an admin writes, as hours */
#include "timespan.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "hour.h"

static const char no_time[] = "is no time: write hours or days back as 24h or 7d, a local date or time as "
    "2026-11-21 or 2026-11-21T18:00";
static const char no_moment[] = "is no time: write a local date or time as 2026-11-21 or 2026-11-21T18:00";
static const char too_fine[] = "is too fine: counters are of whole hours; write 1h or more, as in 24h";
static const char no_such[] = "is no day or time that there is: write 2026-11-21 or 2026-11-21T18:00";
static const char too_far[] = "is too far back: history goes back for 3660d at most";
static const char in_future[] = "has not come yet: nothing is counted there";
static const char no_span[] = "is no time to come: write minutes, hours or days as 30m, 2h or 7d, 3660d at most";
static const char not_after[] = "is no later than the beginning: --until must be after --since";

/* `n` digits as a number, -1 where there are not so many. */
static int
digits(const char **at, int n)
{
	int value = 0;

	for (; n > 0; n--, ++*at) {
		if (**at < '0' || **at > '9')
			return -1;
		value = 10 * value + (**at - '0');
	}
	return value;
}

static bool
take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* "24h" or "7d": how many hours. NULL, or what is wrong; `*hours` 0 where it is nothing of the kind. */
static const char *
parse_back(const char *word, uint32_t *hours)
{
	uint32_t n = 0;
	const char *at = word;

	*hours = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		n = n > TIMESPAN_HOURS_MAX ? n : 10 * n + (uint32_t)(*at - '0');
	if (at == word || at[0] == '\0' || at[1] != '\0' || strchr("smhd", *at) == NULL)
		return NULL;
	if (*at == 's' || *at == 'm' || n == 0)
		return too_fine;
	if (n > TIMESPAN_HOURS_MAX / (*at == 'd' ? 24 : 1))
		return too_far;
	*hours = n * (*at == 'd' ? 24 : 1);
	return NULL;
}

/* "2026-11-21", and "T18:00" where it goes on. */
static bool
parse_fields(const char *at, struct tm *tm)
{
	memset(tm, 0, sizeof *tm);
	tm->tm_isdst = -1;
	tm->tm_year = digits(&at, 4) - 1900;
	if (tm->tm_year < 70 || !take(&at, '-') || (tm->tm_mon = digits(&at, 2) - 1) < 0 || !take(&at, '-') ||
	    (tm->tm_mday = digits(&at, 2)) < 1)
		return tm->tm_year == -1900; /* the year 0: of the form, and no day of ours */
	if (*at == '\0')
		return true;
	if (!take(&at, 'T') || (tm->tm_hour = digits(&at, 2)) < 0 || !take(&at, ':') ||
	    (tm->tm_min = digits(&at, 2)) < 0)
		return false;
	return *at == '\0';
}

/* NULL, or what is wrong. */
static const char *
parse_date(const char *word, time_t *seconds)
{
	struct tm asked, tm;

	if (!parse_fields(word, &asked))
		return asked.tm_year >= 0 && asked.tm_year < 70 ? too_far : no_time;
	tm = asked;
	*seconds = mktime(&tm);
	/* mktime(3) makes the 31st of June the 1st of July. Of an hour that summer time leaves out, the next. */
	if (asked.tm_hour > 23 || asked.tm_min > 59 || *seconds < 0 || tm.tm_year != asked.tm_year ||
	    tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday)
		return no_such;
	return NULL;
}

/* The first hour at or behind a time, or the one that it lies in. */
static const char *
parse_hour(const char *word, bool is_end, uint32_t running, uint32_t *hour)
{
	uint32_t back;
	time_t seconds = 0;
	const char *why = parse_back(word, &back);

	if (why != NULL)
		return why;
	if (back > 0) {
		*hour = back > running ? 0 : running + 1 - back;
		return NULL;
	}
	why = parse_date(word, &seconds);
	*hour = hour_of((int64_t)seconds + (is_end ? 3599 : 0));
	return why;
}

const char *
timespan_parse(struct timespan *t, const char *since, const char *until, uint32_t running, const char **wrong)
{
	const char *why;

	t->to = running + 1;
	*wrong = since != NULL ? since : "24h";
	why = parse_hour(*wrong, false, running, &t->from);
	if (why != NULL)
		return why;
	if (t->from > running)
		return in_future;
	if (running - t->from >= TIMESPAN_HOURS_MAX)
		return too_far;
	if (until == NULL)
		return NULL;
	*wrong = until;
	why = parse_hour(until, true, running, &t->to);
	if (why != NULL)
		return why;
	if (t->to > running + 1)
		t->to = running + 1;
	return t->to <= t->from ? not_after : NULL;
}

const char *
timespan_ahead(const char *word, int64_t *seconds)
{
	static const struct { char letter; int64_t unit; } units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	const int64_t most = (int64_t)TIMESPAN_HOURS_MAX * 3600;
	const char *at = word;
	int64_t n = 0;

	for (; *at >= '0' && *at <= '9' && n <= most; at++)
		n = 10 * n + (*at - '0');
	for (size_t i = 0; at != word && at[0] != '\0' && at[1] == '\0' && i < sizeof units / sizeof units[0]; i++)
		if (*at == units[i].letter && n > 0 && n <= most / units[i].unit) {
			*seconds = n * units[i].unit;
			return NULL;
		}
	*seconds = 0;
	return no_span;
}

const char *
timespan_time(const char *word, int64_t *seconds)
{
	time_t t = 0;
	const char *why = parse_date(word, &t);

	*seconds = (int64_t)t;
	return why == no_time || why == too_far ? no_moment : why;
}
