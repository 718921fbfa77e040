/* test_faults - odd things in the places of the store's files: the mail goes on */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- the state directory and its files: odd things in their places --- */

static void
make_nothing(const char *path, const char *saved)
{
	(void)path;
	(void)saved;
}

static void
make_file(const char *path, const char *saved)
{
	(void)saved;
	harness_write(path, "x", 1);
}

static void
make_directory(const char *path, const char *saved)
{
	(void)saved;
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void
make_link(const char *path, const char *saved)
{
	ck_assert_int_eq(symlink(saved, path), 0);
}

static void
make_wild_link(const char *path, const char *saved)
{
	(void)saved;
	ck_assert_int_eq(symlink(harness_path("elsewhere"), path), 0);
}

static void
make_second_name(const char *path, const char *saved)
{
	ck_assert_int_eq(link(saved, path), 0);
}

static void
make_fifo(const char *path, const char *saved)
{
	(void)saved;
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void
make_socket(const char *path, const char *saved)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)saved;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	(void)close(fd);
}

static void
make_device(const char *path, const char *saved)
{
	(void)saved;
	ck_assert_int_eq(mknod(path, S_IFCHR | 0600, makedev(1, 3)), 0);
}

/* The right thing, but ... */
static void
make_copy(const char *path, const char *saved)
{
	char command[700];

	(void)snprintf(command, sizeof command, "cp -a %s %s", saved, path);
	ck_assert_int_eq(system(command), 0);
}

static void
make_writable(const char *path, const char *saved)
{
	make_copy(path, saved);
	ck_assert_int_eq(chmod(path, 0777), 0);
}

static void
make_foreign(const char *path, const char *saved)
{
	make_copy(path, saved);
	ck_assert_int_eq(chown(path, HARNESS_USER, HARNESS_USER), 0);
}

#define FOR_ROOT 1       /* others cannot make such a thing */
#define NO_ESSENTIALS 2  /* the place of on_error is gone, too: then mail is delivered */

static const struct {
	const char *label, *name;
	void (*make)(const char *path, const char *saved);
	unsigned flags;
} odd_things[] = {
	{ "L3 no directory", "state", make_nothing, NO_ESSENTIALS },
	{ "L3 directory is a file", "state", make_file, NO_ESSENTIALS },
	{ "L3 directory is a FIFO", "state", make_fifo, NO_ESSENTIALS },
	{ "L3 directory is a link", "state", make_link, 0 },
	{ "L3 directory is a link to nothing", "state", make_wild_link, NO_ESSENTIALS },
	{ "L1 directory writable by all", "state", make_writable, 0 },
	{ "L1 directory of somebody else", "state", make_foreign, FOR_ROOT },
	{ "L3 lock is a directory", "state/lock", make_directory, 0 },
	{ "L3 lock is a link", "state/lock", make_link, 0 },
	{ "L3 lock is a link to nothing", "state/lock", make_wild_link, 0 },
	{ "L3 lock has a second name", "state/lock", make_second_name, 0 },
	{ "L3 lock is a FIFO", "state/lock", make_fifo, 0 },
	{ "L3 lock is a socket", "state/lock", make_socket, 0 },
	{ "L3 lock is a device", "state/lock", make_device, FOR_ROOT },
	{ "L1 lock writable by all", "state/lock", make_writable, 0 },
	{ "L1 lock of somebody else", "state/lock", make_foreign, FOR_ROOT },
	{ "L3 live.mdb is a directory", "state/live.mdb", make_directory, 0 },
	{ "L3 live.mdb is a link", "state/live.mdb", make_link, 0 },
	{ "L3 live.mdb is a link to nothing", "state/live.mdb", make_wild_link, 0 },
	{ "L3 live.mdb has a second name", "state/live.mdb", make_second_name, 0 },
	{ "L3 live.mdb is a FIFO", "state/live.mdb", make_fifo, 0 },
	{ "L3 live.mdb is a socket", "state/live.mdb", make_socket, 0 },
	{ "L3 live.mdb is a device", "state/live.mdb", make_device, FOR_ROOT },
	{ "L1 live.mdb writable by all", "state/live.mdb", make_writable, 0 },
	{ "L1 live.mdb of somebody else", "state/live.mdb", make_foreign, FOR_ROOT },
};

static void
load_rules(bool defer)
{
	harness_rules(defer ? "on_error = \"defer\"; deadline_ms = 1000; default = { max_per_hour = 3; };" :
	    "deadline_ms = 1000; default = { max_per_hour = 3; };");
}

/* The CLI meets it with a word and a status of sysexits.h. */
static void
expect_commands_refused(const char *label)
{
	static const char *const commands[][3] = { { "show", NULL }, { "load", NULL }, { "tidy", NULL },
		{ "status", NULL }, { "reset", "example.com", NULL } };

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		struct harness_output o = harness_cli_words(commands[i]);

		ck_assert_msg(o.status >= EX__BASE && o.status <= EX__MAX && o.err[0] != '\0',
		    "%s: %s: status %d: %s%s", label, commands[i][0], o.status, o.out, o.err);
	}
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_size == b->st_size &&
	       a->st_uid == b->st_uid && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * Goal (L1, L3): what is not plainly ours is not used, not changed and not followed; mail goes on as
 * on_error says, with one log line; and when the right thing is back, it counts where it stopped.
 */
START_TEST(test_odd_thing)
{
	const char *label = odd_things[_i / 2].label, *path = harness_path(odd_things[_i / 2].name);
	unsigned flags = odd_things[_i / 2].flags;
	const char *saved = harness_path("saved");
	bool defer = _i % 2 == 1;
	struct stat before, after;

	if ((flags & FOR_ROOT) != 0 && geteuid() != 0) {
		harness_skip(label, "only root can make such a thing");
		return;
	}
	load_rules(defer);
	harness_expect_delivered("before");
	ck_assert_int_eq(rename(path, saved), 0);
	odd_things[_i / 2].make(path, saved);
	(void)lstat(path, &before);
	harness_expect_in_trouble(label, defer && (flags & NO_ESSENTIALS) == 0);
	if (odd_things[_i / 2].make != make_nothing) {
		expect_commands_refused(label);
		ck_assert_int_eq(lstat(path, &after), 0);
		ck_assert_msg(is_same_file(&before, &after) || S_ISDIR(before.st_mode), "%s: changed", label);
		ck_assert_int_eq(harness_remove_tree(path), 0);
	}
	ck_assert_int_eq(access(harness_path("elsewhere"), F_OK), -1);
	ck_assert_int_eq(rename(saved, path), 0);
	harness_expect_delivered("after");
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 2);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

Suite *
suite_faults(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_odd_thing, 0, 2 * HARNESS_ROWS(odd_things));
	suite_add_tcase(s, t);
	return s;
}
