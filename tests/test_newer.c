/* test_newer - a store that a newer qlimit has written is left to it, and what says that it is one */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "log.h"
#include "record.h"
#include "store.h"
#include "suites.h"

/* --- a newer qlimit's work --- */

/*
 * Makes the store one of the version `by` later, with so many bytes more in the record that says so, or (`by`
 * negative) one of ours again: past store_begin(), which would not let us.
 */
static void
change_version(enum store_kind kind, int by, size_t more)
{
	static unsigned char record[INFO_SIZE_MAX + RECORD_CHECK_SIZE];
	struct store *s = store_lmdb_new(harness_path("state"), kind, 10000);
	struct record_key key;
	size_t size = 0;

	record_key(&key, TAG_INFO);
	ck_assert(s != NULL && s->ops->begin(s, false) == 0);
	memset(record, 'n', sizeof record);
	ck_assert_int_eq(record_get(s, &key, record, sizeof record, &size), 1);
	record[0] = (unsigned char)(record[0] + by);
	ck_assert_int_eq(record_put(s, &key, record, by > 0 ? size + more : size - more), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

struct copy {
	size_t size;
	char bytes[256 << 10];
};

static void
copy_of(const char *name, struct copy *copy)
{
	FILE *f = fopen(harness_state(name), "r");

	ck_assert_msg(f != NULL, "%s: %s", name, strerror(errno));
	copy->size = fread(copy->bytes, 1, sizeof copy->bytes, f);
	ck_assert(copy->size > 0 && copy->size < sizeof copy->bytes);
	(void)fclose(f);
}

static struct copy before;

static void
expect_untouched(const char *label, const char *name)
{
	static struct copy now;

	copy_of(name, &now);
	ck_assert_msg(now.size == before.size && memcmp(now.bytes, before.bytes, now.size) == 0,
	    "%s: %s has changed", label, name);
}

static bool
exists(const char *name)
{
	return access(harness_state(name), F_OK) == 0;
}

static void
expect_nothing_aside(const char *label)
{
	ck_assert_msg(!exists("live.mdb.damaged") && !exists("live.mdb.newer") && !exists("ledger.mdb.damaged"),
	    "%s: set aside", label);
}

static void
await_helpers(void)
{
	while (wait(NULL) > 0)
		continue;
}

/* --- the wrapper --- */

static const size_t longer[] = { 0, 100, INFO_SIZE_MAX - INFO_SIZE };

/*
 * Goal: deliveries of this version between those of a newer one go on by on_error, each with one line that says
 * why and what to do; what the newer one has counted is not touched, and it goes on from there.
 */
START_TEST(test_wrapper)
{
	bool defer = _i % 2 == 1;
	size_t more = longer[_i / 2];
	const char *line;

	harness_rules(defer ? "on_error = \"defer\"; default = { max_per_hour = 3; };" :
	    "default = { max_per_hour = 3; };");
	harness_expect_delivered("before");
	change_version(STORE_LIVE, 1, more);
	copy_of("live.mdb", &before);
	for (int i = 0; i < 3; i++) {
		harness_expect_in_trouble("newer", defer);
		expect_untouched("a delivery", "live.mdb");
	}
	line = harness_log_line("event=trouble", 0);
	ck_assert_msg(strstr(line, "a newer qlimit has written live.mdb: `qlimit load`") != NULL &&
	    strstr(line, defer ? "delivery deferred" : "delivery not counted") != NULL, "%s", line);
	expect_nothing_aside("deliveries");
	change_version(STORE_LIVE, -1, more);
	harness_expect_delivered("the newer one again");
	harness_expect_delivered("and again");
	ck_assert_int_eq(harness_send().letter, 'Z');
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 3);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 3);
}
END_TEST

/* Goal: an upgrade while the real program runs loses this outcome, with a line, and nothing else. */
START_TEST(test_outcome)
{
	struct harness_run *run;
	const char *line;
	size_t calls;

	harness_rules("default = { max_per_hour = 3; };");
	harness_script("sleep 500\naccept\n");
	calls = harness_calls();
	run = harness_deliver_start(harness_message(NULL, NULL), "a@example.com", "accept@x");
	while (harness_calls() == calls)
		(void)usleep(5000);
	change_version(STORE_LIVE, 1, 0);
	copy_of("live.mdb", &before);
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
	expect_untouched("a settlement", "live.mdb");
	expect_nothing_aside("a settlement");
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	line = harness_log_line("outcome not counted", 0);
	ck_assert_msg(line != NULL && strstr(line, "a newer qlimit has written live.mdb") != NULL, "%s", line);
	change_version(STORE_LIVE, -1, 0);
	ck_assert_uint_eq(harness_counters("domain", "example.com").admitted, 1);
}
END_TEST

