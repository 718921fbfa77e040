/* admin_show - the command show: this hour, meter by meter */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin_print.h"
#include "hour.h"
#include "payers.h"
#include "policy.h"
#include "standing.h"

static uint32_t warn_percent;

struct row {
	struct meter meter;
	struct counters counters;
};

struct table {
	struct row *rows;
	size_t count, room;
	uint32_t hour;
	struct rules_settings settings;
	uint32_t generation;
};

/* The counters with the limits in force, whose day may be another than when they were written. */
static int
add_row(struct table *t, struct store *s, const struct info *info, const struct meter *meter)
{
	struct row *row;

	if (t->count == t->room) {
		size_t room = t->room == 0 ? 64 : 2 * t->room;
		struct row *more = reallocarray(t->rows, room, sizeof *more);

		if (more == NULL)
			return -1;
		t->rows = more;
		t->room = room;
	}
	row = &t->rows[t->count++];
	row->meter = *meter;
	return payers_read(s, info, meter, &row->counters) == -1 ? -1 : 0;
}

static int
add_all(struct table *t, struct store *s, const struct info *info)
{
	struct store_row row = { .hour = 0 };
	int rc;

	while ((rc = store_counters_next(s, t->hour, t->hour + 1, &row)) == 1)
		if (add_row(t, s, info, &row.meter) == -1)
			return -1;
	return rc == -1 ? -1 : 0;
}

/* A meter that is asked for by name is shown even if it has counted nothing. */
static int
add_named(struct table *t, struct store *s, const struct info *info, char *const *names)
{
	struct meter meter;

	for (; *names != NULL; names++)
		if (meter_parse(&meter, *names) && add_row(t, s, info, &meter) == -1)
			return -1;
	return 0;
}

static uint64_t
business(const struct counters *c)
{
	return counters_sum(c->admitted, counters_sum(c->held, c->refused));
}

/* Busiest first; the server, which has it all, before everything else that is as busy. */
static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	uint64_t p = business(&x->counters), q = business(&y->counters);

	if (p != q)
		return p > q ? -1 : 1;
	if (x->meter.kind != y->meter.kind)
		return x->meter.kind < y->meter.kind ? -1 : 1;
	return strcmp(x->meter.name, y->meter.name);
}

/* --- as text --- */

static void
print_limit(uint64_t admitted, uint32_t max)
{
	if (max == 0)
		(void)printf(" %8s %5s", "-", "-");
	else
		(void)printf(" %8" PRIu32 " %4" PRIu64 "%%", max, admitted * 100 / max);
}

/* When a day has room again depends on when its hours were busy. */
static bool
day_is_used_up(const struct counters *c)
{
	return c->limits.max_per_day > 0 && policy_day(c) >= c->limits.max_per_day;
}

static void
print_state(const struct row *row, int64_t until, bool observe)
{
	const struct counters *c = &row->counters;
	enum standing standing = standing_of(&c->limits, c, warn_percent);
	char clock[ADMIN_TIME_MAX];

	if (c->limits.exempt) {
		(void)puts("exempt");
		return;
	}
	(void)printf("%s%s", observe && standing >= STANDING_HELD ? "would be " : "",
	    standing_name(standing));
	if (standing == STANDING_HELD && day_is_used_up(c))
		(void)printf(", %" PRIu64 "/%" PRIu32 " in 24 hours", policy_day(c), c->limits.max_per_day);
	else if (standing == STANDING_HELD || standing == STANDING_TRIPPED)
		(void)printf(" until %s", admin_print_clock(clock, until));
	(void)putchar('\n');
}

static void
print_row(const struct row *row, int kind_width, int width, int64_t until, bool observe)
{
	const struct counters *c = &row->counters;
	char name[ADMIN_NAME_MAX];

	(void)printf("%-*s %-*s %8" PRIu64, kind_width, meter_kind_name(row->meter.kind), width,
	    row->meter.length == 0 ? "-" : admin_print_name(name, &row->meter), c->admitted);
	print_limit(c->admitted, c->limits.max_per_hour);
	(void)printf(" %7" PRIu64 " %8" PRIu64 " %7" PRIu64 " %9" PRIu64 " %7" PRIu64 " %7" PRIu64,
	    c->sent, c->deferred, c->failed, c->unreached, c->held, c->refused);
	(void)printf(" %4" PRIu64 "%%  ", policy_failure_percent(&c->limits, c));
	print_state(row, until, observe);
}

static int
kind_width(const struct table *t)
{
	int width = 7;

	for (size_t i = 0; i < t->count; i++) {
		int n = (int)strlen(meter_kind_name(t->rows[i].meter.kind));

		width = n > width ? n : width;
	}
	return width;
}

