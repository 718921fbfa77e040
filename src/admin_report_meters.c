/* admin_report_meters - the command report, meter by meter */
#include "admin_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hour.h"
#include "summary.h"

struct report {
	const struct admin_history *history;
	struct tally *tally;
	uint64_t limit;
	uint64_t held, refused; /* by whichever meter: one delivery is stopped by one */
};

/* --- who looks compromised --- */

/* Only who sends can be compromised; what all share says nothing of anybody. */
static enum summary_sign
sign_of(const struct report *r, const struct tally_row *row, struct summary_hour *why)
{
	if (row->length == 0 || (row->kind != METER_DOMAIN && row->kind != METER_USER))
		return SUMMARY_FINE;
	return summary_judge(&row->summary, r->history->span.to - r->history->span.from, why);
}

static struct report *sorting; /* qsort(3) passes nothing on */

static uint64_t
not_delivered(const struct counters *c)
{
	return counters_sum(summary_failures(c), counters_sum(c->held, c->refused));
}

/* Those that look compromised first; then by what did not go out; then by what did. */
static int
compare_rows(const void *a, const void *b)
{
	const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;
	const struct counters *c = &x->summary.sum, *d = &y->summary.sum;
	struct summary_hour why;
	const uint64_t keys[][2] = {
		{ sign_of(sorting, x, &why) != SUMMARY_FINE, sign_of(sorting, y, &why) != SUMMARY_FINE },
		{ not_delivered(c), not_delivered(d) },
		{ summary_wanted(c), summary_wanted(d) },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] > keys[i][1] ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
tally_hour(void *context, const struct store_row *row)
{
	struct report *r = context;
	struct tally_row *to = tally_of(r->tally, &row->meter);

	if (to == NULL)
		return -1;
	summary_add(&to->summary, row->hour, &row->counters);
	r->held = counters_sum(r->held, row->counters.held);
	r->refused = counters_sum(r->refused, row->counters.refused);
	return 0;
}

static void
print_why(enum summary_sign sign, const struct summary_hour *why)
{
	char time[ADMIN_TIME_MAX];

	(void)printf("LOOKS COMPROMISED: ");
	if (sign == SUMMARY_FAILURES)
		(void)printf("%" PRIu64 " of %" PRIu64 " failed or deferred", why->part, why->whole);
	else if (sign == SUMMARY_EXCESS)
		(void)printf("%" PRIu64 " wanted, %" PRIu64 " allowed", why->part, why->whole);
	else
		(void)printf("suddenly %" PRIu64 ", %" PRIu64 " failed or deferred", why->part, why->whole);
	(void)printf(" in the hour from %s", admin_print_time(time, hour_start(why->hour)));
}

static void
print_notes(const struct report *r, const struct tally_row *row)
{
	const struct summary *s = &row->summary;
	struct summary_hour why;
	enum summary_sign sign = sign_of(r, row, &why);
	const char *separator = "  ";

	if (sign != SUMMARY_FINE) {
		(void)fputs(separator, stdout);
		print_why(sign, &why);
		separator = "; ";
	}
	if (s->tripped_hours > 0) {
		(void)printf("%stripped in %" PRIu32 " hour%s", separator, s->tripped_hours,
		    s->tripped_hours == 1 ? "" : "s");
		separator = "; ";
	}
	if (s->held_hours > 0)
		(void)printf("%sstopped in %" PRIu32 " hour%s", separator, s->held_hours,
		    s->held_hours == 1 ? "" : "s");
}

static void
print_numbers(const struct counters *c)
{
	(void)printf(" %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %9" PRIu64, c->admitted, c->sent,
	    c->deferred, c->failed, c->unreached);
	(void)printf(" %7" PRIu64 " %7" PRIu64 " %4" PRIu64 "%%", c->held, c->refused,
	    summary_failure_percent(c));
}

const char *
admin_report_name(char *name, const struct tally_row *row)
{
	struct meter meter;

	tally_meter(row, &meter);
	if (meter.length > 0)
		return admin_print_name(name, &meter);
	return meter_kind_has_names(meter.kind) ? "(all others)" : "-";
}

int
admin_report_width(struct tally_row **rows, size_t count)
{
	char name[ADMIN_NAME_MAX];
	size_t width = 4;

	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(admin_report_name(name, rows[i]));

		width = n > width ? n : width;
	}
	return width > 60 ? 60 : (int)width;
}

