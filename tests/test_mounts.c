/*
 * test_mounts - what the state directory lies on is full, read-only, frozen or broken: the mail goes on
 *
 * Each test mounts in a mount namespace of its own: nothing of it is seen outside, and all of it ends
 * with the test, however that ends.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_bin.h"
#include "harness_faults.h"
#include "suites.h"

#define IMAGE_SIZE (8 << 20)
#define THAW_MS 30000 /* whatever becomes of the test */

static bool mounted;

/* A tmpfs in the place of the state directory; false, and said, where that is not allowed. */
static bool
mount_tmpfs(const char *options)
{
	mounted = harness_may_mount() &&
	    mount("tmpfs", harness_path("state"), "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
	if (!mounted)
		harness_skip("a state directory on a full or read-only file system", strerror(errno));
	return mounted;
}

static void
remount(unsigned long flags, const char *options)
{
	ck_assert_msg(mount("tmpfs", harness_path("state"), "tmpfs",
	    MS_REMOUNT | MS_NOSUID | MS_NODEV | flags, options) == 0, "%s", strerror(errno));
}

static void
end(void)
{
	if (mounted)
		ck_assert_int_eq(umount2(harness_path("state"), MNT_DETACH), 0);
	harness_end();
}

static void
load_rules(bool defer)
{
	harness_rules(defer ? "on_error = \"defer\"; deadline_ms = 1000;" : "deadline_ms = 1000;");
}

static uint64_t
sent(void)
{
	return harness_counters("domain", "example.com").sent;
}

static void
expect_counted(const char *label, uint64_t count)
{
	harness_expect_delivered(label);
	ck_assert_msg(sent() == count, "%s: %ju", label, (uintmax_t)sent());
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}

/* --- read-only --- */

/* Goal (L5): on a file system that has become read-only nothing is counted, and mail goes on. */
START_TEST(test_read_only)
{
	static const char *const commands[] = { "show", "load", "tidy", "status" };

	if (!mount_tmpfs("size=2m,mode=0700"))
		return;
	load_rules(_i == 1);
	expect_counted("before", 1);
	remount(MS_RDONLY, "size=2m");
	for (int i = 0; i < 3; i++)
		harness_expect_in_trouble("read-only", _i == 1);
	for (size_t i = 0; i < 4; i++) {
		struct harness_output o = harness_cli_words((const char *const[]){ commands[i], NULL });

		ck_assert_msg(o.status == EX_IOERR && strstr(o.err, "Read-only file system") != NULL,
		    "%s: %d: %s", commands[i], o.status, o.err);
	}
	remount(0, "size=2m");
	expect_counted("after", 2);
}
END_TEST

/* --- full --- */

/* Nothing more can be written. */
static void
fill(void)
{
	static const char bytes[4096];
	int fd = open(harness_state("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	while (write(fd, bytes, sizeof bytes) > 0)
		continue;
	ck_assert_int_eq(errno, ENOSPC);
	(void)close(fd);
}

/* Goal (L5): no room for a new live.mdb; once there is, counting begins by itself. */
START_TEST(test_full_for_a_new_file)
{
	if (!mount_tmpfs("size=1m,mode=0700"))
		return;
	load_rules(_i == 1);
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	fill();
	for (int i = 0; i < 3; i++)
		harness_expect_in_trouble("full, new", _i == 1);
	ck_assert_int_eq(unlink(harness_state("filler")), 0);
	expect_counted("after", 1);
}
END_TEST

/* From a domain of its own: the file has to grow. */
static struct harness_delivery
send_from_new_domain(int i)
{
	char sender[250];

	(void)snprintf(sender, sizeof sender, "a@%0200d.example", i);
	return harness_deliver(harness_message(NULL, NULL), sender, "accept@x");
}

/*
 * Goal (L5): no room for an old live.mdb to grow: what cannot be counted goes on, with one log line each;
 * what was counted stays; the file is not taken for a damaged one.
 */
START_TEST(test_full_for_an_old_file)
{
	size_t lines, calls;
	struct harness_delivery d;

	if (!mount_tmpfs("size=1m,mode=0700"))
		return;
	load_rules(_i == 1);
	expect_counted("before", 1);
	fill();
	for (int i = 0; i < 60; i++) {
		lines = harness_log_lines(NULL);
		calls = harness_calls();
		d = send_from_new_domain(i);
		ck_assert_msg(d.wait_status == 0 && (d.letter == 'K' || (_i == 1 && d.letter == 'Z')),
		    "%d: %c%s", i, d.letter, d.text);
		ck_assert_uint_eq(harness_calls() - calls, d.letter == 'K');
		lines = harness_log_lines(NULL) - lines;
		ck_assert_msg(lines <= 1 && (d.letter == 'K' || lines == 1), "%d: %zu lines", i, lines);
	}
	ck_assert_uint_ge(harness_log_lines("event=trouble"), 20);
	ck_assert_int_eq(unlink(harness_state("filler")), 0);
	expect_counted("after", 2);
	ck_assert_int_eq(send_from_new_domain(1000).letter, 'K');
}
END_TEST

/* Goal: a monitor hears of it before the first delivery does; with no size at all it is not full. */
START_TEST(test_full_is_said)
{
	static const char check[] = "qlimit: the file system of ", json[] = "\"space_problem\":\"the file system of ";

	if (!mount_tmpfs("size=4m,mode=0700"))
		return;
	load_rules(_i == 1);
	harness_is(harness_cli("metrics"), EX_OK, "\nqlimit_trouble{what=\"space\"} 0\n", "");
	harness_is(harness_cli("status", "--json"), EX_OK, ",\"space_problem\":\"\"}\n", "");
	fill();
	harness_is(harness_cli("status", "--check"), 1, check, "");
	harness_is(harness_cli("status", "--check"), 1, " is full, 0 KiB are free: ", "");
	harness_is(harness_cli("status"), EX_OK, "\nTROUBLE:       the file system of ", "");
	harness_is(harness_cli("status"), EX_OK, _i == 1 ? " is deferred, as on_error says\n" :
	    " is delivered uncounted\n", "");
	harness_is(harness_cli("status", "--json"), EX_OK, json, "");
	harness_is(harness_cli("metrics"), EX_OK, "\nqlimit_trouble{what=\"space\"} 1\n", "");
	/* Nothing is counted yet, which is well; this is not. */
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	fill();
	harness_is(harness_cli("status", "--check"), 1, check, "");
	harness_is(harness_cli("status", "--json"), EX_NOINPUT, json, "");
	ck_assert_int_eq(truncate(harness_state("filler"), 2 << 20), 0);
	ck_assert_ptr_null(strstr(harness_cli("status", "--check").out, check));
	remount(0, "size=0");
	ck_assert_ptr_null(strstr(harness_cli("status", "--check").out, check));
}
END_TEST

static const char *const missing[] = { "live.mdb", "lock" };

/* Goal (L5): no inode for a file that is missing. */
START_TEST(test_no_inodes)
{
	const char *name = missing[_i / 2];
	char path[40];
	int used = 0, fd;

	if (!mount_tmpfs("size=1m,nr_inodes=40,mode=0700"))
		return;
	load_rules(_i % 2 == 1);
	ck_assert_int_eq(unlink(harness_state(name)), 0);
	do {
		(void)snprintf(path, sizeof path, "filler%d", used++);
		fd = open(harness_state(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		(void)close(fd);
	} while (fd != -1);
	for (int i = 0; i < 3; i++)
		harness_expect_in_trouble(name, _i % 2 == 1);
	while (used-- > 0) {
		(void)snprintf(path, sizeof path, "filler%d", used);
		(void)unlink(harness_state(path));
	}
	expect_counted("after", 1);
}
END_TEST

/* --- frozen, and broken --- */

/* A free loop device with this image, that lets go of it when it is no longer mounted; its descriptor. */
static int
attach(const char *image, char *device, size_t size)
{
	struct loop_config config = { .info = { .lo_flags = LO_FLAGS_AUTOCLEAR } };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = open(image, O_RDWR | O_CLOEXEC), fd = -1;

	config.fd = (unsigned)file;
	for (int tries = 0; control != -1 && tries < 20; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		(void)snprintf(device, size, "/dev/loop%d", number);
		fd = number == -1 ? -1 : open(device, O_RDWR | O_CLOEXEC);
		if (fd == -1 || ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			break;
		(void)close(fd); /* somebody else was quicker */
		fd = -1;
	}
	(void)close(control);
	(void)close(file);
	return fd;
}

/* An ext4 of its own in the place of the state directory; false, and said, where that is not possible. */
static bool
mount_ext4(const char *what)
{
	char command[400], device[40];
	const char *image = harness_path("image");
	int fd = -1;

	harness_write(image, "", 0);
	(void)snprintf(command, sizeof command,
	    "PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -F -m 0 %s >/dev/null 2>&1", image);
	if (geteuid() == 0 && truncate(image, IMAGE_SIZE) == 0 && system(command) == 0 &&
	    harness_may_mount())
		fd = attach(image, device, sizeof device);
	if (fd == -1 || mount(device, harness_path("state"), "ext4", MS_NOSUID | MS_NODEV, "") == -1) {
		(void)close(fd);
		harness_skip(what, "needs root, mkfs.ext4 and a loop device");
		return false;
	}
	(void)close(fd);
	mounted = true;
	ck_assert_int_eq(chmod(harness_path("state"), 0700), 0);
	return true;
}

/*
 * Freezes the file system. It would stay so, and unmountable, if the test were killed: a process that
 * nobody kills with it thaws it when the descriptor is closed that is returned here.
 */
static int
freeze(pid_t *guard)
{
	int ends[2], fd = open(harness_path("state"), O_RDONLY | O_CLOEXEC);

	ck_assert(fd != -1 && pipe(ends) == 0);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	*guard = fork();
	if (*guard == 0) {
		struct pollfd end_of_test = { .fd = ends[0], .events = POLLIN };

		(void)setsid();
		(void)close(ends[1]);
		(void)poll(&end_of_test, 1, THAW_MS);
		(void)ioctl(fd, FITHAW, 0);
		_exit(0);
	}
	(void)close(ends[0]);
	ck_assert_msg(ioctl(fd, FIFREEZE, 0) == 0, "%s", strerror(errno));
	(void)close(fd);
	return ends[1];
}

static void
wait_until_locked(int lock)
{
	for (int i = 0; i < 2000 && flock(lock, LOCK_EX | LOCK_NB) == 0; i++) {
		(void)flock(lock, LOCK_UN);
		(void)usleep(2000);
	}
	ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), -1);
}

/*
 * Goal (L5): on a frozen file system the one delivery that writes sleeps until the thaw (no signal
 * reaches it there); all others go on within the deadline; after the thaw nothing is lost or doubled.
 */
START_TEST(test_frozen)
{
	struct harness_delivery d;
	struct harness_run *first;
	int frozen, lock;
	pid_t guard;

	if (!mount_ext4("a frozen file system"))
		return;
	load_rules(_i == 1);
	expect_counted("before", 1);
	lock = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	frozen = freeze(&guard);
	first = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "accept@x");
	wait_until_locked(lock);
	(void)close(lock);
	for (int i = 0; i < 2; i++)
		harness_expect_in_trouble("frozen", _i == 1);
	(void)close(frozen);
	ck_assert_int_eq(waitpid(guard, NULL, 0), guard);
	d = harness_deliver_finish(first);
	ck_assert_msg(d.wait_status == 0 && (d.letter == 'K' || (_i == 1 && d.letter == 'Z')), "%c%s",
	    d.letter, d.text);
	/* The first one's write was done, or its deadline came first. */
	harness_expect_delivered("after");
	ck_assert_uint_ge(sent(), 2);
	ck_assert_uint_le(sent(), 3);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

/* Goal (L5): a disk that answers with I/O errors from now on: mail goes on, and nothing hangs or repeats. */
START_TEST(test_dead_disk)
{
	struct harness_delivery d;
	size_t calls, lines;
	int fd;

	if (!mount_ext4("a disk that dies"))
		return;
	load_rules(_i == 1);
	expect_counted("before", 1);
	fd = open(harness_state("live.mdb"), O_RDONLY | O_CLOEXEC);
	ck_assert(fd != -1 && fsync(fd) == 0);
	ck_assert_int_eq(truncate(harness_path("image"), 0), 0);
	ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	(void)close(fd);
	for (int i = 0; i < 4; i++) {
		calls = harness_calls();
		lines = harness_log_lines("event=trouble");
		d = harness_send();
		ck_assert_msg(d.wait_status == 0 && (d.letter == 'K' || (_i == 1 && d.letter == 'Z')),
		    "%c%s", d.letter, d.text);
		ck_assert_uint_eq(harness_calls() - calls, d.letter == 'K');
		ck_assert(i > 0 || harness_log_lines("event=trouble") > lines);
	}
	/* Another disk in its place. */
	ck_assert_int_eq(umount2(harness_path("state"), MNT_DETACH), 0);
	mounted = false;
	expect_counted("after", 1);
}
END_TEST

/* --- what else a disk may say --- */

#ifndef __SANITIZE_ADDRESS__ /* which ends the program when a call of its own fails */

/* A delivery whose n-th system call fails with this error; 0: none. What it made is in $INJECT_COUNT. */
static struct harness_delivery
deliver_with_fault(long n, int error)
{
	char number[24], which[24];
	const char *const argv[] = { "inject", number, which, "once", harness_program("qlimit-remote"), "x",
		"a@example.com", "accept@x", NULL };
	struct harness_attempt attempt = { .program = harness_program("inject"), .argv = argv };

	(void)snprintf(number, sizeof number, "%ld", n);
	(void)snprintf(which, sizeof which, "%d", error);
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

static long
count_of_calls(void)
{
	FILE *f = fopen(harness_path("count"), "r");
	long n = 0;

	ck_assert(f != NULL && fscanf(f, "%ld", &n) == 1);
	(void)fclose(f);
	return n;
}

static const int said[] = { EDQUOT, EIO };

/*
 * Goal (L5): over quota, or with an I/O error, at any one system call: the mail goes out or is deferred,
 * with at most one log line; and what goes out is counted, or that line says that something is wrong.
 */
START_TEST(test_any_call_fails)
{
	bool defer = _i % 2 == 1;
	size_t passed = 0, troubles = 0;
	long total;

	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	load_rules(defer);
	ck_assert_int_eq(deliver_with_fault(0, 0).letter, 'K');
	total = count_of_calls();
	ck_assert_int_ge(total, 30);
	for (long n = 1; n <= total; n++) {
		size_t calls = harness_calls(), lines = harness_log_lines("event=trouble");
		struct harness_delivery d = deliver_with_fault(n, said[_i / 2]);

		lines = harness_log_lines("event=trouble") - lines;
		ck_assert_msg(WIFEXITED(d.wait_status) && (d.letter == 'K' || d.letter == 'Z') &&
		    harness_calls() - calls == (d.letter == 'K') && lines <= 1,
		    "call %ld: %c%s (status %x, %zu calls, %zu lines)", n, d.letter, d.text,
		    (unsigned)d.wait_status, harness_calls() - calls, lines);
		passed += d.letter == 'K';
		troubles += lines;
	}
	ck_assert_uint_ge(troubles, 5);
	ck_assert_uint_ge(sent() + troubles, passed);
	expect_counted("after", sent() + 1);
}
END_TEST

#endif

Suite *
suite_mounts(void)
{
	Suite *s = suite_create("mounts");
	TCase *t = tcase_create("mounts");

	tcase_add_checked_fixture(t, harness_start, end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_read_only, 0, 2);
	tcase_add_loop_test(t, test_full_for_a_new_file, 0, 2);
	tcase_add_loop_test(t, test_full_for_an_old_file, 0, 2);
	tcase_add_loop_test(t, test_full_is_said, 0, 2);
	tcase_add_loop_test(t, test_no_inodes, 0, 2 * HARNESS_ROWS(missing));
	tcase_add_loop_test(t, test_frozen, 0, 2);
	tcase_add_loop_test(t, test_dead_disk, 0, 2);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_loop_test(t, test_any_call_fails, 0, 2 * HARNESS_ROWS(said));
#endif
	suite_add_tcase(s, t);
	return s;
}
