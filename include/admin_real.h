/*
 * admin_real - the real qmail-remote, as the wrapper in the mail path finds it
 *
 * The CLI is asked which program a delivery will run. It asks real.h in the wrapper's name: that of
 * QMAIL/bin/qmail-remote where that is a qlimit-remote, of whatever version, else that of the installed one.
 */
#ifndef ADMIN_REAL_H
#define ADMIN_REAL_H

#include "admin.h"

/*
 * Finds out which of them it is; this process takes itself for it from then on (real_set_self()). To be called
 * before admin_enter(): qmailr may run a qmail-remote that only root can read.
 */
void admin_real_look(void);

/*
 * Writes the path of the real program to `path` (PLACE_PATH_MAX + 1 bytes), by $QLIMIT_REMOTE, `remote` as it is in
 * force, or looking (real_find()). NULL; or what is wrong, in words that are not to be freed, as real_find() has
 * them. Looked for with the rights of the caller: to find what mail finds, admin_enter() first. After
 * admin_real_look(), which admin_mail_path_find() calls.
 */
const char *admin_real_find(const struct admin *a, char *path);

#endif
