/* test_config_corners - odd bytes in qlimit.conf, and files that cannot be read as a whole, or in peace */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_fail.h"
#include "harness_parse.h"
#include "suites.h"

#define RUNS_MAX 5000
#define NAME_64 "1234567890123456789012345678901234567890123456789012345678901234"
#define PACKAGE "q.conf:1: name must be 1 to 64 bytes without control characters, found "
#define LETTERS_ALONE "q.conf:1: name must be a domain of letters, digits, \"-\", \"_\" and \".\", found "
#define OUTCOMES "q.conf:1: count_failures must be a list of one or more of \"failed\", \"deferred\", " \
	"\"unreached\", \"returned\", found "
#define NOT_ONE "q.conf:1: an include must be written as @include \"file\" in one line\n"

/* `n` bytes; 0: up to the NUL. */
static const struct {
	const char *label, *text;
	size_t n;
	const char *errors;
} texts[] = {
	{ "package: DEL in its name", "packages = ( { name = \"a\x7f\" } );", 0, PACKAGE "\"a\\x7f\"\n" },
	{ "package: a tab in its name", "packages = ( { name = \"a\t\" } );", 0, PACKAGE "\"a\\x09\"\n" },
	{ "package: 64 bytes, and 65",
	  "packages = ( { name = \"" NAME_64 "\" },{ name = \"" NAME_64 "5\" } );", 0,
	  PACKAGE "\"" NAME_64 "5\"\n" },
	{ "package: a number for a name", "packages = ( { name = 5 } );", 0,
	  "q.conf:1: name must be a text in quotes, found 5\n" },
	{ "package: a number for one", "domains = ( { name = \"a\"; package = 5; max_per_hour = -1; } );", 0,
	  "q.conf:1: max_per_hour must be a whole number from 0 to 1000000000, found -1\n"
	  "q.conf:1: package must be a text in quotes, found 5\n" },
	{ "package: there are none", "domains = ( { name = \"a\"; package = \"p\"; } );", 0,
	  "q.conf:1: package must be the name of one in packages, found \"p\"; there are none\n" },
	{ "package: many others", "packages = ( {name=\"1\"},{name=\"2\"},{name=\"3\"},{name=\"4\"},{name=\"5\"},"
	  "{name=\"6\"},{name=\"7\"},{name=\"8\"},{name=\"9\"} );\n"
	  "domains = ( { name = \"a\"; package = \"p\"; } );", 0,
	  "q.conf:2: package must be the name of one in packages, found \"p\"; known: \"1\", \"2\", \"3\", \"4\", "
	  "\"5\", \"6\", \"7\", \"8\", ...\n" },
	{ "domain: around the letters", "domains = ( {name=\"[\"},{name=\"{\"},{name=\"`\"},{name=\"/\"},"
	  "{name=\":\"} );", 0,
	  LETTERS_ALONE "\"[\"\n" LETTERS_ALONE "\"{\"\n" LETTERS_ALONE "\"`\"\n" LETTERS_ALONE "\"/\"\n"
	  LETTERS_ALONE "\":\"\n" },
	{ "count_failures: a number", "server = { count_failures = ( 1 ) };", 0, OUTCOMES "1\n" },
	{ "count_failures: a group", "server = { count_failures = { failed = true } };", 0, OUTCOMES "a group { }\n" },
	{ "path: DEL", "state = \"/a\x7f\";", 0,
	  "q.conf:1: state must be an absolute path of at most 223 bytes, found \"/a\\x7f\"\n" },
	{ "syntax: two numbers in an array", "domains = [ 1 2 ];", 0,
	  "q.conf:1: expected \",\" or \"]\", found \"2\" (inside the \"[\" at q.conf:1)\n" },
	{ "syntax: a word in a list", "domains = ( 1 one );", 0,
	  "q.conf:1: expected \",\" or \")\", found \"one\" without quotes (inside the \"(\" at q.conf:1)\n" },
	{ "syntax: two words", "mode observe;", 0,
	  "q.conf:1: expected \"=\" and a value, found \"observe\"\n" },
	{ "syntax: a name alone in a group", "server = { min_failures }", 0,
	  "q.conf:1: expected \"=\" and a value, found \"}\" (inside the \"{\" at q.conf:1)\n" },
	{ "syntax: a name and its end", "mode;", 0, "q.conf:1: expected \"=\" and a value, found \";\"\n" },
	{ "syntax: two equals signs", "mode = 1 = 2;", 0,
	  "q.conf:1: expected \";\" or the name of a setting, found \"=\"\n"
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 1\n" },
	{ "syntax: a zero byte in a text", "mode = \"a\0b\";", 14,
	  "q.conf:1: the text in quotes that begins here must end in the same line\n" },
	{ "syntax: a backslash near the end", "mode = \"\\x0", 0,
	  "q.conf:1: the text in quotes that begins here must end in the same line\n" },
	{ "syntax: a quote in a text", "mode = \"a\\\"b\";", 0,
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found \"a\\x22b\"\n" },
	{ "syntax: bytes beyond ASCII at the very end", "mode = \xe2\x80", 0,
	  "q.conf:1: expected a value, found \"\\xe2\\x80\"\n" },
	{ "include: another word", "@including \"one.conf\"\n", 0, NOT_ONE },
	{ "include: a misspelt one", "@includf \"one.conf\"\n", 0, NOT_ONE },
	{ "include: a backslash at the end", "@include \"one\\", 0, NOT_ONE },
	{ "include: a zero byte", "@include \"one\0\"\n", 16, NOT_ONE },
	{ "include: a tab in front", "@include\t\"none\"\n", 0,
	  "q.conf:1: cannot read \"none\": No such file or directory\n" },
};

START_TEST(refuses)
{
	size_t n = texts[_i].n != 0 ? texts[_i].n : strlen(texts[_i].text);
	struct config *config;

	harness_parse_write("q.conf", texts[_i].text, n);
	config = config_load(harness_parse_path("q.conf"));
	ck_assert_ptr_nonnull(config);
	ck_assert_msg(strcmp(harness_parse_errors(config), texts[_i].errors) == 0, "%s:\n%swanted:\n%s",
	    texts[_i].label, harness_parse_errors(config), texts[_i].errors);
	config_free(config);
}
END_TEST

START_TEST(refuses_paths_too_long)
{
	char text[600];
	struct config *config;

	(void)snprintf(text, sizeof text, "@include \"/%0299d\"\nstate = \"/%0223d\";", 1, 1);
	config = harness_parse(text);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1: the path of an included file must not exceed 255 bytes\n");
	config_free(config);
	config = harness_parse(strchr(text, '\n') + 1);
	ck_assert_uint_eq(config->errors_count, 1);
	ck_assert_ptr_nonnull(strstr(config->errors[0], "must be an absolute path of at most 223 bytes"));
	config_free(config);
	config = config_load("relative.conf");
	ck_assert_str_eq(harness_parse_errors(config), "relative.conf:1: cannot read \"relative.conf\": "
	    "the path is not absolute, or longer than 255 bytes\n");
	config_free(config);
}
END_TEST

/* Goal: a domain's own on_failures is not its package's; a file elsewhere with our inode is not us. */
START_TEST(accepts)
{
	struct config *config = harness_parse("@include \"/proc/version\"\n"
	    "packages = ( { name = \"p\"; on_failures = \"refuse\"; } );\n"
	    "domains = ( { name = \"a\"; package = \"p\"; on_failures = \"defer\"; },\n"
	    "{ name = \"b\"; package = \"p\"; count_failures = ( \"unreached\" ); } );");

	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert(!config->rules[2].limits.refuse_on_failures && config->rules[3].limits.refuse_on_failures);
	ck_assert_uint_eq(config->rules[3].limits.count_failures, LIMITS_COUNT(OUTCOME_UNREACHED));
	config_free(config);
}
END_TEST

/* --- while it is read --- */

enum fate { WELL, INTERRUPTED, SHORTER, BROKEN, CHANGED };

/* What befalls the next read(2) of ours, and how many are so befallen. */
static struct {
	enum fate how;
	int times;
} befalls;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names. */
ssize_t __real_read(int fd, void *buffer, size_t n);
ssize_t __wrap_read(int fd, void *buffer, size_t n);

ssize_t
__wrap_read(int fd, void *buffer, size_t n)
{
	if (befalls.how == WELL || befalls.times-- <= 0)
		return __real_read(fd, buffer, n);
	if (befalls.how == SHORTER)
		return 0;
	if (befalls.how == CHANGED) {
		FILE *f = fopen(harness_parse_path("q.conf"), "a");

		ck_assert_ptr_nonnull(f);
		ck_assert(fputs("#\n", f) >= 0 && fclose(f) == 0);
		return __real_read(fd, buffer, n);
	}
	errno = befalls.how == INTERRUPTED ? EINTR : EIO;
	return -1;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#define IO_ERROR "q.conf:1: cannot read \"q.conf\": Input/output error\n"
#define CHANGED_ERROR "q.conf:1: the configuration must not change while it is read, and did\n"

static const struct {
	const char *label;
	enum fate how;
	int times;
	const char *errors;
} readings[] = {
	{ "interrupted", INTERRUPTED, 3, "" },
	{ "shorter than it said", SHORTER, 1, IO_ERROR },
	{ "an I/O error", BROKEN, 1, IO_ERROR },
	{ "changed once", CHANGED, 1, "" },
	{ "changed twice", CHANGED, 2, "" },
	{ "changed again and again", CHANGED, 3, CHANGED_ERROR },
};

/* Goal: what is read is what is there in the end, or it is refused. */
START_TEST(reads_in_odd_times)
{
	static const char text[] = "mode = \"observe\";\n";
	struct config *config;

	harness_parse_write("q.conf", text, sizeof text - 1);
	befalls.how = readings[_i].how;
	befalls.times = readings[_i].times;
	config = config_load(harness_parse_path("q.conf"));
	befalls.how = WELL;
	ck_assert_ptr_nonnull(config);
	ck_assert_msg(strcmp(harness_parse_errors(config), readings[_i].errors) == 0, "%s: %s",
	    readings[_i].label, harness_parse_errors(config));
	if (readings[_i].how == INTERRUPTED || readings[_i].how == CHANGED)
		ck_assert_msg(config->settings.observe, "%s", readings[_i].label);
	config_free(config);
}
END_TEST

/* --- no memory --- */

/* An include, errors in the order of the text and out of it, more of them than are kept, a syntax error. */
static void
write_much(void)
{
	static const char included[] = "packages = ( { name = \"p\"; } );\n";
	char text[8000] = "@include \"one.conf\"\ndomains = (\n";
	size_t n = strlen(text);

	harness_parse_write("one.conf", included, strlen(included));
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "{ name = \"d%d\"; min_failures = 0; },\n",
		    i == 1 || i == 2 ? 0 : i);
	n += (size_t)snprintf(text + n, sizeof text - n, "{ name = \"last\"; } );\nmode = ;\n");
	harness_parse_write("q.conf", text, n);
}

/* Goal: all that is wrong is said, or that there was no memory; never some of it, never a crash. */
START_TEST(runs_out_of_memory)
{
	char all[16384];
	struct config *config;
	unsigned n = 0;
	int error;

	write_much();
	config = config_load(harness_parse_path("q.conf"));
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->errors_count, 63);
	(void)snprintf(all, sizeof all, "%s", harness_parse_errors(config));
	config_free(config);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		harness_fail_at(n, _i == 1, 0);
		config = config_load(harness_parse_path("q.conf"));
		error = errno;
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(config == NULL && error == ENOMEM, "allocation %u", n);
	} while (true);
	ck_assert_str_eq(harness_parse_errors(config), all);
	ck_assert_uint_gt(n, 60);
	config_free(config);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *
suite_config_corners(void)
{
	Suite *suite = suite_create("config_corners");
	TCase *tests = tcase_create("config corners");

	tcase_add_checked_fixture(tests, harness_parse_start, NULL);
	tcase_add_loop_test(tests, refuses, 0, ROWS(texts));
	tcase_add_test(tests, refuses_paths_too_long);
	tcase_add_test(tests, accepts);
	tcase_add_loop_test(tests, reads_in_odd_times, 0, ROWS(readings));
	tcase_add_loop_test(tests, runs_out_of_memory, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
