/* test_first - the very first delivery, before any `qlimit load`: which real program it gets */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "harness_bin.h"
#include "harness_faults.h"
#include "suites.h"

/* A delivery waits for its first load no longer than its deadline, for which this machine may be too busy. */
#define TRIES 20

static bool here;

static void
set_up(void)
{
	here = harness_bin_start();
}

/* A real program that is not where one would look for it: it signs. */
static void
put_signer(void)
{
	char text[600];

	(void)snprintf(text, sizeof text, "#!/bin/sh\n>'%s'\nexec '%s' \"$@\"\n", harness_path("signed"),
	    harness_program("remote"));
	harness_write(harness_path("signer"), text, strlen(text));
	ck_assert_int_eq(chmod(harness_path("signer"), 0755), 0);
	(void)snprintf(text, sizeof text, "remote = \"%s\";", harness_path("signer"));
	harness_config(text);
}

static void
forget_state(void)
{
	char command[400];

	(void)snprintf(command, sizeof command, "rm -rf '%s'/*", harness_path("state"));
	ck_assert_int_eq(system(command), 0);
}

/* Goal: `remote` is never replaced by a guess, which would send unsigned what is to be signed. */
START_TEST(test_first_delivery)
{
	if (!here)
		return;
	put_signer();
	for (int i = 0; i < TRIES && access(harness_path("signed"), F_OK) == -1; i++) {
		forget_state();
		ck_assert_int_eq(harness_send().letter, 'K');
	}
	ck_assert_int_eq(access(harness_path("signed"), F_OK), 0);
}
END_TEST

static const char *const losses[] = { "rm -f essentials", "echo >essentials",
	"chown 12349 essentials" };

/* Goal: nor where the file that has it is lost later, or spoilt: the next delivery has it written again. */
START_TEST(test_lost_essentials)
{
	char command[500];

	if (!here)
		return;
	put_signer();
	ck_assert_int_eq(harness_cli("load").status, 0);
	for (int i = 1; i <= TRIES && access(harness_path("signed"), F_OK) == -1; i++) {
		harness_set_time(HARNESS_NOW + i * 60L);
		(void)snprintf(command, sizeof command, "cd '%s' && %s", harness_path("state"), losses[_i]);
		ck_assert_int_eq(system(command), 0);
		ck_assert_int_eq(harness_send().letter, 'K');
	}
	ck_assert_int_eq(access(harness_path("signed"), F_OK), 0);
	ck_assert_uint_ge(harness_log_lines("the file essentials was missing or not usable"), 1);
	(void)unlink(harness_path("signed"));
	ck_assert_int_eq(harness_send().letter, 'K');
	ck_assert_int_eq(access(harness_path("signed"), F_OK), 0);
}
END_TEST

Suite *
suite_first(void)
{
	Suite *s = suite_create("first");
	TCase *t = tcase_create("first");

	tcase_add_checked_fixture(t, set_up, harness_end);
	tcase_add_test(t, test_first_delivery);
	tcase_add_loop_test(t, test_lost_essentials, 0, HARNESS_ROWS(losses));
	suite_add_tcase(s, t);
	return s;
}
