/* queue_text - what the files of qmail's queue say */
#include "queue_text.h"

#include <string.h>

#include "address.h"
#include "text.h"

/* --- records --- */

void
queue_records_init(struct queue_records *r)
{
	r->sender[0] = '\0';
	r->has_sender = r->sender_is_cut = false;
	r->first_count = 0;
	r->each = NULL;
	r->context = NULL;
	queue_records_begin(r);
}

void
queue_records_begin(struct queue_records *r)
{
	r->left = r->done = 0;
	r->used = 0;
}

/* A record is complete: its text ends with a NUL, cut where it was too long. */
static void
take_record(struct queue_records *r)
{
	bool cut = r->used == sizeof r->text;

	r->text[cut ? r->used - 1 : r->used] = '\0';
	if (r->text[0] == 'F') {
		memcpy(r->sender, r->text + 1, strlen(r->text + 1) + 1);
		r->has_sender = true;
		r->sender_is_cut = cut;
	} else if (r->text[0] == 'D') {
		r->done++;
	} else if (r->text[0] == 'T') {
		r->left++;
		if (r->first_count < QUEUE_FIRST)
			memcpy(r->first[r->first_count++], r->text + 1, strlen(r->text + 1) + 1);
		if (r->each != NULL && !cut)
			r->each(r->context, r->text + 1);
	}
	r->used = 0;
}

/* `used` says that it was too long by being all of the room: the last byte is for the NUL. */
static void
keep(struct queue_records *r, const char *bytes, size_t n)
{
	size_t room = sizeof r->text - r->used;

	if (n > room)
		n = room;
	memcpy(r->text + r->used, bytes, n);
	r->used += n;
}

void
queue_records_add(struct queue_records *r, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *end = memchr(bytes, '\0', n);
		size_t length = end == NULL ? n : (size_t)(end - bytes);

		keep(r, bytes, length);
		if (end == NULL)
			return;
		take_record(r);
		bytes += length + 1;
		n -= length + 1;
	}
}

/* --- who pays --- */

/* What stands before "-@[]" if it has an '@': qmail-send puts each recipient in between (senderadd). */
static size_t
list_owner(const char *sender, size_t n)
{
	if (n < 5 || memcmp(sender + n - 4, "-@[]", 4) != 0 || memchr(sender, '@', n - 4) == NULL)
		return n;
	return n - 4;
}

void
queue_text_payer(struct meter *meter, const struct queue_records *r)
{
	char address[QUEUE_ADDRESS_MAX + 1], domain[ADDRESS_DOMAIN_MAX + 1];
	size_t n = list_owner(r->sender, strlen(r->sender));

	memcpy(address, r->sender, n);
	address[n] = '\0';
	if (address_is_bounce_sender(r->sender))
		meter_set(meter, METER_BOUNCES, "");
	else if (!r->sender_is_cut && address_domain(address, domain) > 0)
		meter_set(meter, METER_DOMAIN, domain);
	else
		meter_set(meter, METER_FOREIGN, "");
}

void
queue_text_sender(char *out, const struct queue_records *r, const char *recipient)
{
	size_t all = strlen(r->sender), n = list_owner(r->sender, all), local;
	const char *host = strrchr(recipient, '@');
	struct text t;

	text_init(&t, out, QUEUE_SENDER_MAX + 1);
	if (n == all || host == NULL) {
		text_add(&t, r->sender);
		return;
	}
	for (local = n; r->sender[local - 1] != '@'; local--)
		continue;
	text_add_bytes(&t, r->sender, local - 1);
	text_add_bytes(&t, recipient, (size_t)(host - recipient));
	text_add(&t, "=");
	text_add(&t, host + 1);
	text_add_bytes(&t, r->sender + local - 1, n - local + 1);
}

/* --- the header --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Not strncasecmp(3): that follows the locale. */
static bool
is_named(const char *line, size_t n, const char *name)
{
	size_t length = strlen(name);

	if (n <= length || line[length] != ':')
		return false;
	for (size_t i = 0; i < length; i++)
		if (text_lower(line[i]) != name[i])
			return false;
	return true;
}

/* The field whose value has just ended, or begins; NULL if it is none that is wanted. */
static struct queue_field *
find_field(struct queue_header *h, const char *line, size_t n, size_t *name)
{
	static const char *const names[] = { "from", "to", "subject" };
	struct queue_field *fields[] = { &h->from, &h->to, &h->subject };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (is_named(line, n, names[i]) && fields[i]->at == NULL) {
			*name = strlen(names[i]) + 1;
			return fields[i];
		}
	return NULL;
}

void
queue_text_header(struct queue_header *header, const char *bytes, size_t n)
{
	const char *end = bytes + n, *next;
	struct queue_field *field = NULL;

	memset(header, 0, sizeof *header);
	for (const char *line = bytes; line < end; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length, name = 0;

		next = newline == NULL ? end : newline + 1;
		length = (size_t)(next - line);
		if (*line == '\n' || (*line == '\r' && length == 2))
			return;
		if (*line == ' ' || *line == '\t') {
			if (field != NULL)
				field->n = (size_t)(next - field->at);
			continue;
		}
		field = find_field(header, line, length, &name);
		if (field != NULL)
			*field = (struct queue_field){ line + name, length - name };
	}
}

/* --- why it failed --- */

struct queue_field
queue_text_reason(const char *bytes, size_t n)
{
	size_t start;

	while (n > 0 && bytes[n - 1] == '\n')
		n--;
	for (start = n; start > 0; start--)
		if (start > 1 && bytes[start - 1] == '\n' && bytes[start - 2] == '\n')
			break;
	return (struct queue_field){ bytes + start, n - start };
}

/* --- for the terminal --- */

/* What one byte becomes, 1 or 4 characters. */
static size_t
show(unsigned char c, char *shown)
{
	static const char hex[] = "0123456789abcdef";

	shown[0] = c > 32 && c < 127 && c != '\\' ? (char)c : '\\';
	shown[1] = 'x';
	shown[2] = hex[c >> 4];
	shown[3] = hex[c & 15];
	return c > 32 && c < 127 && c != '\\' ? 1 : 4;
}

void
queue_text_add(struct text *t, const struct queue_field *field, size_t most)
{
	size_t written = 0;
	bool blank = false;
	char shown[4];

	for (size_t i = 0; i < field->n; i++) {
		size_t width;

		if (is_blank(field->at[i])) {
			blank = written > 0;
			continue;
		}
		width = show((unsigned char)field->at[i], shown);
		if (written + blank + width > most) {
			text_add(t, "...");
			return;
		}
		text_add_bytes(t, " ", blank);
		text_add_bytes(t, shown, width);
		written += blank + width;
		blank = false;
	}
}
