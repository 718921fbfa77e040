/*
 * config_rules - the rules of a configuration, collected and sorted
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config_entry.h"

struct config_setting_t; /* libconfig's config_setting_t */

/* Appends a rule without limits; NULL if there is no memory. Good until the next one is appended. */
struct config_rule *config_rules_add(struct config_source *source, enum rules_scope scope,
    const char *name);

/* Appends a rule with the limits of an entry, and says where it stands. */
void config_rules_add_entry(struct config_source *source, enum rules_scope scope, const char *name,
    const struct config_entry *entry);

/*
 * Sorts by key. Blames the second of two entries with one key; then, no further entries, lines
 * are those of their files.
 */
void config_rules_finish(struct config_source *source);

/* Sorts again what has been finished and added to. */
void config_rules_sort(struct config *config);

/* The rule of this key among the first `count`, which are sorted; or NULL. */
const struct config_rule *config_rules_find(const struct config *config, size_t count,
    enum rules_scope scope, const char *name);

/* The rule that a meter's limits come from, found as the wrapper does; NULL if it has none. */
const struct config_rule *config_rules_of(const struct config *config, const struct meter *meter);

/* How many entries a list has; 0, with an error, if it is something else, or NULL. */
unsigned config_rules_length(struct config_source *source, const struct config_setting_t *list);

/* The string of an entry's name; or NULL, with an error. */
const char *config_rules_name(struct config_source *source, const struct config_entry *entry,
    const char *list);

/* "WHAT NAME must have one entry, it has one at ...". */
void config_rules_blame_twice(struct config_source *source, const char *what, const char *name,
    unsigned line, unsigned first);

#endif
