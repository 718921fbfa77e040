/* admin_real - the real qmail-remote, as the wrapper in the mail path finds it */
#include "admin_real.h"

#include "ours.h"
#include "real.h"

void
admin_real_look(void)
{
	static const char front[] = QMAIL "/bin/qmail-remote";
	static char wrapper[PLACE_PATH_MAX + 1];
	struct ours_file file;

	real_find_ours(wrapper, "qlimit-remote");
	ours_look(&file, front, wrapper);
	real_set_self(file.is == OURS_SAME || file.is == OURS_OTHER ? front : wrapper);
}

const char *
admin_real_find(const struct admin *a, char *path)
{
	return real_find(path, a->place.remote != NULL ? a->place.remote : a->essentials.remote);
}
