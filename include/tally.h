/*
 * tally - what many meters have come to, found by meter: summaries, or replays
 *
 * Its memory is bounded: history may hold more names than there is room for, when senders made up a domain
 * for every message.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meter.h"
#include "replay.h"
#include "summary.h"

#define TALLY_BYTES_MAX (80u << 20) /* all that it allocates */

struct tally_row {
	union { /* one of them throughout a tally; all zero at first */
		struct summary summary;
		struct replay replay;
	};
	const char *name; /* ends in a NUL; it lives as long as the tally */
	uint8_t kind, length;
	struct tally_row *after; /* the tally's own: which was asked for next */
};

struct tally;

/* `most`: bytes, at most TALLY_BYTES_MAX. NULL with errno. */
struct tally *tally_new(size_t most);
void tally_free(struct tally *t);

/*
 * The row of a meter, made where there is none. Where there is no more room, that of all further meters of its
 * kind together, which has no name. NULL with errno where memory is out.
 */
struct tally_row *tally_of(struct tally *t, const struct meter *meter);

/* True if some meters had no room for a row of their own. */
bool tally_is_full(const struct tally *t);

/*
 * All rows, sorted; how many in *count. No row can be asked for from then on. The array is the tally's.
 */
struct tally_row **tally_sort(struct tally *t, int (*compare)(const void *a, const void *b), size_t *count);

/* A row's meter. */
void tally_meter(const struct tally_row *row, struct meter *meter);

#endif
