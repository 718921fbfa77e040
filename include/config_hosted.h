/*
 * config_hosted - the domains that are hosted here, read from qmail's control files
 *
 * A line that is understood by no format (config_control.h) is skipped with a warning: qmail lives with it,
 * and mail must go on. A file that is missing names nothing; one that cannot be read is an error.
 */
#ifndef CONFIG_HOSTED_H
#define CONFIG_HOSTED_H

#include "config_source.h"

struct config_setting_t; /* libconfig's config_setting_t */

/* Takes the names of the files from the setting `hosted`, or the usual ones where it is NULL. */
void config_hosted_files(struct config_source *source, const struct config_setting_t *setting);

/*
 * Reads the files and adds a rule for every name in them that `domains` has no entry for; it has the limits
 * that a sender domain of this name would have had. The configuration's own rules must be finished.
 */
void config_hosted_add(struct config_source *source);

#endif
