/*
 * config_entry - one group of limits in qlimit.conf
 */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "config_source.h"
#include "limits.h"

struct config_setting_t; /* libconfig's config_setting_t */

/* What a group may hold: the limits (enum limits_field), and then these. */
enum config_key {
	CONFIG_NAME = LIMITS_FIELDS,
	CONFIG_PACKAGE,
	CONFIG_UID,
	CONFIG_AUTH,
	CONFIG_RUNS_SMTPD,
	CONFIG_KEYS
};

/* Groups differ in which of all that they may hold. */
enum config_kind {
	CONFIG_GROUP, /* default, server, and others that stand alone */
	CONFIG_OF_PACKAGES,
	CONFIG_OF_DOMAINS,
	CONFIG_OF_USERS,
	CONFIG_OF_DESTINATIONS,
};

/* A group of limits. */
struct config_entry {
	unsigned line;                /* 0: nowhere, built in */
	unsigned from[LIMITS_FIELDS]; /* the line of each value; 0: built in */
	struct limits limits;
	const struct config_setting_t *setting[CONFIG_KEYS]; /* what it holds itself, or NULL */
};

/* An entry of which nothing is set: the built-in limits. */
void config_entry_init(struct config_entry *entry);

/* Reads a group; `where` is the setting it is in, for messages. False if it is no group. */
bool config_entry_read(struct config_source *source, const struct config_setting_t *group,
    const char *where, enum config_kind kind, struct config_entry *entry);

/* Takes from `from` every limit that has no line yet, with its line there. */
void config_entry_inherit(struct config_entry *entry, const struct config_entry *from);

/* count = "recipients" or "messages". */
void config_entry_count(struct config_source *source, const struct config_setting_t *setting,
    bool *messages);

#endif
