/* test_mail_path - looking whether qlimit-remote is in the mail path: files, processes, start scripts */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "file_scan.h"
#include "front.h"
#include "front_trial.h"
#include "harness_bin.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "label.h"
#include "mail_path.h"
#include "processes.h"
#include "start_script.h"
#include "suites.h"

#define BIN "/var/qmail/bin"
#define REMOTE BIN "/qmail-remote"

static bool here;

static void
setup(void)
{
	here = harness_bin_start();
}

/* --- words in files --- */

/* Goal: found wherever it stands, also across the edge of what is read at once; and what follows it. */
START_TEST(test_scan)
{
	static char bytes[70000];
	static const long places[] = { 0, 1, 16383, 16384, 16380, 16370, 32500, 16384 + 16128, 69992 };
	char behind[6];
	int fd;

	memset(bytes, 'w', sizeof bytes);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		memcpy(bytes + places[i], "word123\n", 8);
		harness_write(harness_path("bytes"), bytes, sizeof bytes);
		fd = open(harness_path("bytes"), O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(file_scan(fd, "word1", behind, sizeof behind), 1);
		ck_assert_str_eq(behind, "23");
		ck_assert_int_eq(file_scan(fd, "word", behind, 3), 1);
		ck_assert_str_eq(behind, "12");
		ck_assert_int_eq(file_scan(fd, "word2", behind, sizeof behind), 0);
		ck_assert_int_eq(close(fd), 0);
		memset(bytes + places[i], 'w', 8);
	}
	ck_assert_int_eq(file_scan(-1, "word", behind, sizeof behind), -1);
	/* Nothing is read for ever: not this, which has holes. */
	fd = open(harness_path("bytes"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, FILE_SCAN_MAX + 100000), 0);
	ck_assert_int_eq(file_scan(fd, "none", behind, sizeof behind), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* --- is it ours? --- */

static enum ours
look(const char *path)
{
	struct ours_file file;

	ours_look(&file, path, harness_program("qlimit-remote"));
	ck_assert((file.version[0] != '\0') == (file.is == OURS_SAME || file.is == OURS_OTHER));
	return file.is;
}

START_TEST(test_ours)
{
	static const char marker[] = "@(#)qlimit-" "remote 0.8\n";
	static const char older[] = "\0Zqlimit-" "remote is unable to find the real qmail-remote. (#4.3.5)\n";
	struct ours_file file;
	const char *path = harness_path("file");

	ck_assert_int_eq(look(harness_program("qlimit-remote")), OURS_SAME);
	ck_assert_int_eq(look(harness_program("qlimit")), OURS_NOT);
	ck_assert_int_eq(look(harness_program("remote")), OURS_NOT);
	ck_assert_int_eq(look("/bin/sh"), OURS_NOT);
	ck_assert_int_eq(look("/"), OURS_NOT);
	ck_assert_int_eq(look("/dev/null"), OURS_NOT);
	ck_assert_int_eq(look(harness_path("none")), OURS_NOTHING);
	ck_assert_int_eq(look("/bin/sh/none"), OURS_NOTHING);
	harness_write(path, marker, sizeof marker - 1);
	ours_look(&file, path, harness_program("qlimit-remote"));
	ck_assert_int_eq(file.is, OURS_OTHER);
	ck_assert_str_eq(file.version, "0.8");
	harness_write(path, older, sizeof older);
	ck_assert_int_eq(look(path), OURS_OTHER);
	harness_call_fails("fstat", 0, 1, EIO);
	ours_look(&file, path, path);
	ck_assert(file.is == OURS_UNKNOWN && file.error == EIO);
	ck_assert_int_eq(truncate(path, FILE_SCAN_MAX + 1), 0);
	ck_assert_int_eq(look(path), OURS_NOT);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(look(path), OURS_NOT);
	ck_assert_int_eq(symlink("loop", harness_path("loop")), 0);
	ours_look(&file, harness_path("loop"), path);
	ck_assert(file.is == OURS_UNKNOWN && file.error == ELOOP);
}
END_TEST

/* --- processes --- */

START_TEST(test_processes)
{
	char bytes[8];
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(processes_read(self, "status", bytes, sizeof bytes), 7);
	ck_assert_str_eq(bytes, "Name:\tc");
	ck_assert_int_eq(processes_read(self, "none", bytes, sizeof bytes), -1);
	ck_assert_int_eq(processes_read(self, "fd", bytes, sizeof bytes), -1); /* a directory */
	ck_assert_str_eq(bytes, "");
	ck_assert(processes_is_called("Name:\tqmail-send\nUmask:", "qmail-send"));
	ck_assert(!processes_is_called("Name:\tqmail-send2\n", "qmail-send"));
	ck_assert(!processes_is_called("Name:\tqmail", "qmail-send"));
	ck_assert(!processes_is_called("", "qmail-send"));
	ck_assert_int_eq(close(self), 0);
}
END_TEST

/* --- what qmail-rspawn runs --- */

static struct mail_path path;

static void
find(void)
{
	mail_path_find(&path, BIN, harness_path("control"), harness_program("qlimit-remote"));
}

#define OURS BIN "/ours"

/* Of one qmail-rspawn with this environment: what it runs, and what that makes of the mail path. */
static const struct {
	const char *label, *environment[4], *remote;
	enum mail_path_is is;
	bool honours, by_variable;
} rspawns[] = {
	{ "along PATH", { "PATH=/bin:" BIN }, REMOTE, MAIL_PATH_NO, true, false },
	{ "the first of two", { "X=PATH=/", "PATH=" BIN, "PATH=/bin" }, REMOTE, MAIL_PATH_NO, true, false },
	{ "no PATH", { "HOME=/" }, "", MAIL_PATH_NO, true, false },
	{ "what is relative is relative to the queue", { "PATH=:.:bin" }, "", MAIL_PATH_NO, true, false },
	{ "not executable", { "PATH=/var:" BIN }, REMOTE, MAIL_PATH_NO, true, false },
	{ "by the variable", { "PATH=/", "QMAILREMOTE=" OURS }, OURS, MAIL_PATH_VARIABLE, true, true },
	{ "of another version", { "QMAILREMOTE=" BIN "/old" }, BIN "/old", MAIL_PATH_VARIABLE, true, true },
	{ "a name along PATH", { "PATH=" BIN, "QMAILREMOTE=ours" }, OURS, MAIL_PATH_VARIABLE, true, true },
	{ "another", { "QMAILREMOTE=/bin/true" }, "/bin/true", MAIL_PATH_NO, true, true },
	{ "missing", { "QMAILREMOTE=/none" }, "/none", MAIL_PATH_NO, true, true },
	{ "relative", { "QMAILREMOTE=bin/ours" }, "", MAIL_PATH_NO, true, true },
	{ "empty", { "PATH=/var/qmail", "QMAILREMOTE=" }, "", MAIL_PATH_NO, true, true },
	{ "not honoured", { "PATH=" BIN, "QMAILREMOTE=" OURS }, REMOTE, MAIL_PATH_NO, false, false },
	{ "unreadable", { "QMAILREMOTE=" BIN "/loop" }, BIN "/loop", MAIL_PATH_UNKNOWN, true, true },
};

START_TEST(test_rspawn)
{
	const struct rspawn *r = &path.rspawns.one[0], *first;
	pid_t pid;

	if (!here)
		return;
	harness_bin_put("ours", harness_program("qlimit-remote"), "", 0755);
	harness_bin_put("old", harness_program("qlimit-remote"), "old", 0755);
	harness_write("/var/qmail-remote", "", 0);
	ck_assert_int_eq(symlink("loop", BIN "/loop"), 0);
	if (rspawns[_i].honours)
		harness_bin_put("qmail-rspawn", "/bin/sleep", "QMAILREMOTE", 0755);
	pid = harness_bin_rspawn(rspawns[_i].environment);
	/* Replaced by an update, it runs on. */
	if (_i == 5)
		harness_bin_put("qmail-rspawn", "/bin/true", "", 0755);
	if (_i == 6)
		ck_assert_int_eq(unlink(BIN "/qmail-rspawn"), 0);
	find();
	ck_assert_uint_eq(path.rspawns.count, 1);
	ck_assert_int_eq(r->pid, pid);
	ck_assert_msg(r->error == 0 && strcmp(r->remote, rspawns[_i].remote) == 0 && path.is == rspawns[_i].is &&
	    path.honours == rspawns[_i].honours && r->by_variable == rspawns[_i].by_variable, "%s: %s %d",
	    rspawns[_i].label, r->remote, (int)path.is);
	ck_assert_uint_eq(mail_path_by_variable(&path, &first), path.is == MAIL_PATH_VARIABLE);
	ck_assert(path.old == (_i == 6));
	harness_bin_end(pid);
}
END_TEST

/* Goal: what anybody runs, in an environment of his own making, is not qmail's word; root's is. */
START_TEST(test_whose_rspawn)
{
	const char *const mallory[] = { "QMAILREMOTE=/home/mallory/evil", NULL };
	pid_t pid;

	if (!here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", "QMAILREMOTE", 0755);
	pid = harness_bin_rspawn_of(HARNESS_OWNER + 1, mallory);
	find();
	ck_assert_uint_eq(path.rspawns.count, 0);
	harness_bin_end(pid);
	pid = harness_bin_rspawn_of(0, mallory);
	find();
	ck_assert_uint_eq(path.rspawns.count, 1);
	harness_bin_end(pid);
}
END_TEST

/* Goal: each is asked, and the rest only counted. */
START_TEST(test_many_rspawns)
{
	const char *const in[] = { "QMAILREMOTE=" OURS, NULL }, *const out[] = { "PATH=" BIN, NULL };
	pid_t pids[RSPAWN_MOST + 2];
	const struct rspawn *first;

	if (!here)
		return;
	harness_bin_put("ours", harness_program("qlimit-remote"), "", 0755);
	harness_bin_put("qmail-rspawn", "/bin/sleep", "QMAILREMOTE", 0755);
	for (int i = 0; i < RSPAWN_MOST + 2; i++)
		pids[i] = harness_bin_rspawn(i == 1 ? out : in);
	find();
	ck_assert_uint_eq(path.rspawns.count, RSPAWN_MOST + 2);
	ck_assert_int_eq(path.is, MAIL_PATH_SOME);
	ck_assert_uint_eq(mail_path_by_variable(&path, &first), RSPAWN_MOST - 1);
	/* By name as well: the one that PATH leads is in, too, and no longer all are by variable. */
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_NAME);
	for (int i = 0; i < RSPAWN_MOST + 2; i++)
		harness_bin_end(pids[i]);
}
END_TEST

/* Goal: what cannot be seen is not known, and never a "no". */
START_TEST(test_not_seen)
{
	const char *const environment[] = { "PATH=" BIN, NULL };
	const struct rspawn *r = &path.rspawns.one[0];
	int unknown = 0;
	pid_t pid;

	if (!here)
		return;
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_NO);
	pid = harness_bin_rspawn(environment);
	ck_assert_int_eq(seteuid(HARNESS_USER), 0);
	find();
	ck_assert(path.is == MAIL_PATH_UNKNOWN && r->error == EACCES && path.front.is == OURS_UNKNOWN);
	ck_assert_int_eq(seteuid(0), 0);
	/* One that is no child of qmail's, but has the name. */
	ck_assert_int_eq(rename(BIN "/qmail-rspawn", "/var/qmail-rspawn"), 0);
	find();
	ck_assert_uint_eq(path.rspawns.count, 0);
	ck_assert_int_eq(rename("/var/qmail-rspawn", BIN "/qmail-rspawn"), 0);
	/* qmail-remote, qmail-rspawn twice, and qmail-remote as what that runs. */
	for (unsigned n = 0; n < 30; n++) {
		harness_call_fails("pread", n, 1, EIO);
		find();
		ck_assert(path.is == MAIL_PATH_UNKNOWN || path.is == MAIL_PATH_NO);
		ck_assert(path.is == MAIL_PATH_UNKNOWN || path.remote[0].is == OURS_NOT);
		unknown += path.is == MAIL_PATH_UNKNOWN;
	}
	harness_call_fails("pread", 0, 0, 0);
	ck_assert_int_gt(unknown, 5);
	/* As often as there are qmail-rspawns: this machine may have others. */
	harness_call_fails("fstatat", 0, 100, EACCES);
	find();
	ck_assert(path.is == MAIL_PATH_UNKNOWN && r->error == EACCES && mail_path_unseen(&path));
	harness_call_fails("fstatat", 0, 100, ESRCH);
	find();
	ck_assert_uint_eq(path.rspawns.count, 0);
	harness_call_fails("fstatat", 0, 0, 0);
	harness_call_fails("stat", 0, 1, EIO);
	find();
	ck_assert(path.is == MAIL_PATH_UNKNOWN && path.rspawns.error == EIO);
	harness_bin_end(pid);
	/* None runs that could be asked: for one that knows the variable it matters. */
	harness_bin_put("qmail-rspawn", "/bin/sleep", "QMAILREMOTE", 0755);
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_UNKNOWN);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_NAME);
	ck_assert_int_eq(unlink(BIN "/qmail-rspawn"), 0);
	ck_assert_int_eq(unlink(REMOTE), 0);
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_NO);
	ck_assert_int_eq(symlink("qmail-rspawn", BIN "/qmail-rspawn"), 0);
	find();
	ck_assert_int_eq(path.is, MAIL_PATH_UNKNOWN);
}
END_TEST

