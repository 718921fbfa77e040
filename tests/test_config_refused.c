/* test_config_refused - what is said about a configuration that must not be used */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_parse.h"
#include "suites.h"

#define TOPS "max_meters, count, hosted, trusted_received, smtp_auth, notify, notify_timeout, " \
	"warn_percent, default, server, bounces, foreign, " \
	"user_default, packages, domains, users, destinations"
#define NUMBER "q.conf:1: history_days must be a whole number from 1 to 3660, found "
#define DIGITS " (a number is digits alone, the first not 0)\n"
#define DOMAIN "q.conf:1: name must be a domain"

static const struct {
	const char *label, *text, *errors;
} refused[] = {
	{ "number: too small", "history_days = 0;", NUMBER "0\n" },
	{ "number: too large", "history_days = 3661;", NUMBER "3661\n" },
	{ "number: negative", "history_days = -1;", NUMBER "-1\n" },
	{ "number: beyond 32 bits", "history_days = 4294967386;", NUMBER "4294967386\n" },
	{ "number: beyond 64 bits", "history_days = 18446744073709551706;",
	  NUMBER "18446744073709551706\n" },
	{ "number: leading zero", "history_days = 010;", NUMBER "010" DIGITS },
	{ "number: plus", "history_days = +10;", NUMBER "+10" DIGITS },
	{ "number: hexadecimal", "history_days = 0x10;", NUMBER "0x10" DIGITS },
	{ "number: L", "history_days = 10L;", NUMBER "10L" DIGITS },
	{ "number: float", "history_days = 1e3;", NUMBER "1e3" DIGITS },
	{ "number: a unit", "history_days = 90d;", NUMBER "90d" DIGITS },
	{ "number: string", "history_days = \"many\";", NUMBER "\"many\"\n" },
	{ "number: bool", "history_days = TRUE;", NUMBER "true\n" },
	{ "number: list", "history_days = ( 1 );", NUMBER "a list ( )\n" },
	{ "number: group", "history_days = { };", NUMBER "a group { }\n" },
	{ "number: array", "history_days = [ 1 ];", NUMBER "an array [ ]\n" },
	{ "each limit has its range",
	  "default = {\nmax_per_hour = 1000000001;\nrefuse_above_percent = 99;\n"
	  "max_failure_percent = 101;\n"
	  "min_failures = 0;\non_failures = \"bounce\";\ncount_failures = [ ];\n};",
	  "q.conf:2: max_per_hour must be a whole number from 0 to 1000000000, found 1000000001\n"
	  "q.conf:3: refuse_above_percent must be a whole number from 100 to 10000, found 99\n"
	  "q.conf:4: max_failure_percent must be a whole number from 0 to 100, found 101\n"
	  "q.conf:5: min_failures must be a whole number from 1 to 1000000, found 0\n"
	  "q.conf:6: on_failures must be \"defer\" or \"refuse\", found \"bounce\"\n"
	  "q.conf:7: count_failures must be a list of one or more of \"failed\", \"deferred\", "
	  "\"unreached\", \"returned\", found an array [ ]\n" },
	{ "count_failures: unknown word", "server = { count_failures = ( \"failed\", \"Failed\" ) "
	  "};",
	  "q.conf:1: count_failures must be a list of one or more of \"failed\", \"deferred\", "
	  "\"unreached\", \"returned\", found \"Failed\"\n" },
	{ "count_failures: twice", "server = { count_failures = [ \"failed\", \"failed\" ] };",
	  "q.conf:1: count_failures must be a list that names each outcome once, found "
	  "\"failed\"\n" },
	{ "choices, and paths",
	  "mode = 1;\non_error = \"Defer\";\nstate = \"var/lib\";\nremote = \"/a\\nb\";\n"
	  "deadline_ms = 99;",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 1\n"
	  "q.conf:2: on_error must be \"deliver\" or \"defer\", found \"Defer\"\n"
	  "q.conf:3: state must be an absolute path of at most 223 bytes, found \"var/lib\"\n"
	  "q.conf:4: remote must be an absolute path of at most 255 bytes, found \"/a\\x0ab\"\n"
	  "q.conf:5: deadline_ms must be a whole number from 100 to 60000, found 99\n" },
	{ "what is told to whom", "notify = \"bin/true\";\nnotify_timeout = 0;\nwarn_percent = 101;\n",
	  "q.conf:1: notify must be an absolute path of at most 255 bytes, found \"bin/true\"\n"
	  "q.conf:2: notify_timeout must be a whole number from 1 to 600, found 0\n"
	  "q.conf:3: warn_percent must be a whole number from 1 to 100, found 101\n" },
	{ "too long, and nobody told", "notify_timeout = 601;\nwarn_percent = 0;\nnotify = \"\";",
	  "q.conf:1: notify_timeout must be a whole number from 1 to 600, found 601\n"
	  "q.conf:2: warn_percent must be a whole number from 1 to 100, found 0\n"
	  "q.conf:3: notify must be an absolute path of at most 255 bytes, found \"\"\n" },
	{ "a text that is none", "state = 5; remote = 0x5;",
	  "q.conf:1: state must be a text in quotes, found 5\n"
	  "q.conf:1: remote must be a text in quotes, found 0x5" DIGITS },
	{ "unknown settings",
	  "modes = 1;\ndomains = ( { name = \"a\"; max_per_hours = 1; } );\n"
	  "packages = ( { name = \"p\";\n"
	  "package = \"p\"; } );\nserver = { name = 1; };",
	  "q.conf:1: unknown setting \"modes\" at the top level; known: mode, on_error, "
	  "deadline_ms, "
	  "state, remote, history_days, " TOPS "\n"
	  "q.conf:2: unknown setting \"max_per_hours\" in domains; known: max_per_hour, max_per_day, "
	  "refuse_above_percent, max_failure_percent, min_failures, on_failures, count_failures, "
	  "count, exempt, name, package\n"
	  "q.conf:4: unknown setting \"package\" in packages; known: max_per_hour, max_per_day, "
	  "refuse_above_percent, max_failure_percent, min_failures, on_failures, count_failures, "
	  "count, name\n"
	  "q.conf:5: unknown setting \"name\" in server; known: max_per_hour, max_per_day, "
	  "refuse_above_percent, max_failure_percent, min_failures, on_failures, "
	  "count_failures, count\n" },
	{ "wrong kinds of groups", "default = 1;\nserver = ( );\npackages = { };\n"
	  "domains = [ \"a\" ];",
	  "q.conf:1: default must be a group { }, found 1\n"
	  "q.conf:2: server must be a group { }, found a list ( )\n"
	  "q.conf:3: packages must be a list of groups ( { name = \"...\"; }, ... ), found a "
	  "group { }\n"
	  "q.conf:4: domains must be a list of groups ( { name = \"...\"; }, ... ), found an "
	  "array [ ]\n" },
	{ "wrong entries", "domains = ( 1, { },\n{ name = 2; } );\n"
	  "packages = ( ( ), { name = \"\"; } );",
	  "q.conf:1: domains must be a list of groups ( { name = \"...\"; }, ... ), found 1\n"
	  "q.conf:1: each entry of domains must have a name, found none\n"
	  "q.conf:2: name must be a text in quotes, found 2\n"
	  "q.conf:3: packages must be a list of groups ( { name = \"...\"; }, ... ), found a list "
	  "( )\n"
	  "q.conf:3: name must be 1 to 64 bytes without control characters, found \"\"\n" },
	{ "two entries for one domain, by case and by dot",
	  "domains = (\n{ name = \"a.example\" },\n{ name = \".a.example\" },\n"
	  "{ name = \"A.Example\" },\n"
	  "{ name = \"a.example.\" },\n{ name = \".A.example.\" } );",
	  "q.conf:4: domain \"a.example\" must have one entry, it has one at q.conf:2\n"
	  "q.conf:5: domain \"a.example\" must have one entry, it has one at q.conf:2\n"
	  "q.conf:6: domain \".a.example\" must have one entry, it has one at q.conf:3\n" },
	{ "packages: two of one name, none of another",
	  "packages = (\n{ name = \"p\" }, { name = \"P\" },\n{ name = \"p\" } );\n"
	  "domains = ( { name = \"a\"; package = \"q\"; } );",
	  "q.conf:3: package \"p\" must have one entry, it has one at q.conf:2\n"
	  "q.conf:4: package must be the name of one in packages, found \"q\"; known: \"P\", "
	  "\"p\", \"p\"\n" },
	{ "a setting twice in one group", "mode = \"observe\";\nserver = { min_failures = 1; };\n"
	  "mode = 3;",
	  "q.conf:3: mode must be set once, it was set before at q.conf:1\n" },
	{ "domain: empty", "domains = ( { name = \"\" } );", DOMAIN ", not empty, found \"\"\n" },
	{ "domain: a dot", "domains = ( { name = \".\" } );", DOMAIN ", not empty, found \".\"\n" },
	{ "domain: empty part", "domains = ( { name = \"a..b\" } );",
	  DOMAIN " without an empty part between two dots, found \"a..b\"\n" },
	{ "domain: two dots in front", "domains = ( { name = \"..b\" } );",
	  DOMAIN " without an empty part between two dots, found \"..b\"\n" },
	{ "domain: two dots behind", "domains = ( { name = \"b..\" } );",
	  DOMAIN " without an empty part between two dots, found \"b..\"\n" },
	{ "domain: an address", "domains = ( { name = \"me@a.example\" } );",
	  DOMAIN " alone, without \"@\" and what stands before it, found \"me@a.example\"\n" },
	{ "domain: a star", "domains = ( { name = \"*.a.example\" } );",
	  DOMAIN "; all below example.com are written \".example.com\", found \"*.a.example\"\n" },
	{ "domain: a blank, and ESC", "domains = ( { name = \"a b\" }, { name = \"a\\x1bb\" } );",
	  DOMAIN " of letters, digits, \"-\", \"_\" and \".\", found \"a\\x20b\"\n"
	  DOMAIN " of letters, digits, \"-\", \"_\" and \".\", found \"a\\x1bb\"\n" },
	{ "syntax: value without quotes", "server = { };\nmode = enforce;",
	  "q.conf:2: expected a value, found \"enforce\" without quotes\n" },
	{ "syntax: what was whole before is checked too", "deadline_ms = 1;\nmode = ;\nstate = 4;",
	  "q.conf:1: deadline_ms must be a whole number from 100 to 60000, found 1\n"
	  "q.conf:2: expected a value, found \";\"\n" },
	{ "syntax: no quote at the end", "mode = \"observe;\non_error = \"defer\";",
	  "q.conf:1: the text in quotes that begins here must end in the same line\n" },
	{ "syntax: no end of a comment", "\n/* mode = \"observe\";\n",
	  "q.conf:2: the comment that begins here has no end\n" },
	{ "syntax: no end of a group", "server = {\nmin_failures = 1;\n",
	  "q.conf:3: expected the name of a setting, or \"}\", found the end of the file "
	  "(inside the \"{\" at q.conf:1)\n" },
	{ "syntax: an end too many", "server = { } };",
	  "q.conf:1: expected \";\" or the name of a setting, found \"}\"\n" },
	{ "syntax: the wrong end", "domains = ( { name = \"a\"; );",
	  "q.conf:1: expected the name of a setting, or \"}\", found \")\" "
	  "(inside the \"{\" at q.conf:1)\n" },
	{ "syntax: no comma", "domains = (\n{ name = \"a\"; }\n{ name = \"b\"; } );",
	  "q.conf:3: expected \",\" or \")\", found \"{\" (inside the \"(\" at q.conf:1)\n" },
	{ "syntax: a last comma", "domains = ( { name = \"a\"; }, );",
	  "q.conf:1: expected a value, found \")\" (inside the \"(\" at q.conf:1)\n" },
	{ "syntax: quotes of a word processor", "mode = \xe2\x80\x9cobserve\xe2\x80\x9d;",
	  "q.conf:1: expected a value, found \"\\xe2\\x80\\x9c\"\n" },
	{ "syntax: number and text", "mode = 010 \"observe\";",
	  "q.conf:1: expected \";\" or the name of a setting, found a text in quotes\n"
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 010" DIGITS },
	{ "syntax: number and text, after a text", "mode = \"observe\"; deadline_ms = 500 \"0\";",
	  "q.conf:1: expected \";\" or the name of a setting, found a text in quotes\n" },
	{ "syntax: a text behind a list of texts", "mode = ( \"observe\" ) \"enforce\";",
	  "q.conf:1: expected \";\" or the name of a setting, found a text in quotes\n"
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found a list ( )\n" },
	{ "syntax: an array of two types", "server = { count_failures = [ 1, \"failed\" ] };",
	  "q.conf:1: mismatched element type in array\n" },
	{ "syntax: neither a value nor the end of a list", "domains = ( = );",
	  "q.conf:1: expected a value, or \")\", found \"=\" (inside the \"(\" at q.conf:1)\n" },
	{ "syntax: neither a value nor the end of an array", "domains = [ = ];",
	  "q.conf:1: expected a value, or \"]\", found \"=\" (inside the \"[\" at q.conf:1)\n" },
	{ "syntax: a list in an array", "domains = [ 1, ( ) ];",
	  "q.conf:1: expected a number or a text in quotes, found \"(\""
	  " (inside the \"[\" at q.conf:1)\n" },
	{ "syntax: a list first in an array", "domains = [ ( ) ];",
	  "q.conf:1: expected a value, or \"]\", found \"(\" (inside the \"[\" at q.conf:1)\n" },
	{ "syntax: no value after a comma", "domains = [ 1, = ];",
	  "q.conf:1: expected a number or a text in quotes, found \"=\""
	  " (inside the \"[\" at q.conf:1)\n" },
	{ "syntax: two numbers", "server = { min_failures = 1 2; };",
	  "q.conf:1: expected \";\", the name of a setting, or \"}\", found \"2\""
	  " (inside the \"{\" at q.conf:1)\n" },
	{ "syntax: a truth instead of a name", "server = { true = 1; };",
	  "q.conf:1: expected the name of a setting, or \"}\", found \"true\""
	  " (inside the \"{\" at q.conf:1)\n" },
	{ "syntax: false is a value", "mode = FALSE;",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found false\n" },
	{ "syntax: a colon", "mode : 5;",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 5\n" },
	{ "syntax: a semicolon in a list", "domains = ( 1; 2 );",
	  "q.conf:1: expected \",\" or \")\", found \";\" (inside the \"(\" at q.conf:1)\n" },
	{ "syntax: the end after a name", "mode",
	  "q.conf:1: expected \"=\" and a value, found the end of the file\n" },
	{ "syntax: the end after an equals sign", "mode =",
	  "q.conf:1: expected a value, found the end of the file\n" },
	{ "syntax: a minus alone", "history_days = -;",
	  "q.conf:1: history_days must be a whole number from 1 to 3660, found -" DIGITS },
	{ "syntax: no quote at the end of the file", "mode = \"observe",
	  "q.conf:1: the text in quotes that begins here must end in the same line\n" },
	{ "syntax: a backslash at the end of the file", "mode = \"observe\\",
	  "q.conf:1: the text in quotes that begins here must end in the same line\n" },
	{ "include: nothing behind it", "@include",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: a longer word", "@includes \"one.conf\"\n",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: nothing in quotes", "@include   \t",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: no quote in this line", "@include \"one.conf\n",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: no quote at all", "@include \"one.conf",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: a quote in the name", "@include \"one\\\"two\"\n",
	  "q.conf:1: cannot read \"one\\x22two\": No such file or directory\n" },
	{ "include: an absolute path", "@include \"/none.conf\"\n",
	  "q.conf:1: cannot read \"/none.conf\": No such file or directory\n" },
	{ "a zero byte in a text", "mode = \"obs\\x00erve\";",
	  "q.conf:1: a text in quotes must not hold \\x00\n" },
	{ "eight brackets, and one more", "a = ((((((((1))))))));\nb = (((((((((1)))))))));",
	  "q.conf:1: unknown setting \"a\" at the top level; known: mode, on_error, deadline_ms, "
	  "state, remote, history_days, " TOPS "\n"
	  "q.conf:2: more than 8 brackets are open here, the innermost at q.conf:2\n" },
	{ "include: missing; then unknown packages are no errors of their own",
	  "mode = 2;\n@include \"none.conf\"\ndomains = ( { name = \"a\"; package = \"p\"; } );",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 2\n"
	  "q.conf:2: cannot read \"none.conf\": No such file or directory\n" },
	{ "include: itself, by another name", "@include \"link.conf\"\n",
	  "q.conf:1: cannot read \"link.conf\": it includes itself\n" },
	{ "include: a directory, a FIFO", "@include \"sub\"\n@include \"fifo\"\n",
	  "q.conf:1: cannot read \"sub\": it is a directory\n"
	  "q.conf:2: cannot read \"fifo\": it is not a plain file\n" },
	{ "include: 11 deep", "@include \"deep1.conf\"\n",
	  "deep10.conf:1: files must not be included in each other more than 10 deep\n" },
	{ "include: not written as one", "@include one.conf\n",
	  "q.conf:1: an include must be written as @include \"file\" in one line\n" },
	{ "include: not at the beginning of its line", "server = { @include \"one.conf\"\n};",
	  "q.conf:1: expected the name of a setting, or \"}\", found \"@\" "
	  "(inside the \"{\" at q.conf:1)\n" },
	{ "include: errors in the order of the text", "mode = 1;\n@include \"bad.conf\"\n"
	  "on_error = 1;",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 1\n"
	  "bad.conf:2: history_days must be a whole number from 1 to 3660, found 0\n"
	  "q.conf:3: on_error must be \"deliver\" or \"defer\", found 1\n" },
};

START_TEST(refuses)
{
	struct config *config;

	ck_assert_int_eq(mkdir(harness_parse_path("sub"), 0700), 0);
	ck_assert_int_eq(mkfifo(harness_parse_path("fifo"), 0600), 0);
	ck_assert_int_eq(symlink("q.conf", harness_parse_path("link.conf")), 0);
	harness_parse_write("bad.conf", "\nhistory_days = 0;", 18);
	for (int i = 1; i <= 11; i++) {
		char name[32], text[64];

		(void)snprintf(name, sizeof name, "deep%d.conf", i);
		(void)snprintf(text, sizeof text, "@include \"deep%d.conf\"\n", i + 1);
		harness_parse_write(name, text, strlen(text));
	}
	config = harness_parse(refused[_i].text);
	ck_assert_msg(strcmp(harness_parse_errors(config), refused[_i].errors) == 0, "%s:\n"
	    "%swanted:\n%s",
	    refused[_i].label, harness_parse_errors(config), refused[_i].errors);
	config_free(config);
}
END_TEST

/* Goal: a group's 65th name is one too many; and ending no configuration is harmless. */
START_TEST(refuses_more_names_than_can_be_told_apart)
{
	char text[66 * 8 + 16] = "mode = {\n";
	struct config *config;

	for (int i = 0; i < 65; i++) {
		char line[24];

		(void)snprintf(line, sizeof line, "a%d=1;\n", i);
		(void)strcat(text, line);
	}
	config = harness_parse(text);
	ck_assert_ptr_nonnull(strstr(harness_parse_errors(config),
	    "q.conf:66: a group must not hold more than 64 settings\n"));
	config_free(config);
	config_free(NULL);
}
END_TEST

static const struct {
	const char *label, *name, *error;
} main_files[] = {
	{ "missing", "none", "none:1: cannot read \"none\": No such file or directory\n" },
	{ "directory", "sub", "sub:1: cannot read \"sub\": it is a directory\n" },
	{ "too big", "huge",
	  "huge:1: cannot read \"huge\": larger than 64 MiB, alone or with the files before it\n" },
	{ "zero byte", "zero", "zero:1: expected \"=\" and a value, found \"\\x00\"\n" },
};

START_TEST(refuses_main_file)
{
	struct config *config;

	ck_assert_int_eq(mkdir(harness_parse_path("sub"), 0700), 0);
	harness_parse_write("zero", "mode\0= \"observe\";", 17);
	harness_parse_write("huge", "", 0);
	ck_assert_int_eq(truncate(harness_parse_path("huge"), (65 << 20)), 0);
	config = config_load(harness_parse_path(main_files[_i].name));
	ck_assert_ptr_nonnull(config);
	ck_assert_msg(strcmp(harness_parse_errors(config), main_files[_i].error) == 0, "%s: %s",
	    main_files[_i].label, harness_parse_errors(config));
	ck_assert_uint_eq(config->watched.count, 1);
	ck_assert(watch_list_is_current(&config->watched));
	config_free(config);
}
END_TEST

Suite *
suite_config_refused(void)
{
	Suite *suite = suite_create("config_refused");
	TCase *tests = tcase_create("config_refused");

	tcase_add_checked_fixture(tests, harness_parse_start, NULL);
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(tests, refuses_more_names_than_can_be_told_apart);
	tcase_add_loop_test(tests, refuses_main_file, 0,
	    (int)(sizeof main_files / sizeof main_files[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
