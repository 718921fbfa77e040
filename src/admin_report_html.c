/* admin_report_html - the command report as one page of HTML: no script, nothing to load */
#include "admin_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin_counts.h"
#include "admin_file.h"
#include "admin_report_style.h"
#include "admin_report_sums.h"
#include "hour.h"
#include "html.h"
#include "html_chart.h"

#define METERS_DEFAULT 100
#define CARDS_MAX 20 /* meters with a chart of their own */

struct page {
	struct admin_history *history;
	struct admin_report_sums sums;
	struct counters *hours;    /* of what is asked for, each hour of the span; NULL: of several names */
	struct counters total;     /* ... and of all of them */
	struct html_chart chart;
	size_t shown, cards;
	const struct tally_row *card_of[CARDS_MAX];
	struct html_chart card[CARDS_MAX];
};

/* --- what is to be shown --- */

static bool
is_all(const struct page *p)
{
	return p->history->admin->names[0] == NULL;
}

static int
take_row(void *context, const struct store_row *row)
{
	struct page *p = context;

	if (p->hours != NULL)
		admin_report_add_hour(&p->hours[row->hour - p->history->span.from], row, is_all(p));
	return admin_report_sums_add(&p->sums, row);
}

static int
take_card_row(void *context, const struct store_row *row)
{
	html_chart_add(context, row->hour, &row->counters);
	return 0;
}

/* Of all mail those that look compromised; where several were named, these. One has the page for itself. */
static bool
has_card(const struct page *p, const struct tally_row *row)
{
	struct summary_hour why;

	if (!is_all(p))
		return p->hours == NULL;
	return admin_report_sign(&p->sums, row, &why) != SUMMARY_FINE;
}

static int
read_cards(struct page *p)
{
	int status = EX_OK;

	for (size_t i = 0; status == EX_OK && i < p->shown && p->cards < CARDS_MAX; i++) {
		struct html_chart *chart = &p->card[p->cards];
		struct meter meter;

		if (!has_card(p, p->sums.rows[i]))
			continue;
		html_chart_init(chart, &p->history->span);
		tally_meter(p->sums.rows[i], &meter);
		status = admin_history_of(p->history, &meter, take_card_row, chart);
		p->card_of[p->cards++] = p->sums.rows[i];
	}
	return status;
}

static void
fill_chart(struct page *p)
{
	const struct timespan *span = &p->history->span;

	html_chart_init(&p->chart, span);
	for (uint32_t hour = span->from; p->hours != NULL && hour < span->to; hour++)
		html_chart_add(&p->chart, hour, &p->hours[hour - span->from]);
}

/* Everything, before the first byte is written. What was read into `sums` is to be freed if this is EX_OK. */
static int
read_all(struct page *p, uint64_t limit)
{
	int status = admin_report_sums_read(&p->sums, p->history, take_row, p);

	if (status != EX_OK)
		return status;
	fill_chart(p);
	if (is_all(p))
		p->total = admin_report_sums_total(&p->sums);
	else if (p->sums.count > 0)
		p->total = p->sums.rows[0]->summary.sum;
	p->shown = limit < p->sums.count ? (size_t)limit : p->sums.count;
	status = read_cards(p);
	if (status != EX_OK)
		tally_free(p->sums.tally);
	return status;
}

/* --- the page --- */

static void
print_head(const struct page *p, FILE *f, const char *title)
{
	const struct timespan *span = &p->history->span;
	char from[ADMIN_TIME_MAX], to[ADMIN_TIME_MAX], now[ADMIN_TIME_MAX];

	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>qlimit: ", f);
	html_text(f, title);
	(void)fputs("</title>\n<style>\n", f);
	admin_report_style_print(f);
	(void)fputs("</style></head>\n<body><main>\n<h1>Sent summary of ", f);
	html_text(f, title);
	(void)fprintf(f, "</h1>\n<p class=\"dim\">%s to %s (%" PRIu32 " hour%s); written %s</p>\n",
	    admin_print_time(from, hour_start(span->from)), admin_print_time(to, hour_start(span->to)),
	    span->to - span->from, span->to - span->from == 1 ? "" : "s",
	    admin_print_time(now, p->history->admin->now));
}

static void
print_totals(const struct page *p, FILE *f)
{
	(void)fputs("<dl>\n", f);
	for (size_t i = 0; i < ADMIN_COUNTS; i++) {
		if (admin_counts[i].heading == NULL)
			continue;
		(void)fprintf(f, "<div><dt>%s</dt><dd>", admin_counts[i].key);
		html_number(f, admin_count_of(&admin_counts[i], &p->total));
		(void)fputs("</dd></div>\n", f);
	}
	(void)fprintf(f, "<div><dt>failures</dt><dd>%" PRIu64 "%%</dd></div>\n</dl>\n",
	    summary_failure_percent(&p->total));
}

static void
print_notes(const struct page *p, FILE *f, const struct tally_row *row, bool mark)
{
	struct summary_hour why;
	enum summary_sign sign = admin_report_sign(&p->sums, row, &why);

	if (sign != SUMMARY_FINE) {
		(void)fputs(mark ? "<b>looks compromised</b>: " : "", f);
		admin_report_why(f, sign, &why);
	}
	admin_report_stops(f, &row->summary, sign != SUMMARY_FINE ? "; " : "");
}

