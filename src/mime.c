/* mime - header fields, and the parts of a multipart body */
#include "mime.h"

#include <string.h>

#include "text.h"

static bool
is_white(char c)
{
	return cursor_is_blank(c) || c == '\r' || c == '\n';
}

struct span
mime_trim(struct span s)
{
	while (s.n > 0 && is_white(s.at[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_white(*s.at)) {
		s.at++;
		s.n--;
	}
	return s;
}

/* The end of the line at `at`, behind its newline if it has one. */
static const char *
line_end(const char *at, const char *end)
{
	const char *next = cursor_behind_line(at, end);

	return next == NULL ? end : next;
}

/* --- fields --- */

bool
mime_take_field(struct cursor *c, struct mime_field *field)
{
	const char *at = c->at, *end;

	while (at < c->end && *at > ' ' && *at <= '~' && *at != ':')
		at++;
	field->name = (struct span){ c->at, (size_t)(at - c->at) };
	while (at < c->end && cursor_is_blank(*at))
		at++;
	if (field->name.n == 0 || at == c->end || *at != ':')
		return false;
	end = line_end(at, c->end);
	while (end < c->end && cursor_is_blank(*end))
		end = line_end(end, c->end);
	field->value = mime_trim((struct span){ at + 1, (size_t)(end - at) - 1 });
	c->at = end;
	return true;
}

/* Not strncasecmp(3): that follows the locale. */
static bool
is_same(const char *at, const char *small, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_lower(at[i]) != small[i])
			return false;
	return true;
}

bool
mime_is_named(const struct mime_field *field, const char *name)
{
	return field->name.n == strlen(name) && is_same(field->name.at, name, field->name.n);
}

struct span
mime_find(struct span bytes, const char *name)
{
	struct cursor c = { bytes.at, bytes.at + bytes.n, false };
	struct mime_field field;

	while (mime_take_field(&c, &field))
		if (mime_is_named(&field, name))
			return field.value;
	return (struct span){ bytes.at, 0 };
}

struct span
mime_header(struct span bytes)
{
	struct cursor c = { bytes.at, bytes.at + bytes.n, false };
	struct mime_field field;

	while (mime_take_field(&c, &field))
		continue;
	return (struct span){ bytes.at, (size_t)(c.at - bytes.at) };
}

/* The line that ends the header belongs to the body if it is not empty: it was no field. */
struct span
mime_body(struct span bytes)
{
	struct span header = mime_header(bytes);
	struct cursor c = { header.at + header.n, bytes.at + bytes.n, false };

	if (!cursor_take(&c, "\r\n"))
		(void)cursor_take(&c, "\n");
	return (struct span){ c.at, (size_t)(c.end - c.at) };
}

/* --- values --- */

/* Of a token (RFC 2045 5.1), with the slash between type and subtype. */
static bool
is_of_word(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"[]?=", c) == NULL;
}

bool
mime_begins_with(struct span value, const char *word)
{
	size_t n = strlen(word);

	return value.n >= n && is_same(value.at, word, n) && (value.n == n || !is_of_word(value.at[n]));
}

/* Steps over a value, quoted or not, and writes as much of it as there is room for; how long it is. */
static size_t
take_value(struct cursor *c, char *out)
{
	bool quoted = cursor_take(c, "\"");
	size_t n = 0;

	for (; c->at < c->end && (quoted ? *c->at != '"' : is_of_word(*c->at)); c->at++) {
		if (quoted && *c->at == '\\' && c->end - c->at > 1)
			c->at++;
		if (n < MIME_PARAMETER_MAX)
			out[n] = *c->at;
		n++;
	}
	out[n < MIME_PARAMETER_MAX ? n : MIME_PARAMETER_MAX] = '\0';
	(void)cursor_take(c, "\"");
	return n;
}

static void
skip_white(struct cursor *c)
{
	while (c->at < c->end && is_white(*c->at))
		c->at++;
}

/* Quoted strings are stepped over as a whole: what looks like a parameter in one is none. */
bool
mime_parameter(struct span value, const char *name, char *out)
{
	struct cursor c = { value.at, value.at + value.n, false };

	while (c.at < c.end) {
		const char *word;

		if (*c.at == '"') {
			(void)take_value(&c, out);
			continue;
		}
		if (*c.at++ != ';')
			continue;
		skip_white(&c);
		for (word = c.at; c.at < c.end && is_of_word(*c.at); c.at++)
			continue;
		if ((size_t)(c.at - word) != strlen(name) || !is_same(word, name, strlen(name)))
			continue;
		skip_white(&c);
		if (!cursor_take(&c, "="))
			continue;
		skip_white(&c);
		return take_value(&c, out) <= MIME_PARAMETER_MAX;
	}
	out[0] = '\0';
	return false;
}

/* --- parts --- */

enum line { LINE_OTHER, LINE_PART, LINE_LAST };

/* Exactly the boundary: that of a part inside may be this one and more. */
static enum line
kind_of_line(const char *at, const char *end, const char *boundary)
{
	struct cursor c = { at, end, false };
	bool last;

	if (!cursor_take(&c, "--") || !cursor_take(&c, boundary))
		return LINE_OTHER;
	last = cursor_take(&c, "--");
	skip_white(&c);
	if (c.at != end)
		return LINE_OTHER;
	return last ? LINE_LAST : LINE_PART;
}

bool
mime_take_part(struct cursor *c, const char *boundary, struct span *part)
{
	const char *start = c->at;

	while (c->at < c->end) {
		const char *line = c->at;
		enum line kind;

		c->at = line_end(line, c->end);
		kind = kind_of_line(line, c->at, boundary);
		*part = (struct span){ start, (size_t)(line - start) };
		if (kind != LINE_OTHER)
			return kind == LINE_PART;
	}
	*part = (struct span){ start, (size_t)(c->end - start) };
	return false;
}
