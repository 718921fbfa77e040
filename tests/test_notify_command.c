/* test_notify_command - `qlimit notify`: the program is run, with all it needs, none of ours, and an end */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "essentials.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "program.h"
#include "suites.h"

#define NOBODY 65534
#define TOLD_MAX 8192

/* --- a program that writes down what it was given --- */

static void
write_script(const char *name, const char *body)
{
	FILE *f = fopen(harness_path(name), "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "#!/bin/sh\nplace='%s'\n%s", harness_path("."), body);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(harness_path(name), 0755), 0);
}

static void
use_script(const char *body, const char *settings)
{
	char text[600];

	write_script("program", body);
	(void)snprintf(text, sizeof text, "notify = \"%s\"; notify_timeout = 1;\n%s", harness_path("program"),
	    settings);
	harness_rules(text);
}

static const char *
told(void)
{
	static char text[TOLD_MAX];
	FILE *f = fopen(harness_path("told"), "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void
has(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%s", wanted, text);
}

static void
has_not(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "in it: %s\n%s", unwanted, text);
}

static bool
is_told(void)
{
	return access(harness_path("told"), F_OK) == 0;
}

static void
is(struct harness_output o, int status, const char *out, const char *err)
{
	ck_assert_msg(o.status == status && strstr(o.out, out) != NULL && strstr(o.err, err) != NULL,
	    "status %d, out:\n%serr:\n%s", o.status, o.out, o.err);
}

#define WRITE_ENVIRONMENT "env >\"$place/told\"\n"

/* --- what it is given --- */

/* Goal: as `show` has them. So far from the limit no delivery runs the program beside us. */
START_TEST(test_real_figures)
{
	use_script(WRITE_ENVIRONMENT "echo seen\n", "domains = ( { name = \"example.com\"; max_per_hour = 40; } );");
	for (int i = 0; i < 3; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a@example.com", "k@there.example");
	is(harness_cli("notify", "test", "Example.COM"), EX_OK, "seen\n", "");
	has(told(), "\nQLIMIT_METER=example.com\n");
	has(told(), "QLIMIT_KIND=domain\n");
	has(told(), "QLIMIT_ADMITTED=3\n");
	has(told(), "QLIMIT_MAX_PER_HOUR=40\n");
	has(told(), "QLIMIT_MODE=enforce\n");
	has(told(), "QLIMIT_HOUR=2026-11-21T17:00:00Z\n");
	has(told(), "QLIMIT_HOST=");
	has(told(), "QLIMIT_TEXT=This is a test; nothing has happened. Domain example.com has used 3 of its 40 emails "
	    "per hour.\n");
	is(harness_cli("notify", "warning", "--", "server"), EX_OK, "was told of warning\n", "");
	has(told(), "QLIMIT_TEXT=This server has used 3 emails in this hour, without a limit.\n");
	is(harness_cli("notify", "test"), EX_OK, "was told of test\n", "");
	has_not(told(), "QLIMIT_METER=");
	/* A meter's counters of an hour that is over are not this hour's. */
	harness_set_time(HARNESS_NOW + 3600);
	is(harness_cli("notify", "test", "example.com"), EX_OK, "", "");
	has(told(), "QLIMIT_ADMITTED=0\n");
	ck_assert_uint_eq(harness_log_lines("notify_failed"), 0);
}
END_TEST

/* Goal: nothing that was counted is no reason to tell nobody. */
START_TEST(test_without_a_store)
{
	use_script(WRITE_ENVIRONMENT, "");
	ck_assert_int_eq(unlink(harness_path("state/live.mdb")), 0);
	is(harness_cli("notify", "test", "example.com"), EX_OK, "was told", "nothing counted yet");
	has(told(), "QLIMIT_METER=example.com\n");
	has_not(told(), "QLIMIT_ADMITTED");
}
END_TEST

/* Goal: what a delivery has said is passed on, and not looked up again; of another event it is forgotten. */
START_TEST(test_what_a_delivery_says)
{
	use_script(WRITE_ENVIRONMENT, "");
	ck_assert_int_eq(unlink(harness_path("state/live.mdb")), 0);
	(void)setenv("QLIMIT_EVENT", "limit", 1);
	(void)setenv("QLIMIT_METER", "example.com", 1);
	(void)setenv("QLIMIT_TEXT", "as it was", 1);
	is(harness_cli("notify", "limit", "example.com"), EX_OK, "", "nothing counted yet");
	(void)setenv("QLIMIT_ADMITTED", "77", 1);
	ck_assert_str_eq(harness_cli("notify", "limit", "example.com").err, "");
	has(told(), "QLIMIT_ADMITTED=77\n");
	has(told(), "QLIMIT_TEXT=as it was\n");
	has(told(), "QLIMIT_KIND=domain\n");
	is(harness_cli("notify", "refused", "example.com"), EX_OK, "", "nothing counted yet");
	has_not(told(), "QLIMIT_ADMITTED=77\n");
	has_not(told(), "as it was");
}
END_TEST

START_TEST(test_nothing_of_ours)
{
	(void)setenv("LD_LIBRARY_PATH", "/evil", 1);
	use_script("{ env; pwd; readlink /proc/self/fd/0; } >\"$place/told\"\n", "");
	is(harness_cli("notify", "test"), EX_OK, "", "");
	has(told(), "HOME=/\n");
	has(told(), "\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
	has_not(told(), "LD_LIBRARY_PATH");
	has(told(), "\n/\n/dev/null\n");
}
END_TEST

/* Goal: a leader of its own session and group, whom no terminal's signal reaches. */
START_TEST(test_own_session)
{
	char own[40];
	int pid, group, session;

	use_script("cut -d ' ' -f 1,5,6 <\"/proc/$$/stat\" >\"$place/told\"\n", "");
	is(harness_cli("notify", "test"), EX_OK, "", "");
	(void)snprintf(own, sizeof own, "%s", told());
	ck_assert_int_eq(sscanf(own, "%d %d %d", &pid, &group, &session), 3);
	ck_assert_int_eq(pid, group);
	ck_assert_int_eq(pid, session);
}
END_TEST

/* Goal: it runs as the owner of the state directory, never as root. */
START_TEST(test_as_the_owner)
{
	if (geteuid() != 0)
		return;
	use_script("id -u\n", "");
	for (const char *const *name = (const char *const[]){ ".", "..", NULL }; *name != NULL; name++)
		ck_assert_int_eq(chmod(harness_path(*name), 0755), 0);
	for (const char *const *name =
	         (const char *const[]){ "state", "state/essentials", "state/live.mdb", "state/lock", NULL };
	     *name != NULL; name++)
		ck_assert_int_eq(chown(harness_path(*name), NOBODY, NOBODY), 0);
	is(harness_cli("notify", "test", "server"), EX_OK, "65534\n", "");
}
END_TEST

/* --- what becomes of it --- */

static const struct {
	const char *label, *body, *err, *log;
} ends[] = {
	{ "an exit status", "exit 3\n", "exited with status 3", "what=\"exited with status 3\"" },
	{ "a signal", "kill -9 $$\n", "was killed by signal 9", "by signal 9\"" },
	{ "too slow", "exec sleep 100\n", "took more than 1 seconds (notify_timeout) and was killed", "1 seconds" },
	{ "too slow, and deaf", "trap '' TERM\nwhile :; do sleep 1; done\n", "took more than 1 seconds", "killed" },
};

START_TEST(test_failures)
{
	use_script(ends[_i].body, "");
	is(harness_cli("notify", "limit", "a\"b.example"), EX_UNAVAILABLE, "", ends[_i].err);
	ck_assert_uint_eq(harness_log_lines("event=notify_failed"), 1);
	has(harness_log_line("notify_failed", 0), ends[_i].log);
	has(harness_log_line("notify_failed", 0), "program=/");
	has(harness_log_line("notify_failed", 0), " notice=limit kind=domain name=a\\x22b.example what=");
}
END_TEST

/* Who has told its number is killed; that is known once whoever adopted it has buried it. */
static void
expect_gone(void)
{
	for (int i = 0; i < 3000 && kill((pid_t)atoi(told()), 0) == 0; i++)
		(void)usleep(20000);
	ck_assert_int_eq(kill((pid_t)atoi(told()), 0), -1);
}

/* Goal: with the program goes all that it has started. */
START_TEST(test_whole_group)
{
	use_script("sleep 100 &\necho $! >\"$place/told\"\nwait\n", "");
	is(harness_cli("notify", "test"), EX_UNAVAILABLE, "", "took more than 1 seconds");
	has(harness_log_line("notify_failed", 0), " notice=test what=");
	expect_gone();
}
END_TEST

/* Goal: what cannot be executed is said in words: a program that is gone, or whose interpreter is. */
START_TEST(test_not_executable)
{
	FILE *f;

	use_script("", "");
	ck_assert_int_eq(unlink(harness_path("program")), 0);
	if (_i == 1) {
		f = fopen(harness_path("program"), "w");
		ck_assert_ptr_nonnull(f);
		(void)fputs("#!/nonexistent/sh\n", f);
		ck_assert_int_eq(fclose(f), 0);
		ck_assert_int_eq(chmod(harness_path("program"), 0755), 0);
	}
	is(harness_cli("notify", "trouble"), EX_UNAVAILABLE, "", "cannot be executed: No such file or directory");
	is(harness_cli("notify", "limit", "server"), EX_UNAVAILABLE, "", "cannot be executed");
	ck_assert_uint_eq(harness_log_lines("notice=limit kind=server what=\"cannot be executed"), 1);
	ck_assert_uint_eq(harness_log_lines("notice=trouble what=\"cannot be executed"), 1);
}
END_TEST

/* Goal: whoever interrupts us takes the program along; one who has said nohup does not. */
START_TEST(test_interrupted)
{
	const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	static const char *const argv[] = { "qlimit", "notify", "test", NULL };
	int status;
	pid_t pid;

	use_script(_i == 3 ? "echo $$ >\"$place/told\"\nexec sleep 0.9\n" :
	    "echo $$ >\"$place/told\"\nexec sleep 100\n", "");
	(void)signal(SIGHUP, _i == 3 ? SIG_IGN : SIG_DFL);
	pid = harness_background(harness_program("qlimit"), argv);
	ck_assert(harness_wait_until(is_told));
	ck_assert_int_eq(kill(pid, _i == 3 ? SIGHUP : numbers[_i]), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), _i == 3 ? EX_OK : EX_UNAVAILABLE);
	ck_assert_uint_eq(harness_log_lines("was interrupted by signal"), _i == 3 ? 0 : 1);
	if (_i != 3)
		expect_gone();
}
END_TEST

/* --- misuse --- */

START_TEST(test_misuse)
{
	is(harness_cli("notify", "rain"), EX_USAGE, "", "\"rain\": not an event: warning, limit, refused, failures, "
	    "order_expired, trouble or test\n");
	is(harness_cli("notify", "test", ""), EX_USAGE, "", "not the name of a meter");
	is(harness_cli("notify"), EX_USAGE, "", "usage: qlimit notify [--json] EVENT [NAME]");
	harness_rules("");
	is(harness_cli("notify", "test"), EX_CONFIG, "", "nobody to tell: no `notify` is in force");
	ck_assert_int_eq(rename(harness_path("state"), harness_path("gone")), 0);
	is(harness_cli("notify", "test"), EX_NOINPUT, "", "does not exist");
}
END_TEST

/* --- the running of it, where the system does not let us --- */

static struct program_result
run(const char *path)
{
	char name[] = "x", *argv[] = { name, NULL }, *envp[] = { NULL };
	const struct program program = { path, argv, envp, 5, false };

	return program_run(&program);
}

static const char *const steps[] = { "dup2", "chdir" };

START_TEST(test_not_prepared)
{
	struct program_result r;

	harness_call_fails(steps[_i], 0, 1, EACCES);
	r = run("/bin/true");
	ck_assert(r.end == PROGRAM_NOT_RUN && r.number == EACCES);
	r = run("/bin/true");
	ck_assert(r.end == PROGRAM_EXITED && r.number == 0);
}
END_TEST

START_TEST(test_no_process)
{
	const struct rlimit none = { 0, 0 };
	struct program_result r;

	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &none), 0);
	ck_assert(geteuid() != 0 || setuid(NOBODY) == 0);
	r = run("/bin/true");
	ck_assert(r.end == PROGRAM_NOT_RUN && r.number == EAGAIN);
	_exit(0); /* LeakSanitizer, too, would need a process */
}
END_TEST

/*
 * Goal: it gets no descriptor that we have, and no signal that we ignore; but for 32 and 33, which are glibc's own and
 * which signal(2) does not touch: GNU make, started by nohup(1), has them ignored.
 */
START_TEST(test_nothing_inherited)
{
	struct program_result r;

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(dup2(0, 40), 40);
	harness_start();
	write_script("program", "test ! -e /proc/self/fd/40 || exit 1\n"
	    "grep -Eq '^SigIgn:.0000000(00|18)0000000$' /proc/$$/status || exit 2\n");
	r = run(harness_path("program"));
	harness_end();
	ck_assert_msg(r.end == PROGRAM_EXITED && r.number == 0, "%d", r.number);
}
END_TEST

/* Goal: an interrupted wait goes on, and the end is not lost; nor is it where nobody wants to know of children. */
START_TEST(test_wait_is_interrupted)
{
	struct program_result r;

	(void)signal(SIGCHLD, SIG_IGN);
	harness_call_fails("waitid", 0, 1, ENOMEM);
	harness_call_fails("waitpid", 0, 1, EINTR);
	r = run("/bin/false");
	ck_assert(r.end == PROGRAM_EXITED && r.number == 1);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *
suite_notify_command(void)
{
	Suite *s = suite_create("notify_command");
	TCase *t = tcase_create("command");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_test(t, test_real_figures);
	tcase_add_test(t, test_without_a_store);
	tcase_add_test(t, test_what_a_delivery_says);
	tcase_add_test(t, test_nothing_of_ours);
	tcase_add_test(t, test_own_session);
	tcase_add_test(t, test_as_the_owner);
	tcase_add_loop_test(t, test_failures, 0, ROWS(ends));
	tcase_add_test(t, test_whole_group);
	tcase_add_loop_test(t, test_not_executable, 0, 2);
	tcase_add_loop_test(t, test_interrupted, 0, 4);
	tcase_add_test(t, test_misuse);
	suite_add_tcase(s, t);
	t = tcase_create("run");
	tcase_add_loop_test(t, test_not_prepared, 0, ROWS(steps));
	tcase_add_test(t, test_no_process);
	tcase_add_test(t, test_nothing_inherited);
	tcase_add_test(t, test_wait_is_interrupted);
	suite_add_tcase(s, t);
	return s;
}
