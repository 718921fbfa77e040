/* admin_history - what was counted, hour by hour, out of both stores */
#include "admin_history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin_print.h"
#include "hour.h"
#include "payers.h"

/* Rows, or hours of one meter, of one transaction; for the ledger's lock only `qlimit tidy` waits. */
#define BATCH_LIVE 500
#define BATCH_LEDGER 2000

#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 250

/* Rows of the live store, known again by a digest: names are long, and there may be many. */
struct id {
	unsigned char digest[DIGEST_SIZE];
};

struct admin_history_seen {
	size_t count, room;
	uint32_t oldest, newest;
	struct id *ids;
};

static struct store_row rows[BATCH_LEDGER];

/* --- what was seen --- */

static void
id_of(struct id *id, const struct store_row *row)
{
	static const unsigned char no_secret[DIGEST_KEY_SIZE];
	struct digest d;

	digest_init(&d, no_secret);
	digest_add64(&d, row->hour);
	digest_add64(&d, row->meter.kind);
	digest_add(&d, row->meter.name, row->meter.length);
	digest_finish(&d, id->digest);
}

static int
see(struct admin_history_seen *seen, const struct store_row *row)
{
	if (seen->count == seen->room) {
		size_t room = seen->room == 0 ? 1024 : 2 * seen->room;
		struct id *more = reallocarray(seen->ids, room, sizeof *more);

		if (more == NULL)
			return -1;
		seen->ids = more;
		seen->room = room;
	}
	if (seen->count == 0 || row->hour < seen->oldest)
		seen->oldest = row->hour;
	if (seen->count == 0 || row->hour > seen->newest)
		seen->newest = row->hour;
	id_of(&seen->ids[seen->count++], row);
	return 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(((const struct id *)a)->digest, ((const struct id *)b)->digest, DIGEST_SIZE);
}

static bool
was_seen(const struct admin_history_seen *seen, const struct store_row *row)
{
	struct id id;

	if (seen->count == 0 || row->hour < seen->oldest || row->hour > seen->newest)
		return false;
	id_of(&id, row);
	return bsearch(&id, seen->ids, seen->count, sizeof id, compare_ids) != NULL;
}

/* --- opening, closing, failing --- */

static int
read_info(struct admin_history *h)
{
	int rc;

	if (store_begin(h->live, false) == -1) {
		if (errno != ENOENT)
			return admin_open_failed(h->admin);
		store_close(h->live);
		h->live = NULL;
		return EX_OK;
	}
	rc = store_info_get(h->live, &h->info);
	if (rc == -1) {
		rc = admin_store_failed(h->live);
		h->live = NULL;
		return rc;
	}
	store_rollback(h->live);
	/* What an earlier boot has counted is nobody's. */
	if (rc == 0 || !store_is_of_boot(&h->info, h->admin->boot)) {
		memset(&h->info, 0, sizeof h->info);
		store_close(h->live);
		h->live = NULL;
	}
	return EX_OK;
}

/* Without a rollback, which would set aside what LMDB cannot read: looking at it is to change nothing. */
static int
ledger_failed(struct admin_history *h, const struct store_row *behind)
{
	const char *state = h->admin->place.state;
	char time[ADMIN_TIME_MAX];
	int error = errno;

	store_close(h->ledger);
	h->ledger = NULL;
	if (error == EBADMSG && behind != NULL && behind->meter.kind != 0)
		(void)fprintf(stderr, "qlimit: %s/ledger.mdb: a record is damaged, in the hour that began at "
		    "%s or behind it; nothing was changed. Other meters can be asked for by name, other "
		    "hours with --since and --until\n", state, admin_print_time(time, hour_start(behind->hour)));
	else if (error == EBADMSG)
		(void)fprintf(stderr, "qlimit: %s/ledger.mdb is damaged; nothing was changed. If it is no "
		    "database any more, the next `qlimit tidy` sets it aside\n", state);
	else if (error == ETIMEDOUT)
		(void)fprintf(stderr, "qlimit: %s/ledger.lock: another process has held it for %d seconds\n",
		    state, ADMIN_PATIENCE_MS / 1000);
	else
		(void)fprintf(stderr, "qlimit: %s/ledger.mdb: %s\n", state, store_error(error));
	return EX_IOERR;
}

static int
find_ledger(struct admin_history *h)
{
	if (store_begin(h->ledger, false) == 0) {
		store_rollback(h->ledger);
		return EX_OK;
	}
	if (errno != ENOENT)
		return ledger_failed(h, NULL);
	/* It stays open: a tidy may be making it, with rows that are then in the live store no more. */
	return h->live != NULL ? EX_OK : admin_open_failed(h->admin);
}

int
admin_history_open(struct admin_history *h, const struct admin *a, bool closed)
{
	int status = EX_OK;

	memset(h, 0, sizeof *h);
	h->admin = a;
	h->live = admin_live(a);
	h->ledger = store_lmdb_new(a->place.state, STORE_LEDGER, ADMIN_PATIENCE_MS);
	h->seen = calloc(1, sizeof *h->seen);
	if (h->live == NULL || h->ledger == NULL || h->seen == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		status = EX_OSERR;
	}
	if (status == EX_OK)
		status = read_info(h);
	if (status == EX_OK && closed)
		status = find_ledger(h);
	if (status != EX_OK)
		admin_history_close(h);
	h->running = hour_to_count_in(a->now, h->info.hour);
	return status;
}

