/* test_damage - what the store's files may have become: set aside, and counted anew */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "hour.h"
#include "record.h"
#include "store.h"
#include "suites.h"

static void
load_rules(bool defer)
{
	harness_rules(defer ? "on_error = \"defer\"; deadline_ms = 1000; default = { max_per_hour = 3; };" :
	    "deadline_ms = 1000; default = { max_per_hour = 3; };");
}

/* --- the file's content --- */

static const char *target = "live.mdb"; /* what is damaged */

static void
overwrite(size_t from, size_t n, char with)
{
	int fd = open(harness_state(target), O_WRONLY);
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
	harness_write(harness_state(target), "", 0);
}

static void
garbage(void)
{
	harness_write(harness_state(target), "this is no database at all, but long enough to look", 50);
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
	ck_assert_int_eq(truncate(harness_state(target), 8192), 0);
}

static void
cut_in_a_page(void)
{
	ck_assert_int_eq(truncate(harness_state(target), 9000), 0);
}

static void
one_byte(void)
{
	harness_write(harness_state(target), "x", 1);
}

/* Of a later LMDB: the version behind the magic number in both meta pages. */
static void
of_another_lmdb(void)
{
	overwrite(20, 4, 9);
	overwrite(4096 + 20, 4, 9);
}

static void
mostly_holes(void)
{
	ck_assert_int_eq(truncate(harness_state("live.mdb"), 256 << 20), 0);
}

static void
too_large(void)
{
	ck_assert_int_eq(truncate(harness_state(target), ((off_t)1 << 30) + 4096), 0);
}

/*
 * The right record but for its first byte, the version: `by` later. With a check that is right again. Nobody
 * writes records of a later one without saying so first, in info: those of test_newer.c.
 */
