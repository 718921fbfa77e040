/* queue - qmail's queue, read */
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "queue_files.h"

struct queue {
	struct queue_files files;
	struct queue_records records; /* of the message that the walk is at */
	struct queue_records again;   /* of its remote recipients, one by one */
};

typedef int visitor(void *context, struct queue *q, const struct queue_message *m);

const char *
queue_where(const struct queue *q, char *where)
{
	return queue_files_where(&q->files, where);
}

int64_t
queue_read_head(struct queue *q, char *bytes, size_t size)
{
	return queue_files_bytes(&q->files, QUEUE_IN_MESS, bytes, size, false);
}

int64_t
queue_read_bounce(struct queue *q, char *bytes, size_t size)
{
	return queue_files_bytes(&q->files, QUEUE_IN_BOUNCE, bytes, size, true);
}

int
queue_open_message(struct queue *q, int *fd)
{
	struct stat st;

	return queue_files_file(&q->files, QUEUE_IN_MESS, fd, &st);
}

int
queue_read_remote(struct queue *q, queue_recipient *each, void *context)
{
	struct stat st;

	queue_records_init(&q->again);
	q->again.each = each;
	q->again.context = context;
	return queue_files_records(&q->files, QUEUE_IN_REMOTE, &q->again, &st) == -1 ? -1 : 0;
}

/* --- one message --- */

/* The envelope as qmail-queue left it: 1; 0 if it is not there (any more); -1. */
static int
read_todo(struct queue *q, struct queue_message *m)
{
	struct stat st;
	int rc = queue_files_records(&q->files, QUEUE_IN_TODO, &q->records, &st);

	if (rc == 0)
		rc = queue_files_records(&q->files, QUEUE_IN_TODO_PART, &q->records, &st);
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
	int rc = queue_files_records(&q->files, QUEUE_IN_INFO, &q->records, &info);

	if (rc != 1)
		return rc;
	m->state = q->records.has_sender ? QUEUE_READY : QUEUE_INCOMPLETE;
	m->since = info.st_mtim.tv_sec;
	if (queue_files_records(&q->files, QUEUE_IN_REMOTE, &q->records, &st) == -1)
		return -1;
	m->remote_left = q->records.left;
	m->remote_done = q->records.done;
	if (queue_files_records(&q->files, QUEUE_IN_LOCAL, &q->records, &st) == -1)
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
	struct queue_files *f = &q->files;
	struct stat st;
	int rc;

	f->at = QUEUE_IN_MESS;
	if (fstatat(f->fd[QUEUE_IN_MESS], f->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return queue_files_none(f);
	if (!S_ISREG(st.st_mode)) {
		f->strange++;
		return 0;
	}
	queue_records_init(&q->records);
	*m = (struct queue_message){ .id = strtoull(f->name, NULL, 10), .state = QUEUE_INCOMPLETE,
		.since = st.st_mtim.tv_sec, .size = (uint64_t)st.st_size, .records = &q->records };
	rc = read_todo(q, m);
	if (rc == 0)
		rc = read_ready(q, m);
	return rc == -1 ? -1 : 1;
}

/* --- the walk --- */

static void
end_list(DIR *dir)
{
	int saved = errno;

	(void)closedir(dir);
	errno = saved;
}

static int
walk_part(struct queue *q, visitor *each, void *context)
{
	struct queue_files *f = &q->files;
	struct queue_message m;
	DIR *dir;
	int rc;

	if (queue_files_enter_part(f) == -1)
		return -1;
	if (f->fd[QUEUE_IN_MESS] == -1)
		return 0;
	f->at = QUEUE_IN_MESS;
	dir = queue_files_list(f, true);
	if (dir == NULL)
		return queue_files_none(f);
	while ((rc = queue_files_next(f, dir, f->name)) == 1) {
		rc = read_message(q, &m);
		if (rc == 1)
			rc = each(context, q, &m);
		if (rc == -1)
			break;
		f->at = QUEUE_IN_MESS;
	}
	end_list(dir);
	return rc;
}

int
queue_walk(struct queue *q, visitor *each, void *context)
{
	struct queue_files *f = &q->files;
	DIR *dir;
	int rc;

	f->part[0] = f->name[0] = '\0';
	if (queue_files_enter(f, QUEUE_IN_TODO) == -1 || queue_files_enter(f, QUEUE_IN_BOUNCE) == -1)
		return -1;
	f->at = QUEUE_IN_MESS;
	dir = queue_files_list(f, false);
	if (dir == NULL)
		return -1;
	while ((rc = queue_files_next(f, dir, f->part)) == 1) {
		rc = walk_part(q, each, context);
		if (rc == -1)
			break;
		f->at = QUEUE_IN_MESS;
		f->name[0] = '\0';
	}
	end_list(dir);
	return rc;
}

/* --- its life --- */

struct queue *
queue_open(const char *directory)
{
	struct queue *q = calloc(1, sizeof *q);

	if (q == NULL || queue_files_open(&q->files, directory) == 0)
		return q;
	free(q);
	return NULL;
}

uint64_t
queue_strange(const struct queue *q)
{
	return q->files.strange;
}

void
queue_close(struct queue *q)
{
	if (q == NULL)
		return;
	queue_files_close(&q->files);
	free(q);
}