void
admin_history_close(struct admin_history *h)
{
	store_close(h->live);
	store_close(h->ledger);
	if (h->seen != NULL)
		free(h->seen->ids);
	free(h->seen);
	h->live = h->ledger = NULL;
	h->seen = NULL;
}

static int
out_of_memory(void)
{
	(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
	return EX_OSERR;
}

/* --- how far it is --- */

static int64_t
milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
show_progress(struct admin_history *h, uint32_t hour)
{
	int64_t now = milliseconds();
	char time[ADMIN_TIME_MAX];

	if (h->started == 0)
		h->started = now;
	if (now - h->started < PROGRESS_AFTER_MS || now - h->shown < PROGRESS_EVERY_MS || !isatty(2))
		return;
	h->shown = now;
	(void)fprintf(stderr, "\rreading the ledger: %s\033[K", admin_print_time(time, hour_start(hour)));
}

static void
end_progress(const struct admin_history *h)
{
	if (h->shown != 0)
		(void)fputs("\r\033[K", stderr);
}

/* In the running hour limits are those in force, also where no delivery has met them yet. */
static int
refresh(const struct admin_history *h, struct store *s, struct store_row *row)
{
	struct info info = h->info;

	if (s != h->live || row->hour != h->running || h->info.generation == 0)
		return 0;
	info.hour = h->running;
	return payers_refresh(s, &info, &row->meter, &row->counters);
}

/* --- all rows --- */

/* The next batch behind *at, which moves to the last one; how many, or -1 with errno. */
static int
read_batch(struct admin_history *h, struct store *s, int most, struct store_row *at)
{
	int n, rc;

	if (store_begin(s, false) == -1)
		return errno == ENOENT ? 0 : -1; /* set aside, or gone with a reset of the machine's state */
	for (n = 0; n < most; rows[n++] = *at) {
		rc = store_counters_next(s, h->span.from, h->span.to, at);
		if (rc == -1 || (rc == 1 && refresh(h, s, at) == -1))
			return -1;
		if (rc == 0)
			break;
	}
	store_rollback(s);
	return n;
}

int
admin_history_live(struct admin_history *h, admin_history_told *told, void *context)
{
	struct store_row at = { .hour = 0 };
	int n = BATCH_LIVE, status;

	h->seen->count = 0;
	while (h->live != NULL && n == BATCH_LIVE) {
		n = read_batch(h, h->live, BATCH_LIVE, &at);
		if (n == -1) {
			status = admin_store_failed(h->live);
			h->live = NULL;
			return status;
		}
		for (int i = 0; i < n; i++)
			if (see(h->seen, &rows[i]) == -1 || told(context, &rows[i]) == -1)
				return out_of_memory();
	}
	if (h->seen->count > 0)
		qsort(h->seen->ids, h->seen->count, sizeof(struct id), compare_ids);
	return EX_OK;
}

static int
tell_ledger(struct admin_history *h, admin_history_told *told, void *context)
{
	struct store_row at = { .hour = 0 };
	int n = BATCH_LEDGER;

	while (n == BATCH_LEDGER) {
		n = read_batch(h, h->ledger, BATCH_LEDGER, &at);
		if (n == -1)
			return ledger_failed(h, &at);
		for (int i = 0; i < n; i++)
			if (!was_seen(h->seen, &rows[i]) && told(context, &rows[i]) == -1)
				return out_of_memory();
		show_progress(h, at.hour);
	}
	return EX_OK;
}

int
admin_history_all(struct admin_history *h, admin_history_told *told, void *context)
{
	int status = admin_history_live(h, told, context);

	if (status == EX_OK)
		status = tell_ledger(h, told, context);
	end_progress(h);
	return status;
}

/* --- one meter --- */

/* Fills in rows that are not found yet, of `n` hours from `from` on; 0 or -1. */
static int
look_up(struct admin_history *h, struct store *s, uint32_t from, int n)
{
	int rc;

	if (store_begin(s, false) == -1)
		return errno == ENOENT ? 0 : -1;
	for (int i = 0; i < n; i++) {
		struct store_row *row = &rows[i];

		if (row->hour != 0)
			continue;
		rc = store_counters_get(s, from + (uint32_t)i, &row->meter, &row->counters);
		if (rc == 1)
			row->hour = from + (uint32_t)i;
		if (rc == -1 || (rc == 1 && refresh(h, s, row) == -1))
			return -1;
	}
	store_rollback(s);
	return 0;
}

static int
look_up_in_both(struct admin_history *h, uint32_t from, int n)
{
	int status;

	if (h->live != NULL && look_up(h, h->live, from, n) == -1) {
		status = admin_store_failed(h->live);
		h->live = NULL;
		return status;
	}
	if (look_up(h, h->ledger, from, n) == -1)
		return ledger_failed(h, NULL);
	return EX_OK;
}

int
admin_history_of(struct admin_history *h, const struct meter *meter, admin_history_told *told, void *context)
{
	int n, status;

	for (uint32_t from = h->span.from; from < h->span.to; from += (uint32_t)n) {
		n = h->span.to - from > BATCH_LIVE ? BATCH_LIVE : (int)(h->span.to - from);
		for (int i = 0; i < n; i++)
			rows[i] = (struct store_row){ .meter = *meter };
		status = look_up_in_both(h, from, n);
		if (status != EX_OK)
			return status;
		for (int i = 0; i < n; i++)
			if (rows[i].hour != 0 && told(context, &rows[i]) == -1)
				return out_of_memory();
	}
	return EX_OK;
}
