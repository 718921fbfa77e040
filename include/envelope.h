/*
 * envelope - what qmail-rspawn says of a delivery: host, sender, recipients
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

/* The strings are argv's own: raw bytes of any length, never empty of meaning, never trusted. */
struct envelope {
	const char *host;
	const char *sender;
	char *const *recipients;
	size_t count; /* of recipients, >= 1 */
};

/*
 * Takes qmail-remote's arguments apart: `host sender recip ...`, or indimail-mta's `host sender qqeh
 * size recip ...`, told by its fourth argument: a number, where a recipient would hold an '@'
 * (facts/qmail-remote.md section 1). False if there is no recipient.
 */
bool envelope_parse(struct envelope *e, int argc, char *const *argv);

#endif