static int
name_width(const struct table *t)
{
	size_t width = 4;
	char name[ADMIN_NAME_MAX];

	for (size_t i = 0; i < t->count; i++) {
		size_t n = strlen(admin_print_name(name, &t->rows[i].meter));

		if (n > width)
			width = n;
	}
	return width > 60 ? 60 : (int)width;
}

static void
print_text(const struct table *t)
{
	char from[ADMIN_TIME_MAX], to[ADMIN_TIME_MAX];
	int kinds = kind_width(t), width = name_width(t);
	int64_t until = hour_start(t->hour) + 3600;

	(void)printf("Hour %s to %s", admin_print_time(from, hour_start(t->hour)),
	    admin_print_clock(to, until));
	if (t->generation == 0)
		(void)printf("; no rules loaded: nothing is limited");
	else if (t->settings.observe)
		(void)printf("; mode observe: nothing is stopped");
	(void)puts("");
	if (t->count == 0) {
		(void)puts("no mail in this hour yet");
		return;
	}
	(void)printf("%-*s %-*s %8s %8s %5s %7s %8s %7s %9s %7s %7s %5s  %s\n", kinds, "KIND", width,
	    "NAME", "ADMITTED", "LIMIT", "USED", "SENT", "DEFERRED", "FAILED", "UNREACHED",
	    "HELD", "REFUSED", "FAIL%", "STATE");
	for (size_t i = 0; i < t->count; i++)
		print_row(&t->rows[i], kinds, width, until, t->settings.observe);
}

/* --- as JSON --- */

/* What only some meters have. */
static void
add_json_limits(struct admin_json *j, const struct counters *c)
{
	if (c->limits.max_per_day > 0) {
		admin_json_number(j, "admitted_in_day", policy_day(c));
		admin_json_number(j, "max_per_day", c->limits.max_per_day);
	}
	if (c->limits.count_messages)
		admin_json_string(j, "count", "messages");
	if (c->limits.exempt)
		admin_json_bool(j, "exempt", true);
}

static void
print_json_row(const struct row *row, uint32_t hour, bool observe)
{
	const struct counters *c = &row->counters;
	enum standing standing = standing_of(&c->limits, c, warn_percent);
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(row->meter.kind));
	admin_json_string(&j, "name", admin_print_name(name, &row->meter));
	admin_json_string(&j, "hour", admin_print_utc(time, hour_start(hour)));
	admin_json_number(&j, "admitted", c->admitted);
	admin_json_number(&j, "sent", c->sent);
	admin_json_number(&j, "deferred", c->deferred);
	admin_json_number(&j, "failed", c->failed);
	admin_json_number(&j, "unreached", c->unreached);
	admin_json_number(&j, "held", c->held);
	admin_json_number(&j, "refused", c->refused);
	admin_json_number(&j, "discarded", c->discarded);
	admin_json_number(&j, "bytes", c->bytes);
	admin_json_number(&j, "max_per_hour", row->counters.limits.max_per_hour);
	admin_json_string(&j, "state", standing_name(standing));
	admin_json_string(&j, "mode", observe ? "observe" : "enforce");
	if ((standing == STANDING_HELD && !day_is_used_up(c)) || standing == STANDING_TRIPPED)
		admin_json_string(&j, "until", admin_print_utc(time, hour_start(hour) + 3600));
	add_json_limits(&j, c);
	admin_json_close(&j);
}

static void
print_table(struct table *t, bool json)
{
	if (t->count > 0)
		qsort(t->rows, t->count, sizeof *t->rows, compare_rows);
	if (!json)
		print_text(t);
	for (size_t i = 0; json && i < t->count; i++)
		print_json_row(&t->rows[i], t->hour, t->settings.observe);
}

static int
failed(struct store *s, struct table *t)
{
	int saved = errno;

	free(t->rows);
	errno = saved;
	return admin_store_failed(s);
}

int
admin_show(struct admin *a)
{
	struct table t = { .rows = NULL };
	struct info info;
	struct meter meter;
	struct store *s;
	int status, rc;

	for (char *const *name = a->names; *name != NULL; name++)
		if (!admin_meter(&meter, *name))
			return EX_USAGE;
	s = admin_open_live(a, &info, &status);
	if (s == NULL)
		return status;
	warn_percent = a->essentials.warn_percent;
	t.hour = hour_to_count_in(a->now, info.hour);
	/* As the next delivery will find it: what is closed by then is in the live store still. */
	info.tidy_wanted = info.tidy_wanted || t.hour != info.hour;
	info.hour = t.hour;
	t.generation = info.generation;
	t.settings = info.settings;
	rc = a->names[0] != NULL ? add_named(&t, s, &info, a->names) : add_all(&t, s, &info);
	if (rc == -1)
		return failed(s, &t);
	/* The copy is complete: deliveries need not wait for a slow terminal. */
	store_rollback(s);
	store_close(s);
	print_table(&t, a->option[ADMIN_JSON] != NULL);
	free(t.rows);
	return EX_OK;
}
