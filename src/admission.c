/* admission - may this delivery pass? asked, judged and booked in one transaction */
#include "admission.h"

#include <string.h>

#include "hour.h"

/* What of a delivery still has to be asked for: recipients charged before pass by themselves. */
struct request {
	uint64_t asked;
	uint64_t waiting; /* of those, how many were held in this hour already */
	uint64_t stopped; /* of all, how many were held in this hour, by whatever */
	struct {
		struct booking_delivery known;
		bool charged; /* before: nothing more for who counts messages */
		bool held;    /* in this hour */
	} message[BOOKING_PARTS];
};

/* Which part of the message a payer that counts messages is charged with. */
static enum booking_part
part_of(const struct payer *p)
{
	return p->meter.kind == METER_DESTINATION ? BOOKING_THERE : BOOKING_WHOLE;
}

static bool
is_charged(const struct booking_delivery *d)
{
	return d->known && d->pending.state == PENDING_ADMITTED;
}

/* True if it was held in this hour already: by a limit, or, once it was charged, by an order. */
static bool
is_waiting(const struct booking_session *v, const struct booking_delivery *d)
{
	uint32_t hour = is_charged(d) ? d->pending.stopped : d->pending.hour;

	return d->known && hour == v->info.hour;
}

static int
read_recipient(const struct booking_session *v, size_t recipient, struct request *request)
{
	struct booking_delivery d;

	if (booking_recall(v, recipient, &d) == -1)
		return -1;
	request->stopped += is_waiting(v, &d);
	if (is_charged(&d))
		return 0;
	request->asked++;
	request->waiting += is_waiting(v, &d);
	return 0;
}

static bool
is_charged_with(const struct booking_session *v, enum booking_part part)
{
	for (size_t i = 0; i < v->payers.count; i++)
		if (v->payers.at[i].counters.limits.count_messages && part_of(&v->payers.at[i]) == part)
			return true;
	return false;
}

static int
read_message(const struct booking_session *v, enum booking_part part, struct request *request)
{
	struct booking_delivery *d = &request->message[part].known;

	/* Also where recipients were counted until now, and one of them was charged. */
	request->message[part].charged = request->asked < v->booking->count;
	if (!is_charged_with(v, part))
		return 0;
	if (booking_recall(v, BOOKING_MESSAGE(part), d) == -1)
		return -1;
	request->message[part].held = is_waiting(v, d);
	if (is_charged(d))
		request->message[part].charged = true;
	return 0;
}

static int
read_request(const struct booking_session *v, struct request *request)
{
	memset(request, 0, sizeof *request);
	for (size_t i = 0; i < v->booking->count; i++)
		if (read_recipient(v, i, request) == -1)
			return -1;
	for (enum booking_part part = 0; part < BOOKING_PARTS; part++)
		if (read_message(v, part, request) == -1)
			return -1;
	return 0;
}

/* --- the verdict --- */

/*
 * Nobody hears of a refused bounce (facts/qmail-remote.md section 5); and while the clock is behind
 * the hour that is counted in, that hour may be hours long: a doubtful clock bounces no mail.
 */
static bool
may_refuse(const struct booking_session *v)
{
	return !v->booking->origin.bounce && hour_of(v->now) == v->info.hour;
}

/* What one payer's limits say. */
static struct judgement
ask_payer(const struct booking_session *v, const struct payer *p, const struct request *request)
{
	struct judgement j = { .verdict = VERDICT_PASS };
	const struct counters *c = &p->counters;

	if (!c->limits.count_messages)
		j = policy_judge(&c->limits, c, request->asked, request->waiting == request->asked);
	else if (!request->message[part_of(p)].charged)
		j = policy_judge(&c->limits, c, 1, request->message[part_of(p)].held);
	if (j.verdict == VERDICT_REFUSE && !may_refuse(v))
		j.verdict = VERDICT_DEFER;
	return j;
}

