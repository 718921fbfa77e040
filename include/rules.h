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

#include "limits.h"
#include "meter.h"

#define RULES_SETTINGS_SIZE 8 /* bytes of a record */

/* Stored in keys: numbers are never reused. */
enum rules_scope {
	RULES_SERVER = 1,     /* the server meter; no name */
	RULES_DEFAULT = 2,    /* every meter without a rule of its own; no name */
	RULES_DOMAIN = 3,     /* the domain of this name */
	RULES_SUBDOMAINS = 4, /* all domains below this one: ".example.com" under "example.com" */
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
	uint16_t history_days; /* how long the ledger keeps an hour; 1 to 3660 */
};

/* Fills in a key; `name` of at most METER_NAME_MAX bytes. */
void rules_key_set(struct rules_key *key, enum rules_scope scope, const char *name);

/*
 * The key to ask for a meter's limits at `step` 0, 1, 2, ... until a rule is found: own name,
 * wildcards from the longest to the shortest, default. False when there is none left to ask:
 * then there is no limit (bounces, until they have settings of their own).
 */
bool rules_key_for(struct rules_key *key, const struct meter *meter, unsigned step);

/* Encodes to RULES_SETTINGS_SIZE bytes. */
void rules_settings_encode(const struct rules_settings *s, unsigned char *record);

/* Decodes; false if the record is not one of this version or a value is out of range. */
bool rules_settings_decode(struct rules_settings *s, unsigned char *record, size_t size);

#endif
