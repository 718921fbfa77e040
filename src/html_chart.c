/* html_chart - what was counted hour by hour, as a chart of columns in a page of HTML */
#include "html_chart.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "hour.h"
#include "html.h"
#include "summary.h"

/* In units of the drawing, which has 10 for each column. */
#define HEIGHT 1000
#define HEIGHT_LEAST 8 /* what is there at all is seen */

void
html_chart_init(struct html_chart *chart, const struct timespan *span)
{
	uint32_t hours = span->to - span->from;

	memset(chart, 0, sizeof *chart);
	chart->span = *span;
	chart->step = (hours + HTML_CHART_COLUMNS - 1) / HTML_CHART_COLUMNS;
	while (24 % chart->step != 0 && chart->step % 24 != 0)
		chart->step++; /* so that every day looks alike */
	chart->count = (hours + chart->step - 1) / chart->step;
}

static uint64_t
all_of(const struct html_chart_column *column)
{
	return counters_sum(column->sent, counters_sum(column->failed, column->stopped));
}

void
html_chart_add(struct html_chart *chart, uint32_t hour, const struct counters *c)
{
	struct html_chart_column *column = &chart->columns[(hour - chart->span.from) / chart->step];
	struct html_chart_column this = { .sent = c->sent,
		.failed = counters_sum(summary_failures(c), c->unreached),
		.stopped = counters_sum(c->held, c->refused), .hour = hour, .tripped = c->tripped };

	if (!c->limits.exempt)
		this.limit = c->limits.max_per_hour;
	if (all_of(&this) == 0 && this.limit == 0 && !this.tripped)
		return;
	this.tripped = this.tripped || column->tripped;
	if (all_of(&this) >= all_of(column))
		*column = this;
	column->tripped = this.tripped;
}

/* The top of the scale: the least of 2, 4, 6, 8, 10, 20, 40 ... that has room for all. */
static uint64_t
top_of(const struct html_chart *chart)
{
	uint64_t most = 0, unit = 2;

	for (uint32_t i = 0; i < chart->count; i++) {
		const struct html_chart_column *column = &chart->columns[i];
		uint64_t all = all_of(column) > column->limit ? all_of(column) : column->limit;

		most = all > most ? all : most;
	}
	if (most == 0 || most > UINT64_MAX / 2)
		return most;
	while (5 * unit < most)
		unit *= 10;
	return (most - 1) / unit * unit + unit;
}

static int
height_of(uint64_t n, uint64_t top)
{
	int height = (int)((double)n / (double)top * HEIGHT + 0.5);

	return n > 0 && height < HEIGHT_LEAST ? HEIGHT_LEAST : height;
}

/* --- shapes: one path of each colour --- */

/* `part` 0: sent, at the bottom; 1: failed; 2: stopped. */
static void
print_part(const struct html_chart *chart, FILE *f, uint64_t top, int part)
{
	static const char *const classes[] = { "sent", "failed", "stopped" };

	(void)fprintf(f, "<path class=\"%s\" d=\"", classes[part]);
	for (uint32_t i = 0; i < chart->count; i++) {
		const struct html_chart_column *column = &chart->columns[i];
		const uint64_t parts[] = { column->sent, column->failed, column->stopped };
		int below = 0, height = height_of(parts[part], top);

		for (int k = 0; k < part; k++)
			below += height_of(parts[k], top);
		if (height > 0)
			(void)fprintf(f, "M%" PRIu32 " %dh8v%dh-8z", 10 * i + 1, HEIGHT - below - height, height);
	}
	(void)fputs("\"/>\n", f);
}

static void
print_trips(const struct html_chart *chart, FILE *f)
{
	(void)fputs("<path class=\"trip\" d=\"", f);
	for (uint32_t i = 0; i < chart->count; i++)
		if (chart->columns[i].tripped)
			(void)fprintf(f, "M%" PRIu32 " 0h10v%dh-10z", 10 * i, HEIGHT);
	(void)fputs("\"/>\n", f);
}

