/*
 * claims - who starts qlimit(8) in the background
 *
 * One delivery of all that notice it at once: the claim is written in its transaction.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>

#include "booking.h"

struct claims {
	bool start_load;  /* the caller has the claim to start `qlimit load` ... */
	bool start_tidy;  /* ... and `qlimit tidy` */
	bool unanswered;  /* whoever had that claim before has not come back */
	bool await_load;  /* there are no rules, or no essentials, and a load is under way: ask again soon */
	bool restore;     /* start_load is for the essentials: the rules are current */
};

/*
 * Claims what is due; changes v->info, which the caller is to write. `await_load` comes only where
 * `wait_for_load` asks for it. 0, or -1 with errno.
 */
int claims_make(struct booking_session *v, bool wait_for_load, struct claims *claims);

#endif
