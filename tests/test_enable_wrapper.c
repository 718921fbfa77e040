/* test_enable_wrapper - scripts at qmail-remote, signers as a rule: enabled they go on working, or are refused */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_front.h"
#include "suites.h"

#define REAL REMOTE ".real"
#define SIGNER "#!/bin/sh\nexec " ORIG " \"$@\"\n"

static void
put_script(const char *text)
{
	harness_write(harness_path("wrapper"), text, strlen(text));
	harness_bin_put("qmail-remote", harness_path("wrapper"), "", 0755);
}

/* `text` becomes qmail-remote, and what was that is `real`. */
static void
wrap(const char *text, const char *real)
{
	ck_assert_int_eq(rename(REMOTE, real), 0);
	put_script(text);
}

/* Enabled, the wrapper's mail goes out once; disabled, all is as before. */
static void
goes_round(const char *kept)
{
	const char *before = harness_bin_list();
	char next[60];

	(void)snprintf(next, sizeof next, " -> %s\n", kept);
	harness_rules("");
	harness_is(harness_cli("enable"), EX_OK, next, "");
	harness_front_mail_goes_out();
	ck_assert_uint_eq(harness_front_sent(), 1);
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_str_eq(harness_bin_list(), before);
}

static void
is_refused(const char *words)
{
	const char *before = harness_bin_list();

	harness_is(harness_cli("enable"), EX_CONFIG, "", words);
	ck_assert_str_eq(harness_bin_list(), before);
}

/* --- by which name they run the real one --- */

#define LOOP(names) "#!/bin/sh\nfor p in " names " real; do\n r=" REMOTE ".$p\n [ -x $r ] && exec $r \"$@\"\ndone\n"

/* Goal: a wrapper that would run .orig if there were one is not kept under that name: it would run itself, for ever. */
static const struct {
	const char *script, *kept;
} names[] = {
	{ LOOP("orig"), NEXT },
	{ "#!/bin/sh\n[ -x " ORIG " ] && exec " ORIG " \"$@\"\nexec " REAL " \"$@\"\n", NEXT },
	{ "#!/bin/sh\nr=" REMOTE "\n[ -x $r.orig ] && exec $r.orig \"$@\"\nexec " REAL " \"$@\"\n", NEXT },
	{ "#!/bin/sh\n# what is next: signing\nexec " REAL " \"$@\"\n", ORIG },
	{ "#!/bin/sh\n# what is next, the original\nexec " REAL " \"$@\"\n", NEXT },
};

START_TEST(test_names)
{
	if (!harness_front_here)
		return;
	wrap(names[_i].script, REAL);
	goes_round(names[_i].kept);
}
END_TEST

START_TEST(test_both_names)
{
	if (!harness_front_here)
		return;
	wrap(LOOP("orig next"), REAL);
	is_refused(NEXT ": is what qmail-remote itself runs");
	put_script("#!/bin/sh\n[ -x " NEXT " ] && exec " NEXT " \"$@\"\nexec " ORIG " \"$@\"\n");
	is_refused(NEXT ": is what qmail-remote itself runs");
}
END_TEST

/* What an `enable` before had left, when that did not ask what the wrapper runs. */
START_TEST(test_runs_itself)
{
	if (!harness_front_here)
		return;
	wrap(LOOP("orig"), REAL);
	ck_assert_int_eq(link(REMOTE, ORIG), 0);
	is_refused(ORIG ": is qmail-remote itself, which seems to run it, for ever: install qmail's own");
}
END_TEST

/* Goal: what is said of a .orig that is ours leads to mail that goes out. */
START_TEST(test_advice)
{
	if (!harness_front_here)
		return;
	wrap(SIGNER, REAL);
	harness_bin_put("qmail-remote.orig", harness_program("qlimit-remote"), "", 0755);
	is_refused(ORIG ": is qlimit-remote itself: install qmail's own qmail-remote under that name");
	ck_assert_int_eq(rename(REAL, ORIG), 0);
	goes_round(NEXT);
}
END_TEST

/* --- an update of qmail --- */

