/*
 * admin_replay - the parts of the command replay
 */
#ifndef ADMIN_REPLAY_H
#define ADMIN_REPLAY_H

#include "admin_report.h"
#include "config.h"
#include "replay.h"

struct admin_replay {
	struct admin_history history;
	struct timespan span; /* what is replayed; the history's may begin earlier */
	struct config *config;
	struct limits no_limits;
	uint32_t oldest;   /* hour in the live store; the span's end where none is older */
	uint64_t limit;    /* rows at most; 0: all */
	struct tally *tally;
	struct replay all; /* meters together */
	uint64_t meters, stopped_now, stopped_then; /* how many; the last: as it was */
};

/* Print the sums and then the rows, `limit` of them at most: as a table; as one JSON object for each. */
void admin_replay_text(const struct admin_replay *c, struct tally_row **rows, size_t count);
void admin_replay_json(const struct admin_replay *c, struct tally_row **rows, size_t count);

#endif
