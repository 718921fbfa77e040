/* booking - one delivery in one transaction of the store */
#include "booking.h"

#include <errno.h>
#include <string.h>

#include "hour.h"

/* The first delivery of a new hour has the closed one moved to the ledger. */
static void
advance_hour(struct info *info, int64_t now)
{
	uint32_t hour = hour_to_count_in(now, info->hour);

	if (info->hour != 0 && hour != info->hour)
		info->tidy_wanted = true;
	if (hour != info->hour)
		info->meters = 0;
	info->hour = hour;
}

void
booking_enter(struct booking_session *v, struct store *s, const struct booking *b, int64_t now)
{
	v->store = s;
	v->booking = b;
	v->now = now;
	v->refuser = NULL;
	advance_hour(&v->info, now);
	v->info.sequence++;
}

int
booking_open(struct booking_session *v, struct store *s, const struct booking *b, int64_t now)
{
	if (store_begin_live(s, &v->info, b->boot, now) == -1) {
		v->store = s;
		return -1;
	}
	booking_enter(v, s, b, now);
	return 0;
}

int
booking_read_payers(struct booking_session *v)
{
	return payers_find(&v->payers, v->store, &v->info, &v->booking->origin, v->booking->orders);
}

static void
notice(const struct booking_session *v, struct payer *p, struct booking_notices *notices)
{
	enum notify_event event = standing_notice(&p->counters, v->booking->warn_percent, p == v->refuser);

	if (event != NOTIFY_EVENTS)
		notices->at[notices->count++] = (struct booking_notice){ event, p->meter, p->counters };
}

static bool
has_counted(const struct counters *c)
{
	return c->admitted != 0 || c->held != 0 || c->refused != 0 || c->discarded != 0 || c->sent != 0 ||
	       c->deferred != 0 || c->failed != 0 || c->unreached != 0 || c->returned != 0;
}

int
booking_write_payers(struct booking_session *v, struct booking_notices *notices)
{
	notices->count = 0;
	notices->observe = v->info.settings.observe;
	notices->hour = v->info.hour;
	for (size_t i = 0; i < v->payers.count; i++) {
		struct payer *p = &v->payers.at[i];

		/* Nor is anything said of it: it would be said again each time. */
		if (p->is_new && !has_counted(&p->counters))
			continue;
		notice(v, p, notices);
		if (p->is_new && p->meter.length > 0)
			v->info.meters++;
		if (store_counters_put(v->store, v->info.hour, &p->meter, &p->counters) == -1)
			return -1;
	}
	return 0;
}

int
booking_close(struct booking_session *v)
{
	if (store_info_put(v->store, &v->info) == -1)
		return booking_abandon(v);
	return store_commit(v->store);
}

static void
identify(const struct booking_session *v, size_t recipient, unsigned char *id)
{
	const struct booking *b = v->booking;

	/* The message has no sender in it: with VERP each recipient's is another. */
	if (recipient == BOOKING_MESSAGE(BOOKING_WHOLE))
		pending_identity(id, v->info.secret, &b->file, "", "");
	else if (recipient == BOOKING_MESSAGE(BOOKING_THERE))
		pending_identity(id, v->info.secret, &b->file, "", b->origin.destination);
	else
		pending_identity(id, v->info.secret, &b->file, b->sender, b->recipients[recipient]);
}

int
booking_recall(const struct booking_session *v, size_t recipient, struct booking_delivery *d)
{
	int rc;

	memset(d, 0, sizeof *d);
	if (!v->booking->file.known)
		return 0;
	identify(v, recipient, d->id);
	rc = store_pending_get(v->store, d->id, &d->pending);
	d->known = rc == 1;
	if (!d->known)
		d->pending.message = recipient >= BOOKING_MESSAGE(BOOKING_PARTS - 1);
	return rc == -1 ? -1 : 0;
}

int
booking_remember(struct booking_session *v, struct booking_delivery *d)
{
	if (!v->booking->file.known || (!d->known && v->info.pendings >= STORE_PENDINGS_MAX))
		return 0;
	if (!d->known) {
		d->pending.since = v->now;
		v->info.pendings++;
	}
	d->pending.touched = v->now;
	return store_pending_put(v->store, d->id, &d->pending);
}

int
booking_forget(struct booking_session *v, const struct booking_delivery *d)
{
	if (!d->known)
		return 0;
	if (v->info.pendings > 0)
		v->info.pendings--;
	return store_pending_del(v->store, d->id);
}

int
booking_abandon(struct booking_session *v)
{
	int saved = errno;

	store_rollback(v->store);
	errno = saved;
	return -1;
}
