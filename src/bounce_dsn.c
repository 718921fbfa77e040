/* bounce_dsn - the delivery status notification of RFC 3464 */
#include "bounce.h"

#include <string.h>

#include "mime.h"

/*
 * "rfc822; <joe@example.net>": what stands behind the type, whichever it is (RFC 3464 2.3.1: "unknown" and
 * "utf-8" have addresses as well), without the brackets that some add.
 */
static struct span
address_of(struct span value)
{
	struct cursor c = { value.at, value.at + value.n, false };
	struct span address;

	while (c.at < c.end && *c.at != ';')
		c.at++;
	if (c.at == c.end)
		return (struct span){ value.at, 0 };
	address = mime_trim((struct span){ c.at + 1, (size_t)(c.end - c.at) - 1 });
	if (address.n > 1 && address.at[0] == '<' && address.at[address.n - 1] == '>') {
		address.at++;
		address.n -= 2;
	}
	return address;
}

/* What is said of one recipient, or in the first group of the message. */
struct group {
	bool failed;
	struct span original, final;
};

static bool
take_group(struct cursor *c, struct group *g)
{
	struct mime_field field;
	const char *start = c->at;

	*g = (struct group){ .failed = false };
	while (mime_take_field(c, &field)) {
		if (mime_is_named(&field, "action"))
			g->failed = mime_begins_with(field.value, "failed");
		else if (mime_is_named(&field, "original-recipient"))
			g->original = address_of(field.value);
		else if (mime_is_named(&field, "final-recipient"))
			g->final = address_of(field.value);
	}
	return c->at > start;
}

/* The sender knows the original one; whoever forwards for it knows others. */
static void
read_status(struct bounce *b, struct span status)
{
	struct cursor c = { status.at, status.at + status.n, false };

	while (c.at < c.end) {
		struct group g;
		const char *next;

		if (take_group(&c, &g) && g.failed)
			bounce_add(b, g.original.n > 0 ? g.original : g.final);
		/* The empty line behind it; or one that is no field, which ends it as well. */
		next = cursor_behind_line(c.at, c.end);
		c.at = next == NULL ? c.end : next;
	}
}

static void
look_at(struct bounce *b, struct span part)
{
	static const char *const originals[] = { "message/rfc822", "text/rfc822-headers", "message/rfc822-headers",
		"message/global", "message/global-headers" };
	struct span type = mime_find(part, "content-type");

	if (mime_begins_with(type, "message/delivery-status") ||
	    mime_begins_with(type, "message/global-delivery-status"))
		read_status(b, mime_body(part));
	for (size_t i = 0; i < sizeof originals / sizeof originals[0] && b->original.n == 0; i++)
		if (mime_begins_with(type, originals[i]))
			b->original = mime_body(part);
}

/* Of another kind are read receipts (disposition-notification) and complaints (feedback-report). */
static bool
is_report(struct span type)
{
	char kind[MIME_PARAMETER_MAX + 1];

	if (!mime_begins_with(type, "multipart/report"))
		return false;
	if (!mime_parameter(type, "report-type", kind))
		return kind[0] == '\0';
	return mime_begins_with((struct span){ kind, strlen(kind) }, "delivery-status");
}

/* Parts of this multipart alone: what is in them is somebody's mail. */
void
bounce_dsn_read(struct bounce *b, struct span message)
{
	struct span type = mime_find(message, "content-type"), body = mime_body(message), part;
	struct cursor c = { body.at, body.at + body.n, false };
	char boundary[MIME_PARAMETER_MAX + 1];
	bool more;

	if (!is_report(type) || !mime_parameter(type, "boundary", boundary) || boundary[0] == '\0')
		return;
	more = mime_take_part(&c, boundary, &part);
	while (more) {
		more = mime_take_part(&c, boundary, &part);
		look_at(b, part);
	}
}
