/*
 * origin - all that says who sends a delivery, and to whom
 *
 * From the envelope and the message's head alone. Who of them pays is asked of the rules: payers.h.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

#include "address.h"
#include "head.h"
#include "meter.h"

struct origin {
	bool bounce;                            /* the sender is "" or "#@[]" */
	char domain[ADDRESS_DOMAIN_MAX + 1];    /* the sender's, normal form; "" if it has none */
	char address[METER_NAME_MAX + 1];       /* the whole sender in lower case; "" if it is too long */
	char destination[ADDRESS_DOMAIN_MAX + 1]; /* the first recipient's domain, normal form; or "" */
	struct head head;
};

/* Fills in all but `head`. */
void origin_read(struct origin *origin, const char *sender, const char *recipient);

/* The name of the user that line 1 tells of, METER_NAME_MAX + 1 bytes: "uid:48", "alias"; or "". */
void origin_user(const struct origin *origin, char *name);

#endif