static struct judgement
ask_order(const struct booking_session *v, const struct payer *p)
{
	static const enum verdict verdicts[] = { [ORDER_HOLD] = VERDICT_DEFER,
		[ORDER_REFUSE] = VERDICT_REFUSE, [ORDER_DISCARD] = VERDICT_DISCARD };
	struct judgement j = { .verdict = VERDICT_PASS };

	if (p->order == NULL)
		return j;
	j.rule = RULE_ORDER;
	j.verdict = verdicts[p->order->kind];
	if (j.verdict == VERDICT_REFUSE && v->booking->origin.bounce)
		j.verdict = VERDICT_DEFER;
	return j;
}

/* Keeps the stricter one; of two that are alike the first payer's. */
static void
hear(struct admission *a, const struct judgement *j, size_t payer)
{
	if (j->verdict <= a->judgement.verdict)
		return;
	a->judgement = *j;
	a->payer = payer;
}

/*
 * The strictest word of all payers. One that is exempt settles it; and before all an order, which is meant for
 * what was charged already as well.
 */
static void
judge(const struct booking_session *v, const struct request *request, struct admission *a)
{
	const struct payers *payers = &v->payers;
	struct judgement j;

	for (size_t i = 0; i < payers->count; i++) {
		j = ask_order(v, &payers->at[i]);
		hear(a, &j, i);
		a->exempt = a->exempt || payers->at[i].counters.limits.exempt;
	}
	a->charged = request->asked == 0;
	if (a->judgement.rule == RULE_ORDER || a->exempt || a->charged)
		return;
	for (size_t i = 0; i < payers->count; i++) {
		j = ask_payer(v, &payers->at[i], request);
		hear(a, &j, i);
	}
}

/* In observe mode everything passes but for orders; what would have happened is told, not counted. */
static void
observe(struct booking_session *v, struct admission *a)
{
	if (a->judgement.verdict == VERDICT_PASS || a->judgement.rule == RULE_ORDER || !v->info.settings.observe)
		return;
	a->observed = a->judgement;
	/* Nothing is ever held here: what would have been is what was admitted above the limit. */
	if (a->judgement.rule != RULE_MAX_FAILURE_PERCENT && may_refuse(v) &&
	    a->judgement.percent >= v->payers.at[a->payer].counters.limits.refuse_above_percent)
		a->observed.verdict = VERDICT_REFUSE;
	memset(&a->judgement, 0, sizeof a->judgement);
}

/* Who pays, and may it pass? */
static int
decide(struct booking_session *v, struct request *request, struct admission *a)
{
	if (booking_read_payers(v) == -1 || read_request(v, request) == -1)
		return -1;
	judge(v, request, a);
	a->meter = v->payers.at[a->payer].meter;
	a->order = v->payers.at[a->payer].order;
	for (size_t i = 0; i < v->payers.count; i++)
		a->authenticated = a->authenticated || v->payers.at[i].reason == PAYER_AUTH;
	a->repeated = a->judgement.rule == RULE_ORDER ? request->stopped == v->booking->count :
	    request->waiting == request->asked;
	observe(v, a);
	return 0;
}

/* --- and what is written of it --- */

static int
remember(struct booking_session *v, struct booking_delivery *d, enum pending_state state)
{
	/* What was charged stays charged, whatever holds it later. */
	if (!is_charged(d)) {
		d->pending.state = state;
		if (state == PENDING_HELD)
			d->pending.hour = v->info.hour;
	} else if (state == PENDING_HELD) {
		d->pending.stopped = v->info.hour;
	}
	return booking_remember(v, d);
}

/* Charges one recipient's delivery to all payers, if it is not charged yet. */
static int
charge(struct booking_session *v, struct booking_delivery *d, struct request *all)
{
	for (size_t i = 0; !is_charged(d) && i < v->payers.count; i++) {
		struct payer *p = &v->payers.at[i];
		struct counters *c = &p->counters;

		if (c->limits.count_messages && all->message[part_of(p)].charged)
			continue;
		c->admitted = counters_sum(c->admitted, 1);
		c->bytes = counters_sum(c->bytes, v->booking->file.size);
	}
	for (unsigned part = 0; part < BOOKING_PARTS; part++)
		all->message[part].charged = true;
	return remember(v, d, PENDING_ADMITTED);
}

