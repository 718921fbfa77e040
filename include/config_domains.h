/*
 * config_domains - packages, domains and destinations of qlimit.conf made into rules
 *
 * A limit is the domain's own, else its package's, else `default`'s, else built in.
 */
#ifndef CONFIG_DOMAINS_H
#define CONFIG_DOMAINS_H

#include "config_entry.h"

/* Adds the domains' rules. `others` is the group `default`; the lists are NULL where they are not written. */
void config_domains_compile(struct config_source *source, const struct config_entry *others,
    const struct config_setting_t *packages, const struct config_setting_t *domains);

/* Adds the destinations' rules; what one does not set is as in `base`. */
void config_domains_destinations(struct config_source *source, const struct config_entry *base,
    const struct config_setting_t *list);

/*
 * NULL if a name is one of a domain, else what it must be. Narrower than what an envelope may hold: what
 * can be in no address that mail is sent from would be a rule that never applies.
 */
const char *config_domains_check(const char *name);

#endif
