/*
 * admin_owner - does the state belong to the user whom qmail delivers as?
 *
 * Root's qlimit becomes whoever owns the state directory (owner.h) and then finds all well in it; qlimit-remote, which
 * qmail runs as QLIMIT_OWNER, cannot use another user's store, and delivers uncounted.
 */
#ifndef ADMIN_OWNER_H
#define ADMIN_OWNER_H

#include "admin.h"

#define ADMIN_OWNER_MAX 800 /* bytes of what is said, with its NUL */

/*
 * Looks at the built-in state directory, at the one that `state` moves it to (after admin_enter()), and at the files
 * of the store in both. "", or what belongs to somebody else and how to give it to QLIMIT_OWNER; in `out`, which is
 * returned. "" also where there is no such user, where $QLIMIT_STATE is set, which is for whoever sets it, and of
 * what the caller cannot see. errno stays.
 */
const char *admin_owner_say(char out[ADMIN_OWNER_MAX], const struct admin *a);

/* Says that on standard error, too. An exit status: EX_OK, or EX_CONFIG where there is something. */
int admin_owner_warn(const struct admin *a);

#endif
