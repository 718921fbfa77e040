/*
 * settlement - what the real program reported, booked in one transaction
 */
#ifndef SETTLEMENT_H
#define SETTLEMENT_H

#include <stdint.h>

#include "booking.h"
#include "report.h"

/*
 * Books the outcome of every recipient and latches the failure limits that were crossed. 0, and what
 * is to be said of the payers in `notices` (METERS_MAX); or -1 with errno: nothing was booked.
 */
int settlement_book(struct store *s, const struct booking *b, int64_t now,
    const struct report *report, int wait_status, struct booking_notices *notices);

#endif
