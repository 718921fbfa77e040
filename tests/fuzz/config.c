/*
 * config - fuzzed: any text as qlimit.conf, read, judged, and compiled into the rules of a live store
 *
 * What stands behind a line of "%%" is a second file, which the first can include as "101". Both are in
 * memory; config_load() takes paths, so they are known by those of their descriptors.
 */
#include "fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "compile.h"
#include "config.h"

#define MAIN_FD 100
#define INCLUDED_FD 101
#define MAIN_PATH "/proc/self/fd/100"
#define INCLUDED_PATH "/proc/self/fd/101" /* others are whatever they are */

static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";

static void
write_file(int fd, const void *bytes, size_t n)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		int made = memfd_create("qlimit-fuzz", MFD_CLOEXEC);

		MUST(made >= 0 && dup2(made, fd) == fd && close(made) == 0);
	}
	MUST(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, n, 0) == (ssize_t)n);
}

/* "FILE:LINE: what", printable, so that it can go to a terminal and into a log line. */
static void
check_word(const char *s, unsigned lines)
{
	bool ours = s != NULL && (strncmp(s, MAIN_PATH ":", sizeof MAIN_PATH) == 0 ||
				     strncmp(s, INCLUDED_PATH ":", sizeof INCLUDED_PATH) == 0);
	unsigned long line;
	char *end;

	MUST(s != NULL);
	for (const char *c = s; *c != '\0'; c++)
		MUST(*c >= ' ' && *c <= '~');
	MUST(s[0] == '/');
	s = strchr(s, ':');
	MUST(s != NULL && isdigit((unsigned char)s[1]));
	line = strtoul(s + 1, &end, 10);
	MUST(strncmp(end, ": ", 2) == 0 && end[2] != '\0');
	MUST(line >= 1 && (line <= lines || !ours));
}

static void
check_errors(const struct config *config, unsigned lines)
{
	for (size_t i = 0; i < config->errors_count && i < CONFIG_ERRORS_MAX; i++)
		check_word(config->errors[i], lines);
	for (size_t i = 0; i < config->warnings_count && i < CONFIG_WARNINGS_MAX; i++)
		check_word(config->warnings[i], lines);
}

/* The ranges of qlimit.conf(5). */
static void
check_limits(const struct limits *l)
{
	unsigned char record[LIMITS_SIZE];
	struct limits back;

	MUST(l->max_per_hour <= 1000000000 && l->max_per_day <= 1000000000);
	MUST(l->refuse_above_percent >= 100 && l->refuse_above_percent <= 10000);
	MUST(l->max_failure_percent <= 100);
	MUST(l->min_failures >= 1 && l->min_failures <= 1000000);
	MUST(l->count_failures != 0 && (l->count_failures & ~LIMITS_COUNT_ALL) == 0);
	limits_encode(l, record);
	MUST(limits_decode(&back, record, sizeof record) && limits_equal(&back, l));
}

static void
check_path(const char *path)
{
	if (path == NULL)
		return;
	MUST(path[0] == '/' && strlen(path) <= 255);
	for (; *path != '\0'; path++)
		MUST((unsigned char)*path >= ' ' && *path != 127);
}

static void
check_key(const struct rules_key *key)
{
	char normal[METER_NAME_MAX + 1];
	const char *name = key->name;

	MUST(key->scope >= RULES_SERVER && key->scope <= RULES_ADDRESS && strlen(name) == key->length);
	switch (key->scope) {
	case RULES_DOMAIN:
	case RULES_SUBDOMAINS:
	case RULES_DESTINATION:
		MUST(key->length > 0 && strchr(name, '@') == NULL);
		break;
	case RULES_USER:
		MUST(strncmp(name, "uid:", 4) == 0 || strncmp(name, "auth:", 5) == 0 || strcmp(name, "alias") == 0);
		break;
	case RULES_ADDRESS:
		MUST(strchr(name, '@') != NULL);
		return;
	default:
		MUST(key->length == 0);
		return;
	}
	MUST(address_normalize(name, key->length, normal) == key->length || key->scope == RULES_USER);
	MUST(strcmp(normal, name) == 0 || key->scope == RULES_USER);
}

/* Besides what files of `hosted` add. */
static size_t
entries(const struct config *config)
{
	return 5 + config->domains + config->users + config->destinations;
}

