/* test_place - which program is the real one, whose the state directory is, and the file essentials in it */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "essentials.h"
#include "harness.h"
#include "harness_calls.h"
#include "nested.h"
#include "owner.h"
#include "real.h"
#include "suites.h"

#define NOBODY 65534
#define BIN "/var/qmail/bin/"

/* --- in a root directory of our own: the paths that are looked at are built in --- */

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
make(const char *directory)
{
	ck_assert_msg(mkdir(directory, 0755) == 0, "%s: %s", directory, strerror(errno));
}

/* For good: every test has a process of its own, and harness_main.c removes what it leaves. */
static void
enter_place(void)
{
	harness_start();
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	ck_assert_int_eq(chroot("."), 0);
	ck_assert_int_eq(chmod("/", 0755), 0);
	make("/etc");
	make("/var");
	make("/var/qmail");
	make(BIN);
	ck_assert_ptr_nonnull(freopen("/messages", "w", stderr));
}

/* Without /proc a sanitizer cannot look for leaks at the exit, and takes that for an error. */
static void
leave_place(void)
{
	_exit(0);
}

/* Files of qmail's bin: a text, or "*" for this very program, "=" for a copy of it, "" for none. */
static const struct {
	const char *label, *files[4], *found;
} guesses[] = {
	{ "nothing there", { "", "", "", "" }, NULL },
	{ "in front of qmail-remote", { "real", "", "", "" }, BIN "qmail-remote" },
	{ "in its place", { "*", "", "real", "" }, BIN "qmail-remote.orig" },
	{ "a copy in its place", { "=", "", "", "real" }, BIN "qmail-remote.moved" },
	{ "a DKIM wrapper's original is not what it was", { "=", "wrapper", "real", "" }, BIN "qmail-remote.next" },
	{ "in its place, and nothing beside it", { "*", "", "", "" }, NULL },
	{ "of our size, and another", { "qlimit-REMOTE", "", "other", "" }, BIN "qmail-remote" },
	{ "moved out of the way ourselves", { "signer", "", "*", "" }, NULL },
	{ "a copy of us moved out of the way", { "signer", "", "", "=" }, NULL },
	{ "kept by mistake ourselves", { "signer", "=", "real", "" }, NULL },
	{ "not executable", { "-", "", "real", "" }, BIN "qmail-remote.orig" },
};

START_TEST(test_guesses)
{
	static const char *const paths[] = { BIN "qmail-remote", BIN "qmail-remote.next", BIN "qmail-remote.orig",
		BIN "qmail-remote.moved" };
	char path[PLACE_PATH_MAX + 1];
	const char *problem;

	put("/self", "qlimit-remote", 0755);
	real_set_self("/self");
	for (int i = 0; i < 4; i++) {
		const char *file = guesses[_i].files[i];

		if (strcmp(file, "*") == 0)
			ck_assert_int_eq(link("/self", paths[i]), 0);
		else if (*file != '\0')
			put(paths[i], *file == '=' ? "qlimit-remote" : file, *file == '-' ? 0644 : 0755);
	}
	problem = real_find(path, NULL);
	ck_assert_msg((problem == NULL) == (guesses[_i].found != NULL), "%s: %s", guesses[_i].label,
	    problem != NULL ? problem : path);
	ck_assert_msg(strcmp(path, guesses[_i].found != NULL ? guesses[_i].found : "") == 0, "%s: %s",
	    guesses[_i].label, path);
}
END_TEST

static unsigned until;
static const char *renamed[2];

static int
rename_then(void)
{
	if (until > 0 && --until == 0)
		ck_assert_int_eq(rename(renamed[0], renamed[1]), 0);
	return 0;
}