/* --- the CLI --- */

/* Each says in one line what it is, and changes nothing. */
static const struct {
	const char *words[4];
	int status;
} commands[] = {
	{ { "show" }, EX_IOERR },
	{ { "show", "--json" }, EX_IOERR },
	{ { "status" }, EX_IOERR },
	{ { "status", "--check" }, 1 },
	{ { "report" }, EX_IOERR },
	{ { "report", "example.com" }, EX_IOERR },
	{ { "replay", "--with", "qlimit.conf" }, EX_IOERR },
	{ { "explain", "a@example.com" }, EX_IOERR },
	{ { "metrics" }, EX_IOERR },
	{ { "reset", "example.com" }, EX_IOERR },
	{ { "tidy" }, EX_IOERR },
};

static void
expect_told(size_t i, const char *what)
{
	struct harness_output o;
	const char *at;

	if (strcmp(commands[i].words[0], "replay") == 0)
		o = harness_cli("replay", "--with", harness_path("qlimit.conf"));
	else
		o = harness_cli_words(commands[i].words);
	at = strstr(o.err, what);
	ck_assert_msg(o.status == commands[i].status && at != NULL && strstr(at + 1, what) == NULL,
	    "%s: %d: %s", commands[i].words[0], o.status, o.err);
}

START_TEST(test_commands)
{
	harness_rules("default = { max_per_hour = 3; };");
	harness_expect_delivered("before");
	change_version(STORE_LIVE, 1, 30);
	copy_of("live.mdb", &before);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		expect_told(i, "a newer qlimit has written live.mdb: `qlimit load`");
		expect_untouched(commands[i].words[0], "live.mdb");
		expect_nothing_aside(commands[i].words[0]);
	}
	ck_assert_int_eq(harness_cli("hold", "example.com").status, 0); /* an order needs no store */
	expect_untouched("hold", "live.mdb");
}
END_TEST

/* Goal: after a step back one command begins anew, and says so; not before it has rules to do it with. */
START_TEST(test_load)
{
	struct harness_output o;

	harness_rules("default = { max_per_hour = 2; };");
	harness_expect_delivered("before");
	change_version(STORE_LIVE, 1, 30);
	copy_of("live.mdb", &before);
	harness_config("default = { max_per_newer = 2; };");
	o = harness_load();
	ck_assert_msg(o.status == EX_CONFIG || o.status == EX_IOERR, "%d: %s", o.status, o.err);
	expect_untouched("a load that fails", "live.mdb");
	expect_nothing_aside("a load that fails");
	harness_config("default = { max_per_hour = 2; };");
	o = harness_load();
	ck_assert_msg(o.status == 0 && strstr(o.err, "was written by a newer qlimit: set aside as live.mdb.newer"),
	    "%d: %s", o.status, o.err);
	ck_assert_uint_eq(harness_log_lines("live.mdb is of a newer qlimit: set aside as live.mdb.newer"), 1);
	expect_untouched("a load", "live.mdb.newer");
	ck_assert(!exists("live.mdb.damaged"));
	ck_assert_ptr_null(strstr(harness_cli("status").out, "TROUBLE"));
	for (int i = 0; i < 2; i++)
		harness_expect_delivered("anew");
	ck_assert_int_eq(harness_send().letter, 'Z');
	o = harness_load();
	ck_assert_msg(o.status == 0 && strstr(o.err, "newer") == NULL, "%d: %s", o.status, o.err);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 2);
}
END_TEST

static int
upgrade(void)
{
	static bool done;

	if (!done)
		change_version(STORE_LIVE, 1, 0);
	done = true;
	return 0;
}

