/* test_resorts - whatever breaks in the wrapper, and in what then takes its place, the mail goes out once */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "delivery.h"
#include "essentials.h"
#include "harness.h"
#include "harness_calls.h"
#include "suites.h"

#define LATER "Zqlimit-remote is unable to use its counters. (#4.3.0)\n"

extern char **environ;

/* --- what befalls it --- */

static int
crash(void)
{
	(void)raise(SIGSEGV);
	return 0;
}

static int
crash_once(void)
{
	static int crashed;

	return crashed++ == 0 ? crash() : 0;
}

/* The second lock is the settlement's. */
static int
crash_at_the_second(void)
{
	static int locks;

	return ++locks == 2 ? crash() : 0;
}

static int
crash_and_again_in_stat(void)
{
	harness_on_call("stat", crash);
	return crash();
}

static int
leave(void)
{
	exit(3);
}

static void
crash_in_the_store(void)
{
	harness_on_call("getentropy", crash);
}

static void
crash_in_the_log_too(void)
{
	harness_on_call("getentropy", crash);
	harness_on_call("socket", crash);
}

static void
crash_all_the_way(void)
{
	harness_on_call("getentropy", crash);
	harness_on_call("rename", crash_and_again_in_stat);
}

static void
leave_the_store(void)
{
	harness_on_call("getentropy", leave);
}

static void
crash_when_admitted(void)
{
	harness_on_call("pipe2", crash);
}

static void
crash_while_hearing(void)
{
	harness_on_call("waitid", crash_once);
}

static void
crash_when_settling(void)
{
	harness_on_call("flock", crash_at_the_second);
}

static void
crash_when_settling_and_logging(void)
{
	harness_on_call("flock", crash_at_the_second);
	harness_on_call("socket", crash);
}

static void
have_no_pipe(void)
{
	harness_call_fails("pipe2", 0, 1, EMFILE);
}

static void
have_a_relative_state(void)
{
	(void)setenv("QLIMIT_STATE", "state", 1);
}

static void
have_no_helper(void)
{
	harness_call_fails("fork", 0, 1, EAGAIN);
}

static void
have_no_program(void)
{
	(void)setenv("QLIMIT_REMOTE", "/nonexistent", 1);
	crash_in_the_store();
}

/* --- a delivery in a process of its own --- */

static struct {
	int status; /* exit status, or the negative number of the signal */
	size_t length;
	char bytes[1000];
} end;

