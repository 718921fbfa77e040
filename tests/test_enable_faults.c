/*
 * test_enable_faults - enable and disable are killed before each of their calls, and each fails in turn
 *
 * In this process's image, for that is quick; `make torture` does the same at each system call of `qlimit`.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "child.h"
#include "delivery.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "ours.h"
#include "suites.h"
#include "torture.h"

extern char **environ;

#define REAL "/var/qmail/real" /* another name of the real program, outside */

/* All that changes something, or on which a change depends. */
static const char *const calls[] = { "access", "dup2", "fchmod", "fchown", "flock", "fork", "fstatat", "fsync",
	"linkat", "renameat", "setgid", "setgroups", "setuid", "socketpair", "unlinkat", "waitpid", "write" };

/* --- where it begins --- */

static void
plain(void)
{
}

static void
orig_taken(void)
{
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "a DKIM wrapper's", 0711);
}

static void
stale_next(void)
{
	orig_taken();
	harness_bin_put("qmail-remote.next", ORIG, "", 0711);
}

static void
old(void)
{
	ck_assert_int_eq(rename(REMOTE, ORIG), 0);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "old", 0755);
}

static void
enabled(void)
{
	ck_assert_int_eq(rename(REMOTE, ORIG), 0);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
}

static void
enabled_as_next(void)
{
	orig_taken();
	ck_assert_int_eq(rename(REMOTE, NEXT), 0);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
}

static void
interrupted(void)
{
	ck_assert_int_eq(link(REMOTE, ORIG), 0);
	harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
}

static const struct {
	const char *label;
	void (*make)(void);
	int (*command)(struct admin *a);
} rows[] = {
	{ "enable", plain, admin_enable },
	{ "enable, .orig taken", orig_taken, admin_enable },
	{ "enable, .next stale", stale_next, admin_enable },
	{ "enable, an older version", old, admin_enable },
	{ "enable, interrupted before", interrupted, admin_enable },
	{ "disable", enabled, admin_disable },
	{ "disable, .next", enabled_as_next, admin_disable },
	{ "disable, interrupted before", interrupted, admin_disable },
};

/* Everything away, the real program at its place, and then what the row says. */
static void
begin(int row)
{
	ck_assert_int_eq(harness_remove_tree(HARNESS_BIN), 0);
	ck_assert_int_eq(mkdir(HARNESS_BIN, 0755), 0);
	ck_assert_int_eq(link(REAL, REMOTE), 0);
	rows[row].make();
}

/* --- the run that is hit --- */

static volatile unsigned *left; /* calls until it is, also by processes that it starts: shared with them */
static int error;               /* 0: it is killed */

static int
hit(void)
{
	if (*left == 0 || --*left > 0)
		return 0;
	if (error == 0)
		(void)raise(SIGKILL);
	return error;
}

static _Noreturn void
run_here(int row)
{
	static char *none[] = { NULL };
	struct admin a;

	if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(99);
	admin_init(&a, HARNESS_NOW);
	a.names = none;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		harness_on_call(calls[i], hit);
	(void)rows[row].command(&a);
	/* Whoever gets here had fewer calls to make. */
	_exit(*left > 0 ? 100 : 0);
}

/* False when there is no such call any more. */
static bool
run_hit(int row, unsigned number, int how)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		*left = number;
		error = how;
		run_here(row);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) || (how == 0 && WTERMSIG(status) == SIGKILL), "%s: call %u: status %x",
	    rows[row].label, number, (unsigned)status);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 100;
}

/* --- what must be so then --- */

static bool
is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* It is what it was; or qlimit-remote, whose next program is what it was. */
static bool
works(void)
{
	struct ours_file file;
	struct stat st;

	if (is_same(REMOTE, REAL))
		return true;
	ours_look(&file, REMOTE, harness_program("qlimit-remote"));
	return (file.is == OURS_SAME || file.is == OURS_OTHER) && stat(REMOTE, &st) == 0 &&
	    (st.st_mode & 07777) == 0755 && is_same(access(NEXT, F_OK) == 0 ? NEXT : ORIG, REAL);
}

static void
must(bool well, int row, unsigned number, const char *what)
{
	ck_assert_msg(well, "%s: call %u: %s\n%s", rows[row].label, number, what, harness_bin_list());
}

static void
command_works(const char *name, int row, unsigned number)
{
	struct harness_output o = harness_cli(name);

	must(o.status == EX_OK, row, number, o.err);
}

/* Whatever was left: enabling completes it, and disabling leaves no trace. */
static void
is_put_right(int row, unsigned number)
{
	struct stat st;

	must(works(), row, number, "no working qmail-remote");
	if (number % 3 == 0) {
		command_works("enable", row, number);
		must(works() && !is_same(REMOTE, REAL), row, number, "not enabled");
	}
	command_works("disable", row, number);
	must(is_same(REMOTE, REAL) && stat(REAL, &st) == 0 && st.st_nlink == 2, row, number, "not disabled");
	must(access(REMOTE ".qlimit-new", F_OK) == -1 && access(REMOTE ".qlimit-next", F_OK) == -1, row, number,
	    "something is left");
}

