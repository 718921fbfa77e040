/*
 * admin_real - the real qmail-remote, as the wrapper in the mail path finds it
 *
 * The CLI is asked which program a delivery will run. It asks real.h in the wrapper's name: that of the installed
 * qlimit-remote, or, where another version is QMAIL/bin/qmail-remote, that of this one.
 */
#ifndef ADMIN_REAL_H
#define ADMIN_REAL_H

#include "admin.h"

/*
 * Writes the path of the real program to `path` (PLACE_PATH_MAX + 1 bytes), by $QLIMIT_REMOTE, `remote` as it is in
 * force, or looking (real_find()). NULL; or what is wrong, in words that are not to be freed, as real_find() has
 * them. Looked for with the rights of the caller: to find what mail finds, admin_enter() first. From then on this
 * process takes itself for that wrapper (real_set_self()).
 */
const char *admin_real_find(const struct admin *a, char *path);

#endif