/* Goal: a load that waits for a file to be complete, and is overtaken by an upgrade, leaves the new store alone. */
START_TEST(test_load_overtaken)
{
	static char *none[] = { NULL };
	struct admin a;

	harness_rules("default = { max_per_hour = 3; };");
	harness_expect_delivered("before");
	harness_config("default = { max_per_hour = 4; };");
	ck_assert_int_eq(utimensat(AT_FDCWD, harness_path("qlimit.conf"), NULL, 0), 0); /* just written */
	log_to(harness_path("syslog"));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* a test has a process of its own */
	harness_on_call("nanosleep", upgrade);
	admin_init(&a, HARNESS_NOW);
	a.names = none;
	ck_assert_int_eq(admin_load(&a), EX_IOERR);
	harness_on_call("nanosleep", NULL);
	expect_nothing_aside("a load that is overtaken");
	ck_assert_uint_eq(harness_log_lines("what=\"qlimit load failed\" error=\"a newer qlimit"), 1);
	change_version(STORE_LIVE, -1, 0);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- the ledger --- */

/* An hour that is closed and in the ledger, another that waits to be moved there, and a running one. */
static void
build_ledger(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	harness_rules("default = { max_per_day = 100; };");
	harness_set_time(HARNESS_NOW - 3600);
	harness_expect_delivered("an hour ago");
	harness_set_time(HARNESS_NOW);
	harness_expect_delivered("now");
	await_helpers();
	ck_assert(exists("ledger.mdb"));
}

/* Goal: what a newer version keeps in the ledger is neither changed nor lost, and mail and limits go on. */
START_TEST(test_ledger)
{
	static const char words[] = "a newer qlimit has written ledger.mdb";
	struct harness_output o;

	build_ledger();
	change_version(STORE_LEDGER, 1, _i == 0 ? 0 : 77);
	copy_of("ledger.mdb", &before);
	harness_set_time(HARNESS_NOW + 3600);
	harness_expect_delivered("the next hour");
	await_helpers();
	ck_assert_uint_eq(harness_log_lines("what=\"closed hours were not moved to the ledger\" error=\"a newer"), 1);
	o = harness_cli("tidy");
	ck_assert_msg(o.status == EX_IOERR && strstr(o.err, words) != NULL, "%d: %s", o.status, o.err);
	o = harness_cli("report");
	ck_assert_msg(o.status == EX_IOERR && strstr(o.err, words) != NULL, "%d: %s", o.status, o.err);
	o = harness_load();
	ck_assert_msg(o.status == 0 && strstr(o.err, "newer") == NULL, "%d: %s", o.status, o.err);
	ck_assert_uint_eq(harness_log_lines("max_per_day knows this hour alone\" error=\"a newer"), 1);
	expect_untouched("all of it", "ledger.mdb");
	expect_nothing_aside("all of it");
	harness_expect_delivered("and on");
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 2);
	/* Of ours again: the hour that waited is moved. */
	change_version(STORE_LEDGER, -1, _i == 0 ? 0 : 77);
	o = harness_cli("tidy");
	ck_assert_msg(o.status == 0 && strstr(o.out, "moved to the ledger: 3 rows") != NULL, "%d: %s%s", o.status,
	    o.out, o.err);
}
END_TEST

/* Goal: one from before ledgers had a number is used, and then has one. */
START_TEST(test_ledger_without)
{
	struct store *s;
	struct record_key key;
	unsigned char record[16];
	size_t size;

	build_ledger();
	record_key(&key, TAG_INFO);
	s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	ck_assert(s != NULL && store_begin(s, false) == 0 && record_del(s, &key) == 0 && store_commit(s) == 0);
	ck_assert_int_eq(harness_cli("report").status, 0);
	harness_set_time(HARNESS_NOW + 3600);
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(record_get(s, &key, record, sizeof record, &size), 0);
	store_rollback(s);
	harness_expect_delivered("the next hour");
	await_helpers();
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(record_get(s, &key, record, sizeof record, &size), 1);
	ck_assert(size == 1 && record[0] == COUNTERS_VERSION);
	store_close(s);
}
END_TEST

/* --- what is newer, and what is damage --- */

static struct store *store;

static void
open_backend(int which)
{
	store = which == 0 ? store_memory_new() :
	    store_lmdb_new(harness_path("state"), which == 1 ? STORE_LIVE : STORE_LEDGER, 1000);
	ck_assert_ptr_nonnull(store);
}

static void
put_raw(const unsigned char *record, size_t size, bool checked)
{
	struct record_key key;

	record_key(&key, TAG_INFO);
	ck_assert_int_eq(store->ops->begin(store, true), 0);
	if (checked)
		ck_assert_int_eq(record_put(store, &key, record, size), 0);
	else
		ck_assert_int_eq(store->ops->put(store, STORE_TABLE_STATE, key.data, key.size, record, size), 0);
	ck_assert_int_eq(store_commit(store), 0);
}

