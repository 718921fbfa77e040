/* test_enable_refused - what `enable` and `disable` do not understand: said, and nothing is changed */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_front.h"
#include "suites.h"

/* --- what is found there --- */

static void
orig_is_ours(void)
{
	harness_bin_put("qmail-remote.orig", harness_program("qlimit-remote"), "", 0755);
}

static void
moved_is_ours(void)
{
	harness_bin_put("qmail-remote.moved", harness_program("qlimit-remote"), "old", 0755);
}

/* Somebody's own scheme with the name that is ours: replaced, the program that delivers would be lost. */
static void
next_is_run(void)
{
	static const char script[] = "#!/bin/sh\nexec " NEXT " \"$@\"\n";

	ck_assert_int_eq(rename(REMOTE, NEXT), 0);
	harness_write(harness_path("script"), script, sizeof script - 1);
	harness_bin_put("qmail-remote", harness_path("script"), "", 0755);
}

static void
next_is_linked(void)
{
	ck_assert_int_eq(rename(REMOTE, NEXT), 0);
	ck_assert_int_eq(symlink("qmail-remote.next", REMOTE), 0);
}

static void
directory(void)
{
	harness_front_remove();
	ck_assert_int_eq(mkdir(REMOTE, 0755), 0);
}

static void
dangling(void)
{
	harness_front_remove();
	ck_assert_int_eq(symlink("nowhere", REMOTE), 0);
}

static void
empty(void)
{
	ck_assert_int_eq(truncate(REMOTE, 0), 0);
}

static void
not_executable(void)
{
	ck_assert_int_eq(chmod(REMOTE, 0644), 0);
}

static void
set_user_id(void)
{
	ck_assert_int_eq(chmod(REMOTE, 04711), 0);
}

static void
set_group_id(void)
{
	ck_assert_int_eq(chmod(REMOTE, 02711), 0);
}

static void
writable(void)
{
	ck_assert_int_eq(chmod(HARNESS_BIN, 0775), 0);
}

static void
anothers(void)
{
	ck_assert_int_eq(chown(HARNESS_BIN, HARNESS_OWNER, 0), 0);
}

static void
no_bin(void)
{
	ck_assert_int_eq(rename(HARNESS_BIN, "/var/qmail/nib"), 0);
	ck_assert_int_eq(symlink("nib/qmail-remote", "/var/qmail/bin"), 0);
}

static void
not_for_the_owner(void)
{
	ck_assert_int_eq(chmod(REMOTE, 0700), 0);
}

static void
no_owner(void)
{
	harness_write("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 22);
}

static void
no_execution(void)
{
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT | MS_NOEXEC, "size=64m"), 0);
}

static void
read_only(void)
{
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64m"), 0);
}

static void
full(void)
{
	char options[40];
	struct statvfs now;

	ck_assert_int_eq(statvfs("/var", &now), 0);
	(void)snprintf(options, sizeof options, "size=%ju",
	    (uintmax_t)((now.f_blocks - now.f_bfree) * now.f_frsize + 65536));
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT, options), 0);
}

static void
mounted(void)
{
	ck_assert_int_eq(mount(REMOTE, REMOTE, NULL, MS_BIND, NULL), 0);
}

static void
shut_off(void)
{
	ck_assert_int_eq(chmod("/var/qmail", 0700), 0);
}

static void
remote_is_itself(void)
{
	harness_config("remote = \"/var/qmail/bin/../bin/qmail-remote\";");
}

static void
remote_is_nothing(void)
{
	harness_config("remote = \"/none\";");
}

static void
remote_is_another(void)
{
	harness_rules("remote = \"/bin/true\";");
	harness_config("mode = \"nonsense\";"); /* not in force */
}

static void
environment_is_another(void)
{
	(void)setenv("QLIMIT_REMOTE", "/bin/true", 1);
}

static void
no_state(void)
{
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	harness_write(harness_path("state"), "", 0);
}

static const struct {
	void (*make)(void);
	int status;
	const char *err;
} refused[] = {
	{ orig_is_ours, EX_CONFIG, ORIG ": is qlimit-remote itself" },
	{ moved_is_ours, EX_CONFIG, MOVED ": is qlimit-remote itself" },
	{ next_is_run, EX_CONFIG, NEXT ": is what qmail-remote itself runs" },
	{ next_is_linked, EX_CONFIG, NEXT ": is what qmail-remote itself runs" },
	{ harness_front_remove, EX_CONFIG, REMOTE ": No such file or directory (is qmail installed, and was QMAIL right" },
	{ mounted, EX_CONFIG, ORIG ": Invalid cross-device link (is qmail-remote mounted by itself?" },
	{ directory, EX_CONFIG, REMOTE ": is no plain file" },
	{ dangling, EX_CONFIG, REMOTE ": No such file" },
	{ empty, EX_CONFIG, REMOTE ": is empty" },
	{ not_executable, EX_CONFIG, REMOTE ": is not executable" },
	{ set_user_id, EX_CONFIG, "set-user-ID" },
	{ set_group_id, EX_CONFIG, "set-user-ID" },
	{ writable, EX_CONFIG, "/var/qmail/bin: must belong to root" },
	{ anothers, EX_CONFIG, "/var/qmail/bin: must belong to root" },
	{ not_for_the_owner, EX_CONFIG, REMOTE " cannot be executed by qmailr: Permission denied" },
	{ no_owner, EX_CONFIG, "there is no user qmailr" },
	{ no_execution, EX_CONFIG, "by qmailr: Permission denied" },
	{ read_only, EX_CONFIG, "Read-only file system" },
	{ full, EX_CONFIG, NEW ": No space left" },
	{ shut_off, EX_CONFIG, "by qmailr: Permission denied" },
	{ remote_is_itself, EX_CONFIG, "/../bin/qmail-remote, which becomes qlimit-remote itself" },
	{ remote_is_nothing, EX_CONFIG, "remote is set to /none, which cannot be executed: nothing" },
	{ remote_is_another, EX_CONFIG, "remote is set to /bin/true, which might run" },
	{ environment_is_another, EX_CONFIG, "remote is set to /bin/true" },
	{ no_state, EX_NOINPUT, "is not a directory" },
};

