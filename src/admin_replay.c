/* admin_replay - the command replay: past hours against the limits of another configuration */
#include "admin_replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "admin_meter.h"
#include "config_rules.h"
#include "hour.h"

/* Beside the rules of the configuration, so that both together stay below the room for one tally. */
#define TALLY_BYTES_LEAST (16u << 20)

/* --- whose limits --- */

/* True if a domain's mail would be counted on a meter of its own, as far as that is known without a sender. */
static bool
has_meter(const struct config *config, const struct meter *meter, const struct limits *limits)
{
	size_t i = config->rules_count - 1;

	if (meter->kind != METER_DOMAIN || !config->settings.hosted || limits->named)
		return true;
	/* Addresses sort last, the server first. One will do: which address mail was from is not in the ledger. */
	for (; config->rules[i].key.scope == RULES_ADDRESS; i--) {
		const char *at = strrchr(config->rules[i].key.name, '@');

		if (at != NULL && strcmp(at + 1, meter->name) == 0)
			return true;
	}
	return false;
}

static void
begin(struct replay *r, const struct admin_replay *c, const struct meter *meter)
{
	const struct config_rule *rule = config_rules_of(c->config, meter);

	r->limits = rule != NULL ? &rule->limits : &c->no_limits;
	r->bounces = meter->kind == METER_BOUNCES;
	r->gone = !has_meter(c->config, meter, r->limits);
}

static bool
has_max_per_day(const struct config *config)
{
	for (size_t i = 0; i < config->rules_count; i++)
		if (config->rules[i].limits.max_per_day > 0)
			return true;
	return false;
}

/* --- reading --- */

/* Of meters that had no room for rows of their own each hour is judged by itself. */
static void
judge_alone(struct admin_replay *c, struct replay *others, const struct store_row *row)
{
	struct replay one = { .hours = 0 };

	if (row->hour < c->span.from)
		return;
	begin(&one, c, &row->meter);
	replay_add(&one, row->hour, &row->counters);
	replay_join(others, &one);
}

static int
judge_row(void *context, const struct store_row *row)
{
	struct admin_replay *c = context;
	struct tally_row *to = tally_of(c->tally, &row->meter);

	if (to == NULL)
		return -1;
	if (to->length != row->meter.length) {
		judge_alone(c, &to->replay, row);
		return 0;
	}
	if (to->replay.limits == NULL)
		begin(&to->replay, c, &row->meter);
	if (row->hour < c->span.from)
		replay_before(&to->replay, row->hour, &row->counters);
	else
		replay_add(&to->replay, row->hour, &row->counters);
	return 0;
}

static int
find_oldest(void *context, const struct store_row *row)
{
	struct admin_replay *c = context;

	if (row->hour < c->oldest)
		c->oldest = row->hour;
	return 0;
}

/*
 * The live store is told first, and has the newest hours; max_per_day needs each meter's in order. So
 * what is older than all of the live store comes at once, by hour from the ledger, and the few hours from there
 * on one by one, out of both.
 */
static int
read_all(struct admin_replay *c)
{
	struct admin_history *h = &c->history;
	uint32_t to = h->span.to;
	int status;

	c->oldest = to;
	status = admin_history_live(h, find_oldest, c);
	h->span.to = c->oldest;
	if (status == EX_OK && h->span.from < h->span.to)
		status = admin_history_all(h, judge_row, c);
	while (status == EX_OK && h->span.to < to) {
		h->span.from = h->span.to++;
		status = admin_history_all(h, judge_row, c);
	}
	return status;
}

static int
read_history(struct admin_replay *c)
{
	struct admin_history *h = &c->history;

	h->span = c->span;
	if (has_max_per_day(c->config))
		h->span.from -= h->span.from < DAY_HOURS ? h->span.from : DAY_HOURS - 1;
	return h->admin->names[0] != NULL ? admin_report_rows(h, judge_row, c) : read_all(c);
}

/* --- which rows, in which order --- */

/* Asked for by name, or with something to tell. */
static bool
is_told(const struct admin_replay *c, const struct replay *r)
{
	return r->hours > 0 && (c->history.admin->names[0] != NULL || replay_stops(r) || r->unknown > 0);
}

static uint64_t
stopped(const struct replay *r)
{
	return counters_sum(r->now.held, r->now.refused);
}

