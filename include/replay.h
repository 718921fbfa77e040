/*
 * replay - a meter's past hours against limits that it did not have
 *
 * Pure. What was wanted in an hour is what was admitted, held and refused in it. It is judged as
 * policy_judge() judges deliveries that come one by one, each for the first time: as many as there is room
 * for are admitted; then further ones are held, until refuse_above_percent is reached; the rest is refused.
 * The 23 hours before count for max_per_day as they would have been admitted, and those before the time
 * that is replayed as they were.
 *
 * Of the failure limit it is only known whether the hour's totals cross it: not when, so neither what
 * came after, nor what crossed it for a while. What is held comes again later, here not: each hour has what
 * it had. Messages are no more than their deliveries: where one was counted and the other is limited, an
 * hour is replayed only if that is enough to know that nothing is stopped.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "day.h"
#include "policy.h"

/* What would have become of one hour. */
struct replay_hour {
	uint64_t admitted, held, refused;
	bool tripped;          /* the failure limit is crossed by its totals */
	enum rule rule;        /* the maximum that is used up first; RULE_NONE: nothing is held or refused */
	uint64_t count, limit; /* ... what was wanted of it, in 24 hours if it is max_per_day; the maximum */
};

/* `before`: admitted in the 23 hours before. `bounces`: they are held instead of refused. */
struct replay_hour replay_judge(const struct limits *limits, const struct counters *counters, uint64_t before,
    bool bounces);

/* Sums over hours. */
struct replay_sum {
	uint64_t hours;         /* in which something was held or refused */
	uint64_t held, refused; /* deliveries */
	uint64_t tripped;       /* hours */
};

/* The hour in which most was stopped, of two the first; where nothing was, that with most failures. */
struct replay_worst {
	uint32_t hour;
	enum rule rule;        /* RULE_NONE: there is none */
	uint64_t stopped;      /* 0 with RULE_MAX_FAILURE_PERCENT */
	uint64_t count, limit; /* as above; or failures, of so many that have an outcome */
};

/* One meter. All zero but for what is the caller's to set: nothing yet. */
struct replay {
	const struct limits *limits; /* the caller's: what it is judged by */
	bool bounces;                /* the caller's */
	bool gone;                   /* the caller's: there would be no such meter; no hour is judged */
	uint32_t hours, unknown;     /* how many there were; of those, how many could not be judged */
	uint32_t newest;             /* of them and of those before */
	struct replay_sum now, then; /* by these limits; as it was */
	struct replay_worst worst;   /* by these limits */
	struct day day;              /* where there is a max_per_day */
};

/*
 * Takes an hour: one before the time that is replayed, for max_per_day alone; one that is judged. They come
 * in order; one that is not later than the last was told twice and is left out.
 */
void replay_before(struct replay *r, uint32_t hour, const struct counters *counters);
void replay_add(struct replay *r, uint32_t hour, const struct counters *counters);

/* Adds what another meter's hours came to; the limits and the day stay as they are. */
void replay_join(struct replay *r, const struct replay *more);

/* True if something would have been stopped. */
bool replay_stops(const struct replay *r);

#endif
