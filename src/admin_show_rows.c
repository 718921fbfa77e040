/* admin_show_rows - which rows show has, and in which order */
#include "admin_show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hour.h"
#include "payers.h"
#include "standing.h"

/* --- which --- */

/* The bit of a kind whose name these `n` bytes are; 0 if they are none. */
static unsigned
kind_bit(const char *word, size_t n)
{
	for (unsigned kind = METER_SERVER; kind <= METER_OVERFLOW; kind++) {
		const char *name = meter_kind_name(kind);

		if (strlen(name) == n && memcmp(name, word, n) == 0)
			return 1u << kind;
	}
	return 0;
}

int
admin_show_kinds(struct admin_show *show, const char *word)
{
	while (word != NULL) {
		size_t n = strcspn(word, ",");
		unsigned bit = kind_bit(word, n);

		if (bit == 0) {
			(void)fprintf(stderr, "qlimit: --kind \"%.40s\": write server, domain, bounces, foreign, user, "
			    "destination or overflow; several with commas\n", word);
			return EX_USAGE;
		}
		show->kinds |= bit;
		word = word[n] == ',' ? word + n + 1 : NULL;
	}
	return EX_OK;
}

/* --- in which order --- */

static int
more_first(uint64_t p, uint64_t q)
{
	return p == q ? 0 : p > q ? -1 : 1;
}

static int
by_name(const void *a, const void *b)
{
	const struct admin_show_row *x = a, *y = b;
	int order = strcmp(x->meter.name, y->meter.name);

	return order != 0 ? order : (int)x->meter.kind - (int)y->meter.kind;
}

static uint64_t
business(const struct counters *c)
{
	return counters_sum(c->admitted, counters_sum(c->held, c->refused));
}

/* Busiest first; the server, which has it all, before everything else that is as busy. */
static int
by_business(const void *a, const void *b)
{
	const struct admin_show_row *x = a, *y = b;
	int order = more_first(business(&x->counters), business(&y->counters));

	if (order == 0)
		order = (int)x->meter.kind - (int)y->meter.kind;
	return order != 0 ? order : by_name(a, b);
}

static int
by_usage(const void *a, const void *b)
{
	const struct admin_show_row *x = a, *y = b;
	int order = more_first(x->usage.percent, y->usage.percent);

	return order != 0 ? order : by_business(a, b);
}

static int
by_failures(const void *a, const void *b)
{
	const struct counters *x = &((const struct admin_show_row *)a)->counters;
	const struct counters *y = &((const struct admin_show_row *)b)->counters;
	int order = more_first(policy_failures(&x->limits, x), policy_failures(&y->limits, y));

	return order != 0 ? order : by_business(a, b);
}

static uint64_t
stopped(const struct admin_show_row *row)
{
	return counters_sum(row->over, counters_sum(row->counters.held, row->counters.refused));
}

static int
by_stopped(const void *a, const void *b)
{
	int order = more_first(stopped(a), stopped(b));

	return order != 0 ? order : by_business(a, b);
}

int
admin_show_sort(struct admin_show *show, const char *word)
{
	static const struct {
		const char *word;
		admin_show_order *order;
	} orders[] = { { "busy", by_business }, { "name", by_name }, { "used", by_usage },
		{ "failures", by_failures }, { "held", by_stopped } };

	show->order = by_business;
	if (word == NULL)
		return EX_OK;
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
		if (strcmp(word, orders[i].word) == 0) {
			show->order = orders[i].order;
			return EX_OK;
		}
	(void)fprintf(stderr, "qlimit: --sort \"%.40s\": write busy, name, used, failures or held\n", word);
	return EX_USAGE;
}

/* --- reading them --- */

static struct orders orders;

/* What is behind the last row; NULL with errno if there is no memory. */
static struct admin_show_row *
next_row(struct admin_show *show)
{
	size_t room = show->room == 0 ? 64 : 2 * show->room;
	struct admin_show_row *more;

	if (show->count < show->room)
		return &show->rows[show->count];
	more = reallocarray(show->rows, room, sizeof *more);
	if (more == NULL)
		return NULL;
	show->rows = more;
	show->room = room;
	return &more[show->count];
}

static void
finish_row(struct admin_show *show, struct admin_show_row *row)
{
	const struct counters *c = &row->counters;
	uint32_t max = c->limits.max_per_hour;

	row->usage = usage_of(c);
	row->standing = standing_of(&c->limits, c, show->warn_percent);
	row->order = orders_find(&orders, &row->meter);
	row->over = 0;
	if (show->settings.observe && !c->limits.exempt && max > 0 && c->admitted > max)
		row->over = c->admitted - max;
	show->count++;
}

static bool
is_wanted(const struct admin_show *show, const struct meter *meter)
{
	return show->kinds == 0 || (show->kinds & 1u << meter->kind) != 0;
}

static int
add_all(struct admin_show *show, struct store *s, const struct info *info)
{
	struct store_row at = { .hour = 0 };
	struct admin_show_row *row;
	int rc;

	while ((rc = store_counters_next(s, show->hour, show->hour + 1, &at)) == 1) {
		if (!is_wanted(show, &at.meter))
			continue;
		row = next_row(show);
		if (row == NULL)
			return -1;
		row->meter = at.meter;
		row->counters = at.counters;
		if (payers_refresh(s, info, &row->meter, &row->counters) == -1)
			return -1;
		finish_row(show, row);
	}
	return rc;
}

/* A meter that is asked for by name is shown even if it has counted nothing. */
static int
add_named(struct admin_show *show, struct store *s, const struct info *info, char *const *names)
{
	struct admin_show_row *row;
	struct meter meter;

	for (; *names != NULL; names++) {
		(void)meter_parse(&meter, *names); /* it does: the command has looked */
		if (!is_wanted(show, &meter))
			continue;
		row = next_row(show);
		if (row == NULL)
			return -1;
		row->meter = meter;
		if (payers_read(s, info, &meter, &row->counters) == -1)
			return -1;
		finish_row(show, row);
	}
	return 0;
}

int
admin_show_read(struct admin_show *show, struct admin *a)
{
	struct info info;
	struct store *s;
	int status, rc;

	show->count = 0;
	show->now = a->now;
	s = admin_open_live(a, &info, &status);
	if (s == NULL)
		return status;
	/* Why, says the command orders. */
	(void)orders_read(&orders, a->place.state, a->now);
	show->warn_percent = a->essentials.warn_percent;
	show->hour = hour_to_count_in(a->now, info.hour);
	/* As the next delivery will find it: what is closed by then is in the live store still. */
	info.tidy_wanted = info.tidy_wanted || show->hour != info.hour;
	info.hour = show->hour;
	show->generation = info.generation;
	show->settings = info.settings;
	rc = a->names[0] != NULL ? add_named(show, s, &info, a->names) : add_all(show, s, &info);
	if (rc == -1)
		return admin_store_failed(s);
	/* The copy is complete: deliveries need not wait for a slow terminal. */
	store_rollback(s);
	store_close(s);
	if (show->count > 0)
		qsort(show->rows, show->count, sizeof *show->rows, show->order);
	return EX_OK;
}
