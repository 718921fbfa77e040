/*
 * hour - clock hours
 *
 * Limits are counted per UTC clock hour (facts/limits.md: "a fixed clock hour, not a sliding one").
 * An hour is the number of whole hours since 1970-01-01T00:00Z.
 */
#ifndef HOUR_H
#define HOUR_H

#include <stdint.h>

/* A clock that is behind the newest hour seen by more than this was set right, not set back. */
#define HOUR_STEP_BACK_MAX 3

/* The hour that `seconds` (since 1970, UTC) lies in; 0 for a clock before 1970. */
uint32_t hour_of(int64_t seconds);

#define HOUR_TEXT_MAX 32

/* Writes an hour as ISO 8601 has it, "2026-11-21T17:00:00Z", to HOUR_TEXT_MAX bytes. */
void hour_text(char *out, uint32_t hour);

/* First second of an hour. */
int64_t hour_start(uint32_t hour);

/*
 * The hour to count in, given the clock and the newest hour any delivery was counted in. A clock
 * that steps back stays in that hour, so that no hour is allowed twice; beyond HOUR_STEP_BACK_MAX
 * hours the earlier clock was the wrong one (a hardware clock in local time, say), and waiting for it
 * would hold all mail. Then counting goes on in the clock's hour, and in the later one when it comes.
 */
uint32_t hour_to_count_in(int64_t seconds, uint32_t newest);

#endif
