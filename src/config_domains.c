/* config_domains - packages, domains and destinations of qlimit.conf made into rules */
#include "config_domains.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "config_rules.h"
#include "config_value.h"

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

	if (!config_entry_read(c->source, group, "packages", CONFIG_OF_PACKAGES, entry))
		return;
	package->name = config_rules_name(c->source, entry, "packages");
	if (package->name == NULL)
		return;
	if (!is_package_name(package->name)) {
		config_value_blame(c->source, entry->setting[CONFIG_NAME], "name",
		    "1 to 64 bytes without control characters");
		return;
	}
	config_entry_inherit(entry, c->others);
	c->count++;
}

static void
read_packages(struct compile *c, const config_setting_t *list)
{
	unsigned length = config_rules_length(c->source, list);

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
			config_rules_blame_twice(c->source, "package", c->packages[i].name,
			    c->packages[i].entry.line, c->packages[first].entry.line);
		else
			first = i;
	}
	c->source->config->packages = length;
}

static void
blame_package(struct compile *c, const struct config_entry *entry, const char *name)
{
	unsigned line = config_setting_source_line(entry->setting[CONFIG_PACKAGE]);
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

	if (entry->setting[CONFIG_PACKAGE] == NULL)
		return c->others;
	name = config_value_string(c->source, entry->setting[CONFIG_PACKAGE]);
	if (name == NULL)
		return c->others;
	package = bsearch(name, c->packages, c->count, sizeof *package, find_package);
	if (package == NULL)
		blame_package(c, entry, name);
	return package != NULL ? &package->entry : c->others;
}

const char *
config_domains_check(const char *name)
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

static void
read_domain(struct compile *c, const config_setting_t *group)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct config_entry entry;
	const char *name, *wrong;
	bool below;

	if (!config_entry_read(c->source, group, "domains", CONFIG_OF_DOMAINS, &entry))
		return;
	config_entry_inherit(&entry, package_of(c, &entry));
	name = config_rules_name(c->source, &entry, "domains");
	if (name == NULL)
		return;
	below = name[0] == '.';
	wrong = config_domains_check(name + below);
	if (wrong != NULL) {
		config_value_blame(c->source, entry.setting[CONFIG_NAME], "name", wrong);
		return;
	}
	(void)address_normalize(name + below, strlen(name + below), domain);
	config_rules_add_entry(c->source, below ? RULES_SUBDOMAINS : RULES_DOMAIN, domain, &entry);
}

void
config_domains_compile(struct config_source *source, const struct config_entry *others,
    const config_setting_t *packages, const config_setting_t *domains)
{
	struct compile c = { .source = source, .others = others };
	unsigned length;

	read_packages(&c, packages);
	if (c.packages == NULL)
		return;
	length = config_rules_length(source, domains);
	for (unsigned i = 0; i < length && !source->no_memory; i++)
		read_domain(&c, config_setting_get_elem(domains, i));
	source->config->domains = length;
	free(c.packages);
}

static void
read_destination(struct config_source *source, const struct config_entry *base,
    const config_setting_t *group)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct config_entry entry;
	const char *name, *wrong;

	if (!config_entry_read(source, group, "destinations", CONFIG_OF_DESTINATIONS, &entry))
		return;
	config_entry_inherit(&entry, base);
	name = config_rules_name(source, &entry, "destinations");
	if (name == NULL)
		return;
	wrong = name[0] == '.' ? "a domain; one alone, for each destination is counted alone" :
	    config_domains_check(name);
	if (wrong != NULL) {
		config_value_blame(source, entry.setting[CONFIG_NAME], "name", wrong);
		return;
	}
	(void)address_normalize(name, strlen(name), domain);
	config_rules_add_entry(source, RULES_DESTINATION, domain, &entry);
}

void
config_domains_destinations(struct config_source *source, const struct config_entry *base,
    const config_setting_t *list)
{
	unsigned length = config_rules_length(source, list);

	for (unsigned i = 0; i < length && !source->no_memory; i++)
		read_destination(source, base, config_setting_get_elem(list, i));
	source->config->destinations = length;
	source->config->settings.destinations = length > 0;
}
