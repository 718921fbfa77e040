/* admin_tidy - closed hours to the ledger, and what is too old out of both stores */
#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "admin_print.h"
#include "hour.h"
#include "log.h"

/* Rows in one transaction: the lock is held for a few milliseconds at most (facts/cost.md). */
#define BATCH 500

/* Hours of history that one run removes: a clock that is years ahead must not cost all of it at once. */
#define EXPIRE_HOURS 24

struct tidy {
	struct admin *admin;
	struct store *live;
	struct store *ledger;
	struct info info;
	uint32_t closed; /* hours before this one are moved */
	size_t count;
	uint64_t moved, expired, forgotten;
	struct store_row rows[BATCH];
};

static int
begin_live(struct tidy *t)
{
	return store_begin_live(t->live, &t->info, t->admin->boot, t->admin->now);
}

/* Copies up to BATCH rows of closed hours; the transaction changes nothing. */
static int
collect(struct tidy *t)
{
	struct store_row row = { .hour = 0 };
	int rc;

	t->count = 0;
	if (begin_live(t) == -1)
		return -1;
	t->closed = t->info.hour;
	/* What a clock that was ahead has counted waits until its hour has really come. */
	while (t->count < BATCH) {
		rc = store_counters_next(t->live, 0, t->info.hour, &row);
		if (rc == -1)
			return -1;
		if (rc == 0)
			break;
		t->rows[t->count++] = row;
	}
	return store_commit(t->live);
}

/* The ledger first, and durably: a crash before the next step only has it written twice. */
static int
write_ledger(struct tidy *t)
{
	if (store_begin(t->ledger, true) == -1 || store_ledger_ready(t->ledger) == -1)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		if (store_counters_put(t->ledger, t->rows[i].hour, &t->rows[i].meter,
			&t->rows[i].counters) == -1)
			return -1;
	return store_commit(t->ledger);
}

/*
 * What max_per_day has to know of an hour that leaves the live store. By the rules in force, or by those that
 * a load is writing: it may have read the ledger before this row was there.
 */
static int
note_day(struct tidy *t, const struct store_row *row)
{
	int noted = store_day_note(t->live, t->info.generation, row);

	return noted != 0 ? noted : store_day_note(t->live, rules_following(t->info.generation), row);
}

static int
remove_from_live(struct tidy *t)
{
	if (begin_live(t) == -1)
		return -1;
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].hour < t->info.hour &&
		    (note_day(t, &t->rows[i]) == -1 ||
			store_counters_del(t->live, t->rows[i].hour, &t->rows[i].meter) == -1))
			return -1;
	return store_commit(t->live);
}

static int
move_closed_hours(struct tidy *t)
{
	do {
		if (collect(t) == -1)
			return -1;
		if (t->count == 0)
			return 0;
		if (write_ledger(t) == -1 || remove_from_live(t) == -1)
			return -1;
		t->moved += t->count;
	} while (t->count == BATCH);
	return 0;
}

/* Hours before this one may go now: what is too old, but not all of it if that is more than a day. */
static int
expire_before(struct tidy *t, uint32_t *to)
{
	uint32_t now = hour_of(t->admin->now), days = (uint32_t)t->info.settings.history_days * 24, oldest;
	int rc;

	*to = now > days ? now - days : 0;
	if (store_begin(t->ledger, true) == -1)
		return -1;
	rc = store_counters_oldest(t->ledger, &oldest);
	if (rc == 1 && oldest + EXPIRE_HOURS < *to)
		*to = oldest + EXPIRE_HOURS;
	return rc == -1 ? -1 : store_commit(t->ledger);
}

static int
expire_history(struct tidy *t)
{
	uint32_t to;
	int removed;

	if (expire_before(t, &to) == -1)
		return -1;
	do {
		if (store_begin(t->ledger, true) == -1)
			return -1;
		removed = store_counters_prune(t->ledger, to, BATCH);
		if (removed == -1 || store_commit(t->ledger) == -1)
			return -1;
		t->expired += (uint64_t)removed;
	} while (removed == BATCH);
	return 0;
}

/*
 * Age counts from when a delivery was last seen, not first: with a queuelifetime longer than the
 * usual 7 days it is still known.
 */
static bool
is_over(const struct tidy *t, const struct pending *p)
{
	int64_t lifetime = PENDING_LIFETIME;

	/* Most messages are done with at once, and must not take the deliveries' room. */
	if (p->message)
		lifetime = t->info.pendings > STORE_PENDINGS_MAX / 2 ?
		    PENDING_MESSAGE_CROWDED : PENDING_MESSAGE_LIFETIME;
	return p->touched < t->admin->now - lifetime;
}

