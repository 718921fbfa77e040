/* limits - the rules of one meter */
#include "limits.h"

#include <string.h>

#include "bytes.h"
#include "text.h"

#define VERSION 2
#define VERSION_1 1 /* without max_per_day, and only the first of the flags; there still is some in ledgers */

/* Bits of a record's flags. */
enum { REFUSE_ON_FAILURES = 1, COUNT_MESSAGES = 2, EXEMPT = 4, NAMED = 8, RUNS_SMTPD = 16, FLAGS = 31 };

void
limits_init(struct limits *limits)
{
	*limits = (struct limits){
		.refuse_above_percent = 125,
		.min_failures = 5,
		.count_failures = LIMITS_COUNT_DEFAULT,
	};
}

static uint8_t
flags_of(const struct limits *limits)
{
	return (uint8_t)((limits->refuse_on_failures ? REFUSE_ON_FAILURES : 0) |
			 (limits->count_messages ? COUNT_MESSAGES : 0) | (limits->exempt ? EXEMPT : 0) |
			 (limits->named ? NAMED : 0) | (limits->runs_smtpd ? RUNS_SMTPD : 0));
}

static void
set_flags(struct limits *limits, uint8_t flags)
{
	limits->refuse_on_failures = (flags & REFUSE_ON_FAILURES) != 0;
	limits->count_messages = (flags & COUNT_MESSAGES) != 0;
	limits->exempt = (flags & EXEMPT) != 0;
	limits->named = (flags & NAMED) != 0;
	limits->runs_smtpd = (flags & RUNS_SMTPD) != 0;
}

void
limits_encode(const struct limits *limits, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, LIMITS_SIZE);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, limits->max_failure_percent);
	bytes_put8(&b, limits->count_failures);
	bytes_put8(&b, flags_of(limits));
	bytes_put32(&b, limits->max_per_hour);
	bytes_put32(&b, limits->max_per_day);
	bytes_put32(&b, limits->refuse_above_percent);
	bytes_put32(&b, limits->min_failures);
}

bool
limits_decode(struct limits *limits, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, flags;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	limits->max_failure_percent = bytes_get8(&b);
	limits->count_failures = bytes_get8(&b);
	flags = bytes_get8(&b);
	set_flags(limits, flags);
	limits->max_per_hour = bytes_get32(&b);
	limits->max_per_day = version == VERSION_1 ? 0 : bytes_get32(&b);
	limits->refuse_above_percent = bytes_get32(&b);
	limits->min_failures = bytes_get32(&b);
	return bytes_complete(&b) && (version == VERSION || version == VERSION_1) &&
	       flags <= (version == VERSION ? FLAGS : REFUSE_ON_FAILURES) &&
	       limits->max_failure_percent <= 100 &&
	       (limits->count_failures & ~LIMITS_COUNT_ALL) == 0 &&
	       limits->refuse_above_percent >= 100 && limits->refuse_above_percent <= 10000 &&
	       limits->min_failures >= 1;
}

bool
limits_equal(const struct limits *a, const struct limits *b)
{
	return a->max_per_hour == b->max_per_hour && a->max_per_day == b->max_per_day &&
	       a->refuse_above_percent == b->refuse_above_percent &&
	       a->min_failures == b->min_failures &&
	       a->max_failure_percent == b->max_failure_percent &&
	       a->count_failures == b->count_failures && flags_of(a) == flags_of(b);
}

const char *
limits_name(enum limits_field field)
{
	static const char *const names[LIMITS_FIELDS] = {
		[LIMITS_MAX_PER_HOUR] = "max_per_hour",
		[LIMITS_MAX_PER_DAY] = "max_per_day",
		[LIMITS_REFUSE_ABOVE_PERCENT] = "refuse_above_percent",
		[LIMITS_MAX_FAILURE_PERCENT] = "max_failure_percent",
		[LIMITS_MIN_FAILURES] = "min_failures",
		[LIMITS_ON_FAILURES] = "on_failures",
		[LIMITS_COUNT_FAILURES] = "count_failures",
		[LIMITS_UNIT] = "count",
		[LIMITS_EXEMPT] = "exempt",
	};

	return names[field];
}

const char *const *
limits_words(enum limits_field field)
{
	static const char *const on_failures[] = { "defer", "refuse" }, *const units[] = { "recipients", "messages" };

	return field == LIMITS_ON_FAILURES ? on_failures : units;
}

/* The words of count_failures. */
static const struct {
	const char *name;
	unsigned bit;
} outcomes[] = { { "failed", LIMITS_COUNT(OUTCOME_FAILED) }, { "deferred", LIMITS_COUNT(OUTCOME_DEFERRED) },
	{ "unreached", LIMITS_COUNT(OUTCOME_UNREACHED) }, { "returned", LIMITS_COUNT_RETURNED } };

#define OUTCOMES (sizeof outcomes / sizeof outcomes[0])

unsigned
limits_outcome(const char *word)
{
	for (size_t i = 0; i < OUTCOMES; i++)
		if (strcmp(word, outcomes[i].name) == 0)
			return outcomes[i].bit;
	return 0;
}

static void
add_outcomes(struct text *t, uint8_t bits)
{
	for (size_t i = 0; i < OUTCOMES; i++)
		if ((bits & outcomes[i].bit) != 0) {
			text_add(t, t->used > 0 ? " " : "");
			text_add(t, outcomes[i].name);
		}
}

const char *
limits_text(char *out, const struct limits *limits, enum limits_field field)
{
	const uint32_t numbers[] = { [LIMITS_MAX_PER_HOUR] = limits->max_per_hour,
		[LIMITS_MAX_PER_DAY] = limits->max_per_day,
		[LIMITS_REFUSE_ABOVE_PERCENT] = limits->refuse_above_percent,
		[LIMITS_MAX_FAILURE_PERCENT] = limits->max_failure_percent,
		[LIMITS_MIN_FAILURES] = limits->min_failures };
	struct text t;

	text_init(&t, out, LIMITS_TEXT_MAX);
	if (field < sizeof numbers / sizeof numbers[0])
		text_add_number(&t, numbers[field]);
	else if (field == LIMITS_ON_FAILURES)
		text_add(&t, limits_words(field)[limits->refuse_on_failures]);
	else if (field == LIMITS_COUNT_FAILURES)
		add_outcomes(&t, limits->count_failures);
	else if (field == LIMITS_UNIT)
		text_add(&t, limits_words(field)[limits->count_messages]);
	else
		text_add(&t, limits->exempt ? "true" : "false");
	return out;
}
