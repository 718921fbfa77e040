/* test_front - the steps of enabling, in this process: each that fails, and what comes about meanwhile */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <unistd.h>

#include "front.h"
#include "front_names.h"
#include "front_trial.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "label.h"
#include "ours.h"
#include "suites.h"

#define BIN "/var/qmail/bin"

static struct front front;

static void
refuses(int rc, const char *words)
{
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(strstr(front.problem, words) != NULL, "%s", front.problem);
}

static void
open_front(void)
{
	ck_assert_msg(front_open(&front, BIN, harness_program("qlimit-remote")) == 0, "%s", front.problem);
}

/* Opened, understood, and the copy written. */
static void
prepare_front(void)
{
	open_front();
	ck_assert_int_eq(front_examine(&front), 0);
	ck_assert_int_eq(front_prepare(&front), 0);
}

/* Goal: two at once wait for each other, but not for ever. */
START_TEST(test_locked)
{
	struct front other;

	if (!harness_front_here)
		return;
	open_front();
	other = front;
	harness_call_fails("nanosleep", 0, 1000, EINTR);
	refuses(front_open(&front, BIN, "/"), "another `qlimit enable` or `disable`");
	front_close(&other);
	harness_call_fails("flock", 0, 1, ENOLCK);
	refuses(front_open(&front, BIN, "/"), "No locks available");
	harness_call_fails("flock", 0, 1, EWOULDBLOCK);
	open_front();
	front_close(&front);
	front_close(&front);
}
END_TEST

START_TEST(test_no_program)
{
	if (!harness_front_here)
		return;
	open_front();
	front.ours = "/bin/true";
	refuses(front_prepare(&front), "/bin/true: is not qlimit-remote");
	front.ours = "/none";
	refuses(front_prepare(&front), "/none: is not qlimit-remote");
	front_close(&front);
}
END_TEST

/* What has come about meanwhile, or cannot be read. */
START_TEST(test_examine)
{
	if (!harness_front_here)
		return;
	open_front();
	harness_call_fails("pread", 0, 1, EIO);
	refuses(front_examine(&front), "Input/output error");
	harness_bin_put("qmail-remote.orig", "/bin/true", "", 0755);
	harness_call_fails("pread", 0, 1, EIO);
	refuses(front_examine(&front), "qmail-remote.orig: Input/output error");
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
	refuses(front_examine(&front), "qmail-remote: is qlimit-remote");
	harness_call_fails("pread", 0, 1, EIO);
	refuses(front_restore(&front), "qmail-remote.orig: Input/output error");
	harness_bin_put(FRONT_NEW, "/bin/true", "", 0755);
	harness_call_fails("unlinkat", 0, 1, ENOENT);
	refuses(front_prepare(&front), FRONT_NEW ": File exists");
	front_close(&front);
}
END_TEST

/* Goal: a .next is replaced only where all of qmail-remote could be read, and does not name it. */
START_TEST(test_examine_next)
{
	unsigned reads = 0;

	if (!harness_front_here)
		return;
	open_front();
	harness_bin_put("qmail-remote.next", REMOTE, "", 0755);
	for (; reads < 100; reads++) {
		harness_call_fails("pread", reads, 1, EIO);
		if (front_examine(&front) == 0)
			break;
		refuses(-1, "Input/output error");
	}
	ck_assert_str_eq(front.kept, "qmail-remote.next");
	ck_assert(reads > 2 && reads < 100);
	harness_call_fails("pread", 0, 0, 0);
	front_close(&front);
}
END_TEST

/* Goal: what cannot be read is never taken for "nothing of ours". */
START_TEST(test_look_beside)
{
	const char *left;
	unsigned reads = 0;

	if (!harness_front_here)
		return;
	open_front();
	harness_bin_put("qmail-remote.orig", "/bin/true", "", 0755);
	for (; reads < 100; reads++) {
		harness_call_fails("pread", reads, 1, EIO);
		if (front_look_beside(&front, &left) == 0)
			break;
		refuses(-1, "Input/output error");
	}
	ck_assert_str_eq(left, "qmail-remote.orig");
	ck_assert(reads > 2 && reads < 100);
	harness_call_fails("pread", 0, 0, 0);
	front_close(&front);
}
END_TEST

/* Goal: a qmail-remote that goes meanwhile is none that was read. */
START_TEST(test_gone_meanwhile)
{
	if (!harness_front_here)
		return;
	open_front();
	harness_front_remove();
	refuses(front_mentions(&front, FRONT_ORIG), "qmail-remote: No such file");
	refuses(front_check_own_name(&front), "qmail-remote: No such file");
	front_close(&front);
}
END_TEST

