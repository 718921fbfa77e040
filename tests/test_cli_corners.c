/* test_cli_corners - what qlimit(8) says where something is odd, but nothing is broken */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness.h"
#include "suites.h"

#define NOBODY 65534

static void
send_one(const char *sender)
{
	(void)harness_deliver(harness_message(NULL, NULL), sender, "accept@x");
}

START_TEST(test_more_errors_than_are_shown)
{
	char text[60 * 16] = "";

	for (int i = 0; i < 60; i++)
		(void)strcat(text, "nonsense = 1;\n");
	harness_config(text);
	harness_is(harness_cli("check"), EX_CONFIG, "", "and 10 more errors\n");
}
END_TEST

/* Goal: lines of control files that are no domain are told, but not by the thousand, and stop nothing. */
START_TEST(test_more_warnings_than_are_shown)
{
	const char *const commands[] = { "check", "load" };
	FILE *f = fopen(harness_path("control/rcpthosts"), "w");
	struct harness_output o;

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 13; i++)
		ck_assert_int_gt(fprintf(f, "no domain %d\n", i), 0);
	ck_assert_int_ge(fputs("host.example\n", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	harness_config("");
	for (int i = 0; i < 2; i++) {
		o = harness_cli(commands[i]);
		harness_is(o, EX_OK, "hosted names: 1 (1 in ", "/rcpthosts:10: skipped: ");
		harness_is(o, EX_OK, "", "\nwarning: and 3 more lines skipped\n");
		ck_assert_ptr_null(strstr(o.err, "rcpthosts:11"));
	}
}
END_TEST

START_TEST(test_check_of_a_relative_path)
{
	harness_config("");
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	harness_is(harness_cli("check", "qlimit.conf"), EX_OK, "configuration OK", "");
	ck_assert_int_eq(mkdir(harness_path("gone"), 0700), 0);
	ck_assert_int_eq(chdir(harness_path("gone")), 0);
	ck_assert_int_eq(rmdir(harness_path("gone")), 0);
	harness_is(harness_cli("check", "qlimit.conf"), EX_NOINPUT, "", "give an absolute path");
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static const char *const programs[] = { "remote", "notify" };

/* Goal: a program that is not there, or cannot be run, is a mistake in the configuration. */
START_TEST(test_program_that_cannot_be_run)
{
	char text[300], where[300];

	harness_script("");
	(void)snprintf(text, sizeof text, "\n%s = \"%s\";", programs[_i], harness_path("script"));
	(void)snprintf(where, sizeof where, "%s:2: %s = \"", harness_path("qlimit.conf"), programs[_i]);
	harness_config(text);
	harness_is(harness_cli("check"), EX_CONFIG, "", where);
	harness_is(harness_cli("check"), EX_CONFIG, "", "not an executable file");
	(void)snprintf(text, sizeof text, "%s = \"%s\";", programs[_i], harness_path("state"));
	harness_config(text);
	harness_is(harness_cli("check"), EX_CONFIG, "", "not an executable file");
	(void)snprintf(text, sizeof text, "%s = \"/nonexistent/program\";", programs[_i]);
	harness_config(text);
	harness_is(harness_cli("check"), EX_CONFIG, "", "/nonexistent/program\": No such file");
	(void)snprintf(text, sizeof text, "%s = \"/bin/true\";", programs[_i]);
	harness_config(text);
	harness_is(harness_cli("check"), EX_OK, "configuration OK", "");
}
END_TEST

START_TEST(test_configuration_that_the_owner_cannot_read)
{
	char advice[300];

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(harness_path(".."), 0711), 0);
	ck_assert_int_eq(chmod(harness_path("."), 0711), 0);
	harness_config("");
	ck_assert_int_eq(chmod(harness_path("qlimit.conf"), 0600), 0);
	harness_is(harness_cli("check"), EX_OK, "configuration OK", "");
	ck_assert_int_eq(chown(harness_path("state"), NOBODY, NOBODY), 0);
	(void)snprintf(advice, sizeof advice, "; chmod a+r %s, then `qlimit load`\n", harness_path("qlimit.conf"));
	harness_is(harness_cli("check"), EX_OK, "configuration OK", advice);
	/* And so it is with a directory above. */
	ck_assert_int_eq(chmod(harness_path("qlimit.conf"), 0644), 0);
	harness_is(harness_cli("check"), EX_OK, "configuration OK", "");
	ck_assert_int_eq(mkdir(harness_path("closed"), 0700), 0);
	ck_assert_int_eq(rename(harness_path("qlimit.conf"), harness_path("closed/qlimit.conf")), 0);
	(void)setenv("QLIMIT_CONFIG", harness_path("closed/qlimit.conf"), 1);
	(void)snprintf(advice, sizeof advice, "; chmod a+x %s, then `qlimit load`\n", harness_path("closed"));
	harness_is(harness_cli("check"), EX_OK, "configuration OK", advice);
	harness_is(harness_cli("load"), EX_CONFIG, "", "cannot read");
	ck_assert_int_eq(chmod(harness_path("closed"), 0711), 0);
	harness_is(harness_cli("check"), EX_OK, "configuration OK", "");
	harness_is(harness_cli("load"), EX_OK, "rules in force", "");
	/* One directory is one thing to be put right, whatever is in it. */
	ck_assert_int_eq(chmod(harness_path("control"), 0700), 0);
	harness_is(harness_cli("check", "--json"), EX_OK, "\"ok\":true,\"errors\":0,\"warnings\":1,", "");
}
END_TEST

START_TEST(test_store_that_others_may_write)
{
	send_one("a@example.com");
	ck_assert_int_eq(chmod(harness_path("state/live.mdb"), 0666), 0);
	harness_is(harness_cli("show"), EX_IOERR, "", "writable by nobody else");
}
END_TEST

START_TEST(test_names)
{
	send_one("a@example.com");
	(void)setenv("QLIMIT_REMOTE", "/we\"ird\\\x01\xff", 1);
	harness_is(harness_cli("status", "--json"), EX_OK, "/we\\\"ird\\\\\\u0001\\\\xff", "");
	harness_is(harness_cli("show", ""), EX_USAGE, "", "not the name of a meter");
	harness_is(harness_cli("show", "--", "example.com"), EX_OK, "example.com", "");
	harness_is(harness_cli("show", "-"), EX_OK, "", "");
	harness_is(harness_cli("-h"), EX_OK, "usage: qlimit COMMAND", "");
	harness_is(harness_cli("help"), EX_OK, "usage: qlimit COMMAND", "");
}
END_TEST

START_TEST(test_reset_of_another_hour)
{
	send_one("a@example.com");
	harness_set_time(HARNESS_NOW + 3600);
	harness_is(harness_cli("reset", "example.com"), EX_NOINPUT, "", "nothing counted in this hour");
	harness_is(harness_cli("reset", "bounces"), EX_NOINPUT, "", "qlimit: bounces: nothing counted in this hour");
}
END_TEST

START_TEST(test_output_that_cannot_be_written)
{
	const char *const show[] = { "sh", "-c", "exec \"$0\" show >/dev/full",
		harness_program("qlimit"), NULL };

	send_one("a@example.com");
	harness_is(harness_run_words("/bin/sh", show), EX_IOERR, "", "cannot write the output");
}
END_TEST

/* Goal: a claim of a helper that cannot be started is said; the mail goes on. */
START_TEST(test_no_cli_beside_the_wrapper)
{
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "accept@x" };
	const char *const cp[] = { "cp", harness_program("qlimit-remote"), harness_path("alone"), NULL };

	harness_is(harness_run_words("/bin/cp", cp), 0, "", "");
	harness_config("");
	attempt.program = harness_path("alone");
	attempt.message = harness_message(NULL, NULL);
	ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
	ck_assert_uint_eq(harness_log_lines("cannot start qlimit(8)"), access("/usr/local/sbin/qlimit",
	    X_OK) == 0 ? 0 : 1);
}
END_TEST

