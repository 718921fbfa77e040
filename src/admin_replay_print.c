/* admin_replay_print - the command replay: what it says */
#include "admin_replay.h"

#include <inttypes.h>
#include <stdio.h>

#include "hour.h"

#define BESIDE_NAMES 53 /* columns of the table, up to WORST */

/* --- as a table --- */

static void
print_sum(const char *which, uint64_t meters, const struct replay_sum *sum)
{
	(void)printf("%-14s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", which, meters,
	    sum->hours, sum->held, sum->refused, sum->tripped);
}

static void
print_head(const struct admin_replay *c)
{
	char from[ADMIN_TIME_MAX], to[ADMIN_TIME_MAX];
	bool all = c->history.admin->names[0] == NULL;

	(void)printf("Replay of %s, %s to %s (%" PRIu32 " hour%s), with %s\n",
	    all ? "all mail" : "the meters named", admin_print_time(from, hour_start(c->span.from)),
	    admin_print_time(to, hour_start(c->span.to)), c->span.to - c->span.from,
	    c->span.to - c->span.from == 1 ? "" : "s", c->history.admin->option[ADMIN_WITH]);
	if (c->meters == 0) {
		(void)puts("nothing was counted in these hours");
		return;
	}
	if (c->config->settings.observe)
		(void)puts("its mode is observe: it would only say what is told here, and stop nothing");
	(void)printf("%" PRIu64 " meter%s counted; of them stopped, each by its own limits alone:\n", c->meters,
	    c->meters == 1 ? "" : "s");
	(void)printf("%-14s %8s %8s %8s %8s %8s\n", "", "METERS", "HOURS", "HELD", "REFUSED", "TRIPPED");
	print_sum("by this file", c->stopped_now, &c->all.now);
	print_sum("as it was", c->stopped_then, &c->all.then);
	if (!replay_stops(&c->all))
		(void)puts("nothing would have been stopped");
	if (c->all.unknown > 0)
		(void)printf("not replayed, and not in the first line: %" PRIu32 " hour%s, added up over meters\n",
		    c->all.unknown, c->all.unknown == 1 ? "" : "s");
}

static void
print_worst(const struct replay_worst *w)
{
	char time[ADMIN_TIME_MAX];

	if (w->rule == RULE_NONE) {
		(void)putchar('-');
		return;
	}
	(void)fputs(admin_print_time(time, hour_start(w->hour)), stdout);
	if (w->rule == RULE_MAX_FAILURE_PERCENT)
		(void)printf(": %" PRIu64 " of %" PRIu64 " failures", w->count, w->limit);
	else
		(void)printf(": %" PRIu64 "/%" PRIu64 "%s", w->count, w->limit,
		    w->rule == RULE_MAX_PER_DAY ? " in 24 hours" : "");
}

static void
print_notes(const struct replay *r)
{
	if (r->then.held != r->now.held || r->then.refused != r->now.refused)
		(void)printf("; as it was: held %" PRIu64 ", refused %" PRIu64, r->then.held, r->then.refused);
	if (r->gone)
		(void)printf("; not replayed: would be foreign");
	else if (r->unknown > 0)
		(void)printf("; not replayed: %" PRIu32 " hour%s, messages are not deliveries", r->unknown,
		    r->unknown == 1 ? "" : "s");
}

void
admin_replay_text(const struct admin_replay *c, struct tally_row **rows, size_t count)
{
	size_t shown = c->limit > 0 && c->limit < count ? (size_t)c->limit : count;
	struct admin_column names;

	print_head(c);
	if (count == 0)
		return;
	admin_report_column(&names, rows, shown, BESIDE_NAMES);
	(void)printf("\n%-11s %-*s %6s %8s %8s %8s  %s\n", "KIND", names.width, "NAME", "HOURS", "HELD", "REFUSED",
	    "TRIPPED", "WORST");
	for (size_t i = 0; i < shown; i++) {
		const struct replay *r = &rows[i]->replay;

		(void)printf("%-11s ", meter_kind_name(rows[i]->kind));
		admin_report_print_name(&names, rows[i]);
		(void)printf(" %6" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  ", r->now.hours, r->now.held,
		    r->now.refused, r->now.tripped);
		print_worst(&r->worst);
		print_notes(r);
		(void)putchar('\n');
	}
	if (shown < count)
		(void)printf("and %zu more\n", count - shown);
}

/* --- as JSON --- */

static void
open_json(struct admin_json *j, const struct admin_replay *c, const char *kind, const char *name)
{
	char time[ADMIN_TIME_MAX];

	admin_json_open(j, stdout);
	admin_json_string(j, "kind", kind);
	admin_json_string(j, "name", name);
	admin_json_string(j, "since", admin_print_utc(time, hour_start(c->span.from)));
	admin_json_string(j, "until", admin_print_utc(time, hour_start(c->span.to)));
}

static void
add_json_sums(struct admin_json *j, const struct replay *r)
{
	admin_json_number(j, "stopped_hours", r->now.hours);
	admin_json_number(j, "held", r->now.held);
	admin_json_number(j, "refused", r->now.refused);
	admin_json_number(j, "tripped_hours", r->now.tripped);
	admin_json_number(j, "then_stopped_hours", r->then.hours);
	admin_json_number(j, "then_held", r->then.held);
	admin_json_number(j, "then_refused", r->then.refused);
	admin_json_number(j, "then_tripped_hours", r->then.tripped);
	admin_json_number(j, "hours", r->hours);
	admin_json_number(j, "not_replayed_hours", r->unknown);
}

static void
print_json_row(const struct admin_replay *c, const struct tally_row *row)
{
	const struct replay_worst *w = &row->replay.worst;
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	open_json(&j, c, meter_kind_name(row->kind), row->length > 0 ? admin_report_name(name, row) : "");
	add_json_sums(&j, &row->replay);
	admin_json_bool(&j, "would_be_foreign", row->replay.gone);
	if (w->rule != RULE_NONE) {
		admin_json_string(&j, "worst_hour", admin_print_utc(time, hour_start(w->hour)));
		admin_json_string(&j, "worst_rule", policy_rule_name(w->rule));
		admin_json_number(&j, "worst_count", w->count);
		admin_json_number(&j, "worst_limit", w->limit);
	}
	admin_json_close(&j);
}

void
admin_replay_json(const struct admin_replay *c, struct tally_row **rows, size_t count)
{
	struct admin_json j;

	open_json(&j, c, "total", "");
	add_json_sums(&j, &c->all);
	admin_json_number(&j, "meters", c->meters);
	admin_json_number(&j, "stopped_meters", c->stopped_now);
	admin_json_number(&j, "then_stopped_meters", c->stopped_then);
	admin_json_bool(&j, "observe", c->config->settings.observe);
	admin_json_close(&j);
	for (size_t i = 0; i < count && (c->limit == 0 || i < c->limit); i++)
		print_json_row(c, rows[i]);
}
