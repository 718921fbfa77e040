/*
 * payers - which meters pay for a delivery, and what they have counted
 *
 * In one transaction of a live store, because the rules in force say which domains are hosted and which
 * names have limits of their own. A row that is of these rules answers that by itself: no look-up more.
 */
#ifndef PAYERS_H
#define PAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "orders.h"
#include "origin.h"
#include "store.h"

/* Why a meter pays. */
enum payer_reason {
	PAYER_ALL_MAIL,   /* the server: always */
	PAYER_BOUNCE,     /* the sender is "" or "#@[]" */
	PAYER_ANY_SENDER, /* the sender's domain; nobody knows which are hosted */
	PAYER_HOSTED,     /* the sender's domain is hosted */
	PAYER_ADDRESS,    /* the sender is one address that is hosted (virtualdomains) */
	PAYER_FORWARDER,  /* a hosted domain has forwarded it for a sender from elsewhere */
	PAYER_NOT_HOSTED, /* foreign: neither of these */
	PAYER_NO_DOMAIN,  /* foreign: the sender has none */
	PAYER_USER,       /* line 1 of the message names the user */
	PAYER_AUTH,       /* qmail-smtpd's Received: names who authenticated */
	PAYER_DESTINATION, /* the recipient's domain has limits of its own */
	PAYER_ORDER,       /* there is an order on it, and nothing else makes it pay */
};

struct payer {
	struct meter meter;
	enum payer_reason reason;
	const struct order *order; /* an admin's, on this meter; or NULL */
	bool is_new;              /* nothing was counted for it in this hour yet */
	struct counters counters; /* of this hour, with the limits that are in force */
};

struct payers {
	size_t count;
	struct payer at[METERS_MAX];
};

/*
 * Who pays for a delivery: the one to blame first (domain, bounces, foreign), then user, authenticated
 * user and destination where there are such, the server last. Beyond max_meters a new name without a rule
 * of its own shares METER_OVERFLOW. A name that `orders` (NULL: none) has an order on pays as if it had a
 * rule, so that the order meets all its mail. 0, or -1 with errno.
 */
int payers_find(struct payers *payers, struct store *s, const struct info *info,
    const struct origin *origin, const struct orders *orders);

/*
 * Makes the limits of counters of this hour, as read from the store, those in force. Costs nothing where they
 * are. 0, or -1 with errno.
 */
int payers_refresh(struct store *s, const struct info *info, const struct meter *meter,
    struct counters *counters);

/*
 * Reads one meter's counters of this hour and makes their limits those in force. 1; 0 if nothing was
 * counted for it yet; -1.
 */
int payers_read(struct store *s, const struct info *info, const struct meter *meter,
    struct counters *counters);

#endif
