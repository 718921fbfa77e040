/*
 * bounce - a notification that mail was not delivered: for whom, and what mail it was
 *
 * Two forms are known: the delivery status notification of RFC 3464, and qmail's own, QSBMF
 * (https://cr.yp.to/proto/qsbmf.txt). Pure readers of bytes that strangers have written, any bytes. Only
 * what the message itself is counts: a notification that somebody has attached to a mail of his own is
 * none.
 */
#ifndef BOUNCE_H
#define BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "digest.h"
#include "queue_text.h"

#define BOUNCE_MAX ((size_t)1 << 20) /* bytes of a message that are looked at */
#define BOUNCE_RECIPIENTS_MAX 1000   /* of one notification that are counted */

enum bounce_form { BOUNCE_NONE, BOUNCE_DSN, BOUNCE_QSBMF };

/* Views of the bytes that it was read from. */
struct bounce {
	enum bounce_form form; /* BOUNCE_NONE: it says of nobody that mail to him has failed for good */
	size_t count;
	bool more;             /* there are recipients beyond these, which are not counted */
	struct span recipients[BOUNCE_RECIPIENTS_MAX]; /* as they stand there */
	struct span original;  /* the message that was returned, or as much of it as is there; none: n is 0 */
	/*
	 * What all notifications of that message have in common: its Message-ID, or where it has none its header,
	 * or where nothing was returned the Message-ID of the notification.
	 */
	struct span id;
};

/* Reads a message: true if it is a notification. */
bool bounce_read(struct bounce *b, struct span message);

/* The readers of one form each, which bounce_read() asks in turn. They fill in all but `form` and `id`. */
void bounce_dsn_read(struct bounce *b, struct span message);
void bounce_qsbmf_read(struct bounce *b, struct span message);

/* One more recipient, for those; none where it is empty. */
void bounce_add(struct bounce *b, struct span recipient);

/*
 * A recipient in the form in which two notifications agree: small letters, cut behind QUEUE_ADDRESS_MAX
 * bytes. `out` has room for one more, a NUL.
 */
void bounce_normalize(char *out, struct span recipient);

/*
 * Which delivery it was that failed, DIGEST_SIZE bytes: by `id` and the recipient, under the store's secret. A
 * second copy is the same, and so is what a second server says of it. The first function does once what is
 * the same for all recipients, and may be much.
 */
void bounce_identity_begin(struct digest *begun, const unsigned char *secret, const struct bounce *b);
void bounce_identity(unsigned char *id, const struct digest *begun, const struct bounce *b, size_t recipient);

#endif
