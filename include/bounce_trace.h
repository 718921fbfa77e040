/*
 * bounce_trace - how a notification has come here, by what local programs have written on its top
 *
 * Whoever can send mail to an address can send it a made-up notification. Which address that was is
 * qmail's own word: $RECIPIENT of whoever runs us, and, where mail is forwarded to us, the Delivered-To:
 * that qmail-local has put below line 1 of qmail-queue (head.h), once for each time that it was
 * forwarded on this server. What stands below that is a stranger's, and is not asked.
 */
#ifndef BOUNCE_TRACE_H
#define BOUNCE_TRACE_H

#include <stdbool.h>

#include "address.h"
#include "cursor.h"
#include "head.h"

#define BOUNCE_TRACE_MAX 100 /* times that mail is forwarded here; before that qmail takes it for a loop */

/* What qmail-local says of a delivery (qmail-command(8)); NULL: it says nothing. */
struct bounce_delivery {
	const char *sender;    /* $SENDER */
	const char *recipient; /* $RECIPIENT */
};

enum bounce_whose {
	BOUNCE_OF_NOBODY,    /* no word of qmail's, nor an address in what was returned */
	BOUNCE_OF_FORWARDER, /* the first local address that it was sent to, which forwarded it */
	BOUNCE_OF_RECIPIENT, /* the address that it was delivered to */
	BOUNCE_OF_RETURNED,  /* the sender of what was returned; only where nobody has delivered it */
};

struct bounce_trace {
	bool has_sender; /* of the envelope, and it is not that of a notification: this is none */
	bool own;        /* qmail-send of this server wrote it: what failed was counted when it failed */
	enum bounce_whose whose;
	char domain[ADDRESS_DOMAIN_MAX + 1]; /* of that address, in normal form; or "" */
};

/*
 * Reads the top of a message. Where no delivery is known, a file out of a Maildir is read, too, on top
 * of which qmail-local has put the sender in a Return-Path: and the recipient in a Delivered-To:.
 * `original` is what was returned: its Return-Path:, or else its From:, is asked last.
 */
void bounce_trace_read(struct bounce_trace *t, const struct bounce_delivery *delivery,
    const struct head_trust *trust, struct span message, struct span original);

#endif
