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

#include "meter.h"
#include "pending.h"
#include "standing.h"
#include "store.h"

/* What is booked: one message to one recipient (or, from the command line, several). */
struct booking {
	const char *sender;
	char *const *recipients;
	size_t count;              /* of recipients, >= 1 */
	struct pending_file file;  /* the message */
	struct meter_list payers;
	const char *config;        /* path of the configuration that should be in force */
	const unsigned char *boot; /* of the machine (boot.h) */
};

/* One transaction's view: the store's state, and what it knows of the payers. */
struct booking_session {
	struct store *store;
	const struct booking *booking;
	int64_t now;
	struct info info;
	struct counters counters[METERS_MAX]; /* of booking->payers, by index, in this hour */
	bool is_new[METERS_MAX];              /* nothing was counted for it in this hour yet */
};

/* What is to be said of the payers, by index; counters as they were then. */
struct booking_notice {
	enum standing standing; /* STANDING_OK: nothing */
	bool observe;           /* mode is "observe": it has no consequence */
	struct counters counters;
};

/* Begins a transaction at `now` and moves to its hour. 0, or -1 with errno, as all that follow. */
int booking_open(struct booking_session *v, struct store *s, const struct booking *b, int64_t now);

/* Reads what the payers have counted, and their limits as they are now. */
int booking_read_counters(struct booking_session *v);

/*
 * Writes it, and tells what it gives cause to say (METERS_MAX). Who has still counted nothing, because
 * another payer stopped the delivery, gets no record: made-up domains must not fill the store.
 */
int booking_write_counters(struct booking_session *v, struct booking_notice *notices);

/* Writes the state and commits. */
int booking_close(struct booking_session *v);

/* Undoes everything, keeping errno; returns -1. */
int booking_abandon(struct booking_session *v);

/*
 * The pending delivery to the recipient with this index, and its identity: 1; 0 if it is not
 * remembered, or has nothing to be known by (then `id` is not set).
 */
int booking_recall(const struct booking_session *v, size_t recipient, unsigned char *id,
    struct pending *p);

/* Remembers it from now on; a new one only while there is room (STORE_PENDINGS_MAX). */
int booking_remember(struct booking_session *v, const unsigned char *id, struct pending *p,
    bool is_new);

/* Forgets it: it is finished. */
int booking_forget(struct booking_session *v, const unsigned char *id);

#endif
