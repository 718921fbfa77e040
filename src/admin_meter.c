/* admin_meter - which meters the words of a command mean */
#include "admin_meter.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static bool
no_meter(const char *word, const char *why)
{
	(void)fprintf(stderr, "qlimit: \"%.80s\": %s\n", word, why);
	return false;
}

/* A user's number as the meters have it: without zeros in front. */
static bool
is_uid(const char *digits)
{
	size_t n = strspn(digits, "0123456789");

	return digits[n] == '\0' && n > 0 && (digits[0] != '0' || n == 1) && strtoull(digits, NULL, 10) <= UINT32_MAX;
}

/* Whether mail can pay such a user's meter. */
static bool
can_be_user(const char *word, const char *name)
{
	if (strncmp(name, "uid:", 4) == 0 && !is_uid(name + 4))
		return no_meter(word, "behind uid: stands a user's number, such as uid:48");
	if (strcmp(name, "auth:") == 0)
		return no_meter(word, "behind auth: stands the name that somebody logged in with");
	return true;
}

/* Whether mail can pay such a domain's: what stands behind an address's last @ has none. */
static bool
can_be_domain(const char *word, const char *name)
{
	const char *at = strrchr(name, '@');
	char why[100 + METER_WORD_MAX];
	struct meter meter;
	struct text t;

	if (at == NULL)
		return true;
	if (!meter_parse(&meter, at + 1))
		return no_meter(word, "not the name of a meter");
	text_init(&t, why, sizeof why);
	text_add(&t, "that is an address; the domain is ");
	meter_add_name(&t, &meter);
	return no_meter(word, why);
}

bool
admin_meter_any(struct meter *meter, const char *word)
{
	return meter_parse(meter, word) || no_meter(word, "not the name of a meter: a domain, server, bounces, foreign, "
	    "overflow, uid:N, alias, auth:NAME or destination:DOMAIN");
}

bool
admin_meter(struct meter *meter, const char *word)
{
	if (!admin_meter_any(meter, word))
		return false;
	if (strchr(word, ' ') != NULL)
		return no_meter(word, "a name has no blanks; where `qlimit show` shows \\x20, write that");
	return meter->kind == METER_USER ? can_be_user(word, meter->name) : can_be_domain(word, meter->name);
}

/* Names are given by hand: comparing each with each is quick enough. */
static bool
is_among(const struct meter *meter, char *const *from, char *const *to)
{
	struct meter other;

	for (; from != to; from++)
		if (meter_parse(&other, *from) && other.kind == meter->kind && other.length == meter->length &&
		    memcmp(other.name, meter->name, meter->length) == 0)
			return true;
	return false;
}

bool
admin_meter_names(const struct admin *a)
{
	char **kept = a->names, **name;
	struct meter meter;

	for (name = a->names; *name != NULL; name++) {
		if (!admin_meter(&meter, *name))
			return false;
		if (!is_among(&meter, a->names, kept))
			*kept++ = *name;
	}
	if (kept != name)
		*kept = NULL;
	return true;
}
