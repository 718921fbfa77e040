/* test_nudge - a signal for the right qmail-send and for nobody else; a process with other rights */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aside.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "nudge.h"
#include "suites.h"

#define QMAILS 12346
#define STRANGER 12347
#define NUDGED 7 /* how a stand-in ends when it is told */

/* --- stand-ins for qmail-send --- */

struct stand_in {
	const char *name, *directory;
	uid_t uid;
	bool deaf; /* as it is before it catches the signal */
};

static const struct stand_in right = { "qmail-send", "q", QMAILS, false };

static void
hear(int number)
{
	(void)number;
	_exit(NUDGED);
}

static _Noreturn void
stand(const struct stand_in *s, int ready)
{
	(void)signal(SIGALRM, s->deaf ? SIG_DFL : hear);
	if (prctl(PR_SET_NAME, s->name) == -1 || chdir(harness_path(s->directory)) == -1 || setuid(s->uid) == -1)
		_exit(99);
	(void)close(ready); /* heard by whoever waits */
	for (;;)
		(void)pause();
}

static pid_t
start(const struct stand_in *s)
{
	int ends[2];
	char none;
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(ends[0]);
		stand(s, ends[1]);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(recv(ends[0], &none, 1, 0), 0);
	(void)close(ends[0]);
	return pid;
}

/* The wait status of one that was told, or else lives and is ended here. */
static int
end(pid_t pid, bool told)
{
	int status;

	if (!told)
		(void)kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
make(const char *queue, uid_t owner)
{
	char info[40];

	(void)snprintf(info, sizeof info, "%s/info", queue);
	ck_assert_int_eq(mkdir(harness_path(queue), 0755), 0);
	ck_assert_int_eq(mkdir(harness_path(info), 0755), 0);
	ck_assert_int_eq(lchown(harness_path(info), owner, (gid_t)-1), 0);
}

static void
setup(void)
{
	harness_start();
	make("q", QMAILS);
	make("q2", QMAILS);
	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
	(void)alarm(20);
}

/* Only root can be, and look at, another user's process. */
static bool
is_root(void)
{
	if (geteuid() != 0)
		harness_skip("who is told", "not root");
	return geteuid() == 0;
}

/* --- who is told --- */

static const struct {
	const char *label;
	struct stand_in who;
	int told;
} candidates[] = {
	{ "qmail-send", { "qmail-send", "q", QMAILS, false }, 1 },
	{ "a longer name", { "qmail-send2", "q", QMAILS, false }, 0 },
	{ "another program of qmail's", { "qmail-clean", "q", QMAILS, false }, 0 },
	{ "another user's", { "qmail-send", "q", STRANGER, false }, 0 },
	{ "another queue's", { "qmail-send", "q2", QMAILS, false }, 0 },
	{ "below the queue", { "qmail-send", "q/info", QMAILS, false }, 0 },
	{ "just starting", { "qmail-send", "q", QMAILS, true }, 0 },
};

START_TEST(test_who)
{
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&candidates[_i].who);
	ck_assert_msg(nudge_qmail_send(harness_path("q")) == candidates[_i].told, "%s", candidates[_i].label);
	ck_assert_int_eq(end(pid, candidates[_i].told == 1), candidates[_i].told == 1 ? NUDGED : -SIGKILL);
}
END_TEST

/* Goal: each of this queue, under whatever name that is known, and none of another. */
START_TEST(test_several)
{
	const struct stand_in other = { "qmail-send", "q2", QMAILS, false };
	pid_t first, second, third;

	if (!is_root())
		return;
	first = start(&right);
	second = start(&other);
	third = start(&right);
	ck_assert_int_eq(symlink("q", harness_path("link")), 0);
	ck_assert_int_eq(nudge_qmail_send(harness_path("link")), 2);
	ck_assert_int_eq(end(first, true), NUDGED);
	ck_assert_int_eq(end(third, true), NUDGED);
	ck_assert_int_eq(nudge_qmail_send(harness_path("link")), 0);
	ck_assert_int_eq(end(second, false), -SIGKILL);
}
END_TEST

