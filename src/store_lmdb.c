/*
 * store_lmdb - a store in an LMDB file
 *
 * LMDB is used for one transaction at a time and without its lock file (facts/storage.md): a lock of
 * our own is taken before the file is opened and let go after it is closed. So nobody ever sees a
 * file in use by another, a file can be set aside safely, and root can leave no lock behind that
 * shuts qmailr out. mdb_stat(1) and mdb_dump(1) know nothing of this lock.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_backend.h"
#include "store_file.h"

#define MAP_MIN ((size_t)4 << 20)
#define REQUEST_MAX ((size_t)16 << 20) /* more memory at once than LMDB can want for a store of ours */

/* NULL: the file's unnamed table, in which LMDB also keeps the others' names. */
static const char *const table_names[STORE_TABLES] = { NULL, "counters", "rules" };

struct store_lmdb {
	struct store base;
	struct store_file file;
	int patience_ms;
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi tables[STORE_TABLES];
	bool is_open[STORE_TABLES];
	MDB_cursor *cursor; /* NULL: none; where the last lmdb_next() has left it: */
	MDB_val at;
	enum store_table cursor_table;
};

/* The stores whose locks are held, ledger and live: what store_lmdb_emergency() needs to know. */
static struct store_lmdb *volatile in_use[2];

/*
 * True if memory of this size is to be had, and written to, as that of malloc(3): then whoever asked for more
 * than there is was misled.
 */
static bool
can_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && munmap(p, size) == 0;
}

static bool
file_size_is_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/*
 * Damage, or trouble with the machine? Wild numbers in a damaged file make LMDB ask the kernel for
 * what cannot be; a map that is twice the file is never full by itself.
 */
static bool
is_damage(int rc)
{
	switch (rc) {
	case MDB_TLS_FULL: /* the only word of LMDB's own that is about the process */
		return false;
	case EINVAL:
	case EOVERFLOW:
		return true;
	case EFBIG:
		return !file_size_is_limited();
	default:
		return rc < 0; /* nothing that we do can be answered so by a sound file */
	}
}

static int
result(int rc)
{
	if (rc == 0)
		return 0;
	errno = is_damage(rc) ? EBADMSG : rc > 0 ? rc : EIO;
	return -1;
}

/*
 * The same for what is done in an open file. There LMDB may lack memory only because a wild number has
 * made it ask for more than there is; a ledger is not given up on that suspicion.
 */
static int
outcome(const struct store_lmdb *s, int rc)
{
	return result(rc == ENOMEM && s->file.live && can_map(REQUEST_MAX) ? MDB_CORRUPTED : rc);
}

/* LMDB found its own file inconsistent. abort(3) is what the wrapper's guard waits for. */
static void
assertion(MDB_env *env, const char *message)
{
	(void)env;
	(void)message;
	abort();
}

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
drop_cursor(struct store_lmdb *s)
{
	if (s->cursor != NULL)
		mdb_cursor_close(s->cursor);
	s->cursor = NULL;
}

static void
close_file(struct store_lmdb *s)
{
	int saved = errno;

	drop_cursor(s);
	if (s->txn != NULL)
		mdb_txn_abort(s->txn);
	if (s->env != NULL)
		mdb_env_close(s->env);
	s->txn = NULL;
	s->env = NULL;
	errno = saved;
}

/*
 * Twice what the file has, so that no transaction of ours can fill the map; small at first, because
 * address space may be limited (softlimit(8)).
 */
static size_t
map_size(off_t file_size)
{
	size_t size = MAP_MIN;

	while (size / 2 < (size_t)file_size)
		size *= 2;
	return size;
}

/*
 * Is it new, and can it be what it says? A file that ends inside a page that is in use was cut; and one
 * whose pages lie far beyond its end has lost its end, or its mind: writing on there would make it as
 * large. A few may, those that a transaction took and gave back.
 */
static int
examine(struct store_lmdb *s, off_t file_size)
{
	MDB_envinfo info;
	MDB_stat st;
	size_t pages;
	bool is_cut, is_wild;

	if (result(mdb_env_info(s->env, &info)) == -1 || result(mdb_env_stat(s->env, &st)) == -1)
		return -1;
	s->base.fresh = info.me_last_txnid == 0;
	pages = (size_t)file_size / st.ms_psize;
	is_cut = (size_t)file_size % st.ms_psize != 0 && info.me_last_pgno >= pages;
	is_wild = info.me_last_pgno / 2 > pages + 64;
	if (file_size == 0 || (!is_cut && !is_wild))
		return 0;
	errno = EBADMSG;
	return -1;
}

