/* test_faults - whatever breaks in our part, the mail goes on: facts/storage.md, attacks and accidents */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- the state directory and its files --- */

static void
no_directory(void)
{
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
}

static void
directory_is_a_file(void)
{
	no_directory();
	harness_write(harness_path("state"), "x", 1);
}

static void
directory_writable_by_all(void)
{
	ck_assert_int_eq(chmod(harness_path("state"), 0777), 0);
}

static void
lock_is_a_link(void)
{
	ck_assert_int_eq(unlink(harness_state("lock")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", harness_state("lock")), 0);
}

static void
lock_is_a_fifo(void)
{
	ck_assert_int_eq(unlink(harness_state("lock")), 0);
	ck_assert_int_eq(mkfifo(harness_state("lock"), 0600), 0);
}

static void
live_is_a_link(void)
{
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(symlink(harness_path("elsewhere"), harness_state("live.mdb")), 0);
}

static void
live_is_a_directory(void)
{
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(mkdir(harness_state("live.mdb"), 0700), 0);
}

static const struct {
	const char *label;
	void (*damage)(void);
} unusable[] = {
	{ "L3 no directory", no_directory },
	{ "L3 directory is a file", directory_is_a_file },
	{ "L1 directory writable by all", directory_writable_by_all },
	{ "L3 lock is a link", lock_is_a_link },
	{ "L3 lock is a FIFO", lock_is_a_fifo },
	{ "L3 live.mdb is a link", live_is_a_link },
	{ "L3 live.mdb is a directory", live_is_a_directory },
};

/* Goal: a store that cannot be used is not used; mail goes on, one line is logged. */
START_TEST(test_unusable_store)
{
	harness_rules("default = { max_per_hour = 1; };");
	unusable[_i].damage();
	harness_expect_delivered(unusable[_i].label);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	ck_assert_int_eq(access(harness_path("elsewhere"), F_OK), -1);
	harness_expect_delivered(unusable[_i].label);
}
END_TEST

/* Goal: with on_error = "defer" the same ends in one clean Z, and the real program is not run. */
START_TEST(test_unusable_store_defers)
{
	struct harness_delivery d;

	harness_rules("on_error = \"defer\";");
	live_is_a_directory();
	d = harness_send();
	ck_assert(d.letter == 'Z' && d.wait_status == 0 && d.bytes[d.length - 1] == '\0');
	ck_assert_uint_eq(harness_calls(), 0);
}
END_TEST

/* --- the file's content --- */

static void
overwrite(size_t from, size_t n, char with)
{
	int fd = open(harness_state("live.mdb"), O_WRONLY);
	char *bytes = malloc(n);

	ck_assert(fd != -1 && bytes != NULL);
	memset(bytes, with, n);
	ck_assert_int_eq(pwrite(fd, bytes, n, (off_t)from), (ssize_t)n);
	(void)close(fd);
	free(bytes);
}

static void
empty(void)
{
	harness_write(harness_state("live.mdb"), "", 0);
}

static void
garbage(void)
{
	harness_write(harness_state("live.mdb"), "this is no database at all, but long enough to look", 50);
	overwrite(0, 40000, 'g');
}

static void
no_meta_pages(void)
{
	overwrite(0, 8192, 0);
}

static void
wild_pages(void)
{
	overwrite(8192, 24576, '\xff');
}

static void
zero_pages(void)
{
	overwrite(8192, 24576, 0);
}

static void
truncated(void)
{
	ck_assert_int_eq(truncate(harness_state("live.mdb"), 8192), 0);
}

static void
cut_in_a_page(void)
{
	ck_assert_int_eq(truncate(harness_state("live.mdb"), 9000), 0);
}

static const struct {
	const char *label;
	void (*damage)(void);
} damages[] = {
	{ "O4 empty", empty },
	{ "O4 garbage", garbage },
	{ "O4 no meta pages", no_meta_pages },
	{ "O4 wild pages", wild_pages },
	{ "O4 zero pages", zero_pages },
	{ "O4 truncated behind the meta pages", truncated },
	{ "O4 truncated inside a page", cut_in_a_page },
};

/* Goal: damage is set aside, mail goes on, and limits are soon in force again by themselves. */
START_TEST(test_damaged_store)
{
	struct harness_counters c;
	int held = 0;

	harness_rules("default = { max_per_hour = 2; };");
	harness_expect_delivered("before");
	damages[_i].damage();
	harness_expect_delivered(damages[_i].label);
	for (int i = 0; i < 8 && held == 0; i++)
		held = harness_send().letter == 'Z';
	ck_assert_msg(held == 1, "%s: never held again", damages[_i].label);
	c = harness_counters("domain", "example.com");
	ck_assert_uint_eq(c.admitted, 2);
	ck_assert_uint_eq(c.sent, 2);
}
END_TEST

/* Goal: the CLI meets the same damage with a word and a status, and the next one works. */
START_TEST(test_damaged_store_and_cli)
{
	static const char *const commands[] = { "show", "load", "tidy", "status" };
	int status = 1;

	for (size_t i = 0; i < 4; i++) {
		harness_rules("default = { max_per_hour = 2; };");
		harness_expect_delivered("before");
		damages[_i].damage();
		for (int tries = 0; tries < 3; tries++) {
			status = harness_cli_words((const char *const[]){ commands[i], NULL }).status;
			ck_assert_msg(status >= 0, "%s: %s: signal %d", damages[_i].label, commands[i],
			    -status);
		}
		ck_assert_int_eq(harness_load().status, 0);
		harness_expect_delivered("after");
	}
}
END_TEST

/* Goal: a ledger whose pages are gone is set aside, once, and closed hours find a new one. */
START_TEST(test_broken_ledger)
{
	char zeros[4096] = { 0 };
	struct harness_output o;
	int fd;

	harness_rules("");
	harness_expect_delivered("before");
	harness_set_time(HARNESS_NOW + 3600);
	harness_expect_delivered("next hour");
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	fd = open(harness_state("ledger.mdb"), O_WRONLY);
	ck_assert_int_ne(fd, -1);
	for (off_t at = 8192; at < 65536; at += 4096)
		ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, at), 4096);
	(void)close(fd);
	harness_set_time(HARNESS_NOW + 7200);
	harness_expect_delivered("hour after");
	for (int i = 0; i < 3; i++) {
		o = harness_cli("tidy");
		ck_assert_int_ge(o.status, 0);
	}
	ck_assert_int_eq(o.status, 0);
	ck_assert_int_eq(access(harness_state("ledger.mdb.damaged"), F_OK), 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "a damaged ledger was set aside"));
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

Suite *
suite_faults(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_unusable_store, 0, HARNESS_ROWS(unusable));
	tcase_add_test(t, test_unusable_store_defers);
	tcase_add_loop_test(t, test_damaged_store, 0, HARNESS_ROWS(damages));
	tcase_add_loop_test(t, test_damaged_store_and_cli, 0, HARNESS_ROWS(damages));
	tcase_add_test(t, test_broken_ledger);
	suite_add_tcase(s, t);
	return s;
}
