/* settlement - what the real program reported, booked in one transaction */
#include "settlement.h"

#include "policy.h"

/* The outcome this delivery was counted with in this hour by this meter, and still is. */
static enum outcome
earlier_outcome(const struct booking_session *v, const struct counters *c, const struct pending *p)
{
	return p->hour == v->info.hour && p->booked_at > c->reset_at ? p->outcome : OUTCOME_NONE;
}

static void
book_outcome(struct booking_session *v, const struct pending *p, enum outcome outcome)
{
	for (size_t i = 0; i < v->payers.count; i++) {
		struct counters *c = &v->payers.at[i].counters;

		counters_book(c, earlier_outcome(v, c, p), outcome);
	}
}

static int
settle_recipient(struct booking_session *v, size_t recipient, enum outcome outcome)
{
	struct booking_delivery d;

	if (booking_recall(v, recipient, &d) == -1)
		return -1;
	/* Finished by its twin: the same recipient twice in one message. */
	if (!d.known && v->booking->file.known && v->info.pendings < STORE_PENDINGS_MAX)
		return 0;
	book_outcome(v, &d.pending, outcome);
	if (!d.known)
		return 0;
	if (outcome == OUTCOME_SENT || outcome == OUTCOME_FAILED)
		return booking_forget(v, &d);
	d.pending.outcome = outcome;
	d.pending.stopped = 0;
	d.pending.hour = v->info.hour;
	d.pending.booked_at = v->info.sequence;
	return booking_remember(v, &d);
}

static void
latch(struct booking_session *v)
{
	for (size_t i = 0; i < v->payers.count; i++) {
		struct counters *c = &v->payers.at[i].counters;

		c->tripped = c->tripped || policy_trips(&c->limits, c);
	}
}

static int
settle(struct booking_session *v, const struct report *report, int wait_status,
    struct booking_notices *notices)
{
	if (booking_read_payers(v) == -1)
		return -1;
	for (size_t i = 0; i < v->booking->count; i++)
		if (settle_recipient(v, i, report_outcome(report, i, wait_status)) == -1)
			return -1;
	latch(v);
	return booking_write_payers(v, notices);
}

int
settlement_book(struct store *s, const struct booking *b, int64_t now,
    const struct report *report, int wait_status, struct booking_notices *notices)
{
	struct booking_session v;

	if (booking_open(&v, s, b, now) == -1 || settle(&v, report, wait_status, notices) == -1)
		return booking_abandon(&v);
	return booking_close(&v);
}
