/*
 * head - fuzzed: any bytes as the beginning of a message, any texts of filters
 *
 * Judged by a second reading, of whole strings with regular expressions; and no cut may be answered
 * otherwise than the whole, unless it says so.
 *
 * The input: one byte, whose bit 0 is smtp_auth and whose bits 1 and 2 say how many filters; these, each
 * behind its length; the message. Both readings see no byte 1: the second needs it to stand for NUL.
 */
#include "fuzz.h"

#include <regex.h>

#include "head.h"

FUZZ_UNGUIDED

#define SAFE "[^()\n\001]*"
#define UID "by uid ([0-9]+)"
#define INDIMAIL "indimail-mta queue [0-9]+( by host [!-'*-~]+\n )?\\(invoked "
#define SMTPD "^( from " SAFE "| indimail-mta " SAFE "| ?)\\(((HELO|EHLO) " SAFE "\\) \\()?(" SAFE ")\\)" \
	"(\n|  )[ \t]*(de/crypted with [^\n]*\n[ \t]*)?by "
#define HEX "[0-9a-fA-F.]*:[0-9a-fA-F.:]*"
#define DOTTED "[0-9.]*\\.[0-9.]*"
#define GROUPS 10
#define NAME 4 /* the group of SMTPD that says who */

enum { QMAIL_UID, QMAIL_ALIAS, QMAIL_NETWORK, QMAIL_BOUNCE, INDIMAIL_UID, INDIMAIL_ALIAS, INDIMAIL_NETWORK,
	INDIMAIL_NETWORK_UID, INDIMAIL_BOUNCE, LINES_1, IS_SMTPD = LINES_1, IS_AUTHENTICATED, IS_IP, PATTERNS };

static const char *const patterns[PATTERNS] = {
	[QMAIL_UID] = "^Received: \\(qmail [0-9]+ invoked " UID "\\); [ -~]+\n",
	[QMAIL_ALIAS] = "^Received: \\(qmail [0-9]+ invoked by alias\\); [ -~]+\n",
	[QMAIL_NETWORK] = "^Received: \\(qmail [0-9]+ invoked from network\\); [ -~]+\n",
	[QMAIL_BOUNCE] = "^Received: \\(qmail [0-9]+ invoked for bounce\\); [ -~]+\n",
	[INDIMAIL_UID] = "^Received: " INDIMAIL UID "\\); [ -~]+\n",
	[INDIMAIL_ALIAS] = "^Received: " INDIMAIL "by alias\\); [ -~]+\n",
	[INDIMAIL_NETWORK] = "^Received: " INDIMAIL "from network( [!-'*+.-~-]+)?\\); [ -~]+\n",
	[INDIMAIL_NETWORK_UID] = "^Received: " INDIMAIL "from network( [!-'*+.-~-]+)?, " UID "\\); [ -~]+\n",
	[INDIMAIL_BOUNCE] = "^Received: " INDIMAIL "for bounce\\); [ -~]+\n",
	[IS_SMTPD] = SMTPD,
	[IS_AUTHENTICATED] = SMTPD "[!-'*-~]+ with (UTF8)*E?SMTP(S?A[; \n]|S \\(" SAFE "\\) ESMTPA;)",
	[IS_IP] = "^(unknown|" HEX "|" DOTTED "|\\[(" HEX "|" DOTTED ")\\])$",
};

static const enum head_invoker invokers[LINES_1] = {
	HEAD_UID, HEAD_ALIAS, HEAD_NETWORK, HEAD_BOUNCE, HEAD_UID, HEAD_ALIAS, HEAD_NETWORK, HEAD_UID,
	HEAD_BOUNCE,
};

static bool
matches(int which, const char *s, regmatch_t *groups)
{
	static regex_t compiled[PATTERNS];
	static bool ready;

	for (int i = 0; !ready && i < PATTERNS; i++)
		MUST(regcomp(&compiled[i], patterns[i], REG_EXTENDED) == 0);
	ready = true;
	return regexec(&compiled[which], s, GROUPS, groups, 0) == 0;
}

/* Returns how long line 1 is. */
static size_t
expect_invoker(struct head *head, const char *s)
{
	regmatch_t groups[GROUPS];

	for (int i = 0; i < LINES_1; i++) {
		int uid = i == QMAIL_UID ? 1 : i == INDIMAIL_UID ? 2 : i == INDIMAIL_NETWORK_UID ? 3 : 0;
		unsigned long long value = 0;

		if (!matches(i, s, groups))
			continue;
		if (uid > 0)
			value = strtoull(s + groups[uid].rm_so, NULL, 10);
		if (value > UINT32_MAX)
			return 0;
		head->invoker = invokers[i];
		head->uid = (uint32_t)value;
		return (size_t)groups[0].rm_eo;
	}
	return 0;
}

