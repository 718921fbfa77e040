/* rules - the compiled configuration: which limits are whose */
#include "rules.h"

#include <string.h>

/* Bits of the settings' flags. */
enum { OBSERVE = 1, HOSTED = 2, DESTINATIONS = 4 };

void
rules_key_set(struct rules_key *key, enum rules_scope scope, const char *name)
{
	size_t n = strlen(name);

	memset(key, 0, sizeof *key);
	if (n > METER_NAME_MAX)
		n = METER_NAME_MAX;
	key->scope = scope;
	key->length = (uint8_t)n;
	memcpy(key->name, name, n);
}

/* What is left of a name behind its `dots`-th dot, or NULL. */
static const char *
parent(const char *name, unsigned dots)
{
	while (name != NULL && dots-- > 0) {
		name = strchr(name, '.');
		if (name != NULL)
			name++;
	}
	return name == NULL || *name == '\0' ? NULL : name;
}

/* A domain: its own name, wildcards from the longest to the shortest, everybody's. */
static bool
domain_key(struct rules_key *key, const struct meter *meter, unsigned step)
{
	const char *above;

	if (step == 0) {
		rules_key_set(key, RULES_DOMAIN, meter->name);
		return true;
	}
	above = parent(meter->name, step);
	if (above != NULL)
		rules_key_set(key, RULES_SUBDOMAINS, above);
	else
		rules_key_set(key, RULES_DEFAULT, "");
	return above != NULL || step == 1 || parent(meter->name, step - 1) != NULL;
}

bool
rules_key_for(struct rules_key *key, const struct meter *meter, unsigned step)
{
	static const enum rules_scope scopes[] = {
		[METER_SERVER] = RULES_SERVER,
		[METER_BOUNCES] = RULES_BOUNCES,
		[METER_FOREIGN] = RULES_FOREIGN,
		[METER_USER] = RULES_USER_DEFAULT,
		[METER_OVERFLOW] = RULES_DEFAULT,
	};

	if (meter->kind == METER_DOMAIN)
		return domain_key(key, meter, step);
	if (meter->kind == METER_DESTINATION || (meter->kind == METER_USER && step == 0)) {
		rules_key_set(key, meter->kind == METER_USER ? RULES_USER : RULES_DESTINATION,
		    meter->name);
		return step == 0;
	}
	/* A row of a kind that is none can stand in a store of another version. */
	if (meter->kind >= sizeof scopes / sizeof scopes[0])
		return false;
	rules_key_set(key, scopes[meter->kind], "");
	return step == (meter->kind == METER_USER ? 1 : 0);
}

uint32_t
rules_following(uint32_t generation)
{
	return generation == UINT32_MAX ? 1 : generation + 1;
}

void
rules_settings_init(struct rules_settings *s)
{
	*s = (struct rules_settings){ .history_days = 90, .max_meters = RULES_MAX_METERS };
}

void
rules_settings_put(const struct rules_settings *s, struct bytes *b)
{
	bytes_put8(b, (uint8_t)((s->observe ? OBSERVE : 0) | (s->hosted ? HOSTED : 0) |
	    (s->destinations ? DESTINATIONS : 0)));
	bytes_put8(b, 0);
	bytes_put16(b, s->history_days);
	bytes_put32(b, s->max_meters);
}

bool
rules_settings_get(struct rules_settings *s, struct bytes *b)
{
	uint8_t flags = bytes_get8(b);

	(void)bytes_get8(b);
	s->observe = (flags & OBSERVE) != 0;
	s->hosted = (flags & HOSTED) != 0;
	s->destinations = (flags & DESTINATIONS) != 0;
	s->history_days = bytes_get16(b);
	s->max_meters = bytes_get32(b);
	return flags <= (OBSERVE | HOSTED | DESTINATIONS) && s->history_days >= 1 &&
	       s->history_days <= 3660 && s->max_meters >= 100 && s->max_meters <= RULES_MAX_METERS_MOST;
}
