/*
 * store_lmdb - a store in an LMDB file
 *
 * LMDB is used for one transaction at a time and without its lock file (facts/storage.md): a lock of
 * our own is taken before the file is opened and let go after it is closed. So nobody ever sees a
 * file in use by another, a file can be set aside safely, and root can leave no lock behind that
 * shuts qmailr out. mdb_stat(1) and mdb_dump(1) know nothing of this lock.
 */
#include "store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "store_lmdb_answer.h"
#include "store_lmdb_env.h"
#include "store_lmdb_tables.h"

/* The stores whose locks are held, ledger and live: what store_lmdb_emergency() needs to know. */
static struct store_lmdb *volatile in_use[2];

/* --- the file --- */

/* Out of the way, with a log line; nobody needs to be told once more. */
static int
set_aside(struct store_lmdb *s, enum store_fate fate)
{
	int rc = store_file_remove(&s->file, fate);

	s->base.set_aside = s->base.set_aside || rc == 1;
	return rc;
}

static void
drop_lock(struct store_lmdb *s)
{
	if (in_use[s->file.live] == s)
		in_use[s->file.live] = NULL;
	store_file_unlock(&s->file);
}

static void
close_file(struct store_lmdb *s)
{
	int saved = errno;

	store_lmdb_tables_drop_cursor(s);
	if (s->txn != NULL)
		mdb_txn_abort(s->txn);
	if (s->env != NULL)
		mdb_env_close(s->env);
	s->txn = NULL;
	s->env = NULL;
	errno = saved;
}

static int
open_file(struct store_lmdb *s, bool create)
{
	off_t size;

	store_lmdb_tables_forget(s);
	if (store_file_examine(&s->file, create, &size) == 0 &&
	    (size > 0 || s->file.live || !create || store_lmdb_env_create_ledger(&s->file) == 0) &&
	    store_lmdb_env_open(s->file.path, s->file.live, size, &s->env) == 0 &&
	    store_lmdb_env_examine(s->env, size, &s->base.fresh) == 0 &&
	    store_lmdb_answer(mdb_txn_begin(s->env, NULL, 0, &s->txn)) == 0)
		return 0;
	close_file(s);
	return -1;
}

/* --- operations --- */

static int
lmdb_begin(struct store *base, bool create)
{
	struct store_lmdb *s = (struct store_lmdb *)base;

	if (store_file_lock(&s->file, create, s->patience_ms) == -1)
		return -1;
	in_use[s->file.live] = s;
	if (open_file(s, create) == 0)
		return 0;
	/* What twice cannot be opened as a database is replaced here and now. */
	if (errno == EBADMSG && create &&
	    (open_file(s, create) == 0 || (errno == EBADMSG &&
		set_aside(s, STORE_KEPT_DAMAGED) != -1 && open_file(s, create) == 0)))
		return 0;
	drop_lock(s);
	return -1;
}

static int
lmdb_commit(struct store *base)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	int rc, saved;

	store_lmdb_tables_drop_cursor(s);
	rc = store_lmdb_answer_inside(mdb_txn_commit(s->txn), s->file.live);
	saved = errno;
	s->txn = NULL;
	close_file(s);
	/* Damage that only shows in writing, a wild list of free pages say, would show every time. */
	if (rc == -1 && saved == EBADMSG)
		(void)set_aside(s, STORE_KEPT_DAMAGED);
	drop_lock(s);
	errno = saved;
	return rc;
}

static void
lmdb_rollback(struct store *base)
{
	struct store_lmdb *s = (struct store_lmdb *)base;

	close_file(s);
	drop_lock(s);
}

static int
lmdb_restart(struct store *base, enum store_fate fate)
{
	struct store_lmdb *s = (struct store_lmdb *)base;

	close_file(s);
	if ((fate == STORE_REMOVED ? store_file_remove(&s->file, fate) : set_aside(s, fate)) == -1)
		return -1;
	return open_file(s, true);
}

static int
lmdb_compact(struct store *base)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_env *fresh = NULL;
	MDB_envinfo info;
	bool copying = false;
	int rc;

	(void)unlink(s->file.fresh); /* of one that was killed */
	rc = store_lmdb_answer(mdb_env_info(s->env, &info));
	if (rc == 0)
		rc = store_lmdb_env_open(s->file.fresh, s->file.live, (off_t)info.me_mapsize / 2, &fresh);
	if (rc == 0) {
		copying = true;
		rc = store_lmdb_tables_copy(s, fresh);
	}
	if (fresh != NULL)
		mdb_env_close(fresh);
	/* Nobody else has the file open: the lock is ours. */
	if (rc == 0)
		rc = rename(s->file.fresh, s->file.path);
	if (rc == -1) {
		int saved = errno;

		(void)unlink(s->file.fresh);
		/* Trouble with the new file says nothing of the old one. */
		if (copying && saved == EBADMSG)
			(void)set_aside(s, STORE_KEPT_DAMAGED);
		errno = saved;
	}
	lmdb_rollback(base);
	return rc;
}

static void
lmdb_close(struct store *base)
{
	struct store_lmdb *s = (struct store_lmdb *)base;

	close_file(s);
	drop_lock(s);
	free(s);
}

static const struct store_ops lmdb_ops = {
	.begin = lmdb_begin,
	.commit = lmdb_commit,
	.rollback = lmdb_rollback,
	.restart = lmdb_restart,
	.get = store_lmdb_tables_get,
	.put = store_lmdb_tables_put,
	.del = store_lmdb_tables_del,
	.next = store_lmdb_tables_next,
	.compact = lmdb_compact,
	.close = lmdb_close,
};

struct store *
store_lmdb_new(const char *directory, enum store_kind kind, int patience_ms)
{
	struct store_lmdb *s = calloc(1, sizeof *s);

	if (s == NULL || store_file_init(&s->file, directory, kind == STORE_LIVE) == -1) {
		free(s);
		return NULL;
	}
	s->base.ops = &lmdb_ops;
	s->base.disposable = kind == STORE_LIVE;
	s->patience_ms = patience_ms;
	return &s->base;
}

void
store_lmdb_of_boot(struct store *base, const unsigned char *boot)
{
	struct store_lmdb *s = (struct store_lmdb *)base;

	memcpy(s->file.boot, boot, sizeof s->file.boot);
}

bool
store_lmdb_emergency(bool crashed)
{
	bool aside = false;

	for (int live = 0; live < 2; live++) {
		const struct store_lmdb *s = in_use[live];

		if (s == NULL)
			continue;
		store_file_close_all(&s->file);
		if (crashed && access(s->file.path, F_OK) == 0 &&
		    store_file_remove(&s->file, STORE_KEPT_DAMAGED) == 1)
			aside = true;
		in_use[live] = NULL;
	}
	return aside;
}