static void
hit_each(int row, const int *errors, size_t n)
{
	unsigned number = 1;

	for (;; number++) {
		begin(row);
		if (!run_hit(row, number, errors[number % n]))
			break;
		is_put_right(row, number);
	}
	/* The run that none befell has done it. */
	must(works() && is_same(REMOTE, REAL) == (rows[row].command == admin_disable), row, number, "not done");
	ck_assert_uint_gt(number, rows[row].command == admin_disable ? 8u : 25u);
}

START_TEST(test_killed)
{
	static const int none[] = { 0 };

	if (harness_front_here)
		hit_each(_i, none, 1);
}
END_TEST

START_TEST(test_failing)
{
	static const int errors[] = { EIO, ENOSPC, EPERM };

	if (harness_front_here)
		hit_each(_i, errors, 3);
}
END_TEST

/* --- every system call of the program --- */

static long
run_injected(int row, long number, const char *fault)
{
	char which[24];
	const char *command = rows[row].command == admin_enable ? "enable" : "disable";
	const char *const argv[] = { "inject", which, fault, "once", harness_program("qlimit"), command, NULL };
	FILE *f;
	long count = 0;

	(void)snprintf(which, sizeof which, "%ld", number);
	begin(row);
	(void)harness_run_words(harness_program("inject"), argv);
	f = fopen(harness_path("count"), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%ld", &count), 1);
	(void)fclose(f);
	return count;
}

/*
 * Goal: KILL and errors at any, also at those of the C library and of looking around. Of these there are thousands,
 * for each process of the machine is looked at: so at 300, evenly, from a place that is drawn by lot.
 */
START_TEST(torture_each_call)
{
	static const char *const faults[] = { "before=9", "5", "28" };
	unsigned seed = torture_seed();
	long runs = 0;

	if (!harness_front_here)
		return;
	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		long count = run_injected(_i, 0, faults[i]), stride = count / (long)torture_share(300) + 1;

		for (long n = 1 + (long)torture_below((size_t)stride); n <= count; n += stride, runs++) {
			(void)run_injected(_i, n, faults[i]);
			is_put_right(_i, (unsigned)n);
		}
	}
	printf("torture: %s: %ld runs; TORTURE_SEED=%u\n", rows[_i].label, runs, seed);
}
END_TEST

/* --- a delivery meanwhile --- */

static int
rename_it(void)
{
	return rename(REMOTE, ORIG) == 0 ? 0 : errno;
}

static int
remove_it(void)
{
	return unlink(REMOTE) == 0 ? 0 : errno;
}

/* Goal: what the wrapper has found is renamed before it can be started: it is found again, and run once. */
START_TEST(test_renamed_meanwhile)
{
	static char name[] = "qmail-remote", host[] = "x", sender[] = "a@example.com", to[] = "accept@x";
	static char *argv[] = { name, host, sender, to, NULL };
	char said[300] = "";
	int ends[2];
	pid_t pid;

	if (!harness_front_here)
		return;
	ck_assert_int_eq(link(REAL, REMOTE), 0);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (dup2(open("/dev/null", O_RDONLY), 0) == -1 || dup2(ends[1], 1) == -1 || dup2(ends[1], 2) == -1)
			_exit(99);
		child_init();
		harness_on_call("pipe2", _i == 0 ? rename_it : remove_it);
		delivery_run(4, argv, environ);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_gt(read(ends[0], said, sizeof said - 1), 0);
	(void)close(ends[0]);
	ck_assert_msg(said[0] == (_i == 0 ? 'r' : 'Z'), "%s", said);
	ck_assert_uint_eq(harness_calls(), _i == 0);
}
END_TEST

static void
setup(void)
{
	harness_front_setup();
	if (!harness_front_here)
		return;
	ck_assert_int_eq(rename(REMOTE, REAL), 0);
	left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(left != MAP_FAILED);
}

Suite *
suite_enable_faults(void)
{
	Suite *s = suite_create("enable_faults");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_killed, 0, HARNESS_ROWS(rows));
	tcase_add_loop_test(t, test_failing, 0, HARNESS_ROWS(rows));
	tcase_add_loop_test(t, test_renamed_meanwhile, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

Suite *
suite_torture_enable(void)
{
	Suite *s = suite_create("torture_enable");
	TCase *t = tcase_create("each call");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 3600);
	tcase_add_loop_test(t, torture_each_call, 0, HARNESS_ROWS(rows));
	suite_add_tcase(s, t);
	return s;
}
