/* config_rules - the rules of a configuration, collected and sorted */
#include "config_rules.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_value.h"

struct config_rule *
config_rules_add(struct config_source *source, enum rules_scope scope, const char *name)
{
	struct config *config = source->config;
	size_t size = config->rules_size > 0 ? 2 * config->rules_size : 64;
	struct config_rule *rules, *rule;

	if (config->rules_count == config->rules_size) {
		rules = realloc(config->rules, size * sizeof *rules);
		if (rules == NULL) {
			source->no_memory = true;
			return NULL;
		}
		config->rules = rules;
		config->rules_size = size;
	}
	rule = &config->rules[config->rules_count++];
	memset(rule, 0, sizeof *rule);
	rules_key_set(&rule->key, scope, name);
	return rule;
}

static bool
is_named(enum rules_scope scope)
{
	return scope == RULES_DOMAIN || scope == RULES_SUBDOMAINS || scope == RULES_USER ||
	       scope == RULES_DESTINATION;
}

void
config_rules_add_entry(struct config_source *source, enum rules_scope scope, const char *name,
    const struct config_entry *entry)
{
	struct config_rule *rule = config_rules_add(source, scope, name);

	if (rule == NULL)
		return;
	rule->limits = entry->limits;
	rule->limits.named = is_named(scope);
	rule->line = entry->line;
	memcpy(rule->from, entry->from, sizeof rule->from);
}

/* By key, as the store sorts them; of two with one key the first in the text comes first. */
static int
compare(const void *a, const void *b)
{
	const struct config_rule *p = a, *q = b;
	int order = (p->key.scope > q->key.scope) - (p->key.scope < q->key.scope);

	if (order == 0)
		order = strcmp(p->key.name, q->key.name);
	return order != 0 ? order : (p->line > q->line) - (p->line < q->line);
}

void
config_rules_sort(struct config *config)
{
	if (config->rules_count > 0)
		qsort(config->rules, config->rules_count, sizeof *config->rules, compare);
}

static int
compare_key(const void *key, const void *rule)
{
	const struct rules_key *a = key, *b = &((const struct config_rule *)rule)->key;

	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return strcmp(a->name, b->name);
}

const struct config_rule *
config_rules_find(const struct config *config, size_t count, enum rules_scope scope, const char *name)
{
	struct rules_key key;

	rules_key_set(&key, scope, name);
	return bsearch(&key, config->rules, count, sizeof *config->rules, compare_key);
}

const struct config_rule *
config_rules_of(const struct config *config, const struct meter *meter)
{
	const struct config_rule *rule = NULL;
	struct rules_key key;

	for (unsigned step = 0; rule == NULL && rules_key_for(&key, meter, step); step++)
		rule = config_rules_find(config, config->rules_count, key.scope, key.name);
	return rule;
}

void
config_rules_blame_twice(struct config_source *source, const char *what, const char *name,
    unsigned line, unsigned first)
{
	struct text *t = config_source_blame(source, line);

	text_add(t, what);
	text_add(t, " ");
	config_source_quote(t, name, strlen(name));
	text_add(t, " must have one entry, it has one");
	config_source_point(source, t, first);
	config_source_blamed(source, line);
}

static void
blame_rule(struct config_source *source, const struct config_rule *rule, unsigned first)
{
	char shown[METER_NAME_MAX + 2] = ".";
	const struct rules_key *key = &rule->key;
	const char *what = key->scope == RULES_USER ? "user" :
	    key->scope == RULES_DESTINATION ? "destination" : "domain";

	memcpy(shown + (key->scope == RULES_SUBDOMAINS), key->name, key->length + 1u);
	config_rules_blame_twice(source, what, shown, rule->line, first);
}

void
config_rules_finish(struct config_source *source)
{
	struct config *config = source->config;
	struct config_rule *rules = config->rules;

	config_rules_sort(config);
	for (size_t i = 1, first = 0; i < config->rules_count; i++) {
		if (rules[i].key.scope == rules[first].key.scope &&
		    strcmp(rules[i].key.name, rules[first].key.name) == 0)
			blame_rule(source, &rules[i], rules[first].line);
		else
			first = i;
	}
	for (size_t i = 0; i < config->rules_count; i++) {
		unsigned line = rules[i].line;
		struct config_place place = config_source_place(source, line > 0 ? line : 1);

		rules[i].file = place.file;
		rules[i].line = line > 0 ? place.line : 0;
	}
}

unsigned
config_rules_length(struct config_source *source, const config_setting_t *list)
{
	if (list == NULL)
		return 0;
	if (config_setting_is_list(list))
		return (unsigned)config_setting_length(list);
	config_value_blame(source, list, config_setting_name(list),
	    "a list of groups ( { name = \"...\"; }, ... )");
	return 0;
}

const char *
config_rules_name(struct config_source *source, const struct config_entry *entry, const char *list)
{
	struct text *t;

	if (entry->setting[CONFIG_NAME] != NULL)
		return config_value_string(source, entry->setting[CONFIG_NAME]);
	t = config_source_blame(source, entry->line);
	text_add(t, "each entry of ");
	text_add(t, list);
	text_add(t, " must have a name, found none");
	config_source_blamed(source, entry->line);
	return NULL;
}