/* `above` ours: what begins a record that is newer; with a check that holds or not, of any size. */
static const struct {
	const char *label;
	size_t size;
	int above;
	bool checked, newer;
} records[] = {
	{ "one byte, of the next version", 1, 1, true, true },
	{ "of the next version", INFO_SIZE, 1, true, true },
	{ "as long as there may be one", INFO_SIZE_MAX, 1, true, true },
	{ "of the last version there can be", 200, 255, true, true },
	{ "longer", INFO_SIZE_MAX + 1, 1, true, false },
	{ "a check that does not hold", INFO_SIZE, 1, false, false },
	{ "no room for a check", RECORD_CHECK_SIZE - 1, 1, false, false },
	{ "empty", 0, 1, true, false },
	{ "of ours, too short", INFO_SIZE - 1, 0, true, false },
	{ "of ours, too long", INFO_SIZE + 1, 0, true, false },
	{ "version 0", INFO_SIZE, -255, true, false },
};

#define RECORDS ((int)(sizeof records / sizeof records[0]))

/*
 * Goal: a number above ours, in a record that is what was written, is a newer version's, and nothing begins in
 * that store; whatever else is no record of ours is damage as ever, for a live store; a ledger needs none.
 */
START_TEST(test_records)
{
	static unsigned char record[INFO_SIZE_MAX + 1];
	int which = _i / RECORDS, version;
	const char *label = records[_i % RECORDS].label;
	bool newer = records[_i % RECORDS].newer;
	struct info info;

	open_backend(which);
	version = (which == 2 ? COUNTERS_VERSION : INFO_VERSION) + records[_i % RECORDS].above;
	record[0] = (unsigned char)(version > 255 ? 255 : version < 0 ? 0 : version);
	put_raw(record, records[_i % RECORDS].size, records[_i % RECORDS].checked);
	errno = 0;
	ck_assert_msg(store_begin(store, true) == (newer ? -1 : 0), "%s: %s", label, strerror(errno));
	if (newer) {
		ck_assert_msg(errno == (which == 2 ? STORE_NEWER_LEDGER : STORE_NEWER_LIVE), "%s", label);
		store_rollback(store);
		ck_assert_int_eq(store_compact(store), -1);
		ck_assert_int_eq(store_begin(store, true), -1);
		ck_assert_msg(store_set_newer_aside(store) == (which != 2), "%s", label);
		ck_assert_int_eq(store_begin(store, true), which == 2 ? -1 : 0);
	} else {
		ck_assert_msg(store_info_get(store, &info) == -1 && errno == EBADMSG, "%s", label);
		store_rollback(store);
		ck_assert(!store_set_newer_aside(store));
		ck_assert_int_eq(store_begin(store, true), 0);
		ck_assert_int_eq(store_info_get(store, &info), which == 2 ? -1 : 0);
	}
	ck_assert(exists("live.mdb.newer") == (newer && which == 1));
	ck_assert(exists("live.mdb.damaged") == (!newer && which == 1));
	ck_assert(!exists("ledger.mdb.damaged"));
	store_close(store);
}
END_TEST

/* Goal: a ledger's number that is damaged hinders nobody and is written again. */
START_TEST(test_mark)
{
	open_backend(2);
	put_raw((const unsigned char *)"xxxxx", 5, false);
	ck_assert_int_eq(store_begin(store, true), 0);
	ck_assert_int_eq(store_ledger_ready(store), 0);
	ck_assert_int_eq(store_commit(store), 0);
	put_raw((const unsigned char[]){ COUNTERS_VERSION + 1 }, 1, true);
	ck_assert_int_eq(store_begin(store, true), -1);
	store_close(store);
}
END_TEST

/* Goal: what cannot be asked is not begun in; what cannot be set aside stays; where there is none, all is well. */
START_TEST(test_trouble)
{
	open_backend(1);
	ck_assert(!store_set_newer_aside(store));
	ck_assert(!exists("live.mdb"));
	put_raw((const unsigned char[]){ INFO_VERSION + 1 }, 1, true);
	copy_of("live.mdb", &before);
	harness_call_fails("rename", 0, 1, EROFS);
	ck_assert(!store_set_newer_aside(store));
	expect_untouched("no rename(2)", "live.mdb");
	for (unsigned n = 1;; n++) {
		unsigned seen;
		int rc;

		harness_fail_at(n, false, EIO);
		errno = 0;
		rc = store_begin(store, false);
		seen = harness_fail_end();
		ck_assert_int_eq(rc, -1);
		if (seen < n)
			break;
		ck_assert_msg(errno == EIO || errno == ENOMEM || errno == STORE_NEWER_LIVE, "call %u: %s", n,
		    strerror(errno));
	}
	ck_assert_int_eq(errno, STORE_NEWER_LIVE);
	expect_untouched("calls that fail", "live.mdb");
	ck_assert_str_eq(store_error(EIO), strerror(EIO));
	store_close(store);
}
END_TEST

/* --- whoever changes a record --- */

