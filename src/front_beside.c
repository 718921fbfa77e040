/* front_beside - what stands beside qmail-remote where that is no longer qlimit-remote */
#include <string.h>

#include "front.h"
#include "front_names.h"

/* Whether there is something else that qmail-remote does not run: 1; 0; -1. */
static int
look_at(struct front *f, const char *name)
{
	struct ours_file file;
	int mentioned;

	front_whose(f, name, &file);
	if (file.is == OURS_UNKNOWN)
		return front_refuse(f, name, strerror(file.error));
	if (file.is == OURS_NOTHING)
		return 0;
	mentioned = front_mentions(f, name);
	if (mentioned == 1 && file.is != OURS_NOT)
		return front_refuse(f, name, "is qlimit-remote, and " FRONT_REMOTE " runs it, as it seems: the real one was "
		    "overwritten, and all mail is deferred. Install qmail's own qmail-remote under that name");
	return mentioned == -1 ? -1 : mentioned == 0;
}

int
front_look_beside(struct front *f, const char **left)
{
	static const char *const names[] = { FRONT_NEXT, FRONT_ORIG, FRONT_MOVED };

	*left = NULL;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		int is_left = look_at(f, names[i]);

		if (is_left == -1)
			return -1;
		if (is_left == 1)
			*left = names[i];
	}
	return 0;
}
