/* config - qlimit.conf read and checked */
#include "config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_domains.h"
#include "config_entry.h"
#include "config_hosted.h"
#include "config_rules.h"
#include "config_scan.h"
#include "config_users.h"
#include "config_value.h"
#include "essentials.h"
#include "place.h"

#define TRIES 3
/* The state directory's path leaves room for the names of the files in it. */
#define STATE_MAX (PLACE_PATH_MAX - 32)

enum top {
	MODE,
	ON_ERROR,
	DEADLINE_MS,
	STATE,
	REMOTE,
	HISTORY_DAYS,
	MAX_METERS,
	COUNT,
	HOSTED,
	TRUSTED_RECEIVED,
	SMTP_AUTH,
	NOTIFY,
	NOTIFY_TIMEOUT,
	WARN_PERCENT,
	DEFAULT,
	SERVER,
	BOUNCES,
	FOREIGN,
	USER_DEFAULT,
	PACKAGES,
	DOMAINS,
	USERS,
	DESTINATIONS,
	TOPS
};

static const char *const names[TOPS] = {
	[MODE] = "mode",
	[ON_ERROR] = "on_error",
	[DEADLINE_MS] = "deadline_ms",
	[STATE] = "state",
	[REMOTE] = "remote",
	[HISTORY_DAYS] = "history_days",
	[MAX_METERS] = "max_meters",
	[COUNT] = "count",
	[HOSTED] = "hosted",
	[TRUSTED_RECEIVED] = "trusted_received",
	[SMTP_AUTH] = "smtp_auth",
	[NOTIFY] = "notify",
	[NOTIFY_TIMEOUT] = "notify_timeout",
	[WARN_PERCENT] = "warn_percent",
	[DEFAULT] = "default",
	[SERVER] = "server",
	[BOUNCES] = "bounces",
	[FOREIGN] = "foreign",
	[USER_DEFAULT] = "user_default",
	[PACKAGES] = "packages",
	[DOMAINS] = "domains",
	[USERS] = "users",
	[DESTINATIONS] = "destinations",
};

static const char *const modes[] = { "enforce", "observe" };
static const char *const on_error[] = { "deliver", "defer" };
static const char *const smtp_auth[] = { "none", "received" };
static const struct config_range deadline_ms = { 100, 60000 };
static const struct config_range history_days = { 1, 3660 };
static const struct config_range max_meters = { 100, RULES_MAX_METERS_MOST };
static const struct config_range notify_timeout = { 1, ESSENTIALS_NOTIFY_TIMEOUT_MOST };
static const struct config_range warn_percent = { 1, 100 };

static void
read_path(struct config_source *source, const config_setting_t *setting, size_t most,
    const char **path)
{
	const char *s = config_value_string(source, setting);
	char allowed[80];
	struct text t;

	if (s == NULL)
		return;
	if (place_is_path(s, most)) {
		*path = config_source_keep(source, s);
		return;
	}
	text_init(&t, allowed, sizeof allowed);
	text_add(&t, "an absolute path of at most ");
	text_add_number(&t, most);
	text_add(&t, " bytes");
	config_value_blame(source, setting, config_setting_name(setting), allowed);
}

static bool
is_filter(const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n >= 1 && n <= HEAD_FILTER_MAX;
}

static void
read_filters(struct config_source *source, const config_setting_t *setting)
{
	struct config *config = source->config;
	unsigned count = (unsigned)config_setting_length(setting);

	if (config_setting_is_group(setting) || !config_setting_is_aggregate(setting) ||
	    count > HEAD_FILTERS_MAX) {
		config_value_blame(source, setting, names[TRUSTED_RECEIVED],
		    "a list of at most 8 texts ( \"...\", ... )");
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *filter = config_setting_get_elem(setting, i);
		const char *s = config_setting_get_string(filter);

		if (is_filter(s))
			config->filters[config->filters_count++] = config_source_keep(source, s);
		else
			config_value_blame(source, filter, names[TRUSTED_RECEIVED],
			    "a list of texts of 1 to 80 printable ASCII characters");
	}
}

/* Settings that are not groups; `base` takes what every group of limits begins with. */
static void
read_setting(struct config_source *source, const config_setting_t *setting, enum top which,
    struct config_entry *base)
{
	struct config *config = source->config;
	uint32_t days = config->settings.history_days;

	switch (which) {
	case MODE:
		config_value_choice(source, setting, modes, &config->settings.observe);
		break;
	case ON_ERROR:
		config_value_choice(source, setting, on_error, &config->defer_on_error);
		break;
	case DEADLINE_MS:
		config_value_number(source, setting, &deadline_ms, &config->deadline_ms);
		break;
	case STATE:
		read_path(source, setting, STATE_MAX, &config->state);
		break;
	case REMOTE:
		read_path(source, setting, PLACE_PATH_MAX, &config->remote);
		config->remote_from = config_setting_source_line(setting);
		break;
	case HISTORY_DAYS:
		config_value_number(source, setting, &history_days, &days);
		config->settings.history_days = (uint16_t)days;
		break;
	case MAX_METERS:
		config_value_number(source, setting, &max_meters, &config->settings.max_meters);
		break;
	case COUNT:
		config_entry_count(source, setting, &base->limits.count_messages);
		base->from[LIMITS_UNIT] = config_setting_source_line(setting);
		break;
	case TRUSTED_RECEIVED:
		read_filters(source, setting);
		break;
	case SMTP_AUTH:
		config_value_choice(source, setting, smtp_auth, &config->smtp_auth);
		break;
	case NOTIFY:
		read_path(source, setting, PLACE_PATH_MAX, &config->notify);
		config->notify_from = config_setting_source_line(setting);
		break;
	case NOTIFY_TIMEOUT:
		config_value_number(source, setting, &notify_timeout, &config->notify_timeout_s);
		break;
	case WARN_PERCENT:
		config_value_number(source, setting, &warn_percent, &config->warn_percent);
		break;
	default:
		break;
	}
}

