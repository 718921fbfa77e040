/*
 * outcome - what became of an attempt at a delivery
 */
#ifndef OUTCOME_H
#define OUTCOME_H

/* Stored in records: numbers are never reused. */
enum outcome {
	OUTCOME_NONE = 0,      /* not known (yet) */
	OUTCOME_SENT = 1,      /* the other side took it */
	OUTCOME_DEFERRED = 2,  /* the other side answered "later" */
	OUTCOME_FAILED = 3,    /* permanent: qmail bounces it */
	OUTCOME_UNREACHED = 4, /* no answer: DNS, connection, local trouble; qmail tries again */
	/* 5 is LIMITS_COUNT_RETURNED (limits.h). */
};

#endif
