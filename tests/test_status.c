/* test_status - status, metrics and load say what is in force, and what is not, where something is wrong */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_faults.h"
#include "suites.h"

#define NONE "no rules are in force and nothing is limited"
#define UNTIL " until the configuration is right"

static void
has_trouble(const char *what, bool wanted)
{
	char sample[100];

	(void)snprintf(sample, sizeof sample, "\nqlimit_trouble{what=\"%s\"} %d\n", what, wanted);
	harness_is(harness_cli("metrics"), EX_OK, sample, "");
}

static void
is_not_in(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "%s: in it:\n%s", unwanted, text);
}

/* Goal (O3): the rules of before the mistake are in force, and all say so. */
START_TEST(test_mistake)
{
	struct harness_output o;

	harness_rules("default = { max_per_hour = 1; };");
	harness_config("mistake;");
	harness_is(harness_load(), EX_CONFIG, "", "nothing loaded: the rules in force stay as they are\n");
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=config_error", 0),
	    " consequence=\"the rules in force stay as they are\""));
	harness_is(harness_cli("status"), EX_OK,
	    "TROUBLE:       the last load failed, older rules are in force: /", "");
	o = harness_cli("status", "--check");
	harness_is(o, 1, "qlimit: the last load failed, older rules are in force: /", "");
	is_not_in(o.out, NONE);
	has_trouble("load", true);
	has_trouble("rules", false);
}
END_TEST

static bool
failure_is_noted(void)
{
	return strstr(harness_cli("status").out, "the last load failed") != NULL;
}

/* Goal (O3): a mistake, then a live store that begins anew: no rules are in force, and nothing says others are. */
START_TEST(test_mistake_and_reboot)
{
	struct harness_output o;

	(void)setenv("QLIMIT_TEST_BOOT", "first", 1);
	harness_rules("default = { max_per_hour = 1; };");
	harness_config("mistake;");
	(void)setenv("QLIMIT_TEST_BOOT", "second", 1);
	if (_i == 0)
		harness_expect_delivered("after the reboot");
	else
		harness_is(harness_load(), EX_CONFIG, "", "nothing loaded: " NONE UNTIL "\n");
	ck_assert(harness_wait_until(failure_is_noted));
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=config_error", 0), " consequence=\"" NONE UNTIL "\""));
	o = harness_cli("status");
	harness_is(o, EX_OK, "\nrules:         none are in force: nothing is limited\n", "");
	harness_is(o, EX_OK, "\nTROUBLE:       the last load failed, " NONE UNTIL ": /", "");
	is_not_in(o.out, "older rules");
	o = harness_cli("status", "--check");
	harness_is(o, 1, "qlimit: the last load failed, " NONE UNTIL ": /", "");
	is_not_in(o.out, "older rules");
	is_not_in(o.out, "run `qlimit load`");
	harness_is(harness_cli("status", "--json"), EX_OK, ",\"rules_problem\":\"the last load failed, " NONE, "");
	has_trouble("load", true);
	has_trouble("rules", true);
	harness_rules("");
	has_trouble("rules", false);
}
END_TEST

/* Goal: what a load that cannot look into the store says is no more than what it knows. */
START_TEST(test_mistake_and_no_store)
{
	harness_rules("");
	harness_config("mistake;");
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(symlink("/none", harness_state("live.mdb")), 0);
	harness_is(harness_load(), EX_IOERR, "", "nothing loaded: the configuration is not in force\n");
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=config_error", 0),
	    " consequence=\"the configuration is not in force\""));
}
END_TEST

static const struct {
	const char *bytes; /* NULL: no file */
	const char *why;
} unusable[] = { { NULL, "No such file or directory" }, { "garbage", "not understood" } };

/* Goal: rules without the settings that stand beside them: which those are, and the cure. */
START_TEST(test_essentials)
{
	char wanted[100];
	struct harness_output o;

	harness_rules("on_error = \"defer\";");
	has_trouble("essentials", false);
	harness_is(harness_cli("status", "--json"), EX_OK, ",\"essentials_problem\":\"\",", "");
	if (unusable[_i].bytes == NULL)
		ck_assert_int_eq(unlink(harness_state("essentials")), 0);
	else
		harness_write(harness_state("essentials"), unusable[_i].bytes, strlen(unusable[_i].bytes));
	(void)snprintf(wanted, sizeof wanted, "/state cannot be used (%s): remote, state, on_error, ",
	    unusable[_i].why);
	o = harness_cli("status");
	harness_is(o, EX_OK, wanted, "");
	harness_is(o, EX_OK, "\nTROUBLE:       the file essentials in /", "");
	harness_is(o, EX_OK, " are not in force: run `qlimit load`\non error:      deliver, ", "");
	harness_is(harness_cli("status", "--check"), 1, wanted, "");
	harness_is(harness_cli("status", "--json"), EX_OK, ",\"essentials_problem\":\"the file essentials in /", "");
	has_trouble("essentials", true);
	ck_assert_int_eq(harness_load().status, EX_OK);
	is_not_in(harness_cli("status").out, "TROUBLE");
	has_trouble("essentials", false);
}
END_TEST

/* Goal: before the first load no such file is missed; one that is there and cannot be used is trouble even so. */
START_TEST(test_essentials_without_rules)
{
	has_trouble("essentials", false);
	harness_write(harness_state("essentials"), "garbage", 7);
	has_trouble("essentials", true);
	ck_assert_int_eq(unlink(harness_state("essentials")), 0);
	harness_config("mistake;");
	ck_assert_int_eq(harness_load().status, EX_CONFIG);
	has_trouble("essentials", false);
}
END_TEST

/* Goal: a state directory that is not there is no full one. */
START_TEST(test_no_directory)
{
	struct harness_output o;

	(void)setenv("QLIMIT_STATE", harness_path("none"), 1);
	o = harness_cli("status");
	harness_is(o, EX_NOINPUT, "", "does not exist");
	is_not_in(o.out, "TROUBLE");
}
END_TEST

/* Goal: what becomes of the mail while another process holds the lock is what on_error says. */
START_TEST(test_lock_is_held)
{
	struct admin a = { .place.state = "/none", .essentials.defer_on_error = _i == 1 };
	char said[200] = "";
	FILE *f;

	ck_assert_ptr_nonnull(freopen(harness_path("said"), "w", stderr));
	errno = ETIMEDOUT;
	ck_assert_int_eq(admin_open_failed(&a), EX_IOERR);
	(void)fflush(stderr);
	f = fopen(harness_path("said"), "r");
	ck_assert(f != NULL && fgets(said, sizeof said, f) != NULL);
	(void)fclose(f);
	ck_assert_str_eq(strchr(said, ';'), _i == 1 ? "; meanwhile mail is deferred, as on_error says\n" :
	    "; meanwhile mail goes on uncounted\n");
}
END_TEST

Suite *
suite_status(void)
{
	Suite *s = suite_create("status");
	TCase *t = tcase_create("status");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_mistake);
	tcase_add_loop_test(t, test_mistake_and_reboot, 0, 2);
	tcase_add_test(t, test_mistake_and_no_store);
	tcase_add_loop_test(t, test_essentials, 0, HARNESS_ROWS(unusable));
	tcase_add_test(t, test_essentials_without_rules);
	tcase_add_test(t, test_no_directory);
	tcase_add_loop_test(t, test_lock_is_held, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
