/* admin_metrics - the command metrics: this hour as OpenMetrics text */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin_counts.h"
#include "admin_file.h"
#include "admin_history.h"
#include "admin_mail_path.h"
#include "admin_print.h"
#include "admin_status.h"
#include "hour.h"
#include "policy.h"
#include "standing.h"
#include "summary.h"

#define TOP_DEFAULT 50
#define TOP_MAX 1000 /* label values are dear in Prometheus, and senders choose them */
#define KINDS (METER_OVERFLOW + 1)

/* The name of what is left of a kind. No meter's: a space in one is escaped. */
#define OTHERS "all others"

struct metrics {
	FILE *out;
	struct mail_path path;
	bool path_is_bad;
	struct admin_status status;
	struct admin_history history;
	uint64_t top;
	struct store_row *rows; /* first the kinds without names, then the busiest, at most `top` of these */
	size_t count, named;
	struct counters others[KINDS];
	uint64_t meters[KINDS], left[KINDS]; /* how many there are; how many are in `others` */
};

/* --- which meters --- */

static void
leave_out(struct metrics *m, const struct store_row *row)
{
	counters_add(&m->others[row->meter.kind], &row->counters);
	m->left[row->meter.kind]++;
}

/* The least busy of those with a name, of which there is one. */
static struct store_row *
least_of(const struct metrics *m)
{
	struct store_row *least = NULL;

	for (size_t i = 0; i < m->count; i++) {
		struct store_row *row = &m->rows[i];

		if (row->meter.length > 0 &&
		    (least == NULL || summary_wanted(&row->counters) < summary_wanted(&least->counters)))
			least = row;
	}
	return least;
}

static int
take_row(void *context, const struct store_row *row)
{
	struct metrics *m = context;
	struct store_row *least;

	if (row->meter.kind >= KINDS)
		return 0;
	m->meters[row->meter.kind]++;
	if (row->meter.length == 0 || m->named < m->top) {
		m->named += row->meter.length > 0;
		m->rows[m->count++] = *row;
		return 0;
	}
	least = least_of(m);
	if (summary_wanted(&row->counters) <= summary_wanted(&least->counters)) {
		leave_out(m, row);
	} else {
		leave_out(m, least);
		*least = *row;
	}
	return 0;
}

/* Busiest first, so that a scrape is like the one before it. */
static int
compare_rows(const void *a, const void *b)
{
	const struct store_row *x = a, *y = b;
	uint64_t p = summary_wanted(&x->counters), q = summary_wanted(&y->counters);

	if (x->meter.kind != y->meter.kind)
		return x->meter.kind < y->meter.kind ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	return strcmp(x->meter.name, y->meter.name);
}

/* --- the text --- */

/*
 * Gauges only, no timestamps, and neither quotes nor backslashes in the help: so that it is in order as
 * OpenMetrics and as the older format of Prometheus, which node_exporter reads.
 */
static void
family(const struct metrics *m, const char *name, const char *unit, const char *help)
{
	(void)fprintf(m->out, "# TYPE qlimit_%s gauge\n", name);
	if (unit != NULL)
		(void)fprintf(m->out, "# UNIT qlimit_%s %s\n", name, unit);
	(void)fprintf(m->out, "# HELP qlimit_%s %s\n", name, help);
}

/* Of a printable name: there are no quotes in one. */
static void
label_value(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		(void)fprintf(f, *s == '\\' ? "\\%c" : "%c", *s);
}

static void
sample(const struct metrics *m, const char *metric, unsigned kind, const char *name)
{
	(void)fprintf(m->out, "qlimit_%s{kind=\"%s\",name=\"", metric, meter_kind_name(kind));
	label_value(m->out, name);
	(void)fputs("\"} ", m->out);
}

static void
print_counts(const struct metrics *m, const struct admin_count *count)
{
	char name[ADMIN_NAME_MAX];

	for (size_t i = 0; i < m->count; i++) {
		sample(m, count->metric, m->rows[i].meter.kind, admin_print_name(name, &m->rows[i].meter));
		(void)fprintf(m->out, "%" PRIu64 "\n", admin_count_of(count, &m->rows[i].counters));
	}
	for (unsigned kind = 0; kind < KINDS; kind++)
		if (m->left[kind] > 0) {
			sample(m, count->metric, kind, OTHERS);
			(void)fprintf(m->out, "%" PRIu64 "\n", admin_count_of(count, &m->others[kind]));
		}
}

static void
print_counters(const struct metrics *m)
{
	for (size_t i = 0; i < ADMIN_COUNTS; i++) {
		family(m, admin_counts[i].metric, admin_counts[i].unit, admin_counts[i].help);
		print_counts(m, &admin_counts[i]);
	}
}

typedef uint64_t value_of(const struct counters *c);

static uint64_t
limit_per_hour(const struct counters *c)
{
	return c->limits.max_per_hour;
}

static uint64_t
limit_per_day(const struct counters *c)
{
	return c->limits.max_per_day;
}

static uint32_t warn_percent;

static uint64_t
state_of(const struct counters *c)
{
	return (uint64_t)standing_of(&c->limits, c, warn_percent);
}

/* What belongs to one meter and has no sum. Limits that do not exist are left out. */
static void
print_each(const struct metrics *m, const char *metric, value_of *value, bool zero)
{
	char name[ADMIN_NAME_MAX];

	for (size_t i = 0; i < m->count; i++) {
		uint64_t n = value(&m->rows[i].counters);

		if (n == 0 && !zero)
			continue;
		sample(m, metric, m->rows[i].meter.kind, admin_print_name(name, &m->rows[i].meter));
		(void)fprintf(m->out, "%" PRIu64 "\n", n);
	}
}

