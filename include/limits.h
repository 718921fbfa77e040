/*
 * limits - the rules of one meter (qlimit.conf(5))
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

#define LIMITS_SIZE 16 /* bytes of a record */

/* Bits of count_failures. */
#define LIMITS_COUNT(outcome) (1u << (outcome))
#define LIMITS_COUNT_DEFAULT (LIMITS_COUNT(OUTCOME_DEFERRED) | LIMITS_COUNT(OUTCOME_FAILED))
#define LIMITS_COUNT_ALL (LIMITS_COUNT_DEFAULT | LIMITS_COUNT(OUTCOME_UNREACHED))

struct limits {
	uint32_t max_per_hour;         /* deliveries; 0: no limit */
	uint32_t refuse_above_percent; /* of max_per_hour; 100 to 10000 */
	uint32_t min_failures;         /* failures before the percentage means anything; >= 1 */
	uint8_t max_failure_percent;   /* 1 to 100; 0: no limit */
	uint8_t count_failures;        /* LIMITS_COUNT() of the outcomes that are failures */
	bool refuse_on_failures;       /* on_failures = "refuse" */
};

/* No limits, and WHM's defaults for the rest: 125 %, 5 failures, defer (facts/limits.md). */
void limits_init(struct limits *limits);

/* Encodes to LIMITS_SIZE bytes. */
void limits_encode(const struct limits *limits, unsigned char *record);

/* Decodes; false if the record is not one of this version or a value is out of range. */
bool limits_decode(struct limits *limits, unsigned char *record, size_t size);

bool limits_equal(const struct limits *a, const struct limits *b);

#endif
