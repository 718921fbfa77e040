/* test_config_hosted - the domains that qmail's control files say are hosted here */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness_fail.h"
#include "harness_parse.h"
#include "suites.h"

#define MANY 500000

/* What rcpthosts, virtualdomains and locals say, and what rules and warnings that makes. */
static const struct {
	const char *label, *text, *rcpthosts, *virtualdomains, *locals, *rules, *warnings;
} made[] = {
	{ "nothing: no file is there", "", NULL, NULL, NULL, "", "" },
	{ "rcpthosts: case, comments, blanks behind, empty lines, CRLF, no last newline", "",
	  "a.example\n#b.example\n\nC.Example \t \n \t\n\r\nd.example\r\n.E.example\r\ne.example.\n.f.example. ", NULL, NULL,
	  "a.example 0/0 @rcpthosts:1\nc.example 0/0 @rcpthosts:4\nd.example 0/0 @rcpthosts:7\n"
	  "e.example 0/0 @rcpthosts:9\n.e.example 0/0 @rcpthosts:8\n.f.example 0/0 @rcpthosts:10\n", "" },
	{ "locals know no wildcard", "", NULL, NULL, "A.example\n.b.example\n",
	  "a.example 0/0 @locals:1\n",
	  "locals:2: skipped: must be a domain without an empty part between two dots, found \".b.example\"\n" },
	{ "virtualdomains: domains, wildcards, one sender, all others", "",
	  NULL, "a.example:p\n.B.example:p-q\nJoe.X@C.example:p\n:catchall\nd.example:p:q \n.:p\n", NULL,
	  "a.example 0/0 @virtualdomains:1\nd.example 0/0 @virtualdomains:5\n.b.example 0/0 @virtualdomains:2\n"
	  "address joe.x@c.example 0/0 @virtualdomains:3\n",
	  "virtualdomains:6: skipped: must be a domain, not empty, found \".:p\"\n" },
	{ "virtualdomains: an exception from a wildcard", "",
	  NULL, ".a.example:p\nx.a.example:\n.y.a.example: \nb.example:\n.c.example:\n", NULL,
	  "x.a.example 0/0 unnamed @virtualdomains:2\n.a.example 0/0 @virtualdomains:1\n"
	  ".y.a.example 0/0 unnamed @virtualdomains:3\n", "" },
	{ "virtualdomains: an exception from an exception is none", "",
	  NULL, ".a.example:p\n.x.a.example:\ny.x.a.example:\n", NULL,
	  ".a.example 0/0 @virtualdomains:1\n.x.a.example 0/0 unnamed @virtualdomains:2\n", "" },
	{ "virtualdomains: the longest wildcard counts", "",
	  NULL, ".a.example:\n.x.a.example:p\ny.x.a.example:\n.example:p\n", NULL,
	  "y.x.a.example 0/0 unnamed @virtualdomains:3\n.a.example 0/0 unnamed @virtualdomains:1\n"
	  ".example 0/0 @virtualdomains:4\n.x.a.example 0/0 @virtualdomains:2\n", "" },
	{ "an exception takes back nothing that another file says, of it or of all above",
	  "", "x.a.example\n.b.example\n.c.example\n", ".a.example:p\nx.a.example:\n.b.example:p\ny.b.example:\n"
	  ".z.c.example:p\nw.z.c.example:\n", NULL,
	  "x.a.example 0/0 @rcpthosts:1\n.a.example 0/0 @virtualdomains:1\n.b.example 0/0 @rcpthosts:2\n"
	  ".c.example 0/0 @rcpthosts:3\n.z.c.example 0/0 @virtualdomains:5\n", "" },
	{ "whichever file comes first", "hosted = ( \"virtualdomains\", \"rcpthosts\" );",
	  ".b.example\n", ".b.example:p\ny.b.example:\n", NULL, ".b.example 0/0 @virtualdomains:1\n", "" },
	{ "nor anything that domains says",
	  "domains = ( { name = \"x.a.example\"; max_per_hour = 1; }, { name = \".b.example\"; max_per_hour = 2; } );",
	  NULL, ".a.example:p\nx.a.example:\n.y.b.example:p\nz.y.b.example:\n", NULL,
	  "x.a.example 1/0 @q.conf:1\n.a.example 0/0 @virtualdomains:1\n.b.example 2/0 @q.conf:1\n"
	  ".y.b.example 2/0 @virtualdomains:3\n", "" },
	{ "an exception and no exception: hosted", "", NULL, "x.a.example:\n.a.example:p\nx.a.example:q\n", NULL,
	  "x.a.example 0/0 @virtualdomains:3\n.a.example 0/0 @virtualdomains:2\n", "" },
	{ "one sender with nothing behind it is none", "", NULL, "a@b.example:\n.c.example:p\na@b.c.example:\n", NULL,
	  ".c.example 0/0 @virtualdomains:2\n", "" },
	{ "the same name in many files: the first", "", "b.example\na.example\na.example\n", "a.example:p\n",
	  "a.example\nb.example\n", "a.example 0/0 @rcpthosts:2\nb.example 0/0 @rcpthosts:1\n", "" },
	{ "lines that are no domain are skipped",
	  "", "a b\n a.example\n*.example\njoe@a.example\n..b\na..b\n[192.0.2.1]\nb.example\n",
	  "a.example\njoe x@a.example:p\n@a.example:p\njoe@.a.example:p\nj\xc3\xa4@a.example:p\n", NULL,
	  "b.example 0/0 @rcpthosts:8\n",
	  "rcpthosts:1: skipped: must be a domain of letters, digits, \"-\", \"_\" and \".\", found \"a\\x20b\"\n"
	  "rcpthosts:2: skipped: must be a domain of letters, digits, \"-\", \"_\" and \".\", found \"\\x20a.example\"\n"
	  "rcpthosts:3: skipped: must be a domain; all below example.com are written \".example.com\", found "
	  "\"*.example\"\n"
	  "rcpthosts:4: skipped: must be a domain alone, without \"@\" and what stands before it, found "
	  "\"joe@a.example\"\n"
	  "rcpthosts:5: skipped: must be a domain without an empty part between two dots, found \"..b\"\n"
	  "rcpthosts:6: skipped: must be a domain without an empty part between two dots, found \"a..b\"\n"
	  "rcpthosts:7: skipped: must be a domain of letters, digits, \"-\", \"_\" and \".\", found \"[192.0.2.1]\"\n"
	  "virtualdomains:1: skipped: must be domain:prepend, found \"a.example\"\n"
	  "virtualdomains:2: skipped: must be an address of printable ASCII characters, found "
	  "\"joe\\x20x@a.example:p\"\n"
	  "virtualdomains:3: skipped: must be an address of at most 253 bytes, or a domain, found "
	  "\"@a.example:p\"\n"
	  "and 2 more\n" },
	{ "a name without an entry has the limits of the longest wildcard above it, else default's",
	  "default = { max_per_hour = 1; };\n"
	  "domains = ( { name = \".a.example\"; max_per_hour = 2; exempt = true; },\n"
	  "{ name = \".x.a.example\"; max_per_hour = 3; },\n"
	  "{ name = \"a.example\"; max_per_hour = 4; }, { name = \"c.example\" } );",
	  "a.example\n.a.example\nb.a.example\ny.x.a.example\n.z.x.a.example\nb.example\nc.example\nx.a.example\n"
	  "xa.example\n", "u@w.a.example:p\n", NULL,
	  "a.example 4/0 @q.conf:4\nb.a.example 2/0 exempt @rcpthosts:3\nb.example 1/0 @rcpthosts:6\n"
	  "c.example 1/0 @q.conf:4\nx.a.example 2/0 exempt @rcpthosts:8\nxa.example 1/0 @rcpthosts:9\n"
	  "y.x.a.example 3/0 @rcpthosts:4\n"
	  ".a.example 2/0 exempt @q.conf:2\n.x.a.example 3/0 @q.conf:3\n.z.x.a.example 3/0 @rcpthosts:5\n"
	  "address u@w.a.example 2/0 exempt @virtualdomains:1\n", "" },
	{ "hosted = ( ): none", "hosted = ( );", "a.example\n", "b.example:p\n", NULL, "", "" },
	{ "hosted: one file by its name, one by its path", "hosted = ( \"locals\", \"/nonexistent/rcpthosts\" );",
	  "a.example\n", NULL, "b.example\n", "b.example 0/0 @locals:1\n", "" },
};

