/*
 * guard - whatever breaks in our own part ends in the real qmail-remote being run, once
 *
 * Armed from before the store is opened until the end, with another fallback for each stage. A crash,
 * an abort, a library's exit or the deadline ends in the fallback; before, and once disarmed, these
 * signals are what they were when the process started. facts/storage.md: 12,000 of 12,000 corruptions of
 * the file reached the real program.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* Why the guard's fallback is called. */
enum guard_reason { GUARD_CRASHED, GUARD_TIMED_OUT, GUARD_EXITED, GUARD_OVER_LIMIT };

/*
 * What is to happen instead. Runs in a signal handler: async-signal-safe, must not return. If it
 * crashes itself, `last_resort` is called in its place, twice if need be: it must do with less.
 */
typedef void guard_fallback(enum guard_reason reason);

struct guard {
	guard_fallback *fallback;
	guard_fallback *last_resort;
	uint32_t deadline_ms; /* 0: none */
	int last_status; /* what it exits with where no fallback comes to an end */
	/* Alarms, limits, and signals that others send mean nothing: only a fault of our own does. */
	bool own_faults_only;
};

/* Arms the guard, or puts this one in the place of the one that is armed. It is kept, not copied. */
void guard_arm(const struct guard *guard);

/* Disarms it: signals, masks and timers are as inherited. Async-signal-safe; harmless when disarmed. */
void guard_disarm(void);

/*
 * In a child that is to execute another program: signals are as inherited, and an alarm of whoever
 * started us is the child's. Async-signal-safe.
 */
void guard_leave(void);

/*
 * In a child that does a part of our own work: what breaks there is for the guard as well. Else it just ends,
 * with 111, as a child that is about to execute something.
 */
void guard_follow(void);

/* Milliseconds of the deadline that have passed since the guard was armed. */
uint32_t guard_elapsed_ms(void);

#endif
