/* config_entry - one group of limits in qlimit.conf */
#include "config_entry.h"

#include <libconfig.h>
#include <string.h>

#include "config_value.h"

static const struct config_range ranges[] = {
	[LIMITS_MAX_PER_HOUR] = { 0, 1000000000 },
	[LIMITS_MAX_PER_DAY] = { 0, 1000000000 },
	[LIMITS_REFUSE_ABOVE_PERCENT] = { 100, 10000 },
	[LIMITS_MAX_FAILURE_PERCENT] = { 0, 100 },
	[LIMITS_MIN_FAILURES] = { 1, 1000000 },
};

static const char *
key_name(unsigned key)
{
	static const char *const others[] = {
		[CONFIG_NAME - LIMITS_FIELDS] = "name",
		[CONFIG_PACKAGE - LIMITS_FIELDS] = "package",
		[CONFIG_UID - LIMITS_FIELDS] = "uid",
		[CONFIG_AUTH - LIMITS_FIELDS] = "auth",
		[CONFIG_RUNS_SMTPD - LIMITS_FIELDS] = "runs_smtpd",
	};

	return key < LIMITS_FIELDS ? limits_name((enum limits_field)key) : others[key - LIMITS_FIELDS];
}

#define BIT(key) (1u << (key))
#define EVERYWHERE (BIT(LIMITS_EXEMPT) - 1)

/* Which keys a kind of group may hold. */
static const unsigned allowed_in[] = {
	[CONFIG_GROUP] = EVERYWHERE,
	[CONFIG_OF_PACKAGES] = EVERYWHERE | BIT(CONFIG_NAME),
	[CONFIG_OF_DOMAINS] = EVERYWHERE | BIT(LIMITS_EXEMPT) | BIT(CONFIG_NAME) | BIT(CONFIG_PACKAGE),
	[CONFIG_OF_USERS] = EVERYWHERE | BIT(LIMITS_EXEMPT) | BIT(CONFIG_NAME) | BIT(CONFIG_UID) |
	    BIT(CONFIG_AUTH) | BIT(CONFIG_RUNS_SMTPD),
	[CONFIG_OF_DESTINATIONS] = EVERYWHERE | BIT(LIMITS_EXEMPT) | BIT(CONFIG_NAME),
};

void
config_entry_init(struct config_entry *entry)
{
	memset(entry, 0, sizeof *entry);
	limits_init(&entry->limits);
}

void
config_entry_count(struct config_source *source, const config_setting_t *setting, bool *messages)
{
	config_value_choice(source, setting, limits_words(LIMITS_UNIT), messages);
}

static void
read_count_failures(struct config_source *source, const config_setting_t *setting, uint8_t *value)
{
	static const char allowed[] =
	    "a list of one or more of \"failed\", \"deferred\", \"unreached\", \"returned\"";
	unsigned count = (unsigned)config_setting_length(setting), bits = 0;

	if (config_setting_is_group(setting) || count == 0) {
		config_value_blame(source, setting, limits_name(LIMITS_COUNT_FAILURES), allowed);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *word = config_setting_get_elem(setting, i);
		const char *s = config_setting_get_string(word);
		unsigned bit = s != NULL ? limits_outcome(s) : 0;

		if (bit == 0 || (bits & bit) != 0) {
			config_value_blame(source, word, limits_name(LIMITS_COUNT_FAILURES),
			    bit == 0 ? allowed : "a list that names each outcome once");
			return;
		}
		bits |= bit;
	}
	*value = (uint8_t)bits;
}

static void
read_key(struct config_source *source, const config_setting_t *setting, unsigned which,
    struct limits *limits)
{
	uint32_t percent = limits->max_failure_percent;

