/*
 * queue_text - what the files of qmail's queue say
 *
 * Pure readers of bytes that strangers have written: bounded, any bytes. The formats are those of
 * qmail-queue.c and qmail-send.c (todo_do, addbounce) of notqmail 1.09, and its INTERNALS.md.
 */
#ifndef QUEUE_TEXT_H
#define QUEUE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meter.h"
#include "text.h"

#define QUEUE_ADDRESS_MAX 1002 /* bytes; qmail-queue takes no longer ones */
#define QUEUE_FIRST 3          /* recipients that are kept of a message */
#define QUEUE_SENDER_MAX (2 * QUEUE_ADDRESS_MAX) /* bytes of a sender with a recipient put into it */

/* What takes a recipient that is not done. */
typedef void queue_recipient(void *context, const char *recipient);

/* The records of info, remote, local or todo: one letter, text, a NUL. */
struct queue_records {
	char sender[QUEUE_ADDRESS_MAX + 1]; /* of F; "" before there is one */
	bool has_sender;
	bool sender_is_cut;  /* it was longer: its domain is not known */
	uint64_t left, done; /* of T, recipients not done; of D, done */
	size_t first_count;
	char first[QUEUE_FIRST][QUEUE_ADDRESS_MAX + 1]; /* the first ones of T */
	queue_recipient *each; /* NULL, or called with every T that is of a possible length */
	void *context;         /* for that */
	size_t used; /* of the record being read; its letter is text[0] */
	char text[QUEUE_ADDRESS_MAX + 2];
};

/* Nothing known yet. */
void queue_records_init(struct queue_records *r);

/* A file begins: what was left of another's last record is none, and counting starts anew. */
void queue_records_begin(struct queue_records *r);

/* The next `n` bytes of the file. What has no NUL yet does not count: qmail may be writing it. */
void queue_records_add(struct queue_records *r, const char *bytes, size_t n);

/*
 * Who pays for a sender, by the sender alone: bounces; its domain; METER_FOREIGN where it has none. Of a
 * list's sender "list-@example.com-@[]" it is what qmail-send makes of it, example.com.
 */
void queue_text_payer(struct meter *meter, const struct queue_records *r);

/*
 * The sender that qmail-remote is given for this recipient, QUEUE_SENDER_MAX + 1 bytes: of a list's sender
 * "list-@example.com-@[]" it is "list-joe=example.net@example.com" (qmail-send.c, senderadd).
 */
void queue_text_sender(char *out, const struct queue_records *r, const char *recipient);

/* A field's value: all behind its colon with the lines it goes on in. NULL and 0: there is none. */
struct queue_field {
	const char *at;
	size_t n;
};

struct queue_header {
	struct queue_field from, to, subject; /* the first of each */
};

/* The fields of the header that `n` bytes begin with; views of these bytes, not decoded. */
void queue_text_header(struct queue_header *header, const char *bytes, size_t n);

/*
 * The last paragraph of bounce/ID, of which `bytes` are the last `n`: a recipient and why it has failed.
 * A view of these bytes; none where nothing has failed.
 */
struct queue_field queue_text_reason(const char *bytes, size_t n);

/*
 * Appends at most `most` characters of `field` on one line: blanks and ends of lines become one blank,
 * other bytes below 33 or above 126, and `\`, become \xHH. Cut, it ends in "...".
 */
void queue_text_add(struct text *t, const struct queue_field *field, size_t most);

#endif
