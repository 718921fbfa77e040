/*
 * hosted - fuzzed: any bytes as rcpthosts, virtualdomains and locals; who is hosted is judged by a second
 * reading of them, line by line for every name, as qmail does it
 *
 * Lines of "%%" stand between the three files. Some domains are hosted by qlimit.conf itself.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "address.h"
#include "config.h"

#define FILES 3
#define NAMES 300
#define LINE_MAX_BYTES 600

static const char *const files[FILES] = { "rcpthosts", "virtualdomains", "locals" };
static const char conf[] = "domains = ( { name = \"x.a\"; max_per_hour = 1; }, { name = \".b\"; max_per_hour = 2; } );";

static char directory[] = "/tmp/qlimit-fuzz-hosted.XXXXXX";
static bool started;

struct part {
	const char *bytes;
	size_t n;
};

static void
write_file(const char *name, const char *bytes, size_t n)
{
	char path[100];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

/* The next line that says something, without the blanks behind it; false at the end. */
static bool
next_line(struct part *p, char *line, size_t *n)
{
	while (p->n > 0) {
		const char *end = memchr(p->bytes, '\n', p->n);
		size_t length = end != NULL ? (size_t)(end - p->bytes) : p->n;
		const char *start = p->bytes;

		p->bytes += end != NULL ? length + 1 : length;
		p->n -= end != NULL ? length + 1 : length;
		while (length > 0 && strchr(" \t\r", start[length - 1]) != NULL && start[length - 1] != '\0')
			length--;
		if (length == 0 || *start == '#' || length >= LINE_MAX_BYTES || memchr(start, '\0', length) != NULL)
			continue;
		memcpy(line, start, length);
		line[length] = '\0';
		*n = length;
		return true;
	}
	return false;
}

/* The domain or wildcard that `s` is, in normal form with its dot; false if it can be none. */
static bool
normal(const char *s, bool wildcards, char *out)
{
	size_t dot = wildcards && *s == '.', n;

	out[0] = '.';
	n = address_normalize(s + dot, strlen(s + dot), out + dot);
	if (n == 0 || out[dot] == '.' || out[dot + n - 1] == '.' || strstr(out + dot, "..") != NULL)
		return false;
	for (const char *c = out + dot; *c != '\0'; c++)
		if ((unsigned char)*c < 128 && strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *c) == NULL)
			return false;
	return true;
}

/* What a file says of exactly this name: 0 nothing, 1 hosted, 2 an exception and no more. */
static int
says(struct part p, unsigned file, const char *name)
{
	char line[LINE_MAX_BYTES], found[ADDRESS_DOMAIN_MAX + 2];
	int said = 0;
	size_t n;

	while (next_line(&p, line, &n)) {
		char *colon = file == 1 ? strchr(line, ':') : NULL;
		int this = colon == NULL || colon[1] != '\0' ? 1 : 2;

		if (file == 1 && colon == NULL)
			continue;
		if (colon != NULL)
			*colon = '\0';
		if (normal(line, file != 2, found) && strcmp(found, name) == 0 && said != 1)
			said = this;
	}
	return said;
}

/* As qmail-smtpd and qmail-send look a domain up, and qlimit.conf besides. */
static bool
is_hosted(const struct part *parts, const char *domain)
{
	size_t n = strlen(domain);
	int virtual = 0;

	if (strcmp(domain, "x.a") == 0 || (n > 2 && strcmp(domain + n - 2, ".b") == 0))
		return true;
	for (const char *s = domain; s != NULL; s = strchr(s + 1, '.')) {
		if (says(parts[0], 0, s) == 1)
			return true;
		if (virtual == 0)
			virtual = says(parts[1], 1, s);
	}
	return virtual == 1 || says(parts[2], 2, domain) == 1;
}

static const struct config_rule *
find(const struct config *config, const char *domain)
{
	struct rules_key key;
	struct meter meter;

	meter_set(&meter, METER_DOMAIN, domain);
	for (unsigned step = 0; rules_key_for(&key, &meter, step); step++)
		for (size_t i = 0; i < config->rules_count; i++)
			if (config->rules[i].key.scope == key.scope &&
			    strcmp(config->rules[i].key.name, key.name) == 0)
				return &config->rules[i];
	MUST(false);
	return NULL;
}

static void
judge(const struct config *config, const struct part *parts, const char *domain)
{
	const struct config_rule *rule = find(config, domain);
	size_t n = strlen(domain);
	unsigned limit = n > 2 && strcmp(domain + n - 2, ".b") == 0 ? 2 : strcmp(domain, "x.a") == 0;

	MUST(rule->limits.named == is_hosted(parts, domain));
	MUST(rule->limits.max_per_hour == limit);
}

/* Every name that stands anywhere, and one below it. */
static void
judge_all(const struct config *config, const struct part *parts)
{
	char line[LINE_MAX_BYTES], name[ADDRESS_DOMAIN_MAX + 2], below[ADDRESS_DOMAIN_MAX + 2];
	unsigned names = 0;
	size_t n;

	for (unsigned i = 0; i < FILES; i++) {
		struct part p = parts[i];

		while (next_line(&p, line, &n) && names++ < NAMES) {
			char *colon = strchr(line, ':');

			if (colon != NULL)
				*colon = '\0';
			if (!normal(line, true, name))
				continue;
			judge(config, parts, name + (name[0] == '.'));
			if (snprintf(below, sizeof below, "w%s%s", name[0] == '.' ? "" : ".", name) <= ADDRESS_DOMAIN_MAX)
				judge(config, parts, below);
		}
	}
}

static void
check_rules(const struct config *config)
{
	for (size_t i = 1; i < config->rules_count; i++) {
		const struct config_rule *a = &config->rules[i - 1], *b = &config->rules[i];

		MUST(a->key.scope < b->key.scope ||
		    (a->key.scope == b->key.scope && strcmp(a->key.name, b->key.name) < 0));
		MUST(b->file != NULL && strlen(b->key.name) == b->key.length);
	}
	for (size_t i = 0; i < config->warnings_count && i < CONFIG_WARNINGS_MAX; i++)
		for (const char *c = config->warnings[i]; *c != '\0'; c++)
			MUST(*c >= ' ' && *c <= '~');
}

static void
start(void)
{
	started = true;
	MUST(mkdtemp(directory) != NULL && setenv("QLIMIT_CONTROL", directory, 1) == 0);
	write_file("q.conf", conf, strlen(conf));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct part parts[FILES] = { { NULL, 0 } };
	const char *at = (const char *)data, *end = at + size;
	struct config *config;
	char path[100];

	if (!started)
		start();
	for (unsigned i = 0; i < FILES; i++) {
		const char *next = i + 1 < FILES ? memmem(at, (size_t)(end - at), "%%\n", 3) : NULL;

		parts[i] = (struct part){ at, (size_t)((next != NULL ? next : end) - at) };
		at = next != NULL ? next + 3 : end;
		write_file(files[i], parts[i].bytes, parts[i].n);
	}
	(void)snprintf(path, sizeof path, "%s/q.conf", directory);
	config = config_load(path);
	MUST(config != NULL && config->errors_count == 0);
	check_rules(config);
	judge_all(config, parts);
	config_free(config);
	return 0;
}
