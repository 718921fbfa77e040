/* test_locks - time and locks: whoever holds the lock, however long, costs a delivery its deadline at most */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* What a process has open as this descriptor, into 300 bytes; "" for nothing. */
static const char *
file_behind(char *target, pid_t pid, int fd)
{
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, target, 299);
	target[n > 0 ? n : 0] = '\0';
	return target;
}

/* Itself: what the test has open the new process has, too, until it is the wrapper. */
static bool
has_open(pid_t pid, const char *wanted)
{
	char path[64], target[300] = "";
	bool found = false;

	(void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (readlink(path, target, sizeof target - 1) == -1 || strstr(target, "/qlimit-remote") == NULL)
		return false;
	for (int fd = 0; fd < 64 && !found; fd++)
		found = strcmp(file_behind(target, pid, fd), wanted) == 0;
	return found;
}

/* Until a process asks for the lock, which is not to be had: not by time alone. */
static void
wait_until_waiting(pid_t pid)
{
	for (int i = 0; !has_open(pid, harness_state("lock")); i++) {
		ck_assert_msg(i < 60000, "%d does not wait for the lock", (int)pid);
		(void)usleep(1000);
	}
}

/* Goal (L5): whoever holds the lock for ever costs each delivery the deadline, no more. */
START_TEST(test_lock_is_held)
{
	int64_t start;
	int fd;

	harness_rules("deadline_ms = 1500;");
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	start = harness_milliseconds();
	harness_expect_delivered("lock held");
	start = harness_milliseconds() - start;
	ck_assert_msg(start >= 1500 && start < 15000, "%lld ms", (long long)start);
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

	harness_rules("deadline_ms = 1500;");
	harness_script("await go\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	harness_go();
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

	harness_rules("");
	harness_script("await go\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	harness_go();
	wait_until_waiting(harness_attempt_pid(run));
	ck_assert_int_eq(kill(harness_attempt_pid(run), signals[_i]), 0);
	(void)close(fd);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
}
END_TEST

static bool
stands_in_line(pid_t pid)
{
	char wanted[60], line[200];
	bool found = false;
	FILE *f = fopen("/proc/locks", "r");

	ck_assert_ptr_nonnull(f);
	(void)snprintf(wanted, sizeof wanted, "-> FLOCK  ADVISORY  WRITE %d ", (int)pid);
	while (!found && fgets(line, sizeof line, f) != NULL)
		found = strstr(line, wanted) != NULL;
	(void)fclose(f);
	return found;
}

/*
 * Goal (L5): among many who wait nobody is passed over for seconds, as in the kernel's line: of 3,000 deliveries
 * on a busy machine 166 went out uncounted.
 */
START_TEST(test_nobody_stands_in_line)
{
	struct harness_run *run;
	int fd;

	harness_rules("");
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	wait_until_waiting(harness_attempt_pid(run));
	for (int i = 0; i < 50; i++) {
		ck_assert(!stands_in_line(harness_attempt_pid(run)));
		(void)usleep(2000);
	}
	(void)close(fd);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* Goal (R2): while the remote runs, nothing of ours is held: an hour's session blocks nobody. */
START_TEST(test_nothing_is_held_meanwhile)
{
	struct harness_run *run;
	char target[300];
	int fd;

	harness_rules("");
	harness_script("await go\naccept\n");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	fd = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	(void)close(fd);
	for (int i = 0; i < 64; i++)
		ck_assert_msg(strstr(file_behind(target, harness_attempt_pid(run), i), "/state/") == NULL, "%s", target);
	harness_go();
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
}
END_TEST

/* Goal: killed with the remote running, the wrapper takes it along: nobody would hear its word. */
START_TEST(test_killed_while_the_remote_runs)
{
	struct harness_run *run;
	const char *message;
	pid_t remote;

#ifdef QLIMIT_POSIX
	return; /* prctl(2) is Linux's */
#endif
	harness_rules("");
	message = harness_message(NULL, NULL);
	harness_script("await go\naccept\n");
	run = harness_deliver_start(message, "a@example.com", "b@x");
	while (harness_calls() == 0)
		(void)usleep(1000);
	remote = (pid_t)atoi(harness_call(0, "pid"));
	ck_assert_int_eq(kill(harness_attempt_pid(run), SIGKILL), 0);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'Z');
	for (int i = 0; i < 6000 && kill(remote, 0) == 0; i++)
		(void)usleep(10000);
	ck_assert_int_eq(kill(remote, 0), -1);
	/* Tried again it is the same delivery. */
	harness_script("accept\n");
	ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- holders that stop, or die --- */

static int
take_lock(const char *name)
{
	int fd = open(harness_state(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	return fd;
}

static void
load_rules(bool defer)
{
	harness_rules(defer ? "on_error = \"defer\"; deadline_ms = 500;" : "deadline_ms = 500;");
}

static const struct {
	const char *label, *command; /* NULL: a delivery */
	const char *lock;
	bool in_the_way; /* of deliveries */
} holders[] = {
	{ "L5 a delivery", NULL, "lock", true },
	{ "L5 show", "show", "lock", true },
	{ "L5 status", "status", "lock", true },
	{ "L5 load", "load", "lock", true },
	{ "L5 load, its own lock", "load", "load.lock", false },
	{ "L5 tidy", "tidy", "lock", true },
	{ "L5 tidy, the ledger's lock", "tidy", "ledger.lock", false },
};

/* A holder that has been started and stopped. */
struct holder {
	struct harness_run *run; /* of a delivery */
	pid_t pid;
};

static bool
start_holder(struct holder *h, int which)
{
	const char *argv[] = { "qlimit", holders[which].command, NULL };
	int lock = take_lock(holders[which].lock); /* until we have hold of the program */

	h->run = NULL;
	if (argv[1] == NULL) {
		h->run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "accept@x");
		h->pid = harness_attempt_pid(h->run);
	} else {
		h->pid = harness_background(harness_program("qlimit"), argv);
	}
	return harness_stop_at_lock(h->pid, lock, holders[which].lock);
}

static void
end_holder(const struct holder *h, bool defer, bool killed)
{
	struct harness_delivery d;

	ck_assert_int_eq(kill(h->pid, killed ? SIGKILL : SIGCONT), 0);
	if (h->run == NULL) {
		ck_assert_int_eq(waitpid(h->pid, NULL, 0), h->pid);
		return;
	}
	d = harness_deliver_finish(h->run);
	ck_assert_int_eq(d.letter, killed || defer ? 'Z' : 'K');
}

/*
 * Goal (L5): whoever is stopped while he holds a lock is in nobody's way for longer than the deadline, and
 * goes on, when he may, as if nothing had been.
 */
START_TEST(test_holder_is_stopped)
{
	const char *label = holders[_i / 2].label;
	bool defer = _i % 2 == 1;
	struct holder h;
	uint64_t counted;

	load_rules(defer);
	harness_expect_delivered("before");
	if (!start_holder(&h, _i / 2))
		defer = false; /* and nothing stopped */
	else if (holders[_i / 2].in_the_way)
		for (int i = 0; i < 2; i++)
			harness_expect_in_trouble(label, defer);
	else
		harness_expect_delivered(label);
	end_holder(&h, defer, false);
	counted = harness_counters("domain", "example.com").sent;
	ck_assert_msg(counted >= 1, "%s: nothing counted", label);
	harness_expect_delivered(label);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, counted + 1);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

/* Goal (L5): whoever is killed while he holds a lock lets go of it by that; nothing is damaged. */
START_TEST(test_holder_is_killed)
{
	struct holder h;
	size_t lines;

	load_rules(true);
	harness_expect_delivered("before");
	if (start_holder(&h, _i))
		end_holder(&h, false, true);
	else
		end_holder(&h, false, false);
	lines = harness_log_lines(NULL);
	harness_expect_delivered(holders[_i].label);
	ck_assert_uint_ge(harness_counters("domain", "example.com").sent, 2);
	ck_assert_uint_eq(harness_log_lines(NULL), lines);
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

static const struct {
	int number;
	const char *reason;
} own_signals[] = {
	{ SIGXCPU, "a resource limit" },
	{ SIGXFSZ, "a resource limit" },
	{ SIGALRM, "deadline_ms" },
	{ SIGSEGV, "crashed" },
	{ SIGBUS, "crashed" },
	{ SIGABRT, "crashed" },
	{ SIGILL, "crashed" },
	{ SIGFPE, "crashed" },
	{ SIGSYS, "crashed" },
};

/* Goal (O2, L5): what a limit of CPU time, or a crash, does to a delivery that waits: it goes on, once. */
START_TEST(test_signal_while_waiting)
{
	bool defer = _i % 2 == 1;
	struct harness_delivery d;
	struct harness_run *run;
	int lock;

	load_rules(defer);
	lock = take_lock("lock");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "accept@x");
	wait_until_waiting(harness_attempt_pid(run));
	ck_assert_int_eq(kill(harness_attempt_pid(run), own_signals[_i / 2].number), 0);
	d = harness_deliver_finish(run);
	ck_assert_msg(d.letter == (defer ? 'Z' : 'K') && d.wait_status == 0, "signal %d: %c%s",
	    own_signals[_i / 2].number, d.letter, d.text);
	ck_assert_uint_eq(harness_calls(), defer ? 0 : 1);
	ck_assert_uint_eq(harness_log_lines(NULL), 1);
	ck_assert_ptr_nonnull(strstr(harness_log_line(NULL, 0), own_signals[_i / 2].reason));
	(void)close(lock);
	harness_expect_delivered("afterwards");
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/*
 * Goal: a process on its way to become a helper, or that one's parent, crashes before it is one: the guard
 * that it has inherited must not run the real program there: the mail is the parent's.
 */
START_TEST(test_helper_crashes_before_its_time)
{
	struct harness_run *run;
	int lock;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	load_rules(false);
	harness_config("deadline_ms = 5000;");
	lock = take_lock("lock");
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "accept@x");
	(void)harness_signal_at_fork(harness_attempt_pid(run), lock, _i + 1, SIGSEGV);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
	while (wait(NULL) > 0)
		continue;
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- how the lock is opened --- */

/* A program under ptrace(2) from its first instruction on; 0, and said, where that is not allowed. */
static pid_t
start_traced(const char *program, const char *const *argv)
{
	pid_t pid = harness_background_traced(program, argv);
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (!WIFSTOPPED(status)) {
		harness_skip("the system calls of a program", "ptrace(2) is not allowed");
		return 0;
	}
	ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	return pid;
}

static bool
is_path_of_lock(pid_t pid, uint64_t address)
{
	char path[64], name[300] = "";
	const char *end;
	int fd;

	(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* The string may end just before memory does; then this is shorter. */
	(void)!pread(fd, name, sizeof name - 1, (off_t)address);
	(void)close(fd);
	end = strrchr(name, '/');
	return end != NULL && strcmp(end, "/lock") == 0;
}

/*
 * Goal (L5): a lock that exists is opened without O_CREAT, with which Linux before 6.12 would wait for the
 * thaw of a frozen file system, whoever asks.
 */
START_TEST(test_lock_is_not_created_again)
{
	static const char *const argv[] = { "qmail-remote", "x", "a@example.com", "accept@x", NULL };
	struct __ptrace_syscall_info info;
	unsigned opened = 0;
	int status;
	pid_t pid;

	harness_rules("");
	pid = start_traced(harness_program("qlimit-remote"), argv);
	while (pid != 0) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			break;
		ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), 0);
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_openat ||
		    !is_path_of_lock(pid, info.entry.args[1]))
			continue;
		ck_assert_uint_eq(info.entry.args[2] & O_CREAT, 0);
		opened++;
	}
	if (pid != 0)
		ck_assert_uint_eq(opened, 2); /* to admit, and to settle */
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
	tcase_add_test(t, test_nobody_stands_in_line);
	tcase_add_test(t, test_nothing_is_held_meanwhile);
	tcase_add_test(t, test_killed_while_the_remote_runs);
	tcase_add_loop_test(t, test_holder_is_stopped, 0, 2 * HARNESS_ROWS(holders));
	tcase_add_loop_test(t, test_holder_is_killed, 0, HARNESS_ROWS(holders));
	tcase_add_loop_test(t, test_signal_while_waiting, 0, 2 * HARNESS_ROWS(own_signals));
	tcase_add_test(t, test_lock_is_not_created_again);
	tcase_add_loop_test(t, test_helper_crashes_before_its_time, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