/* What chattr +i makes of it: not every file system of tests knows that. */
START_TEST(test_immutable)
{
	if (!harness_front_here)
		return;
	open_front();
	ck_assert_int_eq(front_examine(&front), 0);
	harness_call_fails("linkat", 0, 1, EPERM);
	refuses(front_keep(&front), "Operation not permitted (is qmail-remote immutable? see lsattr(1)");
	harness_call_fails("linkat", 0, 1, EBUSY);
	refuses(front_keep(&front), "busy (is qmail-remote mounted");
	front_close(&front);
}
END_TEST

static int
rename_but_say_no(void)
{
	return rename(BIN "/" FRONT_NEW, BIN "/qmail-remote") == 0 ? EIO : errno;
}

/* Goal: NFS may say that a rename failed which was done: what was kept is then the only name of the real program. */
START_TEST(test_renamed_all_the_same)
{
	struct ours_file file;

	if (!harness_front_here)
		return;
	prepare_front();
	ck_assert_int_eq(front_keep(&front), 0);
	harness_on_call("renameat", rename_but_say_no);
	refuses(front_put(&front), "Input/output error");
	front_close(&front);
	ck_assert_int_eq(access(BIN "/qmail-remote.orig", X_OK), 0);
	/* Enabling again finds it done. */
	ours_look(&file, REMOTE, harness_program("qlimit-remote"));
	ck_assert_int_eq(file.is, OURS_SAME);
}
END_TEST

/* Goal: with SELinux the copy is labelled as what it stands for: qmail-rspawn might not execute it else. */
START_TEST(test_label)
{
	static const char name[] = "security.selinux", of_remote[] = "system_u:object_r:qmail_remote_exec_t:s0";
	char label[100] = "";

	if (!harness_front_here)
		return;
	if (setxattr(BIN "/qmail-remote", name, of_remote, sizeof of_remote, 0) == -1) {
		harness_skip("labels", strerror(errno));
		return;
	}
	prepare_front();
	ck_assert_int_eq(getxattr(BIN "/" FRONT_NEW, name, label, sizeof label), (ssize_t)sizeof of_remote);
	ck_assert_str_eq(label, of_remote);
	/* Once more, where nothing is to be done. */
	ck_assert_int_eq(label_copy(open(BIN "/qmail-remote", O_RDONLY), open(BIN "/" FRONT_NEW, O_RDONLY)), 0);
	ck_assert_int_eq(label_copy(-1, -1), -1);
	front_close(&front);
}
END_TEST

/* Goal: a qmail that is updated while the copy is tried out keeps its new program. */
START_TEST(test_updated_meanwhile)
{
	struct stat st, now;

	if (!harness_front_here)
		return;
	prepare_front();
	ck_assert_int_eq(front_keep(&front), 0);
	if (_i == 0)
		harness_bin_put("qmail-remote", "/bin/true", "", 0755);
	else
		ck_assert_int_eq(unlink(BIN "/qmail-remote"), 0);
	(void)memset(&st, 0, sizeof st);
	ck_assert_int_eq(stat(BIN "/qmail-remote", &st), -_i);
	refuses(front_put(&front), "qmail-remote: has been replaced meanwhile");
	harness_call_fails("fstatat", 0, 1, EIO);
	refuses(front_put(&front), "qmail-remote: Input/output error");
	front_close(&front);
	ck_assert_int_eq(stat(BIN "/qmail-remote", &now), -_i);
	ck_assert(_i == 1 || now.st_ino == st.st_ino);
	ck_assert_int_eq(access(BIN "/" FRONT_NEW, F_OK), -1);
}
END_TEST

