/* harness_parse - configurations written and read in a directory of their own */
#include "harness_parse.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[128];

void
harness_parse_start(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(directory, sizeof directory, "%s/config.XXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	/* This machine may have a qmail of its own. */
	ck_assert_int_eq(mkdir(harness_parse_path("control"), 0755), 0);
	ck_assert_int_eq(setenv("QLIMIT_CONTROL", harness_parse_path("control"), 1), 0);
}

const char *
harness_parse_path(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

void
harness_parse_write(const char *name, const char *bytes, size_t n)
{
	FILE *f = fopen(harness_parse_path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

struct config *
harness_parse(const char *text)
{
	struct config *config;

	harness_parse_write("q.conf", text, strlen(text));
	config = config_load(harness_parse_path("q.conf"));
	ck_assert_ptr_nonnull(config);
	return config;
}

const char *
harness_parse_errors(const struct config *config)
{
	static char all[16384];
	size_t used = 0, n = strlen(directory);

	for (size_t i = 0; i < config->errors_count && i < CONFIG_ERRORS_MAX; i++) {
		const char *s = config->errors[i];

		for (; *s != '\0'; s++)
			if (strncmp(s, directory, n) == 0 && s[n] == '/')
				s += n;
			else
				all[used++] = *s;
		all[used++] = '\n';
	}
	all[used] = '\0';
	return all;
}

const char *
harness_parse_rules(const struct config *config)
{
	static const char *const scopes[] = { "?", "server", "default", "", ".", "bounces", "foreign", "user ",
		"user_default", "destination ", "address " };
	static char all[16384];
	size_t used = 0;

	all[0] = '\0';
	for (size_t i = 2; i < config->rules_count; i++) {
		const struct config_rule *r = &config->rules[i];
		const struct limits *l = &r->limits;

		if (r->line == 0)
			continue;
		used += (size_t)snprintf(all + used, sizeof all - used, "%s%s %u/%u%s%s%s%s @%s:%u\n",
		    scopes[r->key.scope], r->key.name, l->max_per_hour, l->max_per_day,
		    l->count_messages ? " messages" : "", l->exempt ? " exempt" : "",
		    l->runs_smtpd ? " smtpd" : "", l->named ? "" : " unnamed", strrchr(r->file, '/') + 1, r->line);
		ck_assert_uint_lt(used, sizeof all);
	}
	return all;
}
