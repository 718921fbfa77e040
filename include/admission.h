/*
 * admission - may this delivery pass? asked, judged and booked in one transaction
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "booking.h"
#include "policy.h"

struct admission {
	struct judgement judgement; /* verdict PASS: hand it to the real program */
	const struct meter *payer;  /* the meter that says so; means something unless all PASS */
	struct judgement observed;  /* what it would have been, where mode is "observe" */
	bool repeated;              /* it was charged, or held in this hour, before */
	struct booking_notice notices[METERS_MAX];
	bool await_rules;           /* nothing was booked: no rules yet, ask again soon */
	bool start_load;            /* the caller has the claim to start `qlimit load` ... */
	bool start_tidy;            /* ... and `qlimit tidy` */
	bool unanswered;            /* whoever had that claim before has not come back */
};

/*
 * Judges and books a delivery at `now`. With `wait_for_rules` it says `await_rules` instead where
 * there are none and the first load is under way. 0, or -1 with errno: nothing was booked.
 */
int admission_ask(struct store *s, const struct booking *b, int64_t now, bool wait_for_rules,
    struct admission *admission);

#endif
