/* queue_files - the directories and files of qmail's queue, opened and read */
#include "queue_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"

/* Not O_NOATIME: it is only for a file's owner. */
#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

static const char *const names[] = {
	[QUEUE_IN_MESS] = "mess", [QUEUE_IN_INFO] = "info", [QUEUE_IN_REMOTE] = "remote", [QUEUE_IN_LOCAL] = "local",
	[QUEUE_IN_TODO] = "todo", [QUEUE_IN_TODO_PART] = "todo", [QUEUE_IN_BOUNCE] = "bounce",
};

static bool
has_parts(enum queue_directory d)
{
	return d != QUEUE_IN_TODO && d != QUEUE_IN_BOUNCE;
}

const char *
queue_files_where(const struct queue_files *f, char *where)
{
	struct text t;

	text_init(&t, where, QUEUE_WHERE_MAX);
	text_add(&t, names[f->at]);
	if (has_parts(f->at) && f->part[0] != '\0') {
		text_add(&t, "/");
		text_add(&t, f->part);
	}
	if (f->name[0] != '\0') {
		text_add(&t, "/");
		text_add(&t, f->name);
	}
	return where;
}

/* A part's or a message's number, as qmail writes it. */
static bool
copy_number(char *to, const char *from)
{
	size_t n = strlen(from);

	if (n > QUEUE_DIGITS_MAX || strspn(from, "0123456789") != n)
		return false;
	memcpy(to, from, n + 1);
	return true;
}

int
queue_files_none(struct queue_files *f)
{
	if (errno == ENOENT)
		return 0;
	if (errno != ELOOP && errno != ENOTDIR && errno != ENXIO)
		return -1;
	f->strange++;
	return 0;
}

/* --- files --- */

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
}

int
queue_files_file(struct queue_files *f, enum queue_directory d, int *fd, struct stat *st)
{
	if (f->fd[d] == -1)
		return 0;
	f->at = d;
	*fd = openat(f->fd[d], f->name, OPEN_FILE);
	if (*fd == -1)
		return queue_files_none(f);
	if (fstat(*fd, st) == -1) {
		close_keeping_errno(*fd);
		return -1;
	}
	if (S_ISREG(st->st_mode))
		return 1;
	(void)close(*fd);
	/* Where todo is split a message's number may be that of a part. */
	f->strange += d != QUEUE_IN_TODO || !S_ISDIR(st->st_mode);
	return 0;
}

static ssize_t
read_some(int fd, char *bytes, size_t size, off_t from)
{
	ssize_t n;

	do
		n = pread(fd, bytes, size, from);
	while (n == -1 && errno == EINTR);
	return n;
}

int
queue_files_records(struct queue_files *f, enum queue_directory d, struct queue_records *r, struct stat *st)
{
	int fd, rc = queue_files_file(f, d, &fd, st);
	off_t from = 0;
	ssize_t n;

	queue_records_begin(r);
	if (rc != 1)
		return rc;
	/* Not further than it was long: whoever makes it grow does not keep us here. */
	while (from < st->st_size && (n = read_some(fd, f->buffer, sizeof f->buffer, from)) != 0) {
		if (n == -1) {
			rc = -1;
			break;
		}
		queue_records_add(r, f->buffer, (size_t)n);
		from += n;
	}
	close_keeping_errno(fd);
	return rc;
}

int64_t
queue_files_bytes(struct queue_files *f, enum queue_directory d, char *bytes, size_t size, bool from_end)
{
	struct stat st;
	int fd, rc = queue_files_file(f, d, &fd, &st);
	off_t from = 0;
	size_t used = 0;
	ssize_t n = 0;

	if (rc != 1)
		return rc;
	if (from_end && st.st_size > (off_t)size)
		from = st.st_size - (off_t)size;
	while (used < size && (n = read_some(fd, bytes + used, size - used, from + (off_t)used)) > 0)
		used += (size_t)n;
	close_keeping_errno(fd);
	return n == -1 ? -1 : (int64_t)used;
}

/* --- directories --- */

DIR *
queue_files_list(const struct queue_files *f, bool part)
{
	int fd = openat(part ? f->fd[QUEUE_IN_MESS] : f->root, part ? "." : names[QUEUE_IN_MESS], OPEN_DIRECTORY);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL && fd != -1)
		close_keeping_errno(fd);
	return dir;
}

int
queue_files_next(struct queue_files *f, DIR *dir, char *number)
{
	const struct dirent *entry;

	number[0] = '\0';
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (copy_number(number, entry->d_name))
			return 1;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			f->strange++;
	}
}

static void
close_directory(struct queue_files *f, enum queue_directory d)
{
	if (f->fd[d] != -1)
		(void)close(f->fd[d]);
	f->fd[d] = -1;
}

int
queue_files_enter(struct queue_files *f, enum queue_directory d)
{
	char where[QUEUE_WHERE_MAX];

	close_directory(f, d);
	f->at = d;
	f->fd[d] = openat(f->root, queue_files_where(f, where), OPEN_DIRECTORY);
	/* Where todo is not split a part's number may be that of a message. */
	if (f->fd[d] != -1 || (d == QUEUE_IN_TODO_PART && errno == ENOTDIR))
		return 0;
	return queue_files_none(f);
}

int
queue_files_enter_part(struct queue_files *f)
{
	for (enum queue_directory d = QUEUE_IN_MESS; d < QUEUE_DIRECTORIES; d++)
		if (has_parts(d) && queue_files_enter(f, d) == -1)
			return -1;
	return 0;
}

/* --- its life --- */

int
queue_files_open(struct queue_files *f, const char *directory)
{
	for (enum queue_directory d = QUEUE_IN_MESS; d < QUEUE_DIRECTORIES; d++)
		f->fd[d] = -1;
	f->root = open(directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	return f->root == -1 ? -1 : 0;
}

void
queue_files_close(struct queue_files *f)
{
	for (enum queue_directory d = QUEUE_IN_MESS; d < QUEUE_DIRECTORIES; d++)
		close_directory(f, d);
	(void)close(f->root);
}
