/* config_domains - packages and domains of qlimit.conf made into rules */
#include "config_domains.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

#define PACKAGE_NAME_MAX 64
#define PACKAGES_SHOWN 8

struct package {
	const char *name; /* libconfig's */
	struct config_entry entry;
};

struct compile {
	struct config_source *source;
	const struct config_entry *others;
	struct package *packages; /* sorted by name */
	size_t count;
};

static int
compare_packages(const void *a, const void *b)
{
	const struct package *p = a, *q = b;
	int order = strcmp(p->name, q->name);

	if (order == 0)
		order = (p->entry.line > q->entry.line) - (p->entry.line < q->entry.line);
	return order;
}

static int
find_package(const void *name, const void *package)
{
	return strcmp(name, ((const struct package *)package)->name);
}

/* By key, as the store sorts them; of two with one key the first in the text comes first. */
static int
compare_rules(const void *a, const void *b)
{
	const struct config_rule *p = a, *q = b;
	int order = (p->key.scope > q->key.scope) - (p->key.scope < q->key.scope);

	if (order == 0)
		order = strcmp(p->key.name, q->key.name);
	return order != 0 ? order : (p->line > q->line) - (p->line < q->line);
}

static void
blame_twice(struct config_source *source, const char *what, const char *name, unsigned line,
    unsigned first)
{
	struct text *t = config_source_blame(source, line);

	text_add(t, what);
	text_add(t, " ");
	config_source_quote(t, name, strlen(name));
	text_add(t, " must have one entry, it has one");
	config_source_point(source, t, first);
	config_source_blamed(source, line);
}

/* The string of an entry's name, or NULL. */
static const char *
entry_name(struct config_source *source, const struct config_entry *entry, const char *list)
{
	struct text *t;

	if (entry->name != NULL)
		return config_entry_string(source, entry->name);
	t = config_source_blame(source, entry->line);
	text_add(t, "each entry of ");
	text_add(t, list);
	text_add(t, " must have a name, found none");
	config_source_blamed(source, entry->line);
	return NULL;
}

/* How many entries a list has; 0, with an error, if it is something else. */
static unsigned
list_length(struct config_source *source, const config_setting_t *list)
{
	if (list == NULL)
		return 0;
	if (config_setting_is_list(list))
		return (unsigned)config_setting_length(list);
	config_entry_blame(source, list, config_setting_name(list),
	    "a list of groups ( { name = \"...\"; }, ... )");
	return 0;
}

static bool
is_package_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 127)
			return false;
	return n > 0 && n <= PACKAGE_NAME_MAX;
}

static void
read_package(struct compile *c, const config_setting_t *group)
{
	struct package *package = &c->packages[c->count];
	struct config_entry *entry = &package->entry;

	if (!config_entry_read(c->source, group, "packages", CONFIG_EXTRA_NAME, entry))
		return;
	package->name = entry_name(c->source, entry, "packages");
	if (package->name == NULL)
		return;
	if (!is_package_name(package->name)) {
		config_entry_blame(c->source, entry->name, "name",
		    "1 to 64 bytes without control characters");
		return;
	}
	config_entry_inherit(entry, c->others);
	c->count++;
}

static void
read_packages(struct compile *c, const config_setting_t *list)
{
	unsigned length = list_length(c->source, list);

	c->packages = calloc((size_t)length + 1, sizeof *c->packages);
	if (c->packages == NULL) {
		c->source->no_memory = true;
		return;
	}
	for (unsigned i = 0; i < length; i++)
		read_package(c, config_setting_get_elem(list, i));
	qsort(c->packages, c->count, sizeof *c->packages, compare_packages);
	for (size_t i = 1, first = 0; i < c->count; i++) {
		if (strcmp(c->packages[i].name, c->packages[first].name) == 0)
			blame_twice(c->source, "package", c->packages[i].name,
			    c->packages[i].entry.line, c->packages[first].entry.line);
		else
			first = i;
	}
	c->source->config->packages = length;
}

static void
blame_package(struct compile *c, const struct config_entry *entry, const char *name)
{
	unsigned line = config_setting_source_line(entry->package);
	struct text *t;

	if (c->source->incomplete)
		return;
	t = config_source_blame(c->source, line);
	text_add(t, "package must be the name of one in packages, found ");
	config_source_quote(t, name, strlen(name));
	for (size_t i = 0; i < c->count && i < PACKAGES_SHOWN; i++) {
		text_add(t, i == 0 ? "; known: " : ", ");
		config_source_quote(t, c->packages[i].name, strlen(c->packages[i].name));
	}
	text_add(t, c->count == 0 ? "; there are none" : c->count > PACKAGES_SHOWN ? ", ..." : "");
	config_source_blamed(c->source, line);
}

