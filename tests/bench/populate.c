/*
 * populate - a store as it is on a busy server, written by the store's own code
 *
 * fill: in the live store, counters of this hour for domains d000000.example and so on; in the
 *       ledger, a row per hour and domain.
 * count: what the live store has counted, for comparing with what was delivered.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hour.h"
#include "store.h"

#define BATCH 1000         /* rows of one transaction: few enough for any map */
#define LEDGER_DOMAINS 100 /* rows of one closed hour */
#define PATIENCE_MS 5000

struct filling {
	struct store *store;
	uint32_t hour;
	uint32_t generation; /* of the rules in the live store, once it is known */
	unsigned in_batch;
};

static int
trouble(const char *what)
{
	(void)fprintf(stderr, "populate: %s: %s\n", what, strerror(errno));
	return -1;
}

/* Every row passes here: ends a full transaction and starts the next. */
static int
row_done(struct filling *f)
{
	if (++f->in_batch < BATCH)
		return 0;
	f->in_batch = 0;
	if (store_commit(f->store) == -1)
		return trouble("commit");
	return store_begin(f->store, true) == 0 ? 0 : trouble("begin");
}

static int
put_counters(struct filling *f, uint32_t hour, unsigned domain)
{
	struct counters counters;
	struct meter meter;
	char name[32];

	(void)snprintf(name, sizeof name, "d%06u.example", domain);
	meter_set(&meter, METER_DOMAIN, name);
	memset(&counters, 0, sizeof counters);
	counters.admitted = 1 + domain % 50;
	counters.sent = counters.admitted;
	counters.bytes = 4096 * counters.admitted;
	/* As a delivery leaves them: with the limits they were judged by. */
	counters.generation = f->generation;
	if ((f->generation != 0 &&
	     store_limits_find(f->store, f->generation, &meter, &counters.limits) == -1) ||
	    store_counters_put(f->store, hour, &meter, &counters) == -1)
		return trouble("counters");
	return row_done(f);
}

static int
fill_live(struct filling *f, unsigned domains)
{
	struct info info;

	if (store_info_get(f->store, &info) != 1)
		return trouble("info: no store that qlimit load has made");
	f->generation = info.generation;
	for (unsigned i = 0; i < domains; i++)
		if (put_counters(f, f->hour, i) == -1)
			return -1;
	info.hour = f->hour;
	return store_info_put(f->store, &info) == 0 ? 0 : trouble("info");
}

static int
fill_ledger(struct filling *f, unsigned days)
{
	for (uint32_t hour = f->hour - 24 * days; hour < f->hour; hour++)
		for (unsigned i = 0; i < LEDGER_DOMAINS; i++)
			if (put_counters(f, hour, i) == -1)
				return -1;
	return 0;
}

static int
fill(const char *directory, enum store_kind kind, uint32_t hour, unsigned amount)
{
	struct filling f = { .hour = hour };
	int rc = -1;

	f.store = store_lmdb_new(directory, kind, PATIENCE_MS);
	if (f.store == NULL || store_begin(f.store, true) == -1) {
		(void)trouble(directory);
	} else {
		rc = kind == STORE_LIVE ? fill_live(&f, amount) : fill_ledger(&f, amount);
		if (rc == 0 && store_commit(f.store) == -1)
			rc = trouble("commit");
	}
	store_close(f.store);
	return rc;
}

static int
count(const char *directory)
{
	struct store *store = store_lmdb_new(directory, STORE_LIVE, PATIENCE_MS);
	struct counters counters;
	struct meter server;
	struct info info;
	int rc = -1;

	meter_set(&server, METER_SERVER, "");
	if (store == NULL || store_begin(store, false) == -1)
		rc = trouble(directory);
	else if (store_info_get(store, &info) != 1 ||
	         store_counters_get(store, info.hour, &server, &counters) == -1)
		rc = trouble("counters");
	else
		rc = printf("%llu %llu\n", (unsigned long long)counters.admitted,
		         (unsigned long long)counters.sent) < 0 ? -1 : 0;
	store_close(store);
	return rc;
}

int
main(int argc, char **argv)
{
	uint32_t hour = hour_of(clock_now());

	if (argc == 3 && strcmp(argv[1], "count") == 0)
		return count(argv[2]) == 0 ? 0 : 1;
	if (argc != 5 || strcmp(argv[1], "fill") != 0) {
		(void)fputs("usage: populate fill STATE DOMAINS DAYS\n       populate count STATE\n", stderr);
		return 64;
	}
	/* The coming hour: a clock that is behind it stays in it, so no bench sees an hour's end. */
	hour++;
	if (fill(argv[2], STORE_LIVE, hour, (unsigned)strtoul(argv[3], NULL, 10)) == -1)
		return 1;
	return fill(argv[2], STORE_LEDGER, hour, (unsigned)strtoul(argv[4], NULL, 10)) == 0 ? 0 : 1;
}
