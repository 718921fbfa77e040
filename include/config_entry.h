/*
 * config_entry - one setting and one group of limits in qlimit.conf
 *
 * Every function blames the source for what is wrong and leaves its result as it was.
 */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "config_source.h"
#include "limits.h"

struct config_setting_t; /* libconfig's config_setting_t */

/* A number's name and what is allowed. */
struct config_range {
	const char *name;
	uint32_t least, most;
};

/* What a group may hold besides limits. */
enum config_extra {
	CONFIG_EXTRA_NONE,    /* default, server */
	CONFIG_EXTRA_NAME,    /* an entry of packages */
	CONFIG_EXTRA_PACKAGE, /* an entry of domains: name and package */
};

/* A group of limits; `set` has a bit for each limit that is its own. */
struct config_entry {
	unsigned line; /* 0: nowhere, built in */
	unsigned set;
	struct limits limits;
	const struct config_setting_t *name, *package;
};

/* An entry of which nothing is set: the built-in limits. */
void config_entry_init(struct config_entry *entry);

/* Reads a group; `where` is the setting it is in, for messages. False if it is no group. */
bool config_entry_read(struct config_source *source, const struct config_setting_t *group,
    const char *where, enum config_extra extra, struct config_entry *entry);

/* Takes from `from` every limit that is not the entry's own. */
void config_entry_inherit(struct config_entry *entry, const struct config_entry *from);

void config_entry_number(struct config_source *source, const struct config_setting_t *setting,
    const struct config_range *range, uint32_t *value);

/* `words` are two; 0 or 1 is the one that was found. */
void config_entry_choice(struct config_source *source, const struct config_setting_t *setting,
    const char *const *words, bool *second);

/* The string of a setting, or NULL. */
const char *config_entry_string(struct config_source *source,
    const struct config_setting_t *setting);

/* "SETTING must be ALLOWED, found ...". */
void config_entry_blame(struct config_source *source, const struct config_setting_t *setting,
    const char *name, const char *allowed);

/* "unknown setting ... in WHERE; known: ..."; silent about what config_scan has blamed. */
void config_entry_blame_unknown(struct config_source *source,
    const struct config_setting_t *setting, const char *where, const char *const *known,
    size_t count);

#endif
