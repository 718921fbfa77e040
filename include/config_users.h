/*
 * config_users - users of qlimit.conf made into rules
 */
#ifndef CONFIG_USERS_H
#define CONFIG_USERS_H

#include "config_entry.h"

/* Adds the users' rules. A limit is the user's own, else that of `others`, the group `user_default`. */
void config_users_compile(struct config_source *source, const struct config_entry *others,
    const struct config_setting_t *list);

/*
 * Where `notify` is set: exempts the user who runs that program, the owner of the state directory, as long as
 * no entry is his; else mail about a limit could be stopped by it. `line` is that of the setting.
 */
void config_users_exempt(struct config_source *source, unsigned line);

#endif
