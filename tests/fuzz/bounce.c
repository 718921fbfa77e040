/*
 * bounce - fuzzed: any bytes as a message on the standard input of `qlimit bounced`
 *
 * Judged by a second reading: the message as lines, each with what it is (of which paragraph, of which part, of
 * which group), not as a stream. What a parameter is, it asks mime.c.
 */
#include "fuzz.h"

#include <ctype.h>

#include "bounce.h"
#include "bounce_trace.h"
#include "digest.h"
#include "mime.h"

FUZZ_UNGUIDED

#define LINES 5000
#define FOUND 2000

struct line {
	const char *at;
	size_t n; /* with its newline */
};

static struct line lines[LINES];
static size_t count;

static void
split(const char *bytes, size_t n)
{
	for (count = 0; n > 0 && count < LINES; count++) {
		const char *newline = memchr(bytes, '\n', n);
		size_t length = newline == NULL ? n : (size_t)(newline - bytes) + 1;

		lines[count] = (struct line){ bytes, length };
		bytes += length;
		n -= length;
	}
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
trimmed(const char *at, size_t n)
{
	for (; n > 0 && is_white(at[n - 1]); n--)
		continue;
	for (; n > 0 && is_white(*at); n--)
		at++;
	return (struct span){ at, n };
}

static bool
is_blank_line(const struct line *l)
{
	return trimmed(l->at, l->n).n == 0;
}

/* How many bytes of a line are a field's name; 0: it begins none. `*colon` is where that stands. */
static size_t
name_of(const struct line *l, size_t *colon)
{
	size_t n = 0;

	while (n < l->n && l->at[n] > ' ' && l->at[n] < 127 && l->at[n] != ':')
		n++;
	for (*colon = n; *colon < l->n && (l->at[*colon] == ' ' || l->at[*colon] == '\t'); ++*colon)
		continue;
	return *colon < l->n && l->at[*colon] == ':' ? n : 0;
}

/* The line behind the field that begins in this one. */
static size_t
behind_field(size_t i, size_t end)
{
	for (i++; i < end && (*lines[i].at == ' ' || *lines[i].at == '\t'); i++)
		continue;
	return i;
}

static bool
same(struct span a, const char *small)
{
	if (a.n != strlen(small))
		return false;
	for (size_t i = 0; i < a.n; i++)
		if ((a.at[i] >= 'A' && a.at[i] <= 'Z' ? a.at[i] + 32 : a.at[i]) != small[i])
			return false;
	return true;
}

/* The value of a field in the lines from `i` on, if it has this name. */
static bool
value_of(size_t i, size_t end, const char *name, struct span *value)
{
	size_t colon, n = name_of(&lines[i], &colon), behind = behind_field(i, end);

	if (n == 0 || !same((struct span){ lines[i].at, n }, name))
		return false;
	*value = trimmed(lines[i].at + colon + 1,
	    (size_t)(lines[behind - 1].at + lines[behind - 1].n - lines[i].at) - colon - 1);
	return true;
}

/* The first field of this name in the header that begins at line `i`; `*body`: where that header ends. */
static struct span
find(size_t i, size_t end, const char *name, size_t *body)
{
	struct span value = { "", 0 }, other;
	bool found = false;
	size_t colon;

	for (; i < end && name_of(&lines[i], &colon) > 0; i = behind_field(i, end))
		if (!found && value_of(i, end, name, &other)) {
			value = other;
			found = true;
		}
	*body = i;
	if (i < end && (lines[i].n == 1 || (lines[i].n == 2 && *lines[i].at == '\r')) && lines[i].at[lines[i].n - 1] == '\n')
		++*body;
	return value;
}

/* --- what is expected --- */

static struct span found[FOUND];
static size_t found_count;

static void
expect(struct span recipient)
{
	if (recipient.n > 0 && found_count < FOUND)
		found[found_count++] = recipient;
}

static bool
word_is(struct span value, const char *word)
{
	size_t n = strlen(word);

	return value.n >= n && same((struct span){ value.at, n }, word) &&
	       (value.n == n || value.at[n] <= ' ' || value.at[n] >= 127 || strchr("()<>@,;:\\\"[]?=", value.at[n]) != NULL);
}

static struct span
address_in(struct span value)
{
	const char *semicolon = memchr(value.at, ';', value.n);
	struct span a;

	if (semicolon == NULL)
		return (struct span){ "", 0 };
	a = trimmed(semicolon + 1, value.n - (size_t)(semicolon + 1 - value.at));
	return a.n > 1 && *a.at == '<' && a.at[a.n - 1] == '>' ? (struct span){ a.at + 1, a.n - 2 } : a;
}

/* Fields that follow each other are a group; any other line ends it. */
static void
expect_of_status(size_t i, size_t end)
{
	struct span first = { "", 0 }, last = first, value;
	bool failed = false;
	size_t colon;

	while (i < end) {
		if (name_of(&lines[i], &colon) == 0) {
			if (failed)
				expect(first.n > 0 ? first : last);
			first.n = last.n = 0;
			failed = false;
			i++;
			continue;
		}
		if (value_of(i, end, "action", &value))
			failed = word_is(value, "failed");
		if (value_of(i, end, "original-recipient", &value))
			first = address_in(value);
		if (value_of(i, end, "final-recipient", &value))
			last = address_in(value);
		i = behind_field(i, end);
	}
	if (failed)
		expect(first.n > 0 ? first : last);
}

/* 1: a part begins behind it; 2: none does any more; 0: no boundary. */
static int
boundary_at(size_t i, const char *boundary)
{
	size_t n = strlen(boundary);
	struct span rest;

	if (lines[i].n < n + 2 || memcmp(lines[i].at, "--", 2) != 0 || memcmp(lines[i].at + 2, boundary, n) != 0)
		return 0;
	rest = (struct span){ lines[i].at + 2 + n, lines[i].n - 2 - n };
	if (trimmed(rest.at, rest.n).n == 0)
		return 1;
	if (rest.n < 2 || memcmp(rest.at, "--", 2) != 0)
		return 0;
	return trimmed(rest.at + 2, rest.n - 2).n == 0 ? 2 : 0;
}

static void
expect_of_part(size_t from, size_t to)
{
	size_t body;
	struct span type = find(from, to, "content-type", &body);

	if (word_is(type, "message/delivery-status") || word_is(type, "message/global-delivery-status"))
		expect_of_status(body, to);
}

static void
expect_of_report(void)
{
	char boundary[MIME_PARAMETER_MAX + 1], kind[MIME_PARAMETER_MAX + 1];
	size_t body, start = 0;
	struct span type = find(0, count, "content-type", &body);
	bool inside = false;
	int what = 0;

	if (!word_is(type, "multipart/report"))
		return;
	if (mime_parameter(type, "report-type", kind) ? !word_is((struct span){ kind, strlen(kind) }, "delivery-status") :
	    kind[0] != '\0')
		return;
	if (!mime_parameter(type, "boundary", boundary) || boundary[0] == '\0')
		return;
	for (size_t i = body; i < count && what != 2; i++) {
		what = boundary_at(i, boundary);
		if (what == 0)
			continue;
		if (inside)
			expect_of_part(start, i);
		inside = what == 1;
		start = i + 1;
	}
	if (inside)
		expect_of_part(start, count);
}

static void
expect_of_qmail(void)
{
	size_t body;
	bool first = false;

	(void)find(0, count, "", &body);
	if (body == count || lines[body].n < 15 || memcmp(lines[body].at, "Hi. This is the", 15) != 0)
		return;
	for (size_t i = body; i < count; i++) {
		/* What the words are followed by is of their paragraph, and may be blank. */
		struct line l = i == body ? (struct line){ lines[i].at + 15, lines[i].n - 15 } : lines[i];
		struct span s = trimmed(l.at, l.n);

		if (first && *l.at == '-')
			return;
		if (first && s.n >= 3 && *s.at == '<' && memcmp(s.at + s.n - 2, ">:", 2) == 0)
			expect((struct span){ s.at + 1, s.n - 3 });
		first = is_blank_line(&l);
	}
}

/* --- the target --- */

static struct bounce b;

static void
check_recipients(const char *bytes, size_t n)
{
	found_count = 0;
	expect_of_report();
	MUST((b.form == BOUNCE_DSN) == (found_count > 0));
	if (found_count == 0)
		expect_of_qmail();
	MUST((b.form == BOUNCE_NONE) == (found_count == 0));
	MUST(b.count == (found_count < BOUNCE_RECIPIENTS_MAX ? found_count : BOUNCE_RECIPIENTS_MAX));
	MUST(b.more == (found_count > BOUNCE_RECIPIENTS_MAX));
	for (size_t i = 0; i < b.count; i++)
		MUST(b.recipients[i].n == found[i].n && b.recipients[i].at == found[i].at);
	MUST(b.original.n == 0 || (b.original.at >= bytes && b.original.at + b.original.n <= bytes + n));
}

static void
check_identity(void)
{
	static const unsigned char secret[DIGEST_KEY_SIZE] = "secret";
	unsigned char id[DIGEST_SIZE], again[DIGEST_SIZE];
	char address[QUEUE_ADDRESS_MAX + 1];
	struct digest begun;

	bounce_identity_begin(&begun, secret, &b);
	for (size_t i = 0; i < b.count; i++) {
		bounce_normalize(address, b.recipients[i]);
		MUST(strlen(address) <= QUEUE_ADDRESS_MAX);
		bounce_identity(id, &begun, &b, i);
		bounce_identity(again, &begun, &b, i);
		MUST(memcmp(id, again, sizeof id) == 0);
	}
}

/* Bits: is there a sender, a recipient; is the sender an address. */
static void
check_trace(struct span message, unsigned bits)
{
	static const char network[] = "Received: (qmail 1 invoked from network); 1\n";
	const struct bounce_delivery delivery = { (bits & 1) == 0 ? NULL : (bits & 4) != 0 ? "a@b" : "",
		(bits & 2) != 0 ? "x@recipient" : NULL };
	const struct head_trust nobody = { .smtp_auth = false };
	struct bounce_trace t;

	bounce_trace_read(&t, &delivery, &nobody, message, b.original);
	MUST(strlen(t.domain) <= ADDRESS_DOMAIN_MAX);
	MUST((t.whose == BOUNCE_OF_NOBODY) == (t.domain[0] == '\0'));
	MUST(delivery.sender == NULL || t.has_sender == ((bits & 4) != 0));
	if (delivery.recipient != NULL)
		MUST(t.whose == BOUNCE_OF_FORWARDER || (t.whose == BOUNCE_OF_RECIPIENT && strcmp(t.domain, "recipient") == 0));
	/* Below such a line a stranger speaks. */
	if (message.n >= sizeof network - 1 && memcmp(message.at, network, sizeof network - 1) == 0)
		MUST(t.whose != BOUNCE_OF_FORWARDER && !t.own);
}

/* Last byte: how it is delivered. The rest is the message. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size == 0 ? 0 : size - 1;
	char *bytes = malloc(n + (n == 0)); /* not a byte more: reading on must show */
	struct span message = { bytes, n };

	MUST(bytes != NULL);
	if (n > 0)
		memcpy(bytes, data, n);
	(void)bounce_read(&b, message);
	split(bytes, n);
	if (count < LINES)
		check_recipients(bytes, n);
	check_identity();
	check_trace(message, size == 0 ? 0 : data[n]);
	free(bytes);
	return 0;
}

FUZZ_GUIDED
