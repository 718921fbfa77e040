/* test_contrib_panel - contrib/panel: what panels say, what gets into the file, and what must not */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_contrib.h"
#include "harness_faults.h"
#include "suites.h"

#define SCRIPT "panel/qlimit-domains"
#define MARK "# Written by qlimit-domains: what is changed here by hand is lost.\n"
#define TEN \
	"a.example\nb.example\nc.example\nd.example\ne.example\nf.example\ng.example\nh.example\ni.example\nj.example\n"

static const char config[] =
    "hosted = ( \"%s\" );\n"
    "packages = ( { name = \"big\"; max_per_hour = 70; }, { name = \"very small\"; max_per_hour = 7; } );\n"
    "domains = (\n"
    "	{ name = \".lists.example\"; package = \"big\"; }, { name = \"hand.example\"; exempt = true; },\n"
    "@include \"domains\"\n"
    ");\n";

/* Both forms are named, so both must be there: what is left for a test is to change one. */
static void
start(void)
{
	char text[sizeof config + 200];

	harness_contrib_start();
	(void)snprintf(text, sizeof text, config, harness_path("hosted"));
	harness_config(text);
	harness_contrib_write("domains", MARK "\t{ name = \"old.example\"; }\n");
	harness_contrib_write("hosted", "");
	(void)setenv("SOURCE", harness_path("source"), 1);
	harness_contrib_program("panel", "cat \"$SOURCE\"\n");
	/* Not that of the system: a test costs a second with it. */
	harness_contrib_program("sync", "cp -- \"$1\" \"$PLACE/synced\"\n");
}

/* As entries, with what the panel says now. */
static struct harness_output
entries(int shell, const char *says)
{
	if (says != NULL)
		harness_contrib_write("source", says);
	return harness_contrib(shell, SCRIPT, "-i", "-f", harness_path("domains"), "panel");
}

static struct harness_output
list(int shell, const char *says)
{
	harness_contrib_write("source", says);
	return harness_contrib(shell, SCRIPT, "-f", harness_path("hosted"), "panel");
}

static void
expect(struct harness_output o, int status, const char *said)
{
	ck_assert_msg(o.status == status && strstr(status == 0 ? o.out : o.err, said) != NULL,
	    "%d, not %d: %s\n%s%s", o.status, status, said, o.out, o.err);
}

/* No temporary file is left: what else there is, all tests have. */
static void
expect_tidy(void)
{
	DIR *dir = opendir(harness_path("."));
	struct dirent *e;

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)) != NULL) {
		const char *dot = strchr(e->d_name, '.');

		ck_assert_msg(dot == NULL || dot == e->d_name || strcmp(dot, ".conf") == 0 ||
		    strcmp(dot, ".old") == 0 || strcmp(dot, ".refused") == 0, "left behind: %s", e->d_name);
	}
	(void)closedir(dir);
}

/* --- what gets into the file --- */

