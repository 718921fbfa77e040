/* admin_queue_list - one message of the queue, all that is known of it */
#include "admin_queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin_print.h"

#define ADDRESS_SHOWN 120 /* characters */
#define FIELD_SHOWN 200
#define REASON_SHOWN 400

/* What is shown of a message beside its figures, printable; "" where there is nothing. */
struct details {
	char sender[ADDRESS_SHOWN + 5];
	char recipients[QUEUE_FIRST * (ADDRESS_SHOWN + 5)];
	char from[FIELD_SHOWN + 5], to[FIELD_SHOWN + 5], subject[FIELD_SHOWN + 5];
	char reason[REASON_SHOWN + 5];
	char waits[120];
};

static void
describe_envelope(struct details *d, const struct queue_records *r)
{
	struct text t;

	text_init(&t, d->sender, sizeof d->sender);
	text_add_printable(&t, r->sender, strlen(r->sender), ADDRESS_SHOWN);
	text_init(&t, d->recipients, sizeof d->recipients);
	for (size_t i = 0; i < r->first_count; i++) {
		text_add(&t, i == 0 ? "" : " ");
		text_add_printable(&t, r->first[i], strlen(r->first[i]), ADDRESS_SHOWN);
	}
}

static void
describe_field(char *out, const struct queue_field *field, size_t most)
{
	struct text t;

	text_init(&t, out, most + 4);
	queue_text_add(&t, field, most);
}

/* Why recipients wait; only what there is. */
static void
describe_waiting(struct details *d, const struct admin_waiting *w)
{
	const struct {
		uint64_t count;
		const char *what;
	} reasons[] = { { w->held, " held by qlimit" }, { w->deferred, " deferred by the other side" },
		{ w->unreached, " not reached" } };
	struct text t;

	text_init(&t, d->waits, sizeof d->waits);
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].count == 0)
			continue;
		text_add(&t, t.used > 0 ? ", " : "");
		text_add_number(&t, reasons[i].count);
		text_add(&t, reasons[i].what);
	}
}

static int
describe(struct details *d, struct queue *q, const struct queue_message *m)
{
	static char bytes[QUEUE_HEAD_MAX];
	struct queue_header header;
	struct queue_field reason;
	int64_t n = queue_read_head(q, bytes, sizeof bytes);

	if (n == -1)
		return -1;
	queue_text_header(&header, bytes, (size_t)n);
	describe_envelope(d, m->records);
	describe_field(d->from, &header.from, FIELD_SHOWN);
	describe_field(d->to, &header.to, FIELD_SHOWN);
	describe_field(d->subject, &header.subject, FIELD_SHOWN);
	n = queue_read_bounce(q, bytes, QUEUE_REASON_MAX);
	if (n == -1)
		return -1;
	reason = queue_text_reason(bytes, (size_t)n);
	describe_field(d->reason, &reason, REASON_SHOWN);
	return 0;
}

static void
print_field(const char *name, const char *value)
{
	if (value[0] != '\0')
		(void)printf("    %-8s %s\n", name, value);
}

static void
print_message(const struct queue_message *m, const struct details *d, int64_t now)
{
	uint64_t left = m->remote_left + m->local_left;
	char age[ADMIN_QUEUE_TEXT_MAX], size[ADMIN_QUEUE_TEXT_MAX];

	(void)printf("%" PRIu64 "  %s old, %s bytes, from <%s>, recipients left: %" PRIu64 " remote, %" PRIu64
	    " local; done: %" PRIu64 "%s\n", m->id, admin_queue_age(age, now - m->since),
	    admin_queue_size(size, m->size), d->sender, m->remote_left, m->local_left, m->remote_done + m->local_done,
	    m->state == QUEUE_TODO ? "; not preprocessed" : "");
	print_field("From:", d->from);
	print_field("To:", d->to);
	print_field("Subject:", d->subject);
	print_field("left:", d->recipients);
	if (left > m->records->first_count)
		(void)printf("    %-8s and %" PRIu64 " more\n", "", left - m->records->first_count);
	print_field("waits:", d->waits);
	print_field("failed:", d->reason);
}

/* null: not known. */
static void
add_json_waiting(struct admin_json *j, const struct admin_waiting *w)
{
	if (w == NULL) {
		admin_json_null(j, "held");
		admin_json_null(j, "deferred");
		admin_json_null(j, "unreached");
		return;
	}
	admin_json_number(j, "held", w->held);
	admin_json_number(j, "deferred", w->deferred);
	admin_json_number(j, "unreached", w->unreached);
}

static void
print_json_message(const struct queue_message *m, const struct details *d, const struct admin_waiting *w)
{
	char time[ADMIN_TIME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "message");
	admin_json_number(&j, "id", m->id);
	admin_json_string(&j, "queued", admin_print_utc(time, m->since));
	admin_json_bool(&j, "todo", m->state == QUEUE_TODO);
	admin_json_number(&j, "bytes", m->size);
	admin_json_string(&j, "sender", d->sender);
	admin_json_string(&j, "recipients", d->recipients);
	admin_json_number(&j, "remote", m->remote_left);
	admin_json_number(&j, "local", m->local_left);
	admin_json_number(&j, "done", m->remote_done + m->local_done);
	admin_json_string(&j, "from", d->from);
	admin_json_string(&j, "to", d->to);
	admin_json_string(&j, "subject", d->subject);
	admin_json_string(&j, "reason", d->reason);
	add_json_waiting(&j, w);
	admin_json_close(&j);
}

int
admin_queue_list(struct queue *q, const struct queue_message *m, const struct admin_waiting *waiting,
    int64_t now, bool json)
{
	static const struct admin_waiting none;
	static struct details d;

	if (describe(&d, q, m) == -1)
		return -1;
	describe_waiting(&d, waiting != NULL ? waiting : &none);
	if (json)
		print_json_message(m, &d, waiting);
	else
		print_message(m, &d, now);
	return 0;
}

/* --- short forms --- */

const char *
admin_queue_size(char *out, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	size_t unit = 0;
	uint64_t tenths = bytes;

	if (bytes < 1000) {
		(void)snprintf(out, ADMIN_QUEUE_TEXT_MAX, "%" PRIu64, bytes);
		return out;
	}
	for (; tenths >= 1000 * 1024; unit++)
		tenths /= 1024;
	tenths = tenths * 10 / 1024;
	if (tenths < 100)
		(void)snprintf(out, ADMIN_QUEUE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
		    units[unit]);
	else
		(void)snprintf(out, ADMIN_QUEUE_TEXT_MAX, "%" PRIu64 "%c", tenths / 10, units[unit]);
	return out;
}

const char *
admin_queue_age(char *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	(void)snprintf(out, ADMIN_QUEUE_TEXT_MAX, "%" PRId64 "%c", seconds / units[i].seconds, units[i].name);
	return out;
}
