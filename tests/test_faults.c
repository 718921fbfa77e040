/* test_faults - whatever breaks in our part, the mail goes on: facts/storage.md, attacks and accidents */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "suites.h"

static const char *
state(const char *name)
{
	static char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", harness_path("state"), name);
	return path;
}

static struct harness_delivery
send_one(void)
{
	return harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
}

/* One delivery reaches the real program, once, as if we were not there. */
static void
expect_delivered(const char *label)
{
	size_t calls = harness_calls();
	struct harness_delivery d = send_one();

	ck_assert_msg(d.letter == 'K' && d.wait_status == 0, "%s: %c %x: %s", label, d.letter,
	    (unsigned)d.wait_status, d.text);
	ck_assert_msg(harness_calls() == calls + 1, "%s: %zu calls", label, harness_calls() - calls);
	ck_assert_str_eq(harness_call(calls, "fds"), "0,1,2");
	ck_assert_str_eq(harness_call(calls, "offset"), "0");
	ck_assert_str_eq(harness_call(calls, "argv0"), "qmail-remote");
	ck_assert_str_eq(harness_call(calls, "alarm"), "0");
}

static int64_t
milliseconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the state directory and its files --- */

static void
write_file(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	(void)close(fd);
}

static void
no_directory(void)
{
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
}

static void
directory_is_a_file(void)
{
	no_directory();
	write_file(harness_path("state"), "x", 1);
}

static void
directory_writable_by_all(void)
{
	ck_assert_int_eq(chmod(harness_path("state"), 0777), 0);
}

