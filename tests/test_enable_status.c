/* test_enable_status - what `status` and `status --check` say of the mail path */
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

/* As in a container: it may be that which runs, and then nobody must remove it. */
START_TEST(test_unseen)
{
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = harness_bin_rspawn((const char *const[]){ NULL });
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	harness_bin_end(pid);
	harness_front_honours();
	pid = harness_bin_rspawn((const char *const[]){ NULL });
	harness_is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name",
	    "that cannot be looked at may name it");
	harness_is(harness_cli("enable"), EX_OK,
	    "mail path:     unknown: " REMOTE " is qlimit-remote, but what qmail-rspawn ", "");
	harness_bin_end(pid);
}
END_TEST

/* Goal: for cron; what is not known is no trouble as long as mail is counted. */
START_TEST(test_check)
{
	if (!harness_front_here)
		return;
	harness_front_honours();
	harness_rules("");
	harness_is(harness_cli("status", "--check"), 1,
	    "qlimit: mail path: unknown: " REMOTE " is not qlimit-remote, and no "
	    "qmail-rspawn is running", "");
	(void)harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_set_time(HARNESS_NOW + 86401);
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: ", "");
	(void)setenv("QLIMIT_REMOTE", "/none", 1);
	harness_is(harness_cli("status", "--check"), 1,
	    "\nqlimit: the real qmail-remote cannot be executed: /none\n", "");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	harness_is(harness_cli("status", "--json"), EX_NOINPUT,
	    "\"mail_path\":\"unknown\",\"mail_path_text\":\"unknown: /var", "");
}
END_TEST

/* Goal: each thing that is wrong has its line, and nothing else has. */
START_TEST(test_check_all)
{
	static const char wanted[] = "qlimit: mail path: NO: ";
	struct harness_output o;

	if (!harness_front_here)
		return;
	harness_rules("");
	harness_config("mode = \"nonsense\";");
	ck_assert_int_eq(harness_load().status, EX_CONFIG);
	harness_write(harness_path("state/orders"), "garbage\n", 8);
	harness_write(harness_path("state/live.mdb.damaged"), "", 0);
	harness_write(harness_path("state/ledger.mdb.damaged"), "", 0);
	o = harness_cli("status", "--check");
	harness_is(o, 1, "\nqlimit: the last load failed, older rules are in force: /", "");
	harness_is(o, 1, "\nqlimit: the file of orders is not understood", "");
	harness_is(o, 1, "\nqlimit: a damaged store was set aside", "");
	harness_is(o, 1, "\nqlimit: a damaged ledger was set aside", "");
	ck_assert_int_eq(strncmp(o.out, wanted, sizeof wanted - 1), 0);
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	ck_assert_ptr_null(strstr(harness_cli("status", "--check").out, "mail path"));
	/* A delivery, and never any rules. */
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_front_mail_goes_out();
	harness_is(harness_cli("status", "--check"), 1, "qlimit: no rules were ever loaded\n", "");
	harness_is(harness_cli("enable"), EX_OK, "\nrules:         none are loaded: see `qlimit load`\n", "");
}
END_TEST

/* Goal: of several qmail-rspawns each is asked. */
START_TEST(test_not_always)
{
	char assignment[300];
	const char *const in[] = { assignment, NULL }, *const out[] = { "PATH=/var/qmail/bin", NULL };
	const char *const odd[] = { "QMAILREMOTE=/var/loop", NULL };
	pid_t first, second;

	if (!harness_front_here)
		return;
	harness_front_honours();
	(void)snprintf(assignment, sizeof assignment, "QMAILREMOTE=%s", harness_program("qlimit-remote"));
	first = harness_bin_rspawn(in);
	second = harness_bin_rspawn(out);
	harness_is(harness_cli("status"), EX_NOINPUT, "mail path:     NOT ALWAYS: qmail-rspawn ", "");
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: NOT ALWAYS: ", "");
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_is(harness_cli("status", "--check"), EX_OK, "", "");
	harness_bin_end(second);
	harness_is(harness_cli("disable"), EX_CONFIG, "disabled", "still in the mail path");
	ck_assert_int_eq(symlink("loop", "/var/loop"), 0);
	second = harness_bin_rspawn(odd);
	harness_is(harness_cli("status"), EX_NOINPUT,
	    "unknown: " REMOTE " is not qlimit-remote, and what qmail-rspawn ", "");
	harness_bin_end(first);
	harness_bin_end(second);
	harness_front_remove();
	ck_assert_int_eq(unlink(HARNESS_BIN "qmail-rspawn"), 0);
	harness_is(harness_cli("status"), EX_NOINPUT, "NO: " REMOTE " is not there; is qmail installed?", "");
}
END_TEST

/* What each qmail-rspawn may run instead. */
static const struct {
	const char *environment, *out;
	void (*make)(void);
} others[] = {
	{ "PATH=/none", "NO: qmail-rspawn * finds no qmail-remote along its PATH: see", NULL },
	{ "QMAILREMOTE=bin/remote", "NO: qmail-rspawn * has a $QMAILREMOTE that leads to no program: see", NULL },
	{ "QMAILREMOTE=/var/qmail/bin/qmail-remote", "is not there: all mail bounces: see", harness_front_remove },
};

START_TEST(test_others)
{
	const char *const environment[] = { others[_i].environment, NULL };
	char before[100], *star;
	struct harness_output o;
	pid_t pid;

	if (!harness_front_here)
		return;
	harness_front_honours();
	pid = harness_bin_rspawn(environment);
	if (others[_i].make != NULL)
		others[_i].make();
	o = harness_cli("status");
	(void)snprintf(before, sizeof before, "%s", others[_i].out);
	star = strchr(before, '*');
	ck_assert_msg(strstr(o.out, star != NULL ? star + 1 : before) != NULL, "%s", o.out);
	harness_is(harness_cli("enable"), EX_CONFIG, "", "");
	harness_bin_end(pid);
}
END_TEST

Suite *
suite_enable_status(void)
{
	Suite *s = suite_create("enable_status");
	TCase *t = tcase_create("enable_status");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_unseen);
	tcase_add_test(t, test_check);
	tcase_add_test(t, test_check_all);
	tcase_add_test(t, test_not_always);
	tcase_add_loop_test(t, test_others, 0, HARNESS_ROWS(others));
	suite_add_tcase(s, t);
	return s;
}