static void
print_cards(const struct page *p, FILE *f)
{
	char title[ADMIN_TITLE_MAX];
	struct meter meter;

	(void)fputs(is_all(p) ? "<h2>Looks compromised</h2>\n" : "<h2>By hour</h2>\n", f);
	if (p->cards == 0)
		(void)fputs("<p>None looks compromised.</p>\n", f);
	(void)fputs("<div class=\"cards\">\n", f);
	for (size_t i = 0; i < p->cards; i++) {
		const struct tally_row *row = p->card_of[i];

		tally_meter(row, &meter);
		(void)fputs("<section><h3>", f);
		html_text(f, admin_report_title(title, &meter));
		(void)fputs("</h3>\n<p>", f);
		print_notes(p, f, row, !is_all(p)); /* else the heading says it */
		(void)fputs("</p>\n", f);
		html_chart_print(&p->card[i], f, title);
		(void)fputs("</section>\n", f);
	}
	(void)fputs("</div>\n", f);
}

/* --- its table --- */

static void
print_numbers(FILE *f, const struct counters *c)
{
	for (size_t i = 0; i < ADMIN_COUNTS; i++) {
		uint64_t n = admin_count_of(&admin_counts[i], c);

		if (admin_counts[i].heading == NULL)
			continue;
		(void)fputs(n == 0 ? "<td class=\"dim\">" : "<td>", f);
		html_number(f, n);
	}
	(void)fprintf(f, "<td>%" PRIu64 "%%", summary_failure_percent(c));
}

/* What was shown no more, all of a kind together: a user's mail is his domain's as well. */
static void
print_others(const struct page *p, FILE *f)
{
	for (unsigned kind = METER_SERVER; kind <= METER_OVERFLOW; kind++) {
		struct counters sum = { .admitted = 0 };
		uint64_t count = 0;

		for (size_t i = p->shown; i < p->sums.count; i++)
			if (p->sums.rows[i]->kind == kind) {
				counters_add(&sum, &p->sums.rows[i]->summary.sum);
				count++;
			}
		if (count == 0)
			continue;
		(void)fprintf(f, "<tr class=\"others\"><th>%s<th>", meter_kind_name(kind));
		html_number(f, count);
		(void)fputs(count == 1 ? " other" : " others", f);
		print_numbers(f, &sum);
		(void)fputs("<td></tr>\n", f);
	}
}

static void
print_table(const struct page *p, FILE *f)
{
	char name[ADMIN_NAME_MAX];
	struct summary_hour why;

	(void)fputs("<h2>Meters, worst first</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>kind<th>name", f);
	for (size_t i = 0; i < ADMIN_COUNTS; i++)
		if (admin_counts[i].heading != NULL)
			(void)fprintf(f, "<th>%s", admin_counts[i].key);
	(void)fputs("<th>failures<th>notes</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < p->shown; i++) {
		const struct tally_row *row = p->sums.rows[i];

		(void)fprintf(f, "<tr%s><th>%s<th>", admin_report_sign(&p->sums, row, &why) != SUMMARY_FINE ?
		    " class=\"bad\"" : "", meter_kind_name(row->kind));
		html_text(f, admin_report_name(name, row));
		print_numbers(f, &row->summary.sum);
		(void)fputs("<td>", f);
		print_notes(p, f, row, true);
		(void)fputs("</tr>\n", f);
	}
	print_others(p, f);
	(void)fputs("</tbody></table></div>\n", f);
}

static void
print_legend(FILE *f)
{
	(void)fputs("<p class=\"legend\"><span class=\"sent\">sent</span> <span class=\"failed\">failed, deferred, "
	    "unreached</span> <span class=\"stopped\">held, refused</span> <span class=\"limit\">max_per_hour</span> "
	    "<span class=\"trip\">tripped</span></p>\n", f);
}

static void
print_page(FILE *f, void *context)
{
	const struct page *p = context;
	char title[ADMIN_TITLE_MAX] = "the meters named";
	struct meter meter;

	if (!is_all(p))
		(void)meter_parse(&meter, p->history->admin->names[0]); /* seen to be one */
	if (p->hours != NULL)
		(void)admin_report_title(title, is_all(p) ? NULL : &meter);
	print_head(p, f, title);
	if (p->sums.count == 0 && p->total.admitted == 0) {
		(void)fputs("<p>Nothing was counted in these hours.</p>\n</main></body></html>\n", f);
		return;
	}
	if (p->hours != NULL) {
		print_totals(p, f);
		(void)fputs("<h2>By hour</h2>\n", f);
		html_chart_print(&p->chart, f, title);
		print_legend(f);
	}
	if (is_all(p) || p->hours == NULL)
		print_cards(p, f);
	print_table(p, f);
	(void)fputs("<p class=\"dim\">Deliveries: one message to one recipient. Failures: the share that failed or "
	    "was deferred. What these mean and when a meter looks compromised: qlimit(8).</p>\n"
	    "</main></body></html>\n", f);
}

int
admin_report_html(struct admin_history *history, uint64_t limit, const char *path)
{
	static struct page p;
	char *const *names = history->admin->names;
	int status;

	memset(&p, 0, sizeof p);
	p.history = history;
	if (names[0] == NULL || names[1] == NULL) {
		p.hours = calloc(history->span.to - history->span.from, sizeof *p.hours);
		if (p.hours == NULL) {
			(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
			return EX_OSERR;
		}
	}
	status = read_all(&p, limit > 0 ? limit : METERS_DEFAULT);
	if (status == EX_OK) {
		if (strcmp(path, "-") == 0)
			print_page(stdout, &p);
		else
			status = admin_file_write(path, print_page, &p);
		tally_free(p.sums.tally);
	}
	free(p.hours);
	return status;
}