/* Opens a file of LMDB's with room for `size` bytes, that is closed before anything is exec'd. */
static int
open_env(const struct store_lmdb *s, const char *path, off_t size, MDB_env **env)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD;
	mdb_filehandle_t fd;

	if (s->file.live)
		flags |= MDB_NOSYNC | MDB_NOMETASYNC;
	if (result(mdb_env_create(env)) == -1)
		return -1;
	(void)mdb_env_set_assert(*env, assertion);
	if (result(mdb_env_set_mapsize(*env, map_size(size))) == -1 ||
	    result(mdb_env_set_maxdbs(*env, STORE_TABLES)) == -1)
		return -1;
	if (result(mdb_env_open(*env, path, flags, 0600)) == -1) {
		/* A damaged file may ask for a map of any size; ours, and what LMDB has given back by now, is to be had. */
		if (errno == ENOMEM && s->file.live && can_map(map_size(size) + REQUEST_MAX))
			errno = EBADMSG;
		return -1;
	}
	if (mdb_env_get_fd(*env, &fd) == 0) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (size == 0)
			(void)fchmod(fd, 0600); /* as the lock: store_file.c */
	}
	return 0;
}

/*
 * A ledger gets its name when it is one: a power cut leaves all of an empty one or none, not a page of
 * zeros that would be taken for damage; and no commit is safer than the name of its file.
 */
static int
create_ledger(const struct store_lmdb *s)
{
	MDB_env *env = NULL;
	int rc, saved;

	(void)unlink(s->file.fresh); /* of one that was killed */
	rc = open_env(s, s->file.fresh, 0, &env);
	if (rc == 0)
		rc = result(mdb_env_sync(env, 1));
	if (env != NULL)
		mdb_env_close(env);
	if (rc == 0)
		rc = rename(s->file.fresh, s->file.path);
	if (rc == 0 && place_sync(s->file.directory) == 0)
		return 0;
	saved = errno;
	(void)unlink(rc == 0 ? s->file.path : s->file.fresh); /* it is empty */
	errno = saved;
	return -1;
}

static int
open_file(struct store_lmdb *s, bool create)
{
	off_t size;

	memset(s->is_open, 0, sizeof s->is_open);
	if (store_file_examine(&s->file, create, &size) == 0 &&
	    (size > 0 || s->file.live || !create || create_ledger(s) == 0) &&
	    open_env(s, s->file.path, size, &s->env) == 0 && examine(s, size) == 0 &&
	    result(mdb_txn_begin(s->env, NULL, 0, &s->txn)) == 0)
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

	drop_cursor(s);
	rc = outcome(s, mdb_txn_commit(s->txn));
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
copy_value(const MDB_val *from, void *value, size_t room, size_t *size)
{
	if (from->mv_size > room) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(value, from->mv_data, from->mv_size);
	*size = from->mv_size;
	return 1;
}

/* LMDB's structures take pointers to non-const; it does not write through these. */
static MDB_val
val(const void *data, size_t size)
{
	MDB_val v = { .mv_size = size };

	memcpy(&v.mv_data, &data, sizeof data);
	return v;
}

/* Opened when first asked for: most deliveries need no rules. Where there is none this writes. */
static int
open_table(struct store_lmdb *s, enum store_table table)
{
	if (s->is_open[table])
		return 0;
	drop_cursor(s);
	if (outcome(s, mdb_dbi_open(s->txn, table_names[table], MDB_CREATE, &s->tables[table])) == -1)
		return -1;
	s->is_open[table] = true;
	return 0;
}

static int
lmdb_get(struct store *base, enum store_table table, const void *key, size_t key_size,
    void *value, size_t room, size_t *size)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_val k = val(key, key_size), v;
	int rc;

	if (open_table(s, table) == -1)
		return -1;
	rc = mdb_get(s->txn, s->tables[table], &k, &v);
	if (rc == MDB_NOTFOUND)
		return 0;
	return outcome(s, rc) == -1 ? -1 : copy_value(&v, value, room, size);
}

static int
lmdb_put(struct store *base, enum store_table table, const void *key, size_t key_size,
    const void *value, size_t size)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_val k = val(key, key_size), v = val(value, size);

	drop_cursor(s);
	if (open_table(s, table) == -1)
		return -1;
	return outcome(s, mdb_put(s->txn, s->tables[table], &k, &v, 0));
}

static int
lmdb_del(struct store *base, enum store_table table, const void *key, size_t key_size)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_val k = val(key, key_size);
	int rc;

	drop_cursor(s);
	if (open_table(s, table) == -1)
		return -1;
	rc = mdb_del(s->txn, s->tables[table], &k, NULL);
	return rc == MDB_NOTFOUND ? 0 : outcome(s, rc);
}

