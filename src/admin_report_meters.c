/* admin_report_meters - the command report, meter by meter */
#include "admin_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "admin_counts.h"
#include "admin_report_sums.h"
#include "admin_show.h"
#include "hour.h"
#include "terminal.h"

struct table {
	struct admin_column names;
	bool narrow;
};

/* On a terminal they have a line of their own: beside the figures there is no room. */
static void
print_notes(const struct table *t, const struct admin_report_sums *s, const struct tally_row *row)
{
	const char *start = t->names.screen ? "\n    " : "  ";
	struct summary_hour why;
	enum summary_sign sign = admin_report_sign(s, row, &why);

	if (sign != SUMMARY_FINE) {
		(void)printf("%sLOOKS COMPROMISED: ", start);
		admin_report_why(stdout, sign, &why);
	}
	admin_report_stops(stdout, &row->summary, sign != SUMMARY_FINE ? "; " : start);
}

static bool
has_column(const struct table *t, const struct admin_count *count)
{
	return count->heading != NULL && (!t->narrow || !count->spare);
}

static void
lay_out(struct table *t, struct tally_row **rows, size_t count)
{
	int others = (int)strlen("destination ") + (int)strlen(" FAIL%");

	t->narrow = terminal_is_there() && terminal_width() < ADMIN_REPORT_WIDE;
	for (size_t i = 0; i < ADMIN_COUNTS; i++)
		if (has_column(t, &admin_counts[i]))
			others += 1 + admin_counts[i].width;
	admin_report_column(&t->names, rows, count, others);
}

static void
print_columns(const struct table *t)
{
	(void)printf("%-11s %-*s", "KIND", t->names.width, "NAME");
	for (size_t i = 0; i < ADMIN_COUNTS; i++)
		if (has_column(t, &admin_counts[i]))
			(void)printf(" %*s", admin_counts[i].width, admin_counts[i].heading);
	(void)printf(" %5s%s\n", "FAIL%", t->names.screen ? "" : "  NOTES");
}

static void
print_numbers(const struct table *t, const struct counters *c)
{
	for (size_t i = 0; i < ADMIN_COUNTS; i++)
		if (has_column(t, &admin_counts[i]))
			(void)printf(" %*" PRIu64, admin_counts[i].width, admin_count_of(&admin_counts[i], c));
	(void)printf(" %4" PRIu64 "%%", summary_failure_percent(c));
}

void
admin_report_column(struct admin_column *c, struct tally_row **rows, size_t count, int others)
{
	char name[ADMIN_NAME_MAX];
	size_t width = 4;

	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(admin_report_name(name, rows[i]));

		width = n > width ? n : width;
	}
	admin_column_fit(c, width, others);
}

void
admin_report_print_name(const struct admin_column *c, const struct tally_row *row)
{
	char whole[ADMIN_NAME_MAX], name[SHOW_CELL_MAX];

	(void)snprintf(name, sizeof name, "%s", admin_report_name(whole, row));
	admin_column_print(c, name, row->kind);
}

static void
print_row(const struct table *t, const struct admin_report_sums *s, const struct tally_row *row)
{
	(void)printf("%-11s ", meter_kind_name(row->kind));
	admin_report_print_name(&t->names, row);
	print_numbers(t, &row->summary.sum);
	print_notes(t, s, row);
	(void)putchar('\n');
}

static void
print_text(struct admin_report_sums *s, uint64_t limit)
{
	bool all = s->history->admin->names[0] == NULL;
	struct counters total;
	struct table t;
	size_t shown;

	admin_report_head(&s->history->span, all ? "all mail" : "the meters named");
	if (s->count == 0) {
		(void)puts("nothing was counted in these hours");
		return;
	}
	if (all)
		total = admin_report_sums_total(s);
	shown = limit > 0 && limit < s->count ? (size_t)limit : s->count;
	lay_out(&t, s->rows, shown);
	print_columns(&t);
	for (size_t i = 0; i < shown; i++)
		print_row(&t, s, s->rows[i]);
	if (shown < s->count)
		(void)printf("and %zu more\n", s->count - shown);
	if (!all)
		return;
	(void)printf("%-11s %-*s", "total", t.names.width, "-");
	print_numbers(&t, &total);
	(void)putchar('\n');
}

static void
print_json_row(const struct admin_report_sums *sums, const struct tally_row *row)
{
	const struct summary *s = &row->summary;
	struct summary_hour why;
	enum summary_sign sign = admin_report_sign(sums, row, &why);
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(row->kind));
	admin_json_string(&j, "name", row->length > 0 ? admin_report_name(name, row) : "");
	admin_json_string(&j, "since", admin_print_utc(time, hour_start(sums->history->span.from)));
	admin_json_string(&j, "until", admin_print_utc(time, hour_start(sums->history->span.to)));
	admin_counts_json(&j, &s->sum);
	admin_json_number(&j, "failure_percent", summary_failure_percent(&s->sum));
	admin_json_number(&j, "hours", s->hours);
	admin_json_number(&j, "stopped_hours", s->held_hours);
	admin_json_number(&j, "tripped_hours", s->tripped_hours);
	admin_json_number(&j, "max_per_hour", s->sum.limits.max_per_hour);
	admin_json_string(&j, "looks", sign == SUMMARY_FINE ? "fine" : "compromised");
	if (sign != SUMMARY_FINE) {
		admin_json_string(&j, "sign", summary_sign_name(sign));
		admin_json_string(&j, "sign_hour", admin_print_utc(time, hour_start(why.hour)));
	}
	admin_counts_json_later(&j, &s->sum);
	admin_json_close(&j);
}

int
admin_report_meters(struct admin_history *history, uint64_t limit)
{
	struct admin_report_sums sums;
	int status = admin_report_sums_read(&sums, history, admin_report_sums_add, &sums);

	if (status != EX_OK)
		return status;
	if (history->admin->option[ADMIN_JSON] == NULL)
		print_text(&sums, limit);
	else
		for (size_t i = 0; i < sums.count && (limit == 0 || i < limit); i++)
			print_json_row(&sums, sums.rows[i]);
	tally_free(sums.tally);
	return EX_OK;
}
