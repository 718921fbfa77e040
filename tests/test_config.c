/* test_config - what qlimit.conf may hold, and which files it is made of */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_parse.h"
#include "suites.h"

#define MANY 5000

static const char *
rules_of(const struct config *config)
{
	static char all[4096];
	static const char *const scopes[] = { "?", "server", "default", "", "." };
	size_t used = 0;

	all[0] = '\0';
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct config_rule *r = &config->rules[i];
		const struct limits *l = &r->limits;

		/* Groups of which nothing is written: test_config_payers.c. */
		if (r->key.scope > RULES_SUBDOMAINS && r->line == 0)
			continue;
		used += (size_t)snprintf(all + used, sizeof all - used,
		    "%s%s %u/%u %u/%u %s%s%s%s%s @%s:%u\n", scopes[r->key.scope], r->key.name,
		    l->max_per_hour, l->refuse_above_percent, l->max_failure_percent,
		    l->min_failures,
		    l->refuse_on_failures ? "refuse " : "",
		    l->count_failures & LIMITS_COUNT(OUTCOME_FAILED) ? "F" : "",
		    l->count_failures & LIMITS_COUNT(OUTCOME_DEFERRED) ? "D" : "",
		    l->count_failures & LIMITS_COUNT(OUTCOME_UNREACHED) ? "U" : "",
		    l->count_failures & LIMITS_COUNT_RETURNED ? "R" : "",
		    strrchr(r->file, '/') + 1, r->line);
	}
	return all;
}

static const struct {
	const char *label, *text, *rules;
} accepted[] = {
	{ "nothing at all", "",
	  "server 0/125 0/5 FD @q.conf:0\ndefault 0/125 0/5 FD @q.conf:0\n" },
	{ "every limit, at its ends",
	  "server = { max_per_hour = 1000000000; refuse_above_percent = 10000;\n"
	  "  max_failure_percent = 100; min_failures = 1000000; on_failures = \"refuse\";\n"
	  "  count_failures = ( \"unreached\", \"failed\", \"deferred\" ); };\n"
	  "default : { max_per_hour : 0, refuse_above_percent : 100, max_failure_percent : 0,\n"
	  "  min_failures : 1, on_failures : \"defer\", count_failures : [ \"unreached\", \"returned\" ] }\n",
	  "server 1000000000/10000 100/1000000 refuse FDU @q.conf:1\n"
	  "default 0/100 0/1 UR @q.conf:4\n" },
	{ "own value, then the package's, then default's, then built in; server has its own",
	  "server = { min_failures = 9; };\n"
	  "default = { max_per_hour = 1; max_failure_percent = 11; min_failures = 3; };\n"
	  "domains = (\n{ name = \"a.example\"; },\n{ name = \"b.example\"; package = \"p\"; },\n"
	  "{ name = \"c.example\"; package = \"p\"; max_per_hour = 3; }\n);\n"
	  "packages = ( { name = \"p\"; max_per_hour = 2; max_failure_percent = 22; } );\n",
	  "server 0/125 0/9 FD @q.conf:1\ndefault 1/125 11/3 FD @q.conf:2\n"
	  "a.example 1/125 11/3 FD @q.conf:4\nb.example 2/125 22/3 FD @q.conf:5\n"
	  "c.example 3/125 22/3 FD @q.conf:6\n" },
	{ "domains come sorted, wildcards behind them, in normal form",
	  "domains = ( { name = \".B.example\"; }, { name = \"b-a.example\"; }, { name = "
	  "\"b.example.\"; },\n"
	  "{ name = \".a.example.\"; }, { name = \"\xc3\xa4.example\"; }, { name = "
	  "\"A_1.example\"; },\n"
	  "{ name = \"localhost\" } );",
	  "server 0/125 0/5 FD @q.conf:0\ndefault 0/125 0/5 FD @q.conf:0\n"
	  "a_1.example 0/125 0/5 FD @q.conf:2\nb-a.example 0/125 0/5 FD @q.conf:1\n"
	  "b.example 0/125 0/5 FD @q.conf:1\nlocalhost 0/125 0/5 FD @q.conf:3\n"
	  "\xc3\xa4.example 0/125 0/5 FD @q.conf:2\n"
	  ".a.example 0/125 0/5 FD @q.conf:2\n.b.example 0/125 0/5 FD @q.conf:1\n" },
	{ "comments of every kind, strings in pieces, no semicolon, no last newline",
	  "# one \" {\n// two (\n/* three\n@include \"x\" */ mode = \"en\" /* * */ \"force\"\n"
	  "default = { max_per_hour = 5 }# end",
	  "server 0/125 0/5 FD @q.conf:0\ndefault 5/125 0/5 FD @q.conf:5\n" },
	{ "an included file, its lines and those behind it",
	  "default = {\n@include \"one.conf\" max_failure_percent = 40;\n};\n"
	  "  @include \"sub/list.conf\"\n"
	  "server = { };\n",
	  "server 0/125 0/5 FD @q.conf:5\ndefault 77/125 40/5 FD @q.conf:1\n"
	  "in.example 77/125 40/5 FD @list.conf:3\n" },
};

