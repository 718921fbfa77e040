/* small_file - a small text file in the state directory, read and replaced as a whole */
#include "small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "place.h"
#include "text.h"

#define LOCK_STEP_MS 10

int
small_file_read(const char *directory, const char *name, char *buffer, size_t size)
{
	char path[PLACE_PATH_MAX + 1];
	struct stat st;
	ssize_t n;
	int fd, saved;

	if (place_join(path, directory, name) == -1)
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || (st.st_mode & 022) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != 0)) {
		(void)close(fd);
		errno = EPERM;
		return -1;
	}
	n = read(fd, buffer, size);
	saved = errno;
	(void)close(fd);
	errno = saved;
	if (n >= 0 && (size_t)n < size && memchr(buffer, '\0', (size_t)n) == NULL) {
		buffer[n] = '\0';
		return 0;
	}
	if (n >= 0)
		errno = EBADMSG;
	return -1;
}

static int
write_file(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = -1, saved;

	if (fd == -1)
		return -1;
	errno = EIO; /* of a short write */
	if (write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0)
		rc = 0;
	saved = errno;
	if (close(fd) == -1 && rc == 0)
		return -1;
	errno = saved;
	return rc;
}

int
small_file_write(const char *directory, const char *name, const char *bytes, size_t n)
{
	char path[PLACE_PATH_MAX + 1], fresh_name[32], fresh[PLACE_PATH_MAX + 1];
	struct text t;
	int saved;

	text_init(&t, fresh_name, sizeof fresh_name);
	text_add(&t, name);
	text_add(&t, ".new");
	if (place_join(path, directory, name) == -1 || place_join(fresh, directory, fresh_name) == -1)
		return -1;
	(void)unlink(fresh); /* of somebody who was killed */
	if (write_file(fresh, bytes, n) == 0 && rename(fresh, path) == 0) {
		/* In force already: no reason to call it a failure. */
		(void)place_sync(directory);
		return 0;
	}
	saved = errno;
	(void)unlink(fresh);
	errno = saved;
	return -1;
}

/* flock(2) knows no time limit: it is asked again and again. */
static int
wait_for(int fd)
{
	const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };

	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) == -1; waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK || waited >= SMALL_FILE_PATIENCE_MS)
			return -1;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

int
small_file_lock(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int saved;

	if (fd == -1 || wait_for(fd) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}
