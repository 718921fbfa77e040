/* queue - qmail's queue, read */
#include "queue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_DIGITS_MAX 20

/* Not O_NOATIME: it is only for a file's owner. */
#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/* The part numbers of these are the same for one message: all are split alike. */
enum directory { MESS, INFO, REMOTE, LOCAL, TODO, TODO_PART, BOUNCE, DIRECTORIES };

static const char *const names[] = {
	[MESS] = "mess", [INFO] = "info", [REMOTE] = "remote", [LOCAL] = "local",
	[TODO] = "todo", [TODO_PART] = "todo", [BOUNCE] = "bounce",
};

struct queue {
	int root;
	int fd[DIRECTORIES]; /* of the part being read, TODO and BOUNCE of all; -1: there is none */
	uint64_t strange;
	struct queue_records records;
	enum directory at;    /* what was last tried; its part, if it has any, and file, or "" */
	char part[ID_DIGITS_MAX + 1];
	char name[ID_DIGITS_MAX + 1];
	bool at_root;
	char buffer[65536];
};

static bool
has_parts(enum directory d)
{
	return d != TODO && d != BOUNCE;
}

const char *
queue_where(const struct queue *q, char *where)
{
	struct text t;

	text_init(&t, where, QUEUE_WHERE_MAX);
	if (q->at_root)
		return where;
	text_add(&t, names[q->at]);
	if (has_parts(q->at) && q->part[0] != '\0') {
		text_add(&t, "/");
		text_add(&t, q->part);
	}
	if (q->name[0] != '\0') {
		text_add(&t, "/");
		text_add(&t, q->name);
	}
	return where;
}

/* A part's or a message's number, as qmail writes it. */
static bool
copy_number(char *to, const char *from)
{
	size_t n = strlen(from);

	if (n == 0 || n > ID_DIGITS_MAX || strspn(from, "0123456789") != n)
		return false;
	memcpy(to, from, n + 1);
	return true;
}

/* What it means that something is not there, or is not what qmail makes: no file of qmail's. Else -1. */
static int
none_of_qmails(struct queue *q)
{
	if (errno == ENOENT)
		return 0;
	if (errno != ELOOP && errno != ENOTDIR && errno != ENXIO)
		return -1;
	q->strange++;
	return 0;
}

/* --- files --- */

/* 1 with a plain file open, 0 if there is none, -1. */
static int
open_file(struct queue *q, enum directory d, int *fd, struct stat *st)
{
	if (q->fd[d] == -1)
		return 0;
	q->at = d;
	*fd = openat(q->fd[d], q->name, OPEN_FILE);
	if (*fd == -1)
		return none_of_qmails(q);
	if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
		return 1;
	(void)close(*fd);
	/* Where todo is split a message's number may be that of a part. */
	q->strange += d != TODO || !S_ISDIR(st->st_mode);
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

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
}

/* The records of one of this message's files: 1; 0 if it has none such; -1. */
static int
read_records(struct queue *q, enum directory d, struct stat *st)
{
	int fd, rc = open_file(q, d, &fd, st);
	off_t from = 0;
	ssize_t n;

	queue_records_begin(&q->records);
	if (rc != 1)
		return rc;
	/* Not further than it was long: whoever makes it grow does not keep us here. */
	while (from < st->st_size && (n = read_some(fd, q->buffer, sizeof q->buffer, from)) != 0) {
		if (n == -1) {
			rc = -1;
			break;
		}
		queue_records_add(&q->records, q->buffer, (size_t)n);
		from += n;
	}
	close_keeping_errno(fd);
	return rc;
}