START_TEST(accepts)
{
	struct config *config;

	ck_assert_int_eq(mkdir(harness_parse_path("sub"), 0700), 0);
	harness_parse_write("one.conf", "max_per_hour = 77;", 18);
	/* From within sub/, still beside the main file. */
	harness_parse_write("sub/list.conf", "domains = (\n@include \"two.conf\"\n"
	    "{ name = \"in.example\" });", 57);
	harness_parse_write("two.conf", "# nothing\n", 10);
	config = harness_parse(accepted[_i].text);
	ck_assert_msg(config->errors_count == 0, "%s: %s", accepted[_i].label,
	    harness_parse_errors(config));
	ck_assert_msg(strcmp(rules_of(config), accepted[_i].rules) == 0, "%s:\n%swanted:\n%s",
	    accepted[_i].label, rules_of(config), accepted[_i].rules);
	config_free(config);
}
END_TEST

START_TEST(reads_settings)
{
	struct config *config = harness_parse("");

	ck_assert(!config->settings.observe && !config->defer_on_error);
	ck_assert_uint_eq(config->deadline_ms, 2000);
	ck_assert_uint_eq(config->settings.history_days, 90);
	ck_assert(config->state == NULL && config->remote == NULL && config->notify == NULL);
	ck_assert(config->notify_timeout_s == 30 && config->warn_percent == 80);
	config_free(config);

	config = harness_parse("mode = \"observe\"; on_error = \"defer\"; deadline_ms = 60000;\n"
	    "state = \"/srv/q\\\\limit\"; remote = \"/bin/true\"; history_days = 3660;\n"
	    "notify = \"/bin/false\"; notify_timeout = 600; warn_percent = 1;\n"
	    "packages = ( { name = \"a\" }, { name = \"b c\" } ); domains = ( { name = \"a\" } );");
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert(config->settings.observe && config->defer_on_error);
	ck_assert_uint_eq(config->deadline_ms, 60000);
	ck_assert_uint_eq(config->settings.history_days, 3660);
	ck_assert_str_eq(config->state, "/srv/q\\limit");
	ck_assert_str_eq(config->remote, "/bin/true");
	ck_assert_str_eq(config->notify, "/bin/false");
	ck_assert_ptr_null(config->notify_user); /* there is no such directory */
	ck_assert(config->notify_timeout_s == 600 && config->warn_percent == 1);
	ck_assert(config->packages == 2 && config->domains == 1);
	config_free(config);
}
END_TEST

START_TEST(refuses_a_name_too_long)
{
	char name[300], text[400];
	struct config *config;

	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	/* A leading and a trailing dot are no part of it. */
	(void)snprintf(text, sizeof text, "domains = ( { name = \".%.253s.\"; } );", name);
	config = harness_parse(text);
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert_uint_eq(config->rules[2].key.length, 253);
	config_free(config);
	(void)snprintf(text, sizeof text, "domains = ( { name = \"%.254s\"; } );", name);
	config = harness_parse(text);
	ck_assert_uint_eq(config->errors_count, 1);
	ck_assert_ptr_nonnull(strstr(config->errors[0],
	    ":1: name must be a domain of at most 253 bytes"));
	config_free(config);
}
END_TEST