START_TEST(test_ended)
{
	siginfo_t info;
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&right);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), 0);
	ck_assert_int_eq(end(pid, false), -SIGKILL);
}
END_TEST

/* Goal: an older Linux, or one that forbids the call, sends the signal all the same. */
START_TEST(test_older_linux)
{
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&right);
	harness_call_fails("pidfd_send_signal", 0, 1, _i == 0 ? ENOSYS : EPERM);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), 1);
	ck_assert_int_eq(end(pid, true), NUDGED);
}
END_TEST

static pid_t doomed;

static int
must_not_be_called(void)
{
	ck_abort_msg("a number was signalled that may be another's by now");
	return 0;
}

static int
end_it(void)
{
	harness_on_call("pidfd_send_signal", NULL);
	harness_on_call("kill", NULL);
	ck_assert_int_eq(end(doomed, false), -SIGKILL);
	harness_on_call("kill", must_not_be_called);
	return ENOSYS;
}

/* Goal: it ends between being found and being told; its number is not hit. */
START_TEST(test_ends_meanwhile)
{
#ifdef QLIMIT_POSIX
	return; /* pidfd_send_signal(2) is Linux's */
#endif
	if (!is_root())
		return;
	doomed = start(&right);
	harness_on_call("kill", must_not_be_called);
	switch (_i) {
	case 0:
		harness_call_fails("pidfd_send_signal", 0, 1, ESRCH);
		break;
	case 1:
		harness_call_fails("fstatat", 1, 1, ESRCH);
		break;
	case 2:
		harness_call_fails("fstatat", 1, 1, ENOENT);
		break;
	default:
		harness_on_call("pidfd_send_signal", end_it);
	}
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), 0);
	harness_on_call("kill", NULL);
	if (_i != 3)
		ck_assert_int_eq(end(doomed, false), -SIGKILL);
}
END_TEST

/* --- what goes wrong --- */

START_TEST(test_no_rights)
{
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&right);
	harness_call_fails("pidfd_send_signal", 0, 1, EPERM);
	harness_call_fails("kill", 0, 1, EPERM);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(end(pid, false), -SIGKILL);
	pid = start(&right);
	ck_assert_int_eq(seteuid(STRANGER), 0);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(end(pid, false), -SIGKILL);
}
END_TEST

/* One that could be told is news enough. */
START_TEST(test_some_told)
{
	int status;

	if (!is_root())
		return;
	(void)start(&right);
	(void)start(&right);
	harness_call_fails("pidfd_send_signal", 0, 1, EPERM);
	harness_call_fails("kill", 0, 1, EPERM);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(nudge_qmail_send(harness_path("q")), 1);
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == NUDGED);
	}
}
END_TEST

START_TEST(test_no_queue)
{
	ck_assert_int_eq(nudge_qmail_send(harness_path("none")), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(rmdir(harness_path("q/info")), 0);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q")), -1);
	ck_assert_int_eq(errno, ENOENT);
	harness_call_fails("fstat", 0, 1, EIO);
	ck_assert_int_eq(nudge_qmail_send(harness_path("q2")), -1);
	ck_assert_int_eq(errno, EIO);
	if (!is_root())
		return;
	/* Nor a /proc. */
	ck_assert_int_eq(chroot(harness_path(".")), 0);
	ck_assert_int_eq(nudge_qmail_send("/q2"), -1);
	ck_assert_int_eq(errno, ENOENT);
	_exit(0); /* a sanitizer wants a /proc at exit(3) */
}
END_TEST

/* --- in two steps --- */

/* Goal: whoever has given up root's rights can still have it told, once. */
START_TEST(test_give)
{
	struct nudge n;
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&right);
	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), 0);
	ck_assert_int_eq(seteuid(STRANGER), 0);
	ck_assert_int_eq(nudge_give(&n), 1);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(end(pid, true), NUDGED);
}
END_TEST

