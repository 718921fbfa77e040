/*
 * meter - a thing that is counted and limited: kind and name
 */
#ifndef METER_H
#define METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METER_NAME_MAX 253
#define METERS_MAX 8 /* of one delivery */

/* Stored in records: numbers are never reused. */
enum meter_kind {
	METER_SERVER = 1,  /* all mail of this server */
	METER_DOMAIN = 2,  /* mail of one sender domain */
	METER_BOUNCES = 3, /* mail from "" and "#@[]" */
	METER_FOREIGN = 4, /* mail whose sender has no domain that could be one */
};

/* Kinds other than METER_DOMAIN have one meter each, with an empty name. */
struct meter {
	uint8_t kind;
	uint8_t length;
	char name[METER_NAME_MAX + 1];
};

struct meter_list {
	size_t count;
	struct meter at[METERS_MAX];
};

/* Fills in a meter; `name` of at most METER_NAME_MAX bytes, "" where the kind has one meter. */
void meter_set(struct meter *meter, enum meter_kind kind, const char *name);

/*
 * Which meters pay for a delivery from this envelope sender: the one that is to blame first (its
 * domain, or bounces, or foreign), the server's last.
 */
void meter_payers(struct meter_list *payers, const char *sender);

/* "server", "domain", "bounces", "foreign"; "unknown" for a number that is no kind. */
const char *meter_kind_name(unsigned kind);

/*
 * The meter an admin means by a word: a kind that has one meter, else a domain in any case or
 * with a trailing dot. False if it is no name a domain can have.
 */
bool meter_parse(struct meter *meter, const char *word);

#endif
