/*
 * limits - the rules of one meter (qlimit.conf(5))
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

#define LIMITS_SIZE 20 /* bytes of a record */
#define LIMITS_SIZE_1 16 /* of one of version 1, which is read and no longer written */

/* Bits of count_failures. */
#define LIMITS_COUNT(outcome) (1u << (outcome))
#define LIMITS_COUNT_DEFAULT (LIMITS_COUNT(OUTCOME_DEFERRED) | LIMITS_COUNT(OUTCOME_FAILED))
#define LIMITS_COUNT_RETURNED (1u << 5) /* counters' `returned`: no outcome of an attempt has its number, 5 */
#define LIMITS_COUNT_ALL (LIMITS_COUNT_DEFAULT | LIMITS_COUNT(OUTCOME_UNREACHED) | LIMITS_COUNT_RETURNED)

/* What a group of limits can set; the names are those of qlimit.conf(5). */
enum limits_field {
	LIMITS_MAX_PER_HOUR,
	LIMITS_MAX_PER_DAY,
	LIMITS_REFUSE_ABOVE_PERCENT,
	LIMITS_MAX_FAILURE_PERCENT,
	LIMITS_MIN_FAILURES,
	LIMITS_ON_FAILURES,
	LIMITS_COUNT_FAILURES,
	LIMITS_UNIT, /* count */
	LIMITS_EXEMPT,
};
#define LIMITS_FIELDS 9

struct limits {
	uint32_t max_per_hour;         /* deliveries, or messages; 0: no limit */
	uint32_t max_per_day;          /* in this hour and the 23 before it; 0: no limit */
	uint32_t refuse_above_percent; /* of either; 100 to 10000 */
	uint32_t min_failures;         /* failures before the percentage means anything; >= 1 */
	uint8_t max_failure_percent;   /* 1 to 100; 0: no limit */
	uint8_t count_failures;        /* LIMITS_COUNT() of the outcomes that are failures, and LIMITS_COUNT_RETURNED */
	bool refuse_on_failures;       /* on_failures = "refuse" */
	bool count_messages;           /* count = "messages": one to many recipients is charged once */
	bool exempt;                   /* what this meter pays for is never stopped */
	bool named;                    /* written for this very name, or one above it: not for everybody */
	bool runs_smtpd;               /* a user whose qmail-smtpd's Received: is believed */
};

/* No limits, and WHM's defaults for the rest: 125 %, 5 failures, defer (facts/limits.md). */
void limits_init(struct limits *limits);

/* Encodes to LIMITS_SIZE bytes. */
void limits_encode(const struct limits *limits, unsigned char *record);

/* Decodes; false if the record is of no version that is known, or a value is out of range. */
bool limits_decode(struct limits *limits, unsigned char *record, size_t size);

/* The name of a field in qlimit.conf(5). */
const char *limits_name(enum limits_field field);

/* The two words that on_failures can be (defer, refuse), or count (recipients, messages). */
const char *const *limits_words(enum limits_field field);

/* The bit of a word of count_failures; 0 if it is none. */
unsigned limits_outcome(const char *word);

/* A field's value as qlimit.conf(5) has it, but without quotes, in LIMITS_TEXT_MAX bytes; returns `out`. */
#define LIMITS_TEXT_MAX 64
const char *limits_text(char *out, const struct limits *limits, enum limits_field field);

bool limits_equal(const struct limits *a, const struct limits *b);

#endif
