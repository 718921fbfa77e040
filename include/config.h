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

#include "head.h"
#include "limits.h"
#include "rules.h"
#include "watch.h"

/* The errors kept; further ones are only counted. */
#define CONFIG_ERRORS_MAX 50
#define CONFIG_WARNINGS_MAX 10

struct config_place;

/* One compiled rule and where it stands. */
struct config_rule {
	struct rules_key key;
	struct limits limits;
	const char *file; /* of the entry, or of the hosted name; the main file where nothing is written */
	unsigned line;    /* there; 0: built-in values */
	unsigned from[LIMITS_FIELDS]; /* for config_where: where each value is written; 0: built in */
};

/* A file of `hosted`. */
struct config_hosted {
	const char *path; /* absolute */
	unsigned from;    /* for config_where: where it is asked for; 0: by default */
	size_t names;     /* in it; 0 also if it is missing */
};

struct config {
	struct rules_settings settings;
	bool defer_on_error;   /* on_error = "defer" */
	uint32_t deadline_ms;  /* 100 to 60000, default 2000 */
	const char *state;     /* absolute path, or NULL: not set */
	const char *remote;    /* absolute path, or NULL: not set; nobody looked if it is there */
	const char *notify;    /* likewise */
	unsigned remote_from, notify_from; /* for config_where */
	const char *notify_user; /* "uid:994", whom `notify` alone exempts from all limits; or NULL */
	uint32_t notify_timeout_s; /* seconds, 1 to 600, default 30 */
	uint32_t warn_percent; /* 1 to 100, default 80 */
	size_t domains;        /* entries of `domains`, of `packages` */
	size_t packages;
	size_t users;          /* entries of `users`, of `destinations` */
	size_t destinations;
	size_t hosted;         /* names in the files of `hosted`, each once */
	size_t hosted_count;
	struct config_hosted hosted_files[WATCH_FILES_MAX];
	bool smtp_auth;        /* smtp_auth = "received" */
	size_t filters_count;  /* trusted_received */
	const char *filters[HEAD_FILTERS_MAX];
	size_t rules_count;    /* RULES_SERVER, RULES_DEFAULT, then all others, sorted by key */
	struct config_rule *rules;
	size_t rules_size;
	struct watch_list watched; /* every file that was read or looked for, as it was before */
	size_t errors_count;   /* may be more than CONFIG_ERRORS_MAX */
	char *errors[CONFIG_ERRORS_MAX]; /* "file:line: ..." without newline, in file order */
	size_t warnings_count; /* lines of hosted files that were skipped; may be more than CONFIG_WARNINGS_MAX */
	const char *warnings[CONFIG_WARNINGS_MAX]; /* as errors */
	struct config_place *places; /* for config_where */
	size_t places_count;
	void *memory;          /* what the strings above live in */
};

/*
 * Reads the configuration at `path` (absolute) and the files it includes. Returns a configuration
 * that the caller ends with config_free, with errors_count > 0 if it must not be used (then `rules`
 * are not to be read, `watched` is); NULL with errno ENOMEM if not even that could be made. Out of
 * memory inside libconfig 1.5 ends the process: not for the mail path.
 */
struct config *config_load(const char *path);

/* The file and the line there that one of a rule's `from` means; NULL and 0 for 0. */
const char *config_where(const struct config *config, unsigned from, unsigned *line);

/* Frees a configuration; NULL is harmless. */
void config_free(struct config *config);

#endif
