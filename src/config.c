/* config - qlimit.conf read and checked */
#include "config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_domains.h"
#include "config_entry.h"
#include "config_scan.h"
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
	DEFAULT,
	SERVER,
	PACKAGES,
	DOMAINS,
	TOPS
};

static const char *const names[TOPS] = {
	[MODE] = "mode",
	[ON_ERROR] = "on_error",
	[DEADLINE_MS] = "deadline_ms",
	[STATE] = "state",
	[REMOTE] = "remote",
	[HISTORY_DAYS] = "history_days",
	[DEFAULT] = "default",
	[SERVER] = "server",
	[PACKAGES] = "packages",
	[DOMAINS] = "domains",
};

static const char *const modes[] = { "enforce", "observe" };
static const char *const on_error[] = { "deliver", "defer" };
static const struct config_range deadline_ms = { "deadline_ms", 100, 60000 };
static const struct config_range history_days = { "history_days", 1, 3660 };

/* Printed as they are in messages and written to a file of lines: nothing below a blank. */
static bool
is_path(const char *s, size_t most)
{
	if (s[0] != '/' || strlen(s) > most)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

static void
read_path(struct config_source *source, const config_setting_t *setting, size_t most,
    const char **path)
{
	const char *s = config_entry_string(source, setting);
	char allowed[80];
	struct text t;

	if (s == NULL)
		return;
	if (is_path(s, most)) {
		*path = config_source_keep(source, s);
		return;
	}
	text_init(&t, allowed, sizeof allowed);
	text_add(&t, "an absolute path of at most ");
	text_add_number(&t, most);
	text_add(&t, " bytes");
	config_entry_blame(source, setting, config_setting_name(setting), allowed);
}

static void
read_setting(struct config_source *source, const config_setting_t *setting, enum top which)
{
	struct config *config = source->config;
	uint32_t days = config->settings.history_days;

	switch (which) {
	case MODE:
		config_entry_choice(source, setting, modes, &config->settings.observe);
		break;
	case ON_ERROR:
		config_entry_choice(source, setting, on_error, &config->defer_on_error);
		break;
	case DEADLINE_MS:
		config_entry_number(source, setting, &deadline_ms, &config->deadline_ms);
		break;
	case STATE:
		read_path(source, setting, STATE_MAX, &config->state);
		break;
	case REMOTE:
		read_path(source, setting, PLACE_PATH_MAX, &config->remote);
		break;
	case HISTORY_DAYS:
		config_entry_number(source, setting, &history_days, &days);
		config->settings.history_days = (uint16_t)days;
		break;
	default:
		break;
	}
}

static void
compile(struct config_source *source, const config_setting_t *root)
{
	const config_setting_t *top[TOPS] = { NULL };
	struct config_entry server, others;

	for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++) {
		const config_setting_t *setting = config_setting_get_elem(root, i);
		unsigned which = 0;

		while (which < TOPS && strcmp(config_setting_name(setting), names[which]) != 0)
			which++;
		if (which == TOPS) {
			config_entry_blame_unknown(source, setting, "at the top level", names,
			    TOPS);
			continue;
		}
		top[which] = setting;
		read_setting(source, setting, (enum top)which);
	}
	config_entry_init(&server);
	config_entry_init(&others);
	if (top[SERVER] != NULL)
		(void)config_entry_read(source, top[SERVER], names[SERVER], CONFIG_EXTRA_NONE,
		    &server);
	if (top[DEFAULT] != NULL)
		(void)config_entry_read(source, top[DEFAULT], names[DEFAULT], CONFIG_EXTRA_NONE,
		    &others);
	config_domains_compile(source, &server, &others, top[PACKAGES], top[DOMAINS]);
}

static void
parse(struct config_source *source)
{
	config_t parsed;
	struct text *t;
	unsigned line;

	config_init(&parsed);
	if (config_read_string(&parsed, source->text)) {
		compile(source, config_root_setting(&parsed));
	} else {
		line = (unsigned)config_error_line(&parsed);
		t = config_source_blame(source, line);
		text_add(t, config_error_text(&parsed));
		config_source_blamed(source, line);
	}
	config_destroy(&parsed);
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
	config->settings.history_days = 90;
	config_source_init(&source, config);
	config_scan(&source, path);
	if (!source.no_memory)
		parse(&source);
	if (last && !watch_list_is_current(&config->watched))
		blame_change(&source);
	no_memory = source.no_memory;
	config_source_end(&source);
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
