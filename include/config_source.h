/*
 * config_source - the files of a configuration as one text; its places and its errors
 *
 * libconfig is given one text with every @include put in place, and never a file: 1.5 and 1.7 look
 * for included files in different places, and what was scanned could be another version than
 * what is parsed. A `line` below is a line of this text; only here it is known which file that is.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config.h"
#include "text.h"

#define CONFIG_SOURCE_MAX ((size_t)64 << 20) /* bytes, all files together */
#define CONFIG_SOURCE_SHOWN 80               /* characters of a value shown in an error */

/* The text from line `at` on is what stands in `file` from `line` on. */
struct config_place {
	unsigned at;
	unsigned line;
	const char *file;
};

struct config_source {
	struct config *config; /* takes the errors and the watched files */
	char *text;            /* ends with a NUL */
	size_t used, size;
	size_t beside;         /* bytes of files read that are no part of the text */
	unsigned line;         /* that the next byte will stand in; from 1 */
	size_t places_size;    /* of the configuration's places */
	bool incomplete;       /* a part is missing: what is not there is no error */
	bool no_memory;        /* something was left out: the whole is of no use */
	unsigned error_lines[CONFIG_ERRORS_MAX];
	struct text message;
	char message_data[2048];
};

/* One file's content. */
struct config_file {
	char *bytes; /* the caller's to free; one byte longer */
	size_t n;
	bool missing; /* there is no such file */
	dev_t device;
	ino_t inode;
};

/* Starts an empty text. */
void config_source_init(struct config_source *source, struct config *config);

/* Frees the text, of which the lines are still known; it must not be added to any more. */
void config_source_drop(struct config_source *source);

/* Appends to the text. */
void config_source_add(struct config_source *source, const char *bytes, size_t n);

/* What is added from here on (the beginning of a line) stands in `file` from `line` on. */
void config_source_enter(struct config_source *source, const char *file, unsigned line);

/* Where a line came from. */
struct config_place config_source_place(const struct config_source *source, unsigned line);

/* A copy of a string that lives until config_source_forget; NULL if there is no memory. */
char *config_source_keep(struct config_source *source, const char *s);
void config_source_forget(struct config *config);

/*
 * An error in this line: append the rest to the text that is returned, "FILE:LINE: " so far, then
 * call config_source_blamed.
 */
struct text *config_source_blame(struct config_source *source, unsigned line);
void config_source_blamed(struct config_source *source, unsigned line);

/*
 * A warning about a line of a file that is no part of the text: append the rest to the text that is
 * returned, "FILE:LINE: " so far, then call config_source_warned.
 */
struct text *config_source_warn(struct config_source *source, const char *file, unsigned line);
void config_source_warned(struct config_source *source);

/* Appends `"value"`, or " at FILE:LINE", to an error. */
void config_source_quote(struct text *t, const char *s, size_t n);
void config_source_point(struct config_source *source, struct text *t, unsigned line);

/* Reads a plain file that, with the text so far, is not too large. NULL, or in words why it could not. */
const char *config_source_read(struct config_source *source, const char *path,
    struct config_file *file);

#endif
