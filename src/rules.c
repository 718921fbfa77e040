/* rules - the compiled configuration: which limits are whose */
#include "rules.h"

#include <string.h>

#include "bytes.h"

#define VERSION 1

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

bool
rules_key_for(struct rules_key *key, const struct meter *meter, unsigned step)
{
	const char *above;

	switch (meter->kind) {
	case METER_SERVER:
		rules_key_set(key, RULES_SERVER, "");
		return step == 0;
	case METER_FOREIGN:
		rules_key_set(key, RULES_DEFAULT, "");
		return step == 0;
	case METER_DOMAIN:
		break;
	default:
		return false;
	}
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

void
rules_settings_encode(const struct rules_settings *s, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, RULES_SETTINGS_SIZE);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, s->observe);
	bytes_put16(&b, s->history_days);
	bytes_put32(&b, 0);
}

bool
rules_settings_decode(struct rules_settings *s, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, observe;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	observe = bytes_get8(&b);
	s->observe = observe != 0;
	s->history_days = bytes_get16(&b);
	(void)bytes_get32(&b);
	return bytes_complete(&b) && version == VERSION && observe <= 1 &&
	       s->history_days >= 1 && s->history_days <= 3660;
}