START_TEST(test_several_recipients_in_a_log_line)
{
	const char *const argv[] = { "qmail-remote", "x", "a@example.com", "accept@x", "accept@x", NULL };

	harness_rules("default = { max_per_hour = 1; };");
	send_one("a@example.com");
	ck_assert_int_eq(harness_deliver_argv(harness_message(NULL, NULL), argv).letter, 'Z');
	ck_assert_uint_eq(harness_log_lines("recipients=2"), 1);
}
END_TEST

Suite *
suite_cli_corners(void)
{
	Suite *s = suite_create("cli_corners");
	TCase *t = tcase_create("cli corners");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_more_errors_than_are_shown);
	tcase_add_test(t, test_more_warnings_than_are_shown);
	tcase_add_test(t, test_check_of_a_relative_path);
	tcase_add_loop_test(t, test_program_that_cannot_be_run, 0, 2);
	tcase_add_test(t, test_configuration_that_the_owner_cannot_read);
	tcase_add_test(t, test_store_that_others_may_write);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_reset_of_another_hour);
	tcase_add_test(t, test_output_that_cannot_be_written);
	tcase_add_test(t, test_no_cli_beside_the_wrapper);
	tcase_add_test(t, test_several_recipients_in_a_log_line);
	suite_add_tcase(s, t);
	return s;
}
