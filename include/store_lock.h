/*
 * store_lock - one process at a time in a store, and only in files that are ours
 *
 * LMDB's own lock file can lock qmailr out, be a link that root overwrites, or hang (facts/storage.md).
 */
#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <sys/stat.h>

/*
 * True if this is a `type` (S_IFREG, S_IFDIR) that belongs to us, that nobody else may write and, for a
 * file, that has no second name. Returns 0, or -1 with errno EPERM.
 */
int store_lock_check(const struct stat *st, mode_t type);

/*
 * Takes the lock `path` in `directory`, making it where it is missing. Waits for `patience_ms`
 * milliseconds, for ever if negative. Returns a descriptor whose close(2) lets go of the lock, also by
 * the death of the process or exec; or -1 with errno (EPERM: not ours; ETIMEDOUT).
 */
int store_lock(const char *directory, const char *path, int patience_ms);

#endif
