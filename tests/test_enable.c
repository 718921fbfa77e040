/* test_enable - qlimit-remote into the mail path and out again */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_front.h"
#include "suites.h"

/* --- the way in and out --- */

/* Goal: in front, what was there kept as it was; and out again, without a trace. */
START_TEST(test_round)
{
	const char *before;
	struct stat st;
	ino_t real;

	if (!harness_front_here)
		return;
	harness_rules("");
	before = harness_bin_list();
	real = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_OK, "enabled: qmail-rspawn -> " REMOTE " (qlimit-remote ", "");
	ck_assert_uint_eq(harness_front_inode(ORIG), real);
	ck_assert_int_eq(stat(REMOTE, &st), 0);
	ck_assert(st.st_uid == 0 && st.st_gid == HARNESS_OWNER && (st.st_mode & 07777) == 0755 && st.st_nlink == 1);
	ck_assert(!harness_front_has(NEW) && !harness_front_has(NEXT));
	harness_front_mail_goes_out();
	ck_assert_uint_eq(harness_front_sent(), 1);
	ck_assert_uint_eq(harness_log_lines("change=enabled"), 1);
	harness_is(harness_cli("enable"), EX_OK, "already in the mail path: ", "");
	harness_is(harness_cli("enable", "--update"), EX_OK, "", "");
	harness_is(harness_cli("disable"), EX_OK, "disabled: " REMOTE " is again what qmail-remote.orig was\n", "");
	ck_assert_str_eq(harness_bin_list(), before);
	harness_front_mail_goes_out();
	ck_assert_uint_eq(harness_front_sent(), 1);
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: it says what is in force, and what it will run. */
START_TEST(test_words)
{
	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable"), EX_OK,
	    " -> " ORIG "\nmail path:     yes, as " REMOTE "; no qmail-rspawn is running\n"
	    "rules:         none are loaded: see `qlimit load`\n", "");
	harness_rules("mode = \"observe\";");
	harness_is(harness_cli("enable"), EX_OK, "\nrules:         mode observe", "");
	harness_rules("");
	harness_is(harness_cli("enable"), EX_OK, "\nrules:         mode enforce\n", "");
	/* Those of before a reboot are not in force. */
	(void)setenv("QLIMIT_TEST_BOOT", "the next one", 1);
	harness_is(harness_cli("enable"), EX_OK, "\nrules:         none are loaded: see `qlimit load`\n", "");
}
END_TEST

/* A name of a DKIM wrapper's original is not touched; what the wrapper is kept under is ours. */
START_TEST(test_orig_is_taken)
{
	const char *before;
	ino_t wrapper;

	if (!harness_front_here)
		return;
	harness_rules("");
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "original", 0711);
	before = harness_bin_list();
	wrapper = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert_uint_eq(harness_front_inode(NEXT), wrapper);
	harness_front_mail_goes_out();
	ck_assert_uint_eq(harness_front_sent(), 1);
	harness_is(harness_cli("disable"), EX_OK, "what qmail-remote.next was", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: an update of qmail puts its own program back: it is noticed, and put right, and again. */
START_TEST(test_update_of_qmail)
{
	ino_t first, second;

	if (!harness_front_here)
		return;
	first = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_rules("");
	harness_is(harness_cli("status", "--check"), EX_OK, "", "");
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_bin_put("qmail-remote", harness_program("remote"), "1.07", 0711);
	second = harness_front_inode(REMOTE);
	harness_is(harness_cli("status"), EX_OK, "mail path:     NO: " REMOTE " is another program", "");
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: NO: ", "");
	harness_is(harness_cli("enable", "--update"), EX_OK, "", "");
	ck_assert_uint_eq(harness_front_inode(REMOTE), second);
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert(harness_front_inode(ORIG) == first && harness_front_inode(NEXT) == second);
	harness_front_mail_goes_out();
	harness_bin_put("qmail-remote", harness_program("remote"), "1.08", 0711);
	second = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_CONFIG, "", NEXT ": is needed for what is qmail-remote now");
	ck_assert_int_eq(unlink(NEXT), 0);
	harness_is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert(harness_front_inode(ORIG) == first && harness_front_inode(NEXT) == second);
	harness_front_mail_goes_out();
	ck_assert_uint_eq(harness_front_sent(), 2);
	harness_is(harness_cli("disable"), EX_OK, "what qmail-remote.next was", "");
	ck_assert(harness_front_inode(ORIG) == first && harness_front_inode(REMOTE) == second &&
	    !harness_front_has(NEXT));
}
END_TEST

/* Goal: an older qlimit-remote is replaced by this one, and nothing else changes. */
START_TEST(test_update_of_qlimit)
{
	ino_t real, old;

	if (!harness_front_here)
		return;
	real = harness_front_inode(REMOTE);
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_rules("");
	for (int i = 0; i < 2; i++) {
		harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "of another version", 0755);
		old = harness_front_inode(REMOTE);
		harness_is(harness_cli("status", "--check"), 1, "another version: `qlimit enable` updates it", "");
		/* It is that one which asks what the real program is. */
		harness_is(harness_cli("status"), EX_OK, "real program:  " ORIG "\n", "");
		if (i == 0)
			harness_is(harness_cli("enable"), EX_OK, "updated: qmail-rspawn -> ", "");
		else
			ck_assert_str_eq(harness_cli("enable", "--update").out, "");
		ck_assert_uint_ne(harness_front_inode(REMOTE), old);
		harness_is(harness_cli("status", "--check"), EX_OK, "", "");
	}
	ck_assert_uint_eq(harness_front_inode(ORIG), real);
	harness_front_mail_goes_out();
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_uint_eq(harness_front_inode(REMOTE), real);
}
END_TEST

