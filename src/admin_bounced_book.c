/* admin_bounced_book - a notification, counted in one transaction */
#include "admin_bounced.h"

#include <string.h>

#include "booking.h"
#include "policy.h"

/*
 * Where the rules know no hosted domains each sender pays for his own: then only an address is believed
 * that qmail has delivered to, for strangers must not fill the store.
 */
static bool
is_hosted(const struct admin_bounced *b, const struct payer *p)
{
	if (p->reason == PAYER_ANY_SENDER)
		return b->trace.whose != BOUNCE_OF_RETURNED || p->counters.limits.named;
	return p->reason == PAYER_HOSTED;
}

static int
note_recipient(struct admin_bounced *b, struct booking_session *v, const struct digest *begun, size_t recipient)
{
	unsigned char id[DIGEST_SIZE];
	struct returns returns;

	bounce_identity(id, begun, &b->bounce, recipient);
	if (store_returns_get(v->store, returns_bucket(id), &returns) == -1)
		return -1;
	if (!returns_note(&returns, id, v->info.hour))
		return 0;
	b->counted++;
	return store_returns_put(v->store, returns_bucket(id), &returns);
}

static int
count_for(struct admin_bounced *b, struct booking_session *v, struct payer *p)
{
	struct counters *c = &p->counters;

	c->returned = counters_sum(c->returned, b->counted);
	c->tripped = c->tripped || policy_trips(&c->limits, c);
	if (p->is_new && p->meter.length > 0)
		v->info.meters++;
	return store_counters_put(v->store, v->info.hour, &p->meter, c);
}

static int
count(struct admin_bounced *b, struct booking_session *v)
{
	struct digest begun;

	if (booking_read_payers(v) == -1)
		return -1;
	b->whose = v->info.generation == 0 ? BOUNCED_NO_RULES :
	    is_hosted(b, &v->payers.at[0]) ? BOUNCED_KNOWN : BOUNCED_NOT_HOSTED;
	if (b->whose != BOUNCED_KNOWN)
		return 0;
	bounce_identity_begin(&begun, v->info.secret, &b->bounce);
	for (size_t i = 0; i < b->bounce.count; i++)
		if (note_recipient(b, v, &begun, i) == -1)
			return -1;
	if (b->counted == 0)
		return 0;
	b->whose = BOUNCED_COUNTED;
	for (size_t i = 0; i < v->payers.count; i++)
		if (count_for(b, v, &v->payers.at[i]) == -1)
			return -1;
	return 0;
}

int
admin_bounced_book(struct admin_bounced *b, struct store *s, bool keep)
{
	struct booking booking = { .config = b->admin->place.config, .boot = b->admin->boot };
	struct booking_session v;

	memcpy(booking.origin.domain, b->trace.domain, sizeof booking.origin.domain);
	b->counted = 0;
	if (booking_open(&v, s, &booking, b->admin->now) == -1 || count(b, &v) == -1)
		return booking_abandon(&v);
	if (keep && b->whose == BOUNCED_COUNTED)
		return booking_close(&v);
	(void)booking_abandon(&v);
	return 0;
}