START_TEST(test_long_paths)
{
	char much[PLACE_PATH_MAX + 1];

	memset(much, 'd', sizeof much);
	much[0] = '/';
	much[PLACE_PATH_MAX] = '\0';
	mail_path_find(&path, much, much, much);
	ck_assert(path.is == MAIL_PATH_UNKNOWN && path.rspawns.error == ENAMETOOLONG);
}
END_TEST

/* An environment that is too big to be looked through, and one that is empty. */
START_TEST(test_environments)
{
	static char big[120000];
	const char *const none[] = { NULL }, *const much[] = { big, big, big, NULL };
	pid_t pid;

	if (!here)
		return;
	memset(big, 'X', sizeof big - 1);
	pid = harness_bin_rspawn(none);
	find();
	ck_assert(path.is == MAIL_PATH_UNKNOWN && path.rspawns.one[0].error == ESRCH);
	harness_bin_end(pid);
	pid = harness_bin_rspawn(much);
	find();
	ck_assert(path.is == MAIL_PATH_UNKNOWN && path.rspawns.one[0].error == E2BIG);
	harness_bin_end(pid);
}
END_TEST

/* --- the directory, in this process --- */

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

/* Goal: two at once wait for each other, but not for ever. */
START_TEST(test_locked)
{
	struct front other;

	if (!here)
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
	if (!here)
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
	if (!here)
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

	if (!here)
		return;
	open_front();
	harness_bin_put("qmail-remote.next", "/bin/true", "", 0755);
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

static int
rename_but_say_no(void)
{
	return rename(BIN "/" FRONT_NEW, BIN "/qmail-remote") == 0 ? EIO : errno;
}

/* Goal: NFS may say that a rename failed which was done: what was kept is then the only name of the real program. */
START_TEST(test_renamed_all_the_same)
{
	if (!here)
		return;
	open_front();
	ck_assert_int_eq(front_examine(&front), 0);
	ck_assert_int_eq(front_prepare(&front), 0);
	ck_assert_int_eq(front_keep(&front), 0);
	harness_on_call("renameat", rename_but_say_no);
	refuses(front_put(&front), "Input/output error");
	front_close(&front);
	ck_assert_int_eq(access(BIN "/qmail-remote.orig", X_OK), 0);
	/* Enabling again finds it done. */
	find();
	ck_assert(path.front.is == OURS_SAME);
}
END_TEST

/* Goal: with SELinux the copy is labelled as what it stands for: qmail-rspawn might not execute it else. */
START_TEST(test_label)
{
	static const char name[] = "security.selinux", of_remote[] = "system_u:object_r:qmail_remote_exec_t:s0";
	char label[100] = "";

	if (!here)
		return;
	if (setxattr(BIN "/qmail-remote", name, of_remote, sizeof of_remote, 0) == -1) {
		harness_skip("labels", strerror(errno));
		return;
	}
	open_front();
	ck_assert_int_eq(front_examine(&front), 0);
	ck_assert_int_eq(front_prepare(&front), 0);
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

	if (!here)
		return;
	open_front();
	ck_assert_int_eq(front_examine(&front), 0);
	ck_assert_int_eq(front_prepare(&front), 0);
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

	if (!here)
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
	{ "close", 5, 1, EDQUOT },
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

	if (!here)
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
	if (!here)
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

	if (!here)
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

/* --- the commands, in this process --- */

static int
run(int (*command)(struct admin *a), bool check)
{
	static char *none[] = { NULL };
	struct admin a;

	admin_init(&a, HARNESS_NOW);
	a.names = none;
	a.option[ADMIN_CHECK] = check ? "" : NULL;
	return command(&a);
}

START_TEST(test_commands)
{
	const char *before;

	if (!here)
		return;
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	before = harness_bin_list();
	harness_call_fails("pread", 0, 1, EIO);
	ck_assert_int_eq(run(admin_disable, false), EX_IOERR);
	ck_assert_str_eq(harness_bin_list(), before);
	harness_rules("");
	for (unsigned n = 1; n < 12; n++) {
		harness_fail_at(n, false, EIO);
		/* Whatever fails, a mail path that it is not in is none that is well. */
		ck_assert_int_eq(run(admin_status, true), 1);
		(void)harness_fail_end();
	}
}
END_TEST

/* --- start scripts --- */

START_TEST(test_scripts)
{
	static const char text[] = " # QMAILREMOTE=/x/qlimit-remote\n\nQMAILREMOTE=/filter\n";
	struct start_script found[START_SCRIPTS_MOST];
	size_t before;

	if (!here)
		return;
	before = start_scripts_find(found);
	harness_write("/var/qmail/rc", text, sizeof text - 1);
	ck_assert_uint_eq(start_scripts_find(found), before + 1);
	ck_assert_str_eq(found[0].path, "/var/qmail/rc");
	ck_assert(found[0].sets && !found[0].ours);
	/* What is no file is none. */
	ck_assert_int_eq(unlink("/var/qmail/rc"), 0);
	ck_assert_int_eq(mkdir("/var/qmail/rc", 0755), 0);
	ck_assert_uint_eq(start_scripts_find(found), before);
}
END_TEST

Suite *
suite_mail_path(void)
{
	Suite *s = suite_create("mail_path");
	TCase *t = tcase_create("mail_path");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_scan);
	tcase_add_test(t, test_ours);
	tcase_add_test(t, test_processes);
	tcase_add_loop_test(t, test_rspawn, 0, HARNESS_ROWS(rspawns));
	tcase_add_test(t, test_whose_rspawn);
	tcase_add_test(t, test_many_rspawns);
	tcase_add_test(t, test_not_seen);
	tcase_add_test(t, test_long_paths);
	tcase_add_test(t, test_environments);
	tcase_add_test(t, test_locked);
	tcase_add_test(t, test_no_program);
	tcase_add_loop_test(t, test_steps, 0, HARNESS_ROWS(steps));
	tcase_add_test(t, test_no_sync);
	tcase_add_test(t, test_examine);
	tcase_add_test(t, test_examine_next);
	tcase_add_test(t, test_renamed_all_the_same);
	tcase_add_test(t, test_label);
	tcase_add_loop_test(t, test_updated_meanwhile, 0, 2);
	tcase_add_test(t, test_long_bin);
	tcase_add_test(t, test_commands);
	tcase_add_test(t, test_trial);
	tcase_add_test(t, test_scripts);
	suite_add_tcase(s, t);
	return s;
}
