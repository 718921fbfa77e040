/*
 * admin_show - what the parts of the command show have in common
 *
 * Rows are read in one transaction, put in order, and only then shown: as JSON, as the table that scripts
 * read, or as one that fits a terminal.
 */
#ifndef ADMIN_SHOW_H
#define ADMIN_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin.h"
#include "counters.h"
#include "info.h"
#include "meter.h"
#include "orders.h"
#include "standing.h"
#include "usage.h"

#define ADMIN_STATE_MAX 160

struct admin_show_row {
	struct meter meter;
	struct counters counters; /* with the limits that are in force */
	struct usage usage;
	enum standing standing;
	const struct order *order; /* an admin's, in force; or NULL */
	uint64_t over; /* mode observe: admitted beyond max_per_hour; else 0 */
};

typedef int admin_show_order(const void *a, const void *b); /* for qsort(3), of rows */

struct admin_show {
	unsigned kinds;          /* bits 1 << enum meter_kind of what is shown; 0: all */
	admin_show_order *order;
	uint64_t limit;          /* rows at most */
	bool json, colour;
	bool screen;             /* stdout is a terminal: the table is made to fit */
	bool utf8;
	int width, height;       /* of the screen; height 0: as many lines as there are rows */
	const char *end;         /* of each line */
	struct admin_show_row *rows;
	size_t count, room;
	uint32_t hour, warn_percent;
	int64_t now;
	struct rules_settings settings;
	uint32_t generation;
};

/* EX_OK; EX_USAGE after saying what is wrong with --kind, or --sort. */
int admin_show_kinds(struct admin_show *show, const char *word);
int admin_show_sort(struct admin_show *show, const char *word);

/*
 * Reads this hour's rows, of all or of those named, in one transaction, and puts them in order. Room that
 * there is already is used again. An exit status, EX_OK if all is well; else what is wrong was said.
 */
int admin_show_read(struct admin_show *show, struct admin *a);

/* Prints it to stdout. */
void admin_show_table(const struct admin_show *show);
void admin_show_json(const struct admin_show *show);

/* Reads and prints every 2 seconds until it is interrupted, which ends the process; else an exit status. */
int admin_show_watch(struct admin_show *show, const struct admin *a);

/* What the column STATE can say at most: all; no times; nothing but the word. */
enum admin_state_detail { ADMIN_STATE_FULL, ADMIN_STATE_SHORT, ADMIN_STATE_WORD };
#define ADMIN_STATE_DETAILS 3

/* How a meter stands, in ADMIN_STATE_MAX bytes; returns `out`. */
const char *admin_show_state(char *out, const struct admin_show *show, const struct admin_show_row *row,
    enum admin_state_detail detail);

/* The columns of the table, from left to right. */
enum show_column {
	SHOW_KIND,
	SHOW_NAME,
	SHOW_ADMITTED,
	SHOW_LIMIT,
	SHOW_USED,
	SHOW_BAR,
	SHOW_SENT,
	SHOW_DEFERRED,
	SHOW_FAILED,
	SHOW_UNREACHED,
	SHOW_HELD,
	SHOW_REFUSED,
	SHOW_FAIL,
	SHOW_STATE,
	SHOW_COLUMNS,
};

/* What stands in a cell, whole, in SHOW_CELL_MAX bytes; returns `out`. Not of the bar, which is drawn. */
#define SHOW_CELL_MAX METER_WORD_MAX
const char *admin_show_cell(char *out, const struct admin_show *show, const struct admin_show_row *row,
    enum show_column column, enum admin_state_detail detail);

/*
 * Cuts a name of a meter of this kind, in SHOW_CELL_MAX bytes, to `width` (>= 8) columns and marks where. What
 * tells one from the other stays: the end of a domain, for customers have names below their own; the beginning
 * of a user; of a destination both, for without "dest" it would be a domain. No \xHH is cut: it may become some
 * columns shorter. Returns how many it has. `utf8`: of terminal_is_utf8().
 */
size_t admin_show_cut(char *name, size_t width, unsigned kind, bool utf8);

/* The escape sequence of its colour, "" for none. */
const char *admin_show_colour(const struct admin_show *show, const struct admin_show_row *row);

#endif