/* Goal: the signer, whose only name is .next by then, is not replaced by qmail's new program. */
START_TEST(test_update_of_qmail)
{
	ino_t signer;

	if (!harness_front_here)
		return;
	wrap(SIGNER, ORIG);
	signer = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	harness_bin_put("qmail-remote", harness_program("remote"), "1.07", 0711);
	is_refused(NEXT ": is needed for what is qmail-remote now, and what stands there is nowhere else");
	is_refused("\n    cd /var/qmail/bin && ln -f qmail-remote qmail-remote.orig\n"
	    "    mv -f qmail-remote.next qmail-remote\n");
	ck_assert_int_eq(unlink(ORIG), 0);
	ck_assert_int_eq(link(REMOTE, ORIG), 0);
	ck_assert_int_eq(rename(NEXT, REMOTE), 0);
	goes_round(NEXT);
	ck_assert_uint_eq(harness_front_inode(REMOTE), signer);
}
END_TEST

static void
copy_of_orig(void)
{
	harness_bin_put("qmail-remote.next", ORIG, "", 0755);
}

static void
copy_of_remote(void)
{
	harness_bin_put("qmail-remote.next", REMOTE, "", 0755);
}

static void
ours(void)
{
	harness_bin_put("qmail-remote.next", harness_program("qlimit-remote"), "of another version", 0755);
}

static void
link_to_orig(void)
{
	ck_assert_int_eq(symlink("qmail-remote.orig", NEXT), 0);
}

static void
another(void)
{
	harness_bin_put("qmail-remote.next", REMOTE, "and more", 0755);
}

static void
of_its_size(void)
{
	char last = 'x';
	int fd;

	copy_of_remote();
	fd = open(NEXT, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, &last, 1, 100), 1);
	(void)close(fd);
}

static void
fifo(void)
{
	ck_assert_int_eq(mkfifo(NEXT, 0755), 0);
}

static void
dangling(void)
{
	ck_assert_int_eq(symlink("none", NEXT), 0);
}

static void
directory(void)
{
	ck_assert_int_eq(mkdir(NEXT, 0755), 0);
}

/* Goal: what is under .next is replaced where nothing of others is lost by it, and only there. */
static const struct {
	void (*make)(void);
	const char *refused;
} stale[] = {
	{ copy_of_orig, NULL },
	{ copy_of_remote, NULL },
	{ ours, NULL },
	{ link_to_orig, NULL },
	{ another, NEXT ": is needed for what is qmail-remote now" },
	{ of_its_size, NEXT ": is needed for what is qmail-remote now" },
	{ dangling, NEXT ": is needed for what is qmail-remote now" },
	{ fifo, NEXT ": is no plain file, and `enable` needs that name" },
	{ directory, NEXT ": is no plain file, and `enable` needs that name" },
};

START_TEST(test_stale)
{
	ino_t remote;

	if (!harness_front_here)
		return;
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "an older one", 0711);
	remote = harness_front_inode(REMOTE);
	stale[_i].make();
	if (stale[_i].refused != NULL) {
		is_refused(stale[_i].refused);
		return;
	}
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert_uint_eq(harness_front_inode(NEXT), remote);
}
END_TEST

/* --- installed while enabled --- */

static void
disable_is_refused(void)
{
	const char *before = harness_bin_list();

	harness_is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name", ORIG ": is qlimit-remote, and "
	    "qmail-remote runs it, as it seems: the real one was overwritten");
	ck_assert_str_eq(harness_bin_list(), before);
}

/* Goal: "mv qmail-remote qmail-remote.orig" has overwritten the real one with ours: no "0, not in the mail path". */
START_TEST(test_overwritten)
{
	if (!harness_front_here)
		return;
	ck_assert_int_eq(link(REMOTE, REAL), 0);
	harness_is(harness_cli("enable"), EX_OK, "", "");
	wrap(SIGNER, ORIG);
	disable_is_refused();
	harness_bin_put("qmail-remote.orig", harness_program("qlimit-remote"), "of another version", 0755);
	disable_is_refused();
	ck_assert_int_eq(rename(REAL, ORIG), 0);
	ck_assert_ptr_null(strstr(harness_cli("disable").out, "stays"));
	harness_is(harness_cli("disable"), EX_OK, "", "");
}
END_TEST

/* Likewise, with what it was before still there: that is put back, and does not help. */
START_TEST(test_overwritten_behind)
{
	if (!harness_front_here)
		return;
	wrap(SIGNER, ORIG);
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	harness_bin_put("qmail-remote.orig", REMOTE, "", 0755);
	harness_is(harness_cli("disable"), EX_CONFIG, "disabled: ", ORIG ": is qlimit-remote, and");
}
END_TEST