/* Through hours without mail it goes on as it was. */
static void
print_limit(const struct html_chart *chart, FILE *f, uint64_t top)
{
	uint32_t limit = 0;

	(void)fputs("<path class=\"limit\" d=\"", f);
	for (uint32_t i = 0; i < chart->count; i++) {
		const struct html_chart_column *column = &chart->columns[i];

		if (column->hour != 0 && column->limit != limit) {
			limit = column->limit;
			if (limit > 0)
				(void)fprintf(f, "M%" PRIu32 " %d", 10 * i, HEIGHT - height_of(limit, top));
		}
		if (limit > 0)
			(void)fprintf(f, "H%" PRIu32, 10 * i + 10);
	}
	(void)fputs("\"/>\n", f);
}

/* --- text --- */

static void
print_time(FILE *f, uint32_t hour)
{
	const time_t t = (time_t)hour_start(hour);
	char text[40];
	struct tm tm;

	text[localtime_r(&t, &tm) == NULL ? 0 : strftime(text, sizeof text, "%m-%d %H:%M", &tm)] = '\0';
	(void)fputs(text, f);
}

/* What a pointing device shows of each column. */
static void
print_hints(const struct html_chart *chart, FILE *f)
{
	for (uint32_t i = 0; i < chart->count; i++) {
		const struct html_chart_column *column = &chart->columns[i];

		if (column->hour == 0)
			continue;
		(void)fprintf(f, "<rect x=\"%" PRIu32 "\" width=\"10\" height=\"%d\"><title>", 10 * i, HEIGHT);
		print_time(f, column->hour);
		(void)fprintf(f, ": %" PRIu64 " sent, %" PRIu64 " not, %" PRIu64 " stopped", column->sent,
		    column->failed, column->stopped);
		if (column->limit > 0)
			(void)fprintf(f, ", limit %" PRIu32, column->limit);
		(void)fprintf(f, "%s</title></rect>\n", column->tripped ? ", tripped" : "");
	}
}

static void
print_scale(FILE *f, uint64_t top)
{
	(void)fputs("<div class=\"y\"><span>", f);
	html_number(f, top);
	(void)fputs("</span><span>", f);
	html_number(f, top / 2);
	(void)fputs("</span><span>0</span></div>\n", f);
}

static void
print_times(const struct html_chart *chart, FILE *f)
{
	(void)fputs("<div class=\"x\"><span>", f);
	print_time(f, chart->span.from);
	(void)fputs("</span><span>", f);
	if (chart->step > 1)
		(void)fprintf(f, "each column: the busiest of %" PRIu32 " hours", chart->step);
	(void)fputs("</span><span>", f);
	print_time(f, chart->span.to);
	(void)fputs("</span></div></figure>\n", f);
}

void
html_chart_print(const struct html_chart *chart, FILE *f, const char *name)
{
	uint64_t top = top_of(chart);

	if (top == 0) {
		(void)fputs("<p class=\"dim\">Nothing was counted in these hours.</p>\n", f);
		return;
	}
	(void)fputs("<figure>\n", f);
	print_scale(f, top);
	(void)fprintf(f, "<svg viewBox=\"0 0 %" PRIu32 " %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
	    10 * chart->count, HEIGHT);
	html_text(f, name);
	(void)fprintf(f, ", hour by hour\">\n<path class=\"grid\" d=\"M0 0H%" PRIu32 "M0 %dH%" PRIu32 "M0 %dH%" PRIu32
	    "\"/>\n", 10 * chart->count, HEIGHT / 2, 10 * chart->count, HEIGHT, 10 * chart->count);
	print_trips(chart, f);
	for (int part = 0; part < 3; part++)
		print_part(chart, f, top, part);
	print_limit(chart, f, top);
	print_hints(chart, f);
	(void)fputs("</svg>\n", f);
	print_times(chart, f);
}
