/* replay - a meter's past hours against limits that it did not have */
#include "replay.h"

#include "summary.h"

/* How many more fit under a maximum; 0 is none. */
static uint64_t
room_under(uint32_t max, uint64_t used)
{
	if (max == 0)
		return UINT64_MAX;
	return used < max ? max - used : 0;
}

/* How many are held before (max + held) * 100 / max, truncated, is `percent`. */
static uint64_t
most_held(uint64_t max, uint64_t percent)
{
	return (max * (percent - 100) + 99) / 100;
}

static uint64_t
least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct replay_hour
replay_judge(const struct limits *l, const struct counters *c, uint64_t before, bool bounces)
{
	uint64_t wanted = summary_wanted(c), most = UINT64_MAX;
	uint64_t in_hour = room_under(l->max_per_hour, 0), in_day = room_under(l->max_per_day, before);
	struct replay_hour h = { .admitted = least_of(in_hour, in_day) };

	h.tripped = !l->exempt && policy_trips(l, c);
	if (l->exempt || wanted <= h.admitted) {
		h.admitted = wanted;
		return h;
	}
	/* Both may be used up by the same delivery: then the first to refuse does. */
	if (in_hour == h.admitted)
		most = most_held(l->max_per_hour, l->refuse_above_percent);
	if (in_day == h.admitted)
		most = least_of(most, most_held(l->max_per_day, l->refuse_above_percent));
	h.held = least_of(wanted - h.admitted, bounces ? UINT64_MAX : most);
	h.refused = wanted - h.admitted - h.held;
	h.rule = in_hour == h.admitted ? RULE_MAX_PER_HOUR : RULE_MAX_PER_DAY;
	h.limit = h.rule == RULE_MAX_PER_HOUR ? l->max_per_hour : l->max_per_day;
	h.count = h.rule == RULE_MAX_PER_HOUR ? wanted : counters_sum(before, wanted);
	return h;
}

/* --- the hours of a meter --- */

static void
note_admitted(struct replay *r, uint32_t hour, uint64_t admitted)
{
	if (r->limits->max_per_day > 0)
		day_note(&r->day, hour, admitted);
}

/* Deliveries are counted and limited; or messages, and none was refused: REFUSED is always in deliveries. */
static bool
is_exact(const struct limits *l, const struct counters *c)
{
	return l->count_messages == c->limits.count_messages && (!l->count_messages || c->refused == 0);
}

/* Nothing can be said of what was wanted, not even that it was no more than what was counted. */
static bool
is_unknown(const struct limits *l, const struct counters *c, const struct replay_hour *h)
{
	if (is_exact(l, c) || l->exempt || (l->max_per_hour == 0 && l->max_per_day == 0))
		return false;
	return h->rule != RULE_NONE || !l->count_messages;
}

static void
keep_worse(struct replay_worst *worst, const struct replay_worst *w)
{
	if (w->stopped > worst->stopped || (worst->stopped == 0 && w->stopped == 0 && w->count > worst->count))
		*worst = *w;
}

static void
add_stopped(struct replay *r, uint32_t hour, const struct replay_hour *h)
{
	const struct replay_worst w = { hour, h->rule, counters_sum(h->held, h->refused), h->count, h->limit };

	if (h->rule == RULE_NONE)
		return;
	r->now.hours++;
	r->now.held = counters_sum(r->now.held, h->held);
	r->now.refused = counters_sum(r->now.refused, h->refused);
	keep_worse(&r->worst, &w);
}

static void
add_tripped(struct replay *r, uint32_t hour, const struct counters *c)
{
	uint64_t failures = policy_failures(r->limits, c);
	const struct replay_worst w = { hour, RULE_MAX_FAILURE_PERCENT, 0, failures, counters_sum(failures, c->sent) };

	r->now.tripped++;
	keep_worse(&r->worst, &w);
}

static void
add_as_it_was(struct replay_sum *then, const struct counters *c)
{
	then->hours += c->held > 0 || c->refused > 0;
	then->held = counters_sum(then->held, c->held);
	then->refused = counters_sum(then->refused, c->refused);
	then->tripped += c->tripped;
}

void
replay_before(struct replay *r, uint32_t hour, const struct counters *c)
{
	if (hour <= r->newest)
		return;
	r->newest = hour;
	note_admitted(r, hour, c->admitted);
}

void
replay_add(struct replay *r, uint32_t hour, const struct counters *c)
{
	struct replay_hour h;

	if (hour <= r->newest)
		return;
	r->newest = hour;
	r->hours++;
	add_as_it_was(&r->then, c);
	if (r->gone) {
		r->unknown++;
		return;
	}
	h = replay_judge(r->limits, c, day_before(&r->day, hour), r->bounces);
	if (h.tripped)
		add_tripped(r, hour, c);
	if (is_unknown(r->limits, c, &h)) {
		r->unknown++;
		note_admitted(r, hour, c->admitted);
		return;
	}
	note_admitted(r, hour, h.admitted);
	add_stopped(r, hour, &h);
}

/* --- of several meters --- */

static void
join_sums(struct replay_sum *sum, const struct replay_sum *more)
{
	sum->hours += more->hours;
	sum->held = counters_sum(sum->held, more->held);
	sum->refused = counters_sum(sum->refused, more->refused);
	sum->tripped += more->tripped;
}

void
replay_join(struct replay *r, const struct replay *more)
{
	r->hours += more->hours;
	r->unknown += more->unknown;
	join_sums(&r->now, &more->now);
	join_sums(&r->then, &more->then);
	keep_worse(&r->worst, &more->worst);
}

bool
replay_stops(const struct replay *r)
{
	return r->now.hours > 0 || r->now.tripped > 0;
}