/* Room for the directory, not for what is in it. */
START_TEST(test_long_bin)
{
	char much[PLACE_PATH_MAX + 1] = "/var/", problem[100];

	if (!harness_front_here)
		return;
	memset(much + 5, 'd', 240);
	much[120] = '/';
	much[245] = '\0';
	much[120] = '\0';
	ck_assert_int_eq(mkdir(much, 0755), 0);
	much[120] = '/';
	ck_assert_int_eq(rename(BIN, much), 0);
	ck_assert_msg(front_open(&front, much, "/") == 0, "%s", front.problem);
	refuses(front_examine(&front), "File name too long");
	front_close(&front);
	ck_assert_int_eq(front_trial(much, 0, 0, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, "File name too long");
}
END_TEST

static int
remove_remote(void)
{
	return unlink(REMOTE) == 0 ? 0 : errno;
}

/* What has come about since it was examined; and of two faults the first is told. */
START_TEST(test_prepare)
{
	if (!harness_front_here)
		return;
	open_front();
	ck_assert_int_eq(chmod(BIN, 0777), 0);
	refuses(front_prepare(&front), "must belong to root");
	ck_assert_int_eq(chmod(BIN, 0755), 0);
	harness_call_fails("write", 0, 1, ENOSPC);
	harness_call_fails("close", 5, 1, EDQUOT);
	refuses(front_prepare(&front), FRONT_NEW ": No space left");
	harness_call_fails("close", 0, 0, 0);
	harness_on_call("fchmod", remove_remote);
	refuses(front_prepare(&front), FRONT_NEW ": No such file");
	front_close(&front);
	ck_assert(!harness_front_has(NEW));
}
END_TEST

/* A step that fails at the first, second ... of its calls; afterwards nothing is left. */
static const struct {
	const char *call;
	unsigned after, times;
	int error;
} steps[] = {
	{ "fstat", 0, 1, EIO },
	{ "fstatat", 0, 1, EIO },
	{ "fstatat", 1, 1, EIO },
	{ "fstatat", 2, 1, EIO },
	{ "fstatat", 4, 1, EIO },
	{ "unlinkat", 0, 1, EIO },
	{ "write", 0, 1, ENOSPC },
	{ "fchown", 0, 1, EPERM },
	{ "fsync", 0, 1, EIO },
	{ "close", 7, 1, EDQUOT },
	{ "linkat", 0, 1, EMLINK },
	{ "fsync", 1, 1, EIO },
	{ "renameat", 0, 1, EIO },
};

static int
all_steps(void)
{
	return front_examine(&front) == 0 && front_prepare(&front) == 0 && front_keep(&front) == 0 ?
	    front_put(&front) : -1;
}

START_TEST(test_steps)
{
	const char *before;

	if (!harness_front_here)
		return;
	before = harness_bin_list();
	open_front();
	harness_call_fails(steps[_i].call, steps[_i].after, steps[_i].times, steps[_i].error);
	ck_assert_int_eq(all_steps(), -1);
	ck_assert_str_ne(front.problem, "");
	front_close(&front);
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* A file system that knows no fsync(2) of directories is no obstacle. */
START_TEST(test_no_sync)
{
	if (!harness_front_here)
		return;
	open_front();
	harness_call_fails("fsync", 1, 2, EINVAL);
	ck_assert_msg(all_steps() == 0, "%s", front.problem);
	front_close(&front);
}
END_TEST

/* --- the trial --- */

START_TEST(test_trial)
{
	char problem[300];

	if (!harness_front_here)
		return;
	harness_bin_put(FRONT_NEW, harness_program("qlimit-remote"), "", 0755);
	ck_assert_msg(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem) == 0, "%s", problem);
	harness_bin_put(FRONT_NEW, "/bin/true", "", 0755);
	ck_assert_int_eq(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, BIN "/" FRONT_NEW " does not answer as qlimit-remote");
	harness_bin_put(FRONT_NEW, "/bin/false", "", 0755);
	ck_assert_int_eq(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, BIN "/" FRONT_NEW " cannot be run by qmailr: it ends with an error");
	harness_call_fails("setgid", 0, 1, EPERM);
	ck_assert_int_eq(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, "cannot become qmailr: Operation not permitted");
	harness_call_fails("setgid", 0, 0, 0);
	harness_call_fails("dup2", 0, 1, EMFILE);
	ck_assert_int_eq(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, "dup2: Too many open files");
	harness_call_fails("dup2", 0, 0, 0);
	harness_call_fails("fork", 0, 1, EAGAIN);
	ck_assert_int_eq(front_trial(BIN, HARNESS_OWNER, HARNESS_OWNER, problem, sizeof problem), -1);
	ck_assert_str_eq(problem, "Resource temporarily unavailable");
}
END_TEST

/* Goal: what fails last is whether the rename is durable: that is no "nothing is changed". */
START_TEST(test_doubt_is_said)
{
	if (!harness_front_here)
		return;
	open_front();
	harness_call_fails("fsync", 2, 1, EIO);
	refuses(all_steps(), "qmail-remote: is in place, but may not survive a power cut: " BIN ": Input/output error");
	front_close(&front);
}
END_TEST

Suite *
suite_front(void)
{
	Suite *s = suite_create("front");
	TCase *t = tcase_create("front");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_locked);
	tcase_add_test(t, test_no_program);
	tcase_add_loop_test(t, test_steps, 0, HARNESS_ROWS(steps));
	tcase_add_test(t, test_no_sync);
	tcase_add_test(t, test_prepare);
	tcase_add_test(t, test_examine);
	tcase_add_test(t, test_examine_next);
	tcase_add_test(t, test_look_beside);
	tcase_add_test(t, test_gone_meanwhile);
	tcase_add_test(t, test_immutable);
	tcase_add_test(t, test_renamed_all_the_same);
	tcase_add_test(t, test_label);
	tcase_add_loop_test(t, test_updated_meanwhile, 0, 2);
	tcase_add_test(t, test_long_bin);
	tcase_add_test(t, test_doubt_is_said);
	tcase_add_test(t, test_trial);
	suite_add_tcase(s, t);
	return s;
}
