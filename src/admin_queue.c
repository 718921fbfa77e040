/* admin_queue - the command queue: what waits in qmail's queue, and whose it is */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin_column.h"
#include "admin_meter.h"
#include "admin_print.h"
#include "admin_queue.h"
#include "admin_queue_known.h"
#include "queue_table.h"

#define TOO_MANY 1 /* --alert */
#define BESIDE_NAMES 56 /* columns of the table */

struct report {
	const struct admin *admin;
	const struct meter *only; /* whose messages are listed; NULL: all are added up */
	bool json, alert;
	uint64_t alert_above;
	uint64_t limit; /* domains shown at most */
	struct queue_sum total;
	uint64_t strange;
	struct queue_table by_domain;
	struct admin_known known; /* to the store */
};

/* --- words --- */

/* What an admin may say to mean it again; "-" for senders without a domain. METER_WORD_MAX bytes. */
static const char *
row_name(char *out, const struct meter *meter)
{
	if (meter->kind == METER_FOREIGN)
		memcpy(out, "-", sizeof "-");
	else
		meter_word(meter, out);
	return out;
}

static const char *
kind_name(const struct meter *meter)
{
	return meter->kind == METER_FOREIGN ? "none" : meter_kind_name(meter->kind);
}

/* --- the table --- */

static void
print_held(const struct report *r)
{
	const struct queue_sum *sum = &r->total;

	if (r->known.read)
		(void)printf("held by limits: %" PRIu64 " recipient%s of %" PRIu64 " message%s\n", sum->held,
		    sum->held == 1 ? "" : "s", sum->held_messages, sum->held_messages == 1 ? "" : "s");
	else if (!r->alert)
		(void)puts("held by limits: unknown");
}

static void
print_total(const struct report *r)
{
	const struct queue_sum *sum = &r->total;
	char size[ADMIN_QUEUE_TEXT_MAX];

	(void)printf("%" PRIu64 " message%s, %" PRIu64 " of them not preprocessed; recipients left: %" PRIu64
	    " remote, %" PRIu64 " local; %s bytes", sum->messages, sum->messages == 1 ? "" : "s", sum->todo,
	    sum->remote, sum->local, admin_queue_size(size, sum->bytes));
	if (sum->messages > 0) {
		(void)printf("; oldest ");
		admin_print_age(stdout, r->admin->now - sum->oldest);
	}
	if (sum->incomplete > 0)
		(void)printf("; being written or removed: %" PRIu64, sum->incomplete);
	(void)putchar('\n');
	if (r->strange > 0)
		(void)printf("passed over, for they are not qmail's: %" PRIu64 "\n", r->strange);
	print_held(r);
}

static size_t
shown(const struct report *r)
{
	return r->limit < r->by_domain.count ? (size_t)r->limit : r->by_domain.count;
}

static void
fit_names(struct admin_column *c, const struct report *r)
{
	char name[METER_WORD_MAX];
	size_t width = 6;

	for (size_t i = 0; i < shown(r); i++) {
		size_t n = strlen(row_name(name, &r->by_domain.rows[i]->meter));

		width = n > width ? n : width;
	}
	admin_column_fit(c, width, BESIDE_NAMES);
}

static void
print_row(const struct report *r, const struct queue_row *row, const struct admin_column *names)
{
	char name[METER_WORD_MAX], age[ADMIN_QUEUE_TEXT_MAX], size[ADMIN_QUEUE_TEXT_MAX];
	char held[ADMIN_QUEUE_TEXT_MAX];
	const struct queue_sum *sum = &row->sum;

	(void)snprintf(held, sizeof held, "%" PRIu64, sum->held);
	(void)row_name(name, &row->meter);
	admin_column_print(names, name, row->meter.kind);
	(void)printf(" %8" PRIu64 " %7" PRIu64 " %8" PRIu64 " %7s %7" PRIu64 " %6s %6s\n", sum->messages, sum->todo,
	    sum->remote, r->known.read ? held : "-", sum->local,
	    admin_queue_age(age, r->admin->now - sum->oldest), admin_queue_size(size, sum->bytes));
}

static void
print_table(const struct report *r)
{
	struct admin_column names;

	fit_names(&names, r);
	if (r->by_domain.count > 0)
		(void)printf("%-*s %8s %7s %8s %7s %7s %6s %6s\n", names.width, "SENDER", "MESSAGES", "TODO", "REMOTE",
		    "HELD", "LOCAL", "OLDEST", "BYTES");
	for (size_t i = 0; i < shown(r); i++)
		print_row(r, r->by_domain.rows[i], &names);
	if (shown(r) < r->by_domain.count)
		(void)printf("and %zu more\n", r->by_domain.count - shown(r));
}

static void
add_json_sum(struct admin_json *j, const struct queue_sum *sum)
{
	char time[ADMIN_TIME_MAX];

	admin_json_number(j, "messages", sum->messages);
	admin_json_number(j, "todo", sum->todo);
	admin_json_number(j, "remote", sum->remote);
	admin_json_number(j, "local", sum->local);
	admin_json_number(j, "bytes", sum->bytes);
	if (sum->messages > 0)
		admin_json_string(j, "oldest", admin_print_utc(time, sum->oldest));
	else
		admin_json_null(j, "oldest");
}

