/* config_control - one line of those of qmail's control files that name domains */
#include "config_control.h"

#include <string.h>

#include "address.h"
#include "config_domains.h"
#include "text.h"

enum config_control_format
config_control_format(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	if (strcmp(name, "virtualdomains") == 0)
		return CONFIG_CONTROL_VIRTUALDOMAINS;
	return strcmp(name, "locals") == 0 ? CONFIG_CONTROL_LOCALS : CONFIG_CONTROL_RCPTHOSTS;
}

/* Makes `s`, which can be changed, the name of a domain; NULL, or what it must be. */
static const char *
take_domain(struct config_control *c, char *s, enum config_control_format format)
{
	bool below = *s == '.' && format != CONFIG_CONTROL_LOCALS;
	const char *wrong = config_domains_check(s + below);

	if (wrong == NULL) {
		(void)address_normalize(s + below, strlen(s + below), s + below);
		c->name = s + below;
		c->scope = below ? RULES_SUBDOMAINS : RULES_DOMAIN;
	}
	return wrong;
}

/* Likewise of one sender: qmail-send compares it whole, so no dot at the end goes. */
static const char *
take_address(struct config_control *c, char *s)
{
	const char *at = strrchr(s, '@');

	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return "an address of printable ASCII characters";
	if (at == s || strlen(s) > METER_NAME_MAX || config_domains_check(at + 1) != NULL)
		return "an address of at most 253 bytes, or a domain";
	for (char *p = s; *p != '\0'; p++)
		*p = text_lower(*p);
	c->name = s;
	c->scope = RULES_ADDRESS;
	return NULL;
}

const char *
config_control_take(struct config_control *c, enum config_control_format format, char *s, size_t n)
{
	const char *wrong;
	char *colon;

	c->name = NULL;
	c->says = CONFIG_CONTROL_LISTED;
	if (memchr(s, '\0', n) != NULL)
		return "a line without a NUL byte";
	s[n] = '\0';
	if (format != CONFIG_CONTROL_VIRTUALDOMAINS)
		return take_domain(c, s, format);
	colon = strchr(s, ':');
	if (colon == s)
		return NULL; /* all domains there are: none in particular */
	if (colon == NULL)
		return "domain:prepend";
	c->says = colon[1] != '\0' ? CONFIG_CONTROL_VIRTUAL : CONFIG_CONTROL_EXCEPTION;
	*colon = '\0';
	wrong = strchr(s, '@') != NULL ? take_address(c, s) : take_domain(c, s, format);
	if (wrong != NULL)
		*colon = ':';
	/* An exception from a domain that is hosted all the same. */
	if (c->scope == RULES_ADDRESS && c->says == CONFIG_CONTROL_EXCEPTION)
		c->name = NULL;
	return wrong;
}