static void
expect_auth(struct head *head, const char *value)
{
	regmatch_t groups[GROUPS];
	char *name, *at;

	if (!matches(IS_AUTHENTICATED, value, groups))
		return;
	name = strndup(value + groups[NAME].rm_so, (size_t)(groups[NAME].rm_eo - groups[NAME].rm_so));
	MUST(name != NULL);
	at = strrchr(name, '@');
	if (matches(IS_IP, at == NULL ? name : at + 1, groups))
		*(at == NULL ? name : at) = '\0';
	if (strlen(name) <= 200) {
		for (size_t i = 0; name[i] != '\0'; i++)
			head->auth[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
		for (size_t i = 0; name[i] != '\0'; i++)
			if (name[i] < 33 || name[i] > 126)
				memset(head->auth, 0, sizeof head->auth);
	}
	free(name);
}

static bool
expect_filter(const char *value, const struct head_trust *trust)
{
	regmatch_t groups[GROUPS];
	char *unfolded = strdup(value), *to = unfolded;
	bool found = false;

	MUST(unfolded != NULL);
	for (const char *from = value; *from != '\0'; from++)
		if (*from != '\n' && !(*from == '\r' && from[1] == '\n'))
			*to++ = *from;
	*to = '\0';
	for (size_t i = 0; i < trust->filters_count; i++)
		found |= trust->filters[i][0] != '\0' && strstr(unfolded, trust->filters[i]) != NULL;
	free(unfolded);
	return found && strncmp(value, " indimail-mta ", 14) != 0 && !matches(IS_SMTPD, value, groups);
}

/* `line` is a header field and what it goes on in, its name `name` bytes long. */
static void
expect_field(struct head *head, const struct head_trust *trust, const char *line, size_t name, bool *wanted)
{
	const char *value = strchr(line + name, ':') + 1, *end = strchr(line, '\n'), *at;
	size_t n;

	if (name == 12 && strncasecmp(line, "delivered-to", 12) == 0) {
		at = memrchr(value, '@', (size_t)(end - value));
		n = at == NULL ? 0 : (size_t)(end - at) - 1;
		n -= n > 0 && at[n] == '.';
		if (wanted[0] && strncmp(line + 12, ": ", 2) == 0 && strpbrk(line, "\r\001") == NULL &&
		    end[1] == '\0' && n <= 253)
			for (size_t i = 0; i < n; i++)
				head->forwarder[i] = at[1 + i] >= 'A' && at[1 + i] <= 'Z' ?
				    (char)(at[1 + i] | 0x20) : at[1 + i];
		wanted[0] = false;
	} else if (name == 8 && strncasecmp(line, "received", 8) == 0 && !expect_filter(value, trust)) {
		if (wanted[1])
			expect_auth(head, value);
		wanted[0] = wanted[1] = false;
	}
}

static void
expect(struct head *head, const struct head_trust *trust, char *s)
{
	char *at = s + expect_invoker(head, s);
	bool wanted[2] = { head->invoker == HEAD_UID || head->invoker == HEAD_ALIAS,
		trust->smtp_auth && (head->invoker == HEAD_UID || head->invoker == HEAD_NETWORK) };
	bool below = false;

	/* One round for a field; the first is for what line 1 goes on in. */
	while ((wanted[0] || wanted[1]) && *at != '\0') {
		char *end = below ? strchr(at, '\n') : at - 1, kept;
		size_t name = below ? strcspn(at, ":\n") : 0;

		if (end == NULL)
			return;
		while (end[1] == ' ' || end[1] == '\t')
			if ((end = strchr(end + 1, '\n')) == NULL)
				end = at + strlen(at) - 1;
			else if (end[1] == '\0')
				break;
		kept = end[1];
		end[1] = '\0';
		if (below) {
			if (at[name] != ':')
				return;
			while (name > 0 && (at[name - 1] == ' ' || at[name - 1] == '\t'))
				name--;
			for (size_t i = 0; i < name; i++)
				if (at[i] < 33 || at[i] > 126)
					return;
			if (name == 0)
				return;
			expect_field(head, trust, at, name, wanted);
		}
		end[1] = kept;
		at = end + 1;
		below = true;
	}
}

static bool
same(const struct head *a, const struct head *b)
{
	return a->invoker == b->invoker && a->uid == b->uid && strcmp(a->forwarder, b->forwarder) == 0 &&
	    strcmp(a->auth, b->auth) == 0;
}

static bool
read_exactly(struct head *head, const struct head_trust *trust, const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n + 1);
	bool settled;

	MUST(copy != NULL);
	memcpy(copy + 1, bytes, n);
	memset(head, 0xff, sizeof *head);
	settled = head_read(head, trust, copy + 1, n);
	free(copy);
	return settled;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned how = (unsigned)fuzz_number(&in, 1);
	struct head_trust trust = { .smtp_auth = how & 1, .filters_count = how >> 1 & 3 };
	struct head head, expected = { .invoker = HEAD_NOBODY }, cut;
	char *s;
	bool settled;

	for (size_t i = 0; i < trust.filters_count; i++) {
		size_t n;
		const uint8_t *bytes = fuzz_bytes(&in, HEAD_FILTER_MAX, &n);

		for (size_t k = 0; k < n && bytes[k] != '\0'; k++)
			trust.filters[i][k] = bytes[k] == 1 ? 'x' : (char)bytes[k];
	}
	s = malloc(in.left + 1);
	MUST(s != NULL);
	for (size_t i = 0; i < in.left; i++)
		s[i] = in.at[i] == 1 ? 'x' : (char)in.at[i];
	s[in.left] = '\0';
	settled = read_exactly(&head, &trust, (const uint8_t *)s, in.left);
	for (size_t n = 0; n < in.left; n += 1 + in.left / 32)
		if (read_exactly(&cut, &trust, (const uint8_t *)s, n))
			MUST(settled && same(&cut, &head));
	for (size_t i = 0; i < in.left; i++)
		if (s[i] == '\0')
			s[i] = 1;
	expect(&expected, &trust, s);
	MUST(same(&head, &expected));
	free(s);
	return 0;
}

FUZZ_GUIDED