static void
check_rules(const struct config *config)
{
	const struct config_rule *rules = config->rules;

	MUST(config->rules_count >= entries(config));
	MUST(config->rules_count == entries(config) || config->hosted_files[0].from > 0);
	MUST(config->settings.hosted == (config->hosted > 0));
	MUST(config->settings.destinations == (config->destinations > 0));
	MUST(rules[0].key.scope == RULES_SERVER && rules[1].key.scope == RULES_DEFAULT);
	MUST(config->settings.history_days >= 1 && config->settings.history_days <= 3660);
	MUST(config->settings.max_meters >= 100 && config->settings.max_meters <= 1000000);
	MUST(config->deadline_ms >= 100 && config->deadline_ms <= 60000);
	check_path(config->state);
	check_path(config->remote);
	check_path(config->notify);
	MUST(config->notify_timeout_s >= 1 && config->notify_timeout_s <= 600);
	MUST(config->warn_percent >= 1 && config->warn_percent <= 100);
	for (size_t i = 0; i < config->filters_count; i++)
		MUST(strlen(config->filters[i]) > 0 && strlen(config->filters[i]) <= HEAD_FILTER_MAX);
	for (size_t i = 0; i < config->rules_count; i++) {
		check_limits(&rules[i].limits);
		MUST(rules[i].file != NULL);
		check_key(&rules[i].key);
		if (i > 0 && rules[i].key.scope == rules[i - 1].key.scope)
			MUST(strcmp(rules[i - 1].key.name, rules[i].key.name) < 0);
		MUST(i == 0 || rules[i].key.scope >= rules[i - 1].key.scope);
	}
}

/* --- into a store and back --- */

static void
ignore_change(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	MUST(key->length <= METER_NAME_MAX && (before != NULL || now != NULL));
}

/* Every meter with a name must find the limits that stand in the text. */
static void
find_rules(struct store *s, const struct config *config)
{
	static const enum meter_kind kinds[RULES_ADDRESS + 1] = { [RULES_DOMAIN] = METER_DOMAIN,
		[RULES_USER] = METER_USER, [RULES_DESTINATION] = METER_DESTINATION };
	struct info info;

	MUST(store_begin(s, true) == 0 && store_info_get(s, &info) == 1);
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct config_rule *rule = &config->rules[i];
		struct limits found;
		struct meter meter;

		MUST(store_rule_get(s, info.generation, &rule->key, &found) == 1);
		MUST(limits_equal(&found, &rule->limits));
		if (kinds[rule->key.scope] == 0)
			continue;
		meter_set(&meter, kinds[rule->key.scope], rule->key.name);
		MUST(store_limits_find(s, info.generation, &meter, &found) == 1);
		MUST(limits_equal(&found, &rule->limits));
	}
	store_rollback(s);
}

static void
compile_twice(const struct config *config)
{
	struct compile c = { .boot = boot, .now = 1795282200, .config = config,
		.told = ignore_change };

	c.live = store_memory_new();
	MUST(c.live != NULL && compile_rules(&c) == 0);
	MUST(c.changes.added == config->rules_count && c.changes.removed == 0);
	find_rules(c.live, config);
	MUST(compile_rules(&c) == 0);
	MUST(c.changes.same == config->rules_count && c.changes.added == 0);
	MUST(c.changes.changed == 0 && c.changes.removed == 0);
	store_close(c.live);
}

/* --- written out plainly, and read again --- */

static void
write_limits(FILE *f, const struct limits *l)
{
	(void)fprintf(f, "max_per_hour = %u; max_per_day = %u; refuse_above_percent = %u; max_failure_percent = %u;\n"
	    "min_failures = %u; on_failures = \"%s\"; count = \"%s\"; count_failures = (", l->max_per_hour,
	    l->max_per_day, l->refuse_above_percent, l->max_failure_percent, l->min_failures,
	    l->refuse_on_failures ? "refuse" : "defer", l->count_messages ? "messages" : "recipients");
	(void)fprintf(f, "%s%s%s%s );", l->count_failures & LIMITS_COUNT(OUTCOME_FAILED) ?
	    " \"failed\"," : "", l->count_failures & LIMITS_COUNT(OUTCOME_DEFERRED) ?
	    " \"deferred\"," : "", l->count_failures & LIMITS_COUNT(OUTCOME_UNREACHED) ?
	    " \"unreached\"," : "", l->count_failures & LIMITS_COUNT_RETURNED ? " \"returned\"," : "");
	(void)fprintf(f, "%s%s }", l->exempt ? " exempt = true;" : "",
	    l->runs_smtpd ? " runs_smtpd = true;" : "");
}

static void
write_string(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s != '\0'; s++)
		(void)fprintf(f, "\\x%02x", (unsigned char)*s);
	(void)fputc('"', f);
}

static void
write_name(FILE *f, const struct rules_key *key)
{
	bool uid = strncmp(key->name, "uid:", 4) == 0, auth = strncmp(key->name, "auth:", 5) == 0;

	if (key->scope == RULES_USER && uid) {
		(void)fprintf(f, "uid = %s; ", key->name + 4);
		return;
	}
	(void)fprintf(f, key->scope == RULES_USER && auth ? "auth = " : "name = ");
	if (key->scope == RULES_SUBDOMAINS)
		(void)fprintf(f, "\".\" ");
	write_string(f, key->name + (key->scope == RULES_USER && auth ? 5 : 0));
	(void)fprintf(f, "; ");
}