/* Goal: `qlimit enable` and `disable` work at any moment of the search: something is found. */
START_TEST(test_guesses_meanwhile)
{
	char path[PLACE_PATH_MAX + 1];

	put("/self", "qlimit-remote", 0755);
	real_set_self("/self");
	harness_on_call("stat", rename_then);
	harness_on_call("access", rename_then);
	for (unsigned n = 1; n < 90; n++) {
		(void)unlink(BIN "qmail-remote.orig");
		put(BIN "qmail-remote", _i == 0 ? "real" : "qlimit-remote", 0755);
		put(_i == 0 ? BIN "new" : BIN "qmail-remote.orig", _i == 0 ? "qlimit-remote" : "real", 0755);
		if (_i == 0)
			ck_assert_int_eq(link(BIN "qmail-remote", BIN "qmail-remote.orig"), 0);
		renamed[0] = _i == 0 ? BIN "new" : BIN "qmail-remote.orig";
		renamed[1] = BIN "qmail-remote";
		until = n;
		ck_assert_msg(real_find(path, NULL) == NULL, "renamed before call %u", n);
	}
	ck_assert_uint_ne(until, 0); /* all calls were met */
}
END_TEST

START_TEST(test_chosen)
{
	char path[PLACE_PATH_MAX + 1], much[PLACE_PATH_MAX + 3];

	put("/self", "qlimit-remote", 0755);
	put("/copy", "qlimit-remote", 0755);
	real_set_self("/self");
	ck_assert_ptr_null(real_find(path, "/not/there"));
	ck_assert_str_eq(path, "/not/there");
	ck_assert_ptr_nonnull(real_find(path, "/self"));
	ck_assert_ptr_nonnull(real_find(path, "/copy"));
	ck_assert_ptr_nonnull(real_find(path, "signer"));
	memset(much, '/', sizeof much);
	much[PLACE_PATH_MAX] = '\0';
	ck_assert_ptr_null(real_find(path, much));
	much[PLACE_PATH_MAX] = '/';
	much[PLACE_PATH_MAX + 1] = '\0';
	ck_assert_ptr_nonnull(real_find(path, much));
	/* Without /proc and without the file we were started from, nothing is known to be us. */
	real_set_self(NULL);
	ck_assert_ptr_null(real_find(path, "/self"));
	real_find_ours(path, "qlimit");
	ck_assert_str_eq(path, "/usr/local/sbin/qlimit");
}
END_TEST

START_TEST(test_ours)
{
	char path[PLACE_PATH_MAX + 1], name[PLACE_PATH_MAX + 1];

	harness_start();
	real_find_ours(path, "qlimit");
	ck_assert_str_eq(path, harness_program("qlimit"));
	ck_assert_ptr_nonnull(real_find(path, harness_program("check")));
	real_find_ours(path, "none");
	ck_assert_str_eq(path, "/usr/local/sbin/none");
	/* One that is too long with the directory in front: not cut. */
	memset(name, 'x', sizeof name);
	name[PLACE_PATH_MAX - 20] = '\0';
	real_find_ours(path, name);
	ck_assert_int_eq(strncmp(path, "/usr/local/sbin/xxx", 19), 0);
	harness_end();
}
END_TEST

/* --- one behind the other --- */

START_TEST(test_nested)
{
	static char path[] = "PATH=/bin", home[] = "HOME=/", none[] = "QLIMIT_NESTED=", foreign[] = "QLIMIT_NESTED=~";
	char *plain[] = { path, home, NULL }, *odd[] = { none, path, NULL }, *most[] = { path, foreign, NULL };
	static char *much[NESTED_ENTRIES + 2];
	char *const *env = nested_mark(plain);

	ck_assert(env[0] == path && env[1] == home && env[3] == NULL);
	ck_assert_str_eq(env[2], "QLIMIT_NESTED=1");
	for (int i = 2; i <= NESTED_MOST; i++) {
		env = nested_mark(env);
		ck_assert(env[0] == path && env[2][14] == '0' + i && env[2][15] == '\0' && env[3] == NULL);
	}
	ck_assert_ptr_null(nested_mark(env));
	ck_assert_ptr_null(nested_mark(most));
	env = nested_mark(odd);
	ck_assert(env[1] == path && env[2] == NULL);
	ck_assert_str_eq(env[0], "QLIMIT_NESTED=1");
	/* As many as there is room for; one more, and nothing is changed. */
	for (int i = 0; i < NESTED_ENTRIES; i++)
		much[i] = home;
	env = nested_mark(much);
	ck_assert_str_eq(env[NESTED_ENTRIES], "QLIMIT_NESTED=1");
	much[NESTED_ENTRIES] = home;
	ck_assert_ptr_eq(nested_mark(much), much);
}
END_TEST