static void
deliver(void (*befall)(void), const char *recipient)
{
	static char name[] = "qlimit-remote", host[] = "x", sender[] = "a@example.com", to[100];
	static char *argv[] = { name, host, sender, to, NULL };
	int ends[2], status, message = open(harness_path("message"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t n;
	pid_t pid;

	(void)snprintf(to, sizeof to, "%s", recipient);
	ck_assert_int_ne(message, -1);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(message, 0);
		(void)dup2(ends[1], 1);
		(void)dup2(ends[1], 2);
		for (int fd = 3; fd < 64; fd++)
			(void)close(fd);
		child_init();
		befall();
		delivery_run(4, argv, environ);
	}
	(void)close(message);
	(void)close(ends[1]);
	end.length = 0;
	while ((n = read(ends[0], end.bytes + end.length, sizeof end.bytes - 1 - end.length)) > 0)
		end.length += (size_t)n;
	end.bytes[end.length] = '\0';
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	end.status = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
nothing(void)
{
}

#define ENDS_WITH_3 "write rok\\0Kok\\n\\0\nexit 3\n"

static const struct {
	const char *label;
	void (*befall)(void);
	const char *script; /* of the real program; NULL: it accepts */
	const char *logged; /* NULL: nothing is */
	int status;
	bool fresh; /* no store is there: then it takes a secret from the kernel */
} accidents[] = {
	{ "a crash in the store", crash_in_the_store, NULL, "is damaged: set aside", 0, true },
	{ "... and in the log", crash_in_the_log_too, NULL, NULL, 0, true },
	{ "... and wherever it could", crash_all_the_way, NULL, NULL, 0, true },
	{ "an exit in the store", leave_the_store, NULL, "a library ended the program", 0, true },
	{ "a crash when it was admitted", crash_when_admitted, NULL, NULL, 0, false },
	{ "a crash while it is heard", crash_while_hearing, ENDS_WITH_3, NULL, 3, false },
	{ "a crash in the settlement", crash_when_settling, ENDS_WITH_3, "outcome not counted", 3, false },
	{ "... and in the log", crash_when_settling_and_logging, ENDS_WITH_3, NULL, 3, false },
	{ "no pipe", have_no_pipe, NULL, "no process to run qmail-remote in", 0, false },
	{ "a state directory that is none", have_a_relative_state, NULL, "the store cannot be used", 0, false },
};

/* Goal: the real program runs once, its report is whole, and the end is its own. */
START_TEST(test_accidents)
{
	const char *label = accidents[_i].label;

	if (!accidents[_i].fresh)
		harness_rules("");
	harness_script(accidents[_i].script);
	deliver(accidents[_i].befall, "accept@x");
	ck_assert_msg(harness_calls() == 1, "%s: %zu calls", label, harness_calls());
	ck_assert_msg(end.status == accidents[_i].status, "%s: status %d", label, end.status);
	ck_assert_msg(end.length > 2 && end.bytes[0] == 'r' && end.bytes[strlen(end.bytes) + 1] == 'K' &&
	    end.bytes[end.length - 1] == '\0', "%s: %s", label, end.bytes);
	if (accidents[_i].logged != NULL)
		ck_assert_msg(harness_log_lines(accidents[_i].logged) == 1, "%s: not logged", label);
	else
		ck_assert_msg(harness_log_lines("trouble") == 0, "%s: %s", label, harness_log_line("trouble", 0));
}
END_TEST

static const struct {
	const char *label;
	void (*befall)(void);
} deferred[] = {
	{ "a crash in the store", crash_in_the_store },
	{ "... and in the log", crash_in_the_log_too },
	{ "... and wherever it could", crash_all_the_way },
};

/* Goal: on_error = "defer" holds in every last resort. */
START_TEST(test_deferred)
{
	struct essentials e;

	essentials_init(&e);
	e.defer_on_error = true;
	ck_assert_int_eq(essentials_write(&e, harness_path("state")), 0);
	deliver(deferred[_i].befall, "accept@x");
	ck_assert_msg(end.status == 0 && end.length == sizeof LATER && strcmp(end.bytes, LATER) == 0, "%s: %d %s",
	    deferred[_i].label, end.status, end.bytes);
	ck_assert_uint_eq(harness_calls(), 0);
}
END_TEST

/* Goal: without a store and without a real program there is still a report, and it does not bounce. */
START_TEST(test_no_program)
{
	deliver(have_no_program, "accept@x");
	ck_assert_int_eq(end.status, 0);
	ck_assert_uint_eq(end.length, sizeof CHILD_SORRY);
	ck_assert_str_eq(end.bytes, CHILD_SORRY);
}
END_TEST

static void
crash_in_the_answer(void)
{
	harness_on_call("write", crash);
}

/* Goal: what is held stays held if its report breaks: nothing said is a deferral. */
START_TEST(test_held_without_a_word)
{
	harness_rules("default = { max_per_hour = 1; refuse_above_percent = 10000; };");
	deliver(nothing, "accept@x");
	deliver(crash_in_the_answer, "accept@x");
	ck_assert_int_eq(end.status, 0);
	ck_assert_uint_eq(end.length, 0);
	ck_assert_uint_eq(harness_calls(), 1);
}
END_TEST

/* Goal: rules that cannot be loaded anew stop nothing. */
START_TEST(test_no_helper)
{
	harness_rules("");
	harness_config("default = { max_per_hour = 1; };\n");
	deliver(have_no_helper, "accept@x");
	ck_assert_int_eq(end.bytes[0], 'r');
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_uint_eq(harness_log_lines("cannot start qlimit(8)"), 1);
}
END_TEST

/* --- in a root directory of our own --- */

static void
put_essentials(const char *directory)
{
	struct essentials e;

	essentials_init(&e);
	(void)strcpy(e.state, "/elsewhere");
	(void)strcpy(e.remote, "/remote");
	ck_assert_int_eq(essentials_write(&e, directory), 0);
}

static void
enter_place(void)
{
	(void)unsetenv("QLIMIT_STATE");
	(void)unsetenv("QLIMIT_REMOTE");
	(void)unsetenv("QLIMIT_CONFIG");
	(void)setenv("QLIMIT_SYSLOG", "/syslog", 1);
	if (chroot(harness_path(".")) == -1 || chdir("/") == -1)
		_exit(98);
}

/* Goal: the built-in directory's essentials say where the state is, and who the real program is. */
START_TEST(test_state_elsewhere)
{
	char path[300];

	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
	for (const char *const *d = (const char *const[]){ "var", "var/lib", "var/lib/qlimit", "elsewhere", NULL };
	    *d != NULL; d++)
		ck_assert_int_eq(mkdir(harness_path(*d), 0755), 0);
	(void)snprintf(path, sizeof path, "%s", harness_path("var/lib/qlimit"));
	if (_i == 0)
		put_essentials(path);
	else
		ck_assert_int_eq(chmod(path, 0755), 0);
	deliver(enter_place, "accept@x");
	ck_assert_int_eq(end.status, 0);
	ck_assert_str_eq(end.bytes, _i == 0 ? CHILD_SORRY :
	    "Zqlimit-remote is unable to find the real qmail-remote. (#4.3.5)\n");
	ck_assert_int_eq(access(harness_path("elsewhere/live.mdb"), F_OK), _i == 0 ? 0 : -1);
	ck_assert_int_eq(access(harness_path("var/lib/qlimit/live.mdb"), F_OK), -1);
	if (_i == 0)
		ck_assert_uint_eq(harness_log_lines("cannot start qlimit(8)"), 1);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *
suite_resorts(void)
{
	Suite *s = suite_create("resorts");
	TCase *t = tcase_create("resorts");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, test_accidents, 0, ROWS(accidents));
	tcase_add_loop_test(t, test_deferred, 0, ROWS(deferred));
	tcase_add_test(t, test_no_program);
	tcase_add_test(t, test_held_without_a_word);
	tcase_add_test(t, test_no_helper);
	if (geteuid() == 0)
		tcase_add_loop_test(t, test_state_elsewhere, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
