/* head - what the first lines of a message say of who sends it */
#include "head.h"

#include <string.h>

#include "cursor.h"
#include "received.h"
#include "text.h"

/* One header field: name, and all behind its colon with the lines it goes on in and the last newline. */
struct field {
	struct span name;
	const char *value;
	const char *end;
};

enum next {
	NEXT_FIELD,
	NEXT_NONE,    /* the header ends */
	NEXT_UNKNOWN, /* the bytes end */
};

/* What is still looked for. */
struct wanted {
	bool forwarder;
	bool auth;
};

/* --- line 1 --- */

static bool
take_uid(struct cursor *c, struct head *said)
{
	const char *start = c->at;
	uint64_t uid = 0;

	if (!cursor_take_run(c, '0', '9', ""))
		return false;
	for (const char *digit = start; digit < c->at && uid <= UINT32_MAX; digit++)
		uid = uid * 10 + (uint64_t)(*digit - '0');
	said->invoker = HEAD_UID;
	said->uid = (uint32_t)uid;
	return uid <= UINT32_MAX;
}

static bool
take_invoker(struct cursor *c, struct head *said)
{
	if (cursor_take(c, "by uid "))
		return take_uid(c, said);
	if (cursor_take(c, "by alias"))
		said->invoker = HEAD_ALIAS;
	else if (cursor_take(c, "for bounce"))
		said->invoker = HEAD_BOUNCE;
	else if (cursor_take(c, "from network"))
		said->invoker = HEAD_NETWORK;
	return said->invoker != HEAD_NOBODY;
}

/*
 * indimail says "from network 192.0.2.1, by uid 48" of whoever has $TCPREMOTEIP set: then the uid is what
 * counts. Older ones said "from network 192.0.2.1", of qmaild only.
 */
static bool
take_indimail_invoker(struct cursor *c, struct head *said)
{
	if (!cursor_take_run(c, '0', '9', ""))
		return false;
	if (cursor_take(c, " by host ") && (!cursor_take_run(c, '!', '~', "()") || !cursor_take(c, "\n ")))
		return false;
	if (!cursor_take(c, "(invoked ") || !take_invoker(c, said))
		return false;
	if (said->invoker != HEAD_NETWORK)
		return true;
	if (cursor_take(c, " ") && !cursor_take_run(c, '!', '~', "(),"))
		return false;
	return cursor_take(c, ", by uid ") ? take_uid(c, said) : true;
}

static bool
take_qmail_invoker(struct cursor *c, struct head *said)
{
	return cursor_take_run(c, '0', '9', "") && cursor_take(c, " invoked ") && take_invoker(c, said);
}

/* The date's form differs: some patches write local time. */
static bool
take_line_1(struct cursor *c, struct head *said)
{
	bool known = cursor_take(c, "Received: (qmail ") ? take_qmail_invoker(c, said) :
	    cursor_take(c, "Received: indimail-mta queue ") && take_indimail_invoker(c, said);

	return known && cursor_take(c, "); ") && cursor_take_run(c, ' ', '~', "") && cursor_take(c, "\n");
}

/* --- the fields below --- */

/* The end of a field whose next line begins at `at`: behind all the lines it goes on in. */
static const char *
behind_folds(const char *at, const char *end)
{
	while (at < end && cursor_is_blank(*at)) {
		const char *next = cursor_behind_line(at, end);

		at = next == NULL ? end : next;
	}
	return at;
}

/* A line of which the end is not there is none: what it says could be anything. */
static enum next
take_field(struct cursor *c, struct field *field)
{
	const char *at = c->at, *next = cursor_behind_line(c->at, c->end);

	if (next == NULL)
		return NEXT_UNKNOWN;
	while (*at > ' ' && *at <= '~' && *at != ':')
		at++;
	field->name = (struct span){ c->at, (size_t)(at - c->at) };
	while (cursor_is_blank(*at))
		at++;
	if (field->name.n == 0 || *at != ':')
		return NEXT_NONE;
	field->value = at + 1;
	field->end = c->at = behind_folds(next, c->end);
	return NEXT_FIELD;
}

static bool
is_named(const struct field *field, const char *name)
{
	if (field->name.n != strlen(name))
		return false;
	for (size_t i = 0; i < field->name.n; i++)
		if (text_lower(field->name.at[i]) != name[i])
			return false;
	return true;
}

/* qmail-local's form: one line, a colon, a blank, an address of any bytes but these. */
static void
read_forwarder(struct head *head, const struct field *field)
{
	size_t n = (size_t)(field->end - field->value) - 1, at = n;

	if (field->value != field->name.at + field->name.n + 1 || *field->value != ' ')
		return;
	if (memchr(field->value, '\n', n) != NULL || memchr(field->value, '\r', n) != NULL ||
	    memchr(field->value, '\0', n) != NULL)
		return;
	while (at > 0 && field->value[at - 1] != '@')
		at--;
	if (at > 0)
		(void)address_normalize(field->value + at, n - at, head->forwarder);
}

/* --- all of it --- */

static void
read_field(struct head *head, const struct head_trust *trust, const struct field *field,
    struct wanted *wanted)
{
	if (is_named(field, "delivered-to")) {
		if (wanted->forwarder)
			read_forwarder(head, field);
		wanted->forwarder = false;
	} else if (is_named(field, "received") && !received_is_filters(field->value, field->end, trust)) {
		if (wanted->auth)
			received_auth(head->auth, field->value, field->end);
		wanted->forwarder = wanted->auth = false;
	}
}

/* Where bytes and field end together it may be folded: read, but not settled. */
static bool
read_fields(struct head *head, const struct head_trust *trust, struct cursor *c)
{
	enum head_invoker by = head->invoker;
	struct wanted wanted = { by == HEAD_UID || by == HEAD_ALIAS,
		trust->smtp_auth && (by == HEAD_UID || by == HEAD_NETWORK) };
	bool settled = true;

	if (wanted.forwarder || wanted.auth)
		c->at = behind_folds(c->at, c->end);
	while (wanted.forwarder || wanted.auth) {
		struct field field;
		enum next next = take_field(c, &field);

		if (next != NEXT_FIELD)
			return next == NEXT_NONE;
		read_field(head, trust, &field, &wanted);
		settled = c->at < c->end;
	}
	return settled;
}

bool
head_read(struct head *head, const struct head_trust *trust, const char *bytes, size_t n)
{
	struct head said = { .invoker = HEAD_NOBODY };
	struct cursor c;
	bool settled;

	memset(head, 0, sizeof *head);
	if (n == 0)
		return false;
	if (n > HEAD_MAX)
		n = HEAD_MAX;
	c = (struct cursor){ bytes, bytes + n, false };
	if (take_line_1(&c, &said)) {
		*head = said;
		settled = read_fields(head, trust, &c);
	} else {
		settled = !c.ended;
	}
	return settled || n == HEAD_MAX;
}
