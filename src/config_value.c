/* config_value - one setting in qlimit.conf */
#include "config_value.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_syntax.h"

static void
add_found(struct text *t, const config_setting_t *setting)
{
	const char *s;
	long long number;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		s = config_setting_get_string(setting);
		if (*s != CONFIG_SYNTAX_NUMBER) {
			config_source_quote(t, s, strlen(s));
			break;
		}
		text_add_printable(t, s + 1, strlen(s + 1), CONFIG_SOURCE_SHOWN);
		if (s[1] == '0' || s[1 + strspn(s + 1, "0123456789")] != '\0')
			text_add(t, " (a number is digits alone, the first not 0)");
		break;
	case CONFIG_TYPE_INT:
		number = config_setting_get_int(setting);
		text_add(t, number < 0 ? "-" : "");
		text_add_number(t, (uint64_t)(number < 0 ? -number : number));
		break;
	case CONFIG_TYPE_BOOL:
		text_add(t, config_setting_get_bool(setting) ? "true" : "false");
		break;
	case CONFIG_TYPE_GROUP:
		text_add(t, "a group { }");
		break;
	case CONFIG_TYPE_LIST:
		text_add(t, "a list ( )");
		break;
	default:
		text_add(t, "an array [ ]");
		break;
	}
}

void
config_value_blame(struct config_source *source, const config_setting_t *setting,
    const char *name, const char *allowed)
{
	unsigned line = config_setting_source_line(setting);
	struct text *t = config_source_blame(source, line);

	text_add(t, name);
	text_add(t, " must be ");
	text_add(t, allowed);
	text_add(t, ", found ");
	add_found(t, setting);
	config_source_blamed(source, line);
}

void
config_value_blame_unknown(struct config_source *source, const config_setting_t *setting,
    const char *where, const char *const *known, size_t count)
{
	unsigned line = config_setting_source_line(setting);
	const char *name = config_setting_name(setting);
	struct text *t;

	if (*name == CONFIG_SYNTAX_TWICE)
		return;
	t = config_source_blame(source, line);
	text_add(t, "unknown setting ");
	config_source_quote(t, name, strlen(name));
	text_add(t, " ");
	text_add(t, where);
	text_add(t, "; known: ");
	for (size_t i = 0; i < count; i++) {
		text_add(t, i > 0 ? ", " : "");
		text_add(t, known[i]);
	}
	config_source_blamed(source, line);
}

/* The number a setting is, or -1. */
static long long
number_of(const config_setting_t *setting)
{
	const char *s = config_setting_get_string(setting);
	size_t digits;

	if (config_setting_type(setting) == CONFIG_TYPE_INT)
		return config_setting_get_int(setting);
	if (s == NULL || s[0] != CONFIG_SYNTAX_NUMBER || s[1] == '0')
		return -1;
	digits = strspn(s + 1, "0123456789");
	return digits >= 1 && digits <= 10 && s[1 + digits] == '\0' ? strtoll(s + 1, NULL, 10) : -1;
}

void
config_value_number(struct config_source *source, const config_setting_t *setting,
    const struct config_range *range, uint32_t *value)
{
	char allowed[80];
	struct text t;
	long long found = number_of(setting);

	if (found >= range->least && found <= range->most) {
		*value = (uint32_t)found;
		return;
	}
	text_init(&t, allowed, sizeof allowed);
	text_add(&t, "a whole number from ");
	text_add_number(&t, range->least);
	text_add(&t, " to ");
	text_add_number(&t, range->most);
	config_value_blame(source, setting, config_setting_name(setting), allowed);
}

void
config_value_bool(struct config_source *source, const config_setting_t *setting, bool *value)
{
	if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		*value = config_setting_get_bool(setting) != 0;
	else
		config_value_blame(source, setting, config_setting_name(setting), "true or false");
}

const char *
config_value_string(struct config_source *source, const config_setting_t *setting)
{
	const char *s = config_setting_get_string(setting);

	if (s != NULL && *s != CONFIG_SYNTAX_NUMBER)
		return s;
	config_value_blame(source, setting, config_setting_name(setting), "a text in quotes");
	return NULL;
}

void
config_value_choice(struct config_source *source, const config_setting_t *setting,
    const char *const *words, bool *second)
{
	const char *s = config_setting_get_string(setting);
	char allowed[80];
	struct text t;

	for (unsigned i = 0; s != NULL && i < 2; i++)
		if (strcmp(s, words[i]) == 0) {
			*second = i == 1;
			return;
		}
	text_init(&t, allowed, sizeof allowed);
	config_source_quote(&t, words[0], strlen(words[0]));
	text_add(&t, " or ");
	config_source_quote(&t, words[1], strlen(words[1]));
	config_value_blame(source, setting, config_setting_name(setting), allowed);
}