static const struct config_entry *
package_of(struct compile *c, const struct config_entry *entry)
{
	const struct package *package = NULL;
	const char *name;

	if (entry->package == NULL)
		return c->others;
	name = config_entry_string(c->source, entry->package);
	if (name == NULL)
		return c->others;
	package = bsearch(name, c->packages, c->count, sizeof *package, find_package);
	if (package == NULL)
		blame_package(c, entry, name);
	return package != NULL ? &package->entry : c->others;
}

/*
 * NULL if it is one, else what is wrong. Narrower than what an envelope may hold: what can be in no
 * address that mail is sent from would be a rule that never applies.
 */
static const char *
check_domain(const char *name)
{
	size_t n = strlen(name), label = 0;

	if (n > 0 && name[n - 1] == '.')
		n--;
	if (n == 0)
		return "a domain, not empty";
	if (n > ADDRESS_DOMAIN_MAX)
		return "a domain of at most 253 bytes";
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c == '@')
			return "a domain alone, without \"@\" and what stands before it";
		if (c == '*')
			return "a domain; all below example.com are written \".example.com\"";
		if (c != '.' && c != '-' && c != '_' && c < 0x80 && !(c >= '0' && c <= '9') &&
		    !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z'))
			return "a domain of letters, digits, \"-\", \"_\" and \".\"";
		label = c == '.' ? 0 : label + 1;
		if (label == 0 && (i == 0 || name[i - 1] == '.'))
			return "a domain without an empty part between two dots";
	}
	return label > 0 ? NULL : "a domain without an empty part between two dots";
}

static bool
read_domain(struct compile *c, const config_setting_t *group, struct config_rule *rule)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct config_entry entry;
	const char *name, *wrong;
	bool below;

	if (!config_entry_read(c->source, group, "domains", CONFIG_EXTRA_PACKAGE, &entry))
		return false;
	config_entry_inherit(&entry, package_of(c, &entry));
	name = entry_name(c->source, &entry, "domains");
	if (name == NULL)
		return false;
	below = name[0] == '.';
	wrong = check_domain(name + below);
	if (wrong != NULL) {
		config_entry_blame(c->source, entry.name, "name", wrong);
		return false;
	}
	(void)address_normalize(name + below, strlen(name + below), domain);
	rules_key_set(&rule->key, below ? RULES_SUBDOMAINS : RULES_DOMAIN, domain);
	rule->limits = entry.limits;
	rule->line = entry.line;
	return true;
}

/* Sorts the domains' rules and looks for two of one name. */
static void
sort_rules(struct config_source *source, struct config_rule *rules, size_t count)
{
	qsort(rules, count, sizeof *rules, compare_rules);
	for (size_t i = 1, first = 0; i < count; i++) {
		char shown[METER_NAME_MAX + 2] = ".";
		const struct rules_key *key = &rules[i].key;

		if (key->scope != rules[first].key.scope ||
		    strcmp(key->name, rules[first].key.name) != 0) {
			first = i;
			continue;
		}
		memcpy(shown + (key->scope == RULES_SUBDOMAINS), key->name, key->length + 1u);
		blame_twice(source, "domain", shown, rules[i].line, rules[first].line);
	}
}

static void
set_rule(struct config_rule *rule, enum rules_scope scope, const struct config_entry *entry)
{
	rules_key_set(&rule->key, scope, "");
	rule->limits = entry->limits;
	rule->line = entry->line;
}

/* From here on a rule's line is one of its file. */
static void
locate_rules(struct config_source *source)
{
	struct config *config = source->config;

	for (size_t i = 0; i < config->rules_count; i++) {
		struct config_rule *rule = &config->rules[i];
		unsigned line = rule->line;
		struct config_place place = config_source_place(source, line > 0 ? line : 1);

		rule->file = place.file;
		rule->line = line > 0 ? place.line : 0;
	}
}

static void
compile_rules(struct compile *c, const struct config_entry *server, const config_setting_t *list)
{
	struct config *config = c->source->config;
	unsigned length = list_length(c->source, list);

	config->rules = calloc((size_t)length + 2, sizeof *config->rules);
	if (config->rules == NULL) {
		c->source->no_memory = true;
		return;
	}
	set_rule(&config->rules[0], RULES_SERVER, server);
	set_rule(&config->rules[1], RULES_DEFAULT, c->others);
	config->rules_count = 2;
	for (unsigned i = 0; i < length; i++)
		if (read_domain(c, config_setting_get_elem(list, i),
		    &config->rules[config->rules_count]))
			config->rules_count++;
	sort_rules(c->source, config->rules + 2, config->rules_count - 2);
	locate_rules(c->source);
	config->domains = length;
}

void
config_domains_compile(struct config_source *source, const struct config_entry *server,
    const struct config_entry *others, const config_setting_t *packages,
    const config_setting_t *domains)
{
	struct compile c = { .source = source, .others = others };

	read_packages(&c, packages);
	if (!source->no_memory)
		compile_rules(&c, server, domains);
	free(c.packages);
}