static void
print_meters(const struct metrics *m)
{
	family(m, "max_per_hour", NULL, "The limit, where there is one.");
	print_each(m, "max_per_hour", limit_per_hour, false);
	family(m, "max_per_day", NULL, "The limit, where there is one.");
	print_each(m, "max_per_day", limit_per_day, false);
	warn_percent = m->history.admin->essentials.warn_percent;
	family(m, "state", NULL, "0 ok, 1 warning, 2 held, 3 tripped.");
	print_each(m, "state", state_of, true);
	family(m, "meters", NULL, "Meters that have counted something in the running hour.");
	for (unsigned kind = METER_SERVER; kind < KINDS; kind++)
		(void)fprintf(m->out, "qlimit_meters{kind=\"%s\"} %" PRIu64 "\n", meter_kind_name(kind),
		    m->meters[kind]);
}

static void
print_one(const struct metrics *m, const char *name, const char *unit, int64_t value, const char *help)
{
	family(m, name, unit, help);
	(void)fprintf(m->out, "qlimit_%s %" PRId64 "\n", name, value);
}

static void
print_status(const struct metrics *m)
{
	const struct admin_status *s = &m->status;
	const struct info *info = &s->info;
	const struct {
		const char *what;
		bool is;
	} troubles[] = { { "load", s->note[0] != '\0' },
		{ "rules", s->rules_problem[0] != '\0' && info->generation == 0 },
		{ "essentials", s->essentials_problem[0] != '\0' }, { "space", s->space_problem[0] != '\0' },
		{ "remote", s->real_problem != NULL },
		{ "owner", s->owner_problem[0] != '\0' },
		{ "live_damaged", s->damaged_at != 0 }, { "ledger_damaged", s->ledger_damaged },
		{ "mail_path", m->path_is_bad } };

	print_one(m, "hour_timestamp_seconds", "seconds", hour_start(m->history.running),
	    "When the running hour began.");
	print_one(m, "last_delivery_timestamp_seconds", "seconds", info->last_delivery,
	    "When qlimit-remote last saw a delivery, 0 if never.");
	print_one(m, "rules_loaded_timestamp_seconds", "seconds", info->generation == 0 ? 0 : info->loaded_at,
	    "When the rules in force were loaded, 0 where none are.");
	print_one(m, "observe", NULL, info->settings.observe,
	    "1 with mode observe, in which limits stop nothing.");
	print_one(m, "pending", NULL, (int64_t)info->pendings,
	    "Deliveries that are not finished.");
	family(m, "store_bytes", "bytes", "Size of the files of the store.");
	(void)fprintf(m->out, "qlimit_store_bytes{file=\"live.mdb\"} %" PRId64 "\n"
	    "qlimit_store_bytes{file=\"ledger.mdb\"} %" PRId64 "\n", s->live_bytes, s->ledger_bytes);
	family(m, "trouble", NULL, "1 where qlimit status says TROUBLE, or that the mail path is not ours.");
	for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++)
		(void)fprintf(m->out, "qlimit_trouble{what=\"%s\"} %d\n", troubles[i].what, troubles[i].is);
}

static void
print_all(FILE *f, void *context)
{
	struct metrics *m = context;

	m->out = f;
	print_status(m);
	print_counters(m);
	print_meters(m);
	(void)fputs("# EOF\n", m->out);
}

/* --- the command --- */

/* Nothing need be counted yet: a monitor has to see what is wrong then, too. */
static int
read_status(struct metrics *m, struct admin *a)
{
	int status;
	struct store *s = admin_try_live(a, &m->status.info, &status);

	if (status != EX_OK)
		return status;
	admin_status_look(a, &m->status);
	if (admin_status_find(a, s, &m->status) == -1)
		return admin_store_failed(s);
	m->path_is_bad = admin_mail_path_is_bad(&m->path, m->status.info.last_delivery, a->now);
	if (s != NULL)
		store_rollback(s);
	store_close(s);
	return EX_OK;
}

static int
read_hour(struct metrics *m, const struct admin *a)
{
	int status = admin_history_open(&m->history, a, false);

	if (status != EX_OK)
		return status;
	m->history.span = (struct timespan){ m->history.running, m->history.running + 1 };
	status = admin_history_live(&m->history, take_row, m);
	admin_history_close(&m->history);
	qsort(m->rows, m->count, sizeof *m->rows, compare_rows);
	return status;
}

int
admin_metrics(struct admin *a)
{
	static struct metrics m;
	const char *to = a->option[ADMIN_TEXTFILE];
	int status;

	memset(&m, 0, sizeof m);
	m.top = TOP_DEFAULT;
	if (!admin_limit(a, 1, TOP_MAX, &m.top))
		return EX_USAGE;
	admin_mail_path_find(a, &m.path);
	m.rows = calloc(m.top + KINDS, sizeof *m.rows);
	if (m.rows == NULL) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		return EX_OSERR;
	}
	status = read_status(&m, a);
	if (status == EX_OK)
		status = read_hour(&m, a);
	if (status == EX_OK && to != NULL && strcmp(to, "-") != 0)
		status = admin_file_write(to, print_all, &m);
	else if (status == EX_OK)
		print_all(stdout, &m);
	free(m.rows);
	return status;
}
