/*
 * admission - may this delivery pass? asked, judged and booked in one transaction
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "booking.h"
#include "claims.h"
#include "policy.h"

struct admission {
	struct judgement judgement; /* verdict PASS: hand it to the real program */
	struct judgement observed;  /* what it would have been, where mode is "observe" */
	size_t payer;               /* index of the payer that says either, its meter, */
	struct meter meter;         /* and the order that settles it, or NULL; */
	const struct order *order;  /* they mean something unless both PASS */
	bool exempt;                /* it passes because a payer is exempt */
	bool charged;               /* it passes because it was charged before */
	bool authenticated;         /* who did, by the message's head, is believed, and pays */
	bool repeated;              /* it was that, or held in this hour, before */
	struct booking_notices notices;
	struct claims claims;       /* what the caller has to start; with await_load nothing was booked */
};

/*
 * Judges and books a delivery at `now`. With `wait_for_load` it says `claims.await_load` instead where a load is
 * under way that it cannot do without. 0, or -1 with errno: nothing was booked.
 */
int admission_ask(struct store *s, const struct booking *b, int64_t now, bool wait_for_load,
    struct admission *admission);

/*
 * What admission_ask() would say now, in a live store's transaction that has begun, whose state is `info`;
 * and who would pay, as they stand before it. Writes nothing. 0, or -1 with errno.
 */
int admission_preview(struct store *s, const struct info *info, const struct booking *b, int64_t now,
    struct admission *admission, struct payers *payers);

#endif
