/* store_rules - the compiled rules in a store, by generation */
#include "store.h"

#include <string.h>

#include "record.h"

int
store_settings_get(struct store *s, uint32_t generation, struct rules_settings *settings)
{
	unsigned char record[RULES_SETTINGS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	*settings = (struct rules_settings){ .observe = false, .history_days = 90 };
	record_key_numbered(&key, TAG_SETTINGS, generation);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return rules_settings_decode(settings, record, size) ? 1 : record_damaged(s);
}

int
store_settings_put(struct store *s, uint32_t generation, const struct rules_settings *settings)
{
	unsigned char record[RULES_SETTINGS_SIZE];
	struct record_key key;

	record_key_numbered(&key, TAG_SETTINGS, generation);
	rules_settings_encode(settings, record);
	return record_put(s, &key, record, sizeof record);
}

static void
key_rule(struct record_key *key, uint32_t generation, const struct rules_key *rule)
{
	record_key_named(key, TAG_RULE, generation, rule->scope, rule->name, rule->length);
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
	unsigned char record[LIMITS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	key_rule(&key, generation, rule);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return limits_decode(limits, record, size) ? 1 : record_damaged(s);
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
store_limits_refresh(struct store *s, uint32_t generation, const struct meter *meter,
    struct counters *counters)
{
	if (counters->generation == generation && generation != 0)
		return 0;
	counters->generation = generation;
	return store_limits_find(s, generation, meter, &counters->limits) == -1 ? -1 : 0;
}

int
store_rule_next(struct store *s, uint32_t generation, struct rules_key *rule,
    struct limits *limits)
{
	unsigned char record[LIMITS_SIZE + RECORD_CHECK_SIZE], scope;
	struct record_key key;
	size_t size;
	int rc;

	key_rule(&key, generation, rule);
	if (rule->scope == 0)
		key.size = RECORD_NAMED_PREFIX - 1;
	rc = record_next(s, &key, RECORD_NAMED_PREFIX - 1, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	if (key.size < RECORD_NAMED_PREFIX || key.size - RECORD_NAMED_PREFIX > METER_NAME_MAX ||
	    !limits_decode(limits, record, size))
		return record_damaged(s);
	scope = key.data[RECORD_NAMED_PREFIX - 1];
	if (scope < RULES_SERVER || scope > RULES_SUBDOMAINS)
		return record_damaged(s);
	memset(rule, 0, sizeof *rule);
	rule->scope = (enum rules_scope)scope;
	rule->length = (uint8_t)(key.size - RECORD_NAMED_PREFIX);
	memcpy(rule->name, key.data + RECORD_NAMED_PREFIX, rule->length);
	return 1;
}

/* Removes records under `tag` that are not of generation `keep`. */
static int
prune_tag(struct store *s, enum record_tag tag, uint32_t keep, int most)
{
	unsigned char record[LIMITS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key, kept;
	size_t size;
	int removed = 0, rc;

	record_key(&key, tag);
	record_key_numbered(&kept, tag, keep);
	while (removed < most) {
		rc = record_next(s, &key, 1, record, sizeof record, &size);
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

int
store_rules_prune(struct store *s, uint32_t keep, int most)
{
	int rules = prune_tag(s, TAG_RULE, keep, most);
	int settings;

	if (rules == -1 || rules == most)
		return rules;
	settings = prune_tag(s, TAG_SETTINGS, keep, most - rules);
	return settings == -1 ? -1 : rules + settings;
}
