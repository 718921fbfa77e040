/*
 * admin_show_table - the text of show: one table for scripts, and one that is made to fit a terminal
 *
 * For scripts it is always the same: all columns, whole names, no bar. On a terminal columns are as wide as
 * what is in them, and go one after the other where there is no room; NAME is the word that other commands
 * take, LIMIT the one that is nearest.
 */
#include "admin_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin_column.h"
#include "admin_print.h"
#include "hour.h"

#define NAME_MAX_PADDED 60 /* for scripts: one long name does not push all others' figures away */
#define NAME_ENOUGH 24     /* columns go before names get less than this, */
#define NAME_LEAST 12      /* ... and the last two before this */
#define BAR_LEAST 8
#define BAR_MOST 24

static const struct column {
	const char *head;
	int for_scripts; /* its width there at least; 0: not there */
	bool left;
} columns[SHOW_COLUMNS] = {
	[SHOW_KIND] = { "KIND", 7, true },
	[SHOW_NAME] = { "NAME", 4, true },
	[SHOW_ADMITTED] = { "ADMITTED", 8, false },
	[SHOW_LIMIT] = { "LIMIT", 8, false },
	[SHOW_USED] = { "USED", 5, false },
	[SHOW_BAR] = { "", 0, true },
	[SHOW_SENT] = { "SENT", 7, false },
	[SHOW_DEFERRED] = { "DEFERRED", 8, false },
	[SHOW_FAILED] = { "FAILED", 7, false },
	[SHOW_UNREACHED] = { "UNREACHED", 9, false },
	[SHOW_HELD] = { "HELD", 7, false },
	[SHOW_REFUSED] = { "REFUSED", 7, false },
	[SHOW_FAIL] = { "FAIL%", 5, false },
	[SHOW_STATE] = { " STATE", 6, true },
};

/* What goes first where a terminal is narrow; STATE: it gets shorter. */
static const enum show_column gives_way[] = { SHOW_UNREACHED, SHOW_SENT, SHOW_DEFERRED, SHOW_FAILED,
	SHOW_STATE, SHOW_HELD, SHOW_BAR, SHOW_FAIL, SHOW_LIMIT, SHOW_STATE, SHOW_ADMITTED };
#define GIVES_WAY (sizeof gives_way / sizeof gives_way[0])
#define GIVES_WAY_BEFORE_NAME (GIVES_WAY - 2)

struct layout {
	const struct admin_show *show;
	size_t shown; /* rows */
	enum admin_state_detail detail;
	int width[SHOW_COLUMNS]; /* 0: not there */
};

/* --- how wide columns are --- */

static const char *
cell_of(char *out, const struct layout *l, const struct admin_show_row *row, enum show_column column)
{
	return admin_show_cell(out, l->show, row, column, l->detail);
}

/* As wide as what is in it. */
static int
natural_width(const struct layout *l, enum show_column column, int least)
{
	char text[SHOW_CELL_MAX];
	size_t width = strlen(columns[column].head);

	if (width < (size_t)least)
		width = (size_t)least;
	for (size_t i = 0; i < l->shown; i++) {
		size_t n = strlen(cell_of(text, l, &l->show->rows[i], column));

		width = n > width ? n : width;
	}
	return (int)width;
}

static void
lay_out_for_scripts(struct layout *l)
{
	for (int i = 0; i < SHOW_COLUMNS; i++)
		l->width[i] = columns[i].for_scripts;
	l->width[SHOW_KIND] = natural_width(l, SHOW_KIND, l->width[SHOW_KIND]);
	l->width[SHOW_NAME] = natural_width(l, SHOW_NAME, l->width[SHOW_NAME]);
	if (l->width[SHOW_NAME] > NAME_MAX_PADDED)
		l->width[SHOW_NAME] = NAME_MAX_PADDED;
}

/* What is left of the screen beside all columns, with names of this width; may be negative. */
static int
room_left(const struct layout *l, int name)
{
	int room = l->show->width - name + 1;

	for (int i = 0; i < SHOW_COLUMNS; i++)
		if (l->width[i] > 0)
			room -= 1 + (i == SHOW_NAME ? 0 : l->width[i]);
	return room;
}

static void
give_way(struct layout *l, enum show_column column)
{
	if (column == SHOW_STATE) {
		l->detail++;
		l->width[SHOW_STATE] = natural_width(l, SHOW_STATE, 0);
	} else {
		l->width[column] = 0;
	}
	/* What was stopped is both; one of them alone would be read as all. */
	if (column == SHOW_HELD)
		l->width[SHOW_REFUSED] = 0;
}

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

