/*
 * store_lmdb_env - LMDB's environment: its file made, opened and looked at
 *
 * For a caller that holds the store's lock (store_file.h). All return 0, or -1 with errno
 * (store_lmdb_answer.h): EBADMSG, the file is damaged.
 */
#ifndef STORE_LMDB_ENV_H
#define STORE_LMDB_ENV_H

#include <lmdb.h>
#include <stdbool.h>
#include <sys/types.h>

#include "store_file.h"

/*
 * Opens the file at `path`, of a live store or not: without LMDB's lock file, with room for twice `size`
 * bytes (what it has, or will have), closed before anything is exec'd. One that does not exist is made;
 * where `size` is 0 its mode is 0600 whatever the umask. `*env` must be NULL; unless it still is, it is the
 * caller's to close, after -1 as well. What LMDB later finds inconsistent in the file ends in abort(3).
 */
int store_lmdb_env_open(const char *path, bool live, off_t size, MDB_env **env);

/*
 * Is it new (`fresh`: nothing was ever committed in it), and can it be what it says, with `size` bytes? If
 * not: EBADMSG.
 */
int store_lmdb_env_examine(MDB_env *env, off_t size, bool *fresh);

/*
 * Makes an empty ledger, in full and durable before it has its name, f->path. On -1 there is none; errno may
 * be that of rename(2) or place_sync() as well.
 */
int store_lmdb_env_create_ledger(const struct store_file *f);

#endif
