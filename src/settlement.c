/* settlement - what the real program reported, booked in one transaction */
#include "settlement.h"

#include "booking.h"

/* The outcome this delivery was counted with in this hour by this meter, and still is. */
static enum outcome
earlier_outcome(const struct booking_session *v, const struct counters *c, const struct pending *p)
{
	return p->hour == v->info.hour && p->booked_at > c->reset_at ? p->outcome : OUTCOME_NONE;
}

static void
book_outcome(struct booking_session *v, const struct pending *p, enum outcome outcome)
{
	for (size_t i = 0; i < v->booking->payers.count; i++) {
		struct counters *c = &v->counters[i];

		counters_book(c, earlier_outcome(v, c, p), outcome);
	}
}

static int
settle_recipient(struct booking_session *v, size_t recipient, enum outcome outcome)
{
	unsigned char id[DIGEST_SIZE];
	struct pending p = { .outcome = OUTCOME_NONE };
	int known = booking_recall(v, recipient, id, &p);

	if (known == -1)
		return -1;
	/* Finished by its twin: the same recipient twice in one message. */
	if (known == 0 && v->booking->file.known && v->info.pendings < STORE_PENDINGS_MAX)
		return 0;
	book_outcome(v, &p, outcome);
	if (known == 0)
		return 0;
	if (outcome == OUTCOME_SENT || outcome == OUTCOME_FAILED)
		return booking_forget(v, id);
	p.outcome = outcome;
	p.hour = v->info.hour;
	p.booked_at = v->info.sequence;
	return booking_remember(v, id, &p, false);
}

/* Latches the failure limit of every payer that has just crossed it. */
static void
latch(struct booking_session *v, unsigned *tripped, struct judgement *judgements)
{
	for (size_t i = 0; i < v->booking->payers.count; i++) {
		struct counters *c = &v->counters[i];

		if (c->tripped || !policy_trips(&c->limits, c))
			continue;
		c->tripped = true;
		*tripped |= 1u << i;
		judgements[i] = policy_judge(&c->limits, c, 1, false);
	}
}

static int
settle(struct booking_session *v, const struct report *report, int wait_status,
    unsigned *tripped, struct judgement *judgements)
{
	if (booking_read_counters(v) == -1)
		return -1;
	for (size_t i = 0; i < v->booking->count; i++)
		if (settle_recipient(v, i, report_outcome(report, i, wait_status)) == -1)
			return -1;
	latch(v, tripped, judgements);
	return booking_write_counters(v);
}

int
settlement_book(struct store *s, const struct booking *b, int64_t now,
    const struct report *report, int wait_status, unsigned *tripped,
    struct judgement *judgements)
{
	struct booking_session v;

	*tripped = 0;
	if (booking_open(&v, s, b, now) == -1 ||
	    settle(&v, report, wait_status, tripped, judgements) == -1)
		return booking_abandon(&v);
	return booking_close(&v);
}
