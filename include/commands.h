/*
 * commands - the commands of qlimit(8): one table behind the command line, usage lines and --help
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdio.h>

#include "admin.h"

struct command {
	const char *group;   /* where one begins */
	const char *name;
	int (*run)(struct admin *a);
	int least, most;     /* operands */
	unsigned options;    /* the set of those it takes */
	const char *operands;
	const char *summary;
	const char *ends;    /* exit statuses beside the usual ones, the most likely first */
};

/* The command of this name, whole and in small letters; NULL if there is none. It lasts. */
const struct command *commands_find(const char *name);

/* What `qlimit --help` says: all of them, in groups, each in a line. */
void commands_overview(FILE *f);

/* How one is called; more than a line where it has many options. */
void commands_usage(FILE *f, const struct command *c);

/* What `qlimit COMMAND --help` says: that, its options and its exit statuses. To stdout. */
void commands_help(const struct command *c);

/* The names of those that take an option: "`show`, `report`". */
void commands_with(FILE *f, enum admin_option which);

#endif
