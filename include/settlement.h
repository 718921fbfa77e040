/*
 * settlement - what the real program reported, booked in one transaction
 */
#ifndef SETTLEMENT_H
#define SETTLEMENT_H

#include <stdint.h>

#include "booking.h"
#include "policy.h"
#include "report.h"

/*
 * Books the outcome of every recipient. `*tripped` receives one bit per payer whose failure limit
 * was crossed just now, and `judgements` (METERS_MAX) their figures. 0, or -1 with errno: nothing
 * was booked.
 */
int settlement_book(struct store *s, const struct booking *b, int64_t now,
    const struct report *report, int wait_status, unsigned *tripped,
    struct judgement *judgements);

#endif
