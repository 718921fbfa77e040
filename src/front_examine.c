/* front_examine - is what stands in qmail's directory understood? */
#include <string.h>

#include "front.h"
#include "front_names.h"
#include "real.h"
#include "text.h"

#define INSTALL_THERE "install qmail's own qmail-remote under that name, and try again"

/* It would be run by the one in front, or run that one: for ever. */
static int
check_second_names(struct front *f)
{
	static const char *const names[] = { FRONT_ORIG, FRONT_MOVED };
	struct ours_file file;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		front_whose(f, names[i], &file);
		if (file.is == OURS_UNKNOWN)
			return front_refuse(f, names[i], strerror(file.error));
		if (file.is != OURS_NOT && file.is != OURS_NOTHING)
			return front_refuse(f, names[i], "is qlimit-remote itself: " INSTALL_THERE);
	}
	return 0;
}

/* A copy of one that stays is not missed. */
static bool
is_copy(const struct front *f, const char *of)
{
	char kept[PLACE_PATH_MAX + 1], other[PLACE_PATH_MAX + 1];
	struct stat x, y;

	return place_join(kept, f->bin, FRONT_NEXT) == 0 && place_join(other, f->bin, of) == 0 &&
	    fstatat(f->fd, FRONT_NEXT, &x, 0) == 0 && fstatat(f->fd, of, &y, 0) == 0 &&
	    S_ISREG(y.st_mode) && x.st_size == y.st_size && real_is_copy(kept, other);
}

/* A .next that was kept by an earlier `enable` is replaced, but not the only one of its bytes: a signer, perhaps. */
static int
check_stale(struct front *f)
{
	struct ours_file file;
	struct stat st;
	struct text t;

	if (fstatat(f->fd, FRONT_NEXT, &st, 0) == 0 && !S_ISREG(st.st_mode))
		return front_refuse(f, FRONT_NEXT, "is no plain file, and `enable` needs that name: move it away");
	front_whose(f, FRONT_NEXT, &file);
	if (file.is == OURS_SAME || file.is == OURS_OTHER || is_copy(f, FRONT_REMOTE) || is_copy(f, FRONT_ORIG))
		return 0;
	(void)front_refuse(f, FRONT_NEXT, "is needed for what is " FRONT_REMOTE " now, and what stands there is "
	    "nowhere else: nothing is changed. If it is a signer that runs " FRONT_ORIG ", and an update of qmail has "
	    "replaced it as " FRONT_REMOTE ":\n    cd ");
	text_init(&t, f->problem + strlen(f->problem), sizeof f->problem - strlen(f->problem));
	text_add(&t, f->bin);
	text_add(&t, " && ln -f " FRONT_REMOTE " " FRONT_ORIG "\n    mv -f " FRONT_NEXT " " FRONT_REMOTE "\n"
	    "  If it is qmail's own, of before an update, remove it. Then `qlimit enable` again");
	return -1;
}

/* .next is for us alone: neither in use, nor the only copy of something. */
static int
check_next(struct front *f, const struct stat *next)
{
	static const char in_use[] = "is what " FRONT_REMOTE " itself runs, as it seems, and `enable` needs that name: "
				     "not understood. Give it another name, there too";
	int mentioned;

	if (next != NULL && front_is_same(next, &f->remote))
		next = NULL;
	mentioned = front_mentions(f, FRONT_NEXT);
	if (mentioned == -1)
		return -1;
	if (mentioned == 1 || (next != NULL && front_is_one_file(f, FRONT_NEXT, FRONT_REMOTE, 0)))
		return front_refuse(f, FRONT_NEXT, in_use);
	return next == NULL ? 0 : check_stale(f);
}

/*
 * .orig, but where that is taken; or where qmail-remote runs it if it is there: then it would run itself, for ever.
 * .next is asked for before .orig (real.h): a stale one has to be replaced, and that alone is.
 */
static int
choose_name(struct front *f)
{
	struct stat next, orig;
	int has_next = front_look(f, FRONT_NEXT, &next), has_orig = front_look(f, FRONT_ORIG, &orig), mentioned;
	bool itself = has_orig == 1 && front_is_same(&orig, &f->remote);

	if (has_next == -1 || has_orig == -1)
		return -1;
	mentioned = front_mentions(f, FRONT_ORIG);
	if (mentioned == -1)
		return -1;
	if (mentioned == 1 && itself)
		return front_refuse(f, FRONT_ORIG, "is " FRONT_REMOTE " itself, which seems to run it, for ever: "
		    INSTALL_THERE);
	if (has_next == 0 && mentioned == 0 && (has_orig == 0 || itself)) {
		f->kept = FRONT_ORIG;
		return 0;
	}
	f->kept = FRONT_NEXT;
	return check_next(f, has_next == 1 ? &next : NULL);
}

int
front_examine(struct front *f)
{
	struct ours_file file;

	if (front_check_directory(f) == -1 || front_check_program(f, FRONT_REMOTE) == -1 ||
	    check_second_names(f) == -1)
		return -1;
	front_whose(f, FRONT_REMOTE, &file);
	if (file.is != OURS_NOT)
		return front_refuse(f, FRONT_REMOTE, file.is == OURS_UNKNOWN ? strerror(file.error) :
		    "is qlimit-remote");
	return front_check_own_name(f) == -1 ? -1 : choose_name(f);
}
