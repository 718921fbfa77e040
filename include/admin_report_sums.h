/*
 * admin_report_sums - the parts of a report that are about meters: sums, worst first, and what is said of them
 */
#ifndef ADMIN_REPORT_SUMS_H
#define ADMIN_REPORT_SUMS_H

#include <stdint.h>
#include <stdio.h>

#include "admin_report.h"
#include "summary.h"
#include "tally.h"

struct admin_report_sums {
	const struct admin_history *history;
	struct tally *tally;
	struct tally_row **rows; /* those that look compromised first, then by what did not go out */
	size_t count;
	uint64_t held, refused; /* by whichever meter: one delivery is stopped by one */
};

/*
 * Reads the span of `history` and sorts it; says so where names had no room. Each row is passed to `told`, which
 * is admin_report_sums_add() with `s`, or calls that. An exit status; if it is EX_OK, `tally` is to be freed.
 */
int admin_report_sums_read(struct admin_report_sums *s, struct admin_history *history,
    admin_history_told *told, void *context);

/* Adds a row to the sums that `context` is; an admin_history_told. */
int admin_report_sums_add(void *context, const struct store_row *row);

/*
 * All mail once: what was tried as `server` has it, what was stopped by whoever stopped it. Takes the
 * server's row out, which would say the same, where no limit of its own has stopped anything.
 */
struct counters admin_report_sums_total(struct admin_report_sums *s);

/* Only who sends can look compromised; what all share says nothing of anybody. As summary_judge(). */
enum summary_sign admin_report_sign(const struct admin_report_sums *s, const struct tally_row *row,
    struct summary_hour *why);

/* "20 of 30 failed or deferred in the hour from ..."; for every sign but SUMMARY_FINE. */
void admin_report_why(FILE *f, enum summary_sign sign, const struct summary_hour *why);

/* "tripped in 1 hour; stopped in 2 hours; 7 discarded by order; 3 returned", each behind `separator` or "; ", if it was. */
void admin_report_stops(FILE *f, const struct summary *s, const char *separator);

#endif
