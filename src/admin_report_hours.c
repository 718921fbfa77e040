/* admin_report_hours - the command report, hour by hour and day by day */
#include "admin_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "admin_counts.h"
#include "hour.h"
#include "summary.h"
#include "terminal.h"

#define BAR_LEAST 10
#define STATE_WIDTH 8 /* the longest of them, and a space */

/* One line: an hour, or a day. */
struct line {
	struct counters counters; /* `limits` and `tripped`: of its newest hour, of any */
	uint32_t first;           /* its first hour in the span */
};

struct hours {
	struct admin_history *history;
	const struct meter *meter; /* NULL: all mail */
	bool days, json;
	bool bars, narrow; /* a terminal has no room for all columns and a bar */
	struct line *lines;
	uint32_t *line_of; /* hour - span.from -> line */
	uint32_t count;
};

/* --- which hour belongs to which line --- */

static bool
same_day(uint32_t hour, uint32_t other)
{
	const time_t t = (time_t)hour_start(hour), u = (time_t)hour_start(other);
	struct tm a, b;

	return localtime_r(&t, &a) != NULL && localtime_r(&u, &b) != NULL && a.tm_yday == b.tm_yday &&
	    a.tm_year == b.tm_year;
}

static int
lay_out(struct hours *h)
{
	const struct timespan *span = &h->history->span;
	uint32_t n = span->to - span->from;

	h->lines = calloc(n, sizeof *h->lines);
	h->line_of = calloc(n, sizeof *h->line_of);
	if (h->lines == NULL || h->line_of == NULL)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || !h->days || !same_day(span->from + i - 1, span->from + i))
			h->lines[h->count++].first = span->from + i;
		h->line_of[i] = h->count - 1;
	}
	return 0;
}

void
admin_report_add_hour(struct counters *to, const struct store_row *row, bool all)
{
	const struct counters stopped = { .held = row->counters.held, .refused = row->counters.refused };

	if (all && row->meter.kind != METER_SERVER) {
		counters_add(to, &stopped);
		return;
	}
	counters_add(to, &row->counters);
	to->tripped = to->tripped || row->counters.tripped;
	to->limits = row->counters.limits;
}

static int
add_hour(void *context, const struct store_row *row)
{
	struct hours *h = context;

	admin_report_add_hour(&h->lines[h->line_of[row->hour - h->history->span.from]].counters, row,
	    h->meter == NULL);
	return 0;
}

static const char *
state_of(const struct counters *c)
{
	return c->tripped ? "tripped" : c->held > 0 || c->refused > 0 ? "stopped" : "-";
}

/* --- bars --- */

/* What a bar is drawn with. */
struct ink {
	const char *sent, *failed, *stopped, *limit;
};

static const struct ink *
choose_ink(void)
{
	static const struct ink ascii = { "#", "x", ".", "|" };
	static const struct ink unicode = { "\u2588", "\u2593", "\u2591", "\u2502" };

	return terminal_is_utf8() ? &unicode : &ascii;
}

struct scale {
	const struct ink *ink;
	uint64_t most; /* what the whole width stands for; 0: nothing to draw */
	int width;
};

/* What is there at all gets a column. */
static int
columns_of(const struct scale *s, uint64_t n)
{
	int columns = (int)((double)n / (double)s->most * s->width + 0.5);

	return columns == 0 && n > 0 ? 1 : columns;
}

/* Behind what was sent what has failed or was deferred, then what was stopped; the limit where it is. */
static void
draw_bar(const struct scale *s, const struct counters *c)
{
	uint64_t failed = counters_sum(summary_failures(c), c->unreached);
	uint64_t stopped = counters_sum(c->held, c->refused);
	int ends[3] = { columns_of(s, c->sent) };
	bool limited = c->limits.max_per_hour > 0 && !c->limits.exempt;
	int limit = limited ? columns_of(s, c->limits.max_per_hour) : -1, last;

	ends[1] = ends[0] + columns_of(s, failed);
	ends[2] = ends[1] + columns_of(s, stopped);
	last = limit >= ends[2] ? limit + 1 : ends[2];
	if (last > 0)
		(void)printf("%*s", STATE_WIDTH - (int)strlen(state_of(c)), "");
	for (int i = 0; i < last; i++)
		(void)fputs(i == limit ? s->ink->limit : i < ends[0] ? s->ink->sent :
			i < ends[1] ? s->ink->failed : i < ends[2] ? s->ink->stopped : " ", stdout);
}

