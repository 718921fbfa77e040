/* admission - may this delivery pass? asked, judged and booked in one transaction */
#include "admission.h"

#include <string.h>

#include "hour.h"

/* A helper that was started and has not reported back in this time is started again. */
#define CLAIM_SECONDS 30
/* For so long after a claim deliveries wait for the first rules to come. */
#define RULES_SECONDS 3

/* What of a delivery still has to be asked for: recipients charged before pass by themselves. */
struct request {
	uint64_t asked;
	uint64_t waiting; /* of those, how many were held in this hour already */
	struct {
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

static int
read_recipient(const struct booking_session *v, size_t recipient, struct request *request)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p;
	int known = booking_recall(v, recipient, id, &p);

	if (known == -1)
		return -1;
	if (known == 1 && p.state == PENDING_ADMITTED)
		return 0;
	request->asked++;
	if (known == 1 && p.hour == v->info.hour)
		request->waiting++;
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
	unsigned char id[DIGEST_SIZE];
	struct pending p;
	int known;

	/* Also where recipients were counted until now, and one of them was charged. */
	request->message[part].charged = request->asked < v->booking->count;
	if (!is_charged_with(v, part))
		return 0;
	known = booking_recall(v, BOOKING_MESSAGE(part), id, &p);
	if (known == 1 && p.state == PENDING_ADMITTED)
		request->message[part].charged = true;
	request->message[part].held = known == 1 && p.state == PENDING_HELD && p.hour == v->info.hour;
	return known == -1 ? -1 : 0;
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

/* The strictest word of all payers; of two that are alike the first payer's. One that is exempt settles it. */
static void
judge(const struct booking_session *v, const struct request *request, struct admission *a)
{
	const struct payers *payers = &v->payers;

	for (size_t i = 0; i < payers->count; i++)
		a->exempt = a->exempt || payers->at[i].counters.limits.exempt;
	a->charged = request->asked == 0;
	for (size_t i = 0; !a->exempt && !a->charged && i < payers->count; i++) {
		struct judgement j = ask_payer(v, &payers->at[i], request);

		if (j.verdict > a->judgement.verdict) {
			a->judgement = j;
			a->payer = i;
		}
	}
}

static int
remember(struct booking_session *v, size_t recipient, enum pending_state state)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p = { .outcome = OUTCOME_NONE };
	int known = booking_recall(v, recipient, id, &p);

	if (known == -1 || !v->booking->file.known)
		return known;
	if (known == 0 || p.state != PENDING_ADMITTED)
		p.state = state;
	if (state == PENDING_HELD)
		p.hour = v->info.hour;
	p.message = recipient >= BOOKING_MESSAGE(BOOKING_PARTS - 1);
	return booking_remember(v, id, &p, known == 0);
}

/* Charges one recipient's delivery to all payers, if it is not charged yet. */
static int
charge(struct booking_session *v, size_t recipient, struct request *all)
{
	struct request one = { .asked = 0 };

	if (read_recipient(v, recipient, &one) == -1)
		return -1;
	for (size_t i = 0; one.asked > 0 && i < v->payers.count; i++) {
		struct payer *p = &v->payers.at[i];
		struct counters *c = &p->counters;

		if (c->limits.count_messages && all->message[part_of(p)].charged)
			continue;
		c->admitted = counters_sum(c->admitted, 1);
		c->bytes = counters_sum(c->bytes, v->booking->file.size);
	}
	for (unsigned part = 0; part < BOOKING_PARTS; part++)
		all->message[part].charged = true;
	return remember(v, recipient, PENDING_ADMITTED);
}

/* Counts one recipient's delivery, or its message, as held, once an hour, by the payer that holds it. */
static int
hold(struct booking_session *v, size_t recipient, struct request *all, struct payer *p)
{
	struct request one = { .asked = 0 };
	struct counters *c = &p->counters;

	if (read_recipient(v, recipient, &one) == -1)
		return -1;
	if (one.asked == 0)
		return 0;
	if (c->limits.count_messages ? !all->message[part_of(p)].held : one.waiting == 0)
		c->held = counters_sum(c->held, 1);
	for (unsigned part = 0; part < BOOKING_PARTS; part++)
		all->message[part].held = true;
	return remember(v, recipient, PENDING_HELD);
}

/* Counts one recipient's delivery as refused and forgets it: qmail bounces it now. */
static int
refuse(struct booking_session *v, size_t recipient, struct counters *c)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p;
	int known = booking_recall(v, recipient, id, &p);

	if (known == -1)
		return -1;
	c->refused = counters_sum(c->refused, 1);
	return known == 1 ? booking_forget(v, id) : 0;
}

