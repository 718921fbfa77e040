/* store_rules - the compiled rules in a store, by generation */
#include "store.h"

#include <string.h>

#include "record.h"

static void
key_rule(struct record_key *key, uint32_t generation, const struct rules_key *rule)
{
	record_key_named(key, TAG_RULE, generation, rule->scope, rule->name, rule->length);
}

static bool
decode(void *limits, unsigned char *value, size_t size)
{
	return limits_decode(limits, value, size);
}

int
store_rule_put(struct store *s, uint32_t generation, const struct rules_key *rule,
    const struct limits *limits)
{
	unsigned char record[LIMITS_SIZE];
	struct record_key key;

	key_rule(&key, generation, rule);
	limits_encode(limits, record);
	return record_put(s, &key, record, sizeof record);
}

int
store_rule_get(struct store *s, uint32_t generation, const struct rules_key *rule,
    struct limits *limits)
{
	struct record_key key;

	key_rule(&key, generation, rule);
	return record_read(s, &key, decode, limits);
}

int
store_limits_find(struct store *s, uint32_t generation, const struct meter *meter,
    struct limits *limits)
{
	struct rules_key rule;

	for (unsigned step = 0; rules_key_for(&rule, meter, step); step++) {
		int rc = store_rule_get(s, generation, &rule, limits);

		if (rc != 0)
			return rc;
	}
	limits_init(limits);
	return 0;
}

int
store_rule_next(struct store *s, uint32_t generation, struct rules_key *rule,
    struct limits *limits)
{
	struct record_key key;
	struct meter named;
	int rc;

	key_rule(&key, generation, rule);
	if (rule->scope == 0)
		key.size = RECORD_NAMED_PREFIX - 1;
	rc = record_read_next(s, &key, RECORD_NAMED_PREFIX - 1, decode, limits);
	if (rc != 1)
		return rc;
	if (!record_key_names(&key, &named) || named.kind < RULES_SERVER || named.kind > RULES_ADDRESS)
		return record_damaged(s);
	memset(rule, 0, sizeof *rule);
	rule->scope = (enum rules_scope)named.kind;
	rule->length = named.length;
	memcpy(rule->name, named.name, named.length);
	return 1;
}

int
store_rules_prune(struct store *s, uint32_t keep, int most)
{
	struct record_key key, kept;
	int removed = 0;

	record_key(&key, TAG_RULE);
	record_key_numbered(&kept, TAG_RULE, keep);
	while (removed < most) {
		int rc = record_next_key(s, &key, 1);

		if (rc != 1)
			return rc == -1 ? -1 : removed;
		if (key.size >= kept.size && memcmp(key.data, kept.data, kept.size) == 0) {
			/* On behind all of the generation that is kept. */
			memset(key.data + kept.size, 0xff, sizeof key.data - kept.size);
			key.size = sizeof key.data;
			continue;
		}
		if (record_del(s, &key) == -1)
			return -1;
		removed++;
	}
	return removed;
}