static void
write_control(const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof path, "control/%s", name);
	if (text != NULL)
		harness_parse_write(path, text, strlen(text));
}

static const char *
warnings_of(const struct config *config)
{
	static char all[8192];
	size_t used = 0, n = config->warnings_count;

	all[0] = '\0';
	for (size_t i = 0; i < n && i < CONFIG_WARNINGS_MAX; i++)
		used += (size_t)snprintf(all + used, sizeof all - used, "%s\n", strrchr(config->warnings[i], '/') + 1);
	if (n > CONFIG_WARNINGS_MAX)
		(void)snprintf(all + used, sizeof all - used, "and %zu more\n", n - CONFIG_WARNINGS_MAX);
	return all;
}

START_TEST(makes_rules)
{
	struct config *config;

	write_control("rcpthosts", made[_i].rcpthosts);
	write_control("virtualdomains", made[_i].virtualdomains);
	write_control("locals", made[_i].locals);
	config = harness_parse(made[_i].text);
	ck_assert_msg(config->errors_count == 0, "%s: %s", made[_i].label, harness_parse_errors(config));
	ck_assert_msg(strcmp(harness_parse_rules(config), made[_i].rules) == 0, "%s:\n%swanted:\n%s", made[_i].label,
	    harness_parse_rules(config), made[_i].rules);
	ck_assert_msg(strcmp(warnings_of(config), made[_i].warnings) == 0, "%s:\n%swanted:\n%s", made[_i].label,
	    warnings_of(config), made[_i].warnings);
	config_free(config);
}
END_TEST