/* Goal: a second name that is stale is not left for ever without a word. */
START_TEST(test_left)
{
	static const char *const lefts[] = { ORIG, NEXT, MOVED };
	char words[80];

	if (!harness_front_here)
		return;
	ck_assert_ptr_null(strstr(harness_cli("disable").out, "stays"));
	for (int i = 0; i < 3; i++) {
		harness_bin_put(strrchr(lefts[i], '/') + 1, "/bin/true", "", 0755);
		(void)snprintf(words, sizeof words, "%s stays: qmail-remote does not run it", lefts[i]);
		harness_is(harness_cli("disable"), EX_OK, words, "");
		ck_assert_int_eq(unlink(lefts[i]), 0);
	}
	harness_bin_put("qmail-remote.orig", harness_program("qlimit-remote"), "", 0755);
	harness_is(harness_cli("disable"), EX_OK, ORIG " stays: ", "");
}
END_TEST

/* --- its own name --- */

#define RUNS(words) "#!/bin/sh\nexec " words " \"$@\"\n"

/* Goal: one that finds the real one by its own name would not find it by another: refused, not bounced. */
static const struct {
	const char *script, *word;
} own[] = {
	{ RUNS("\"$0.real\""), "($0)" },
	{ RUNS("\"${0}.real\""), "(${0)" },
	{ RUNS("\"${0%%/*}.real\""), "(${0)" },
	{ "#!/bin/bash\nexec \"${BASH_SOURCE[0]}.real\" \"$@\"\n", "(BASH_SOURCE)" },
	{ "#!/usr/bin/perl\nexec(__FILE__ . '.real', @ARGV);\n", "(__FILE__)" },
	{ "#!/usr/bin/python3\nos.execv(__file__ + '.real', sys.argv)\n", "(__file__)" },
	{ "#!/usr/bin/python3\nos.execv(sys.argv[0] + '.real', sys.argv)\n", "(argv[0])" },
	{ "#!/bin/sh\nd=$(dirname \"$0\")\nexec \"$0.real\" \"$@\"\n", "($0)" },
	{ "#!/bin/sh $0\n", "($0)" },
	{ "#!/bin/sh\ndirname=of_a_program_that_is_far_away_from_here_and_is exec \"$0.real\"\n", "($0)" },
	{ "#!/bin/sh\nd=$(dirname \"$1\"); exec \"$0.real\" \"$@\"\n", "($0)" },
};

START_TEST(test_own_name)
{
	char words[100];

	if (!harness_front_here)
		return;
	ck_assert_int_eq(link(REMOTE, REAL), 0);
	for (int i = 0; i < HARNESS_ROWS(own); i++) {
		(void)snprintf(words, sizeof words, REMOTE ": is a script that uses its own name %s", own[i].word);
		put_script(own[i].script);
		is_refused(words);
	}
}
END_TEST

/* Goal: that of its directory goes on. */
static const char *const directories[] = {
	RUNS("\"$(dirname \"$0\")/qmail-remote.real\""),
	RUNS("$(dirname -- \"$(readlink -f \"$0\")\")/qmail-remote.real"),
	RUNS("\"${0%/*}/qmail-remote.real\""),
	"#!/bin/bash\nexec \"${BASH_SOURCE[0]%/*}/qmail-remote.real\" \"$@\"\n",
	"#!/bin/sh\nd=`dirname $0`\nexec $d/qmail-remote.real \"$@\"\n",
};

START_TEST(test_directory)
{
	if (!harness_front_here)
		return;
	wrap(directories[_i], REAL);
	goes_round(ORIG);
}
END_TEST

Suite *
suite_enable_wrapper(void)
{
	Suite *s = suite_create("enable_wrapper");
	TCase *t = tcase_create("enable_wrapper");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_names, 0, HARNESS_ROWS(names));
	tcase_add_test(t, test_both_names);
	tcase_add_test(t, test_runs_itself);
	tcase_add_test(t, test_advice);
	tcase_add_test(t, test_update_of_qmail);
	tcase_add_loop_test(t, test_stale, 0, HARNESS_ROWS(stale));
	tcase_add_test(t, test_overwritten);
	tcase_add_test(t, test_overwritten_behind);
	tcase_add_test(t, test_left);
	tcase_add_test(t, test_own_name);
	tcase_add_loop_test(t, test_directory, 0, HARNESS_ROWS(directories));
	suite_add_tcase(s, t);
	return s;
}
