/*
 * queue - fuzzed: any bytes as the files of a queue; what is made of them is judged by a second, plainer
 * reading, and what is shown of them must be plain text
 */
#include "fuzz.h"

#include <strings.h>

#include "address.h"
#include "queue_text.h"

#define SHOWN 60

FUZZ_UNGUIDED

/* The bytes that `shown` stands for; blanks are one. */
static void
judge_shown(const struct queue_field *field)
{
	char shown[SHOWN + 5];
	struct text t;

	text_init(&t, shown, sizeof shown);
	queue_text_add(&t, field, SHOWN);
	MUST(!t.truncated);
	MUST(t.used <= SHOWN + 3 && strlen(shown) == t.used);
	MUST(strstr(shown, "  ") == NULL && shown[0] != ' ' && (t.used == 0 || shown[t.used - 1] != ' '));
	for (const char *c = shown; *c != '\0'; c++)
		MUST(*c >= ' ' && *c <= '~' && (*c != '\\' || c[1] == 'x' || strcmp(c + 1, "...") == 0));
}

/* One record after the other, each whole. */
static void
judge_records(const struct queue_records *r, const char *bytes, size_t n)
{
	const char *end = bytes + n, *nul;
	const char *sender = NULL;
	uint64_t left = 0, done = 0;

	for (; (nul = memchr(bytes, '\0', (size_t)(end - bytes))) != NULL; bytes = nul + 1) {
		if (*bytes == 'F')
			sender = bytes + 1;
		done += *bytes == 'D';
		if (*bytes != 'T')
			continue;
		if (left < QUEUE_FIRST)
			MUST(strncmp(r->first[left], bytes + 1, QUEUE_ADDRESS_MAX) == 0);
		left++;
	}
	MUST(r->left == left && r->done == done);
	MUST(r->first_count == (left < QUEUE_FIRST ? left : QUEUE_FIRST));
	MUST(r->has_sender == (sender != NULL));
	if (sender != NULL) {
		MUST(strncmp(r->sender, sender, QUEUE_ADDRESS_MAX) == 0);
		MUST(r->sender_is_cut == (strlen(sender) > QUEUE_ADDRESS_MAX));
	}
}

static void
judge_payer(const struct queue_records *r)
{
	const char *at = strrchr(r->sender, '@');
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct meter meter;

	queue_text_payer(&meter, r);
	MUST((meter.kind == METER_BOUNCES) == address_is_bounce_sender(r->sender));
	if (meter.kind == METER_DOMAIN) {
		MUST(at != NULL && !r->sender_is_cut && meter.length > 0 && strlen(meter.name) == meter.length);
		/* What stands behind the last '@', or of a list behind the one before. */
		if (address_domain(r->sender, domain) != meter.length || strcmp(domain, meter.name) != 0)
			MUST(strcmp(at, "@[]") == 0 && at > r->sender && at[-1] == '-');
	}
}

/* With the recipient put before the sender's last '@', if it is a list's, and otherwise as it is. */
static void
judge_sender(void *context, const char *recipient)
{
	const struct queue_records *r = context;
	size_t n = strlen(r->sender), to = strlen(recipient);
	char out[QUEUE_SENDER_MAX + 1];
	const char *at;

	MUST(to <= QUEUE_ADDRESS_MAX);
	queue_text_sender(out, r, recipient);
	if (strcmp(out, r->sender) == 0)
		return;
	MUST(n > 4 && strcmp(r->sender + n - 4, "-@[]") == 0);
	at = memrchr(r->sender, '@', n - 4);
	MUST(at != NULL && strlen(out) == n - 4 + to);
	n = (size_t)(at - r->sender);
	MUST(memcmp(out, r->sender, n) == 0);
	for (size_t i = 0; i < to; i++)
		MUST(out[n + i] == (recipient + i == strrchr(recipient, '@') ? '=' : recipient[i]));
	MUST(strncmp(out + n + to, at, strlen(at) - 4) == 0);
}

/* Behind the first line that begins so, before the first empty one. */
static const char *
find(const char *bytes, size_t n, const char *name)
{
	size_t length = strlen(name);

	while (n > 0 && *bytes != '\n' && !(n > 1 && bytes[0] == '\r' && bytes[1] == '\n')) {
		const char *newline = memchr(bytes, '\n', n);
		size_t line = newline == NULL ? n : (size_t)(newline - bytes) + 1;

		if (line >= length && strncasecmp(bytes, name, length) == 0)
			return bytes + length;
		bytes += line;
		n -= line;
	}
	return NULL;
}

static void
judge_header(const char *bytes, size_t n)
{
	static const char *const names[] = { "From:", "To:", "Subject:" };
	struct queue_header h;
	const struct queue_field *const fields[] = { &h.from, &h.to, &h.subject };

	queue_text_header(&h, bytes, n);
	for (size_t i = 0; i < 3; i++) {
		MUST(fields[i]->at == find(bytes, n, names[i]));
		if (fields[i]->at != NULL) {
			const char *end = fields[i]->at + fields[i]->n;

			MUST(end <= bytes + n);
			/* It ends where its lines do: what follows is no blank. */
			MUST(end == bytes + n || (end[-1] == '\n' && *end != ' ' && *end != '\t'));
		}
		judge_shown(fields[i]);
	}
}

static void
judge_reason(const char *bytes, size_t n)
{
	struct queue_field f = queue_text_reason(bytes, n);

	MUST(f.at >= bytes && f.at + f.n <= bytes + n);
	MUST(f.n == 0 || f.at[f.n - 1] != '\n');
	MUST(memmem(f.at, f.n, "\n\n", 2) == NULL);
	MUST(f.at < bytes + 2 || (f.at[-1] == '\n' && f.at[-2] == '\n'));
	judge_shown(&f);
}

FUZZ_GUIDED

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct queue_records r;
	size_t cut = size > 0 ? data[0] % size : 0;
	char *bytes = malloc(size + 1); /* of exactly this length, the last byte aside */

	MUST(bytes != NULL);
	memcpy(bytes + 1, data, size);
	queue_records_init(&r);
	r.each = judge_sender;
	r.context = &r;
	queue_records_add(&r, bytes + 1, cut);
	queue_records_add(&r, bytes + 1 + cut, size - cut);
	judge_records(&r, bytes + 1, size);
	judge_payer(&r);
	judge_header(bytes + 1, size);
	judge_reason(bytes + 1, size);
	free(bytes);
	return 0;
}
