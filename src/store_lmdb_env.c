/* store_lmdb_env - LMDB's environment: its file made, opened and looked at */
#include "store_lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "store_backend.h"
#include "store_lmdb_answer.h"

#define MAP_MIN ((size_t)4 << 20)

/* LMDB found its own file inconsistent. abort(3) is what the wrapper's guard waits for. */
static void
assertion(MDB_env *env, const char *message)
{
	(void)env;
	(void)message;
	abort();
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

int
store_lmdb_env_open(const char *path, bool live, off_t size, MDB_env **env)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD;
	const size_t map = map_size(size);
	mdb_filehandle_t fd;

	if (live)
		flags |= MDB_NOSYNC | MDB_NOMETASYNC;
	if (store_lmdb_answer(mdb_env_create(env)) == -1)
		return -1;
	(void)mdb_env_set_assert(*env, assertion);
	if (store_lmdb_answer(mdb_env_set_mapsize(*env, map)) == -1 ||
	    store_lmdb_answer(mdb_env_set_maxdbs(*env, STORE_TABLES)) == -1 ||
	    store_lmdb_answer_opening(mdb_env_open(*env, path, flags, 0600), live, map) == -1)
		return -1;
	if (mdb_env_get_fd(*env, &fd) == 0) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (size == 0)
			(void)fchmod(fd, 0600); /* as the lock: store_file.c */
	}
	return 0;
}

/*
 * A file that ends inside a page that is in use was cut; and one whose pages lie far beyond its end has lost
 * its end, or its mind: writing on there would make it as large. A few may, those that a transaction took and
 * gave back.
 */
int
store_lmdb_env_examine(MDB_env *env, off_t size, bool *fresh)
{
	MDB_envinfo info;
	MDB_stat st;
	size_t pages;
	bool is_cut, is_wild;

	if (store_lmdb_answer(mdb_env_info(env, &info)) == -1 ||
	    store_lmdb_answer(mdb_env_stat(env, &st)) == -1)
		return -1;
	*fresh = info.me_last_txnid == 0;
	pages = (size_t)size / st.ms_psize;
	is_cut = (size_t)size % st.ms_psize != 0 && info.me_last_pgno >= pages;
	is_wild = info.me_last_pgno / 2 > pages + 64;
	if (size == 0 || (!is_cut && !is_wild))
		return 0;
	errno = EBADMSG;
	return -1;
}

/*
 * A ledger gets its name when it is one: a power cut leaves all of an empty one or none, not a page of
 * zeros that would be taken for damage; and no commit is safer than the name of its file.
 */
int
store_lmdb_env_create_ledger(const struct store_file *f)
{
	MDB_env *env = NULL;
	int rc, saved;

	(void)unlink(f->fresh); /* of one that was killed */
	rc = store_lmdb_env_open(f->fresh, false, 0, &env);
	if (rc == 0)
		rc = store_lmdb_answer(mdb_env_sync(env, 1));
	if (env != NULL)
		mdb_env_close(env);
	if (rc == 0)
		rc = rename(f->fresh, f->path);
	if (rc == 0 && place_sync(f->directory) == 0)
		return 0;
	saved = errno;
	(void)unlink(rc == 0 ? f->path : f->fresh); /* it is empty */
	errno = saved;
	return -1;
}