START_TEST(test_refused)
{
	const char *before;

	if (!harness_front_here)
		return;
	refused[_i].make();
	before = harness_bin_list();
	harness_is(harness_cli("enable"), refused[_i].status, "", refused[_i].err);
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Already there, and what else it needs is not. */
START_TEST(test_no_state_later)
{
	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	no_state();
	harness_is(harness_cli("enable"), EX_NOINPUT, "", "is not a directory");
	harness_is(harness_cli("status", "--check"), 1, "", "is not a directory");
}
END_TEST

START_TEST(test_no_bin)
{
	if (!harness_front_here)
		return;
	no_bin();
	harness_is(harness_cli("enable"), EX_CONFIG, "", "/var/qmail/bin: Not a directory");
	harness_is(harness_cli("enable", "--update"), EX_OK, "", "");
	harness_is(harness_cli("disable"), EX_CONFIG, "", "/var/qmail/bin: Not a directory");
	ck_assert_int_eq(unlink("/var/qmail/bin"), 0);
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name: there is no " REMOTE "\n", "");
}
END_TEST

/* Goal: where it never was there is nothing to remove, and nothing that fails: else the package could not be removed. */
START_TEST(test_read_only)
{
	if (!harness_front_here)
		return;
	read_only();
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
}
END_TEST

/* Goal: `remote` may be what the old one is called afterwards, or any other name of it. */
START_TEST(test_remote_is_set)
{
	if (!harness_front_here)
		return;
	ck_assert_int_eq(link(REMOTE, "/var/qmail/real"), 0);
	harness_config(_i == 0 ? "remote = \"" ORIG "\";" : "remote = \"/var/qmail/real\";");
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_is(harness_load(), EX_OK, "", "");
	harness_is(harness_cli("enable"), EX_OK, _i == 0 ? " -> " ORIG "\n" : " -> /var/qmail/real\n", "");
	harness_front_mail_goes_out();
}
END_TEST

/* --- no way out, or for others --- */

/* In the path, and what it was before is gone, or is no program: nothing is changed. */
static const struct {
	const char *label, *err;
} lost[] = {
	{ "gone", "what it was before is neither qmail-remote.orig nor qmail-remote.next" },
	{ "empty", ORIG ": is empty" },
	{ "ourselves", ORIG ": is qlimit-remote itself" },
	{ "in place of a directory that is not ours", NULL },
};

START_TEST(test_lost)
{
	const char *before;

	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable"), EX_OK, "", "");
	if (_i == 0)
		ck_assert_int_eq(unlink(ORIG), 0);
	else if (_i == 1)
		ck_assert_int_eq(truncate(ORIG, 0), 0);
	else if (_i == 2)
		orig_is_ours();
	else
		anothers();
	before = harness_bin_list();
	harness_is(harness_cli("disable"), lost[_i].err != NULL ? EX_CONFIG : EX_OK, "",
	    lost[_i].err != NULL ? lost[_i].err : "");
	if (lost[_i].err == NULL)
		return;
	ck_assert_str_eq(harness_bin_list(), before);
	if (_i == 0)
		harness_is(harness_cli("enable"), EX_CONFIG, " -> nothing\n",
		    "all mail is deferred: no real qmail-remote");
}
END_TEST

/* All that leads to this test's place, and its state directory, are open to qmailr; false: not so the programs. */
static bool
let_qmailr_in(void)
{
	ck_assert_int_eq(chmod(harness_path(".."), 0711), 0);
	ck_assert_int_eq(chmod(harness_path("."), 0777), 0);
	ck_assert_int_eq(chown(harness_path("state"), 12348, 12348), 0);
	if (harness_front_run_as_owner("/usr/bin/test", "-x", harness_program("qlimit")).status == 0)
		return true;
	harness_skip("as qmailr", "the programs are in a place that others cannot reach");
	return false;
}

START_TEST(test_not_root)
{
	static const char *const commands[] = { "enable", "disable" };
	const char *before;

	if (!harness_front_here)
		return;
	before = harness_bin_list();
	if (!let_qmailr_in())
		return;
	for (int i = 0; i < 2; i++)
		harness_is(harness_front_as_owner(commands[i], NULL), EX_NOPERM, "",
		    "only root can change what qmail runs");
	ck_assert_str_eq(harness_bin_list(), before);
	harness_is(harness_front_as_owner("status", NULL), EX_NOINPUT,
	    "mail path:     unknown: " REMOTE " cannot be read", "");
}
END_TEST

Suite *
suite_enable_refused(void)
{
	Suite *s = suite_create("enable_refused");
	TCase *t = tcase_create("enable_refused");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_refused, 0, HARNESS_ROWS(refused));
	tcase_add_test(t, test_no_state_later);
	tcase_add_test(t, test_no_bin);
	tcase_add_test(t, test_read_only);
	tcase_add_loop_test(t, test_remote_is_set, 0, 2);
	tcase_add_loop_test(t, test_lost, 0, HARNESS_ROWS(lost));
	tcase_add_test(t, test_not_root);
	suite_add_tcase(s, t);
	return s;
}