/* --- the owner --- */

static void
qmailr_exists(void)
{
	put("/etc/passwd", "root:x:0:0::/:/bin/sh\nqmailr:x:65534:65534::/:/bin/sh\n", 0644);
}

START_TEST(test_owner_of_a_new_directory)
{
	struct stat st;

	ck_assert_int_eq(owner_become("/var/state", false), EX_NOINPUT);
	ck_assert_int_eq(owner_become("/var/state", true), EX_NOUSER);
	qmailr_exists();
	ck_assert_int_eq(owner_become("/var/none/state", true), EX_CANTCREAT);
	ck_assert_int_eq(owner_become("/var/state", true), EX_OK);
	ck_assert_int_eq(stat("/var/state", &st), 0);
	ck_assert(st.st_uid == NOBODY && st.st_gid == NOBODY && (st.st_mode & 07777) == 0700);
	ck_assert(getuid() == NOBODY && geteuid() == NOBODY && getegid() == NOBODY);
	ck_assert_int_eq(getgroups(0, NULL), 1);
	ck_assert_int_eq(setuid(0), -1);
	/* Now as one who is not root. */
	ck_assert_int_eq(owner_become("/var/state", true), EX_OK);
	ck_assert_int_eq(owner_become("/var", true), EX_NOPERM);
	ck_assert_int_eq(owner_become("/var/other", true), EX_NOINPUT);
}
END_TEST

START_TEST(test_owner_of_what_is_no_directory)
{
	put("/var/file", "", 0600);
	ck_assert_int_eq(owner_become("/var/file", true), EX_NOINPUT);
	ck_assert_int_eq(symlink("/var", "/var/link"), 0);
	ck_assert_int_eq(owner_become("/var/link", true), EX_NOINPUT);
	ck_assert_int_eq(owner_become("/var/file/below", true), EX_NOINPUT);
	ck_assert_int_eq(owner_become("/var", true), EX_OK);
	ck_assert_int_eq(getuid(), 0);
}
END_TEST

static const struct {
	const char *label;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	bool readable;
} files[] = {
	{ "his own", NOBODY, 0, 0400, true },
	{ "his own, shut", NOBODY, 0, 0044, false },
	{ "of his group", 0, NOBODY, 0040, true },
	{ "of his group, shut", 0, NOBODY, 0404, false },
	{ "anybody's", 0, 0, 0604, true },
	{ "root's", 0, 0, 0640, false },
};

static bool
can_read(const char *path)
{
	char where[OWNER_PATH_SIZE];

	return owner_can_read("/var/state", path, where);
}

START_TEST(test_owner_can_read)
{
	put("/file", "", 0);
	ck_assert(can_read("/file"));
	make("/var/state");
	ck_assert(can_read("/file"));
	ck_assert_int_eq(chown("/var/state", NOBODY, NOBODY), 0);
	ck_assert(can_read("/none"));
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		ck_assert_int_eq(chown("/file", files[i].uid, files[i].gid), 0);
		ck_assert_int_eq(chmod("/file", files[i].mode), 0);
		ck_assert_msg(can_read("/file") == files[i].readable, "%s", files[i].label);
	}
	ck_assert_int_eq(getuid(), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	ck_assert(can_read("/file"));
}
END_TEST

