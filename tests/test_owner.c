/* test_owner - a state directory that does not belong to qmailr, of which nobody else would tell */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_status.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "suites.h"

#define STATE "/var/lib/qlimit"
#define MOVED_TO "/var/lib/moved"
#define REMEDY ", not to qmailr, so deliveries are not counted: chown -R qmailr:qmail "
#define ROOTS " belongs to uid 0" REMEDY

/* In the usual place, which is root's: root stays root then, and a sanitizer can watch. */
static void
setup(void)
{
	harness_front_setup();
	if (!harness_front_here)
		return;
	ck_assert_int_eq(unsetenv("QLIMIT_STATE"), 0);
	ck_assert_int_eq(mkdir(STATE, 0700), 0);
	ck_assert_int_eq(mkdir(MOVED_TO, 0700), 0);
	/* The owner reads the configuration, too. */
	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
}

static void
give(const char *path, uid_t to)
{
	ck_assert_msg(chown(path, to, HARNESS_OWNER) == 0, "%s", path);
}

/* Goal: after `make install` and `load` without the user, or chown -R root: all goes out uncounted. */
START_TEST(test_roots)
{
	if (!harness_front_here)
		return;
	harness_rules("");
	harness_is(harness_cli("status"), EX_OK, "TROUBLE:       " STATE ROOTS STATE "\n", "");
	harness_is(harness_cli("status", "--json"), EX_OK, "\"owner_problem\":\"" STATE ROOTS STATE "\"", "");
	harness_is(harness_cli("metrics"), EX_OK, "qlimit_trouble{what=\"owner\"} 1\n", "");
	harness_is(harness_cli("enable"), EX_CONFIG, "enabled", "qlimit: " STATE ROOTS STATE "\n");
	harness_is(harness_cli("enable"), EX_CONFIG, "already in the mail path", ROOTS);
	harness_is(harness_cli("status", "--check"), ADMIN_STATUS_BAD, "qlimit: " STATE ROOTS STATE "\n", "");
	/* Without a store likewise. */
	ck_assert_int_eq(harness_remove_tree(STATE), 0);
	ck_assert_int_eq(mkdir(STATE, 0700), 0);
	harness_is(harness_cli("status"), EX_NOINPUT, "TROUBLE:       " STATE ROOTS, "");
	harness_is(harness_cli("status", "--json"), EX_NOINPUT, "\"owner_problem\":\"" STATE ROOTS, "");
	harness_is(harness_cli("status", "--check"), ADMIN_STATUS_BAD, STATE ROOTS, "");
	/* Nobody to compare with. */
	harness_write("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 22);
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
}
END_TEST

/* Goal: each of the files tells, and nothing does once they are all qmailr's. */
START_TEST(test_each_file)
{
	static const char *const names[] = { "lock", "live.mdb", "ledger.lock", "ledger.mdb", "load.lock",
		"essentials" };
	char path[100], wanted[200];

	if (!harness_front_here)
		return;
	harness_rules("");
	harness_write(STATE "/ledger.lock", "", 0);
	harness_write(STATE "/ledger.mdb", "", 0);
	give(STATE, HARNESS_OWNER);
	for (size_t i = 0; i < HARNESS_ROWS(names); i++) {
		(void)snprintf(wanted, sizeof wanted, "qlimit: " STATE "/%s" ROOTS STATE "\n", names[i]);
		harness_is(harness_front_as_owner("status", "--check"), ADMIN_STATUS_BAD, wanted, "");
		if (i < 2 || i == 4)
			harness_is(harness_front_as_owner(i < 2 ? "show" : "load", NULL), EX_IOERR, "", wanted);
		(void)snprintf(path, sizeof path, STATE "/%s", names[i]);
		give(path, HARNESS_OWNER);
	}
	ck_assert_ptr_null(strstr(harness_front_as_owner("status", "--check").out, "chown"));
	ck_assert_ptr_null(strstr(harness_front_as_owner("status", NULL).out, "chown"));
}
END_TEST

/* Goal: where `state` has moved it, both places matter: the first tells of the second. */
START_TEST(test_moved)
{
	if (!harness_front_here)
		return;
	harness_rules("state = \"" MOVED_TO "\";");
	give(STATE, HARNESS_OWNER);
	give(STATE "/essentials", HARNESS_OWNER);
	give(STATE "/load.lock", HARNESS_OWNER);
	harness_is(harness_front_as_owner("status", "--check"), ADMIN_STATUS_BAD, MOVED_TO ROOTS MOVED_TO "\n", "");
}
END_TEST

/* Goal: by the variable it is in the mail path without `enable`, which tells all the same. */
START_TEST(test_variable)
{
	char assignment[300];
	const char *const environment[] = { assignment, NULL };
	pid_t pid;

	if (!harness_front_here)
		return;
	harness_front_honours();
	(void)snprintf(assignment, sizeof assignment, "QMAILREMOTE=%s", harness_program("qlimit-remote"));
	pid = harness_bin_rspawn(environment);
	harness_is(harness_cli("enable"), EX_CONFIG, "already in the mail path: yes", STATE ROOTS);
	give(STATE, HARNESS_OWNER);
	harness_is(harness_cli("enable"), EX_OK, "already in the mail path: yes", "");
	harness_bin_end(pid);
}
END_TEST

Suite *
suite_owner(void)
{
	Suite *s = suite_create("owner");
	TCase *t = tcase_create("owner");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_roots);
	tcase_add_test(t, test_each_file);
	tcase_add_test(t, test_moved);
	tcase_add_test(t, test_variable);
	suite_add_tcase(s, t);
	return s;
}