/* The payer that stops a delivery. */
static struct payer *
stopper(struct booking_session *v, const struct admission *a)
{
	return &v->payers.at[a->payer];
}

static int
book_recipient(struct booking_session *v, size_t recipient, struct request *request, const struct admission *a)
{
	switch (a->judgement.verdict) {
	case VERDICT_PASS:
		return charge(v, recipient, request);
	case VERDICT_DEFER:
		return hold(v, recipient, request, stopper(v, a));
	default:
		return refuse(v, recipient, &stopper(v, a)->counters);
	}
}

static int
book_verdict(struct booking_session *v, struct request *request, struct admission *a)
{
	for (size_t i = 0; i < v->booking->count; i++)
		if (book_recipient(v, i, request, a) == -1)
			return -1;
	for (enum booking_part part = 0; a->judgement.verdict != VERDICT_REFUSE && part < BOOKING_PARTS; part++)
		if (is_charged_with(v, part) && remember(v, BOOKING_MESSAGE(part),
		    request->message[part].charged ? PENDING_ADMITTED : PENDING_HELD) == -1)
			return -1;
	return booking_write_payers(v, &a->notices);
}

/* In observe mode everything passes; what would have happened is told, not counted. */
static void
observe(struct booking_session *v, struct admission *a)
{
	if (a->judgement.verdict == VERDICT_PASS || !v->info.settings.observe)
		return;
	a->observed = a->judgement;
	/* Nothing is ever held here: what would have been is what was admitted above the limit. */
	if (a->judgement.rule != RULE_MAX_FAILURE_PERCENT && may_refuse(v) &&
	    a->judgement.percent >= stopper(v, a)->counters.limits.refuse_above_percent)
		a->observed.verdict = VERDICT_REFUSE;
	memset(&a->judgement, 0, sizeof a->judgement);
}

static bool
claim_is_due(int64_t claimed_at, int64_t now)
{
	/* A claim from the future is one of a clock that was wrong. */
	return claimed_at == 0 || claimed_at <= now - CLAIM_SECONDS || claimed_at > now;
}

/* 1 if the rules are those of the configuration as it is now. */
static int
rules_are_current(const struct booking_session *v)
{
	static unsigned char record[WATCH_RECORD_MAX];
	size_t size;
	int rc = store_watch_get(v->store, record, &size);

	return rc != 1 ? rc : watch_is_current(record, size, v->booking->config);
}

static int
claim_helpers(struct booking_session *v, struct admission *a)
{
	int current = rules_are_current(v);

	if (current == -1)
		return -1;
	if (current == 0 && claim_is_due(v->info.load_claimed_at, v->now)) {
		a->unanswered = v->info.load_claimed_at != 0;
		v->info.load_claimed_at = v->now;
		a->start_load = true;
	}
	if (v->info.tidy_wanted && claim_is_due(v->info.tidy_claimed_at, v->now)) {
		a->unanswered = a->unanswered || v->info.tidy_claimed_at != 0;
		v->info.tidy_claimed_at = v->now;
		a->start_tidy = true;
	}
	return 0;
}

/* True while the very first load is on its way. */
static bool
rules_are_coming(const struct booking_session *v)
{
	return v->info.generation == 0 && v->info.tried_at == 0 &&
	       v->info.load_claimed_at >= v->now - RULES_SECONDS;
}

/* Who pays, and may it pass? */
static int
decide(struct booking_session *v, struct request *request, struct admission *a)
{
	if (booking_read_payers(v) == -1 || read_request(v, request) == -1)
		return -1;
	judge(v, request, a);
	a->meter = v->payers.at[a->payer].meter;
	for (size_t i = 0; i < v->payers.count; i++)
		a->authenticated = a->authenticated || v->payers.at[i].reason == PAYER_AUTH;
	a->repeated = request->waiting == request->asked;
	observe(v, a);
	return 0;
}

static int
admit(struct booking_session *v, bool wait_for_rules, struct admission *a)
{
	struct request request;

	if (claim_helpers(v, a) == -1)
		return -1;
	if (wait_for_rules && rules_are_coming(v)) {
		a->await_rules = true;
		return 0;
	}
	v->info.last_delivery = v->now;
	return decide(v, &request, a) == -1 ? -1 : book_verdict(v, &request, a);
}

int
admission_ask(struct store *s, const struct booking *b, int64_t now, bool wait_for_rules,
    struct admission *a)
{
	struct booking_session v;

	memset(a, 0, sizeof *a);
	if (booking_open(&v, s, b, now) == -1 || admit(&v, wait_for_rules, a) == -1)
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