START_TEST(test_give_nothing)
{
	struct nudge n;

	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), 0);
	ck_assert_int_eq(nudge_give(&n), 0);
	ck_assert_int_eq(nudge_ready(&n, harness_path("none")), 0);
	ck_assert_int_eq(nudge_give(&n), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(test_drop)
{
	struct nudge n;
	pid_t pid;

	if (!is_root())
		return;
	pid = start(&right);
	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), 0);
	nudge_drop(&n);
	ck_assert_int_eq(end(pid, false), -SIGKILL);
}
END_TEST

static void
kill_soon(pid_t pid)
{
	pid_t killer = fork();

	ck_assert_int_ge(killer, 0);
	if (killer == 0) {
		(void)usleep(200000);
		_exit(kill(pid, SIGKILL));
	}
}

/* The process that was to tell is gone: before it could be asked, or without an answer. */
START_TEST(test_lost)
{
	struct nudge n;

	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), 0);
	ck_assert_int_eq(kill(n.aside.pid, _i == 0 ? SIGKILL : SIGSTOP), 0);
	ck_assert_int_eq(waitpid(n.aside.pid, NULL, _i == 0 ? 0 : WUNTRACED), n.aside.pid);
	if (_i == 1) {
		ck_assert_int_eq(send(n.aside.fd, "", 1, 0), 1);
		ck_assert_int_eq(shutdown(n.aside.fd, SHUT_RDWR), 0);
		ck_assert_int_eq(kill(n.aside.pid, SIGCONT), 0);
	}
	if (_i == 2)
		kill_soon(n.aside.pid);
	ck_assert_int_eq(nudge_give(&n), -1);
	ck_assert_int_eq(errno, EIO);
}
END_TEST

/* --- a process beside this one --- */

static int
add_one(void *context, int fd)
{
	unsigned char byte;
	int added = 0;

	while (recv(fd, &byte, 1, 0) == 1) {
		byte = (unsigned char)(byte + 1);
		added += send(fd, &byte, 1, MSG_NOSIGNAL) == 1;
	}
	if (context != NULL)
		(void)raise(SIGKILL);
	return added;
}

START_TEST(test_aside)
{
	unsigned char byte = 41;
	struct aside a;

	ck_assert_int_eq(aside_start(&a, add_one, NULL), 0);
	ck_assert_int_eq(send(a.fd, &byte, 1, 0), 1);
	ck_assert_int_eq(recv(a.fd, &byte, 1, 0), 1);
	ck_assert_uint_eq(byte, 42);
	harness_call_fails("waitpid", 0, 2, EINTR);
	ck_assert_int_eq(aside_end(&a), 1);
	ck_assert_int_eq(aside_start(&a, add_one, &a), 0);
	ck_assert_int_eq(aside_end(&a), -1);
}
END_TEST

START_TEST(test_no_aside)
{
	struct nudge n;
	int before = dup(0);

	ck_assert_int_eq(close(before), 0);
	harness_call_fails("socketpair", 0, 1, EMFILE);
	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), -1);
	ck_assert_int_eq(errno, EMFILE);
	harness_call_fails("fork", 0, 1, EAGAIN);
	ck_assert_int_eq(nudge_ready(&n, harness_path("q")), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(dup(0), before); /* nothing is left open */
	ck_assert_int_eq(close(before), 0);
}
END_TEST

Suite *
suite_nudge(void)
{
	Suite *s = suite_create("nudge");
	TCase *t = tcase_create("nudge");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_who, 0, HARNESS_ROWS(candidates));
	tcase_add_test(t, test_several);
	tcase_add_test(t, test_ended);
	tcase_add_loop_test(t, test_older_linux, 0, 2);
	tcase_add_loop_test(t, test_ends_meanwhile, 0, 4);
	tcase_add_test(t, test_no_rights);
	tcase_add_test(t, test_some_told);
	tcase_add_test(t, test_no_queue);
	tcase_add_test(t, test_give);
	tcase_add_test(t, test_give_nothing);
	tcase_add_test(t, test_drop);
	tcase_add_loop_test(t, test_lost, 0, 3);
	tcase_add_test(t, test_aside);
	tcase_add_test(t, test_no_aside);
	suite_add_tcase(s, t);
	return s;
}
