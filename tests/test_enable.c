/* test_enable - qlimit-remote into the mail path and out again; whatever is found there, and whatever breaks */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_bin.h"
#include "harness_faults.h"
#include "suites.h"

#define REMOTE HARNESS_BIN "qmail-remote"
#define ORIG REMOTE ".orig"
#define NEXT REMOTE ".next"
#define MOVED REMOTE ".moved"
#define NEW REMOTE ".qlimit-new"

static bool here;

static void
setup(void)
{
	here = harness_bin_start();
}

static void
is(struct harness_output o, int status, const char *out, const char *err)
{
	ck_assert_msg(o.status == status && strstr(o.out, out) != NULL && strstr(o.err, err) != NULL,
	    "status %d, wanted %d, \"%s\", \"%s\":\n%s%s", o.status, status, out, err, o.out, o.err);
}

static ino_t
inode(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s: %s", path, strerror(errno));
	return st.st_ino;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* One message of a@example.com's through what is qmail-remote now: delivered once, by the real program. */
static void
mail_goes_out(void)
{
	struct harness_attempt attempt = { .program = REMOTE, .message = harness_message(NULL, NULL),
		.sender = "a@example.com", .recipient = "accept@example.net" };
	size_t before = harness_calls();

	ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
	ck_assert_uint_eq(harness_calls(), before + 1);
}

static uint64_t
sent(void)
{
	return harness_counters("domain", "example.com").sent;
}

/* --- the way in and out --- */

/* Goal: in front, what was there kept as it was; and out again, without a trace. */
START_TEST(test_round)
{
	const char *before;
	struct stat st;
	ino_t real;

	if (!here)
		return;
	harness_rules("");
	before = harness_bin_list();
	real = inode(REMOTE);
	is(harness_cli("enable"), EX_OK, "enabled: qmail-rspawn -> " REMOTE " (qlimit-remote ", "");
	ck_assert_uint_eq(inode(ORIG), real);
	ck_assert_int_eq(stat(REMOTE, &st), 0);
	ck_assert(st.st_uid == 0 && st.st_gid == HARNESS_OWNER && (st.st_mode & 07777) == 0755 && st.st_nlink == 1);
	ck_assert(!is_there(NEW) && !is_there(NEXT));
	mail_goes_out();
	ck_assert_uint_eq(sent(), 1);
	ck_assert_uint_eq(harness_log_lines("change=enabled"), 1);
	is(harness_cli("enable"), EX_OK, "already in the mail path: ", "");
	is(harness_cli("enable", "--update"), EX_OK, "", "");
	is(harness_cli("disable"), EX_OK, "disabled: " REMOTE " is again what qmail-remote.orig was\n", "");
	ck_assert_str_eq(harness_bin_list(), before);
	mail_goes_out();
	ck_assert_uint_eq(sent(), 1);
	is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: it says what is in force, and what it will run. */
START_TEST(test_words)
{
	if (!here)
		return;
	is(harness_cli("enable"), EX_OK, " -> " ORIG "\nmail path:     yes, as " REMOTE "; no qmail-rspawn is running\n"
	    "rules:         none are loaded: see `qlimit load`\n", "");
	harness_rules("mode = \"observe\";");
	is(harness_cli("enable"), EX_OK, "\nrules:         mode observe", "");
	harness_rules("");
	is(harness_cli("enable"), EX_OK, "\nrules:         mode enforce\n", "");
}
END_TEST

/* A name of a DKIM wrapper's original is not touched; what the wrapper is kept under is ours. */
START_TEST(test_orig_is_taken)
{
	const char *before;
	ino_t wrapper;

	if (!here)
		return;
	harness_rules("");
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "original", 0711);
	before = harness_bin_list();
	wrapper = inode(REMOTE);
	is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert_uint_eq(inode(NEXT), wrapper);
	mail_goes_out();
	ck_assert_uint_eq(sent(), 1);
	is(harness_cli("disable"), EX_OK, "what qmail-remote.next was", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: an update of qmail puts its own program back: it is noticed, and put right, and again. */
START_TEST(test_update_of_qmail)
{
	ino_t first, second;

	if (!here)
		return;
	first = inode(REMOTE);
	is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_rules("");
	is(harness_cli("status", "--check"), EX_OK, "", "");
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_bin_put("qmail-remote", harness_program("remote"), "1.07", 0711);
	second = inode(REMOTE);
	is(harness_cli("status"), EX_OK, "mail path:     NO: " REMOTE " is another program", "");
	is(harness_cli("status", "--check"), 1, "qlimit: mail path: NO: ", "");
	is(harness_cli("enable", "--update"), EX_OK, "", "");
	ck_assert_uint_eq(inode(REMOTE), second);
	is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert(inode(ORIG) == first && inode(NEXT) == second);
	mail_goes_out();
	harness_bin_put("qmail-remote", harness_program("remote"), "1.08", 0711);
	second = inode(REMOTE);
	is(harness_cli("enable"), EX_OK, " -> " NEXT "\n", "");
	ck_assert(inode(ORIG) == first && inode(NEXT) == second);
	mail_goes_out();
	ck_assert_uint_eq(sent(), 2);
	is(harness_cli("disable"), EX_OK, "what qmail-remote.next was", "");
	ck_assert(inode(ORIG) == first && inode(REMOTE) == second && !is_there(NEXT));
}
END_TEST

/* Goal: an older qlimit-remote is replaced by this one, and nothing else changes. */
START_TEST(test_update_of_qlimit)
{
	ino_t real, old;

	if (!here)
		return;
	real = inode(REMOTE);
	is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_rules("");
	for (int i = 0; i < 2; i++) {
		harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "of another version", 0755);
		old = inode(REMOTE);
		is(harness_cli("status", "--check"), 1, "another version: `qlimit enable` updates it", "");
		/* It is that one which asks what the real program is. */
		is(harness_cli("status"), EX_OK, "real program:  " ORIG "\n", "");
		if (i == 0)
			is(harness_cli("enable"), EX_OK, "updated: qmail-rspawn -> ", "");
		else
			ck_assert_str_eq(harness_cli("enable", "--update").out, "");
		ck_assert_uint_ne(inode(REMOTE), old);
		is(harness_cli("status", "--check"), EX_OK, "", "");
	}
	ck_assert_uint_eq(inode(ORIG), real);
	mail_goes_out();
	is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_uint_eq(inode(REMOTE), real);
}
END_TEST

/*
 * Goal: one of the versions that had no marker, put in front by hand as was said then, is known and replaced: taken
 * for qmail's own and kept as .next, it and the new one would run each other for ever.
 */
START_TEST(test_update_of_the_first)
{
	static const char words[] = "#!/bin/sh\necho 'Zqlimit-" "remote is unable to find the real qmail-remote. '\n";
	const char *before;

	if (!here)
		return;
	before = harness_bin_list();
	ck_assert_int_eq(link(REMOTE, ORIG), 0);
	harness_write(harness_path("first"), words, sizeof words - 1);
	harness_bin_put("qmail-remote", harness_path("first"), "", 0755);
	is(harness_cli("enable"), EX_OK, "updated: qmail-rspawn -> " REMOTE, "");
	ck_assert(!is_there(NEXT));
	mail_goes_out();
	is(harness_cli("disable"), EX_OK, "what qmail-remote.orig was", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/*
 * Goal: a program that is set as the real one once qlimit-remote is in front, and that runs qmail-remote, as a signer
 * before it would: no processes without end, but a deferral and a word in the log.
 */
START_TEST(test_runs_itself)
{
	static const char again[] = "#!/bin/sh\nexec " REMOTE " \"$@\"\n";
	struct harness_attempt attempt = { .program = REMOTE, .sender = "a@example.com",
		.recipient = "accept@example.net" };
	struct harness_delivery d;

	if (!here)
		return;
	is(harness_cli("enable"), EX_OK, "enabled", "");
	harness_write(harness_path("again"), again, sizeof again - 1);
	harness_bin_put("again", harness_path("again"), "", 0755);
	harness_rules("remote = \"" HARNESS_BIN "again\";");
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.letter == 'Z' && strstr(d.bytes, "unable to find the real") != NULL, "%s", d.bytes);
	ck_assert_uint_eq(harness_calls(), 0);
	ck_assert_uint_eq(harness_log_lines("runs it again"), 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
	/* And once that is put right, the same message goes out. */
	harness_rules("");
	ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
}
END_TEST

/* Goal: Plesk's wrapper stands at qmail-remote and calls .moved: we come first, and it still finds that. */
START_TEST(test_plesk)
{
	const char *before;

	if (!here)
		return;
	harness_rules("");
	harness_bin_put("qmail-remote.moved", harness_program("remote"), "the real one", 0711);
	before = harness_bin_list();
	is(harness_cli("enable"), EX_OK, " -> " ORIG "\n", "");
	mail_goes_out();
	is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Goal: a link (Debian's alternatives) is kept and restored as a link. */
START_TEST(test_link)
{
	char target[40];
	const char *before;

	if (!here)
		return;
	harness_rules("");
	ck_assert_int_eq(rename(REMOTE, HARNESS_BIN "remote.netqmail"), 0);
	ck_assert_int_eq(symlink("remote.netqmail", REMOTE), 0);
	before = harness_bin_list();
	is(harness_cli("enable"), EX_OK, "enabled", "");
	ck_assert_int_eq(readlink(ORIG, target, sizeof target), (ssize_t)strlen("remote.netqmail"));
	mail_goes_out();
	is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* --- interrupted --- */

/* What an enabling that was killed can have left: it is completed, or undone. */
START_TEST(test_leftovers)
{
	const char *before;

	if (!here)
		return;
	harness_rules("");
	before = harness_bin_list();
	for (int i = 0; i < 2; i++) {
		harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
		ck_assert_int_eq(link(REMOTE, REMOTE ".qlimit-next"), 0);
		ck_assert_int_eq(link(REMOTE, i == 0 ? ORIG : NEXT), 0);
		is(harness_cli("disable"), EX_OK, "had left there is removed: 3 files\n", "");
		ck_assert_str_eq(harness_bin_list(), before);
		harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
		ck_assert_int_eq(link(REMOTE, i == 0 ? ORIG : NEXT), 0);
		is(harness_cli("enable"), EX_OK, i == 0 ? " -> " ORIG "\n" : " -> " NEXT "\n", "");
		mail_goes_out();
		is(harness_cli("disable"), EX_OK, "disabled", "");
		ck_assert_str_eq(harness_bin_list(), before);
	}
	harness_bin_put("qmail-remote.qlimit-new", "/bin/true", "half", 0600);
	is(harness_cli("disable"), EX_OK, "is removed: 1 file\n", "");
}
END_TEST

/* --- what is not understood: said, and nothing is changed --- */

static void
orig_is_ours(void)
{
	harness_bin_put("qmail-remote.orig", harness_program("qlimit-remote"), "", 0755);
}

static void
moved_is_ours(void)
{
	harness_bin_put("qmail-remote.moved", harness_program("qlimit-remote"), "old", 0755);
}

/* Somebody's own scheme with the name that is ours: replaced, the program that delivers would be lost. */
static void
next_is_run(void)
{
	static const char script[] = "#!/bin/sh\nexec " NEXT " \"$@\"\n";

	ck_assert_int_eq(rename(REMOTE, NEXT), 0);
	harness_write(harness_path("script"), script, sizeof script - 1);
	harness_bin_put("qmail-remote", harness_path("script"), "", 0755);
}

static void
next_is_linked(void)
{
	ck_assert_int_eq(rename(REMOTE, NEXT), 0);
	ck_assert_int_eq(symlink("qmail-remote.next", REMOTE), 0);
}

static void
missing(void)
{
	ck_assert_int_eq(unlink(REMOTE), 0);
}

static void
directory(void)
{
	missing();
	ck_assert_int_eq(mkdir(REMOTE, 0755), 0);
}

static void
dangling(void)
{
	missing();
	ck_assert_int_eq(symlink("nowhere", REMOTE), 0);
}

static void
empty(void)
{
	ck_assert_int_eq(truncate(REMOTE, 0), 0);
}

static void
not_executable(void)
{
	ck_assert_int_eq(chmod(REMOTE, 0644), 0);
}

static void
set_user_id(void)
{
	ck_assert_int_eq(chmod(REMOTE, 04711), 0);
}

static void
set_group_id(void)
{
	ck_assert_int_eq(chmod(REMOTE, 02711), 0);
}

static void
writable(void)
{
	ck_assert_int_eq(chmod(HARNESS_BIN, 0775), 0);
}

static void
anothers(void)
{
	ck_assert_int_eq(chown(HARNESS_BIN, HARNESS_OWNER, 0), 0);
}

static void
no_bin(void)
{
	ck_assert_int_eq(rename(HARNESS_BIN, "/var/qmail/nib"), 0);
	ck_assert_int_eq(symlink("nib/qmail-remote", "/var/qmail/bin"), 0);
}

static void
not_for_the_owner(void)
{
	ck_assert_int_eq(chmod(REMOTE, 0700), 0);
}

static void
no_owner(void)
{
	harness_write("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 22);
}

static void
no_execution(void)
{
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT | MS_NOEXEC, "size=64m"), 0);
}

static void
read_only(void)
{
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64m"), 0);
}

static void
full(void)
{
	char options[40];
	struct statvfs now;

	ck_assert_int_eq(statvfs("/var", &now), 0);
	(void)snprintf(options, sizeof options, "size=%ju",
	    (uintmax_t)((now.f_blocks - now.f_bfree) * now.f_frsize + 65536));
	ck_assert_int_eq(mount("tmpfs", "/var", "tmpfs", MS_REMOUNT, options), 0);
}

static void
shut_off(void)
{
	ck_assert_int_eq(chmod("/var/qmail", 0700), 0);
}

static void
remote_is_itself(void)
{
	harness_config("remote = \"/var/qmail/bin/../bin/qmail-remote\";");
}

static void
remote_is_another(void)
{
	harness_rules("remote = \"/bin/true\";");
	harness_config("mode = \"nonsense\";"); /* not in force */
}

static void
environment_is_another(void)
{
	(void)setenv("QLIMIT_REMOTE", "/bin/true", 1);
}

static void
no_state(void)
{
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	harness_write(harness_path("state"), "", 0);
}

static const struct {
	void (*make)(void);
	int status;
	const char *err;
} refused[] = {
	{ orig_is_ours, EX_CONFIG, ORIG ": is qlimit-remote itself" },
	{ moved_is_ours, EX_CONFIG, MOVED ": is qlimit-remote itself" },
	{ next_is_run, EX_CONFIG, NEXT ": is what qmail-remote itself runs" },
	{ next_is_linked, EX_CONFIG, NEXT ": is what qmail-remote itself runs" },
	{ missing, EX_CONFIG, REMOTE ": No such file" },
	{ directory, EX_CONFIG, REMOTE ": is no plain file" },
	{ dangling, EX_CONFIG, REMOTE ": No such file" },
	{ empty, EX_CONFIG, REMOTE ": is empty" },
	{ not_executable, EX_CONFIG, REMOTE ": is not executable" },
	{ set_user_id, EX_CONFIG, "set-user-ID" },
	{ set_group_id, EX_CONFIG, "set-user-ID" },
	{ writable, EX_CONFIG, "/var/qmail/bin: must belong to root" },
	{ anothers, EX_CONFIG, "/var/qmail/bin: must belong to root" },
	{ not_for_the_owner, EX_CONFIG, REMOTE " cannot be executed by qmailr: Permission denied" },
	{ no_owner, EX_CONFIG, "there is no user qmailr" },
	{ no_execution, EX_CONFIG, "by qmailr: Permission denied" },
	{ read_only, EX_CONFIG, "Read-only file system" },
	{ full, EX_CONFIG, NEW ": No space left" },
	{ shut_off, EX_CONFIG, "by qmailr: Permission denied" },
	{ remote_is_itself, EX_CONFIG, "remote is set to /var/qmail/bin/../bin/qmail-remote" },
	{ remote_is_another, EX_CONFIG, "remote is set to /bin/true" },
	{ environment_is_another, EX_CONFIG, "remote is set to /bin/true" },
	{ no_state, EX_NOINPUT, "is not a directory" },
};

START_TEST(test_refused)
{
	const char *before;

	if (!here)
		return;
	refused[_i].make();
	before = harness_bin_list();
	is(harness_cli("enable"), refused[_i].status, "", refused[_i].err);
	ck_assert_str_eq(harness_bin_list(), before);
}
END_TEST

/* Already there, and what else it needs is not. */
START_TEST(test_no_state_later)
{
	if (!here)
		return;
	is(harness_cli("enable"), EX_OK, "enabled", "");
	no_state();
	is(harness_cli("enable"), EX_NOINPUT, "", "is not a directory");
	is(harness_cli("status", "--check"), 1, "", "is not a directory");
}
END_TEST

START_TEST(test_no_bin)
{
	if (!here)
		return;
	no_bin();
	is(harness_cli("enable"), EX_CONFIG, "", "/var/qmail/bin: Not a directory");
	is(harness_cli("enable", "--update"), EX_OK, "", "");
	is(harness_cli("disable"), EX_OK, "not in the mail path by name: there is no " REMOTE "\n", "");
}
END_TEST

/* Goal: `remote` may be what the old one is called afterwards, or any other name of it. */
START_TEST(test_remote_is_set)
{
	if (!here)
		return;
	ck_assert_int_eq(link(REMOTE, "/var/qmail/real"), 0);
	harness_config(_i == 0 ? "remote = \"" ORIG "\";" : "remote = \"/var/qmail/real\";");
	is(harness_cli("enable"), EX_OK, "enabled", "");
	is(harness_load(), EX_OK, "", "");
	is(harness_cli("enable"), EX_OK, _i == 0 ? " -> " ORIG "\n" : " -> /var/qmail/real\n", "");
	mail_goes_out();
}
END_TEST

/* In the path, and what it was before is gone, or is no program: nothing is changed. */
static const struct {
	const char *label, *err;
} lost[] = {
	{ "gone", "what it was before is neither qmail-remote.orig nor qmail-remote.next" },
	{ "empty", ORIG ": is empty" },
	{ "ourselves", ORIG ": is qlimit-remote itself" },
	{ "in place of a directory that is not ours", NULL },
};

START_TEST(test_lost)
{
	const char *before;

	if (!here)
		return;
	is(harness_cli("enable"), EX_OK, "", "");
	if (_i == 0)
		ck_assert_int_eq(unlink(ORIG), 0);
	else if (_i == 1)
		ck_assert_int_eq(truncate(ORIG, 0), 0);
	else if (_i == 2)
		orig_is_ours();
	else
		anothers();
	before = harness_bin_list();
	is(harness_cli("disable"), lost[_i].err != NULL ? EX_CONFIG : EX_OK, "", lost[_i].err != NULL ? lost[_i].err : "");
	if (lost[_i].err == NULL)
		return;
	ck_assert_str_eq(harness_bin_list(), before);
	if (_i == 0)
		is(harness_cli("enable"), EX_CONFIG, " -> nothing\n", "all mail is deferred: no real qmail-remote");
}
END_TEST

/* As qmailr: with his rights altogether, for a sanitizer will not watch a program of two users. */
static struct harness_output
run_as_qmailr(const char *program, const char *word, const char *operand)
{
	const char *const argv[] = { "chroot", "--userspec=12348:12348", "/", program, word, operand, NULL };

	return harness_run_words("/usr/sbin/chroot", argv);
}

static struct harness_output
as_qmailr(const char *command, const char *option)
{
	return run_as_qmailr(harness_program("qlimit"), command, option);
}

/* All that leads to this test's place, and its state directory, are open to qmailr; false: not so the programs. */
static bool
let_qmailr_in(void)
{
	ck_assert_int_eq(chmod(harness_path(".."), 0711), 0);
	ck_assert_int_eq(chmod(harness_path("."), 0777), 0);
	ck_assert_int_eq(chown(harness_path("state"), 12348, 12348), 0);
	if (run_as_qmailr("/usr/bin/test", "-x", harness_program("qlimit")).status == 0)
		return true;
	harness_skip("as qmailr", "the programs are in a place that others cannot reach");
	return false;
}

START_TEST(test_not_root)
{
	static const char *const commands[] = { "enable", "disable" };
	const char *before;

	if (!here)
		return;
	before = harness_bin_list();
	if (!let_qmailr_in())
		return;
	for (int i = 0; i < 2; i++)
		is(as_qmailr(commands[i], NULL), EX_NOPERM, "", "only root can change what qmail runs");
	ck_assert_str_eq(harness_bin_list(), before);
	is(as_qmailr("status", NULL), EX_NOINPUT, "mail path:     unknown: " REMOTE " cannot be read", "");
}
END_TEST

/* --- $QMAILREMOTE --- */

static const char variable[] = "knows QMAILREMOTE";

/* A qmail-rspawn that honours it, with this value. */
static pid_t
rspawn_with(const char *value)
{
	char assignment[300];
	const char *const environment[] = { "PATH=/var/qmail/bin:/bin", assignment, NULL };

	harness_bin_put("qmail-rspawn", "/bin/sleep", variable, 0755);
	(void)snprintf(assignment, sizeof assignment, "%s%s", value != NULL ? "QMAILREMOTE=" : "X", value != NULL ? value : "");
	return harness_bin_rspawn(environment);
}

START_TEST(test_variable)
{
	const char *before;
	pid_t pid;

	if (!here)
		return;
	pid = rspawn_with(harness_program("qlimit-remote"));
	before = harness_bin_list();
	is(harness_cli("status"), EX_NOINPUT, "mail path:     yes, by $QMAILREMOTE of qmail-rspawn ", "");
	is(harness_cli("enable"), EX_OK, "already in the mail path: yes, by $QMAILREMOTE of ", "");
	is(harness_cli("enable", "--update"), EX_OK, "", "");
	is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name", "still in the mail path: qmail-rspawn ");
	ck_assert_str_eq(harness_bin_list(), before);
	/* And by name as well. */
	harness_bin_put("qmail-remote.orig", harness_program("remote"), "", 0711);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "", 0755);
	is(harness_cli("status"), EX_NOINPUT, ", and as " REMOTE ": counted once\n", "");
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "old", 0755);
	is(harness_cli("status"), EX_NOINPUT, "which is another version: each delivery is counted twice", "");
	is(harness_cli("status", "--check"), 1, "counted twice", "");
	is(harness_cli("disable"), EX_CONFIG, "disabled", "still in the mail path: qmail-rspawn ");
	harness_bin_end(pid);
	is(harness_cli("disable"), EX_OK, "", "");
	/* A start script will bring it back. */
	harness_write("/var/qmail/rc", "#QMAILREMOTE=/usr/local/sbin/qlimit-remote\n", 43);
	is(harness_cli("disable"), EX_OK, "", "");
	harness_write("/var/qmail/rc", "exec env - QMAILREMOTE=/usr/local/sbin/qlimit-remote qmail-start\n", 65);
	is(harness_cli("disable"), EX_CONFIG, "", "still in the mail path: /var/qmail/rc names it");
	missing();
	is(harness_cli("disable"), EX_CONFIG, "there is no " REMOTE, "still in the mail path: /var/qmail/rc names it");
}
END_TEST

/* Goal: behind a filter it would get a pipe: so it is said how to stand in front. */
START_TEST(test_another_variable)
{
	const char *before;
	pid_t pid;

	if (!here)
		return;
	harness_bin_put("spawn-filter", "/bin/true", "", 0755);
	pid = rspawn_with(HARNESS_BIN "spawn-filter");
	before = harness_bin_list();
	is(harness_cli("enable"), EX_CONFIG, "", "    remote = \"" HARNESS_BIN "spawn-filter\";");
	is(harness_cli("enable"), EX_CONFIG, "", "\n    QMAILREMOTE=/");
	ck_assert_str_eq(harness_bin_list(), before);
	is(harness_cli("status"), EX_NOINPUT, "NO: $QMAILREMOTE of qmail-rspawn ", "");
	harness_bin_end(pid);
}
END_TEST

/* As in a container: it may be that which runs, and then nobody must remove it. */
START_TEST(test_unseen)
{
	pid_t pid;

	if (!here)
		return;
	pid = harness_bin_rspawn((const char *const[]){ NULL });
	is(harness_cli("disable"), EX_OK, "not in the mail path by name", "");
	harness_bin_end(pid);
	harness_bin_put("qmail-rspawn", "/bin/sleep", variable, 0755);
	pid = harness_bin_rspawn((const char *const[]){ NULL });
	is(harness_cli("disable"), EX_CONFIG, "not in the mail path by name", "that cannot be looked at may name it");
	is(harness_cli("enable"), EX_OK, "mail path:     unknown: " REMOTE " is qlimit-remote, but what qmail-rspawn ", "");
	harness_bin_end(pid);
}
END_TEST

/* Goal: for cron; what is not known is no trouble as long as mail is counted. */
START_TEST(test_check)
{
	if (!here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", variable, 0755);
	harness_rules("");
	is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: " REMOTE " is not qlimit-remote, and no "
	    "qmail-rspawn is running", "");
	(void)harness_deliver(harness_message(NULL, NULL), "a@example.com", "accept@x");
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	harness_set_time(HARNESS_NOW + 86401);
	is(harness_cli("status", "--check"), 1, "qlimit: mail path: unknown: ", "");
	(void)setenv("QLIMIT_REMOTE", "/none", 1);
	is(harness_cli("status", "--check"), 1, "\nqlimit: the real qmail-remote cannot be executed: /none\n", "");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	is(harness_cli("status", "--json"), EX_NOINPUT, "\"mail_path\":\"unknown\",\"mail_path_text\":\"unknown: /var", "");
}
END_TEST

/* Goal: each thing that is wrong has its line, and nothing else has. */
START_TEST(test_check_all)
{
	static const char wanted[] = "qlimit: mail path: NO: ";
	struct harness_output o;

	if (!here)
		return;
	harness_rules("");
	harness_config("mode = \"nonsense\";");
	ck_assert_int_eq(harness_load().status, EX_CONFIG);
	harness_write(harness_path("state/orders"), "garbage\n", 8);
	harness_write(harness_path("state/live.mdb.damaged"), "", 0);
	harness_write(harness_path("state/ledger.mdb.damaged"), "", 0);
	o = harness_cli("status", "--check");
	is(o, 1, "\nqlimit: the last load failed, older rules are in force: /", "");
	is(o, 1, "\nqlimit: the file of orders is not understood", "");
	is(o, 1, "\nqlimit: a damaged store was set aside", "");
	is(o, 1, "\nqlimit: a damaged ledger was set aside", "");
	ck_assert_int_eq(strncmp(o.out, wanted, sizeof wanted - 1), 0);
	is(harness_cli("enable"), EX_OK, "enabled", "");
	ck_assert_ptr_null(strstr(harness_cli("status", "--check").out, "mail path"));
	/* A delivery, and never any rules. */
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	ck_assert_str_eq(harness_cli("status", "--check").out, "");
	mail_goes_out();
	is(harness_cli("status", "--check"), 1, "qlimit: no rules were ever loaded\n", "");
}
END_TEST

/* Goal: of several qmail-rspawns each is asked. */
START_TEST(test_not_always)
{
	char assignment[300];
	const char *const in[] = { assignment, NULL }, *const out[] = { "PATH=/var/qmail/bin", NULL };
	const char *const odd[] = { "QMAILREMOTE=/var/loop", NULL };
	pid_t first, second;

	if (!here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", variable, 0755);
	(void)snprintf(assignment, sizeof assignment, "QMAILREMOTE=%s", harness_program("qlimit-remote"));
	first = harness_bin_rspawn(in);
	second = harness_bin_rspawn(out);
	is(harness_cli("status"), EX_NOINPUT, "mail path:     NOT ALWAYS: qmail-rspawn ", "");
	is(harness_cli("status", "--check"), 1, "qlimit: mail path: NOT ALWAYS: ", "");
	is(harness_cli("enable"), EX_OK, "enabled", "");
	is(harness_cli("status", "--check"), EX_OK, "", "");
	harness_bin_end(second);
	is(harness_cli("disable"), EX_CONFIG, "disabled", "still in the mail path");
	ck_assert_int_eq(symlink("loop", "/var/loop"), 0);
	second = harness_bin_rspawn(odd);
	is(harness_cli("status"), EX_NOINPUT, "unknown: " REMOTE " is not qlimit-remote, and what qmail-rspawn ", "");
	harness_bin_end(first);
	harness_bin_end(second);
	missing();
	ck_assert_int_eq(unlink(HARNESS_BIN "qmail-rspawn"), 0);
	is(harness_cli("status"), EX_NOINPUT, "NO: " REMOTE " is not there; is qmail installed?", "");
}
END_TEST

/* What each qmail-rspawn may run instead. */
static const struct {
	const char *environment, *out;
	void (*make)(void);
} others[] = {
	{ "PATH=/none", "NO: qmail-rspawn * finds no qmail-remote along its PATH: see", NULL },
	{ "QMAILREMOTE=bin/remote", "NO: qmail-rspawn * has a $QMAILREMOTE that leads to no program: see", NULL },
	{ "QMAILREMOTE=/var/qmail/bin/qmail-remote", "is not there: all mail bounces: see", missing },
};

START_TEST(test_others)
{
	const char *const environment[] = { others[_i].environment, NULL };
	char before[100], *star;
	struct harness_output o;
	pid_t pid;

	if (!here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", variable, 0755);
	pid = harness_bin_rspawn(environment);
	if (others[_i].make != NULL)
		others[_i].make();
	o = harness_cli("status");
	(void)snprintf(before, sizeof before, "%s", others[_i].out);
	star = strchr(before, '*');
	ck_assert_msg(strstr(o.out, star != NULL ? star + 1 : before) != NULL, "%s", o.out);
	is(harness_cli("enable"), EX_CONFIG, "", "");
	harness_bin_end(pid);
}
END_TEST

START_TEST(test_say_variable)
{
	char group[40];
	pid_t pid;

	if (!here)
		return;
	is(harness_cli("enable", "--variable"), EX_CONFIG, "", "this qmail does not honour $QMAILREMOTE");
	ck_assert_int_eq(chmod(HARNESS_BIN "qmail-rspawn", 0711), 0);
	is(as_qmailr("enable", "--variable"), EX_CONFIG, "", "cannot be seen: run this as root");
	pid = rspawn_with(NULL);
	is(harness_cli("enable", "--variable"), EX_OK, "QMAILREMOTE=/", "");
	harness_write("/var/qmail/rc", "exec qmail-start\n", 17);
	is(harness_cli("enable", "--variable"), EX_OK, "    in /var/qmail/rc, on the line that runs qmail-start", "");
	/* Its unit says more. */
	harness_write("/var/lib/group", "0::/system.slice/qmail-send.service\n", 36);
	(void)snprintf(group, sizeof group, "/proc/%d/cgroup", (int)pid);
	ck_assert_int_eq(mount("/var/lib/group", group, NULL, MS_BIND, NULL), 0);
	is(harness_cli("enable", "--variable"), EX_OK, "    systemctl edit qmail-send.service, and there\n"
	    "        [Service]\n        Environment=QMAILREMOTE=/", "");
	ck_assert_int_eq(umount2(group, MNT_DETACH), 0);
	ck_assert_int_eq(unlink("/var/qmail/rc"), 0);
	ck_assert_int_eq(mkdir("/etc/systemd", 0755), 0);
	ck_assert_int_eq(mkdir("/etc/systemd/system", 0755), 0);
	harness_write("/etc/systemd/system/qmail.service", "[Service]\n", 10);
	is(harness_cli("enable", "--variable"), EX_OK, "    in the script that starts qmail, ", "");
	/* Without qlimit-remote beside it there is nothing to name. */
	ck_assert_int_eq(mount("tmpfs", "/usr/local", "tmpfs", MS_NODEV, "size=1m"), 0);
	harness_bin_put("qlimit", harness_program("qlimit"), "", 0755);
	is(harness_run_words(HARNESS_BIN "qlimit", (const char *const[]){ "qlimit", "enable", "--variable", NULL }),
	    EX_CONFIG, "", "qlimit-remote is not there: is qlimit installed?");
	/* By name it works as well, and it is said that the other lasts longer. */
	is(harness_cli("enable"), EX_OK, "\n               An update of qmail undoes it, too.", "");
	is(harness_cli("enable", "--variable"), EX_OK, "now: yes, as " REMOTE "\n", "");
	harness_bin_end(pid);
}
END_TEST

/* Goal: s/qmail signs in front of qmail-remote: there a retry would be a new delivery. */
START_TEST(test_signer)
{
	const char *const environment[] = { "PATH=/var/qmail/bin", NULL };
	pid_t pid;

	if (!here)
		return;
	harness_bin_put("qmail-rspawn", "/bin/sleep", "qmail-dksign", 0755);
	for (int i = 0; i < 2; i++) {
		pid = i == 0 ? 0 : harness_bin_rspawn(environment);
		is(harness_cli("enable"), EX_OK, "enabled", "");
		harness_write(harness_path("control/dkimdomains"), "", 0);
		is(harness_cli("status"), EX_NOINPUT, "qmail-rspawn runs qmail-dksign first", "");
		is(harness_cli("status", "--check"), 1, "qmail-rspawn runs qmail-dksign first", "");
		is(harness_cli("disable"), EX_OK, "disabled", "");
		is(harness_cli("enable"), EX_CONFIG, "", "    ln " HARNESS_BIN "qmail-dksign ");
		ck_assert_int_eq(unlink(harness_path("control/dkimdomains")), 0);
		if (i == 1)
			harness_bin_end(pid);
	}
}
END_TEST

START_TEST(test_other_path)
{
	const char *const environment[] = { "PATH=/var/qmail:/var/qmail/bin", NULL };
	pid_t pid;

	if (!here)
		return;
	pid = harness_bin_rspawn(environment);
	is(harness_cli("enable"), EX_OK, "enabled", "");
	is(harness_cli("disable"), EX_OK, "disabled", "");
	ck_assert_int_eq(link(REMOTE, "/var/qmail/qmail-remote"), 0);
	is(harness_cli("enable"), EX_CONFIG, "", "leads to /var/qmail/qmail-remote, not to " REMOTE);
	is(harness_cli("status"), EX_NOINPUT, "/var/qmail/qmail-remote, which its PATH leads to", "");
	harness_bin_end(pid);
}
END_TEST

Suite *
suite_enable(void)
{
	Suite *s = suite_create("enable");
	TCase *t = tcase_create("enable");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_round);
	tcase_add_test(t, test_words);
	tcase_add_test(t, test_orig_is_taken);
	tcase_add_test(t, test_update_of_qmail);
	tcase_add_test(t, test_update_of_qlimit);
	tcase_add_test(t, test_update_of_the_first);
	tcase_add_test(t, test_runs_itself);
	tcase_add_test(t, test_plesk);
	tcase_add_test(t, test_link);
	tcase_add_test(t, test_leftovers);
	tcase_add_loop_test(t, test_refused, 0, HARNESS_ROWS(refused));
	tcase_add_test(t, test_no_state_later);
	tcase_add_test(t, test_no_bin);
	tcase_add_loop_test(t, test_remote_is_set, 0, 2);
	tcase_add_loop_test(t, test_lost, 0, HARNESS_ROWS(lost));
	tcase_add_test(t, test_not_root);
	tcase_add_test(t, test_variable);
	tcase_add_test(t, test_another_variable);
	tcase_add_test(t, test_unseen);
	tcase_add_test(t, test_check);
	tcase_add_test(t, test_check_all);
	tcase_add_test(t, test_not_always);
	tcase_add_loop_test(t, test_others, 0, HARNESS_ROWS(others));
	tcase_add_test(t, test_say_variable);
	tcase_add_test(t, test_signer);
	tcase_add_test(t, test_other_path);
	suite_add_tcase(s, t);
	return s;
}