static struct scale
scale_of(const struct hours *h, int used)
{
	struct scale s = { choose_ink(), 0, terminal_width() - used - 3 }; /* of rounding up, and the limit */

	if (s.width < BAR_LEAST)
		s.width = BAR_LEAST;
	for (uint32_t i = 0; i < h->count; i++) {
		const struct counters *c = &h->lines[i].counters;
		uint64_t tried = counters_sum(c->sent, counters_sum(summary_failures(c), c->unreached));
		uint64_t all = counters_sum(tried, counters_sum(c->held, c->refused));

		if (c->limits.max_per_hour > all && !c->limits.exempt)
			all = c->limits.max_per_hour;
		s.most = all > s.most ? all : s.most;
	}
	return s;
}

/* --- as text --- */

static void
print_start(const struct hours *h, uint32_t hour)
{
	const time_t t = (time_t)hour_start(hour);
	char text[ADMIN_TIME_MAX];
	struct tm tm;

	text[localtime_r(&t, &tm) == NULL ?
	    0 : strftime(text, sizeof text, h->days ? "%Y-%m-%d" : "%m-%d %H:%M", &tm)] = '\0';
	(void)printf("%-11s", text);
}

static bool
has_column(const struct hours *h, const struct admin_count *count)
{
	return count->heading != NULL && (!h->narrow || !count->spare);
}

static void
print_line(const struct hours *h, const struct counters *c)
{
	for (const struct admin_count *n = admin_counts; n < admin_counts + ADMIN_COUNTS; n++)
		if (has_column(h, n))
			(void)printf(" %*" PRIu64, n->hour_width, admin_count_of(n, c));
	(void)printf(" %4" PRIu64 "%% %s", summary_failure_percent(c), state_of(c));
}

/* Returns how many columns a line has. */
static int
print_columns(const struct hours *h)
{
	int used = printf("%-11s", h->days ? "DAY" : "HOUR");

	for (const struct admin_count *n = admin_counts; n < admin_counts + ADMIN_COUNTS; n++)
		if (has_column(h, n))
			used += printf(" %*s", n->hour_width, n->heading);
	used += printf(" %5s STATE", "FAIL%");
	(void)putchar('\n');
	return used + STATE_WIDTH - (int)strlen("STATE");
}

static void
print_legend(const struct scale *s)
{
	(void)printf("%s sent  %s failed, deferred, unreached  %s held, refused  %s max_per_hour\n",
	    s->ink->sent, s->ink->failed, s->ink->stopped, s->ink->limit);
}

static void
print_text(const struct hours *h)
{
	struct scale scale = { 0 };
	char title[ADMIN_TITLE_MAX];
	int used;

	admin_report_head(&h->history->span, admin_report_title(title, h->meter));
	used = print_columns(h);
	if (h->bars)
		scale = scale_of(h, used);
	for (uint32_t i = 0; i < h->count; i++) {
		print_start(h, h->lines[i].first);
		print_line(h, &h->lines[i].counters);
		if (scale.most > 0)
			draw_bar(&scale, &h->lines[i].counters);
		(void)putchar('\n');
	}
	if (scale.most > 0)
		print_legend(&scale);
}

/* --- as JSON --- */

static void
print_json(const struct hours *h)
{
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	for (uint32_t i = 0; i < h->count; i++) {
		uint32_t end = i + 1 < h->count ? h->lines[i + 1].first : h->history->span.to;
		const struct counters *c = &h->lines[i].counters;

		admin_json_open(&j, stdout);
		admin_json_string(&j, "kind", h->meter != NULL ? meter_kind_name(h->meter->kind) : "all");
		admin_json_string(&j, "name", h->meter != NULL ? admin_print_name(name, h->meter) : "");
		admin_json_string(&j, "since", admin_print_utc(time, hour_start(h->lines[i].first)));
		admin_json_string(&j, "until", admin_print_utc(time, hour_start(end)));
		admin_counts_json(&j, c);
		admin_json_number(&j, "failure_percent", summary_failure_percent(c));
		admin_json_bool(&j, "tripped", c->tripped);
		admin_counts_json_later(&j, c);
		admin_json_close(&j);
	}
}

int
admin_report_hours(struct admin_history *history, const struct meter *meter, bool days)
{
	struct hours h = { .history = history, .meter = meter, .days = days };
	int status;

	h.json = history->admin->option[ADMIN_JSON] != NULL;
	h.bars = meter != NULL && !days;
	h.narrow = h.bars && terminal_width() < ADMIN_REPORT_WIDE;
	if (lay_out(&h) == -1) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		status = EX_OSERR;
	} else if (meter != NULL) {
		status = admin_history_of(history, meter, add_hour, &h);
	} else {
		status = admin_history_all(history, add_hour, &h);
	}
	if (status == EX_OK && h.json)
		print_json(&h);
	else if (status == EX_OK)
		print_text(&h);
	free(h.lines);
	free(h.line_of);
	return status;
}