static void
change_version(const struct record_key *key, int by)
{
	static unsigned char record[WATCH_RECORD_MAX + RECORD_CHECK_SIZE];
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
	size_t size;

	ck_assert(s != NULL && store_begin(s, false) == 0);
	ck_assert_int_eq(record_get(s, key, record, sizeof record, &size), 1);
	record[0] = (unsigned char)(record[0] + by);
	ck_assert_int_eq(record_put(s, key, record, size), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static void
info_is_older(void)
{
	struct record_key key;

	record_key(&key, TAG_INFO);
	change_version(&key, -1);
}

static void
server_is_newer(void)
{
	struct record_key key;

	record_key_named(&key, TAG_COUNTERS, hour_of(HARNESS_NOW), METER_SERVER, "", 0);
	change_version(&key, 1);
}

static void
counters_are_older(void)
{
	struct record_key key;

	record_key_named(&key, TAG_COUNTERS, hour_of(HARNESS_NOW), METER_DOMAIN, "example.com", 11);
	change_version(&key, -1);
}

static const struct {
	const char *label;
	void (*damage)(void);
	unsigned copies; /* nothing is lost with an empty file: it is no damage, and nothing is said */
} damages[] = {
	{ "O4 empty", empty, 0 },
	{ "O4 one byte", one_byte, 1 },
	{ "O4 garbage", garbage, 1 },
	{ "O4 no meta pages", no_meta_pages, 1 },
	{ "O4 wild pages", wild_pages, 1 },
	{ "O4 zero pages", zero_pages, 1 },
	{ "O4 truncated behind the meta pages", truncated, 1 },
	{ "O4 truncated inside a page", cut_in_a_page, 1 },
	{ "O4 of another version of LMDB", of_another_lmdb, 1 },
	{ "O4 larger than any hour", too_large, 1 },
	{ "O4 mostly holes", mostly_holes, 1 },
	{ "O7 info of an older version", info_is_older, 1 },
	{ "O7 the server's counters of a newer version", server_is_newer, 1 },
	{ "O7 a domain's counters of an older version", counters_are_older, 1 },
};

static off_t
size_of(const char *name)
{
	struct stat st;

	return stat(harness_state(name), &st) == 0 ? st.st_size : -1;
}

/* How many files of the state directory begin with these words. */
static unsigned
count_files(const char *beginning)
{
	DIR *dir = opendir(harness_path("state"));
	struct dirent *entry;
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		n += strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
	(void)closedir(dir);
	return n;
}

/* How many rows the ledger has, and that each can be read. */
static unsigned
ledger_rows(void)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	struct store_row row = { .hour = 0 };
	unsigned n = 0;
	int rc;

	ck_assert(s != NULL && store_begin(s, false) == 0);
	while ((rc = store_counters_next(s, 0, UINT32_MAX, &row)) == 1)
		n++;
	ck_assert_int_eq(rc, 0);
	store_rollback(s);
	store_close(s);
	return n;
}

/* A ledger with one closed hour of a server, a domain and a user; nothing runs in the background any more. */
static void
build_ledger(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	harness_set_time(HARNESS_NOW - 3600);
	harness_expect_delivered("an hour ago");
	harness_set_time(HARNESS_NOW);
	harness_expect_delivered("now");
	while (wait(NULL) > 0)
		continue;
	ck_assert_uint_eq(ledger_rows(), 3);
}

/* One delivery meets the damage: sent, or with on_error = "defer" one clean Z. True once it is held. */
static bool
meet(const char *label, bool defer)
{
	size_t calls = harness_calls();
	struct harness_delivery d = harness_send();
	bool held = strstr(d.text, "max emails per hour") != NULL;

	ck_assert_msg(d.wait_status == 0 && d.bytes[d.length - 1] == '\0' &&
	    (d.letter == 'K' || (d.letter == 'Z' && (defer || held))), "%s: %c%s", label, d.letter,
	    d.text);
	ck_assert_msg(harness_calls() - calls == (d.letter == 'K'), "%s: %zu calls", label,
	    harness_calls() - calls);
	return held;
}

/*
 * Goal (O4, O7): damage and other versions are set aside, once and with one log line; mail goes on; limits
 * are soon in force again by themselves; and the ledger is as it was.
 */
START_TEST(test_damaged_store)
{
	const char *label = damages[_i / 2].label;
	unsigned copies = damages[_i / 2].copies;
	struct harness_counters c;
	size_t uncounted = 0;

	load_rules(_i % 2 == 1);
	build_ledger();
	damages[_i / 2].damage();
	while (!meet(label, _i % 2 == 1))
		ck_assert_msg(++uncounted < 8, "%s: never held again", label);
	uncounted -= 3;
	c = harness_counters("domain", "example.com");
	ck_assert_msg(c.admitted == 3 && c.sent == 3, "%s: %ju admitted, %ju sent", label,
	    (uintmax_t)c.admitted, (uintmax_t)c.sent);
	ck_assert_msg(count_files("live.mdb.damaged") == copies, "%s: %u copies", label,
	    count_files("live.mdb.damaged"));
	/* One line for the file, and none more for a delivery that the damage kept from being counted. */
	ck_assert_msg(harness_log_lines("is damaged: set aside") == copies, "%s: %zu lines", label,
	    harness_log_lines("is damaged: set aside"));
	ck_assert_msg(harness_log_lines("event=trouble") == (copies > 0 ? copies : uncounted), "%s: %zu lines: %s; %s",
	    label, harness_log_lines("event=trouble"), harness_log_line("event=trouble", 0),
	    harness_log_line("event=trouble", 1));
	ck_assert_uint_eq(ledger_rows(), 3);
	ck_assert_uint_eq(count_files("ledger.mdb.damaged"), 0);
}
END_TEST

/* Goal (O4): of two damaged files the newer one is kept; there is never more than one copy. */
START_TEST(test_one_copy)
{
	load_rules(false);
	harness_expect_delivered("before");
	garbage();
	harness_expect_delivered("first damage");
	ck_assert_int_ge(size_of("live.mdb.damaged"), 40000);
	one_byte();
	harness_expect_delivered("second damage");
	ck_assert_int_eq(size_of("live.mdb.damaged"), 1);
	ck_assert_uint_eq(count_files("live.mdb.damaged"), 1);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 2);
}
END_TEST

/*
 * Goal (O4): after an unclean boot closed hours that were tidied are still in the ledger, and only the
 * running hour is lost: the limit counts from zero. That is no damage, and nothing is said.
 */