static int
forget_batch(struct tidy *t, unsigned char *id, bool *more)
{
	struct pending p;
	int rc = 0;

	if (begin_live(t) == -1)
		return -1;
	for (int seen = 0; seen < 4 * BATCH; seen++) {
		rc = store_pending_next(t->live, id, &p);
		if (rc == -1)
			return -1;
		if (rc == 0)
			break;
		if (!is_over(t, &p))
			continue;
		if (store_pending_del(t->live, id) == -1)
			return -1;
		t->forgotten++;
		if (t->info.pendings > 0)
			t->info.pendings--;
	}
	*more = rc == 1;
	if (store_info_put(t->live, &t->info) == -1)
		return -1;
	return store_commit(t->live);
}

static int
forget_old_deliveries(struct tidy *t)
{
	unsigned char id[DIGEST_SIZE] = { 0 };
	bool more = true;

	while (more)
		if (forget_batch(t, id, &more) == -1)
			return -1;
	return 0;
}

/* A store that a load has just made has counted in no hour yet; one of a clock that was ahead, in a later one. */
static uint32_t
newest_hour(const struct tidy *t)
{
	uint32_t now = hour_of(t->admin->now);

	return t->info.hour > now ? t->info.hour : now;
}

/* Not rules that are not in force: a load may be writing them. */
static int
forget_old_days(struct tidy *t)
{
	struct meter behind = { .kind = 0 };
	int more;

	do {
		if (begin_live(t) == -1)
			return -1;
		more = store_days_prune(t->live, &behind, newest_hour(t), 4 * BATCH);
		if (more == -1 || store_commit(t->live) == -1)
			return -1;
	} while (more == 1);
	return 0;
}

/* The word that all is done; unless one more hour was closed meanwhile. */
static int
finish(struct tidy *t)
{
	if (begin_live(t) == -1)
		return -1;
	t->info.tidy_wanted = t->info.tidy_wanted && t->info.hour != t->closed;
	t->info.tidy_claimed_at = 0;
	if (store_info_put(t->live, &t->info) == -1)
		return -1;
	return store_commit(t->live);
}

static int
report_failure(struct tidy *t)
{
	static const char what[] = "closed hours were not moved to the ledger";
	struct notify_facts facts = { .event = NOTIFY_TROUBLE, .what = what };
	int error = errno, status;

	store_log_trouble(what, error);
	errno = error;
	status = admin_store_failed(t->live);
	store_rollback(t->ledger);
	store_close(t->ledger);
	admin_notify_event(t->admin, &facts);
	return status;
}

static void
say_what_was_done(const struct tidy *t)
{
	struct admin_json j;

	if (t->admin->option[ADMIN_JSON] == NULL) {
		(void)printf("moved to the ledger: %llu rows; removed from it: %llu; deliveries forgotten: %llu\n",
		    (unsigned long long)t->moved, (unsigned long long)t->expired,
		    (unsigned long long)t->forgotten);
		return;
	}
	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "tidy");
	admin_json_number(&j, "moved", t->moved);
	admin_json_number(&j, "removed", t->expired);
	admin_json_number(&j, "forgotten", t->forgotten);
	admin_json_close(&j);
}

int
admin_tidy(struct admin *a)
{
	static struct orders expired;
	static struct tidy t;
	bool all_done = true;
	int status = admin_enter(a, false);

	if (status != EX_OK)
		return status;
	t = (struct tidy){ .admin = a };
	t.live = admin_live(a);
	t.ledger = store_lmdb_new(a->place.state, STORE_LEDGER, ADMIN_PATIENCE_MS);
	if (t.live == NULL || t.ledger == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		store_close(t.live);
		store_close(t.ledger);
		return EX_OSERR;
	}
	if (move_closed_hours(&t) == -1)
		return report_failure(&t);
	if (admin_orders_expire(a, &expired) == -1) {
		log_trouble("orders that have expired were not taken out of their file", errno);
		all_done = false;
	}
	if (expire_history(&t) == -1) {
		store_log_trouble("history that is too old was not removed from ledger.mdb", errno);
		store_rollback(t.ledger);
	}
	/* Else the claim stands, or each delivery would have the same tried again at once. */
	if (forget_old_deliveries(&t) == -1 || forget_old_days(&t) == -1 || (all_done && finish(&t) == -1) ||
	    store_compact(t.live) == -1) {
		status = report_failure(&t);
		admin_orders_tell(a, &expired);
		return status;
	}
	store_close(t.live);
	store_close(t.ledger);
	admin_orders_tell(a, &expired);
	say_what_was_done(&t);
	return EX_OK;
}