START_TEST(watches_every_file)
{
	struct config *config;

	harness_parse_write("one.conf", "", 0);
	config = harness_parse("@include \"one.conf\"\n@include \"none.conf\"\n"
	    "@include \"one.conf\"\n");
	ck_assert_uint_eq(config->watched.count, 3);
	ck_assert_str_eq(config->watched.file[0].path, harness_parse_path("q.conf"));
	ck_assert_str_eq(config->watched.file[1].path, harness_parse_path("one.conf"));
	ck_assert_str_eq(config->watched.file[2].path, harness_parse_path("none.conf"));
	ck_assert(config->watched.file[1].exists && !config->watched.file[2].exists);
	ck_assert(watch_list_is_current(&config->watched));
	harness_parse_write("none.conf", "", 0);
	ck_assert(!watch_list_is_current(&config->watched));
	config_free(config);
}
END_TEST

START_TEST(bounds_the_includes)
{
	char text[1001 * 16 + 2048];
	size_t used = 0;
	struct config *config;

	/* With the main file itself, that is one too many. */
	for (unsigned i = 1; i <= WATCH_FILES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "@include \"n%u\"\n", i);
	config = harness_parse(text);
	ck_assert_uint_eq(config->errors_count, WATCH_FILES_MAX);
	ck_assert_uint_eq(config->watched.count, WATCH_FILES_MAX);
	config_free(config);

	harness_parse_write("empty", "", 0);
	used = 0;
	for (unsigned i = 0; i <= 1000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "@include \"empty\"\n");
	config = harness_parse(text);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1001: there must not be more than 1000 includes\n");
	config_free(config);

	(void)snprintf(text, sizeof text, "@include \"%0250d\"\n", 1);
	config = harness_parse(text);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1: the path of an included file must not exceed 255 bytes\n");
	config_free(config);
}
END_TEST

/* MANY entries, in an order that is not the sorted one, each with `more`. */
static char *
many_domains(const char *more)
{
	size_t size = MANY * (64 + strlen(more)) + 64, used = 0;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	used += (size_t)snprintf(text, size, "domains = (");
	for (unsigned i = 0; i < MANY; i++)
		used += (size_t)snprintf(text + used, size - used, "%s\n"
		    "{ name = \"d%u.example\"; %s }",
		    i > 0 ? "," : "", i * 7919 % MANY, more);
	(void)snprintf(text + used, size - used, "\n);");
	return text;
}

START_TEST(keeps_the_first_errors_and_counts_all)
{
	char *text = many_domains("min_failures = 0;"), wanted[32];
	struct config *config = harness_parse(text);

	ck_assert_uint_eq(config->errors_count, MANY);
	for (unsigned i = 0; i < CONFIG_ERRORS_MAX; i++) {
		(void)snprintf(wanted, sizeof wanted, "/q.conf:%u: ", i + 2);
		ck_assert_ptr_nonnull(strstr(config->errors[i], wanted));
	}
	config_free(config);
	free(text);
}
END_TEST

/* What is found last, two entries of one name, can stand first. */
START_TEST(keeps_the_first_errors_in_whatever_order_they_are_found)
{
	char *text = many_domains("min_failures = 0;"), *second = strstr(text, "d2919.example");
	struct config *config;

	ck_assert_ptr_nonnull(second);
	memcpy(second, "D0.example.\";  ", 15);
	config = harness_parse(text);
	ck_assert_uint_eq(config->errors_count, MANY + 1);
	ck_assert_ptr_nonnull(strstr(config->errors[0], "/q.conf:2: min_failures"));
	ck_assert_ptr_nonnull(strstr(config->errors[2], "/q.conf:3: domain \"d0.example\" must"));
	ck_assert_ptr_nonnull(strstr(config->errors[49], "/q.conf:50: min_failures"));
	config_free(config);
	free(text);
}
END_TEST

/* What stands before and behind so many `unit`s, and what is said about it. */
static const struct {
	const char *label, *begin, *unit, *end;
	size_t units, errors;
	const char *first;
} hostile[] = {
	{ "lists, one in the other", "domains = ", "(", "", 10000000, 1,
	  "q.conf:1: more than 8 brackets are open here, the innermost at q.conf:1\n" },
	{ "groups, one in the other", "default = ", "{ a = ", "", 20000, 1,
	  "q.conf:1: more than 8 brackets are open here, the innermost at q.conf:1\n" },
	{ "a long run of brackets and commas", "domains = (\n", "(),", "());", 60000, 60001,
	  "q.conf:2: domains must be a list of groups ( { name = \"...\"; }, ... ), "
	  "found a list ( )\n" },
	{ "a name", "", "x", "", 10000000, 1,
	  "q.conf:1: expected \"=\" and a value, found the end of the file\n" },
	{ "a text", "history_days = \"", "\\\\", "\";", 100000, 1,
	  "q.conf:1: history_days must be a whole number from 1 to 3660, found \"\\x5c\\x5c" },
	{ "a number", "history_days = ", "9", ";", 10000000, 1,
	  "q.conf:1: history_days must be a whole number from 1 to 3660, found 9999" },
	{ "a comment without end", "/*", " *\n", "", 3000000, 1,
	  "q.conf:1: the comment that begins here has no end\n" },
};

