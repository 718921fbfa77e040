/*
 * config_control - one line of those of qmail's control files that name domains
 *
 * The formats are those of qmail-control(5): a name in a line, in any case, with blanks behind it; empty
 * lines and those that begin with "#" say nothing. A file's own name says which it has.
 */
#ifndef CONFIG_CONTROL_H
#define CONFIG_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "rules.h"

enum config_control_format {
	CONFIG_CONTROL_RCPTHOSTS,      /* "domain", ".domain" for all below (qmail-smtpd(8)); any other file */
	CONFIG_CONTROL_LOCALS,         /* "domain" (qmail-send(8)) */
	/* "domain:prepend", ".domain:prepend", "user@domain:prepend" for that sender alone; with an empty
	 * prepend an exception from a wildcard of this file; ":prepend" (qmail-send(8)) */
	CONFIG_CONTROL_VIRTUALDOMAINS,
};

/* What lines say of a name; several may. */
enum { CONFIG_CONTROL_LISTED = 1, CONFIG_CONTROL_VIRTUAL = 2, CONFIG_CONTROL_EXCEPTION = 4 };

struct config_control {
	const char *name;       /* normal form, in the line itself; NULL: the line names none */
	enum rules_scope scope; /* RULES_DOMAIN, RULES_SUBDOMAINS or RULES_ADDRESS */
	uint8_t says;
};

/* The format of a file; its path is absolute. */
enum config_control_format config_control_format(const char *path);

/*
 * Reads one line, neither empty nor a comment, without the blanks behind it: `n` bytes of any kind, which
 * are overwritten, as is the one behind them. NULL; or what it must be to be understood, and it is whole.
 */
const char *config_control_take(struct config_control *c, enum config_control_format format, char *s,
    size_t n);

#endif