static void
lock_is_a_link(void)
{
	ck_assert_int_eq(unlink(state("lock")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", state("lock")), 0);
}

static void
lock_is_a_fifo(void)
{
	ck_assert_int_eq(unlink(state("lock")), 0);
	ck_assert_int_eq(mkfifo(state("lock"), 0600), 0);
}

static void
live_is_a_link(void)
{
	ck_assert_int_eq(unlink(state("live.mdb")), 0);
	ck_assert_int_eq(symlink(harness_path("elsewhere"), state("live.mdb")), 0);
}

static void
live_is_a_directory(void)
{
	ck_assert_int_eq(unlink(state("live.mdb")), 0);
	ck_assert_int_eq(mkdir(state("live.mdb"), 0700), 0);
}

static const struct {
	const char *label;
	void (*damage)(void);
} unusable[] = {
	{ "L3 no directory", no_directory },
	{ "L3 directory is a file", directory_is_a_file },
	{ "L1 directory writable by all", directory_writable_by_all },
	{ "L3 lock is a link", lock_is_a_link },
	{ "L3 lock is a FIFO", lock_is_a_fifo },
	{ "L3 live.mdb is a link", live_is_a_link },
	{ "L3 live.mdb is a directory", live_is_a_directory },
};

/* Goal: a store that cannot be used is not used; mail goes on, one line is logged. */
START_TEST(test_unusable_store)
{
	harness_rules("default = { max_per_hour = 1; };");
	unusable[_i].damage();
	expect_delivered(unusable[_i].label);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	ck_assert_int_eq(access(harness_path("elsewhere"), F_OK), -1);
	expect_delivered(unusable[_i].label);
}
END_TEST

/* Goal: with on_error = "defer" the same ends in one clean Z, and the real program is not run. */
START_TEST(test_unusable_store_defers)
{
	struct harness_delivery d;

	harness_rules("on_error = \"defer\";");
	live_is_a_directory();
	d = send_one();
	ck_assert(d.letter == 'Z' && d.wait_status == 0 && d.bytes[d.length - 1] == '\0');
	ck_assert_uint_eq(harness_calls(), 0);
}
END_TEST

/* --- the file's content --- */

static void
overwrite(size_t from, size_t n, char with)
{
	int fd = open(state("live.mdb"), O_WRONLY);
	char *bytes = malloc(n);

	ck_assert(fd != -1 && bytes != NULL);
	memset(bytes, with, n);
	ck_assert_int_eq(pwrite(fd, bytes, n, (off_t)from), (ssize_t)n);
	(void)close(fd);
	free(bytes);
}

static void
empty(void)
{
	write_file(state("live.mdb"), "", 0);
}

static void
garbage(void)
{
	write_file(state("live.mdb"), "this is no database at all, but long enough to look", 50);
	overwrite(0, 40000, 'g');
}

static void
no_meta_pages(void)
{
	overwrite(0, 8192, 0);
}

static void
wild_pages(void)
{
	overwrite(8192, 24576, '\xff');
}

static void
zero_pages(void)
{
	overwrite(8192, 24576, 0);
}

static void
truncated(void)
{
	ck_assert_int_eq(truncate(state("live.mdb"), 8192), 0);
}

static void
cut_in_a_page(void)
{
	ck_assert_int_eq(truncate(state("live.mdb"), 9000), 0);
}

static const struct {
	const char *label;
	void (*damage)(void);
} damages[] = {
	{ "O4 empty", empty },
	{ "O4 garbage", garbage },
	{ "O4 no meta pages", no_meta_pages },
	{ "O4 wild pages", wild_pages },
	{ "O4 zero pages", zero_pages },
	{ "O4 truncated behind the meta pages", truncated },
	{ "O4 truncated inside a page", cut_in_a_page },
};

/* Goal: damage is set aside, mail goes on, and limits are soon in force again by themselves. */
START_TEST(test_damaged_store)
{
	struct harness_counters c;
	int held = 0;

	harness_rules("default = { max_per_hour = 2; };");
	expect_delivered("before");
	damages[_i].damage();
	expect_delivered(damages[_i].label);
	for (int i = 0; i < 8 && held == 0; i++)
		held = send_one().letter == 'Z';
	ck_assert_msg(held == 1, "%s: never held again", damages[_i].label);
	c = harness_counters("domain", "example.com");
	ck_assert_uint_eq(c.admitted, 2);
	ck_assert_uint_eq(c.sent, 2);
}
END_TEST

/* Goal: the CLI meets the same damage with a word and a status, and the next one works. */
START_TEST(test_damaged_store_and_cli)
{
	static const char *const commands[] = { "show", "load", "tidy", "status" };
	int status = 1;

	for (size_t i = 0; i < 4; i++) {
		harness_rules("default = { max_per_hour = 2; };");
		expect_delivered("before");
		damages[_i].damage();
		for (int tries = 0; tries < 3; tries++) {
			status = harness_cli_words((const char *const[]){ commands[i], NULL }).status;
			ck_assert_msg(status >= 0, "%s: %s: signal %d", damages[_i].label, commands[i],
			    -status);
		}
		ck_assert_int_eq(harness_load().status, 0);
		expect_delivered("after");
	}
}
END_TEST

/* Goal: a ledger whose pages are gone is set aside, once, and closed hours find a new one. */
START_TEST(test_broken_ledger)
{
	char zeros[4096] = { 0 };
	struct harness_output o;
	int fd;

	harness_rules("");
	expect_delivered("before");
	harness_set_time(HARNESS_NOW + 3600);
	expect_delivered("next hour");
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	fd = open(state("ledger.mdb"), O_WRONLY);
	ck_assert_int_ne(fd, -1);
	for (off_t at = 8192; at < 65536; at += 4096)
		ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, at), 4096);
	(void)close(fd);
	harness_set_time(HARNESS_NOW + 7200);
	expect_delivered("hour after");
	for (int i = 0; i < 3; i++) {
		o = harness_cli("tidy");
		ck_assert_int_ge(o.status, 0);
	}
	ck_assert_int_eq(o.status, 0);
	ck_assert_int_eq(access(state("ledger.mdb.damaged"), F_OK), 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "a damaged ledger was set aside"));
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- time and locks --- */