START_TEST(test_list)
{
	struct stat before, after;
	struct harness_output o = list(_i, "b.example big\nA.example.\r\n\nb.example\na.example\n");

	expect(o, 0, "/hosted: domains: 2, before: 0\n+ a.example\n+ b.example\n");
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(harness_contrib_read("hosted"), MARK "a.example\nb.example\n");
	ck_assert_str_eq(harness_contrib_read("synced"), MARK "a.example\nb.example\n");
	ck_assert_int_eq(stat(harness_path("hosted"), &before), 0);
	ck_assert_int_eq(before.st_mode & 07777, 0644);
	o = list(_i, "a.example\nb.example\n");
	expect(o, 0, "");
	ck_assert_str_eq(o.out, "");
	ck_assert_int_eq(stat(harness_path("hosted"), &after), 0);
	ck_assert(before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	expect_tidy();
}
END_TEST

/* Goal: they are in force with the next load, and the old file is kept. */
START_TEST(test_entries)
{
	struct harness_output o = entries(_i,
	    "a.example big\nb.example\nc.example  very small \nc.example\nold.example big\n");

	expect(o, 0, "/domains: domains: 4, before: 1\n"
	    "  old.example:  -> big\n+ a.example big\n+ b.example\n+ c.example very small\n");
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(harness_contrib_read("domains"), MARK
	    "\t{ name = \"a.example\"; package = \"big\"; },\n"
	    "\t{ name = \"b.example\"; },\n"
	    "\t{ name = \"c.example\"; package = \"very small\"; },\n"
	    "\t{ name = \"old.example\"; package = \"big\"; }\n");
	ck_assert_str_eq(harness_contrib_read("domains.old"), MARK "\t{ name = \"old.example\"; }\n");
	ck_assert_int_eq(harness_load().status, EX_OK);
	(void)harness_deliver(harness_message(NULL, NULL), "joe@c.example", "k@there.example");
	ck_assert_uint_eq(harness_counters("domain", "c.example").max_per_hour, 7);
	o = entries(_i, "a.example big\nb.example big\nc.example big\n");
	expect(o, 0, "/domains: domains: 3, before: 4\n"
	    "  b.example:  -> big\n  c.example: very small -> big\n- old.example\n");
	expect_tidy();
}
END_TEST

/* Goal: nothing that a customer could call his domain is anything but a domain in there. */
START_TEST(test_hostile_names)
{
	struct harness_output o = entries(_i,
	    "good.example\n\"; }, { name = \"x.example\n$(touch /tmp/qlimit-pwned).example\n`id`.example\n-rf.example\n"
	    "x.example -> y\n.example\nlocalhost\n..\na..example\n*.example\n@include\n# x.example\nx.example;big\n"
	    "bad1.example big\"; exempt = true; x = \"\nbad2.example $(id)\n\033[2J.example\nb\\n.example\n"
	    "\303\244.example\n"
	    "/etc/passwd\nold.example\n");

	expect(o, 0, "domains: 5, before: 1");
	ck_assert_str_eq(harness_contrib_read("domains.refused"), "");
	ck_assert_str_eq(harness_contrib_read("domains"), MARK
	    "\t{ name = \"bad1.example\"; },\n"
	    "\t{ name = \"bad2.example\"; },\n"
	    "\t{ name = \"good.example\"; },\n"
	    "\t{ name = \"old.example\"; },\n"
	    "\t{ name = \"x.example\"; }\n");
	ck_assert_ptr_nonnull(strstr(o.err, "qlimit-domains: skipped, no domain: -rf.example\n"));
	ck_assert_ptr_nonnull(strstr(o.err, "qlimit-domains: skipped, no domain: ?[2J.example\n"));
	ck_assert_ptr_nonnull(
	    strstr(o.err, "qlimit-domains: skipped, no name for a package: bad1.example big\"; exempt"));
	ck_assert_int_eq(access("/tmp/qlimit-pwned", F_OK), -1);
}
END_TEST

/* Goal: a domain with an entry made by hand is left to it. */
START_TEST(test_left_out)
{
	harness_contrib_write("source", "A.example\nb.example\n");
	harness_contrib_write("by-hand", "old.example\na.EXAMPLE\n");
	expect(harness_contrib(_i, SCRIPT, "-i", "-f", harness_path("domains"), "-x", harness_path("by-hand"),
	    "panel"), 0, "domains: 1, before: 1\n+ b.example\n- old.example\n");
	expect(harness_contrib(_i, SCRIPT, "-x", harness_path("none"), "panel"), EX_USAGE, "cannot read");
}
END_TEST

/* Goal: 30 new ones are 20 lines and a number. */
START_TEST(test_many)
{
	char says[30 * 20] = "";
	struct harness_output o;

	for (int i = 0; i < 30; i++)
		(void)snprintf(says + strlen(says), sizeof says - strlen(says), "n%02d.example\n", i);
	o = list(_i, says);
	expect(o, 0, "+ n19.example\nand 10 more\n");
	for (int i = 0; i < 30; i++)
		says[i * 12] = '-';
	o = list(_i, says);
	expect(o, 1, "skipped, no domain: -19.example\nqlimit-domains: skipped 10 more\n");
}
END_TEST

/* --- what changes nothing --- */

static const struct {
	const char *label, *program;
	int status;
	const char *said;
} stopped[] = {
	{ "empty", "true\n", 1, "no domain at all; " },
	{ "an error instead of names", "echo 'ERROR 2002 (HY000): cannot connect'\n", 1, "no domain at all; " },
	{ "comments alone", "echo '# a.example'\n", 1, "no domain at all; " },
	{ "6 of 10 are gone", "head -n 5 \"$SOURCE\"\n", 1, "6 of 10 domains are missing, more than 20 percent" },
	{ "as many, but others", "sed s/example/test/ \"$SOURCE\"\n", 1, "10 of 10 domains are missing" },
	{ "an error behind half of them", "cat \"$SOURCE\"; exit 3\n", EX_UNAVAILABLE, "panel ended with 3; " },
	{ "no such panel", "exec nothing-like-this\n", EX_UNAVAILABLE, "panel ended with 127; " },
	{ "killed", "cat \"$SOURCE\"; kill $$\n", EX_UNAVAILABLE, "panel ended with 143; " },
	{ "an unknown package", "cat \"$SOURCE\"; echo k.example huge\n", EX_CONFIG,
	    "/domains:12: package must be the name" },
	{ "an entry made by hand too", "cat \"$SOURCE\"; echo hand.example\n", EX_CONFIG, "must have one entry" },
};

START_TEST(test_stopped)
{
	char before[2000];

	expect(entries(_i, "a.example big\n" TEN), 0, "domains: 10, before: 1");
	(void)snprintf(before, sizeof before, "%s", harness_contrib_read("domains"));
	for (int i = 0; i < HARNESS_ROWS(stopped); i++) {
		struct harness_output o;

		harness_contrib_program("panel", stopped[i].program);
		o = entries(_i, NULL);
		ck_assert_msg(o.status == stopped[i].status && strstr(o.err, stopped[i].said) != NULL, "%s: %d %s%s",
		    stopped[i].label, o.status, o.out, o.err);
		ck_assert_msg(strcmp(harness_contrib_read("domains"), before) == 0, "%s", stopped[i].label);
	}
	expect_tidy();
}
END_TEST

/* Goal: 5 may go in any case, and whoever has looked can have all of them go but the last. */
START_TEST(test_fewer)
{
	expect(list(_i, TEN), 0, "domains: 10");
	expect(list(_i, "a.example\nb.example\nc.example\nd.example\ne.example\n"), 0, "domains: 5, before: 10");
	expect(list(_i, TEN), 0, "domains: 10, before: 5");
	expect(list(_i, "a.example\n"), 1, "9 of 10 domains are missing");
	ck_assert_str_eq(harness_contrib_read("hosted.refused"), MARK "a.example\n");
	expect(harness_contrib(_i, SCRIPT, "-l", "90", "-f", harness_path("hosted"), "panel"), 0,
	    "domains: 1, before: 10");
	ck_assert_int_eq(access(harness_path("hosted.refused"), F_OK), -1);
	expect(list(_i, TEN), 0, "domains: 10, before: 1");
	harness_contrib_write("source", "z.example\n");
	expect(harness_contrib(_i, SCRIPT, "-F", "-f", harness_path("hosted"), "panel"), 0, "domains: 1, before: 10");
	harness_contrib_write("source", "");
	expect(harness_contrib(_i, SCRIPT, "-F", "-f", harness_path("hosted"), "panel"), 1, "no domain at all");
}
END_TEST

/* Goal: the mistake is said of the files it is in, not of those that stood for them. */
START_TEST(test_mistakes)
{
	char said[200];
	struct harness_output o = entries(_i, "a.example huge\n");

	(void)snprintf(said, sizeof said, "%s:2: package must be the name of one in packages, found \"huge\"",
	    harness_path("domains"));
	expect(o, EX_CONFIG, said);
	(void)snprintf(said, sizeof said,
	    "with it %s has mistakes; %s stays as it was, what was refused is in %s.refused",
	    harness_path("qlimit.conf"), harness_path("domains"), harness_path("domains"));
	expect(o, EX_CONFIG, said);
	harness_config("default = { max_per_hour = ; };\n@include \"domains\"\n");
	(void)snprintf(said, sizeof said, "%s:1: expected a value", harness_path("qlimit.conf"));
	expect(entries(_i, "a.example\n"), EX_CONFIG, said);
	expect_tidy();
}
END_TEST

/* Goal: a disk that fills up while it is written: one file has room for what the panel says, and not for more. */
START_TEST(test_full_disk)
{
	const char *argv[] = { "/bin/sh", "-c",
		"trap '' XFSZ; ulimit -f 1; exec contrib/panel/qlimit-domains -i -f \"$PLACE/domains\" panel", NULL };
	char says[20 * 24] = "";

	if (_i == HARNESS_CONTRIB_BUSYBOX)
		harness_contrib_busybox();
	for (int i = 0; i < 20; i++)
		(void)snprintf(says + strlen(says), sizeof says - strlen(says), "n%02d.example.example\n", i);
	harness_contrib_write("source", says);
	expect(harness_run_words(argv[0], argv), EX_CANTCREAT, "cannot write beside");
	ck_assert_str_eq(harness_contrib_read("domains"), MARK "\t{ name = \"old.example\"; }\n");
	expect_tidy();
}
END_TEST

/* Goal: a file that nothing reads is not worth a word of "changed", and nobody else's is written over. */
START_TEST(test_wrong_files)
{
	harness_config("# @include \"domains\"\n  // \"domains\"\nhosted = ( \"rcpthosts\" );\n");
	expect(entries(_i, "a.example\n"), EX_CONFIG, "does not name");
	harness_contrib_write("hosted", "mine.example\n");
	expect(list(_i, "a.example\n"), EX_CANTCREAT, "was not written by this program");
	ck_assert_str_eq(harness_contrib_read("hosted"), "mine.example\n");
	expect(harness_contrib(_i, SCRIPT, "-f", "hosted", "panel"), EX_USAGE, "usage:");
	expect(harness_contrib(_i, SCRIPT, "-l", "x", "panel"), EX_USAGE, "usage:");
	expect(harness_contrib(_i, SCRIPT, "-t", "-1", "panel"), EX_USAGE, "usage:");
	expect(harness_contrib(_i, SCRIPT), EX_USAGE, "usage:");
	expect(harness_contrib(_i, SCRIPT, "-y"), EX_USAGE, "usage:");
	expect(harness_contrib(_i, SCRIPT, "-f", "/nowhere/hosted", "panel"), EX_CANTCREAT,
	    "no directory for /nowhere/hosted");
	expect_tidy();
}
END_TEST

/* --- time --- */

START_TEST(test_hangs)
{
	int64_t before = harness_milliseconds();

	harness_contrib_program("panel", "echo a.example; exec sleep 60\n");
	expect(harness_contrib(_i, SCRIPT, "-t", "1", "-f", harness_path("hosted"), "panel"), EX_UNAVAILABLE,
	    "ended with 124");
	ck_assert_int_lt(harness_milliseconds() - before, 20000);
	ck_assert_str_eq(harness_contrib_read("hosted"), "");
}
END_TEST

/* Goal: an older answer that took longer does not come last; what is killed leaves nothing behind. */
START_TEST(test_at_once)
{
	const char *argv[] = { "/bin/sh", "-c",
		"contrib/panel/qlimit-domains -f \"$PLACE/hosted\" slow & "
		"while ! [ -e \"$PLACE/asked\" ]; do sleep 0.05; done; "
		"contrib/panel/qlimit-domains -f \"$PLACE/hosted\" panel; wait", NULL };
	const char *killed[] = { "/bin/sh", "-c",
		"rm \"$PLACE/asked\"; contrib/panel/qlimit-domains -f \"$PLACE/hosted\" slow & "
		"while ! [ -e \"$PLACE/asked\" ]; do sleep 0.05; done; kill $!; wait $!", NULL };

	harness_contrib_write("source", "new.example\n");
	harness_contrib_program("slow", ">\"$PLACE/asked\"; echo older.example; sleep 1\n");
	expect(harness_run_words(argv[0], argv), 0, "older.example");
	ck_assert_str_eq(harness_contrib_read("hosted"), MARK "new.example\n");
	expect(harness_run_words(killed[0], killed), EX_TEMPFAIL, "");
	ck_assert_str_eq(harness_contrib_read("hosted"), MARK "new.example\n");
	expect_tidy();
}
END_TEST

/* --- those who say --- */

static const char plesk[] =
    "[ \"$1 $2\" = 'db -Ne' ] && [ $# -eq 3 ] || exit 64\n"
    "[ ! \"$BROKEN\" ] || { echo half.example; exit 1; }\n"
    "case $3 in\n"
    "*Templates*) printf '%s\\t%s\\n' a.example 'Web Host (10 GB)' a.example '' b.example 'Default Domain' \\\n"
    "	c.example 'big' d.example '' e.example '$(id)' ;;\n"
    "*domain_aliases*) printf '%s\\n' a.example b.example ;;\n"
    "*) exit 64 ;;\n"
    "esac\n";

START_TEST(test_plesk)
{
	struct harness_output o;

	harness_contrib_program("plesk", plesk);
	harness_contrib_write("plans", "# package, plan\n\nbig\tWeb Host (10 GB)\nsmall  Default Domain\n");
	ck_assert_str_eq(harness_contrib(_i, "panel/domains-plesk").out, "a.example\nb.example\n");
	ck_assert_str_eq(harness_contrib(_i, "panel/domains-plesk", harness_path("plans")).out,
	    "a.example big\na.example\nb.example small\nc.example\nd.example\ne.example\n");
	ck_assert_int_eq(harness_contrib(_i, "panel/domains-plesk", harness_path("none")).status, EX_NOINPUT);
	(void)setenv("BROKEN", "yes", 1);
	o = harness_contrib(_i, "panel/domains-plesk");
	ck_assert(o.status != 0 && o.out[0] == '\0');
	o = harness_contrib(_i, "panel/domains-plesk", harness_path("plans"));
	ck_assert(o.status != 0 && o.out[0] == '\0');
	(void)unsetenv("BROKEN");
	harness_contrib_write("plans", "big Web Host (10 GB)\n");
	expect(harness_contrib(_i, SCRIPT, "-i", "-f", harness_path("domains"), "contrib/panel/domains-plesk",
	    harness_path("plans")), 0, "domains: 5, before: 1\n+ a.example big\n+ b.example\n");
}
END_TEST

static const struct {
	const char *format, *text;
	int status;
	const char *out;
} lists[] = {
	{ "assign", "=joe:joe:1:2:/home/joe:::\n+a.example-:a.example:89:89:/v/a.example:-::\n"
	  "+alias.b.example-:b.example:89:89:/v/b.example:-::\n+ux-:x\n+:\n.\n", 0, "a.example\nalias.b.example\nux\n" },
	{ "assign", "+a.example-:a.example:89:89:/v/a.example:-::\n", EX_DATAERR, "" },
	{ "assign", "", EX_DATAERR, "" },
	{ "userdomains", "a.example: joe\n*: nobody\n\n# x\nb.example: ann\nx\n", 0, "a.example\nb.example\n" },
	{ "users", "joe:a.example\nann@b.example:{SHA}x:1:1\n\n#c:d.example\nx\nx@y@c.example:x\n", 0,
	  "a.example\nb.example\nc.example\n" },
	{ "passwd", "joe:a.example\n", EX_USAGE, "" },
};

START_TEST(test_lists)
{
	for (int i = 0; i < HARNESS_ROWS(lists); i++) {
		struct harness_output o;

		harness_contrib_write("source", lists[i].text);
		o = harness_contrib(_i, "panel/domains-list", lists[i].format, harness_path("source"));
		ck_assert_msg(o.status == lists[i].status && strcmp(o.out, lists[i].out) == 0, "%d %s: %d %s%s", i,
		    lists[i].format, o.status, o.out, o.err);
	}
	ck_assert_int_eq(
	    harness_contrib(_i, "panel/domains-list", "assign", harness_path("none")).status, EX_USAGE);
	ck_assert_int_eq(harness_contrib(_i, "panel/domains-list", "assign").status, EX_USAGE);
}
END_TEST

Suite *
suite_contrib_panel(void)
{
	Suite *s = suite_create("contrib_panel");
	TCase *t = tcase_create("contrib");
	int shells = harness_contrib_shells();

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, start, harness_end);
	tcase_add_loop_test(t, test_list, 0, shells);
	tcase_add_loop_test(t, test_entries, 0, shells);
	tcase_add_loop_test(t, test_hostile_names, 0, shells);
	tcase_add_loop_test(t, test_left_out, 0, shells);
	tcase_add_loop_test(t, test_many, 0, shells);
	tcase_add_loop_test(t, test_stopped, 0, shells);
	tcase_add_loop_test(t, test_fewer, 0, shells);
	tcase_add_loop_test(t, test_mistakes, 0, shells);
	tcase_add_loop_test(t, test_wrong_files, 0, shells);
	tcase_add_loop_test(t, test_full_disk, 0, shells);
	tcase_add_loop_test(t, test_hangs, 0, 1);
	tcase_add_loop_test(t, test_at_once, 0, 1);
	tcase_add_loop_test(t, test_plesk, 0, shells);
	tcase_add_loop_test(t, test_lists, 0, shells);
	suite_add_tcase(s, t);
	return s;
}
