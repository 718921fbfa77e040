/*
 * store_file - the files of a store: their names, their lock, whose they are
 *
 * LMDB would follow a link and create what is missing, and its own lock file can lock qmailr out, be
 * a link that root overwrites, or hang (facts/storage.md). So everything around the one file that
 * LMDB opens is done here, with a lock held from before it is opened until after it is closed.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "info.h"
#include "place.h"
#include "store_backend.h"

struct store_file {
	bool live; /* live.mdb, else ledger.mdb; each with a lock of its own: the ledger's writes are slow */
	int lock;  /* descriptor, -1 while the lock is not held */
	unsigned char boot[INFO_BOOT_SIZE]; /* a live store of another one is removed; zeros: any is taken */
	char directory[PLACE_PATH_MAX + 1];
	char path[PLACE_PATH_MAX + 1];
	char aside[PLACE_PATH_MAX + 1]; /* where a damaged file goes; of live one copy is kept */
	char newer[PLACE_PATH_MAX + 1]; /* where one of a newer qlimit goes; of it, too */
	char fresh[PLACE_PATH_MAX + 1]; /* a new file until it is renamed to `path` */
	char lock_path[PLACE_PATH_MAX + 1];
};

/* Fills in the names. 0, or -1 with errno (place_join). */
int store_file_init(struct store_file *f, const char *directory, bool live);

/*
 * Takes the lock, waiting for `patience_ms` milliseconds, for ever if negative. 0, or -1 with errno
 * (EPERM: directory or lock is not ours alone; ETIMEDOUT). The death of the process lets go of it.
 * Of a live store it tells the boot: one of another boot is removed before anybody opens it, or where
 * nothing may be created it is ENOENT.
 */
int store_file_lock(struct store_file *f, bool create, int patience_ms);

/* Lets go of the lock, keeping errno; harmless when it is not held. */
void store_file_unlock(struct store_file *f);

/*
 * Looks at the file before it is opened: its size, 0 if it does not exist and may be created. -1 with
 * errno: ENOENT; EPERM: not a plain file of ours alone; EBADMSG: a live store that cannot be one
 * hour's.
 */
int store_file_examine(const struct store_file *f, bool create, off_t *size);

/*
 * With the lock held: removes the file; or sets it aside and logs that, as the one place that does. A ledger
 * is never one that is newer. 1; 0 if there was none; or -1. Async-signal-safe.
 */
int store_file_remove(const struct store_file *f, enum store_fate fate);

/* Closes whatever this process has open of the file. Async-signal-safe. */
void store_file_close_all(const struct store_file *f);

/*
 * The lock of any one file in any directory of ours: a descriptor, or -1 with errno as
 * store_file_lock().
 */
int store_file_take(const char *directory, const char *lock_path, int patience_ms);

#endif
