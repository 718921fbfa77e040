/* booking - one delivery in one transaction of the store */
#include "booking.h"

#include <errno.h>

#include "hour.h"

/* The first delivery of a new hour has the closed one moved to the ledger. */
static void
advance_hour(struct info *info, int64_t now)
{
	uint32_t hour = hour_to_count_in(now, info->hour);

	if (info->hour != 0 && hour != info->hour)
		info->tidy_wanted = true;
	info->hour = hour;
}

int
booking_open(struct booking_session *v, struct store *s, const struct booking *b, int64_t now)
{
	v->store = s;
	v->booking = b;
	v->now = now;
	if (store_begin_live(s, &v->info, b->boot, now) == -1)
		return -1;
	advance_hour(&v->info, now);
	v->info.sequence++;
	return 0;
}

int
booking_read_counters(struct booking_session *v)
{
	const struct meter_list *payers = &v->booking->payers;

	for (size_t i = 0; i < payers->count; i++) {
		int rc = store_counters_get(v->store, v->info.hour, &payers->at[i], &v->counters[i]);

		v->is_new[i] = rc == 0;
		if (rc == -1 || store_limits_refresh(v->store, v->info.generation, &payers->at[i],
			&v->counters[i]) == -1)
			return -1;
	}
	return 0;
}

static int
notice(struct booking_session *v, struct counters *c, struct booking_notice *n)
{
	struct rules_settings settings = { .observe = false };

	n->standing = standing_notice(c);
	n->counters = *c;
	if (n->standing != STANDING_OK &&
	    store_settings_get(v->store, v->info.generation, &settings) == -1)
		return -1;
	n->observe = settings.observe;
	return 0;
}

static bool
has_counted(const struct counters *c)
{
	return c->admitted != 0 || c->held != 0 || c->refused != 0 || c->sent != 0 ||
	       c->deferred != 0 || c->failed != 0 || c->unreached != 0;
}

int
booking_write_counters(struct booking_session *v, struct booking_notice *notices)
{
	const struct meter_list *payers = &v->booking->payers;

	for (size_t i = 0; i < payers->count; i++) {
		struct counters *c = &v->counters[i];

		if (notice(v, c, &notices[i]) == -1)
			return -1;
		if (v->is_new[i] && !has_counted(c))
			continue;
		if (store_counters_put(v->store, v->info.hour, &payers->at[i], c) == -1)
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

	pending_identity(id, v->info.secret, &b->file, b->sender, b->recipients[recipient]);
}

/* 1 if this delivery is remembered; 0 also if it has nothing to know it by. */
int
booking_recall(const struct booking_session *v, size_t recipient, unsigned char *id, struct pending *p)
{
	if (!v->booking->file.known)
		return 0;
	identify(v, recipient, id);
	return store_pending_get(v->store, id, p);
}

int
booking_remember(struct booking_session *v, const unsigned char *id, struct pending *p, bool is_new)
{
	if (is_new && v->info.pendings >= STORE_PENDINGS_MAX)
		return 0;
	if (is_new) {
		p->since = v->now;
		v->info.pendings++;
	}
	p->touched = v->now;
	return store_pending_put(v->store, id, p);
}

int
booking_forget(struct booking_session *v, const unsigned char *id)
{
	if (v->info.pendings > 0)
		v->info.pendings--;
	return store_pending_del(v->store, id);
}

int
booking_abandon(struct booking_session *v)
{
	int saved = errno;

	store_rollback(v->store);
	errno = saved;
	return -1;
}
