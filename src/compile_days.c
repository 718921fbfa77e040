/* compile_days - what max_per_day has to know of closed hours, made from the ledger */
#include "compile.h"

#include <errno.h>

#include "day.h"
#include "hour.h"

#define BATCH 500

struct batch {
	size_t count;
	struct store_row rows[BATCH];
	struct store_row at; /* the last one that was read */
};

static int
read_ledger(struct compile *c, uint32_t hour, struct batch *b)
{
	uint32_t from = hour < DAY_HOURS ? 0 : hour - DAY_HOURS + 1;
	int rc = 1;

	if (store_begin(c->ledger, false) == -1)
		return -1;
	for (b->count = 0; b->count < BATCH; b->rows[b->count++] = b->at) {
		rc = store_counters_next(c->ledger, from, hour, &b->at);
		if (rc != 1)
			break;
	}
	return rc == -1 ? -1 : store_commit(c->ledger);
}

static int
write_live(struct compile *c, uint32_t generation, const struct batch *b)
{
	struct info info;

	if (store_begin_live(c->live, &info, c->boot, c->now) == -1)
		return -1;
	for (size_t i = 0; i < b->count; i++)
		if (store_day_note(c->live, generation, &b->rows[i]) == -1)
			return -1;
	return store_commit(c->live);
}

int
compile_days(struct compile *c, uint32_t generation)
{
	static struct batch b;
	uint32_t hour = hour_of(c->now);

	b = (struct batch){ .count = 0 };
	do {
		if (read_ledger(c, hour, &b) == -1) {
			/* Without its history a day begins now: limits come late, mail does not. */
			c->ledger_error = errno;
			store_rollback(c->ledger);
			return 0;
		}
		if (write_live(c, generation, &b) == -1)
			return -1;
	} while (b.count == BATCH);
	return 0;
}