/* Then names get what is left, and the bar what they leave. */
static void
lay_out_for_screen(struct layout *l)
{
	int name, room;

	for (int i = SHOW_NAME; i < SHOW_COLUMNS; i++)
		l->width[i] = i == SHOW_BAR ? BAR_LEAST : natural_width(l, (enum show_column)i, 0);
	name = l->width[SHOW_NAME];
	for (size_t i = 0; i < GIVES_WAY; i++) {
		int least = i < GIVES_WAY_BEFORE_NAME ? NAME_ENOUGH : NAME_LEAST;

		if (room_left(l, smaller(name, least)) >= 0)
			break;
		give_way(l, gives_way[i]);
	}
	room = room_left(l, 0);
	l->width[SHOW_NAME] = smaller(name, room > NAME_LEAST ? room : NAME_LEAST);
	if (l->width[SHOW_BAR] > 0)
		l->width[SHOW_BAR] = smaller(BAR_MOST, l->width[SHOW_BAR] + room - l->width[SHOW_NAME]);
}

/* --- lines --- */

static void
print_name(const struct layout *l, const struct admin_show_row *row)
{
	const struct admin_column names = { l->width[SHOW_NAME], l->show->screen, l->show->utf8 };
	char name[SHOW_CELL_MAX];

	(void)cell_of(name, l, row, SHOW_NAME);
	admin_column_print(&names, name, row->meter.kind);
}

/* Full when nothing more passes, and not before; empty where nothing was used. */
static void
print_bar(const struct layout *l, const struct admin_show_row *row)
{
	const char *full = l->show->utf8 ? "\u2588" : "#", *empty = l->show->utf8 ? "\u2591" : ".";
	int width = l->width[SHOW_BAR], used = width;

	if (row->usage.rule == RULE_NONE) {
		(void)printf("%*s", width, "");
		return;
	}
	if (row->usage.percent < 100)
		used = (int)(row->usage.percent * (uint64_t)width / 100);
	if (used == 0 && row->usage.percent > 0)
		used = 1;
	for (int i = 0; i < width; i++)
		(void)fputs(i < used ? full : empty, stdout);
}

static void
print_cell(const struct layout *l, const struct admin_show_row *row, enum show_column column)
{
	const char *colour = admin_show_colour(l->show, row);
	bool paint = colour[0] != '\0' && (column == SHOW_BAR || column == SHOW_STATE);
	char text[SHOW_CELL_MAX];

	(void)fputs(paint ? colour : "", stdout);
	if (column == SHOW_BAR)
		print_bar(l, row);
	else if (column == SHOW_NAME)
		print_name(l, row);
	else if (column == SHOW_STATE)
		(void)fputs(cell_of(text, l, row, column), stdout);
	else
		(void)printf("%*s", columns[column].left ? -l->width[column] : l->width[column],
		    cell_of(text, l, row, column));
	(void)fputs(paint ? "\033[0m" : "", stdout);
}

/* NULL: the line of heads. */
static void
print_row(const struct layout *l, const struct admin_show_row *row)
{
	const char *separator = "";

	for (int i = 0; i < SHOW_COLUMNS; i++) {
		if (l->width[i] == 0)
			continue;
		(void)fputs(separator, stdout);
		separator = " ";
		if (row != NULL)
			print_cell(l, row, (enum show_column)i);
		else
			(void)printf("%*s", i == SHOW_STATE ? 0 : columns[i].left ? -l->width[i] : l->width[i],
			    columns[i].head);
	}
	(void)fputs(l->show->end, stdout);
}

/* Returns how many lines it has printed. */
static int
print_head(const struct admin_show *show)
{
	const char *note = show->generation == 0 ? "no rules loaded: nothing is limited" :
	    show->settings.observe ? "mode observe: limits stop nothing" : "";
	char from[ADMIN_TIME_MAX], to[ADMIN_TIME_MAX];
	int n = printf("Hour %s to %s", admin_print_time(from, hour_start(show->hour)),
	    admin_print_clock(to, hour_start(show->hour) + 3600));
	bool apart = show->screen && note[0] != '\0' && n + 2 + (int)strlen(note) > show->width;

	(void)printf("%s%s%s", apart ? show->end : note[0] != '\0' ? "; " : "", note, show->end);
	return apart ? 2 : 1;
}

/* Rows: as many as are wanted, and as there are lines for. */
static size_t
rows_for(const struct admin_show *show, int used)
{
	size_t most = show->count < show->limit ? show->count : (size_t)show->limit;
	size_t lines = show->height > used ? (size_t)(show->height - used) : 0;

	if (show->height == 0 || most < lines || (most == lines && most == show->count))
		return most;
	return lines > 0 ? lines - 1 : 0;
}

void
admin_show_table(const struct admin_show *show)
{
	struct layout l = { .show = show };
	int used = print_head(show) + 1;

	if (show->count == 0) {
		(void)printf("%s in this hour yet%s", show->kinds != 0 ? "none of these" : "no mail", show->end);
		return;
	}
	l.shown = rows_for(show, used);
	if (show->screen)
		lay_out_for_screen(&l);
	else
		lay_out_for_scripts(&l);
	print_row(&l, NULL);
	for (size_t i = 0; i < l.shown; i++)
		print_row(&l, &show->rows[i]);
	if (l.shown < show->count)
		(void)printf("and %zu more%s", show->count - l.shown, show->end);
}
