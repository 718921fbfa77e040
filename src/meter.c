/* meter - a thing that is counted and limited: kind and name */
#include "meter.h"

#include <string.h>

#include "address.h"

static const char *const kind_names[] = {
	[METER_SERVER] = "server",
	[METER_DOMAIN] = "domain",
	[METER_BOUNCES] = "bounces",
	[METER_FOREIGN] = "foreign",
	[METER_USER] = "user",
	[METER_DESTINATION] = "destination",
	[METER_OVERFLOW] = "overflow",
};

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

bool
meter_parse(struct meter *meter, const char *word)
{
	char name[METER_NAME_MAX + 1];
	const char *destination = behind(word, "destination:"), *domain = behind(word, "domain:");
	enum meter_kind kind = METER_DOMAIN;

	for (unsigned one = 1; one < KINDS; one++)
		if (!meter_kind_has_names(one) && strcmp(word, kind_names[one]) == 0) {
			meter_set(meter, (enum meter_kind)one, "");
			return true;
		}
	if (destination != NULL)
		kind = METER_DESTINATION;
	else if (domain == NULL && is_user(word))
		kind = METER_USER;
	word = destination != NULL ? destination : domain != NULL ? domain : word;
	if (address_normalize(word, strlen(word), name) == 0)
		return false;
	meter_set(meter, kind, name);
	return true;
}

void
meter_word(const struct meter *meter, char *word)
{
	struct text t;
	struct meter back;

	text_init(&t, word, METER_WORD_MAX);
	if (meter->kind == METER_DESTINATION)
		text_add(&t, "destination:");
	text_add(&t, meter_kind_has_names(meter->kind) ? meter->name : meter_kind_name(meter->kind));
	/* A domain called as another kind's meter is, or "domain:...". */
	if (meter->kind == METER_DOMAIN && (!meter_parse(&back, word) || back.kind != METER_DOMAIN ||
					       strcmp(back.name, meter->name) != 0)) {
		text_init(&t, word, METER_WORD_MAX);
		text_add(&t, "domain:");
		text_add(&t, meter->name);
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
	text_add_printable(t, meter->name, meter->length, 4 * METER_NAME_MAX);
}