/*
 * All mail once: what was tried as `server` has it, what was stopped by whoever stopped it. Takes the
 * server's row out, which would say the same, where no limit of its own has stopped anything.
 */
static struct counters
take_total(const struct report *r, struct tally_row **rows, size_t *count)
{
	struct counters total = { .admitted = 0 };
	size_t at = 0;

	while (at < *count && rows[at]->kind != METER_SERVER)
		at++;
	if (at < *count) {
		const struct summary *server = &rows[at]->summary;

		total = server->sum;
		if (server->held_hours == 0 && server->tripped_hours == 0) {
			--*count;
			memmove(rows + at, rows + at + 1, (*count - at) * sizeof(struct tally_row *));
		}
	}
	total.held = r->held;
	total.refused = r->refused;
	return total;
}

static void
print_text(const struct report *r, struct tally_row **rows, size_t count)
{
	int width;
	bool all = r->history->admin->names[0] == NULL;
	struct counters total;
	size_t shown;
	char name[ADMIN_NAME_MAX];

	admin_report_head(&r->history->span, all ? "all mail" : "the meters named");
	if (count == 0) {
		(void)puts("nothing was counted in these hours");
		return;
	}
	if (all)
		total = take_total(r, rows, &count);
	shown = r->limit > 0 && r->limit < count ? (size_t)r->limit : count;
	width = admin_report_width(rows, shown);
	(void)printf("%-11s %-*s %8s %8s %8s %7s %9s %7s %7s %5s  %s\n", "KIND", width, "NAME", "ADMITTED",
	    "SENT", "DEFERRED", "FAILED", "UNREACHED", "HELD", "REFUSED", "FAIL%", "NOTES");
	for (size_t i = 0; i < shown; i++) {
		(void)printf("%-11s %-*s", meter_kind_name(rows[i]->kind), width, admin_report_name(name, rows[i]));
		print_numbers(&rows[i]->summary.sum);
		print_notes(r, rows[i]);
		(void)putchar('\n');
	}
	if (shown < count)
		(void)printf("and %zu more\n", count - shown);
	if (!all)
		return;
	(void)printf("%-11s %-*s", "total", width, "-");
	print_numbers(&total);
	(void)putchar('\n');
}

static void
print_json_row(const struct report *r, const struct tally_row *row)
{
	const struct summary *s = &row->summary;
	struct summary_hour why;
	enum summary_sign sign = sign_of(r, row, &why);
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(row->kind));
	admin_json_string(&j, "name", row->length > 0 ? admin_report_name(name, row) : "");
	admin_json_string(&j, "since", admin_print_utc(time, hour_start(r->history->span.from)));
	admin_json_string(&j, "until", admin_print_utc(time, hour_start(r->history->span.to)));
	admin_report_numbers(&j, &s->sum);
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
	admin_json_close(&j);
}

static void
print_meters(struct report *r)
{
	bool json = r->history->admin->option[ADMIN_JSON] != NULL;
	struct tally_row **rows;
	size_t count;

	if (tally_is_full(r->tally))
		(void)fputs("qlimit: too many names for one report: those that came last are together in "
		    "one row of their kind, without a name; choose a shorter time\n", stderr);
	sorting = r;
	rows = tally_sort(r->tally, compare_rows, &count);
	if (!json)
		print_text(r, rows, count);
	for (size_t i = 0; json && i < count && (r->limit == 0 || i < r->limit); i++)
		print_json_row(r, rows[i]);
}

int
admin_report_meters(struct admin_history *history, uint64_t limit)
{
	struct report r = { .history = history, .limit = limit };
	int status;

	r.tally = tally_new(TALLY_BYTES_MAX);
	if (r.tally == NULL) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		return EX_OSERR;
	}
	status = admin_report_rows(history, tally_hour, &r);
	if (status == EX_OK)
		print_meters(&r);
	tally_free(r.tally);
	return status;
}
