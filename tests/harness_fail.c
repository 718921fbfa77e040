/* harness_fail - lets a call of LMDB's, or an allocation, fail in this very process */
#include "harness_fail.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>

static struct {
	unsigned calls, number;
	bool on;
	int error;
} fail;

void
harness_fail_at(unsigned number, bool on, int error)
{
	fail.calls = 0;
	fail.number = number;
	fail.on = on;
	fail.error = error;
}

unsigned
harness_fail_end(void)
{
	fail.number = 0;
	return fail.calls;
}

static bool
is_due(void)
{
	fail.calls++;
	return fail.number > 0 && (fail.on ? fail.calls >= fail.number : fail.calls == fail.number);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names. */
#define WRAP(type, name, parameters, instead, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return is_due() ? (instead) : __real_##name arguments; \
	}

static void *
no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

WRAP(void *, malloc, (size_t size), no_memory(), (size))
WRAP(void *, calloc, (size_t n, size_t size), no_memory(), (n, size))
WRAP(void *, realloc, (void *p, size_t size), no_memory(), (p, size))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), no_memory(), (p, n, size))

WRAP(int, mdb_env_create, (MDB_env **env), fail.error, (env))
WRAP(int, mdb_env_set_mapsize, (MDB_env *env, size_t size), fail.error, (env, size))
WRAP(int, mdb_env_set_maxdbs, (MDB_env *env, MDB_dbi n), fail.error, (env, n))
WRAP(int, mdb_env_open, (MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode), fail.error,
    (env, path, flags, mode))
WRAP(int, mdb_env_info, (MDB_env *env, MDB_envinfo *info), fail.error, (env, info))
WRAP(int, mdb_env_stat, (MDB_env *env, MDB_stat *st), fail.error, (env, st))
WRAP(int, mdb_txn_begin, (MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn), fail.error,
    (env, parent, flags, txn))
WRAP(int, mdb_dbi_open, (MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi), fail.error,
    (txn, name, flags, dbi))
WRAP(int, mdb_get, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), fail.error,
    (txn, dbi, key, data))
WRAP(int, mdb_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags),
    fail.error, (txn, dbi, key, data, flags))
WRAP(int, mdb_del, (MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data), fail.error,
    (txn, dbi, key, data))
WRAP(int, mdb_cursor_open, (MDB_txn *txn, MDB_dbi dbi, MDB_cursor **cursor), fail.error,
    (txn, dbi, cursor))
WRAP(int, mdb_cursor_get, (MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op),
    fail.error, (cursor, key, data, op))

/* The transaction is over whatever comes of it. */
static int
failed_commit(MDB_txn *txn)
{
	mdb_txn_abort(txn);
	return fail.error;
}

/* --- what LMDB is to call when it finds its own file inconsistent --- */

static MDB_assert_func *on_assertion;
static MDB_env *asserting;

int __real_mdb_env_set_assert(MDB_env *env, MDB_assert_func *func);
int __wrap_mdb_env_set_assert(MDB_env *env, MDB_assert_func *func);
int
__wrap_mdb_env_set_assert(MDB_env *env, MDB_assert_func *func)
{
	on_assertion = func;
	asserting = env;
	return __real_mdb_env_set_assert(env, func);
}

void
harness_fail_assertion(void)
{
	on_assertion(asserting, "an assertion");
}

WRAP(int, mdb_txn_commit, (MDB_txn *txn), failed_commit(txn), (txn))
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
