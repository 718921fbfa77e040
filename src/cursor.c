/* cursor - bytes read from the left, of which the end may be missing */
#include "cursor.h"

#include <string.h>

bool
cursor_take(struct cursor *c, const char *literal)
{
	size_t n = strlen(literal), left = (size_t)(c->end - c->at);

	if (memcmp(c->at, literal, left < n ? left : n) != 0)
		return false;
	if (left < n) {
		c->ended = true;
		return false;
	}
	c->at += n;
	return true;
}

bool
cursor_take_run(struct cursor *c, char low, char high, const char *except)
{
	const char *start = c->at;

	while (c->at < c->end && *c->at >= low && *c->at <= high && strchr(except, *c->at) == NULL)
		c->at++;
	c->ended |= c->at == c->end;
	return c->at > start;
}

void
cursor_take_blanks(struct cursor *c)
{
	while (c->at < c->end && cursor_is_blank(*c->at))
		c->at++;
}

const char *
cursor_behind_line(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline == NULL ? NULL : newline + 1;
}

bool
cursor_is_blank(char c)
{
	return c == ' ' || c == '\t';
}
