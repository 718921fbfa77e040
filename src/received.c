/* received - what qmail-smtpd and filters say in a Received: of their own */
#include "received.h"

#include <string.h>

#include "cursor.h"
#include "text.h"

/* --- qmail-smtpd --- */

/* Up to a parenthesis, the line's end or a NUL: safeput() leaves none of these in what a client said. */
static void
take_safe(struct cursor *c)
{
	while (c->at < c->end && strchr("()\n", *c->at) == NULL)
		c->at++;
}

static bool
take_group(struct cursor *c, struct span *inside)
{
	if (!cursor_take(c, "("))
		return false;
	inside->at = c->at;
	take_safe(c);
	inside->n = (size_t)(c->at - inside->at);
	return cursor_take(c, ")");
}

static bool
is_hello(const struct span *group)
{
	return group->n >= 5 && (memcmp(group->at, "HELO ", 5) == 0 || memcmp(group->at, "EHLO ", 5) == 0);
}

/*
 * From the left, for it is the left that the server has in hand: host and HELO, which have no parenthesis
 * left in them, then in one more group who it is, then its own name. s/qmail puts a line about TLS between
 * these two, with the words of the client's certificate, any words. sagredo's has no host if somebody
 * authenticated, indimail's none if it knows none. Leaves the cursor at the server's name; false if this
 * is another program's.
 */
static bool
take_smtpd(struct cursor *c, struct span *who)
{
	const char *next;

	if (cursor_take(c, " from ") || cursor_take(c, " indimail-mta "))
		take_safe(c);
	else
		(void)cursor_take(c, " ");
	if (!take_group(c, who))
		return false;
	if (is_hello(who) && cursor_take(c, " (")) {
		c->at--;
		if (!take_group(c, who))
			return false;
	}
	if (!cursor_take(c, "\n") && !cursor_take(c, "  "))
		return false;
	cursor_take_blanks(c);
	if (cursor_take(c, "de/crypted with ")) {
		if ((next = cursor_behind_line(c->at, c->end)) == NULL)
			return false;
		c->at = next;
		cursor_take_blanks(c);
	}
	return cursor_take(c, "by ");
}

/* "ESMTPA", "ESMTPSA (cipher ...)", "UTF8SMTPA", "UTF8ESMTPSA", and "ESMTPS (cipher ...) ESMTPA". */
static bool
take_authenticated(struct cursor *c)
{
	struct span cipher;

	if (!cursor_take_run(c, '!', '~', "()") || !cursor_take(c, " with "))
		return false;
	while (cursor_take(c, "UTF8"))
		;
	(void)cursor_take(c, "E");
	if (!cursor_take(c, "SMTP"))
		return false;
	if (cursor_take(c, "S (")) {
		c->at--;
		return take_group(c, &cipher) && cursor_take(c, " ESMTPA;");
	}
	(void)cursor_take(c, "S");
	return cursor_take(c, "A;") || cursor_take(c, "A ") || cursor_take(c, "A\n");
}

/* What stands for $TCPREMOTEIP: "unknown", or an address of either kind, in brackets or not. */
static bool
is_ip(const char *at, size_t n)
{
	bool dots = false, colons = false, letters = false;

	if (n == 7 && memcmp(at, "unknown", 7) == 0)
		return true;
	if (n >= 2 && at[0] == '[' && at[n - 1] == ']') {
		at++;
		n -= 2;
	}
	for (size_t i = 0; i < n; i++) {
		char c = text_lower(at[i]);

		if (c == '.')
			dots = true;
		else if (c == ':')
			colons = true;
		else if (c >= 'a' && c <= 'f')
			letters = true;
		else if ((c < '0' || c > '9'))
			return false;
	}
	return colons || (dots && !letters);
}

/* Behind the last '@' stands the client's address; sagredo's writes none, nor do some patches. */
static void
read_auth(char *auth, struct span who)
{
	size_t at = who.n, n = who.n;

	while (at > 0 && who.at[at - 1] != '@')
		at--;
	if (is_ip(who.at + at, n - at))
		n = at > 0 ? at - 1 : 0;
	if (n > HEAD_AUTH_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		if (who.at[i] <= ' ' || who.at[i] > '~')
			return;
	for (size_t i = 0; i < n; i++)
		auth[i] = text_lower(who.at[i]);
}

void
received_auth(char *auth, const char *value, const char *end)
{
	struct cursor c = { value, end, false };
	struct span who;

	if (take_smtpd(&c, &who) && take_authenticated(&c))
		read_auth(auth, who);
}

/* --- filters --- */

/* Is `text` at `at`, where the newlines of folds do not count? */
static bool
stands_at(const char *at, const char *end, const char *text)
{
	for (; *text != '\0'; at++, text++) {
		if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
			at++;
		if (at < end && *at == '\n')
			at++;
		if (at == end || *at != *text)
			return false;
	}
	return true;
}

static bool
contains(const char *value, const char *end, const char *text)
{
	for (const char *at = value; *text != '\0' && at < end; at++)
		if (stands_at(at, end, text))
			return true;
	return false;
}

/* Never what qmail-smtpd wrote: a client who says HELO simscan is not simscan. */
bool
received_is_filters(const char *value, const char *end, const struct head_trust *trust)
{
	struct cursor c = { value, end, false }, start = c;
	struct span who;

	if (cursor_take(&start, " indimail-mta ") || take_smtpd(&c, &who))
		return false;
	for (size_t i = 0; i < trust->filters_count; i++)
		if (contains(value, end, trust->filters[i]))
			return true;
	return false;
}
