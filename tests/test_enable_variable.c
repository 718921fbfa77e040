/* test_enable_variable - `enable` where qmail-rspawn runs something else: by $QMAILREMOTE, PATH, or s/qmail */
#include <check.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_front.h"
#include "suites.h"

/* A qmail-rspawn that honours it, with this value. */
static pid_t
rspawn_with(const char *value)
{
	char assignment[300];
	const char *const environment[] = { "PATH=/var/qmail/bin:/bin", assignment, NULL };

	harness_front_honours();
	(void)snprintf(assignment, sizeof assignment, "%s%s", value != NULL ? "QMAILREMOTE=" : "X",
	    value != NULL ? value : "");
	return harness_bin_rspawn(environment);
}

START_TEST(test_variable)
{
	const char *before;
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = rspawn_with(harness_program("qlimit-remote"));
	before = harness_bin_list();
	harness_is(harness_cli("status"), EX_NOINPUT, "mail path:     yes, by $QMAILREMOTE of qmail-rspawn ", "");
	harness_is(harness_cli("enable"), EX_OK, "already in the mail path: yes, by $QMAILREMOTE of ", "");
	harness_is(harness_cli("enable", "--update"), EX_OK, "", "");
	harness_is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name",
	    "still in the mail path: qmail-rspawn ");
	ck_assert_str_eq(harness_bin_list(), before);
	harness_bin_end(pid);
}
END_TEST

/* Goal: by name as well, and then in a start script only. */
START_TEST(test_both)
{
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = rspawn_with(harness_program("qlimit-remote"));
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "", 0711);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
	harness_is(harness_cli("status"), EX_NOINPUT, ", and as " REMOTE ": counted once\n", "");
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "old", 0755);
	harness_is(harness_cli("status"), EX_NOINPUT, "which is another version: each delivery is counted twice",
	    "");
	harness_is(harness_cli("status", "--check"), 1, "counted twice", "");
	harness_is(harness_cli("disable"), EX_CONFIG, "disabled", "still in the mail path: qmail-rspawn ");
	harness_bin_end(pid);
	harness_is(harness_cli("disable"), EX_OK, "", "");
	/* A start script will bring it back. */
	harness_write("/var/qmail/rc", "#QMAILREMOTE=/usr/local/sbin/qlimit-remote\n", 43);
	harness_is(harness_cli("disable"), EX_OK, "", "");
	harness_write("/var/qmail/rc", "exec env - QMAILREMOTE=/usr/local/sbin/qlimit-remote qmail-start\n", 65);
	harness_is(harness_cli("disable"), EX_CONFIG, "", "still in the mail path: /var/qmail/rc names it");
	harness_front_remove();
	harness_is(harness_cli("disable"), EX_CONFIG, "there is no " REMOTE,
	    "still in the mail path: /var/qmail/rc names it");
}
END_TEST

/* Goal: behind a filter it would get a pipe: so it is said how to stand in front. */
START_TEST(test_another_variable)
{
	const char *before;
	pid_t pid;

	if (!harness_front_here)
		return;
	harness_bin_put("spawn-filter", "/bin/true", "", 0755);
	pid = rspawn_with(HARNESS_BIN "spawn-filter");
	before = harness_bin_list();
	harness_is(harness_cli("enable"), EX_CONFIG, "", "    remote = \"" HARNESS_BIN "spawn-filter\";");
	harness_is(harness_cli("enable"), EX_CONFIG, "", "\n    QMAILREMOTE=/");
	ck_assert_str_eq(harness_bin_list(), before);
	harness_is(harness_cli("status"), EX_NOINPUT, "NO: $QMAILREMOTE of qmail-rspawn ", "");
	harness_bin_end(pid);
}
END_TEST