START_TEST(skips_zero_bytes)
{
	static const char bytes[] = "a.example\nb.ex\0mple\n\0\nc.example";
	struct config *config;

	harness_parse_write("control/morercpthosts", bytes, sizeof bytes - 1);
	config = harness_parse("");
	ck_assert_str_eq(harness_parse_rules(config), "a.example 0/0 @morercpthosts:1\nc.example 0/0 @morercpthosts:4\n");
	ck_assert_str_eq(warnings_of(config),
	    "morercpthosts:2: skipped: must be a line without a NUL byte, found \"b.ex\\x00mple\"\n"
	    "morercpthosts:3: skipped: must be a line without a NUL byte, found \"\\x00\"\n");
	ck_assert(config->hosted == 2 && config->settings.hosted);
	config_free(config);
}
END_TEST

START_TEST(knows_whether_and_how_many)
{
	struct config *config = harness_parse("domains = ( { name = \"a.example\" } );");

	ck_assert(!config->settings.hosted && config->hosted == 0 && config->hosted_count == 4);
	config_free(config);

	write_control("virtualdomains", "x.a.example:\n:p\n");
	config = harness_parse("");
	ck_assert(!config->settings.hosted && config->hosted == 0);
	config_free(config);

	write_control("rcpthosts", "a.example\n.a.example\nb.example\n");
	write_control("virtualdomains", "b.example:p\nc@c.example:p\nx.a.example:\n");
	config = harness_parse("domains = ( { name = \"a.example\" } );");
	ck_assert(config->settings.hosted && config->hosted == 4 && config->domains == 1);
	ck_assert_uint_eq(config->hosted_files[0].names, 3);
	ck_assert_uint_eq(config->hosted_files[1].names, 0);
	ck_assert_uint_eq(config->hosted_files[2].names, 2);
	ck_assert_ptr_nonnull(strstr(config->hosted_files[2].path, "/control/virtualdomains"));
	config_free(config);
}
END_TEST

/* A name of 253 bytes, and a letter more; an address likewise. */
START_TEST(bounds_names)
{
	char name[300], text[1200];
	struct config *config;

	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	(void)snprintf(text, sizeof text, "%.253s\n.%.253s.\n%.254s\n", name, name, name);
	write_control("rcpthosts", text);
	(void)snprintf(text, sizeof text, "u@%.251s:p\nu@%.252s:p\n", name, name);
	write_control("virtualdomains", text);
	config = harness_parse("");
	ck_assert_uint_eq(config->errors_count, 0);
	ck_assert_uint_eq(config->hosted, 3);
	ck_assert_uint_eq(config->warnings_count, 2);
	ck_assert_uint_eq(config->rules[config->rules_count - 1].key.length, 253);
	config_free(config);
}
END_TEST

