/*
 * meter - a thing that is counted and limited: kind and name
 */
#ifndef METER_H
#define METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define METER_NAME_MAX 253
#define METERS_MAX 8 /* of one delivery */
#define METER_WORD_MAX (4 * METER_NAME_MAX + 16)

/* Stored in records: numbers are never reused. */
enum meter_kind {
	METER_SERVER = 1,  /* all mail of this server */
	METER_DOMAIN = 2,  /* mail of one sender domain */
	METER_BOUNCES = 3, /* mail from "" and "#@[]" */
	METER_FOREIGN = 4, /* mail of senders whose domain is not hosted here, or that have none */
	METER_USER = 5,    /* mail that one user injected: "uid:48", "alias", or "auth:NAME" by SMTP AUTH */
	METER_DESTINATION = 6, /* mail to one domain that has limits of its own */
	METER_OVERFLOW = 7, /* mail of all that max_meters leaves no meter of their own */
};

/* Domains, users and destinations have names; of the other kinds there is one meter each, without one. */
struct meter {
	uint8_t kind;
	uint8_t length;
	char name[METER_NAME_MAX + 1];
};

/* Fills in a meter; `name` of at most METER_NAME_MAX bytes, "" where the kind has one meter. */
void meter_set(struct meter *meter, enum meter_kind kind, const char *name);

/* The qlimit.conf(5) name of a kind: "server", "domain", ...; "unknown" for a number that is no kind. */
const char *meter_kind_name(unsigned kind);

/* False where there is one meter of this kind, without a name. */
bool meter_kind_has_names(unsigned kind);

/*
 * The meter an admin means by a word: a kind that has one meter; "uid:48", "alias", "auth:NAME" for a
 * user; "destination:DOMAIN"; else a domain, which "domain:" in front makes sure of. In any case or with a
 * trailing dot; \xHH is the byte of this number. False if it is empty or too long; whether there can be such a
 * meter is asked by admin_meter() only: what a file says stays what it was.
 */
bool meter_parse(struct meter *meter, const char *word);

/* How meter_parse() is told of this meter, in printable characters; METER_WORD_MAX bytes. */
void meter_word(const struct meter *meter, char *word);

/* Appends its name alone, "" where it has none: printable, and for meter_parse() behind what tells its kind. */
void meter_add_name(struct text *t, const struct meter *meter);

/* Appends what a sentence about a meter begins with: "Domain example.com", "This server"; printable. */
void meter_describe(struct text *t, const struct meter *meter);

#endif
