/*
 * config_value - one setting in qlimit.conf
 *
 * Every function blames the source for what is wrong and leaves its result as it was.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdint.h>

#include "config_source.h"

struct config_setting_t; /* libconfig's config_setting_t */

/* What is allowed. */
struct config_range {
	uint32_t least, most;
};

/* Also of numbers that are too large for libconfig. */
void config_value_number(struct config_source *source, const struct config_setting_t *setting,
    const struct config_range *range, uint32_t *value);

void config_value_bool(struct config_source *source, const struct config_setting_t *setting, bool *value);

/* `words` are two; 0 or 1 is the one that was found. */
void config_value_choice(struct config_source *source, const struct config_setting_t *setting,
    const char *const *words, bool *second);

/* The string of a setting, or NULL. */
const char *config_value_string(struct config_source *source,
    const struct config_setting_t *setting);

/* "SETTING must be ALLOWED, found ...". */
void config_value_blame(struct config_source *source, const struct config_setting_t *setting,
    const char *name, const char *allowed);

/* "unknown setting ... in WHERE; known: ..."; silent about what config_scan has blamed. */
void config_value_blame_unknown(struct config_source *source,
    const struct config_setting_t *setting, const char *where, const char *const *known,
    size_t count);

#endif
