/* store_lmdb_tables - the tables of an LMDB store: their rows read, written and copied */
#include "store_lmdb_tables.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "store_lmdb_answer.h"

/* NULL: the file's unnamed table, in which LMDB also keeps the others' names. */
static const char *const table_names[STORE_TABLES] = { NULL, "counters", "rules" };

static int
outcome(const struct store_lmdb *s, int rc)
{
	return store_lmdb_answer_inside(rc, s->file.live);
}

void
store_lmdb_tables_forget(struct store_lmdb *s)
{
	memset(s->is_open, 0, sizeof s->is_open);
}

void
store_lmdb_tables_drop_cursor(struct store_lmdb *s)
{
	if (s->cursor != NULL)
		mdb_cursor_close(s->cursor);
	s->cursor = NULL;
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
	store_lmdb_tables_drop_cursor(s);
	if (outcome(s, mdb_dbi_open(s->txn, table_names[table], MDB_CREATE, &s->tables[table])) == -1)
		return -1;
	s->is_open[table] = true;
	return 0;
}

int
store_lmdb_tables_get(struct store *base, enum store_table table, const void *key, size_t key_size,
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

int
store_lmdb_tables_put(struct store *base, enum store_table table, const void *key, size_t key_size,
    const void *value, size_t size)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_val k = val(key, key_size), v = val(value, size);

	store_lmdb_tables_drop_cursor(s);
	if (open_table(s, table) == -1)
		return -1;
	return outcome(s, mdb_put(s->txn, s->tables[table], &k, &v, 0));
}

int
store_lmdb_tables_del(struct store *base, enum store_table table, const void *key, size_t key_size)
{
	struct store_lmdb *s = (struct store_lmdb *)base;
	MDB_val k = val(key, key_size);
	int rc;

	store_lmdb_tables_drop_cursor(s);
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
		store_lmdb_tables_drop_cursor(s);
		if (open_table(s, table) == -1 ||
		    outcome(s, mdb_cursor_open(s->txn, s->tables[table], &s->cursor)) == -1)
			return -1;
	}
	rc = mdb_cursor_get(s->cursor, k, v, follows ? MDB_NEXT : MDB_SET_RANGE);
	if (rc != 0) {
		store_lmdb_tables_drop_cursor(s);
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

int
store_lmdb_tables_next(struct store *base, enum store_table table, void *key, size_t *key_size,
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
	    store_lmdb_answer(mdb_dbi_open(to, table_names[table], MDB_CREATE, &target)) == -1 ||
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
	return rc == MDB_NOTFOUND ? 0 : store_lmdb_answer(rc);
}

/* Not mdb_env_copy2(3): it needs a thread and crashes where it cannot have one. */
int
store_lmdb_tables_copy(struct store_lmdb *s, MDB_env *to)
{
	MDB_txn *txn;

	if (store_lmdb_answer(mdb_txn_begin(to, NULL, 0, &txn)) == -1)
		return -1;
	/* In this order: the unnamed table is complete before the names are added behind its keys. */
	for (int table = 0; table < STORE_TABLES; table++)
		if (copy_table(s, txn, (enum store_table)table) == -1) {
			int saved = errno;

			mdb_txn_abort(txn);
			errno = saved;
			return -1;
		}
	return store_lmdb_answer(mdb_txn_commit(txn));
}
