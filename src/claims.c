/* claims - who starts qlimit(8) in the background */
#include "claims.h"

/* A helper that was started and has not reported back in this time is started again. */
#define CLAIM_SECONDS 30
/* For so long after a claim deliveries wait for what they cannot do without. */
#define LOAD_SECONDS 3

static bool
is_due(int64_t claimed_at, int64_t now)
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

/*
 * There are rules, so they were there, too. A load that has failed fails again, until the files change; and at once
 * after another that would be in vain, too: it has written them where we do not look.
 */
static bool
essentials_are_due(const struct booking_session *v)
{
	return v->booking->no_essentials && v->info.generation != 0 && v->info.loaded_at == v->info.tried_at &&
	       is_due(v->info.tried_at, v->now);
}

/* True while a load is on its way that brings the very first rules, or the essentials. */
static bool
load_is_coming(const struct booking_session *v)
{
	bool first = v->info.generation == 0 && v->info.tried_at == 0;

	return (first || v->booking->no_essentials) && v->info.load_claimed_at >= v->now - LOAD_SECONDS;
}

static bool
claim(int64_t *claimed_at, int64_t now, struct claims *c)
{
	if (!is_due(*claimed_at, now))
		return false;
	c->unanswered = c->unanswered || *claimed_at != 0;
	*claimed_at = now;
	return true;
}

int
claims_make(struct booking_session *v, bool wait_for_load, struct claims *c)
{
	int current = rules_are_current(v);

	*c = (struct claims){ .unanswered = false };
	if (current == -1)
		return -1;
	c->start_load = (current == 0 || essentials_are_due(v)) && claim(&v->info.load_claimed_at, v->now, c);
	c->restore = c->start_load && current != 0;
	c->start_tidy = v->info.tidy_wanted && claim(&v->info.tidy_claimed_at, v->now, c);
	c->await_load = wait_for_load && load_is_coming(v);
	return 0;
}
