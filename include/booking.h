/*
 * booking - one delivery in one transaction of the store
 *
 * Admission and settlement are one transaction each: read, decide and write together, or 255
 * wrappers at once would let more pass than the limit (facts/storage.md). Both begin with
 * booking_open() and end with booking_close(), or with booking_abandon() once anything has failed.
 */
#ifndef BOOKING_H
#define BOOKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "origin.h"
#include "payers.h"
#include "pending.h"
#include "standing.h"
#include "store.h"

/* What is booked: one message to one recipient (or, from the command line, several). */
struct booking {
	const char *sender;
	char *const *recipients;
	size_t count;              /* of recipients, >= 1 */
	struct pending_file file;  /* the message */
	struct origin origin;      /* who sends it */
	const struct orders *orders; /* those in force; NULL: none */
	uint32_t warn_percent;     /* of a limit, from which on that is worth a notice */
	const char *config;        /* path of the configuration that should be in force */
	const unsigned char *boot; /* of the machine (boot.h) */
	bool no_essentials;        /* the file is missing or not to be used: a load is due, which writes it */
};

/*
 * What count = "messages" charges once: for most payers the message as a whole, for a destination that part
 * of it that goes there. Instead of a recipient's index: BOOKING_MESSAGE(part).
 */
enum booking_part { BOOKING_WHOLE, BOOKING_THERE };
#define BOOKING_PARTS 2
#define BOOKING_MESSAGE(part) (SIZE_MAX - (size_t)(part))

/* One transaction's view: the store's state, and what it knows of the payers. */
struct booking_session {
	struct store *store;
	const struct booking *booking;
	int64_t now;
	struct info info;
	struct payers payers;
	const struct payer *refuser; /* the one whose limit refuses this delivery, or NULL */
};

/* What is to be said of a payer; counters as they were then. */
struct booking_notice {
	enum notify_event event;
	struct meter meter;
	struct counters counters;
};

struct booking_notices {
	bool observe; /* mode is "observe": they have no consequence */
	uint32_t hour;
	size_t count;
	struct booking_notice at[METERS_MAX];
};

/* Begins a transaction at `now` and moves to its hour. 0, or -1 with errno, as all that follow. */
int booking_open(struct booking_session *v, struct store *s, const struct booking *b, int64_t now);

/* Moves a transaction that has begun, and whose state is in v->info, to the hour of `now`. */
void booking_enter(struct booking_session *v, struct store *s, const struct booking *b, int64_t now);

/* Finds out who pays, what they have counted, and their limits as they are now. */
int booking_read_payers(struct booking_session *v);

/*
 * Writes what they have counted now, and tells what it gives cause to say. Who has still counted nothing,
 * because another payer stopped the delivery, gets no record: made-up domains must not fill the store.
 */
int booking_write_payers(struct booking_session *v, struct booking_notices *notices);

/* Writes the state and commits. */
int booking_close(struct booking_session *v);

/* Undoes everything, keeping errno; returns -1. */
int booking_abandon(struct booking_session *v);

/* What the store remembers of a delivery, or of the message (BOOKING_MESSAGE()). */
struct booking_delivery {
	bool known;                     /* false: nothing; all zero but the identity, where there is one */
	unsigned char id[DIGEST_SIZE];
	struct pending pending;
};

/* Finds the delivery to the recipient with this index, or BOOKING_MESSAGE(part). */
int booking_recall(const struct booking_session *v, size_t recipient, struct booking_delivery *d);

/*
 * Remembers it as it is now; a new one only while there is room (STORE_PENDINGS_MAX), and none where the file
 * has nothing to know it by.
 */
int booking_remember(struct booking_session *v, struct booking_delivery *d);

/* Forgets it, if it was known: it is finished. */
int booking_forget(struct booking_session *v, const struct booking_delivery *d);

#endif