START_TEST(test_say_variable)
{
	char group[40];
	pid_t pid;

	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable", "--variable"), EX_CONFIG, "", "this qmail does not honour $QMAILREMOTE");
	ck_assert_int_eq(chmod(HARNESS_BIN "qmail-rspawn", 0711), 0);
	harness_is(harness_front_as_owner("enable", "--variable"), EX_NOPERM, "",
	    "cannot be seen: run this as root");
	harness_is(harness_cli("enable", "--update", "--variable"), EX_USAGE, "",
	    "give one of them");
	pid = rspawn_with(NULL);
	harness_is(harness_cli("enable", "--variable"), EX_OK, "QMAILREMOTE=/", "");
	harness_write("/var/qmail/rc", "exec qmail-start\n", 17);
	harness_is(harness_cli("enable", "--variable"), EX_OK,
	    "    in /var/qmail/rc, on the line that runs qmail-start", "");
	/* Its unit says more. */
	harness_write("/var/lib/group", "0::/system.slice/qmail-send.service\n", 36);
	(void)snprintf(group, sizeof group, "/proc/%d/cgroup", (int)pid);
	ck_assert_int_eq(mount("/var/lib/group", group, NULL, MS_BIND, NULL), 0);
	harness_is(harness_cli("enable", "--variable"), EX_OK, "    systemctl edit qmail-send.service, and there\n"
	    "        [Service]\n        Environment=QMAILREMOTE=/", "");
	ck_assert_int_eq(umount2(group, MNT_DETACH), 0);
	ck_assert_int_eq(unlink("/var/qmail/rc"), 0);
	ck_assert_int_eq(mkdir("/etc/systemd", 0755), 0);
	ck_assert_int_eq(mkdir("/etc/systemd/system", 0755), 0);
	harness_write("/etc/systemd/system/qmail.service", "[Service]\n", 10);
	harness_is(harness_cli("enable", "--variable"), EX_OK, "    in the script that starts qmail, ", "");
	harness_bin_end(pid);
}
END_TEST

START_TEST(test_say_less)
{
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = rspawn_with(NULL);
	/* Without qlimit-remote beside it there is nothing to name. */
	ck_assert_int_eq(mount("tmpfs", "/usr/local", "tmpfs", MS_NODEV, "size=1m"), 0);
	harness_bin_put("qlimit", harness_program("qlimit"), "", 0755);
	harness_is(harness_run_words(HARNESS_BIN "qlimit", (const char *const[]){ "qlimit", "enable",
	    "--variable", NULL }),
	    EX_CONFIG, "", "qlimit-remote is not there: is qlimit installed?");
	/* By name it works as well, and it is said that the other lasts longer. */
	harness_is(harness_cli("enable"), EX_OK, "\n               An update of qmail undoes it, too.", "");
	harness_is(harness_cli("enable", "--variable"), EX_OK, "now: yes, as " REMOTE "\n", "");
	harness_bin_end(pid);
}
END_TEST

/* --- what else is run instead --- */

/* Goal: s/qmail signs in front of qmail-remote: there a retry would be a new delivery. */
START_TEST(test_signer)
{
	const char *const environment[] = { "PATH=/var/qmail/bin", NULL };
	pid_t pid;

	if (!harness_front_here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", "qmail-dksign", 0755);
	for (int i = 0; i < 2; i++) {
		pid = i == 0 ? 0 : harness_bin_rspawn(environment);
		harness_is(harness_cli("enable"), EX_OK, "enabled", "");
		harness_write(harness_path("control/dkimdomains"), "", 0);
		harness_is(harness_cli("status"), EX_NOINPUT, "qmail-rspawn runs qmail-dksign first", "");
		harness_is(harness_cli("status", "--check"), 1, "qmail-rspawn runs qmail-dksign first", "");
		harness_is(harness_cli("disable"), EX_OK, "disabled", "");
		harness_is(harness_cli("enable"), EX_CONFIG, "", "    ln " HARNESS_BIN "qmail-dksign ");
		ck_assert_int_eq(unlink(harness_path("control/dkimdomains")), 0);
		if (i == 1)
			harness_bin_end(pid);
	}
}
END_TEST

START_TEST(test_other_path)
{
	const char *const environment[] = { "PATH=/var/qmail:/var/qmail/bin", NULL };
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = harness_bin_rspawn(environment);
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_int_eq(link(REMOTE, "/var/qmail/qmail-remote"), 0);
	harness_is(harness_cli("enable"), EX_CONFIG, "", "leads to /var/qmail/qmail-remote, not to " REMOTE);
	harness_is(harness_cli("status"), EX_NOINPUT, "/var/qmail/qmail-remote, which its PATH leads to", "");
	harness_bin_end(pid);
}
END_TEST

Suite *
suite_enable_variable(void)
{
	Suite *s = suite_create("enable_variable");
	TCase *t = tcase_create("enable_variable");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_variable);
	tcase_add_test(t, test_both);
	tcase_add_test(t, test_another_variable);
	tcase_add_test(t, test_say_variable);
	tcase_add_test(t, test_say_less);
	tcase_add_test(t, test_signer);
	tcase_add_test(t, test_other_path);
	suite_add_tcase(s, t);
	return s;
}