/* A group of limits that stands alone, where it is written; all else in it is as in `from`. */
static void
read_group(struct config_source *source, const config_setting_t *const *top, enum top which,
    const struct config_entry *from, struct config_entry *entry)
{
	config_entry_init(entry);
	if (top[which] != NULL)
		(void)config_entry_read(source, top[which], names[which], CONFIG_GROUP, entry);
	config_entry_inherit(entry, from);
}

static void
compile_groups(struct config_source *source, const config_setting_t *const *top,
    const struct config_entry *base)
{
	struct config_entry others, users, entry;

	read_group(source, top, SERVER, base, &entry);
	config_rules_add_entry(source, RULES_SERVER, "", &entry);
	read_group(source, top, DEFAULT, base, &others);
	config_rules_add_entry(source, RULES_DEFAULT, "", &others);
	read_group(source, top, BOUNCES, &others, &entry);
	config_rules_add_entry(source, RULES_BOUNCES, "", &entry);
	read_group(source, top, FOREIGN, &others, &entry);
	config_rules_add_entry(source, RULES_FOREIGN, "", &entry);
	read_group(source, top, USER_DEFAULT, base, &users);
	config_rules_add_entry(source, RULES_USER_DEFAULT, "", &users);
	config_domains_compile(source, &others, top[PACKAGES], top[DOMAINS]);
	config_users_compile(source, &users, top[USERS]);
	if (source->config->notify != NULL)
		config_users_exempt(source, config_setting_source_line(top[NOTIFY]));
	config_domains_destinations(source, base, top[DESTINATIONS]);
	config_hosted_files(source, top[HOSTED]);
}

static void
compile(struct config_source *source, const config_setting_t *root)
{
	const config_setting_t *top[TOPS] = { NULL };
	struct config_entry base;

	config_entry_init(&base);
	for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++) {
		const config_setting_t *setting = config_setting_get_elem(root, i);
		unsigned which = 0;

		while (which < TOPS && strcmp(config_setting_name(setting), names[which]) != 0)
			which++;
		if (which == TOPS) {
			config_value_blame_unknown(source, setting, "at the top level", names,
			    TOPS);
			continue;
		}
		top[which] = setting;
		read_setting(source, setting, (enum top)which, &base);
	}
	compile_groups(source, top, &base);
}

static void
parse(struct config_source *source)
{
	config_t parsed;
	struct text *t;
	unsigned line;
	bool understood;

	config_init(&parsed);
	understood = config_read_string(&parsed, source->text) == CONFIG_TRUE;
	config_source_drop(source);
	if (understood) {
		compile(source, config_root_setting(&parsed));
	} else {
		line = (unsigned)config_error_line(&parsed);
		t = config_source_blame(source, line);
		text_add(t, config_error_text(&parsed));
		config_source_blamed(source, line);
	}
	config_destroy(&parsed);
	/* Not before: of many domains libconfig's tree is the largest part. */
	if (!source->no_memory)
		config_rules_finish(source);
	if (!source->no_memory)
		config_hosted_add(source);
}

static void
blame_change(struct config_source *source)
{
	text_add(config_source_blame(source, 1),
	    "the configuration must not change while it is read, and did");
	config_source_blamed(source, 1);
}

/* Reads all of it once; NULL if there is no memory. */
static struct config *
read_once(const char *path, bool last)
{
	struct config *config = calloc(1, sizeof *config);
	struct config_source source;
	bool no_memory;

	if (config == NULL)
		return NULL;
	config->deadline_ms = 2000;
	config->notify_timeout_s = ESSENTIALS_NOTIFY_TIMEOUT;
	config->warn_percent = ESSENTIALS_WARN_PERCENT;
	rules_settings_init(&config->settings);
	config_source_init(&source, config);
	config_scan(&source, path);
	if (!source.no_memory)
		parse(&source);
	if (last && !watch_list_is_current(&config->watched))
		blame_change(&source);
	no_memory = source.no_memory;
	config_source_drop(&source);
	if (no_memory) {
		config_free(config);
		errno = ENOMEM;
		return NULL;
	}
	return config;
}

struct config *
config_load(const char *path)
{
	struct config *config = read_once(path, false);

	for (int try = 2; config != NULL && try <= TRIES; try++) {
		if (watch_list_is_current(&config->watched))
			return config;
		config_free(config);
		config = read_once(path, try == TRIES);
	}
	return config;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < CONFIG_ERRORS_MAX; i++)
		free(config->errors[i]);
	config_source_forget(config);
	free(config->rules);
	free(config);
}