static int64_t
read_bytes(struct queue *q, enum directory d, char *bytes, size_t size, bool from_end)
{
	struct stat st;
	int fd, rc = open_file(q, d, &fd, &st);
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

int64_t
queue_read_head(struct queue *q, char *bytes, size_t size)
{
	return read_bytes(q, MESS, bytes, size, false);
}

int64_t
queue_read_bounce(struct queue *q, char *bytes, size_t size)
{
	return read_bytes(q, BOUNCE, bytes, size, true);
}

/* --- one message --- */

/* The envelope as qmail-queue left it: 1; 0 if it is not there (any more); -1. */
static int
read_todo(struct queue *q, struct queue_message *m)
{
	struct stat st;
	int rc = read_records(q, TODO, &st);

	if (rc == 0)
		rc = read_records(q, TODO_PART, &st);
	if (rc != 1)
		return rc;
	m->state = QUEUE_TODO;
	m->since = st.st_mtim.tv_sec;
	m->remote_left = q->records.left;
	return 1;
}

/* As qmail-send has sorted it. The files of recipients go when all in them are done. */
static int
read_ready(struct queue *q, struct queue_message *m)
{
	struct stat info, st;
	int rc = read_records(q, INFO, &info);

	if (rc != 1)
		return rc;
	m->state = q->records.has_sender ? QUEUE_READY : QUEUE_INCOMPLETE;
	m->since = info.st_mtim.tv_sec;
	if (read_records(q, REMOTE, &st) == -1)
		return -1;
	m->remote_left = q->records.left;
	m->remote_done = q->records.done;
	if (read_records(q, LOCAL, &st) == -1)
		return -1;
	m->local_left = q->records.left;
	m->local_done = q->records.done;
	return 1;
}

/*
 * todo first: as long as it is there the other files are being made, or are of no meaning, and it goes only
 * when they are complete. So no message is missed, or seen in both places. 1; 0 if it has vanished; -1.
 */
static int
read_message(struct queue *q, struct queue_message *m)
{
	struct stat st;
	int rc;

	q->at = MESS;
	if (fstatat(q->fd[MESS], q->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return none_of_qmails(q);
	if (!S_ISREG(st.st_mode)) {
		q->strange++;
		return 0;
	}
	queue_records_init(&q->records);
	*m = (struct queue_message){ .id = strtoull(q->name, NULL, 10), .state = QUEUE_INCOMPLETE,
		.since = st.st_mtim.tv_sec, .size = (uint64_t)st.st_size, .records = &q->records };
	rc = read_todo(q, m);
	if (rc == 0)
		rc = read_ready(q, m);
	return rc == -1 ? -1 : 1;
}

/* --- the walk --- */

/* Its descriptor goes with closedir(3). NULL with errno. */
static DIR *
list_directory(int fd)
{
	DIR *dir;

	if (fd == -1)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL)
		close_keeping_errno(fd);
	return dir;
}

/* The next entry that is a number, to `number`: 1; 0 at the end; -1. */
static int
next_number(struct queue *q, DIR *dir, char *number)
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
			q->strange++;
	}
}

static void
close_directory(struct queue *q, enum directory d)
{
	if (q->fd[d] != -1)
		(void)close(q->fd[d]);
	q->fd[d] = -1;
}

/* One of a part's directories, or of those without parts. Where it is missing there are no such files. */
static int
open_directory(struct queue *q, enum directory d)
{
	char where[QUEUE_WHERE_MAX];

	close_directory(q, d);
	q->at = d;
	q->fd[d] = openat(q->root, queue_where(q, where), OPEN_DIRECTORY);
	/* Where todo is not split a part's number may be that of a message. */
	if (q->fd[d] != -1 || (d == TODO_PART && errno == ENOTDIR))
		return 0;
	return none_of_qmails(q);
}

static int
open_part(struct queue *q)
{
	for (enum directory d = MESS; d < DIRECTORIES; d++)
		if (has_parts(d) && open_directory(q, d) == -1)
			return -1;
	return 0;
}

static int
walk_part(struct queue *q, int (*each)(void *, struct queue *, const struct queue_message *), void *context)
{
	struct queue_message m;
	DIR *dir;
	int rc, saved;

	if (open_part(q) == -1)
		return -1;
	if (q->fd[MESS] == -1)
		return 0;
	q->at = MESS;
	dir = list_directory(openat(q->fd[MESS], ".", OPEN_DIRECTORY));
	if (dir == NULL)
		return none_of_qmails(q);
	while ((rc = next_number(q, dir, q->name)) == 1) {
		rc = read_message(q, &m);
		if (rc == 1)
			rc = each(context, q, &m);
		if (rc == -1)
			break;
		q->at = MESS;
	}
	saved = errno;
	(void)closedir(dir);
	errno = saved;
	return rc;
}

int
queue_walk(struct queue *q, int (*each)(void *, struct queue *, const struct queue_message *), void *context)
{
	DIR *dir;
	int rc, saved;

	q->at_root = false;
	q->part[0] = q->name[0] = '\0';
	if (open_directory(q, TODO) == -1 || open_directory(q, BOUNCE) == -1)
		return -1;
	q->at = MESS;
	dir = list_directory(openat(q->root, names[MESS], OPEN_DIRECTORY));
	if (dir == NULL)
		return -1;
	while ((rc = next_number(q, dir, q->part)) == 1) {
		rc = walk_part(q, each, context);
		if (rc == -1)
			break;
		q->at = MESS;
		q->name[0] = '\0';
	}
	saved = errno;
	(void)closedir(dir);
	errno = saved;
	return rc;
}

/* --- its life --- */

/* The queue itself may be a link to another disk. */
struct queue *
queue_open(const char *directory)
{
	struct queue *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->at_root = true;
	for (enum directory d = MESS; d < DIRECTORIES; d++)
		q->fd[d] = -1;
	q->root = open(directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (q->root != -1)
		return q;
	free(q);
	return NULL;
}

uint64_t
queue_strange(const struct queue *q)
{
	return q->strange;
}

void
queue_close(struct queue *q)
{
	if (q == NULL)
		return;
	for (enum directory d = MESS; d < DIRECTORIES; d++)
		close_directory(q, d);
	(void)close(q->root);
	free(q);
}
