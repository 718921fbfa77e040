/* essentials - the few settings the wrapper needs when its store cannot be used */
#include "essentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define NAME "essentials"
#define FILE_MAX 2048 /* holds all paths and filters at their longest */
#define FIRST_LINE "qlimit essentials 1"

void
essentials_init(struct essentials *e)
{
	memset(e, 0, sizeof *e);
	e->deadline_ms = 2000;
}

static bool
set_path(char *to, const char *value)
{
	size_t n = strlen(value);

	if (n > PLACE_PATH_MAX || (n > 0 && value[0] != '/'))
		return false;
	memcpy(to, value, n + 1);
	return true;
}

static bool
set_deadline(struct essentials *e, const char *value)
{
	char *end;
	unsigned long ms = strtoul(value, &end, 10);

	if (*end != '\0' || ms < 100 || ms > 60000)
		return false;
	e->deadline_ms = (uint32_t)ms;
	return true;
}

/* Any printable text, also one with "=" in it: a line's name ends at the first. */
static bool
add_filter(struct head_trust *trust, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || n > HEAD_FILTER_MAX || trust->filters_count == HEAD_FILTERS_MAX)
		return false;
	memcpy(trust->filters[trust->filters_count++], value, n + 1);
	return true;
}

static bool
set(struct essentials *e, const char *name, const char *value)
{
	if (strcmp(name, "remote") == 0)
		return set_path(e->remote, value);
	if (strcmp(name, "state") == 0)
		return set_path(e->state, value);
	if (strcmp(name, "deadline_ms") == 0)
		return set_deadline(e, value);
	if (strcmp(name, "on_error") == 0) {
		e->defer_on_error = strcmp(value, "defer") == 0;
		return e->defer_on_error || strcmp(value, "deliver") == 0;
	}
	if (strcmp(name, "smtp_auth") == 0) {
		e->trust.smtp_auth = strcmp(value, "received") == 0;
		return e->trust.smtp_auth || strcmp(value, "none") == 0;
	}
	if (strcmp(name, "trusted_received") == 0)
		return add_filter(&e->trust, value);
	return true; /* a newer qlimit's setting */
}

/* One line after the first. */
static bool
parse_setting(struct essentials *e, char *line)
{
	char *value = strchr(line, '=');

	if (value == NULL)
		return false;
	*value = '\0';
	return set(e, line, value + 1);
}

/* The text in `line`, a string: every line is `name=value`, the last one too ends in a newline. */
static bool
parse(struct essentials *e, char *line)
{
	bool first = true;

	while (*line != '\0') {
		char *end = strchr(line, '\n');

		if (end == NULL)
			return false;
		*end = '\0';
		if (first ? strcmp(line, FIRST_LINE) != 0 : !parse_setting(e, line))
			return false;
		first = false;
		line = end + 1;
	}
	return !first;
}

/* Reads the whole file into `buffer` of FILE_MAX + 1 bytes and ends it with a NUL. */
static int
read_text(const char *path, char *buffer)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n;
	int saved;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || (st.st_mode & 022) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != 0)) {
		(void)close(fd);
		errno = EPERM;
		return -1;
	}
	n = read(fd, buffer, FILE_MAX);
	saved = errno;
	(void)close(fd);
	errno = saved;
	if (n >= 0)
		buffer[n] = '\0';
	return n < 0 ? -1 : 0;
}

int
essentials_read(struct essentials *e, const char *directory)
{
	char path[PLACE_PATH_MAX + 1], buffer[FILE_MAX + 1];

	essentials_init(e);
	if (place_join(path, directory, NAME) == -1 || read_text(path, buffer) == -1)
		return -1;
	if (parse(e, buffer))
		return 0;
	essentials_init(e);
	errno = EBADMSG;
	return -1;
}

static void
compose(struct text *t, const struct essentials *e)
{
	text_add(t, FIRST_LINE "\nremote=");
	text_add(t, e->remote);
	text_add(t, "\nstate=");
	text_add(t, e->state);
	text_add(t, e->defer_on_error ? "\non_error=defer" : "\non_error=deliver");
	text_add(t, "\ndeadline_ms=");
	text_add_number(t, e->deadline_ms);
	text_add(t, e->trust.smtp_auth ? "\nsmtp_auth=received\n" : "\nsmtp_auth=none\n");
	for (size_t i = 0; i < e->trust.filters_count; i++) {
		text_add(t, "trusted_received=");
		text_add(t, e->trust.filters[i]);
		text_add(t, "\n");
	}
}

static int
write_file(const char *path, const struct text *t)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = -1, saved;

	if (fd == -1)
		return -1;
	errno = EIO; /* of a short write */
	if (write(fd, t->data, t->used) == (ssize_t)t->used && fsync(fd) == 0)
		rc = 0;
	saved = errno;
	if (close(fd) == -1 && rc == 0)
		return -1;
	errno = saved;
	return rc;
}

int
essentials_write(const struct essentials *e, const char *directory)
{
	char path[PLACE_PATH_MAX + 1], fresh[PLACE_PATH_MAX + 1], buffer[FILE_MAX + 1];
	struct text t;
	int saved;

	text_init(&t, buffer, sizeof buffer);
	compose(&t, e);
	if (place_join(path, directory, NAME) == -1 ||
	    place_join(fresh, directory, NAME ".new") == -1)
		return -1;
	(void)unlink(fresh); /* of a load that was killed */
	if (write_file(fresh, &t) == 0 && rename(fresh, path) == 0) {
		/* In force already: what a power cut takes back, the load after it writes again. */
		(void)place_sync(directory);
		return 0;
	}
	saved = errno;
	(void)unlink(fresh);
	errno = saved;
	return -1;
}
