/* meter - a thing that is counted and limited: kind and name */
#include "meter.h"

#include <string.h>

static const char *const kind_names[] = {
	[METER_SERVER] = "server",
	[METER_DOMAIN] = "domain",
	[METER_BOUNCES] = "bounces",
	[METER_FOREIGN] = "foreign",
	[METER_USER] = "user",
	[METER_DESTINATION] = "destination",
	[METER_OVERFLOW] = "overflow",
};

#define RAW_MAX (METER_NAME_MAX + 16) /* a name and what may stand before it */
#define KINDS (sizeof kind_names / sizeof kind_names[0])

void
meter_set(struct meter *meter, enum meter_kind kind, const char *name)
{
	size_t n = strlen(name);

	memset(meter, 0, sizeof *meter);
	if (n > METER_NAME_MAX)
		n = METER_NAME_MAX;
	meter->kind = (uint8_t)kind;
	meter->length = (uint8_t)n;
	memcpy(meter->name, name, n);
}

const char *
meter_kind_name(unsigned kind)
{
	return kind > 0 && kind < KINDS ? kind_names[kind] : "unknown";
}

bool
meter_kind_has_names(unsigned kind)
{
	return kind == METER_DOMAIN || kind == METER_USER || kind == METER_DESTINATION;
}

/* "alias", "uid:48", "auth:NAME". */
static bool
is_user(const char *word)
{
	return strcmp(word, "alias") == 0 || strncmp(word, "uid:", 4) == 0 || strncmp(word, "auth:", 5) == 0;
}

/* What follows `prefix`, or NULL. */
static const char *
behind(const char *word, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(word, prefix, n) == 0 ? word + n : NULL;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, text_lower(c));

	return at == NULL ? -1 : (int)(at - digits);
}

/* The byte that \xHH stands for, or -1. */
static int
escaped(const char *at)
{
	int high, low;

	if (at[0] != '\\' || at[1] != 'x')
		return -1;
	high = hex(at[2]);
	low = high == -1 ? -1 : hex(at[3]);
	return low == -1 ? -1 : 16 * high + low;
}

/* A word as the bytes it stands for, in small letters; false if they are too many for any meter. */
static bool
decode(const char *word, char out[RAW_MAX + 1])
{
	/* The dot that makes no difference is one that was written: of a name that ends in one it is \x2e. */
	const char *end = word + strlen(word);
	size_t n = 0;

	if (end > word && end[-1] == '.')
		end--;
	while (word < end && n < RAW_MAX) {
		int byte = escaped(word);

		out[n++] = text_lower(byte == -1 ? *word : (char)byte);
		if (out[n - 1] == '\0')
			return false;
		word += byte == -1 ? 1 : 4;
	}
	out[n] = '\0';
	return word == end;
}

bool
meter_parse(struct meter *meter, const char *word)
{
	char name[RAW_MAX + 1];
	const char *rest, *destination, *domain;
	enum meter_kind kind = METER_DOMAIN;

	if (!decode(word, name))
		return false;
	for (unsigned one = 1; one < KINDS; one++)
		if (!meter_kind_has_names(one) && strcmp(name, kind_names[one]) == 0) {
			meter_set(meter, (enum meter_kind)one, "");
			return true;
		}
	destination = behind(name, "destination:");
	domain = behind(name, "domain:");
	if (destination != NULL)
		kind = METER_DESTINATION;
	else if (domain == NULL && is_user(name))
		kind = METER_USER;
	rest = destination != NULL ? destination : domain != NULL ? domain : name;
	if (rest[0] == '\0' || strlen(rest) > METER_NAME_MAX)
		return false;
	meter_set(meter, kind, rest);
	return true;
}

void
meter_add_name(struct text *t, const struct meter *meter)
{
	size_t n = meter->length;
	bool dot = n > 0 && meter->name[n - 1] == '.';

	text_add_printable(t, meter->name, dot ? n - 1 : n, 4 * METER_NAME_MAX);
	if (dot)
		text_add(t, "\\x2e");
}

void
meter_word(const struct meter *meter, char *word)
{
	struct text t;
	struct meter back;

	text_init(&t, word, METER_WORD_MAX);
	if (meter->kind == METER_DESTINATION)
		text_add(&t, "destination:");
	if (meter_kind_has_names(meter->kind))
		meter_add_name(&t, meter);
	else
		text_add(&t, meter_kind_name(meter->kind));
	/* A domain called as another kind's meter is, or "domain:...". */
	if (meter->kind == METER_DOMAIN && (!meter_parse(&back, word) || back.kind != METER_DOMAIN ||
					       strcmp(back.name, meter->name) != 0)) {
		text_init(&t, word, METER_WORD_MAX);
		text_add(&t, "domain:");
		meter_add_name(&t, meter);
	}
}

/* A name follows where there is one. */
static const char *const subjects[] = {
	[METER_SERVER] = "This server",
	[METER_DOMAIN] = "Domain ",
	[METER_BOUNCES] = "Mail of the null sender",
	[METER_FOREIGN] = "Mail of senders not hosted here",
	[METER_USER] = "User ",
	[METER_DESTINATION] = "Mail to ",
	[METER_OVERFLOW] = "Mail of further senders",
};

void
meter_describe(struct text *t, const struct meter *meter)
{
	text_add(t, subjects[meter->kind]);
	meter_add_name(t, meter);
}
