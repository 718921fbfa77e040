/* admin_queue_known - the deliveries that the live store knows, found again in qmail's queue */
#include "admin_queue_known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "aside.h"
#include "guard.h"
#include "message.h"

/* Pending deliveries seen in one transaction: the lock is held for a few milliseconds at most. */
#define BATCH 2000

/* Its identity, its state, its outcome. */
#define RECORD (DIGEST_SIZE + 2)

static void
complain(void)
{
	(void)fprintf(stderr, "qlimit: what limits hold cannot be told: %s\n", strerror(errno));
}

/* --- the process that reads the store --- */

struct batch {
	unsigned char bytes[BATCH * RECORD];
	size_t used;
};

/* The deliveries behind `id`, in the order of their identities: 1 if there may be more; 0; -1. */
static int
collect(struct store *s, unsigned char *id, struct batch *b)
{
	struct pending p;
	int rc = 1;

	b->used = 0;
	for (int seen = 0; rc == 1 && seen < BATCH; seen++) {
		rc = store_pending_next(s, id, &p);
		if (rc != 1 || p.message)
			continue;
		memcpy(b->bytes + b->used, id, DIGEST_SIZE);
		b->bytes[b->used + DIGEST_SIZE] = (unsigned char)(p.stopped != 0 ? PENDING_HELD : p.state);
		b->bytes[b->used + DIGEST_SIZE + 1] = (unsigned char)p.outcome;
		b->used += RECORD;
	}
	return rc;
}

static bool
hand_over(int fd, const unsigned char *bytes, size_t n)
{
	ssize_t written = 0;

	while (n > 0 && (written = write(fd, bytes, n)) > 0) {
		bytes += written;
		n -= (size_t)written;
	}
	if (n > 0)
		complain();
	return n == 0;
}

/* Never within a transaction: whoever reads may have been stopped (^Z), and mail waits for the lock. */
static int
hand_over_all(struct store *s, int fd)
{
	static struct batch b;
	unsigned char id[DIGEST_SIZE] = { 0 };
	int rc;

	while ((rc = collect(s, id, &b)) != -1) {
		store_rollback(s);
		if (!hand_over(fd, b.bytes, b.used))
			return EX_IOERR;
		if (rc == 0)
			return EX_OK;
		if (store_begin(s, false) == -1)
			break;
	}
	return admin_store_failed(s);
}

static int
read_store(void *context, int fd)
{
	struct info info;
	struct store *s;
	int status;

	guard_follow(); /* a store that LMDB crashes on is set aside */
	s = admin_open_live(context, &info, &status);
	if (s == NULL)
		return status;
	if (!hand_over(fd, info.secret, sizeof info.secret))
		return EX_IOERR;
	return hand_over_all(s, fd);
}

/* --- this process --- */

/* Reads to the end; false with errno. */
static bool
receive(struct admin_known *k, int fd)
{
	size_t room = 0, used = 0;
	ssize_t n = 0;

	do {
		used += (size_t)n;
		if (used == room) {
			unsigned char *more = realloc(k->bytes, room += room / 2 + BATCH * RECORD);

			if (more == NULL)
				return false;
			k->bytes = more;
		}
		n = read(fd, k->bytes + used, room - used);
	} while (n > 0);
	if (used > DIGEST_KEY_SIZE)
		k->count = (used - DIGEST_KEY_SIZE) / RECORD;
	return n == 0;
}

void
admin_known_read(struct admin_known *k, struct admin *a)
{
	struct aside aside;

	if (aside_start(&aside, read_store, a) == 0) {
		bool received = receive(k, aside.fd);
		int saved = errno, status = aside_end(&aside);

		/* Where it has ended otherwise, it has said why. */
		k->read = received && status == EX_OK;
		if (!k->read)
			k->count = 0;
		if (received)
			return;
		errno = saved;
	}
	complain();
}

/* What is looked for: a message, and what is known of its recipients up to now. */
struct search {
	const struct admin_known *known;
	const struct queue_records *records;
	struct pending_file file;
	struct admin_waiting *waiting;
};

static int
compare(const void *id, const void *record)
{
	return memcmp(id, record, DIGEST_SIZE);
}

static void
find(void *context, const char *recipient)
{
	struct search *search = context;
	char sender[QUEUE_SENDER_MAX + 1];
	unsigned char id[DIGEST_SIZE];
	const unsigned char *record;

	queue_text_sender(sender, search->records, recipient);
	pending_identity(id, search->known->bytes, &search->file, sender, recipient);
	record = bsearch(id, search->known->bytes + DIGEST_KEY_SIZE, search->known->count, RECORD, compare);
	if (record == NULL)
		return;
	if (record[DIGEST_SIZE] == PENDING_HELD)
		search->waiting->held++;
	else if (record[DIGEST_SIZE + 1] == OUTCOME_DEFERRED)
		search->waiting->deferred++;
	else if (record[DIGEST_SIZE + 1] == OUTCOME_UNREACHED)
		search->waiting->unreached++;
}

/* Its own file is looked at by the function that the wrapper does it with. */
int
admin_known_find(const struct admin_known *k, struct queue *q, const struct queue_message *m,
    struct admin_waiting *waiting)
{
	static const struct head_trust nobody;
	struct search search = { .known = k, .records = m->records, .waiting = waiting };
	struct head head;
	int fd, rc;

	memset(waiting, 0, sizeof *waiting);
	if (k->count == 0 || m->state != QUEUE_READY || m->remote_left == 0)
		return 0;
	rc = queue_open_message(q, &fd);
	if (rc != 1)
		return rc;
	message_examine(&search.file, &head, &nobody, fd);
	(void)close(fd);
	return search.file.known ? queue_read_remote(q, find, &search) : 0;
}

void
admin_known_free(struct admin_known *k)
{
	free(k->bytes);
	k->bytes = NULL;
	k->count = 0;
}
