/* test_locks - time and locks: whoever holds the lock, however long, costs a delivery its deadline at most */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* Goal (L5): whoever holds the lock for ever costs each delivery the deadline, no more. */
START_TEST(test_lock_is_held)
{
	int64_t start;
	int fd;

	harness_rules("deadline_ms = 300;");
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	start = harness_milliseconds();
	harness_expect_delivered("lock held");
	start = harness_milliseconds() - start;
	ck_assert_msg(start >= 300 && start < 3000, "%lld ms", (long long)start);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=trouble", 0), "deadline_ms"));
	(void)close(fd);
	harness_expect_delivered("lock free");
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
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
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
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
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
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
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

Suite *
suite_locks(void)
{
	Suite *s = suite_create("locks");
	TCase *t = tcase_create("locks");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_lock_is_held);
	tcase_add_test(t, test_lock_is_held_afterwards);
	tcase_add_loop_test(t, test_signal_while_settling, 0, 4);
	tcase_add_test(t, test_nothing_is_held_meanwhile);
	tcase_add_test(t, test_killed_while_the_remote_runs);
	suite_add_tcase(s, t);
	return s;
}
