/*
 * counters - what one meter has counted in one hour, and under which limits
 *
 * The limits stand with the counts, so that a delivery finds both in one place (with 100,000 domains
 * configured a look-up of its own costs as much as all other growth together) and a closed hour
 * still knows what was allowed in it.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "outcome.h"

/* Of a record, with the limits in it; a ledger says which is its newest. Who raises it raises INFO_VERSION. */
#define COUNTERS_VERSION 4
#define COUNTERS_SIZE 124 /* bytes of a record */

/*
 * What `returned` means for the share of failures (policy.h): a delivery that was returned was also counted as
 * `sent`, in this hour or in an earlier one, which nobody can tell any more. Each is one delivery, so where
 * count_failures names returned the share is
 *   failures / (deferred + failed + unreached + max(sent, returned)), each as far as it is counted.
 * With as many returned as were sent in their hour that is what is true of them: 60 of 100 are 60 %, not the 37 %
 * that adding both up would make of it. And it cannot exceed 100 %: failures are at most what they are divided by.
 */

/* All count deliveries, but for bytes. They stop at UINT64_MAX and at 0 instead of wrapping. */
struct counters {
	uint64_t admitted;  /* charged and handed to the real qmail-remote */
	uint64_t sent;      /* deliveries by their latest outcome of this hour ... */
	uint64_t deferred;
	uint64_t failed;
	uint64_t unreached;
	uint64_t held;      /* stopped for now by a limit of, or an order on, this meter */
	uint64_t refused;   /* stopped for good by a limit of, or an order on, this meter */
	uint64_t discarded; /* thrown away by an admin's order on this meter */
	uint64_t returned;  /* accepted by the other side, and later returned by a notification in this hour */
	uint64_t bytes;     /* sum of the message sizes of what was admitted */
	uint64_t before;    /* admitted in the 23 hours before this one; kept where max_per_day is set */
	uint64_t reset_at;  /* the store's sequence number when an admin last reset it, or 0 */
	bool tripped;       /* the failure limit was crossed; stays so until the hour ends */
	bool ordered;       /* an order has held some: `held` does not tell how far a limit is exceeded */
	uint16_t noticed;   /* bits 2 << enum notify_event (notify.h): said once in this hour */
	uint32_t generation;  /* of the rules that `limits` are from; 0: they are nobody's */
	struct limits limits;
};

uint64_t counters_sum(uint64_t a, uint64_t b);

/* The field that an outcome is counted in; NULL for OUTCOME_NONE. */
uint64_t *counters_of_outcome(struct counters *c, enum outcome outcome);

/* Counts a delivery's new outcome and takes its earlier one of this hour (or NONE) back. */
void counters_book(struct counters *c, enum outcome earlier, enum outcome now);

/* Adds `more` to `c`, field by field. */
void counters_add(struct counters *c, const struct counters *more);

/* Encodes to COUNTERS_SIZE bytes. */
void counters_encode(const struct counters *c, unsigned char *record);

/* Decodes; also records of versions 1 to 3, as there are in ledgers, of 96, 108 and 116 bytes. */
bool counters_decode(struct counters *c, unsigned char *record, size_t size);

#endif
