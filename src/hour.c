/* hour - clock hours */
#include "hour.h"

#include "text.h"

uint32_t
hour_of(int64_t seconds)
{
	int64_t hour = seconds / 3600;

	if (hour < 0)
		return 0;
	return hour > UINT32_MAX ? UINT32_MAX : (uint32_t)hour;
}

int64_t
hour_start(uint32_t hour)
{
	return (int64_t)hour * 3600;
}

uint32_t
hour_to_count_in(int64_t seconds, uint32_t newest)
{
	uint32_t hour = hour_of(seconds);

	if (hour >= newest || newest - hour > HOUR_STEP_BACK_MAX)
		return hour;
	return newest;
}

static void
add_two(struct text *t, const char *before, uint32_t n)
{
	text_add(t, before);
	text_add(t, n < 10 ? "0" : "");
	text_add_number(t, n);
}

void
hour_text(char *out, uint32_t hour)
{
	/*
	 * Not gmtime_r(3), which reads the time zone's file and allocates. Years that begin in March have their
	 * odd day last; 400 of them are 146097 days, and month m of one begins with its day (153 m + 2) / 5.
	 */
	uint32_t days = hour / 24 + 719468; /* since March 1st of the year 0 */
	uint32_t of_era = days % 146097;
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t month = (5 * of_year + 2) / 153;
	struct text t;

	text_init(&t, out, HOUR_TEXT_MAX);
	text_add_number(&t, days / 146097 * 400 + year + (month >= 10 ? 1 : 0));
	add_two(&t, "-", month >= 10 ? month - 9 : month + 3);
	add_two(&t, "-", of_year - (153 * month + 2) / 5 + 1);
	add_two(&t, "T", hour % 24);
	text_add(&t, ":00:00Z");
}
