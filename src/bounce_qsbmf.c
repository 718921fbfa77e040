/*
 * bounce_qsbmf - the qmail-send bounce message format
 *
 * Paragraphs, which empty lines end: the first begins with "Hi. This is the"; one that begins with '<'
 * is of a recipient, "<joe@example.net>:" and why; one that begins with '-' ends the notification, and
 * behind it stands what was returned. All others are words.
 */
#include "bounce.h"

#include "mime.h"

/* "<joe@example.net>:" as a line of its own: "Joe <joe@example.net>" is none, and neither is "<b>". */
static struct span
recipient_of(struct span line)
{
	line = mime_trim(line);
	if (line.n < 3 || line.at[0] != '<' || line.at[line.n - 1] != ':' || line.at[line.n - 2] != '>')
		return (struct span){ line.at, 0 };
	return (struct span){ line.at + 1, line.n - 3 };
}

static bool
is_empty(struct span line)
{
	return mime_trim(line).n == 0;
}

static struct span
take_line(struct cursor *c)
{
	const char *start = c->at, *next = cursor_behind_line(start, c->end);

	c->at = next == NULL ? c->end : next;
	return (struct span){ start, (size_t)(c->at - start) };
}

/* A paragraph, from its first line to the line behind the empty one that ends it. */
static struct span
take_paragraph(struct cursor *c)
{
	struct span first = take_line(c), line = first;

	while (!is_empty(line) && c->at < c->end)
		line = take_line(c);
	return first;
}

void
bounce_qsbmf_read(struct bounce *b, struct span message)
{
	struct span body = mime_body(message), first;
	struct cursor c = { body.at, body.at + body.n, false };

	if (!cursor_take(&c, "Hi. This is the"))
		return;
	(void)take_paragraph(&c);
	while (c.at < c.end) {
		first = take_paragraph(&c);
		if (*first.at == '-') {
			b->original = (struct span){ c.at, (size_t)(c.end - c.at) };
			return;
		}
		bounce_add(b, recipient_of(first));
	}
}
