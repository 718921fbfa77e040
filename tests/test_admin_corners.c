/* test_admin_corners - commands of qlimit(8) whose state is elsewhere, or that crash, or cannot say what is wrong */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_faults.h"
#include "log.h"
#include "suites.h"

#define USUAL "/var/lib/qlimit" /* built in */
#define SAID 4096

/* --- the state is elsewhere: in a root directory of our own, since the usual place is built in --- */

static void
make(const char *directory)
{
	ck_assert_msg(mkdir(directory, 0700) == 0, "%s: %s", directory, strerror(errno));
}

/* For good: every test has a process of its own, and harness_main.c removes what it leaves. */
static void
enter_place(void)
{
	harness_start();
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	ck_assert_int_eq(chroot("."), 0);
	make("/var");
	make("/var/lib");
	make(USUAL);
	make("/srv");
	make("/srv/q");
	(void)unsetenv("QLIMIT_STATE");
	(void)unsetenv("QLIMIT_REMOTE");
	(void)setenv("QLIMIT_CONFIG", "/q.conf", 1);
	log_to("/none");
}

/* What a command has written to stdout and stderr. */
static char said[SAID];

static int
run(int (*command)(struct admin *), char *name)
{
	char *names[] = { name, NULL };
	static struct admin a;
	ssize_t n;
	int fd, status;

	admin_init(&a, HARNESS_NOW);
	a.names = names;
	ck_assert_ptr_nonnull(freopen("/said", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/said", "a", stderr));
	status = command(&a);
	ck_assert_int_eq(fflush(stdout), 0);
	fd = open("/said", O_RDONLY | O_CLOEXEC);
	n = read(fd, said, sizeof said - 1);
	said[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	return status;
}

static void
is(int status, int wanted, const char *words)
{
	ck_assert_msg(status == wanted && strstr(said, words) != NULL, "status %d, wanted %d, \"%s\":\n%s",
	    status, wanted, words, said);
}

/* Long ago: else each load would wait for the file to settle. */
static void
configure(const char *text)
{
	const struct timespec then[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

	harness_write("/q.conf", text, strlen(text));
	ck_assert_int_eq(utimensat(AT_FDCWD, "/q.conf", then, 0), 0);
}

/* What limit a delivery of this domain would meet, in the place where the wrapper would look. */
static void
limit_is(const char *shown)
{
	char domain[] = "x.example";

	is(run(admin_show, domain), EX_OK, shown);
}

/* Goal: what `state` says is where every command goes, as the wrapper does, without being told again. */
START_TEST(test_state_moves)
{
	struct essentials e;

	configure("default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL), EX_OK, "2 added");
	limit_is(" 1111 ");
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert_str_eq(e.state, "");
	configure("state = \"/srv/q\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL), EX_OK, "2 added");
	ck_assert_int_eq(essentials_read(&e, USUAL), 0);
	ck_assert_str_eq(e.state, "/srv/q");
	ck_assert_int_eq(access("/srv/q/live.mdb", F_OK), 0);
	limit_is(" 2222 ");
	is(run(admin_status, NULL), EX_OK, "store:         /srv/q: live.mdb ");
	/* Back again. */
	configure("default = { max_per_hour = 3333; };");
	is(run(admin_load, NULL), EX_OK, "");
	limit_is(" 3333 ");
}
END_TEST

/* Goal: QLIMIT_STATE settles it, whatever the files say. */
START_TEST(test_state_of_the_environment)
{
	struct essentials e;

	configure("state = \"/srv/q\"; default = { max_per_hour = 1111; };");
	is(run(admin_load, NULL), EX_OK, "2 added");
	make("/srv/chosen");
	(void)setenv("QLIMIT_STATE", "/srv/chosen", 1);
	configure("state = \"/srv/q\"; default = { max_per_hour = 2222; };");
	is(run(admin_load, NULL), EX_OK, "2 added");
	ck_assert_int_eq(essentials_read(&e, "/srv/chosen"), 0);
	ck_assert_str_eq(e.state, "");
	limit_is(" 2222 ");
	(void)unsetenv("QLIMIT_STATE");
	limit_is(" 1111 ");
}
END_TEST

/* --- a crash where no store is in use --- */

/* How `qlimit load` ends that got a signal, or two, while it waited for another load. */
static const struct {
	const char *label;
	int signal;
	const char *err; /* where its stderr goes; NULL: to be read */
	int status;
	const char *words, *log;
} crashes[] = {
	{ "a crash", SIGSEGV, NULL, EX_SOFTWARE, "crashed, with no store in use", "qlimit(8) crashed" },
	{ "over a limit", SIGXCPU, NULL, EX_IOERR, "over a limit of setrlimit(2)", "had to give up" },
	{ "nobody to tell", SIGSEGV, "/dev/full", EX_OSERR, "", "qlimit(8) crashed" },
};

static pid_t
start_load(int err)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)dup2(err, 2);
		(void)execl(harness_program("qlimit"), "qlimit", "load", (char *)NULL);
		_exit(97);
	}
	return pid;
}

static pid_t loading;

static bool
links_to(const char *link, const char *end)
{
	char path[64], target[300];
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)loading, link);
	n = readlink(path, target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	return n >= (ssize_t)strlen(end) && strcmp(target + n - strlen(end), end) == 0;
}

/* It has opened the lock, and asks for it again and again. */
static bool
is_waiting(void)
{
	char link[16];
	bool found = false;

	for (int fd = 3; fd < 16 && !found; fd++) {
		(void)snprintf(link, sizeof link, "fd/%d", fd);
		found = links_to(link, "/load.lock");
	}
	return found && links_to("exe", "/qlimit"); /* not just forked off: then the lock is ours */
}

static int
take_load_lock(void)
{
	int fd = open(harness_state("load.lock"), O_RDWR | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	return fd;
}

static int
status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

START_TEST(test_crash_without_a_store)
{
	const char *err = crashes[_i].err != NULL ? crashes[_i].err : harness_path("err");
	int fd, status, lock;
	ssize_t n;

	harness_rules("");
	lock = take_load_lock();
	fd = open(err, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ne(fd, -1);
	loading = start_load(fd);
	ck_assert(harness_wait_until(is_waiting));
	ck_assert_int_eq(kill(loading, crashes[_i].signal), 0);
	status = status_of(loading);
	n = crashes[_i].err != NULL ? 0 : pread(fd, said, sizeof said - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	ck_assert_msg(status == crashes[_i].status && strstr(said, crashes[_i].words) != NULL,
	    "%s: %d: %s", crashes[_i].label, status, said);
	ck_assert_uint_eq(harness_log_lines(crashes[_i].log), 1);
	ck_assert_int_ne(access(harness_state("live.mdb.damaged"), F_OK), 0);
	(void)close(fd);
	(void)close(lock);
}
END_TEST

static bool
has_logged(void)
{
	return harness_log_lines("qlimit(8) crashed") == 1;
}

/* Goal: a crash in what follows a crash ends it, too, with a status of sysexits.h. */
START_TEST(test_crash_after_a_crash)
{
	char much[65536] = "";
	int ends[2], lock;

	harness_rules("");
	lock = take_load_lock();
	/* Nobody reads what it has to say. */
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], much, sizeof much) > 0)
		;
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
	loading = start_load(ends[1]);
	ck_assert(harness_wait_until(is_waiting));
	ck_assert_int_eq(kill(loading, SIGSEGV), 0);
	ck_assert(harness_wait_until(has_logged));
	ck_assert_int_eq(kill(loading, SIGSEGV), 0);
	ck_assert_int_eq(status_of(loading), EX_SOFTWARE);
	(void)close(lock);
}
END_TEST

/* --- small things --- */

/* Goal: a status without a word leaves at least one in the log. */
START_TEST(test_reason_that_cannot_be_written)
{
	const char *const show[] = { "sh", "-c", "exec \"$0\" show 2>/dev/full",
		harness_program("qlimit"), NULL };

	ck_assert_int_eq(harness_run_words("/bin/sh", show).status, EX_NOINPUT);
	ck_assert_uint_eq(harness_log_lines("could not write the reason"), 1);
	ck_assert_ptr_nonnull(strstr(harness_log_line("could not write the reason", 0), "No space left"));
}
END_TEST

/* Goal: an hour that has not been moved, since no helper could be started, is no secret. */
START_TEST(test_closed_hours_that_wait)
{
	struct store *s;
	struct info info;

	harness_rules("");
	s = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(store_info_get(s, &info), 1);
	info.tidy_wanted = true;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "closed hours:  wait to be moved"));
	ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	ck_assert_ptr_null(strstr(harness_cli("status").out, "closed hours:"));
}
END_TEST

Suite *
suite_admin_corners(void)
{
	Suite *s = suite_create("admin_corners");
	TCase *t = tcase_create("corners"), *elsewhere = tcase_create("elsewhere");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_loop_test(t, test_crash_without_a_store, 0, HARNESS_ROWS(crashes));
	tcase_add_test(t, test_crash_after_a_crash);
	tcase_add_test(t, test_reason_that_cannot_be_written);
	tcase_add_test(t, test_closed_hours_that_wait);
	suite_add_tcase(s, t);
	if (geteuid() != 0)
		return s;
	tcase_add_checked_fixture(elsewhere, enter_place, NULL);
	tcase_add_test(elsewhere, test_state_moves);
	tcase_add_test(elsewhere, test_state_of_the_environment);
	suite_add_tcase(s, elsewhere);
	return s;
}
