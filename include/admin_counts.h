/*
 * admin_counts - what the numbers of counters are called: columns, JSON members, metrics
 *
 * One table, in the order in which all of them are printed.
 */
#ifndef ADMIN_COUNTS_H
#define ADMIN_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "admin_print.h"
#include "counters.h"

struct admin_count {
	const char *key;          /* member of a JSON object */
	const char *metric, *unit, *help; /* of OpenMetrics; `unit` NULL: deliveries, which is none */
	const char *heading;      /* of a column; NULL: it has none */
	int width, hour_width;    /* of the column: for sums, for one hour */
	bool spare;               /* has no column where there is little room */
	size_t at;                /* in struct counters, a uint64_t */
};

#define ADMIN_COUNTS 10
extern const struct admin_count admin_counts[ADMIN_COUNTS];

/* The number itself. */
uint64_t admin_count_of(const struct admin_count *count, const struct counters *c);

/* As members: those that objects had from the beginning; and the later ones, at an object's end. */
void admin_counts_json(struct admin_json *j, const struct counters *c);
void admin_counts_json_later(struct admin_json *j, const struct counters *c);

#endif