static const struct {
	const char *label, *path, *closed, *where; /* `where`: it is said to be closed, or NULL */
} ways[] = {
	{ "nothing closed", "/a/b/file", NULL, NULL },
	{ "the directory it is in", "/a/b/file", "/a/b", "/a/b" },
	{ "one further above", "/a/b/file", "/a", "/a" },
	{ "a file that is not there, for all he knows", "/a/b/none", "/a", "/a" },
	{ "the root directory", "/a/b/file", "/", "/" },
	{ "the file", "/a/b/file", "/a/b/file", "/a/b/file" },
	{ "where the file's name is a link to", "/a/b/link", "/c/d", "/c/d" },
	{ "what that link leads to", "/a/b/link", "/c/d/file", "/c/d/file" },
	{ "where the link is", "/a/b/link", "/a/b", "/a/b" },
	{ "where a directory's name is a link to", "/a/away/d/file", "/c", "/c" },
	{ "beside the way", "/a/b/file", "/c", NULL },
	{ "a file as directory", "/a/b/file/none", "/c", NULL },
};

/* Goal: the right directory is named: chmod(1) of another one would open what was not meant, and help nothing. */
START_TEST(test_owner_is_kept_out)
{
	char where[OWNER_PATH_SIZE];
	bool can;

	make("/a");
	make("/a/b");
	make("/c");
	make("/c/d");
	put("/a/b/file", "", 0644);
	put("/c/d/file", "", 0644);
	ck_assert_int_eq(symlink("/c/d/file", "/a/b/link"), 0);
	ck_assert_int_eq(symlink("../c", "/a/away"), 0);
	make("/var/state");
	ck_assert_int_eq(chown("/var/state", NOBODY, NOBODY), 0);
	if (ways[_i].closed != NULL)
		ck_assert_int_eq(chmod(ways[_i].closed, 0700), 0);
	can = owner_can_read("/var/state", ways[_i].path, where);
	ck_assert_msg(can == (ways[_i].where == NULL), "%s", ways[_i].label);
	if (!can)
		ck_assert_msg(strcmp(where, ways[_i].where) == 0, "%s: %s", ways[_i].label, where);
}
END_TEST

/* Goal: one who cannot be asked is not said to be kept out. */
START_TEST(test_owner_is_not_asked)
{
	const struct rlimit none = { 0, 0 };

	put("/file", "", 0);
	make("/var/state");
	ck_assert_int_eq(chown("/var/state", NOBODY, NOBODY), 0);
	ck_assert(!can_read("/file"));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert(can_read("/file"));
}
END_TEST

/* --- essentials --- */

#define FIRST "qlimit essentials 1\n"

static const struct {
	const char *label, *text;
	int error;
} texts[] = {
	{ "nothing but the first line", FIRST, 0 },
	{ "everything", FIRST "remote=/r\nstate=/s\non_error=defer\ndeadline_ms=100\n"
	  "notify=/n\nnotify_timeout=1\nwarn_percent=1\n", 0 },
	{ "nothing chosen", FIRST "remote=\nstate=\non_error=deliver\ndeadline_ms=60000\n", 0 },
	{ "a newer qlimit's setting", FIRST "colour=blue\n", 0 },
	{ "empty", "", EBADMSG },
	{ "another first line", "qlimit essentials 2\n", EBADMSG },
	{ "no end of the line", FIRST "remote=/r", EBADMSG },
	{ "no value", FIRST "remote\n", EBADMSG },
	{ "a relative path", FIRST "remote=r\n", EBADMSG },
	{ "neither", FIRST "on_error=bounce\n", EBADMSG },
	{ "too soon", FIRST "deadline_ms=99\n", EBADMSG },
	{ "too late", FIRST "deadline_ms=60001\n", EBADMSG },
	{ "no number", FIRST "deadline_ms=100x\n", EBADMSG },
	{ "a path that a terminal would obey", FIRST "notify=/\033[2J\n", EBADMSG },
	{ "a relative program", FIRST "notify=n\n", EBADMSG },
	{ "no time for it", FIRST "notify_timeout=0\n", EBADMSG },
	{ "too much time for it", FIRST "notify_timeout=601\n", EBADMSG },
	{ "a warning of nothing", FIRST "warn_percent=0\n", EBADMSG },
	{ "a warning too late", FIRST "warn_percent=101\n", EBADMSG },
};

