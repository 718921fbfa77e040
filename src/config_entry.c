/* config_entry - one setting and one group of limits in qlimit.conf */
#include "config_entry.h"

#include <libconfig.h>
#include <string.h>

#include "config_syntax.h"

/* Bits of `set`; the numbers first, as in `ranges`. */
enum limit {
	MAX_PER_HOUR,
	REFUSE_ABOVE_PERCENT,
	MAX_FAILURE_PERCENT,
	MIN_FAILURES,
	ON_FAILURES,
	COUNT_FAILURES,
	LIMITS
};

static const struct config_range ranges[] = {
	[MAX_PER_HOUR] = { "max_per_hour", 0, 1000000000 },
	[REFUSE_ABOVE_PERCENT] = { "refuse_above_percent", 100, 10000 },
	[MAX_FAILURE_PERCENT] = { "max_failure_percent", 0, 100 },
	[MIN_FAILURES] = { "min_failures", 1, 1000000 },
};

/* The limits, and behind them what else an entry may hold: as many as enum config_extra says. */
static const char *const names[] = {
	[MAX_PER_HOUR] = "max_per_hour",
	[REFUSE_ABOVE_PERCENT] = "refuse_above_percent",
	[MAX_FAILURE_PERCENT] = "max_failure_percent",
	[MIN_FAILURES] = "min_failures",
	[ON_FAILURES] = "on_failures",
	[COUNT_FAILURES] = "count_failures",
	[LIMITS] = "name",
	"package",
};

static const char *const failures[] = { "defer", "refuse" };

static const struct outcome_word {
	const char *word;
	enum outcome outcome;
} outcomes[] = {
	{ "failed", OUTCOME_FAILED },
	{ "deferred", OUTCOME_DEFERRED },
	{ "unreached", OUTCOME_UNREACHED },
};

void
config_entry_init(struct config_entry *entry)
{
	memset(entry, 0, sizeof *entry);
	limits_init(&entry->limits);
}

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
config_entry_blame(struct config_source *source, const config_setting_t *setting,
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
config_entry_blame_unknown(struct config_source *source, const config_setting_t *setting,
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

void
config_entry_number(struct config_source *source, const config_setting_t *setting,
    const struct config_range *range, uint32_t *value)
{
	char allowed[80];
	struct text t;
	long long found = -1;

	if (config_setting_type(setting) == CONFIG_TYPE_INT)
		found = config_setting_get_int(setting);
	if (found >= range->least && found <= range->most) {
		*value = (uint32_t)found;
		return;
	}
	text_init(&t, allowed, sizeof allowed);
	text_add(&t, "a whole number from ");
	text_add_number(&t, range->least);
	text_add(&t, " to ");
	text_add_number(&t, range->most);
	config_entry_blame(source, setting, range->name, allowed);
}

const char *
config_entry_string(struct config_source *source, const config_setting_t *setting)
{
	const char *s = config_setting_get_string(setting);

	if (s != NULL && *s != CONFIG_SYNTAX_NUMBER)
		return s;
	config_entry_blame(source, setting, config_setting_name(setting), "a text in quotes");
	return NULL;
}

void
config_entry_choice(struct config_source *source, const config_setting_t *setting,
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
	config_entry_blame(source, setting, config_setting_name(setting), allowed);
}

/* The bit of one word of count_failures, or 0. */
static unsigned
outcome_bit(const config_setting_t *word)
{
	const char *s = config_setting_get_string(word);

	for (size_t i = 0; s != NULL && i < sizeof outcomes / sizeof outcomes[0]; i++)
		if (strcmp(s, outcomes[i].word) == 0)
			return LIMITS_COUNT(outcomes[i].outcome);
	return 0;
}

static void
read_count_failures(struct config_source *source, const config_setting_t *setting, uint8_t *value)
{
	static const char allowed[] =
	    "a list of one or more of \"failed\", \"deferred\", \"unreached\"";
	unsigned count = (unsigned)config_setting_length(setting), bits = 0;

	if (config_setting_is_group(setting) || count == 0) {
		config_entry_blame(source, setting, names[COUNT_FAILURES], allowed);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *word = config_setting_get_elem(setting, i);
		unsigned bit = outcome_bit(word);

		if (bit == 0 || (bits & bit) != 0) {
			config_entry_blame(source, word, names[COUNT_FAILURES],
			    bit == 0 ? allowed : "a list that names each outcome once");
			return;
		}
		bits |= bit;
	}
	*value = (uint8_t)bits;
}

static void
read_limit(struct config_source *source, const config_setting_t *setting, unsigned which,
    struct limits *limits)
{
	uint32_t percent = limits->max_failure_percent;

	switch (which) {
	case MAX_PER_HOUR:
		config_entry_number(source, setting, &ranges[which], &limits->max_per_hour);
		break;
	case REFUSE_ABOVE_PERCENT:
		config_entry_number(source, setting, &ranges[which], &limits->refuse_above_percent);
		break;
	case MAX_FAILURE_PERCENT:
		config_entry_number(source, setting, &ranges[which], &percent);
		limits->max_failure_percent = (uint8_t)percent;
		break;
	case MIN_FAILURES:
		config_entry_number(source, setting, &ranges[which], &limits->min_failures);
		break;
	case ON_FAILURES:
		config_entry_choice(source, setting, failures, &limits->refuse_on_failures);
		break;
	default:
		read_count_failures(source, setting, &limits->count_failures);
		break;
	}
}

bool
config_entry_read(struct config_source *source, const config_setting_t *group, const char *where,
    enum config_extra extra, struct config_entry *entry)
{
	size_t known = LIMITS + (size_t)extra;
	char in[40];
	struct text t;

	config_entry_init(entry);
	if (!config_setting_is_group(group)) {
		config_entry_blame(source, group, where, extra == CONFIG_EXTRA_NONE ?
		    "a group { }" : "a list of groups ( { name = \"...\"; }, ... )");
		return false;
	}
	entry->line = config_setting_source_line(group);
	text_init(&t, in, sizeof in);
	text_add(&t, "in ");
	text_add(&t, where);
	for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, i);
		size_t which = 0;

		while (which < known && strcmp(config_setting_name(setting), names[which]) != 0)
			which++;
		if (which == known)
			config_entry_blame_unknown(source, setting, in, names, known);
		else if (which == LIMITS)
			entry->name = setting;
		else if (which > LIMITS)
			entry->package = setting;
		else
			read_limit(source, setting, (unsigned)which, &entry->limits);
		if (which < LIMITS)
			entry->set |= 1u << which;
	}
	return true;
}

void
config_entry_inherit(struct config_entry *entry, const struct config_entry *from)
{
	struct limits *to = &entry->limits;
	const struct limits *other = &from->limits;
	unsigned missing = ~entry->set;

	if (missing & (1u << MAX_PER_HOUR))
		to->max_per_hour = other->max_per_hour;
	if (missing & (1u << REFUSE_ABOVE_PERCENT))
		to->refuse_above_percent = other->refuse_above_percent;
	if (missing & (1u << MAX_FAILURE_PERCENT))
		to->max_failure_percent = other->max_failure_percent;
	if (missing & (1u << MIN_FAILURES))
		to->min_failures = other->min_failures;
	if (missing & (1u << ON_FAILURES))
		to->refuse_on_failures = other->refuse_on_failures;
	if (missing & (1u << COUNT_FAILURES))
		to->count_failures = other->count_failures;
}
