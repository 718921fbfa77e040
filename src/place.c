/* place - where things are */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* An empty variable is how a start script says "not set". */
static const char *
environment_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

void
place_init(struct place *place)
{
	const char *state = environment_or("QLIMIT_STATE", NULL);

	place->config = environment_or("QLIMIT_CONFIG", QLIMIT_CONFIG);
	place->state = state != NULL ? state : QLIMIT_STATE;
	place->state_is_set = state != NULL;
	place->remote = environment_or("QLIMIT_REMOTE", NULL);
	place->control = environment_or("QLIMIT_CONTROL", QMAIL "/control");
	place->queue = environment_or("QLIMIT_QUEUE", QMAIL "/queue");
	place->syslog = environment_or("QLIMIT_SYSLOG", NULL);
}

int
place_join(char *path, const char *directory, const char *name)
{
	struct text t;

	text_init(&t, path, PLACE_PATH_MAX + 1);
	text_add(&t, directory);
	text_add(&t, "/");
	text_add(&t, name);
	if (directory[0] != '/')
		errno = EINVAL;
	else if (t.truncated)
		errno = ENAMETOOLONG;
	return directory[0] != '/' || t.truncated ? -1 : 0;
}

bool
place_is_path(const char *s, size_t most)
{
	if (s[0] != '/' || strlen(s) > most)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

int
place_sync(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc, saved;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	if (rc == -1 && errno == EINVAL)
		rc = 0;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}
