/*
 * admin_column - the column of names in a table: padded, and on a terminal cut to what the others leave
 *
 * For scripts names are whole: the longest go beyond the column, so that they do not push all figures away.
 */
#ifndef ADMIN_COLUMN_H
#define ADMIN_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

struct admin_column {
	int width;
	bool screen, utf8; /* stdout is a terminal; of that locale */
};

/* For names of which the longest has `longest` columns, beside others of so many columns, spaces among them. */
void admin_column_fit(struct admin_column *c, size_t longest, int others);

/* Prints one, of a meter of this kind (admin_show_cut()). `name` has room for SHOW_CELL_MAX bytes, and may be cut. */
void admin_column_print(const struct admin_column *c, char *name, unsigned kind);

#endif