static const struct {
	const char *label, *text, *errors;
} refused[] = {
	{ "a directory, and a FIFO", "hosted = (\n\"dir\",\n\"fifo\" );",
	  "q.conf:2: cannot read \"control/dir\", which says what is hosted: it is a directory\n"
	  "q.conf:3: cannot read \"control/fifo\", which says what is hosted: it is not a plain file\n" },
	{ "a loop of links", "mode = 1;\nhosted = ( \"loop\" );",
	  "q.conf:1: mode must be \"enforce\" or \"observe\", found 1\n"
	  "q.conf:2: cannot read \"control/loop\", which says what is hosted: Too many levels of symbolic links\n" },
	{ "more than 64 MiB", "hosted = ( \"large\", \"large\" );",
	  "q.conf:1: cannot read \"control/large\", which says what is hosted: larger than 64 MiB, alone or with the "
	  "files before it\n" },
	{ "no list", "hosted = \"rcpthosts\";",
	  "q.conf:1: hosted must be a list of at most 60 files ( \"...\", ... ), found \"rcpthosts\"\n" },
	{ "a group", "hosted = { };",
	  "q.conf:1: hosted must be a list of at most 60 files ( \"...\", ... ), found a group { }\n" },
	{ "no names", "hosted = ( 1,\n\"\",\n0x1,\n\"a\\nb\" );",
	  "q.conf:1: hosted must be a list of files: absolute paths of at most 255 bytes, or names in qmail's control, "
	  "found 1\n"
	  "q.conf:2: hosted must be a list of files: absolute paths of at most 255 bytes, or names in qmail's control, "
	  "found \"\"\n"
	  "q.conf:3: hosted must be a list of files: absolute paths of at most 255 bytes, or names in qmail's control, "
	  "found 0x1 (a number is digits alone, the first not 0)\n"
	  "q.conf:4: hosted must be a list of files: absolute paths of at most 255 bytes, or names in qmail's control, "
	  "found \"a\\x0ab\"\n" },
};

START_TEST(refuses)
{
	struct config *config;

	ck_assert_int_eq(mkdir(harness_parse_path("control/dir"), 0700), 0);
	ck_assert_int_eq(mkfifo(harness_parse_path("control/fifo"), 0600), 0);
	ck_assert_int_eq(symlink("loop", harness_parse_path("control/loop")), 0);
	harness_parse_write("control/large", "#", 1);
	ck_assert_int_eq(truncate(harness_parse_path("control/large"), 40 << 20), 0);
	config = harness_parse(refused[_i].text);
	ck_assert_msg(strcmp(harness_parse_errors(config), refused[_i].errors) == 0, "%s:\n%swanted:\n%s", refused[_i].label,
	    harness_parse_errors(config), refused[_i].errors);
	config_free(config);
}
END_TEST

/* Goal: never "no list" because a list could not be read. */
START_TEST(refuses_what_it_may_not_read)
{
	const uid_t us = geteuid();
	struct config *config;

	if (us == 0) {
		ck_assert_int_eq(chmod(harness_parse_path("."), 0755), 0);
		ck_assert_int_eq(chmod(harness_parse_path(".."), 0755), 0);
	}
	write_control("locals", "a.example\n");
	ck_assert_int_eq(chmod(harness_parse_path("control/locals"), 0), 0);
	harness_parse_write("q.conf", "", 0);
	ck_assert_int_eq(seteuid(us == 0 ? 65534 : us), 0);
	config = config_load(harness_parse_path("q.conf"));
	/* Else the leak checker may not look at its own process. */
	ck_assert_int_eq(seteuid(us), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1: cannot read \"control/locals\", which says what is hosted: Permission denied\n");
	config_free(config);
}
END_TEST

