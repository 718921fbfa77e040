/* harness_queue - message files as qmail-queue leaves them */
#include "harness_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define SPLIT 23

static int
make(const char *queue, const char *below)
{
	char path[PATH_SIZE];

	if (snprintf(path, sizeof path, "%s/%s", queue, below) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkdir(path, 0755);
}

int
harness_queue_make(const char *queue)
{
	char below[32];

	if (mkdir(queue, 0755) == -1 || make(queue, "pid") == -1 || make(queue, "mess") == -1)
		return -1;
	for (int i = 0; i < SPLIT; i++) {
		(void)snprintf(below, sizeof below, "mess/%d", i);
		if (make(queue, below) == -1)
			return -1;
	}
	return 0;
}

static int
write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, bytes, n);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		bytes += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Not strftime(3): qmail writes the day without a leading zero. */
static size_t
first_line(char *line, size_t size, const char *origin)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL)
		return 0;
	return (size_t)snprintf(line, size,
	    "Received: (qmail %ld invoked %s); %d %s %d %02d:%02d:%02d -0000\n", (long)getpid(), origin,
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* mess/ is named by the inode, which is known only once the file is there: hence pid/ and link(2). */
static int
move_to_mess(const char *queue, int fd, const char *from, char *name)
{
	char to[PATH_SIZE];
	struct stat st;

	if (fstat(fd, &st) == -1 || fchmod(fd, 0644) == -1)
		return -1;
	(void)snprintf(name, HARNESS_QUEUE_NAME, "%ju/%ju", (uintmax_t)(st.st_ino % SPLIT),
	    (uintmax_t)st.st_ino);
	if (snprintf(to, sizeof to, "%s/mess/%s", queue, name) >= (int)sizeof to) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return link(from, to) == -1 ? -1 : unlink(from);
}

int
harness_queue_put(const char *queue, const char *origin, const char *text, size_t n, char *name)
{
	char path[PATH_SIZE], line[200];
	size_t line_length = first_line(line, sizeof line, origin);
	int fd, rc = -1, saved;

	if (line_length == 0 || line_length >= sizeof line ||
	    snprintf(path, sizeof path, "%s/pid/%ld", queue, (long)getpid()) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return -1;
	/* No fsync(2), unlike qmail-queue: a lost test message is no loss, and a test has hundreds. */
	if (move_to_mess(queue, fd, path, name) == 0 && write_all(fd, line, line_length) == 0 &&
	    write_all(fd, text, n) == 0)
		rc = 0;
	saved = errno;
	if (close(fd) == -1 && rc == 0)
		return -1;
	errno = saved;
	return rc;
}
