/*
 * config_domains - packages and domains of qlimit.conf made into rules
 *
 * A limit is the domain's own, else its package's, else `default`'s, else built in.
 */
#ifndef CONFIG_DOMAINS_H
#define CONFIG_DOMAINS_H

#include "config_entry.h"

/*
 * Fills in the configuration's rules and counts. `others` is the group `default`; the lists are
 * NULL where they are not written.
 */
void config_domains_compile(struct config_source *source, const struct config_entry *server,
    const struct config_entry *others, const struct config_setting_t *packages,
    const struct config_setting_t *domains);

#endif
