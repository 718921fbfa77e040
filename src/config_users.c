/* config_users - users of qlimit.conf made into rules */
#include "config_users.h"

#include <libconfig.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "config_rules.h"
#include "config_value.h"
#include "head.h"
#include "place.h"

/* The one whom qmail-queue calls by name in line 1. */
#define ALIAS "alias"

/* Room for a user's key: "auth:" and a name, "uid:" and a number. */
#define KEY_SIZE (METER_NAME_MAX + 1)

static const struct config_range uids = { 0, 4294967294 };

static bool
read_uid(struct config_source *source, const config_setting_t *setting, struct text *key)
{
	uint32_t uid = UINT32_MAX;

	config_value_number(source, setting, &uids, &uid);
	text_add(key, "uid:");
	text_add_number(key, uid);
	return uid != UINT32_MAX;
}

static bool
read_name(struct config_source *source, const config_setting_t *setting, struct text *key)
{
	const char *name = config_value_string(source, setting);
	const struct passwd *user;

	if (name == NULL)
		return false;
	if (strcmp(name, ALIAS) == 0) {
		text_add(key, ALIAS);
		return true;
	}
	user = getpwnam(name);
	if (user == NULL) {
		config_value_blame(source, setting, "name", "a user that getpwnam(3) finds");
		return false;
	}
	text_add(key, "uid:");
	text_add_number(key, user->pw_uid);
	return true;
}

static bool
read_auth(struct config_source *source, const config_setting_t *setting, struct text *key)
{
	const char *name = config_value_string(source, setting);
	size_t n = name != NULL ? strlen(name) : 0;
	bool good = n > 0 && n <= HEAD_AUTH_MAX;

	text_add(key, "auth:");
	for (size_t i = 0; good && i < n; i++) {
		char c = text_lower(name[i]);

		good = c > ' ' && c <= '~';
		text_add_bytes(key, &c, 1);
	}
	if (name != NULL && !good)
		config_value_blame(source, setting, "auth", "1 to 200 printable ASCII characters, no blank");
	return good;
}

static void
blame_which(struct config_source *source, const struct config_entry *entry, int count)
{
	struct text *t = config_source_blame(source, entry->line);

	text_add(t, "each entry of users must have one of uid, name and auth, found ");
	text_add(t, count == 0 ? "none" : "more");
	config_source_blamed(source, entry->line);
}

static void
read_user(struct config_source *source, const struct config_entry *others, const config_setting_t *group)
{
	const config_setting_t *uid, *name, *auth, *runs_smtpd;
	struct config_entry entry;
	char key_data[KEY_SIZE];
	struct text key;
	int count;

	if (!config_entry_read(source, group, "users", CONFIG_OF_USERS, &entry))
		return;
	config_entry_inherit(&entry, others);
	uid = entry.setting[CONFIG_UID];
	name = entry.setting[CONFIG_NAME];
	auth = entry.setting[CONFIG_AUTH];
	runs_smtpd = entry.setting[CONFIG_RUNS_SMTPD];
	count = (uid != NULL) + (name != NULL) + (auth != NULL);
	if (count != 1) {
		blame_which(source, &entry, count);
		return;
	}
	if (auth != NULL && runs_smtpd != NULL)
		config_value_blame(source, runs_smtpd, "runs_smtpd", "in an entry with uid or name");
	text_init(&key, key_data, sizeof key_data);
	if (uid != NULL ? read_uid(source, uid, &key) : name != NULL ? read_name(source, name, &key) :
	    read_auth(source, auth, &key))
		config_rules_add_entry(source, RULES_USER, key_data, &entry);
}

void
config_users_compile(struct config_source *source, const struct config_entry *others,
    const config_setting_t *list)
{
	unsigned length = config_rules_length(source, list);

	for (unsigned i = 0; i < length && !source->no_memory; i++)
		read_user(source, others, config_setting_get_elem(list, i));
	source->config->users = length;
}

/* The directory that a load of this configuration would use; false if it is not there yet. */
static bool
find_owner(const struct config *config, uid_t *owner)
{
	struct place place;
	struct stat st;

	place_init(&place);
	if (stat(place.state_is_set || config->state == NULL ? place.state : config->state, &st) == -1)
		return false;
	*owner = st.st_uid;
	return true;
}

static bool
has_entry(const struct config *config, const char *user)
{
	for (size_t i = 0; i < config->rules_count; i++)
		if (config->rules[i].key.scope == RULES_USER && strcmp(config->rules[i].key.name, user) == 0)
			return true;
	return false;
}

void
config_users_exempt(struct config_source *source, unsigned line)
{
	struct config_entry entry;
	char user[KEY_SIZE];
	struct text t;
	uid_t owner;

	if (!find_owner(source->config, &owner))
		return;
	text_init(&t, user, sizeof user);
	text_add(&t, "uid:");
	text_add_number(&t, owner);
	if (has_entry(source->config, user))
		return;
	config_entry_init(&entry);
	entry.line = entry.from[LIMITS_EXEMPT] = line;
	entry.limits.exempt = true;
	config_rules_add_entry(source, RULES_USER, user, &entry);
	source->config->notify_user = config_source_keep(source, user);
}
