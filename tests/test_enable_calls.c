/* test_enable_calls - `enable`, `disable` and `status` in this process, where the calls that they make fail */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "ours.h"
#include "suites.h"

static int
run(int (*command)(struct admin *a), bool check)
{
	static char *none[] = { NULL };
	struct admin a;

	admin_init(&a, HARNESS_NOW);
	a.names = none;
	a.option[ADMIN_CHECK] = check ? "" : NULL;
	return command(&a);
}

START_TEST(test_commands)
{
	const char *before;
	int status;

	if (!harness_front_here)
		return;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	before = harness_bin_list();
	harness_call_fails("pread", 0, 1, EIO);
	ck_assert_int_eq(run(admin_disable, false), EX_IOERR);
	ck_assert_str_eq(harness_bin_list(), before);
	harness_rules("");
	for (unsigned n = 1; n < 30; n++) {
		harness_fail_at(n, false, EIO);
		status = run(admin_status, true);
		(void)harness_fail_end();
		/* Whatever fails, a mail path that it is not in is none that is well. */
		ck_assert_int_eq(status, 1);
	}
	ck_assert_int_eq(run(admin_enable, false), EX_OK);
	for (unsigned n = 1; n < 30; n++) {
		harness_fail_at(n, false, EIO);
		status = run(admin_enable, false);
		(void)harness_fail_end();
		/* It is there; what rules there are is said as well as it can be. */
		ck_assert_int_eq(status, EX_OK);
	}
}
END_TEST

/* Goal: where the configuration cannot be read for want of memory, `remote` as it is in force counts. */
START_TEST(test_no_memory)
{
	if (!harness_front_here)
		return;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	for (unsigned n = 1; n < 8; n++) {
		int status;

		harness_fail_at(n, false, ENOMEM);
		status = run(admin_enable, false);
		(void)harness_fail_end();
		ck_assert_int_eq(status, EX_OK);
		ck_assert_int_eq(run(admin_disable, false), EX_OK);
	}
}
END_TEST

/* Goal: that `remote` is another name of qmail-remote has to be seen: else nothing is changed. */
START_TEST(test_another_name)
{
	const char *before;
	unsigned refused = 0;

	if (!harness_front_here)
		return;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(link(REMOTE, "/var/qmail/real"), 0);
	harness_config("remote = \"/var/qmail/real\";");
	before = harness_bin_list();
	for (unsigned n = 0; n < 20; n++) {
		harness_call_fails("stat", n, 1, EIO);
		if (run(admin_enable, false) == EX_CONFIG) {
			refused++;
			ck_assert_str_eq(harness_bin_list(), before);
		} else {
			ck_assert(harness_front_has(ORIG));
			ck_assert_int_eq(run(admin_disable, false), EX_OK);
		}
		harness_call_fails("stat", 0, 0, 0);
	}
	ck_assert_uint_ge(refused, 2);
}
END_TEST

/* Goal: "nothing is changed" where that is so: what fails last is whether the rename is durable. */
START_TEST(test_in_doubt)
{
	struct ours_file file;

	if (!harness_front_here)
		return;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	harness_call_fails("fsync", 2, 1, EIO);
	ck_assert_int_eq(run(admin_enable, false), EX_IOERR);
	ours_look(&file, REMOTE, harness_program("qlimit-remote"));
	ck_assert_int_eq(file.is, OURS_SAME);
	harness_call_fails("fsync", 0, 1, EIO);
	ck_assert_int_eq(run(admin_disable, false), EX_IOERR);
	ck_assert(!harness_front_has(ORIG));
}
END_TEST

/* Goal: only "there is none" is taken for that: else it would stay in the mail path, and 0 says it could be removed. */
START_TEST(test_disable_unseen)
{
	if (!harness_front_here)
		return;
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	harness_call_fails("access", 0, 1, EACCES);
	ck_assert_int_eq(run(admin_disable, false), EX_OK);
	ck_assert(!harness_front_has(ORIG));
}
END_TEST

Suite *
suite_enable_calls(void)
{
	Suite *s = suite_create("enable_calls");
	TCase *t = tcase_create("enable_calls");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_commands);
	tcase_add_test(t, test_in_doubt);
	tcase_add_test(t, test_disable_unseen);
	tcase_add_test(t, test_no_memory);
	tcase_add_test(t, test_another_name);
	suite_add_tcase(s, t);
	return s;
}
