/* admin_report - the command report: what was sent, failed and stopped in past hours */
#include "admin_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_counts.h"
#include "admin_meter.h"
#include "hour.h"

enum by { BY_METER, BY_HOUR, BY_DAY };

struct report {
	struct admin_history history;
	enum by by;
	uint64_t limit; /* rows at most; 0: all */
	bool json;
	const char *html; /* where to, or NULL */
};

const char *
admin_report_title(char *out, const struct meter *meter)
{
	char name[ADMIN_NAME_MAX];

	if (meter == NULL)
		(void)snprintf(out, ADMIN_TITLE_MAX, "all mail");
	else
		(void)snprintf(out, ADMIN_TITLE_MAX, "%s%s%s", meter_kind_name(meter->kind),
		    meter->length > 0 ? " " : "", admin_print_name(name, meter));
	return out;
}

void
admin_report_head(const struct timespan *span, const char *what)
{
	char from[ADMIN_TIME_MAX], to[ADMIN_TIME_MAX];
	uint32_t hours = span->to - span->from;

	(void)printf("Sent summary of %s, %s to %s (%" PRIu32 " hour%s)\n", what,
	    admin_print_time(from, hour_start(span->from)), admin_print_time(to, hour_start(span->to)), hours,
	    hours == 1 ? "" : "s");
}

int
admin_report_rows(struct admin_history *h, admin_history_told *told, void *context)
{
	char *const *names = h->admin->names;
	struct meter meter;
	int status = EX_OK;

	if (*names == NULL)
		return admin_history_all(h, told, context);
	for (; status == EX_OK && *names != NULL; names++) {
		(void)meter_parse(&meter, *names); /* parse_words() has seen that it is one */
		status = admin_history_of(h, &meter, told, context);
	}
	return status;
}

/* --- the archive: rows as they are --- */

static int
print_record(void *context, const struct store_row *row)
{
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	(void)context;
	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(row->meter.kind));
	admin_json_string(&j, "name", admin_print_name(name, &row->meter));
	admin_json_string(&j, "hour", admin_print_utc(time, hour_start(row->hour)));
	admin_counts_json(&j, &row->counters);
	admin_json_number(&j, "admitted_before", row->counters.before);
	admin_json_bool(&j, "tripped", row->counters.tripped);
	admin_json_limits(&j, &row->counters.limits);
	admin_counts_json_later(&j, &row->counters);
	admin_json_close(&j);
	return 0;
}

/* --- the command --- */

static int
misuse(const char *option, const char *word, const char *what)
{
	(void)fprintf(stderr, "qlimit: %s \"%.40s\" %s\n", option, word, what);
	return EX_USAGE;
}

static int
parse_by(struct report *r, const char *word)
{
	static const char *const words[] = { [BY_METER] = "meter", [BY_HOUR] = "hour", [BY_DAY] = "day" };

	for (int i = BY_METER; i <= BY_DAY; i++)
		if (word == NULL || strcmp(word, words[i]) == 0) {
			r->by = (enum by)i;
			return EX_OK;
		}
	return misuse("--by", word, "is nothing to go by: write meter, hour or day");
}

/* What can be judged before anything is opened. */
static int
parse_words(struct report *r, const struct admin *a)
{
	int status = parse_by(r, a->option[ADMIN_BY]);

	r->json = a->option[ADMIN_JSON] != NULL;
	r->html = a->option[ADMIN_HTML];
	if (status == EX_OK && !admin_limit(a, 1, UINT32_MAX, &r->limit))
		status = EX_USAGE;
	if (status == EX_OK && r->html != NULL && (r->json || a->option[ADMIN_BY] != NULL))
		return misuse("--html", r->html, "shows meters and hours, to be read: without --by and --json");
	if (status == EX_OK && r->limit > 0 && r->by != BY_METER)
		return misuse("--limit", a->option[ADMIN_LIMIT], "is for meters, not for hours and days");
	if (status == EX_OK && !admin_meter_names(a))
		status = EX_USAGE;
	if (status == EX_OK && a->names[0] != NULL && a->names[1] != NULL && r->by != BY_METER &&
	    (r->by == BY_DAY || !r->json))
		return misuse("--by", a->option[ADMIN_BY], "takes one NAME, or none: all mail");
	return status;
}

/* Once before anything is opened, for mistakes; and once more when it is known which hour is counted in. */
static int
parse_span(struct report *r, const struct admin *a, uint32_t running)
{
	const char *since = a->option[ADMIN_SINCE], *until = a->option[ADMIN_UNTIL], *wrong;
	const char *why = timespan_parse(&r->history.span, since, until, running, &wrong);

	if (why == NULL)
		return EX_OK;
	return misuse(wrong == until ? "--until" : "--since", wrong, why);
}

/* A report that begins anew would say that nothing was sent before. */
static void
warn_of_lost_hours(const struct admin *a)
{
	char path[PLACE_PATH_MAX + 1];

	if (place_join(path, a->place.state, "ledger.mdb.damaged") == 0 && access(path, F_OK) == 0)
		(void)fputs("qlimit: a damaged ledger was set aside as ledger.mdb.damaged; what only that had is not in "
		    "this report\n", stderr);
}

static int
report_span(struct report *r)
{
	struct meter meter;
	const char *name = r->history.admin->names[0];

	if (r->html != NULL)
		return admin_report_html(&r->history, r->limit, r->html);
	if (r->by == BY_METER)
		return admin_report_meters(&r->history, r->limit);
	if (r->json && r->by == BY_HOUR)
		return admin_report_rows(&r->history, print_record, NULL);
	if (name != NULL)
		(void)meter_parse(&meter, name); /* as above */
	return admin_report_hours(&r->history, name != NULL ? &meter : NULL, r->by == BY_DAY);
}

int
admin_report(struct admin *a)
{
	static struct report r;
	int status;

	memset(&r, 0, sizeof r);
	status = parse_words(&r, a);
	if (status == EX_OK)
		status = parse_span(&r, a, hour_of(a->now) + HOUR_STEP_BACK_MAX);
	if (status == EX_OK)
		status = admin_enter(a, false);
	if (status == EX_OK)
		status = admin_history_open(&r.history, a, true);
	if (status != EX_OK)
		return status;
	warn_of_lost_hours(a);
	/* The hour that is counted in need not be the clock's. */
	status = parse_span(&r, a, r.history.running);
	if (status == EX_OK)
		status = report_span(&r);
	admin_history_close(&r.history);
	return status;
}