	switch (which) {
	case LIMITS_MAX_PER_HOUR:
		config_value_number(source, setting, &ranges[which], &limits->max_per_hour);
		break;
	case LIMITS_MAX_PER_DAY:
		config_value_number(source, setting, &ranges[which], &limits->max_per_day);
		break;
	case LIMITS_REFUSE_ABOVE_PERCENT:
		config_value_number(source, setting, &ranges[which], &limits->refuse_above_percent);
		break;
	case LIMITS_MAX_FAILURE_PERCENT:
		config_value_number(source, setting, &ranges[which], &percent);
		limits->max_failure_percent = (uint8_t)percent;
		break;
	case LIMITS_MIN_FAILURES:
		config_value_number(source, setting, &ranges[which], &limits->min_failures);
		break;
	case LIMITS_ON_FAILURES:
		config_value_choice(source, setting, limits_words(LIMITS_ON_FAILURES), &limits->refuse_on_failures);
		break;
	case LIMITS_COUNT_FAILURES:
		read_count_failures(source, setting, &limits->count_failures);
		break;
	case LIMITS_UNIT:
		config_entry_count(source, setting, &limits->count_messages);
		break;
	case LIMITS_EXEMPT:
		config_value_bool(source, setting, &limits->exempt);
		break;
	case CONFIG_RUNS_SMTPD:
		config_value_bool(source, setting, &limits->runs_smtpd);
		break;
	default:
		break;
	}
}

static void
blame_unknown_in(struct config_source *source, const config_setting_t *setting, const char *where,
    unsigned allowed)
{
	const char *known[CONFIG_KEYS];
	char in[40];
	struct text t;
	size_t count = 0;

	for (unsigned i = 0; i < CONFIG_KEYS; i++)
		if (allowed & BIT(i))
			known[count++] = key_name(i);
	text_init(&t, in, sizeof in);
	text_add(&t, "in ");
	text_add(&t, where);
	config_value_blame_unknown(source, setting, in, known, count);
}

bool
config_entry_read(struct config_source *source, const config_setting_t *group, const char *where,
    enum config_kind kind, struct config_entry *entry)
{
	unsigned allowed = allowed_in[kind];

	config_entry_init(entry);
	if (!config_setting_is_group(group)) {
		config_value_blame(source, group, where, kind == CONFIG_GROUP ?
		    "a group { }" : "a list of groups ( { name = \"...\"; }, ... )");
		return false;
	}
	entry->line = config_setting_source_line(group);
	for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, i);
		unsigned which = 0;

		while (which < CONFIG_KEYS && strcmp(config_setting_name(setting), key_name(which)) != 0)
			which++;
		if (which == CONFIG_KEYS || (allowed & BIT(which)) == 0) {
			blame_unknown_in(source, setting, where, allowed);
			continue;
		}
		entry->setting[which] = setting;
		read_key(source, setting, which, &entry->limits);
		if (which < LIMITS_FIELDS)
			entry->from[which] = config_setting_source_line(setting);
	}
	return true;
}

static void
copy_limit(struct limits *to, const struct limits *from, enum limits_field field)
{
	switch (field) {
	case LIMITS_MAX_PER_HOUR:
		to->max_per_hour = from->max_per_hour;
		break;
	case LIMITS_MAX_PER_DAY:
		to->max_per_day = from->max_per_day;
		break;
	case LIMITS_REFUSE_ABOVE_PERCENT:
		to->refuse_above_percent = from->refuse_above_percent;
		break;
	case LIMITS_MAX_FAILURE_PERCENT:
		to->max_failure_percent = from->max_failure_percent;
		break;
	case LIMITS_MIN_FAILURES:
		to->min_failures = from->min_failures;
		break;
	case LIMITS_ON_FAILURES:
		to->refuse_on_failures = from->refuse_on_failures;
		break;
	case LIMITS_COUNT_FAILURES:
		to->count_failures = from->count_failures;
		break;
	case LIMITS_UNIT:
		to->count_messages = from->count_messages;
		break;
	case LIMITS_EXEMPT:
		to->exempt = from->exempt;
		break;
	}
}

void
config_entry_inherit(struct config_entry *entry, const struct config_entry *from)
{
	for (unsigned field = 0; field < LIMITS_FIELDS; field++)
		if (entry->from[field] == 0) {
			copy_limit(&entry->limits, &from->limits, (enum limits_field)field);
			entry->from[field] = from->from[field];
		}
}