/* null: not known. */
static void
add_json_held(struct admin_json *j, const struct report *r, const struct queue_sum *sum)
{
	if (r->known.read) {
		admin_json_number(j, "held", sum->held);
		admin_json_number(j, "held_messages", sum->held_messages);
	} else {
		admin_json_null(j, "held");
		admin_json_null(j, "held_messages");
	}
}

static void
print_json_total(const struct report *r)
{
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "total");
	admin_json_string(&j, "name", "");
	add_json_sum(&j, &r->total);
	admin_json_number(&j, "incomplete", r->total.incomplete);
	admin_json_number(&j, "strange", r->strange);
	add_json_held(&j, r, &r->total);
	admin_json_close(&j);
}

static void
print_json_row(const struct report *r, const struct queue_row *row)
{
	char name[ADMIN_NAME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", kind_name(&row->meter));
	admin_json_string(&j, "name", admin_print_name(name, &row->meter));
	add_json_sum(&j, &row->sum);
	add_json_held(&j, r, &row->sum);
	admin_json_close(&j);
}

static void
print(const struct report *r)
{
	if (r->json)
		print_json_total(r);
	else
		print_total(r);
	if (r->alert || r->only != NULL)
		return;
	if (!r->json)
		print_table(r);
	for (size_t i = 0; r->json && i < shown(r); i++)
		print_json_row(r, r->by_domain.rows[i]);
}

/* --- the walk --- */

static int
see(void *context, struct queue *q, const struct queue_message *m)
{
	struct report *r = context;
	struct admin_waiting waiting;
	struct meter meter;

	queue_text_payer(&meter, m->records);
	if (r->only != NULL && (m->state == QUEUE_INCOMPLETE || meter.kind != r->only->kind ||
		strcmp(meter.name, r->only->name) != 0))
		return 0;
	if (admin_known_find(&r->known, q, m, &waiting) == -1)
		return -1;
	queue_sum_add(&r->total, m, waiting.held);
	if (r->alert || m->state == QUEUE_INCOMPLETE)
		return 0;
	if (r->only != NULL)
		return admin_queue_list(q, m, r->known.read ? &waiting : NULL, r->admin->now, r->json);
	return queue_table_add(&r->by_domain, &meter, m, waiting.held);
}

static int
complain(const struct admin *a, const char *where)
{
	int error = errno;

	(void)fprintf(stderr, "qlimit: %s%s%s: %s%s\n", a->place.queue, where[0] == '\0' ? "" : "/", where,
	    strerror(error), error == ENOENT ? ": is this qmail's queue?" :
	    error == EACCES ? ": qmail's queue is for root to read" : "");
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return EX_NOINPUT;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case ENOMEM:
		return EX_OSERR;
	default:
		return EX_IOERR;
	}
}

static int
read_queue(struct report *r)
{
	char where[QUEUE_WHERE_MAX];
	struct queue *q = queue_open(r->admin->place.queue);
	int status = EX_OK;

	if (q == NULL)
		return complain(r->admin, "");
	if (queue_walk(q, see, r) == -1)
		status = complain(r->admin, queue_where(q, where));
	r->strange = queue_strange(q);
	queue_close(q);
	return status;
}

/* --- the command --- */

/* False after saying that no message can be meant. */
static bool
parse_name(struct meter *meter, const char *word)
{
	if (strcmp(word, "-") == 0) {
		meter_set(meter, METER_FOREIGN, "");
		return true;
	}
	if (!admin_meter(meter, word))
		return false;
	if (meter->kind == METER_DOMAIN || meter->kind == METER_BOUNCES)
		return true;
	(void)fprintf(stderr, "qlimit: \"%.80s\": the queue knows messages by their sender: a domain, bounces, or "
	    "- for senders without a domain\n", word);
	return false;
}

static bool
parse_alert(struct report *r, const char *word)
{
	size_t n = strlen(word);

	r->alert = true;
	r->alert_above = strtoull(word, NULL, 10);
	if (n > 0 && n <= 18 && strspn(word, "0123456789") == n)
		return true;
	(void)fprintf(stderr, "qlimit: --alert \"%.80s\": must be a number of messages\n", word);
	return false;
}

int
admin_queue(struct admin *a)
{
	static struct report r; /* too large for the stack */
	struct meter only;
	int status;

	r.admin = a;
	r.json = a->option[ADMIN_JSON] != NULL;
	r.limit = UINT32_MAX;
	if (a->names[0] != NULL && !parse_name(&only, a->names[0]))
		return EX_USAGE;
	if (a->names[0] != NULL && a->option[ADMIN_LIMIT] != NULL) {
		(void)fputs("qlimit: --limit is for the table of domains, not for the messages of one\n", stderr);
		return EX_USAGE;
	}
	if (a->option[ADMIN_ALERT] != NULL && !parse_alert(&r, a->option[ADMIN_ALERT]))
		return EX_USAGE;
	if (!admin_limit(a, 1, UINT32_MAX, &r.limit))
		return EX_USAGE;
	r.only = a->names[0] != NULL ? &only : NULL;
	if (!r.alert)
		admin_known_read(&r.known, a);
	status = read_queue(&r);
	admin_known_free(&r.known);
	if (status == EX_OK) {
		queue_table_sort(&r.by_domain);
		print(&r);
	}
	queue_table_empty(&r.by_domain);
	return status == EX_OK && r.alert && r.total.messages > r.alert_above ? TOO_MANY : status;
}