START_TEST(bounds_the_list)
{
	char text[2000] = "hosted = ( ";
	struct config *config;

	for (unsigned i = 0; i < 60; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "\"n%u\", ", i);
	(void)strcpy(text + strlen(text), "\"last\" );");
	config = harness_parse(text);
	ck_assert_str_eq(harness_parse_errors(config),
	    "q.conf:1: hosted must be a list of at most 60 files ( \"...\", ... ), found a list ( )\n");
	config_free(config);
	/* The configuration itself is one of the 60. */
	(void)strcpy(strstr(text, ", \"last\""), ");");
	config = harness_parse(text);
	ck_assert_str_eq(harness_parse_errors(config), "q.conf:1: cannot read \"control/n59\", which says what is "
	    "hosted: more files than the 60 that can be watched\n");
	config_free(config);
	(void)snprintf(text, sizeof text, "hosted = ( \"/%0255d\", \"%0255d\" );", 1, 1);
	config = harness_parse(text);
	ck_assert_uint_eq(config->errors_count, 2);
	config_free(config);
}
END_TEST

START_TEST(watches_its_files)
{
	static const char *const names[] = { "rcpthosts", "morercpthosts", "virtualdomains", "locals" };
	struct config *config;

	write_control("locals", "a.example\n");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[64];

		config = harness_parse("");
		ck_assert_uint_eq(config->watched.count, 5);
		(void)snprintf(path, sizeof path, "control/%s", names[i]);
		ck_assert_str_eq(config->watched.file[1 + i].path, harness_parse_path(path));
		ck_assert(watch_list_is_current(&config->watched));
		write_control(names[i], "more.example\nand.example\n");
		ck_assert_msg(!watch_list_is_current(&config->watched), "%s", names[i]);
		config_free(config);
	}
}
END_TEST

/* Goal: a big server's files take no longer than their length asks for; nothing is lost in them. */
START_TEST(reads_many)
{
	size_t size = (size_t)MANY * 32, used = 0;
	char *text = malloc(size);
	struct config *config;
	struct timespec from, to;

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < MANY; i++)
		used += (size_t)snprintf(text + used, size - used, "%sd%u.example\n", i % 5 == 0 ? "." : "",
		    (unsigned)((uint64_t)i * 7919 % MANY));
	harness_parse_write("control/rcpthosts", text, used);
	free(text);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	config = harness_parse("domains = ( { name = \"d5.example\"; max_per_hour = 5; } );");
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert_uint_eq(config->hosted, MANY);
	ck_assert_uint_ge(config->rules_count, (size_t)MANY + 5);
	for (size_t i = 1; i < config->rules_count; i++) {
		const struct rules_key *a = &config->rules[i - 1].key, *b = &config->rules[i].key;

		ck_assert(a->scope < b->scope || (a->scope == b->scope && strcmp(a->name, b->name) < 0));
	}
	ck_assert_msg(to.tv_sec - from.tv_sec < 20, "%ld seconds", (long)(to.tv_sec - from.tv_sec));
	config_free(config);
}
END_TEST

/* Goal: no name is lost for want of memory: all of them, or no configuration. */
START_TEST(runs_out_of_memory)
{
	char text[20000] = "no domain\n.a.example\n";
	size_t used = strlen(text);
	struct config *config;
	unsigned n = 0;
	int error;

	for (int i = 0; i < 1100; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "d%d.a.example\n", i);
	harness_parse_write("control/rcpthosts", text, used);
	write_control("virtualdomains", ".b.example:p\nc.b.example:\n");
	harness_parse_write("q.conf", "users = ( { uid = 1 } );", 24);
	do {
		ck_assert_uint_lt(++n, 1000);
		harness_fail_at(n, _i == 1, 0);
		config = config_load(harness_parse_path("q.conf"));
		error = errno;
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(config == NULL && error == ENOMEM, "allocation %u", n);
	} while (true);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->hosted, 1102);
	ck_assert_uint_eq(config->warnings_count, 1);
	ck_assert_uint_gt(n, 20);
	config_free(config);
}
END_TEST

Suite *
suite_config_hosted(void)
{
	Suite *suite = suite_create("config_hosted");
	TCase *tests = tcase_create("config_hosted");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, harness_parse_start, NULL);
	tcase_add_loop_test(tests, makes_rules, 0, (int)(sizeof made / sizeof made[0]));
	tcase_add_test(tests, skips_zero_bytes);
	tcase_add_test(tests, knows_whether_and_how_many);
	tcase_add_test(tests, bounds_names);
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(tests, refuses_what_it_may_not_read);
	tcase_add_test(tests, bounds_the_list);
	tcase_add_test(tests, watches_its_files);
	tcase_add_test(tests, reads_many);
	tcase_add_loop_test(tests, runs_out_of_memory, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
