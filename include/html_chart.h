/*
 * html_chart - what was counted hour by hour, as a chart of columns in a page of HTML
 *
 * Drawn with SVG: no script, nothing to load. Shapes are stretched to whatever width the page has; what is
 * text stands beside them.
 */
#ifndef HTML_CHART_H
#define HTML_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "counters.h"
#include "timespan.h"

#define HTML_CHART_COLUMNS 336 /* two weeks, each hour a column; of more, columns are so many hours' busiest */

struct html_chart_column {
	uint64_t sent, failed, stopped; /* `failed`: and deferred and unreached; `stopped`: held, refused */
	uint32_t limit, hour;           /* `limit`: max_per_hour, 0: none */
	bool tripped;                   /* in any of its hours */
};

struct html_chart {
	struct timespan span;
	uint32_t step, count; /* hours of a column; columns */
	struct html_chart_column columns[HTML_CHART_COLUMNS];
};

void html_chart_init(struct html_chart *chart, const struct timespan *span);

/* Adds an hour of the span. Each at most once, in any order. */
void html_chart_add(struct html_chart *chart, uint32_t hour, const struct counters *c);

/* Writes it; `name` says of what it is to those who cannot see it. It is escaped here. */
void html_chart_print(const struct html_chart *chart, FILE *f, const char *name);

#endif
