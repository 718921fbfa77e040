/* admin_report_sums - the parts of a report that are about meters: sums, worst first, and what is said of them */
#include "admin_report_sums.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "admin_print.h"
#include "hour.h"

/* --- which comes first --- */

enum summary_sign
admin_report_sign(const struct admin_report_sums *s, const struct tally_row *row, struct summary_hour *why)
{
	if (row->length == 0 || (row->kind != METER_DOMAIN && row->kind != METER_USER))
		return SUMMARY_FINE;
	return summary_judge(&row->summary, s->history->span.to - s->history->span.from, why);
}

static const struct admin_report_sums *sorting; /* qsort(3) passes nothing on */

static bool
looks_compromised(const struct tally_row *row)
{
	struct summary_hour why;

	return admin_report_sign(sorting, row, &why) != SUMMARY_FINE;
}

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
	const uint64_t keys[][2] = {
		{ looks_compromised(x), looks_compromised(y) },
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

/* --- reading --- */

int
admin_report_sums_add(void *context, const struct store_row *row)
{
	struct admin_report_sums *s = context;
	struct tally_row *to = tally_of(s->tally, &row->meter);

	if (to == NULL)
		return -1;
	summary_add(&to->summary, row->hour, &row->counters);
	s->held = counters_sum(s->held, row->counters.held);
	s->refused = counters_sum(s->refused, row->counters.refused);
	return 0;
}

int
admin_report_sums_read(struct admin_report_sums *s, struct admin_history *history, admin_history_told *told,
    void *context)
{
	int status;

	memset(s, 0, sizeof *s);
	s->history = history;
	s->tally = tally_new(TALLY_BYTES_MAX);
	if (s->tally == NULL) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		return EX_OSERR;
	}
	status = admin_report_rows(history, told, context);
	if (status != EX_OK) {
		tally_free(s->tally);
		return status;
	}
	if (tally_is_full(s->tally))
		(void)fputs("qlimit: too many names for one report: those that came last are together in "
		    "one row of their kind, without a name; choose a shorter time\n", stderr);
	sorting = s;
	s->rows = tally_sort(s->tally, compare_rows, &s->count);
	return EX_OK;
}

struct counters
admin_report_sums_total(struct admin_report_sums *s)
{
	struct counters total = { .admitted = 0 };
	size_t at = 0;

	while (at < s->count && s->rows[at]->kind != METER_SERVER)
		at++;
	if (at < s->count) {
		const struct summary *server = &s->rows[at]->summary;

		total = server->sum;
		if (server->held_hours == 0 && server->tripped_hours == 0) {
			s->count--;
			memmove(s->rows + at, s->rows + at + 1, (s->count - at) * sizeof(struct tally_row *));
		}
	}
	total.held = s->held;
	total.refused = s->refused;
	return total;
}

/* --- what is said of them --- */

const char *
admin_report_name(char *name, const struct tally_row *row)
{
	struct meter meter;

	tally_meter(row, &meter);
	if (meter.length > 0)
		return admin_print_name(name, &meter);
	return meter_kind_has_names(meter.kind) ? "(all others)" : "-";
}

void
admin_report_why(FILE *f, enum summary_sign sign, const struct summary_hour *why)
{
	char time[ADMIN_TIME_MAX];

	if (sign == SUMMARY_FAILURES)
		(void)fprintf(f, "%" PRIu64 " of %" PRIu64 " failed or deferred", why->part, why->whole);
	else if (sign == SUMMARY_EXCESS)
		(void)fprintf(f, "%" PRIu64 " wanted, %" PRIu64 " allowed", why->part, why->whole);
	else
		(void)fprintf(f, "suddenly %" PRIu64 ", %" PRIu64 " failed or deferred", why->part, why->whole);
	(void)fprintf(f, " in the hour from %s", admin_print_time(time, hour_start(why->hour)));
}

void
admin_report_stops(FILE *f, const struct summary *s, const char *separator)
{
	if (s->tripped_hours > 0) {
		(void)fprintf(f, "%stripped in %" PRIu32 " hour%s", separator, s->tripped_hours,
		    s->tripped_hours == 1 ? "" : "s");
		separator = "; ";
	}
	if (s->held_hours > 0) {
		(void)fprintf(f, "%sstopped in %" PRIu32 " hour%s", separator, s->held_hours,
		    s->held_hours == 1 ? "" : "s");
		separator = "; ";
	}
	if (s->sum.discarded > 0) {
		(void)fprintf(f, "%s%" PRIu64 " discarded by order", separator, s->sum.discarded);
		separator = "; ";
	}
	if (s->sum.returned > 0)
		(void)fprintf(f, "%s%" PRIu64 " returned", separator, s->sum.returned);
}