/* The cursor is kept until something is written: whoever reads a row asks for the next one. */
static bool
cursor_is_at(const struct store_lmdb *s, enum store_table table, const MDB_val *k)
{
	return s->cursor != NULL && s->cursor_table == table && s->at.mv_size == k->mv_size &&
	    memcmp(s->at.mv_data, k->mv_data, k->mv_size) == 0;
}

/* The first key that is not before `k` with a zero byte behind it, which `k` has room for. */
static int
seek(struct store_lmdb *s, enum store_table table, MDB_val *k, MDB_val *v)
{
	bool follows = cursor_is_at(s, table, k);
	int rc;

	k->mv_size++;
	if (!follows) {
		drop_cursor(s);
		if (open_table(s, table) == -1 ||
		    outcome(s, mdb_cursor_open(s->txn, s->tables[table], &s->cursor)) == -1)
			return -1;
	}
	rc = mdb_cursor_get(s->cursor, k, v, follows ? MDB_NEXT : MDB_SET_RANGE);
	if (rc != 0) {
		drop_cursor(s);
		return rc == MDB_NOTFOUND ? 0 : outcome(s, rc);
	}
	s->cursor_table = table;
	s->at = *k;
	return 1;
}

static bool
is_behind(const MDB_val *k, const void *key, size_t key_size)
{
	size_t common = k->mv_size < key_size ? k->mv_size : key_size;
	int order = memcmp(k->mv_data, key, common);

	return order > 0 || (order == 0 && k->mv_size > key_size);
}

static int
lmdb_next(struct store *base, enum store_table table, void *key, size_t *key_size,
    size_t prefix, void *value, size_t room, size_t *size)
{
	unsigned char start[STORE_KEY_MAX + 1];
	MDB_val k, v;
	int rc;

	/* The smallest key that is larger: the same one with a zero byte behind it. */
	memcpy(start, key, *key_size);
	start[*key_size] = 0;
	k = val(start, *key_size);
	rc = seek((struct store_lmdb *)base, table, &k, &v);
	if (rc != 1)
		return rc;
	/* Keys out of order would lead round in circles. */
	if (k.mv_size > STORE_KEY_MAX || !is_behind(&k, start, *key_size)) {
		errno = EBADMSG;
		return -1;
	}
	if (k.mv_size < prefix || memcmp(k.mv_data, start, prefix) != 0)
		return 0;
	memcpy(key, k.mv_data, k.mv_size);
	*key_size = k.mv_size;
	return copy_value(&v, value, room, size);
}

/* Names are letters; keys of ours begin with a tag below them. */
static bool
is_table_name(const MDB_val *key)
{
	return key->mv_size > 0 && *(const unsigned char *)key->mv_data >= ' ';
}

static int
copy_table(struct store_lmdb *s, MDB_txn *to, enum store_table table)
{
	MDB_cursor *cursor;
	MDB_dbi target;
	MDB_val k, v;
	int rc;

	if (open_table(s, table) == -1 ||
	    result(mdb_dbi_open(to, table_names[table], MDB_CREATE, &target)) == -1 ||
	    outcome(s, mdb_cursor_open(s->txn, s->tables[table], &cursor)) == -1)
		return -1;
	while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
		if (table == STORE_TABLE_STATE && is_table_name(&k))
			continue;
		rc = mdb_put(to, target, &k, &v, MDB_APPEND);
		if (rc != 0)
			break;
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : result(rc);
}

/* Not mdb_env_copy2(3): it needs a thread and crashes where it cannot have one. */
static int
copy_all(struct store_lmdb *s, MDB_env *to)
{
	MDB_txn *txn;

	if (result(mdb_txn_begin(to, NULL, 0, &txn)) == -1)
		return -1;
	/* In this order: the unnamed table is complete before the names are added behind its keys. */
	for (int table = 0; table < STORE_TABLES; table++)
		if (copy_table(s, txn, (enum store_table)table) == -1) {
			int saved = errno;

			mdb_txn_abort(txn);
			errno = saved;
			return -1;
		}
	return result(mdb_txn_commit(txn));
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
	rc = result(mdb_env_info(s->env, &info));
	if (rc == 0)
		rc = open_env(s, s->file.fresh, (off_t)info.me_mapsize / 2, &fresh);
	if (rc == 0) {
		copying = true;
		rc = copy_all(s, fresh);
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
	.get = lmdb_get,
	.put = lmdb_put,
	.del = lmdb_del,
	.next = lmdb_next,
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