/* Goal: no text keeps `qlimit load` busy for longer than its length asks for, or runs out of stack. */
START_TEST(judges_megabytes_at_once)
{
	size_t unit = strlen(hostile[_i].unit), size = hostile[_i].units * unit, used;
	char *text = malloc(size + 100);
	struct config *config;

	ck_assert_ptr_nonnull(text);
	used = (size_t)sprintf(text, "%s", hostile[_i].begin);
	for (size_t end = used + size; used < end; used += unit)
		memcpy(text + used, hostile[_i].unit, unit);
	(void)sprintf(text + used, "%s", hostile[_i].end);
	config = harness_parse(text);
	free(text);
	ck_assert_msg(config->errors_count == hostile[_i].errors, "%s: %zu errors",
	    hostile[_i].label, config->errors_count);
	ck_assert_msg(strncmp(harness_parse_errors(config), hostile[_i].first,
	    strlen(hostile[_i].first)) == 0, "%s: %s", hostile[_i].label,
	    harness_parse_errors(config));
	config_free(config);
}
END_TEST

START_TEST(sorts_many_domains)
{
	char *text = many_domains("");
	struct config *config = harness_parse(text);

	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert_uint_eq(config->rules_count, 2 + MANY + 3);
	for (size_t i = 3; i < 2 + MANY; i++)
		ck_assert_int_lt(strcmp(config->rules[i - 1].key.name, config->rules[i].key.name),
		    0);
	config_free(config);
	free(text);
}
END_TEST

START_TEST(never_uses_a_file_that_changes_meanwhile)
{
	char *text = many_domains("");
	struct config *config;
	pid_t writer;

	harness_parse_write("one.conf", "", 0);
	writer = fork();
	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		int fd = open(harness_parse_path("one.conf"), O_WRONLY | O_APPEND);

		/* The size differs every time; no run is long enough to fill a disk. */
		for (int i = 0; i < 60000 && write(fd, "#", 1) == 1; i++)
			(void)usleep(20);
		_exit(0);
	}
	harness_parse_write("list.conf", text, strlen(text));
	config = harness_parse("@include \"one.conf\"\n@include \"list.conf\"\n");
	ck_assert_int_eq(kill(writer, SIGKILL), 0);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1: the configuration must not change while it is read, and did\n");
	config_free(config);
	config = harness_parse("@include \"one.conf\"\n@include \"list.conf\"\n");
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	config_free(config);
	free(text);
}
END_TEST

START_TEST(accepts_the_shipped_file)
{
	struct config *config;
	/* The tests are run in the top of the tree. */
	char *path = realpath("etc/qlimit.conf", NULL);

	ck_assert_ptr_nonnull(path);
	config = config_load(path);
	free(path);
	ck_assert_ptr_nonnull(config);
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert_uint_eq(config->rules_count, 5);
	ck_assert_uint_eq(config->rules[1].limits.max_per_hour, 500);
	config_free(config);
}
END_TEST

Suite *
suite_config(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");

	tcase_add_checked_fixture(tests, harness_parse_start, NULL);
	tcase_add_loop_test(tests, accepts, 0, (int)(sizeof accepted / sizeof accepted[0]));
	tcase_add_test(tests, reads_settings);
	tcase_add_test(tests, refuses_a_name_too_long);
	tcase_add_test(tests, watches_every_file);
	tcase_add_test(tests, bounds_the_includes);
	tcase_add_test(tests, keeps_the_first_errors_and_counts_all);
	tcase_add_test(tests, keeps_the_first_errors_in_whatever_order_they_are_found);
	tcase_add_loop_test(tests, judges_megabytes_at_once, 0,
	    (int)(sizeof hostile / sizeof hostile[0]));
	tcase_add_test(tests, sorts_many_domains);
	tcase_add_test(tests, never_uses_a_file_that_changes_meanwhile);
	tcase_add_test(tests, accepts_the_shipped_file);
	suite_add_tcase(suite, tests);
	return suite;
}