/* Goal (L5): whoever holds the lock for ever costs each delivery the deadline, no more. */
START_TEST(test_lock_is_held)
{
	int64_t start;
	int fd;

	harness_rules("deadline_ms = 300;");
	fd = open(state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	start = milliseconds();
	expect_delivered("lock held");
	start = milliseconds() - start;
	ck_assert_msg(start >= 300 && start < 3000, "%lld ms", (long long)start);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=trouble", 0), "deadline_ms"));
	(void)close(fd);
	expect_delivered("lock free");
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* Goal: the same after the remote has spoken: its word stands, its bytes are not repeated. */
START_TEST(test_lock_is_held_afterwards)
{
	struct harness_run *run;
	struct harness_delivery d;
	int fd;

	harness_rules("deadline_ms = 300;");
	harness_script("sleep 300\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	d = harness_deliver_finish(run);
	ck_assert(d.letter == 'K' && d.wait_status == 0);
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=trouble", 0), "outcome not counted"));
	(void)close(fd);
}
END_TEST

/* Goal: a TERM while the outcome waits for the lock does not turn "sent" into "crashed": a duplicate. */
START_TEST(test_signal_while_settling)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGUSR1 };
	struct harness_run *run;
	int fd;

	harness_rules("deadline_ms = 600;");
	harness_script("sleep 200\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	(void)usleep(500000);
	ck_assert_int_eq(kill(harness_attempt_pid(run), signals[_i]), 0);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
	(void)close(fd);
}
END_TEST

/* Goal (R2): while the remote runs, nothing of ours is held: an hour's session blocks nobody. */
START_TEST(test_nothing_is_held_meanwhile)
{
	struct harness_run *run;
	char path[64], target[300];
	int fd;

	harness_rules("");
	harness_script("sleep 400\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	(void)close(fd);
	for (int i = 0; i < 64; i++) {
		ssize_t n;

		(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)harness_attempt_pid(run), i);
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		ck_assert_msg(strstr(target, "/state/") == NULL, "%s", target);
	}
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
}
END_TEST

/* Goal: killed with the remote running, the wrapper takes it along: nobody would hear its word. */
START_TEST(test_killed_while_the_remote_runs)
{
	struct harness_run *run;
	const char *message;
	pid_t remote;

	harness_rules("");
	message = harness_message(NULL, NULL);
	harness_script("sleep 5000\naccept\n");
	run = harness_deliver_start(message, "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	remote = (pid_t)atoi(harness_call(0, "pid"));
	ck_assert_int_eq(kill(harness_attempt_pid(run), SIGKILL), 0);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'Z');
	for (int i = 0; i < 200 && kill(remote, 0) == 0; i++)
		(void)usleep(10000);
	ck_assert_int_eq(kill(remote, 0), -1);
	/* Tried again it is the same delivery. */
	harness_script("accept\n");
	ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- limits and descriptors --- */

static const struct {
	const char *label, *shell;
} starts[] = {
#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more than anybody would allow */
	{ "O2 address space", "ulimit -S -v 3000; exec " },
#endif
	{ "O2 file size 0", "unset FAKE_REMOTE_LOG; ulimit -S -f 0; exec " },
	{ "O2 file size 8 KiB", "unset FAKE_REMOTE_LOG; ulimit -S -f 16; exec " },
	{ "O2 four descriptors", "ulimit -S -n 4; exec " },
	{ "O2 fd 0 closed", "exec <&-; exec " },
	{ "O2 fd 2 closed", "exec 2>&-; exec " },
	{ "O2 fds 0 and 2 closed", "exec <&- 2>&-; exec " },
	{ "O5 no syslog", "QLIMIT_SYSLOG=/nonexistent; export QLIMIT_SYSLOG; exec " },
	{ "O1 no environment to speak of", "unset PATH HOME; exec " },
};

/* Goal: however qmail was started, the remote is run once, and its word is what qmail hears. */
START_TEST(test_odd_starts)
{
	char command[600];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/sh", .argv = words };
	struct harness_delivery d;

	harness_rules("");
	(void)snprintf(command, sizeof command, "%s%s x a@example.com accept@x", starts[_i].shell,
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.letter == 'K' && d.wait_status == 0, "%s: %c %x %s", starts[_i].label,
	    d.letter, (unsigned)d.wait_status, d.bytes);
}
END_TEST

/* Goal: a syslogd that does not read any more costs a line, not the delivery. */
START_TEST(test_syslog_is_full)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int reader = socket(AF_UNIX, SOCK_DGRAM, 0), writer = socket(AF_UNIX, SOCK_DGRAM, 0);
	int64_t start;

	harness_rules("deadline_ms = 1000; default = { max_per_hour = 1; };");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", harness_path("full"));
	ck_assert_int_eq(bind(reader, (struct sockaddr *)&address, sizeof address), 0);
	while (sendto(writer, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address) == 1)
		continue;
	(void)setenv("QLIMIT_SYSLOG", address.sun_path, 1);
	start = milliseconds();
	expect_delivered("first");
	ck_assert_int_eq(send_one().letter, 'Z');
	ck_assert_int_lt(milliseconds() - start, 900);
}
END_TEST

/* The wrapper beside a `qlimit` of one's own: a script. */
static struct harness_delivery
deliver_beside(const char *script)
{
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "accept@x" };
	char command[700];

	write_file(harness_path("qlimit"), script, strlen(script));
	ck_assert_int_eq(chmod(harness_path("qlimit"), 0755), 0);
	(void)snprintf(command, sizeof command, "cp %s %s", harness_program("qlimit-remote"),
	    harness_path("qlimit-remote"));
	ck_assert_int_eq(system(command), 0);
	attempt.program = harness_path("qlimit-remote");
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

static const char *const helpers[] = {
	"#!/bin/sh\nexec sleep 6\n",
	"#!/bin/sh\nkill -SEGV $$\n",
	"#!/nonexistent/interpreter\n",
	"#!/bin/sh\necho output; echo more >&2; ls -l /proc/self/fd >&2\n",
};

/* Goal: a qlimit(8) that hangs, crashes, cannot run or talks holds no descriptor of qmail's and no mail. */
START_TEST(test_broken_helper)
{
	struct harness_delivery d;
	int64_t start = milliseconds();

	d = deliver_beside(helpers[_i]);
	ck_assert(d.letter == 'K' && d.wait_status == 0);
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_int_lt(milliseconds() - start, 5000);
}
END_TEST

/* Goal: an essentials file that is not understood is not half believed, and is named. */
START_TEST(test_bad_essentials)
{
	static const char *const bad[] = { "garbage", "qlimit essentials 1\non_error=perhaps\n",
		"qlimit essentials 1\ndeadline_ms=1\n", "qlimit essentials 1\nremote=relative\n",
		"qlimit essentials 1\non_error=defer", "" };

	harness_rules("on_error = \"defer\";");
	write_file(state("essentials"), bad[_i], strlen(bad[_i]));
	expect_delivered(bad[_i]);
	ck_assert_uint_eq(harness_log_lines("the file essentials is not used"), 1);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

Suite *
suite_faults(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_unusable_store, 0, ROWS(unusable));
	tcase_add_test(t, test_unusable_store_defers);
	tcase_add_loop_test(t, test_damaged_store, 0, ROWS(damages));
	tcase_add_loop_test(t, test_damaged_store_and_cli, 0, ROWS(damages));
	tcase_add_test(t, test_broken_ledger);
	tcase_add_test(t, test_lock_is_held);
	tcase_add_test(t, test_lock_is_held_afterwards);
	tcase_add_loop_test(t, test_signal_while_settling, 0, 4);
	tcase_add_test(t, test_nothing_is_held_meanwhile);
	tcase_add_test(t, test_killed_while_the_remote_runs);
	tcase_add_loop_test(t, test_odd_starts, 0, ROWS(starts));
	tcase_add_test(t, test_syslog_is_full);
	tcase_add_loop_test(t, test_broken_helper, 0, ROWS(helpers));
	tcase_add_loop_test(t, test_bad_essentials, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
