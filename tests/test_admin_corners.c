/* test_admin_corners - commands of qlimit(8) that crash, cannot say why, or have odd things to tell */
#include <check.h>
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

#include "admin_print.h"
#include "harness_faults.h"
#include "place.h"
#include "store.h"
#include "suites.h"

#define SAID 4096

static char said[SAID];

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

/* Its last word is not ours: it is no more a fork of this process, which has the lock open as well. */
static bool
is_executed(void)
{
	char path[64], line[4096];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)loading);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(line, 1, sizeof line, f);
	(void)fclose(f);
	return n > 5 && memcmp(line + n - 5, "load", 5) == 0;
}

/* It has opened the lock, and asks for it again and again. Executed first: before that it has ours open. */
static bool
is_waiting(void)
{
	char path[64], target[300];
	bool found = false;
	ssize_t n;

	if (!is_executed())
		return false;
	for (int fd = 3; fd < 16 && !found; fd++) {
		(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)loading, fd);
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = strstr(target, "/load.lock") != NULL;
	}
	return found;
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

/* Goal: what a backup has brought back is an earlier boot's all the same, whatever the lock file says. */
START_TEST(test_store_from_a_backup)
{
	const char *const save[] = { "cp", harness_state("live.mdb"), harness_path("backup"), NULL };
	const char *const restore[] = { "cp", harness_path("backup"), harness_state("live.mdb"), NULL };
	struct harness_output o;

	(void)setenv("QLIMIT_TEST_BOOT", "first", 1);
	harness_rules("");
	ck_assert_int_eq(harness_run_words("/bin/cp", save).status, 0);
	(void)setenv("QLIMIT_TEST_BOOT", "second", 1);
	harness_rules("");
	ck_assert_int_eq(harness_cli("show").status, EX_OK);
	ck_assert_int_eq(harness_run_words("/bin/cp", restore).status, 0);
	o = harness_cli("show");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	ck_assert_ptr_nonnull(strstr(o.err, "nothing counted yet"));
	(void)harness_send();
	ck_assert_int_eq(harness_cli("show").status, EX_OK);
}
END_TEST

START_TEST(test_reset_of_the_server)
{
	harness_rules("");
	(void)harness_send();
	ck_assert_int_eq(harness_cli("reset", "server").status, EX_OK);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 0);
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
	ck_assert_uint_eq(harness_log_lines("event=reset kind=server"), 1);
	ck_assert_ptr_null(strstr(harness_log_line("event=reset", 0), "name="));
}
END_TEST

/* Goal: before anything was counted, `status --json` has no hour, rather than one of 1970. */
START_TEST(test_status_before_the_first_mail)
{
	harness_rules("");
	ck_assert_ptr_nonnull(strstr(harness_cli("status", "--json").out, "\"hour\":null,"));
}
END_TEST

START_TEST(test_long_names_in_a_long_table)
{
	static char name[80][24];
	const char *words[84] = { "qlimit", "show" };
	struct harness_output o;
	size_t lines = 0;

	for (int i = 0; i < 80; i++) {
		(void)snprintf(name[i], sizeof name[i], "d%d.example", i);
		words[2 + i] = name[i];
	}
	words[82] = "a-label-of-many-letters.and-another-of-as-many-letters.for-a-table.example";
	harness_rules("");
	o = harness_run_words(harness_program("qlimit"), words);
	ck_assert_int_eq(o.status, EX_OK);
	for (const char *s = o.out; (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	ck_assert_uint_eq(lines, 2 + 81);
	ck_assert_ptr_nonnull(strstr(o.out, words[82]));
	ck_assert_ptr_nonnull(strstr(o.out, "\ndomain  d79.example                                       "
	    "                  0 "));
}
END_TEST

/* `directory` of the place, made so long that its path has `length` bytes. */
static const char *
long_directory(size_t length)
{
	static char path[300];

	(void)snprintf(path, sizeof path, "%s/", harness_path("."));
	ck_assert_uint_lt(strlen(path), length - 3);
	memset(path + strlen(path), 'd', sizeof path - strlen(path));
	path[length] = '\0';
	ck_assert_int_eq(mkdir(path, 0700), 0);
	return path;
}

/* Goal: where a file's name does not fit behind the directory's, that is said; never a name cut short. */
START_TEST(test_long_state_directory)
{
	struct harness_output o;

	harness_config("");
	(void)setenv("QLIMIT_STATE", long_directory(PLACE_PATH_MAX - 5), 1);
	o = harness_load();
	ck_assert_int_eq(o.status, EX_IOERR);
	ck_assert_ptr_nonnull(strstr(o.err, "/load.lock: File name too long"));
	/* Room for all files but one, ledger.mdb.damaged. */
	(void)setenv("QLIMIT_STATE", long_directory(PLACE_PATH_MAX - 17), 1);
	ck_assert_int_eq(harness_load().status, EX_OK);
	o = harness_cli("status");
	ck_assert_int_eq(o.status, EX_OK);
	ck_assert_ptr_null(strstr(o.out, "damaged"));
	o = harness_cli("tidy");
	ck_assert_int_eq(o.status, EX_OSERR);
	ck_assert_ptr_nonnull(strstr(o.err, "File name too long"));
}
END_TEST

START_TEST(test_check_in_a_long_directory)
{
	struct harness_output o;

	ck_assert_int_eq(chdir(long_directory(PLACE_PATH_MAX - 5)), 0);
	o = harness_cli("check", "qlimit.conf");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(o.status, EX_NOINPUT);
	ck_assert_ptr_nonnull(strstr(o.err, "give an absolute path"));
}
END_TEST

/* Goal: a time that no calendar has is no text, and no crash. */
START_TEST(test_times_without_a_year)
{
	char out[ADMIN_TIME_MAX] = "x";

	ck_assert_str_eq(admin_print_clock(out, INT64_MAX), "");
	ck_assert_str_eq(admin_print_time(strcpy(out, "x"), INT64_MAX), "");
	ck_assert_str_eq(admin_print_utc(strcpy(out, "x"), INT64_MAX), "");
	ck_assert_str_eq(admin_print_utc(out, HARNESS_NOW), "2026-11-21T17:30:00Z");
}
END_TEST

Suite *
suite_admin_corners(void)
{
	Suite *s = suite_create("admin_corners");
	TCase *crash = tcase_create("crashes"), *t = tcase_create("corners");

	tcase_add_checked_fixture(crash, harness_start, harness_end);
	tcase_add_loop_test(crash, test_crash_without_a_store, 0, HARNESS_ROWS(crashes));
	tcase_add_test(crash, test_crash_after_a_crash);
	suite_add_tcase(s, crash);
	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_test(t, test_reason_that_cannot_be_written);
	tcase_add_test(t, test_closed_hours_that_wait);
	tcase_add_test(t, test_store_from_a_backup);
	tcase_add_test(t, test_reset_of_the_server);
	tcase_add_test(t, test_status_before_the_first_mail);
	tcase_add_test(t, test_long_names_in_a_long_table);
	tcase_add_test(t, test_long_state_directory);
	tcase_add_test(t, test_check_in_a_long_directory);
	tcase_add_test(t, test_times_without_a_year);
	suite_add_tcase(s, t);
	return s;
}