/*
 * Goal: one of the versions that had no marker, put in front by hand as was said then, is known and replaced: taken
 * for qmail's own and kept as .next, it and the new one would run each other for ever.
 */
START_TEST(test_update_of_the_first)
{
	static const char words[] = "#!/bin/sh\necho 'Zqlimit-" "remote is unable to find the real qmail-remote. '\n";
	const char *before;

	if (!harness_front_here)
		return;
	before = harness_bin_list();
	ck_assert_int_eq(link(REMOTE, ORIG), 0);
	harness_write(harness_path("first"), words, sizeof words - 1);
	harness_bin_put("qmail-remote", harness_path("first"), "", 0755);
	harness_is(harness_cli("enable"), EX_OK, "updated: qmail-rspawn -> " REMOTE, "");
	ck_assert(!harness_front_has(NEXT));
	harness_front_mail_goes_out();
	harness_is(harness_cli("disable"), EX_OK, "what qmail-remote.orig was", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/*
 * Goal: a program that is set as the real one once qlimit-remote is in front, and that runs qmail-remote, as a signer
 * before it would: no processes without end, but a deferral and a word in the log.
 */
START_TEST(test_runs_itself)
{
	static const char again[] = "#!/bin/sh\nexec " REMOTE " \"$@\"\n";
	struct harness_attempt attempt = { .program = REMOTE, .sender = "a@example.com",
		.recipient = "accept@example.net" };
	struct harness_delivery d;

	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_write(harness_path("again"), again, sizeof again - 1);
	harness_bin_put("again", harness_path("again"), "", 0755);
	harness_rules("remote = \"" HARNESS_BIN "again\";");
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.letter == 'Z' && strstr(d.bytes, "unable to find the real") != NULL, "%s", d.bytes);
	ck_assert_uint_eq(harness_calls(), 0);
	ck_assert_uint_eq(harness_log_lines("runs it again"), 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
	/* And once that is put right, the same message goes out. */
	harness_rules("");
	ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
}
END_TEST

/* Goal: Plesk's wrapper stands at qmail-remote and calls .moved: we come first, and it still finds that. */
START_TEST(test_plesk)
{
	const char *before;

	if (!harness_front_here)
		return;
	harness_rules("");
	harness_bin_put("qmail-remote.moved", harness_program("remote"), "the real one", 0711);
	before = harness_bin_list();
	harness_is(harness_cli("enable"), EX_OK, " -> " ORIG "\n", "");
	harness_front_mail_goes_out();
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: a link (Debian's alternatives) is kept and restored as a link. */
START_TEST(test_link)
{
	char target[40];
	const char *before;

	if (!harness_front_here)
		return;
	harness_rules("");
	ck_assert_int_eq(rename(REMOTE, HARNESS_BIN "remote.netqmail"), 0);
	ck_assert_int_eq(symlink("remote.netqmail", REMOTE), 0);
	before = harness_bin_list();
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	ck_assert_int_eq(readlink(ORIG, target, sizeof target), (ssize_t)strlen("remote.netqmail"));
	harness_front_mail_goes_out();
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* --- interrupted --- */

/* What an enabling that was killed can have left: it is completed, or undone. */
START_TEST(test_leftovers)
{
	const char *before;

	if (!harness_front_here)
		return;
	harness_rules("");
	before = harness_bin_list();
	for (int i = 0; i < 2; i++) {
		harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
		ck_assert_int_eq(link(REMOTE, REMOTE ".qlimit-next"), 0);
		ck_assert_int_eq(link(REMOTE, i == 0 ? ORIG : NEXT), 0);
		harness_is(harness_cli("disable"), EX_OK, "had left there is removed: 3 files\n", "");
		ck_assert_str_eq(harness_bin_list(), before);
		harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
		ck_assert_int_eq(link(REMOTE, i == 0 ? ORIG : NEXT), 0);
		harness_is(harness_cli("enable"), EX_OK, i == 0 ? " -> " ORIG "\n" : " -> " NEXT "\n", "");
		harness_front_mail_goes_out();
		harness_is(harness_cli("disable"), EX_OK, "disabled", "");
		ck_assert_str_eq(harness_bin_list(), before);
	}
	harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
	harness_is(harness_cli("disable"), EX_OK, "is removed: 1 file\n", "");
}
END_TEST

Suite *
suite_enable(void)
{
	Suite *s = suite_create("enable");
	TCase *t = tcase_create("enable");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_round);
	tcase_add_test(t, test_words);
	tcase_add_test(t, test_orig_is_taken);
	tcase_add_test(t, test_update_of_qmail);
	tcase_add_test(t, test_update_of_qlimit);
	tcase_add_test(t, test_update_of_the_first);
	tcase_add_test(t, test_runs_itself);
	tcase_add_test(t, test_plesk);
	tcase_add_test(t, test_link);
	tcase_add_test(t, test_leftovers);
	suite_add_tcase(s, t);
	return s;
}