/* The entries of one list: rules of two scopes. */
static void
write_list(FILE *f, const struct config *config, const char *name, enum rules_scope one, enum rules_scope other)
{
	bool more = false;

	(void)fprintf(f, ";\n%s = (", name);
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (rule->key.scope != one && rule->key.scope != other)
			continue;
		(void)fprintf(f, "%s\n{ ", more ? "," : "");
		write_name(f, &rule->key);
		write_limits(f, &rule->limits);
		more = true;
	}
	(void)fprintf(f, " )");
}

static void
write_filters(FILE *f, const struct config *config)
{
	(void)fprintf(f, "trusted_received = (");
	for (size_t i = 0; i < config->filters_count; i++) {
		(void)fprintf(f, i > 0 ? ", " : " ");
		write_string(f, config->filters[i]);
	}
	(void)fprintf(f, " );\n");
}

/* libconfig 1.5 knows no comma behind the last one. */
static void
drop_last_commas(char *text)
{
	for (char *s = text; (s = strstr(s, ", )")) != NULL; s++)
		*s = ' ';
}

static size_t
write_out(const struct config *config, char **text)
{
	static const char *const groups[RULES_ADDRESS + 1] = { [RULES_SERVER] = "server",
		[RULES_DEFAULT] = "default", [RULES_BOUNCES] = "bounces", [RULES_FOREIGN] = "foreign",
		[RULES_USER_DEFAULT] = "user_default" };
	size_t n = 0;
	FILE *f = open_memstream(text, &n);

	MUST(f != NULL);
	(void)fprintf(f, "mode = \"%s\"; on_error = \"%s\"; deadline_ms = %u; history_days = %u;\n"
	    "max_meters = %u; notify_timeout = %u; warn_percent = %u; smtp_auth = \"%s\"",
	    config->settings.observe ? "observe" : "enforce",
	    config->defer_on_error ? "defer" : "deliver", config->deadline_ms,
	    config->settings.history_days, config->settings.max_meters, config->notify_timeout_s,
	    config->warn_percent, config->smtp_auth ? "received" : "none");
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (groups[rule->key.scope] == NULL)
			continue;
		(void)fprintf(f, ";\n%s = { ", groups[rule->key.scope]);
		write_limits(f, &rule->limits);
	}
	write_list(f, config, "domains", RULES_DOMAIN, RULES_SUBDOMAINS);
	write_list(f, config, "users", RULES_USER, RULES_USER);
	write_list(f, config, "destinations", RULES_DESTINATION, RULES_DESTINATION);
	(void)fprintf(f, ";\n");
	write_filters(f, config);
	(void)fclose(f);
	drop_last_commas(*text);
	return n;
}

static void
read_again(const struct config *config)
{
	struct config *again;
	char *text = NULL;
	size_t n = write_out(config, &text);

	write_file(MAIN_FD, text, n);
	free(text);
	again = config_load(MAIN_PATH);
	MUST(again != NULL && again->errors_count == 0);
	MUST(again->rules_count == config->rules_count);
	MUST(again->settings.observe == config->settings.observe);
	MUST(again->settings.history_days == config->settings.history_days);
	MUST(again->defer_on_error == config->defer_on_error);
	MUST(again->settings.max_meters == config->settings.max_meters);
	MUST(again->deadline_ms == config->deadline_ms && again->smtp_auth == config->smtp_auth);
	MUST(again->notify_timeout_s == config->notify_timeout_s && again->warn_percent == config->warn_percent);
	MUST(again->filters_count == config->filters_count);
	for (size_t i = 0; i < config->filters_count; i++)
		MUST(strcmp(again->filters[i], config->filters[i]) == 0);
	for (size_t i = 0; i < config->rules_count; i++) {
		MUST(again->rules[i].key.scope == config->rules[i].key.scope);
		MUST(strcmp(again->rules[i].key.name, config->rules[i].key.name) == 0);
		MUST(limits_equal(&again->rules[i].limits, &config->rules[i].limits));
	}
	config_free(again);
}

static const uint8_t *
find_second(const uint8_t *data, size_t size)
{
	return memmem(data, size, "\n%%\n", 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *second = find_second(data, size);
	size_t n = second != NULL ? (size_t)(second - data) + 1 : size;
	unsigned lines = 2;
	struct config *config;

	/* What is hosted is asked of no file but those that the text names; see hosted.c. */
	MUST(setenv("QLIMIT_CONTROL", "/nonexistent", 1) == 0);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	write_file(MAIN_FD, data, n);
	write_file(INCLUDED_FD, second != NULL ? data + n + 3 : data,
	    second != NULL ? size - n - 3 : 0);
	config = config_load(MAIN_PATH);
	MUST(config != NULL);
	check_errors(config, lines);
	if (config->errors_count == 0) {
		check_rules(config);
		compile_twice(config);
		/* With names from other files it would be another one. */
		if (config->rules_count == entries(config))
			read_again(config);
	}
	config_free(config);
	return 0;
}
