/*
 * admin_bounced - what the parts of the command bounced share
 */
#ifndef ADMIN_BOUNCED_H
#define ADMIN_BOUNCED_H

#include <stdbool.h>
#include <stddef.h>

#include "admin.h"
#include "bounce.h"
#include "bounce_trace.h"

enum admin_bounced_whose {
	BOUNCED_COUNTED,
	BOUNCED_KNOWN,      /* all of it was counted before */
	BOUNCED_NOT_HOSTED, /* the domain is none of those that the rules in force know */
	BOUNCED_NO_RULES,   /* none were loaded since the machine was started */
};

struct admin_bounced {
	struct admin *admin;
	struct span message; /* at most BOUNCE_MAX bytes of it ... */
	void *memory;        /* ... which are in here */
	bool cut;            /* there was more, which is not looked at */
	struct bounce bounce;
	struct bounce_trace trace;
	enum admin_bounced_whose whose; /* once booked */
	size_t counted;                 /* recipients, of bounce.count, that were not known */
};

/*
 * Counts a notification, in one transaction: `returned` of the domain that `trace` names and of the
 * server grows by as many recipients as were not counted before, and where count_failures names returned
 * a failure limit that is crossed is latched; what an event calls for is told with the domain's next
 * delivery. With `keep` false nothing is changed. 0, or -1 with errno: the store cannot be used.
 */
int admin_bounced_book(struct admin_bounced *b, struct store *s, bool keep);

#endif
