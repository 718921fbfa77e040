/*
 * notify - what the admin's program is told, as an environment
 *
 * For the wrapper as well, in whose `admit` and `settle` an event is met: no allocation, no clock, no I/O, and
 * an end to everything. It starts `qlimit notify EVENT -- METER` with these variables (the `--` because a
 * domain may begin with a dash); qlimit(8) adds what it knows and runs the program.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "meter.h"
#include "text.h"

/* Room for the facts at their longest, every byte of a name escaped, and to spare; for inherited ones. */
#define NOTIFY_BYTES 8192
#define NOTIFY_ENTRIES 64
#define NOTIFY_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* In the state directory: its time says when trouble was last told of. */
#define NOTIFY_TROUBLE_FILE "trouble"

/* What has happened, each once per meter and hour. */
enum notify_event {
	NOTIFY_WARNING,       /* a limit is nearly reached: warn_percent */
	NOTIFY_LIMIT,         /* max_per_hour or max_per_day is used up */
	NOTIFY_REFUSED,       /* ... and exceeded so far that mail was refused */
	NOTIFY_FAILURES,      /* max_failure_percent was crossed */
	NOTIFY_ORDER_EXPIRED, /* an admin's order has come to its end */
	NOTIFY_TROUBLE,       /* something of ours is broken; of no meter */
	NOTIFY_TEST,          /* nothing: an admin tries the program out */
	NOTIFY_EVENTS
};

struct notify_facts {
	enum notify_event event;
	const struct meter *meter;       /* whose; NULL: nobody's */
	const struct counters *counters; /* of this hour, with the limits in force; NULL: not known */
	bool observe;                    /* mode; told together with the counters */
	uint32_t hour;                   /* likewise */
	const char *host;                /* this machine's name; NULL: not known */
	const char *what;                /* of NOTIFY_TROUBLE: what is broken, in words; else NULL */
	bool retold;                     /* inherited facts are of this very event: they are believed */
};

/* An environment for execve(2). What is made lives in `bytes`, what is inherited where it was. */
struct notify_env {
	char *entry[NOTIFY_ENTRIES + 1]; /* ends in NULL */
	size_t count;
	struct text text;
	char bytes[NOTIFY_BYTES];
};

/* The word of an event: "warning", "order_expired"; and the event of a word, false if it is none. */
const char *notify_event_name(enum notify_event event);
bool notify_event_parse(const char *word, enum notify_event *event);

/*
 * Fills in an environment: QLIMIT_EVENT, QLIMIT_TEXT and each other fact that is known, in ASCII, names escaped
 * as in the log; PATH, HOME=/; and of `inherited` (an environ, or NULL) LANG, TZ and every other QLIMIT_*
 * variable, which say where things are. An inherited fact is believed where `retold` says so, and then
 * stands in place of our own; else it is left out. What does not fit is left out whole.
 */
void notify_environment(const struct notify_facts *facts, char *const *inherited, struct notify_env *env);

/* Whether the facts in `inherited` are of this event and meter: what a delivery has said of it. */
bool notify_is_retold(const struct notify_facts *facts, char *const *inherited);

/* The value of a variable; NULL if there is none. */
const char *notify_value(char *const *environment, const char *name);

#endif
