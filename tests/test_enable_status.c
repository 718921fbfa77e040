/* test_enable_status - what `status` and `status --check` say of the mail path */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
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
	/* One that does not know the variable runs what it runs by name. */
	harness_is(harness_cli("enable"), EX_OK, "only root may, with CAP_SYS_PTRACE\n", "");
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	harness_bin_end(pid);
	harness_front_honours();
	pid = harness_bin_rspawn((const char *const[]){ NULL });
	harness_is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name",
	    "that cannot be looked at may name it");
	harness_is(harness_cli("enable"), EX_OK,
	    "mail path:     unknown: " REMOTE " is qlimit-remote, but what qmail-rspawn ", "");
	harness_is(harness_cli("enable"), EX_OK, "; if its $QMAILREMOTE names another program, such as ", "");
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: ", "");
	harness_rules("");
	harness_front_mail_goes_out();
	harness_is(harness_cli("status", "--check"), EX_OK, "", "");
	harness_bin_end(pid);
}
END_TEST

/* Goal: for cron; what is not known is no trouble as long as mail is counted. */
START_TEST(test_check)
{
	const int64_t now = (int64_t)time(NULL) + 10;

	if (!harness_front_here)
		return;
	harness_front_honours();
	/* After what is qmail-remote was put there. */
	harness_set_time(now);
	harness_rules("");
	harness_is(harness_cli("status", "--check"), 1,
	    "qlimit: mail path: unknown: " REMOTE " is not qlimit-remote, and no "
	    "qmail-rspawn is running", "");
	(void)harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_set_time(now + 86401);
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: ", "");
	(void)setenv("QLIMIT_REMOTE", "/none", 1);
	harness_is(harness_cli("status", "--check"), 1,
	    "\nqlimit: the real qmail-remote cannot be executed: /none\n", "");
	(void)unsetenv("QLIMIT_REMOTE");
	harness_front_remove();
	harness_is(harness_cli("status", "--check"), 1, "/bin: set remote in qlimit.conf\n", "");
	harness_is(harness_cli("status"), EX_OK, "/bin: set remote in qlimit.conf\n", "");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	harness_is(harness_cli("status", "--json"), EX_NOINPUT,
	    "\"mail_path\":\"unknown\",\"mail_path_text\":\"unknown: /var", "");
}
END_TEST

/*
 * Goal: what is counted though it is not qmail-remote came by $QMAILREMOTE: then the program must stay, wherever that
 * is set. What was counted before that program was put there tells nothing.
 */
START_TEST(test_counted)
{
	const int64_t now = (int64_t)time(NULL);

	if (!harness_front_here)
		return;
	harness_set_time(now + 10);
	harness_rules("");
	(void)harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
	/* One that does not know the variable. */
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	harness_front_honours();
	harness_is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name",
	    "perhaps still in the mail path: a delivery was counted");
	harness_set_time(now + 10 + 86401);
	harness_is(harness_cli("disable"), EX_OK, "", "");
}
END_TEST

/* Goal: what came by name explains itself, also once it is disabled: then the program may go. */
START_TEST(test_counted_by_name)
{
	if (!harness_front_here)
		return;
	harness_front_honours();
	harness_set_time((int64_t)time(NULL) - 100);
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_front_mail_goes_out();
	harness_is(harness_cli("disable"), EX_OK, "disabled", "");
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	harness_is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
}
END_TEST

/* Goal: the real program put back while qmail is stopped: nothing says any more that it is counted. */
START_TEST(test_put_back)
{
	if (!harness_front_here)
		return;
	harness_front_honours();
	harness_set_time((int64_t)time(NULL) - 100);
	harness_rules("");
	harness_is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_front_mail_goes_out();
	harness_is(harness_cli("status", "--check"), EX_OK, "", "");
	harness_bin_put("qmail-remote", harness_program("remote"), "", 0711);
	harness_is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: ", "");
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
	harness_is(harness_cli("status", "--check"), 1, "no rules are in force and nothing is limited", "");
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

/* Goal: the variable, set for a qmail that does not know it, is named as what is wrong. */
START_TEST(test_ignored_variable)
{
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = harness_bin_rspawn((const char *const[]){ "PATH=/var/qmail/bin", "QMAILREMOTE=/x", NULL });
	harness_is(harness_cli("status"), EX_NOINPUT, " runs " REMOTE ", as this qmail does not know "
	    "$QMAILREMOTE, which is set: see `qlimit enable`", "");
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
	tcase_add_test(t, test_counted);
	tcase_add_test(t, test_counted_by_name);
	tcase_add_test(t, test_put_back);
	tcase_add_test(t, test_check_all);
	tcase_add_test(t, test_not_always);
	tcase_add_test(t, test_ignored_variable);
	tcase_add_loop_test(t, test_others, 0, HARNESS_ROWS(others));
	suite_add_tcase(s, t);
	return s;
}
