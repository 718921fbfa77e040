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
};

static int
read_request(const struct booking_session *v, struct request *request)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p;

	memset(request, 0, sizeof *request);
	for (size_t i = 0; i < v->booking->count; i++) {
		int known = booking_recall(v, i, id, &p);

		if (known == -1)
			return -1;
		if (known == 1 && p.state == PENDING_ADMITTED)
			continue;
		request->asked++;
		if (known == 1 && p.hour == v->info.hour)
			request->waiting++;
	}
	return 0;
}

/*
 * Nobody hears of a refused bounce (facts/qmail-remote.md section 5); and while the clock is behind
 * the hour that is counted in, that hour may be hours long: a doubtful clock bounces no mail.
 */
static bool
may_refuse(const struct booking_session *v)
{
	return v->booking->payers.at[0].kind != METER_BOUNCES && hour_of(v->now) == v->info.hour;
}

/* The strictest word of all payers; of two that are alike the first payer's. */
static void
judge(const struct booking_session *v, const struct request *request, struct admission *a)
{
	const struct meter_list *payers = &v->booking->payers;

	memset(&a->judgement, 0, sizeof a->judgement);
	a->payer = &payers->at[0];
	if (request->asked == 0)
		return;
	for (size_t i = 0; i < payers->count; i++) {
		const struct counters *c = &v->counters[i];
		struct judgement j = policy_judge(&c->limits, c, request->asked,
		    request->waiting == request->asked);

		if (j.verdict == VERDICT_REFUSE && !may_refuse(v))
			j.verdict = VERDICT_DEFER;
		if (j.verdict > a->judgement.verdict) {
			a->judgement = j;
			a->payer = &payers->at[i];
		}
	}
}

/* Charges one recipient's delivery to all payers, if it is not charged yet. */
static int
charge(struct booking_session *v, size_t recipient)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p = { .outcome = OUTCOME_NONE };
	int known = booking_recall(v, recipient, id, &p);
	bool charged = known == 1 && p.state == PENDING_ADMITTED;

	if (known == -1)
		return -1;
	for (size_t i = 0; !charged && i < v->booking->payers.count; i++) {
		struct counters *c = &v->counters[i];

		c->admitted = counters_sum(c->admitted, 1);
		c->bytes = counters_sum(c->bytes, v->booking->file.size);
	}
	if (!v->booking->file.known)
		return 0;
	p.state = PENDING_ADMITTED;
	return booking_remember(v, id, &p, known == 0);
}

/* Counts one recipient's delivery as held, once an hour, by the payer that holds it. */
static int
hold(struct booking_session *v, size_t recipient, struct counters *c)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p = { .outcome = OUTCOME_NONE };
	int known = booking_recall(v, recipient, id, &p);

	if (known == -1)
		return -1;
	if (known == 1 && p.state == PENDING_ADMITTED)
		return 0;
	if (known == 0 || p.hour != v->info.hour)
		c->held = counters_sum(c->held, 1);
	if (!v->booking->file.known)
		return 0;
	p.state = PENDING_HELD;
	p.hour = v->info.hour;
	return booking_remember(v, id, &p, known == 0);
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

/* The counters of the payer that stops a delivery. */
static struct counters *
stopper(struct booking_session *v, const struct admission *a)
{
	return &v->counters[a->payer - v->booking->payers.at];
}

static int
book_verdict(struct booking_session *v, struct admission *a)
{
	for (size_t i = 0; i < v->booking->count; i++) {
		int rc;

		if (a->judgement.verdict == VERDICT_PASS)
			rc = charge(v, i);
		else if (a->judgement.verdict == VERDICT_DEFER)
			rc = hold(v, i, stopper(v, a));
		else
			rc = refuse(v, i, stopper(v, a));
		if (rc == -1)
			return -1;
	}
	return booking_write_counters(v, a->notices);
}

/* In observe mode everything passes; what would have happened is told, not counted. */
static int
observe(struct booking_session *v, struct admission *a)
{
	struct rules_settings settings;

	if (a->judgement.verdict == VERDICT_PASS)
		return 0;
	if (store_settings_get(v->store, v->info.generation, &settings) == -1)
		return -1;
	if (!settings.observe)
		return 0;
	a->observed = a->judgement;
	/* Nothing is ever held here: what would have been is what was admitted above the limit. */
	if (a->judgement.rule == RULE_MAX_PER_HOUR && may_refuse(v) &&
	    a->judgement.percent >= stopper(v, a)->limits.refuse_above_percent)
		a->observed.verdict = VERDICT_REFUSE;
	memset(&a->judgement, 0, sizeof a->judgement);
	return 0;
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
	if (booking_read_counters(v) == -1 || read_request(v, &request) == -1)
		return -1;
	judge(v, &request, a);
	a->repeated = request.asked == 0 || request.waiting == request.asked;
	return observe(v, a) == -1 ? -1 : book_verdict(v, a);
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