static void
add(struct digest *d, const unsigned char *record, size_t size)
{
	digest_add64(d, size);
	digest_add(d, record, size);
}

static void
add_keys(struct digest *d)
{
	static const unsigned char id[DIGEST_SIZE] = "id";
	struct record_key key;

	record_key_named(&key, TAG_COUNTERS, 0x1234567, METER_DOMAIN, "name", 4);
	add(d, key.data, key.size);
	record_key_named(&key, TAG_RULE, 7, RULES_DOMAIN, "name", 4);
	add(d, key.data, key.size);
	record_key_named(&key, TAG_DAY, 0, METER_USER, "48", 2);
	add(d, key.data, key.size);
	record_key_numbered(&key, TAG_RETURNS, 0x123);
	add(d, key.data, key.size);
	record_key_id(&key, id);
	add(d, key.data, key.size);
}

static void
add_counters(struct digest *d)
{
	struct counters c = { .admitted = 1, .sent = 2, .deferred = 3, .failed = 4, .unreached = 5, .held = 6,
		.refused = 7, .discarded = 8, .returned = 9, .bytes = 10, .before = 11, .reset_at = 12,
		.tripped = true, .ordered = true, .noticed = 13, .generation = 14 };
	unsigned char record[COUNTERS_SIZE];

	c.limits = (struct limits){ 15, 16, 117, 18, 19, LIMITS_COUNT_ALL, true, true, true, true, true };
	counters_encode(&c, record); /* the limits' record is in it */
	add(d, record, sizeof record);
}

static void
add_others(struct digest *d)
{
	struct info i = { .sequence = 1, .hour = 2, .generation = 3, .loaded_at = 4, .tried_at = 5,
		.load_claimed_at = 6, .tidy_claimed_at = 7, .last_delivery = 8, .pendings = 9, .meters = 10,
		.created = 11, .tidy_wanted = true };
	struct pending p = { PENDING_ADMITTED, true, OUTCOME_DEFERRED, 1, 2, 3, 4, 5 };
	struct returns r = { 1, { { "identity", 2 } } };
	struct day day = { 30, 20, { 1, 2, 3 } };
	static struct watch_list list;
	static unsigned char record[WATCH_RECORD_MAX];

	memset(i.boot, 'b', sizeof i.boot);
	memset(i.secret, 's', sizeof i.secret);
	rules_settings_init(&i.settings);
	info_encode(&i, record);
	add(d, record, INFO_SIZE);
	pending_encode(&p, record);
	add(d, record, PENDING_SIZE);
	returns_encode(&r, record);
	add(d, record, RETURNS_SIZE);
	day_encode(&day, record);
	add(d, record, DAY_SIZE);
	list.count = 1;
	list.file[0] = (struct watch_file){ "/etc/file", true, 1, 2, 3, 4 };
	add(d, record, watch_encode(&list, record));
}

/*
 * Goal: nobody changes the form of a record and forgets the number that keeps an older version away from it. If
 * this fails: raise INFO_VERSION, and COUNTERS_VERSION if it is theirs, as info.h says; then put here what is.
 */
START_TEST(test_forms)
{
	static const unsigned char no_secret[DIGEST_KEY_SIZE];
	unsigned char sum[DIGEST_SIZE];
	char text[2 * DIGEST_SIZE + 40];
	struct digest d;
	int n;

	digest_init(&d, no_secret);
	add_keys(&d);
	add_counters(&d);
	add_others(&d);
	digest_finish(&d, sum);
	n = snprintf(text, sizeof text, "%d %d ", INFO_VERSION, COUNTERS_VERSION);
	for (int i = 0; i < DIGEST_SIZE; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%02x", sum[i]);
	ck_assert_str_eq(text, "2 4 fdfc9ce75734599b755b0304b0c2e056");
}
END_TEST

Suite *
suite_newer(void)
{
	Suite *s = suite_create("newer");
	TCase *t = tcase_create("newer");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_wrapper, 0, 2 * HARNESS_ROWS(longer));
	tcase_add_test(t, test_outcome);
	tcase_add_test(t, test_commands);
	tcase_add_test(t, test_load);
	tcase_add_test(t, test_load_overtaken);
	tcase_add_loop_test(t, test_ledger, 0, 2);
	tcase_add_test(t, test_ledger_without);
	tcase_add_loop_test(t, test_records, 0, 3 * RECORDS);
	tcase_add_test(t, test_mark);
	tcase_add_test(t, test_trouble);
	tcase_add_test(t, test_forms);
	suite_add_tcase(s, t);
	return s;
}
