/* admin_file - a file that a command writes for others to read */
#include "admin_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "place.h"

static int
cannot_write(const char *path)
{
	(void)fprintf(stderr, "qlimit: %s: %s: it is written by the owner of the state directory, who must be "
	    "allowed to write in its directory\n", path, strerror(errno));
	return EX_CANTCREAT;
}

/* Closes `fd` in any case; 0, or -1 with errno. */
static int
write_to(int fd, admin_file_print *print, void *context)
{
	FILE *f = fchmod(fd, 0644) == 0 ? fdopen(fd, "w") : NULL;
	bool failed;

	if (f == NULL) {
		(void)close(fd);
		return -1;
	}
	print(f, context);
	failed = ferror(f) != 0;
	return fclose(f) == 0 && !failed ? 0 : -1;
}

int
admin_file_write(const char *path, admin_file_print *print, void *context)
{
	char beside[PLACE_PATH_MAX + 8];
	int n = snprintf(beside, sizeof beside, "%s.XXXXXX", path), fd, saved;

	if ((size_t)n >= sizeof beside) {
		errno = ENAMETOOLONG;
		return cannot_write(path);
	}
	fd = mkstemp(beside);
	if (fd == -1)
		return cannot_write(path);
	if (write_to(fd, print, context) == 0 && rename(beside, path) == 0)
		return EX_OK;
	saved = errno;
	(void)unlink(beside);
	errno = saved;
	return cannot_write(path);
}
