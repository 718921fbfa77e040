/*
 * compile - a checked configuration made into the rules of a live store
 *
 * The new rules are written as a generation of their own, in batches that hold the lock for a moment
 * only; one last transaction puts them in force. Deliveries see the old rules or the new ones, whole.
 */
#ifndef COMPILE_H
#define COMPILE_H

#include <stdint.h>

#include "config.h"
#include "store.h"

/* What is different from the rules that were in force. */
struct compile_changes {
	uint64_t added, changed, removed, same;
};

/* Told of each rule that is different; `before` or `now` is NULL where there was or is none. */
typedef void compile_told(const struct rules_key *key, const struct limits *before,
    const struct limits *now);

/* What every step needs. */
struct compile {
	struct store *live;
	const unsigned char *boot;
	int64_t now;
	const struct config *config;
	struct store *ledger; /* closed hours, for max_per_day; NULL where that is not used */
	int ledger_error;     /* errno of why those could not be read, or 0 */
	uint32_t generation;  /* of the rules in force after compile_failed(); 0: none are */
	struct compile_changes changes;
	compile_told *told;
};

/* Puts a configuration without errors in force. 0, or -1 with errno and the old rules in force. */
int compile_rules(struct compile *c);

/*
 * Notes that the configuration could not be used, and why: the rules stay, and no load is tried again
 * until a file changes. 0, or -1 with errno.
 */
int compile_failed(struct compile *c, const char *why);

/*
 * Notes in the live store what meters with max_per_day, by the rules of `generation`, have admitted in the
 * last closed hours. 0, also where the ledger cannot be read (ledger_error says so); or -1 with errno.
 */
int compile_days(struct compile *c, uint32_t generation);

#endif
