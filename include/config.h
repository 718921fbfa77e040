/*
 * config - qlimit.conf read and checked
 *
 * Everything that is wrong is found in one pass and kept as text "file:line: what, allowed, found";
 * a configuration with an error is never used. libconfig hides some mistakes, so the text is
 * scanned first: config_scan.h. The names here are none of libconfig's, which has a config_read.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "rules.h"
#include "watch.h"

/* The errors kept; further ones are only counted. */
#define CONFIG_ERRORS_MAX 50

/* One compiled rule and where it stands. */
struct config_rule {
	struct rules_key key;
	struct limits limits;
	const char *file; /* the main file where nothing is written about it */
	unsigned line;    /* of the entry; 0: built-in values */
};

struct config {
	struct rules_settings settings;
	bool defer_on_error;   /* on_error = "defer" */
	uint32_t deadline_ms;  /* 100 to 60000, default 2000 */
	const char *state;     /* absolute path, or NULL: not set */
	const char *remote;    /* absolute path, or NULL: not set; nobody looked if it is there */
	size_t domains;        /* entries of `domains`, of `packages` */
	size_t packages;
	size_t rules_count;    /* RULES_SERVER, RULES_DEFAULT, then domains sorted by key */
	struct config_rule *rules;
	struct watch_list watched; /* every file that was read or looked for, as it was before */
	size_t errors_count;   /* may be more than CONFIG_ERRORS_MAX */
	char *errors[CONFIG_ERRORS_MAX]; /* "file:line: ..." without newline, in file order */
	void *memory;          /* what the strings above live in */
};

/*
 * Reads the configuration at `path` (absolute) and the files it includes. Returns a configuration
 * that the caller ends with config_free, with errors_count > 0 if it must not be used (then `rules`
 * are not to be read, `watched` is); NULL with errno ENOMEM if not even that could be made. Out of
 * memory inside libconfig 1.5 ends the process: not for the mail path.
 */
struct config *config_load(const char *path);

/* Frees a configuration; NULL is harmless. */
void config_free(struct config *config);

#endif
