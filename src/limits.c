/* limits - the rules of one meter */
#include "limits.h"

#include "bytes.h"

#define VERSION 1

void
limits_init(struct limits *limits)
{
	*limits = (struct limits){
		.refuse_above_percent = 125,
		.min_failures = 5,
		.count_failures = LIMITS_COUNT_DEFAULT,
	};
}

void
limits_encode(const struct limits *limits, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, LIMITS_SIZE);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, limits->max_failure_percent);
	bytes_put8(&b, limits->count_failures);
	bytes_put8(&b, limits->refuse_on_failures);
	bytes_put32(&b, limits->max_per_hour);
	bytes_put32(&b, limits->refuse_above_percent);
	bytes_put32(&b, limits->min_failures);
}

bool
limits_decode(struct limits *limits, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, refuse;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	limits->max_failure_percent = bytes_get8(&b);
	limits->count_failures = bytes_get8(&b);
	refuse = bytes_get8(&b);
	limits->refuse_on_failures = refuse != 0;
	limits->max_per_hour = bytes_get32(&b);
	limits->refuse_above_percent = bytes_get32(&b);
	limits->min_failures = bytes_get32(&b);
	return bytes_complete(&b) && version == VERSION && refuse <= 1 &&
	       limits->max_failure_percent <= 100 &&
	       (limits->count_failures & ~LIMITS_COUNT_ALL) == 0 &&
	       limits->refuse_above_percent >= 100 && limits->refuse_above_percent <= 10000 &&
	       limits->min_failures >= 1;
}

bool
limits_equal(const struct limits *a, const struct limits *b)
{
	return a->max_per_hour == b->max_per_hour &&
	       a->refuse_above_percent == b->refuse_above_percent &&
	       a->min_failures == b->min_failures &&
	       a->max_failure_percent == b->max_failure_percent &&
	       a->count_failures == b->count_failures &&
	       a->refuse_on_failures == b->refuse_on_failures;
}