/* Counts one recipient's delivery, or its message, as held, once an hour, by the payer that holds it. */
static int
hold(struct booking_session *v, struct booking_delivery *d, struct request *all, const struct admission *a)
{
	struct payer *p = &v->payers.at[a->payer];
	struct counters *c = &p->counters;

	if (is_charged(d) && a->judgement.rule != RULE_ORDER)
		return 0;
	if (c->limits.count_messages ? !all->message[part_of(p)].held : !is_waiting(v, d))
		c->held = counters_sum(c->held, 1);
	c->ordered = c->ordered || a->judgement.rule == RULE_ORDER;
	for (unsigned part = 0; part < BOOKING_PARTS; part++)
		all->message[part].held = true;
	return remember(v, d, PENDING_HELD);
}

static int
book_recipient(struct booking_session *v, size_t recipient, struct request *request, const struct admission *a)
{
	struct counters *c = &v->payers.at[a->payer].counters;
	struct booking_delivery d;

	if (booking_recall(v, recipient, &d) == -1)
		return -1;
	switch (a->judgement.verdict) {
	case VERDICT_PASS:
		return charge(v, &d, request);
	case VERDICT_DEFER:
		return hold(v, &d, request, a);
	case VERDICT_REFUSE:
		c->refused = counters_sum(c->refused, 1);
		/* What an order refuses is no news to the admin. */
		v->refuser = a->judgement.rule == RULE_ORDER ? NULL : &v->payers.at[a->payer];
		break;
	case VERDICT_DISCARD:
		c->discarded = counters_sum(c->discarded, 1);
		break;
	}
	/* qmail is done with it now: it bounces, or counts as delivered. */
	return booking_forget(v, &d);
}

static int
book_message(struct booking_session *v, enum booking_part part, struct request *request, const struct admission *a)
{
	struct booking_delivery *d = &request->message[part].known;

	if (!is_charged_with(v, part))
		return 0;
	if (!request->message[part].charged)
		return remember(v, d, PENDING_HELD);
	if (a->judgement.rule == RULE_ORDER)
		d->pending.stopped = v->info.hour; /* its further recipients are not held messages more */
	return remember(v, d, PENDING_ADMITTED);
}

static int
book_verdict(struct booking_session *v, struct request *request, struct admission *a)
{
	for (size_t i = 0; i < v->booking->count; i++)
		if (book_recipient(v, i, request, a) == -1)
			return -1;
	for (enum booking_part part = 0; a->judgement.verdict <= VERDICT_DEFER && part < BOOKING_PARTS; part++)
		if (book_message(v, part, request, a) == -1)
			return -1;
	return booking_write_payers(v, &a->notices);
}

static int
admit(struct booking_session *v, bool wait_for_load, struct admission *a)
{
	struct request request;

	if (v->booking->orders != NULL && v->booking->orders->expired)
		v->info.tidy_wanted = true;
	if (claims_make(v, wait_for_load, &a->claims) == -1)
		return -1;
	if (a->claims.await_load)
		return 0;
	v->info.last_delivery = v->now;
	return decide(v, &request, a) == -1 ? -1 : book_verdict(v, &request, a);
}

int
admission_ask(struct store *s, const struct booking *b, int64_t now, bool wait_for_load,
    struct admission *a)
{
	struct booking_session v;

	memset(a, 0, sizeof *a);
	if (booking_open(&v, s, b, now) == -1 || admit(&v, wait_for_load, a) == -1)
		return booking_abandon(&v);
	return booking_close(&v);
}

int
admission_preview(struct store *s, const struct info *info, const struct booking *b, int64_t now,
    struct admission *a, struct payers *payers)
{
	struct booking_session v = { .info = *info };
	struct request request;

	memset(a, 0, sizeof *a);
	booking_enter(&v, s, b, now);
	if (decide(&v, &request, a) == -1)
		return -1;
	*payers = v.payers;
	return 0;
}
