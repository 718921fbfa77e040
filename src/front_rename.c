/* front_rename - the rename itself, forth and back, and what stands around it */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "front.h"
#include "front_names.h"
#include "text.h"

/* By way of another name: .next is never missing, nor half of it. */
static int
replace_next(struct front *f)
{
	if (unlinkat(f->fd, FRONT_NEXT_NEW, 0) == -1 && errno != ENOENT)
		return front_fail(f, FRONT_NEXT_NEW);
	if (linkat(f->fd, FRONT_REMOTE, f->fd, FRONT_NEXT_NEW, 0) == -1)
		return front_fail(f, FRONT_NEXT_NEW);
	if (renameat(f->fd, FRONT_NEXT_NEW, f->fd, FRONT_NEXT) == -1) {
		(void)front_fail(f, FRONT_NEXT);
		(void)unlinkat(f->fd, FRONT_NEXT_NEW, 0);
		return -1;
	}
	return 0;
}

int
front_keep(struct front *f)
{
	struct stat st;
	int there = front_look(f, f->kept, &st), rc;

	if (there == -1)
		return -1;
	if (there == 1 && front_is_same(&st, &f->remote))
		return front_sync(f);
	if (there == 1)
		rc = replace_next(f);
	else
		rc = linkat(f->fd, FRONT_REMOTE, f->fd, f->kept, 0) == -1 ? front_fail(f, f->kept) : 0;
	f->made = rc == 0;
	return rc == -1 ? -1 : front_sync(f);
}

static int
refuse_in_doubt(struct front *f)
{
	char what[sizeof f->problem];
	struct text t;

	f->in_doubt = true;
	text_init(&t, what, sizeof what);
	text_add(&t, "is in place, but may not survive a power cut: ");
	text_add(&t, f->problem);
	return front_refuse(f, FRONT_REMOTE, what);
}

/* `name` becomes qmail-remote. From then on nothing of it is to be taken away. */
static int
become_remote(struct front *f, const char *name)
{
	struct stat before, now;

	if (fstatat(f->fd, name, &before, AT_SYMLINK_NOFOLLOW) == -1 ||
	    renameat(f->fd, name, f->fd, FRONT_REMOTE) == -1)
		return front_fail(f, name);
	f->prepared = f->made = false;
	if (front_sync(f) == -1)
		return refuse_in_doubt(f);
	if (front_look(f, FRONT_REMOTE, &now) != 1 || !front_is_same(&before, &now))
		return front_refuse(f, FRONT_REMOTE, "is not what was put there: see `qlimit status`");
	return 0;
}

/* The trial may have taken seconds: an update of qmail's that came meanwhile would be lost by the rename. */
int
front_put(struct front *f)
{
	struct stat now;
	int there = front_look(f, FRONT_REMOTE, &now);

	if (there == -1)
		return -1;
	if (there == 0 || !front_is_same(&now, &f->remote))
		return front_refuse(f, FRONT_REMOTE, "has been replaced meanwhile, by an update of qmail perhaps: try "
		    "again");
	return become_remote(f, FRONT_NEW);
}

/* Looked for first: on a read-only file system to remove what is not there would be an error, too. */
static int
remove_name(struct front *f, const char *name, int *removed)
{
	struct stat st;
	int there = front_look(f, name, &st);

	if (there != 1)
		return there;
	if (unlinkat(f->fd, name, 0) == -1)
		return front_fail(f, name);
	++*removed;
	return 0;
}

static int
remove_ours(struct front *f, int *removed)
{
	return remove_name(f, FRONT_NEW, removed) == -1 ? -1 : remove_name(f, FRONT_NEXT_NEW, removed);
}

int
front_restore(struct front *f)
{
	struct ours_file file;
	struct stat st;
	int there = front_look(f, FRONT_NEXT, &st), removed = 0;

	f->kept = there == 1 ? FRONT_NEXT : FRONT_ORIG;
	if (there == 0)
		there = front_look(f, FRONT_ORIG, &st);
	if (there == -1)
		return -1;
	if (there == 0)
		return front_refuse(f, FRONT_REMOTE, "is qlimit-remote, and what it was before is neither " FRONT_ORIG
		    " nor " FRONT_NEXT ": nothing is changed; put qmail's own program back");
	if (front_check_program(f, f->kept) == -1)
		return -1;
	front_whose(f, f->kept, &file);
	if (file.is != OURS_NOT)
		return front_refuse(f, f->kept, file.is == OURS_UNKNOWN ? strerror(file.error) :
		    "is qlimit-remote itself: nothing is changed; put qmail's own program back");
	return remove_ours(f, &removed) == -1 ? -1 : become_remote(f, f->kept);
}

int
front_clean(struct front *f)
{
	static const char *const seconds[] = { FRONT_ORIG, FRONT_NEXT };
	int removed = 0;

	if (remove_ours(f, &removed) == -1)
		return -1;
	for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
		struct stat st;
		int there = front_look(f, seconds[i], &st);

		if (there == -1 || (there == 1 && front_is_same(&st, &f->remote) &&
		    remove_name(f, seconds[i], &removed) == -1))
			return -1;
	}
	return removed > 0 && front_sync(f) == -1 ? -1 : removed;
}
