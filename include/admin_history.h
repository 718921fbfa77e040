/*
 * admin_history - what was counted, hour by hour, out of both stores
 *
 * Closed hours are in the ledger; the running one, and closed ones until they are moved, in the live store.
 * The live store is read first: what is moved meanwhile is then met twice, not missed, and told once. Of a row
 * that is in both, the live one counts, as it will when it is moved. Read in batches that hold a lock for a
 * few milliseconds; what is told is told while no lock is held.
 */
#ifndef ADMIN_HISTORY_H
#define ADMIN_HISTORY_H

#include "admin.h"
#include "timespan.h"

struct admin_history {
	const struct admin *admin;
	struct store *live, *ledger; /* NULL: there is no live store; the ledger need not be there yet */
	struct info info;            /* of the live store; all zero where there is none */
	uint32_t running;            /* the hour that is counted in */
	struct timespan span;        /* what is to be read: the caller's to set */
	int64_t started, shown;      /* when, in milliseconds; for the progress */
	struct admin_history_seen *seen;
};

/* Told of every row; 0, or -1 with errno, which ends the reading. */
typedef int admin_history_told(void *context, const struct store_row *row);

/*
 * Behind admin_enter(). `closed`: closed hours are wanted, so that a ledger that cannot be opened is an error,
 * and to have neither store as well. An exit status, EX_OK if all is well; else what is wrong was
 * said, and nothing is to be closed.
 */
int admin_history_open(struct admin_history *h, const struct admin *a, bool closed);
void admin_history_close(struct admin_history *h);

/*
 * All rows of the span: the live store's, then the ledger's, each as store_counters_next() orders them. An
 * exit status, as above; says on a terminal how far it is.
 */
int admin_history_all(struct admin_history *h, admin_history_told *told, void *context);

/* The same of the live store alone. */
int admin_history_live(struct admin_history *h, admin_history_told *told, void *context);

/* One meter's rows, by hour. An exit status. */
int admin_history_of(struct admin_history *h, const struct meter *meter, admin_history_told *told,
    void *context);

#endif
