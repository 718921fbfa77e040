/*
 * place - where things are
 *
 * Built-in paths, which the environment overrides: several qmail instances on one host, and tests.
 * Nothing here is setuid, so whoever sets these is who runs it (facts/storage.md L6).
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define PLACE_PATH_MAX 255 /* bytes of a path, without its NUL */

struct place {
	const char *config; /* $QLIMIT_CONFIG or /etc/qlimit.conf */
	const char *state;  /* $QLIMIT_STATE or /var/lib/qlimit */
	const char *remote; /* $QLIMIT_REMOTE or NULL */
	const char *control; /* $QLIMIT_CONTROL or QMAIL/control: qmail's own configuration */
	const char *queue;  /* $QLIMIT_QUEUE or QMAIL/queue */
	const char *syslog; /* $QLIMIT_SYSLOG or NULL: a jail's socket, or the tests' */
	bool state_is_set;  /* by the environment: then no setting of the configuration moves it */
};

/* Fills in the paths from getenv(3); they live as long as the environment. */
void place_init(struct place *place);

/*
 * Writes `directory/name` to `path` (PLACE_PATH_MAX + 1 bytes). Returns 0, or -1 with errno
 * ENAMETOOLONG, or EINVAL where the directory is not absolute: the wrapper and the CLI run in
 * different directories and would mean different places.
 */
int place_join(char *path, const char *directory, const char *name);

/*
 * True of an absolute path of at most `most` bytes, none of them below a blank: paths are printed as they are
 * in messages, and written to a file of lines.
 */
bool place_is_path(const char *s, size_t most);

/*
 * Makes durable which names a directory has: fsync(2) of a file promises nothing of its name. 0, also where
 * the file system knows no such thing; or -1 with errno.
 */
int place_sync(const char *directory);

#endif
