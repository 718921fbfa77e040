/*
 * rules - the compiled configuration: which limits are whose
 *
 * Every load makes a new generation of rules. A rule is found by its scope and name; which scopes to
 * ask for a meter, and in what order, is decided here and nowhere else.
 */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "limits.h"
#include "meter.h"

#define RULES_SETTINGS_SIZE 8 /* bytes in a record */

#define RULES_MAX_METERS 200000 /* max_meters where nothing is written */
#define RULES_MAX_METERS_MOST 1000000 /* 300 bytes each: well below the 1 GiB that is damage (store_file.c) */

/* Stored in keys: numbers are never reused. */
enum rules_scope {
	RULES_SERVER = 1,     /* the server meter; no name */
	RULES_DEFAULT = 2,    /* domains, and what shares a meter, without a rule of its own; no name */
	RULES_DOMAIN = 3,     /* the domain of this name */
	RULES_SUBDOMAINS = 4, /* all domains below this one: ".example.com" under "example.com" */
	RULES_BOUNCES = 5,    /* no name */
	RULES_FOREIGN = 6,    /* no name */
	RULES_USER = 7,       /* the user of this name: "uid:48", "alias", "auth:NAME" */
	RULES_USER_DEFAULT = 8, /* every other one; no name */
	RULES_DESTINATION = 9, /* the recipients' domain of this name */
	RULES_ADDRESS = 10,   /* one sender that is hosted although its domain is not (virtualdomains) */
};

/* Who a rule is for. */
struct rules_key {
	enum rules_scope scope;
	uint8_t length;
	char name[METER_NAME_MAX + 1];
};

/* What is not a limit of some meter. */
struct rules_settings {
	bool observe;          /* mode = "observe": count, say, pass */
	bool hosted;           /* it is known which domains are: others share `foreign` */
	bool destinations;     /* there are some with limits of their own */
	uint16_t history_days; /* how long the ledger keeps an hour; 1 to 3660 */
	uint32_t max_meters;   /* that have a name, in one hour; 100 to RULES_MAX_METERS_MOST */
};

/* Fills in a key; `name` of at most METER_NAME_MAX bytes. */
void rules_key_set(struct rules_key *key, enum rules_scope scope, const char *name);

/*
 * The key to ask for a meter's limits at `step` 0, 1, 2, ... until a rule is found: own name,
 * a domain's wildcards from the longest to the shortest, everybody's. False when there is none left to
 * ask: then there is no limit.
 */
bool rules_key_for(struct rules_key *key, const struct meter *meter, unsigned step);

/* The generation that a load writes while this one is in force. */
uint32_t rules_following(uint32_t generation);

/* What is in force where no rules are. */
void rules_settings_init(struct rules_settings *s);

/* Puts RULES_SETTINGS_SIZE bytes into a record. */
void rules_settings_put(const struct rules_settings *s, struct bytes *b);

/* Takes them out of it; false if a value is out of range. */
bool rules_settings_get(struct rules_settings *s, struct bytes *b);

#endif
