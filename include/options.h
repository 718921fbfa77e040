/*
 * options - the options of qlimit(8)'s commands: one table behind getopt, usage lines, --help and completions
 *
 * A set of options is the bits 1 << enum admin_option. --help and -h every command has, beside its set.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdio.h>

#include "admin.h"

#define OPTIONS_WIDTH 80 /* columns that a usage has room in */

enum options_end {
	OPTIONS_TAKEN,
	OPTIONS_HELP,     /* --help is among them */
	OPTIONS_AMBIGUOUS, /* the beginning of more than one that this command has */
	OPTIONS_UNKNOWN,  /* none that any command has */
	OPTIONS_OTHERS,   /* one that another command has */
	OPTIONS_BARE,     /* one without its value */
	OPTIONS_WITH,     /* one with a value, that takes none */
};

struct options_mistake {
	char word[44];           /* the option as it was written, printable, cut; without its value */
	enum admin_option which; /* not of OPTIONS_AMBIGUOUS and OPTIONS_UNKNOWN */
};

/*
 * Takes the options of a command, `set`, off its words, argv[1] up to argv[argc], which is NULL: fills in `option`
 * and `names` of *a. Where the first mistake ends it, *m says which; unused is set to 0.
 */
enum options_end options_take(struct admin *a, unsigned set, int argc, char **argv, struct options_mistake *m);

/* What stands for its value, "TIME"; NULL for one that takes none. */
const char *options_value(enum admin_option which);

/* "usage: qlimit COMMAND", each option of the set, and the operands; broken so that it fits. */
void options_usage(FILE *f, const char *command, unsigned set, const char *operands);

/* A line for each option of the set, and one more for those whose value is one of a few words. */
void options_explain(FILE *f, unsigned set);

/* Appends those of the set that cannot be left out, each with a blank in front, to a NUL-ended string. */
void options_needed(char *out, size_t size, unsigned set);

#endif
