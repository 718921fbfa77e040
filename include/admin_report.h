/*
 * admin_report - the parts of the command report
 */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "admin_column.h"
#include "admin_history.h"
#include "admin_print.h"
#include "tally.h"

/* Prints the span of `h` meter by meter, worst first, at most `limit` of them; 0: all. An exit status. */
int admin_report_meters(struct admin_history *h, uint64_t limit);

/*
 * Writes the span of `h` as one page of HTML to the file `path`, or to stdout where that is "-": totals, the
 * worst `limit` meters (0: 100), who looks compromised, and charts by hour. An exit status.
 */
int admin_report_html(struct admin_history *h, uint64_t limit, const char *path);

/* Tells the rows of the span, of the meters named or of all. An exit status. */
int admin_report_rows(struct admin_history *h, admin_history_told *told, void *context);

/*
 * Prints the span of `h` hour by hour, or day by day as local time has them; of `meter`, or of all mail where
 * that is NULL. With a meter and by hour: a bar for each hour. An exit status.
 */
int admin_report_hours(struct admin_history *h, const struct meter *meter, bool days);

/*
 * Adds a row to the hour or day that it lies in. Where that is of `all` mail: what was tried as `server` has it,
 * what was stopped by whoever stopped it.
 */
void admin_report_add_hour(struct counters *to, const struct store_row *row, bool all);

/* What was asked for: "domain a.example", or "all mail"; ADMIN_TITLE_MAX bytes. */
#define ADMIN_TITLE_MAX (ADMIN_NAME_MAX + 16)
const char *admin_report_title(char *out, const struct meter *meter);

/* The name of a tally's row, to be shown: a dash, or "(all others)", where it has none; ADMIN_NAME_MAX bytes. */
const char *admin_report_name(char *out, const struct tally_row *row);

/* On a terminal with fewer columns ADMITTED and UNREACHED are left out. */
#define ADMIN_REPORT_WIDE 110

/* Makes the column of names, beside others of so many columns; prints the name of a row in it. */
void admin_report_column(struct admin_column *c, struct tally_row **rows, size_t count, int others);
void admin_report_print_name(const struct admin_column *c, const struct tally_row *row);

/* The first line: what, from when to when. */
void admin_report_head(const struct timespan *span, const char *what);

#endif