/* Most held and refused first; then most hours tripped; then most hours that nothing is known of. */
static int
compare_rows(const void *a, const void *b)
{
	const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;
	const uint64_t keys[][2] = {
		{ stopped(&x->replay), stopped(&y->replay) },
		{ x->replay.now.tripped, y->replay.now.tripped },
		{ x->replay.unknown, y->replay.unknown },
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] > keys[i][1] ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Adds all up, and leaves the rows that are told; how many. */
static size_t
pick_rows(struct admin_replay *c, struct tally_row **rows, size_t count)
{
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		const struct replay *r = &rows[i]->replay;

		c->meters += r->hours > 0;
		c->stopped_now += replay_stops(r);
		c->stopped_then += r->then.hours > 0 || r->then.tripped > 0;
		replay_join(&c->all, r);
		if (is_told(c, r))
			rows[told++] = rows[i];
	}
	return told;
}

/* --- the command --- */

static int
misuse(const char *option, const char *word, const char *what)
{
	(void)fprintf(stderr, "qlimit: %s \"%.40s\" %s\n", option, word, what);
	return EX_USAGE;
}

/* Once before anything is opened, for mistakes; and once more when it is known which hour is counted in. */
static int
parse_span(struct admin_replay *c, const struct admin *a, uint32_t running)
{
	const char *since = a->option[ADMIN_SINCE], *until = a->option[ADMIN_UNTIL], *wrong;
	const char *why = timespan_parse(&c->span, since, until, running, &wrong);

	if (why == NULL)
		return EX_OK;
	return misuse(wrong == until ? "--until" : "--since", wrong, why);
}

static int
parse_words(struct admin_replay *c, const struct admin *a)
{
	if (a->option[ADMIN_WITH] == NULL) {
		(void)fputs("qlimit: replay needs the configuration to try: --with FILE\n", stderr);
		return EX_USAGE;
	}
	if (!admin_limit(a, 1, UINT32_MAX, &c->limit))
		return EX_USAGE;
	if (!admin_meter_names(a))
		return EX_USAGE;
	return parse_span(c, a, hour_of(a->now) + HOUR_STEP_BACK_MAX);
}

static void
print(struct admin_replay *c)
{
	size_t count;
	struct tally_row **rows;

	if (tally_is_full(c->tally))
		(void)fputs("qlimit: too many names for one replay: those that came last are together in one row "
		    "of their kind, without a name, and max_per_day knows each of their hours alone; choose a shorter "
		    "time\n", stderr);
	rows = tally_sort(c->tally, compare_rows, &count);
	count = pick_rows(c, rows, count);
	if (c->history.admin->option[ADMIN_JSON] != NULL)
		admin_replay_json(c, rows, count);
	else
		admin_replay_text(c, rows, count);
}

static int
replay(struct admin_replay *c)
{
	size_t rules = c->config->rules_size * sizeof(struct config_rule);
	int status;

	c->tally = tally_new(rules < TALLY_BYTES_MAX - TALLY_BYTES_LEAST ? TALLY_BYTES_MAX - rules :
	    TALLY_BYTES_LEAST);
	if (c->tally == NULL) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		return EX_OSERR;
	}
	status = read_history(c);
	if (status == EX_OK)
		print(c);
	tally_free(c->tally);
	return status;
}

static int
replay_history(struct admin_replay *c, struct admin *a)
{
	int status = admin_enter(a, false);

	if (status == EX_OK)
		status = admin_history_open(&c->history, a, true);
	if (status != EX_OK)
		return status;
	/* The hour that is counted in need not be the clock's. */
	status = parse_span(c, a, c->history.running);
	if (status == EX_OK)
		status = replay(c);
	admin_history_close(&c->history);
	return status;
}

int
admin_replay(struct admin *a)
{
	static struct admin_replay c;
	int status;

	memset(&c, 0, sizeof c);
	status = parse_words(&c, a);
	if (status != EX_OK)
		return status;
	limits_init(&c.no_limits);
	/* As whoever called: a draft need not be for the owner of our state. */
	c.config = admin_config(a->option[ADMIN_WITH], &status);
	if (c.config == NULL)
		return status;
	status = replay_history(&c, a);
	config_free(c.config);
	return status;
}
