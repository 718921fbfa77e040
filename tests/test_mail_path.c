/* test_mail_path - looking whether qlimit-remote is in the mail path: files, processes, start scripts */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_mail_path.h"
#include "file_scan.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "mail_path.h"
#include "processes.h"
#include "start_script.h"
#include "suites.h"

#define BIN "/var/qmail/bin"

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

	if (!harness_front_here)
		return;
	harness_bin_put("ours", harness_program("qlimit-remote"), "", 0755);
	harness_bin_put("old", harness_program("qlimit-remote"), "old", 0755);
	harness_write("/var/qmail-remote", "", 0);
	ck_assert_int_eq(symlink("loop", BIN "/loop"), 0);
	if (rspawns[_i].honours)
		harness_front_honours();
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

	if (!harness_front_here)
		return;
	harness_front_honours();
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

	if (!harness_front_here)
		return;
	harness_bin_put("ours", harness_program("qlimit-remote"), "", 0755);
	harness_front_honours();
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
	pid_t pid;

	if (!harness_front_here)
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
	harness_bin_end(pid);
}
END_TEST

/* ... likewise where looking fails. */
START_TEST(test_not_readable)
{
	const char *const environment[] = { "PATH=" BIN, NULL };
	const struct rspawn *r = &path.rspawns.one[0];
	int unknown = 0;
	pid_t pid;

	if (!harness_front_here)
		return;
	pid = harness_bin_rspawn(environment);
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
}
END_TEST

/* None runs that could be asked: for one that knows the variable it matters. */
START_TEST(test_none_runs)
{
	if (!harness_front_here)
		return;
	harness_front_honours();
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

	if (!harness_front_here)
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

/* Goal: a copy that qmailr can run and cannot read is found out by root: what it runs is not itself. */
START_TEST(test_real_of_unreadable)
{
	char real[PLACE_PATH_MAX + 1];
	struct admin a;

	if (!harness_front_here)
		return;
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0711);
	admin_init(&a, HARNESS_NOW);
	admin_mail_path_find(&a, &path);
	ck_assert_int_eq(seteuid(HARNESS_OWNER), 0);
	ck_assert_ptr_nonnull(admin_mail_path_real(&a, real));
	a.place.remote = BIN "/qmail-remote";
	ck_assert_ptr_nonnull(admin_mail_path_real(&a, real));
	/* By the variable that is another program, and right. */
	ck_assert_int_eq(seteuid(0), 0);
	a.place.remote = NULL;
	harness_bin_put("qmail-remote", harness_program("remote"), "", 0711);
	admin_mail_path_find(&a, &path);
	ck_assert_int_eq(seteuid(HARNESS_OWNER), 0);
	ck_assert_ptr_null(admin_mail_path_real(&a, real));
	ck_assert_str_eq(real, BIN "/qmail-remote");
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* --- start scripts --- */

/* Goal: the places that are usual are found, by what is in them; and what only looks so is not. */
static const struct {
	const char *path, *text;
	bool names_us;
} scripts[] = {
	{ "/var/qmail/rc", "exec env - QMAILREMOTE=/usr/local/sbin/qlimit-remote qmail-start\n", true },
	{ "/var/qmail/rc", " # QMAILREMOTE=/x/qlimit-remote\n\nQMAILREMOTE=/filter\n", false },
	{ "/var/qmail/rc", "Q=/usr/local/sbin/qlimit-remote\nexport QMAILREMOTE=$Q\n", true },
	{ "/var/qmail/rc", "/usr/local/sbin/qlimit-remote\n", false },
	{ "/var/qmail/rc", "", false },
	{ "/var/qmail/rc/run", "QMAILREMOTE=/x/qlimit-remote\n", false },
	{ "/var/qmail/env/QMAILREMOTE", "/usr/local/sbin/qlimit-remote\n", true },
	{ "/var/qmail/supervise/qmail-send/env/QMAILREMOTE", "/usr/local/sbin/qlimit-remote", true },
	{ "/var/qmail/supervise/qmail-send/env/QMAILREMOTE", "", false },
	{ "/var/qmail/supervise/qmail-send/env/PATH", "/x/qlimit-remote\n", false },
	{ "/etc/service/send/env/QMAILREMOTE", "/usr/local/sbin/qlimit-remote\n", true },
	{ "/etc/sv/qmail-send.25/variables/QMAILREMOTE", "/usr/local/sbin/qlimit-remote\n", true },
	{ "/var/service/send/run", "#!/bin/execlineb\nexport QMAILREMOTE /x/qlimit-remote\n", true },
	{ "/etc/systemd/system/mail.service", "[Service]\nEnvironment=QMAILREMOTE=/x/qlimit-remote\n", true },
	{ "/etc/systemd/system/mail.service", "[Service]\n;Environment=QMAILREMOTE=/x/qlimit-remote\n", false },
	{ "/etc/systemd/system/mail.service.d/10-q.conf", "Environment=\"QMAILREMOTE=/x/qlimit-remote\"\n", true },
	{ "/etc/environment", "QMAILREMOTE=/x/qlimit-remote\n", true },
	{ "/etc/default/qmail", "QMAILREMOTE=/x/qlimit-remote\n", true },
};

static void
put_below(const char *file, const char *text)
{
	char directory[200];

	for (const char *at = strchr(file + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		(void)snprintf(directory, sizeof directory, "%.*s", (int)(at - file), file);
		ck_assert(mkdir(directory, 0755) == 0 || errno == EEXIST);
	}
	harness_write(file, text, strlen(text));
}

START_TEST(test_scripts)
{
	char found[PLACE_PATH_MAX + 1];

	if (!harness_front_here)
		return;
	ck_assert(!start_script_names_us(found));
	put_below(scripts[_i].path, scripts[_i].text);
	ck_assert(start_script_names_us(found) == scripts[_i].names_us);
	if (!scripts[_i].names_us)
		return;
	ck_assert_str_eq(found, scripts[_i].path);
	harness_is(harness_cli("disable"), EX_CONFIG, "", found);
	/* What cannot be read says nothing. */
	ck_assert_int_eq(unlink(found), 0);
	ck_assert_int_eq(mkdir(found, 0755), 0);
	ck_assert(!start_script_names_us(found));
}
END_TEST

/* Goal: what cannot be opened names nothing. */
START_TEST(test_scripts_unreadable)
{
	char found[PLACE_PATH_MAX + 1];

	if (!harness_front_here)
		return;
	ck_assert_int_eq(symlink("rc", "/var/qmail/rc"), 0);
	ck_assert(!start_script_names_us(found));
}
END_TEST

Suite *
suite_mail_path(void)
{
	Suite *s = suite_create("mail_path");
	TCase *t = tcase_create("mail_path");

	tcase_add_checked_fixture(t, harness_front_setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_scan);
	tcase_add_test(t, test_ours);
	tcase_add_test(t, test_processes);
	tcase_add_loop_test(t, test_rspawn, 0, HARNESS_ROWS(rspawns));
	tcase_add_test(t, test_whose_rspawn);
	tcase_add_test(t, test_many_rspawns);
	tcase_add_test(t, test_not_seen);
	tcase_add_test(t, test_not_readable);
	tcase_add_test(t, test_none_runs);
	tcase_add_test(t, test_long_paths);
	tcase_add_test(t, test_environments);
	tcase_add_test(t, test_real_of_unreadable);
	tcase_add_loop_test(t, test_scripts, 0, HARNESS_ROWS(scripts));
	tcase_add_test(t, test_scripts_unreadable);
	suite_add_tcase(s, t);
	return s;
}
