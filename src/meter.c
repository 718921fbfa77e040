/* meter - a thing that is counted and limited: kind and name */
#include "meter.h"

#include <string.h>

#include "address.h"

static const char *const kind_names[] = {
	[METER_SERVER] = "server",
	[METER_DOMAIN] = "domain",
	[METER_BOUNCES] = "bounces",
	[METER_FOREIGN] = "foreign",
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

void
meter_payers(struct meter_list *payers, const char *sender)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct meter *first = &payers->at[0];

	if (address_is_bounce_sender(sender))
		meter_set(first, METER_BOUNCES, "");
	else if (address_domain(sender, domain) > 0)
		meter_set(first, METER_DOMAIN, domain);
	else
		meter_set(first, METER_FOREIGN, "");
	meter_set(&payers->at[1], METER_SERVER, "");
	payers->count = 2;
}

const char *
meter_kind_name(unsigned kind)
{
	return kind > 0 && kind < KINDS ? kind_names[kind] : "unknown";
}

bool
meter_parse(struct meter *meter, const char *word)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];

	for (unsigned kind = 1; kind < KINDS; kind++)
		if (kind != METER_DOMAIN && strcmp(word, kind_names[kind]) == 0) {
			meter_set(meter, (enum meter_kind)kind, "");
			return true;
		}
	if (address_normalize(word, strlen(word), domain) == 0)
		return false;
	meter_set(meter, METER_DOMAIN, domain);
	return true;
}