START_TEST(test_other_boot)
{
	struct store *s;
	struct info info;

	load_rules(_i == 1);
	build_ledger();
	harness_expect_delivered("second");
	harness_expect_delivered("third");
	ck_assert_int_eq(harness_send().letter, 'Z');
	s = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
	ck_assert(s != NULL && store_begin(s, false) == 0 && store_info_get(s, &info) == 1);
	info.boot[0] ^= 1;
	ck_assert(store_info_put(s, &info) == 0 && store_commit(s) == 0);
	store_close(s);
	for (int i = 0; i < 3; i++)
		harness_expect_delivered("after the boot");
	ck_assert_int_eq(harness_send().letter, 'Z');
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 3);
	ck_assert_uint_eq(ledger_rows(), 3);
	ck_assert_uint_eq(count_files("live.mdb.damaged"), 0);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 0);
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

/* Goal: once it is set aside that is told, also before the next delivery or load makes a new one. */
START_TEST(test_told_without_a_store)
{
	struct harness_output o;

	harness_rules("default = { max_per_hour = 2; };");
	ck_assert_ptr_null(strstr(harness_cli("status", "--json").out, "\"damaged_at\":\""));
	garbage();
	o = harness_cli("status", "--json");
	ck_assert_int_eq(o.status, EX_IOERR);
	ck_assert_ptr_nonnull(strstr(o.out, "\"mail_path\""));
	ck_assert_ptr_null(strstr(o.out, "\"damaged_at\""));
	harness_rules("default = { max_per_hour = 2; };");
	wild_pages();
	ck_assert_int_eq(harness_cli("show").status, EX_IOERR);
	ck_assert_uint_eq(count_files("live.mdb"), 1); /* set aside */
	o = harness_cli("status");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	ck_assert_ptr_nonnull(strstr(o.out, "\nTROUBLE:       a damaged store was set aside as live.mdb.damaged "));
	ck_assert_ptr_nonnull(strstr(o.err, ", or since a damaged store was set aside as live.mdb.damaged, and no"));
	o = harness_cli("status", "--json");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	ck_assert_ptr_nonnull(strstr(o.out, "\"damaged_at\":\""));
	ck_assert_ptr_null(strstr(o.out, "\"mode\""));
	ck_assert_int_eq(harness_cli("status", "--check").status, 1);
}
END_TEST

static void (*const ledger_damages[])(void) = { one_byte, garbage, no_meta_pages, wild_pages, zero_pages,
	truncated, of_another_lmdb, cut_in_a_page };

/* The hour that is over goes to the ledger, sooner or later. */
static void
expect_tidied(void)
{
	int status = 1;

	for (int i = 0; i < 3 && status != 0; i++) {
		status = harness_cli("tidy").status;
		ck_assert_msg(status == 0 || status == EX_IOERR, "status %d", status);
	}
	ck_assert_int_eq(status, 0);
}

/*
 * Goal (O4): a ledger that is no database any more is set aside by whoever moves an hour to it, and that
 * hour is in the new one; no copy is ever overwritten; deliveries meet nothing of it.
 */
START_TEST(test_damaged_ledger)
{
	load_rules(false);
	build_ledger();
	target = "ledger.mdb";
	for (unsigned round = 1; round <= 2; round++) {
		ledger_damages[_i]();
		harness_set_time(HARNESS_NOW + round * 3600);
		harness_expect_delivered("a new hour");
		while (wait(NULL) > 0)
			continue;
		expect_tidied();
		ck_assert_msg(ledger_rows() == 3, "damage %d, round %u: %u rows", _i, round, ledger_rows());
		ck_assert_uint_eq(count_files("ledger.mdb.damaged"), round);
		ck_assert_uint_eq(count_files("live.mdb.damaged"), 0);
		ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
	}
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "a damaged ledger was set aside"));
}
END_TEST

Suite *
suite_damage(void)
{
	Suite *s = suite_create("damage");
	TCase *t = tcase_create("damage");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_damaged_store, 0, 2 * HARNESS_ROWS(damages));
	tcase_add_test(t, test_one_copy);
	tcase_add_loop_test(t, test_other_boot, 0, 2);
	tcase_add_loop_test(t, test_damaged_store_and_cli, 0, HARNESS_ROWS(damages));
	tcase_add_test(t, test_told_without_a_store);
	tcase_add_loop_test(t, test_damaged_ledger, 0, HARNESS_ROWS(ledger_damages));
	suite_add_tcase(s, t);
	return s;
}