START_TEST(test_essentials)
{
	struct essentials e, none;

	put("/essentials", texts[_i].text, 0600);
	errno = 0;
	ck_assert_msg(essentials_read(&e, "/") == (texts[_i].error != 0 ? -1 : 0) &&
	    errno == texts[_i].error, "%s: %s", texts[_i].label, strerror(errno));
	essentials_init(&none);
	if (texts[_i].error != 0)
		ck_assert(e.remote[0] == '\0' && e.deadline_ms == none.deadline_ms && !e.defer_on_error);
	if (_i != 1) /* An old file says nothing of notices. */
		ck_assert(e.notify[0] == '\0' && e.notify_timeout_s == 30 && e.warn_percent == 80);
}
END_TEST

START_TEST(test_essentials_files)
{
	struct essentials e, back;
	char much[PLACE_PATH_MAX + 1];

	essentials_init(&e);
	(void)strcpy(e.remote, "/r");
	e.defer_on_error = true;
	ck_assert_int_eq(essentials_write(&e, "/var"), 0);
	ck_assert_int_eq(essentials_read(&back, "/var"), 0);
	ck_assert(strcmp(back.remote, "/r") == 0 && back.defer_on_error);
	/* Whoever else may write it is not believed. */
	ck_assert_int_eq(chmod("/var/essentials", 0620), 0);
	ck_assert(essentials_read(&back, "/var") == -1 && errno == EPERM);
	ck_assert_int_eq(chmod("/var/essentials", 0600), 0);
	ck_assert_int_eq(chown("/var/essentials", NOBODY, NOBODY), 0);
	ck_assert(essentials_read(&back, "/var") == -1 && errno == EPERM);
	ck_assert(essentials_read(&back, "/etc") == -1 && errno == ENOENT);
	make("/etc/essentials");
	ck_assert(essentials_read(&back, "/etc") == -1 && errno == EPERM);
	ck_assert(essentials_write(&e, "/etc") == -1 && errno == EISDIR);
	ck_assert_int_eq(access("/etc/essentials.new", F_OK), -1);
	memset(much, 'd', sizeof much);
	much[0] = '/';
	much[PLACE_PATH_MAX] = '\0';
	ck_assert(essentials_read(&back, much) == -1 && errno == ENAMETOOLONG);
	ck_assert(essentials_write(&e, much) == -1 && errno == ENAMETOOLONG);
	/* Room for the name, not for the one it has at first. */
	much[PLACE_PATH_MAX - strlen("/essentials")] = '\0';
	ck_assert(essentials_write(&e, much) == -1 && errno == ENAMETOOLONG);
	ck_assert(essentials_read(&back, much) == -1 && errno == ENOENT);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

/* Only root has a root directory of his own to give; and owner.c is for nobody else. */
static void
add_in_place(Suite *s)
{
	TCase *t = tcase_create("in place");

	tcase_add_checked_fixture(t, enter_place, leave_place);
	tcase_add_loop_test(t, test_guesses, 0, ROWS(guesses));
	tcase_add_loop_test(t, test_guesses_meanwhile, 0, 2);
	tcase_add_test(t, test_chosen);
	tcase_add_test(t, test_owner_of_a_new_directory);
	tcase_add_test(t, test_owner_of_what_is_no_directory);
	tcase_add_loop_test(t, test_essentials, 0, ROWS(texts));
	tcase_add_test(t, test_essentials_files);
	suite_add_tcase(s, t);
	t = tcase_create("asked in place");
	tcase_add_checked_fixture(t, enter_place, leave_place);
	tcase_add_test(t, test_owner_can_read);
	tcase_add_loop_test(t, test_owner_is_kept_out, 0, ROWS(ways));
	tcase_add_test(t, test_owner_is_not_asked);
	suite_add_tcase(s, t);
}

Suite *
suite_place(void)
{
	Suite *s = suite_create("place");
	TCase *t = tcase_create("place");

	tcase_add_test(t, test_nested);
	tcase_add_test(t, test_ours);
	suite_add_tcase(s, t);
	if (geteuid() == 0)
		add_in_place(s);
	return s;
}
