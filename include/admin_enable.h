/*
 * admin_enable - what `enable` and `disable` have in common
 */
#ifndef ADMIN_ENABLE_H
#define ADMIN_ENABLE_H

#include "admin.h"
#include "front.h"
#include "mail_path.h"

#define ADMIN_BIN QMAIL "/bin" /* qmail's programs */

/*
 * Opens and locks ADMIN_BIN and looks at the mail path. For root. An exit status: EX_OK, and *f for front_close(); or
 * another one after saying on standard error what is wrong.
 */
int admin_enable_begin(const struct admin *a, struct front *f, struct mail_path *p);

/* Says what front has as its problem, and that nothing is changed; ends it. EX_CONFIG. */
int admin_enable_refuse(struct front *f);

/* Logs what has become of the mail path: "enabled", "updated" or "disabled". */
void admin_enable_log(const char *change);

/* `enable --variable`: changes nothing, says what to write into which start script. An exit status. */
int admin_enable_variable(const struct admin *a);

#endif
