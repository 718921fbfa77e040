/*
 * clock - the time of day, asked once per phase by the mains and handed down from there
 *
 * The tests link a clock of their own (tests/clock.c): no program in use reads the time from anywhere
 * but the kernel.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Seconds since 1970, UTC. */
int64_t clock_now(void);

#endif
