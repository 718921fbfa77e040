/*
 * head - what the first lines of a message say of who sends it
 *
 * Line 1 is qmail-queue's own word. Everything below it is the injector's, and is believed only where a
 * stranger cannot have written it (facts/qmail-remote.md section 4; the sources of notqmail 1.09, netqmail
 * 1.06, sagredo's qmail, s/qmail, indimail-mta, simscan and qmail-scanner).
 *
 * What a local user can still do: write a Delivered-To: or an authenticated Received: of his own under a
 * line 1 that names his uid. And indimail's qmail-queue puts $HOSTNAME of whoever calls it into line 1,
 * newlines and all, so there a local user can make it name another.
 */
#ifndef HEAD_H
#define HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

#define HEAD_MAX 65536 /* bytes from the start of a message that are looked at */
#define HEAD_AUTH_MAX 200
#define HEAD_FILTERS_MAX 8
#define HEAD_FILTER_MAX 80

/* Who called qmail-queue, by line 1. */
enum head_invoker {
	HEAD_NOBODY,  /* it does not say so: no line of qmail-queue's */
	HEAD_UID,     /* a local user; in indimail's line also one who says that he speaks for the network */
	HEAD_ALIAS,   /* qmail's user alias */
	HEAD_NETWORK, /* qmail-smtpd, qmail-qmtpd: user qmaild */
	HEAD_BOUNCE,  /* qmail-send: user qmails */
};

struct head {
	enum head_invoker invoker;
	uint32_t uid; /* of HEAD_UID, else 0 */
	/*
	 * The domain that forwarded, in normal form, or "": of the topmost Delivered-To:, if qmail-local can
	 * have written it and no Received: but line 1 and filters' stands above it. Only of HEAD_UID and
	 * HEAD_ALIAS.
	 */
	char forwarder[ADDRESS_DOMAIN_MAX + 1];
	/*
	 * Who authenticated to qmail-smtpd, in lower case and printable ASCII, or "". qmail-smtpd makes '?'
	 * of what it finds unsafe in a name. Of HEAD_NETWORK it can be believed; of HEAD_UID only if that is
	 * a filter's uid, which the caller must know: any other user can have written it himself.
	 */
	char auth[HEAD_AUTH_MAX + 1];
};

/* What the admin vouches for. */
struct head_trust {
	/* Every qmail-smtpd here puts a Received: of its own on top, also of mail from who authenticated. */
	bool smtp_auth;
	/*
	 * trusted_received: a Received: with one of these texts in it, unfolded and byte for byte, is a
	 * filter's. Never one that qmail-smtpd wrote: there the client chose some of the words. "" is none.
	 */
	size_t filters_count; /* at most HEAD_FILTERS_MAX */
	char filters[HEAD_FILTERS_MAX][HEAD_FILTER_MAX + 1];
};

/*
 * Reads the first `n` bytes of a message, any bytes, at most HEAD_MAX of them; no NUL need end them. True
 * if more of the message would change nothing. False if it may: ask again with more, up to HEAD_MAX. What
 * is in `head` is then right if there is no more.
 */
bool head_read(struct head *head, const struct head_trust *trust, const char *bytes, size_t n);

#endif
