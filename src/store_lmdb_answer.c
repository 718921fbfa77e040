/* store_lmdb_answer - what LMDB's answers mean */
#include "store_lmdb_answer.h"

#include <errno.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define REQUEST_MAX ((size_t)16 << 20) /* more memory at once than LMDB can want for a store of ours */

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

int
store_lmdb_answer(int rc)
{
	if (rc == 0)
		return 0;
	errno = is_damage(rc) ? EBADMSG : rc > 0 ? rc : EIO;
	return -1;
}

/* There LMDB may lack memory only because a wild number has made it ask for more than there is. */
int
store_lmdb_answer_inside(int rc, bool live)
{
	return store_lmdb_answer_opening(rc, live, 0);
}

/* A damaged file may ask for a map of any size; ours, and what LMDB has given back by now, is to be had. */
int
store_lmdb_answer_opening(int rc, bool live, size_t map)
{
	return store_lmdb_answer(rc == ENOMEM && live && can_map(map + REQUEST_MAX) ? MDB_CORRUPTED : rc);
}
