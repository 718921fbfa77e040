/* test_store - both backends keep one contract; the LMDB one is careful whose files it opens */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admission.h"
#include "harness.h"
#include "record.h"
#include "store.h"
#include "store_backend.h"
#include "store_file.h"
#include "suites.h"

static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";
static char directory[64];
static struct store *store;

static const char *
path(const char *name)
{
	static char buffer[128];

	(void)snprintf(buffer, sizeof buffer, "%s/%s", directory, name);
	return buffer;
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(directory, sizeof directory, "%s/storeXXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void
teardown(void)
{
	store_close(store);
	ck_assert_int_eq(harness_remove_tree(directory), 0);
}

/* The backends, by the loop's index. */
static void
open_backend(int which)
{
	if (which == 0)
		store = store_memory_new();
	else
		store = store_lmdb_new(directory, which == 1 ? STORE_LIVE : STORE_LEDGER, 1000);
	ck_assert_ptr_nonnull(store);
}

static void
begin(void)
{
	ck_assert_msg(store_begin(store, true) == 0, "%s", strerror(errno));
}

static void
commit(void)
{
	ck_assert_msg(store_commit(store) == 0, "%s", strerror(errno));
}

static struct meter
domain(const char *name)
{
	struct meter m;

	meter_set(&m, METER_DOMAIN, name);
	return m;
}

/* --- the contract --- */

START_TEST(test_counters_come_back)
{
	struct counters c = { .admitted = 5, .tripped = true }, back;
	struct meter a = domain("a.example");

	open_backend(_i);
	errno = 0;
	ck_assert_int_eq(store_begin(store, false), -1);
	ck_assert_int_eq(errno, ENOENT);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &back), 0);
	ck_assert_uint_eq(back.admitted, 0);
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	ck_assert_int_eq(store_counters_get(store, 1, &a, &back), 1);
	commit();
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &back), 1);
	ck_assert(back.admitted == 5 && back.tripped);
	ck_assert_int_eq(store_counters_get(store, 2, &a, &back), 0);
	ck_assert_int_eq(store_counters_del(store, 1, &a), 0);
	ck_assert_int_eq(store_counters_del(store, 1, &a), 0);
	ck_assert_int_eq(store_counters_get(store, 1, &a, &back), 0);
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &back), 1);
	store_rollback(store);
}
END_TEST

static void
list_rows(uint32_t from, uint32_t to, const char *const *expected)
{
	struct store_row row = { .hour = 0 };
	unsigned rows = 0;

	while (store_counters_next(store, from, to, &row) == 1) {
		char text[300];

		(void)snprintf(text, sizeof text, "%u %s", row.hour, row.meter.name);
		ck_assert_ptr_nonnull(expected[rows]);
		ck_assert_str_eq(text, expected[rows++]);
	}
	ck_assert_ptr_null(expected[rows]);
}

/* Goal: meters without a name first, then the others, by hour and name, in the bounds asked for. */
START_TEST(test_counters_in_order)
{
	struct counters c = { .admitted = 1 };
	struct meter server;
	struct pending p = { .state = PENDING_HELD };
	unsigned char id[DIGEST_SIZE] = "id";
	static const struct {
		uint32_t hour;
		const char *name;
	} rows[] = { { 1, "b" }, { 300, "a" }, { 1, "a" }, { 2, "c" } };

	open_backend(_i);
	begin();
	meter_set(&server, METER_SERVER, "");
	for (size_t i = 0; i < 4; i++) {
		struct meter m = domain(rows[i].name);

		ck_assert_int_eq(store_counters_put(store, rows[i].hour, &m, &c), 0);
	}
	ck_assert_int_eq(store_counters_put(store, 2, &server, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 300, &server, &c), 0);
	ck_assert_int_eq(store_pending_put(store, id, &p), 0);
	ck_assert_int_eq(store_watch_put(store, (const unsigned char *)"long long long record", 21), 0);
	list_rows(0, UINT32_MAX, (const char *const[]){ "2 ", "300 ", "1 a", "1 b", "2 c", "300 a",
	    NULL });
	list_rows(0, 300, (const char *const[]){ "2 ", "1 a", "1 b", "2 c", NULL });
	list_rows(1, 2, (const char *const[]){ "1 a", "1 b", NULL });
	list_rows(2, 3, (const char *const[]){ "2 ", "2 c", NULL });
	list_rows(3, 300, (const char *const[]){ NULL });
	store_rollback(store);
}
END_TEST

static void
expect_next(struct store_row *row, const char *name, uint64_t admitted)
{
	ck_assert_int_eq(store_counters_next(store, 1, 2, row), name == NULL ? 0 : 1);
	if (name != NULL) {
		ck_assert_str_eq(row->meter.name, name);
		ck_assert_uint_eq(row->counters.admitted, admitted);
	}
}

/* Goal: whoever goes through rows meets what was written, changed and removed meanwhile. */
START_TEST(test_rows_change_meanwhile)
{
	const struct counters one = { .admitted = 1 }, two = { .admitted = 2 };
	const struct meter a = domain("a"), b = domain("b"), d = domain("d"), e = domain("e"), f = domain("f");
	struct store_row row = { .hour = 0 }, other = { .hour = 0 };
	struct pending p = { .state = PENDING_HELD };
	unsigned char id[DIGEST_SIZE] = { 0 };

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &one), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &d, &one), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &f, &one), 0);
	expect_next(&row, "a", 1);
	ck_assert_int_eq(store_counters_put(store, 1, &b, &one), 0);
	expect_next(&row, "b", 1);
	ck_assert_int_eq(store_counters_del(store, 1, &b), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &d, &two), 0);
	expect_next(&row, "d", 2);
	ck_assert_int_eq(store_counters_put(store, 1, &e, &two), 0);
	ck_assert_int_eq(store_pending_next(store, id, &p), 0);
	expect_next(&row, "e", 2);
	expect_next(&other, "a", 1); /* another one going through them */
	expect_next(&row, "f", 1);
	expect_next(&other, "d", 2);
	expect_next(&row, NULL, 0);
	expect_next(&row, NULL, 0);
	commit();
	begin();
	expect_next(&other, "e", 2);
	store_rollback(store);
}
END_TEST

START_TEST(test_pending_come_back)
{
	struct pending p = { PENDING_ADMITTED, false, OUTCOME_DEFERRED, 1, 0, 2, 3, 4 }, back;
	unsigned char id[DIGEST_SIZE] = "0123456789abcde", at[DIGEST_SIZE] = { 0 };

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_pending_get(store, id, &back), 0);
	ck_assert_int_eq(store_pending_put(store, id, &p), 0);
	id[0]++;
	ck_assert_int_eq(store_pending_put(store, id, &p), 0);
	ck_assert_int_eq(store_pending_next(store, at, &back), 1);
	ck_assert(at[0] == '0' && back.outcome == OUTCOME_DEFERRED && back.booked_at == 4);
	ck_assert_int_eq(store_pending_next(store, at, &back), 1);
	ck_assert_int_eq(store_pending_next(store, at, &back), 0);
	ck_assert_int_eq(store_pending_del(store, id), 0);
	ck_assert_int_eq(store_pending_get(store, id, &back), 0);
	commit();
}
END_TEST

/* Goal: generations are apart, found by the rules' order, and only the others are pruned. */
START_TEST(test_rules_by_generation)
{
	struct limits l, found;
	struct rules_key key = { .scope = 0 };
	struct meter m = domain("x.a.example");
	int seen = 0;

	open_backend(_i);
	limits_init(&l);
	begin();
	for (uint32_t generation = 1; generation <= 3; generation++) {
		l.max_per_hour = generation;
		rules_key_set(&key, RULES_SUBDOMAINS, "a.example");
		ck_assert_int_eq(store_rule_put(store, generation, &key, &l), 0);
		rules_key_set(&key, RULES_DEFAULT, "");
		l.max_per_hour = 1000;
		ck_assert_int_eq(store_rule_put(store, generation, &key, &l), 0);
	}
	ck_assert_int_eq(store_limits_find(store, 2, &m, &found), 1);
	ck_assert_uint_eq(found.max_per_hour, 2);
	m = domain("a.example");
	ck_assert_int_eq(store_limits_find(store, 2, &m, &found), 1);
	ck_assert_uint_eq(found.max_per_hour, 1000);
	ck_assert_int_eq(store_rules_prune(store, 2, 3), 3);
	ck_assert_int_eq(store_rules_prune(store, 2, 100), 1);
	ck_assert_int_eq(store_rules_prune(store, 2, 100), 0);
	ck_assert_int_eq(store_limits_find(store, 1, &m, &found), 0);
	ck_assert_uint_eq(found.max_per_hour, 0);
	key.scope = 0;
	while (store_rule_next(store, 2, &key, &found) == 1)
		seen++;
	ck_assert_int_eq(seen, 2);
	store_rollback(store);
}
END_TEST

START_TEST(test_notes_and_watch)
{
	unsigned char record[WATCH_RECORD_MAX];
	char note[STORE_NOTE_MAX + 1], longest[2000];
	size_t size;

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_note_get(store, note), 0);
	ck_assert_str_eq(note, "");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(store_note_put(store, longest), 0);
	ck_assert_int_eq(store_note_get(store, note), 1);
	ck_assert_uint_eq(strlen(note), STORE_NOTE_MAX);
	ck_assert_int_eq(store_watch_get(store, record, &size), 0);
	ck_assert_int_eq(store_watch_put(store, (const unsigned char *)"abc", 3), 0);
	ck_assert_int_eq(store_watch_get(store, record, &size), 1);
	ck_assert_uint_eq(size, 3);
	store_rollback(store);
}
END_TEST

/* Goal: a new store gets a secret; another boot, or no trust in the boot, decides what is kept. */
START_TEST(test_info_follows_the_boot)
{
	static const unsigned char other[INFO_BOOT_SIZE] = "other boot", unknown[INFO_BOOT_SIZE];
	struct info first, info;

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_info_ready(store, &first, boot, 100), 0);
	ck_assert_int_eq(first.created, 100);
	commit();
	begin();
	ck_assert_int_eq(store_info_ready(store, &info, boot, 200), 0);
	ck_assert_int_eq(info.created, 100);
	ck_assert_mem_eq(info.secret, first.secret, sizeof info.secret);
	ck_assert_int_eq(store_info_ready(store, &info, unknown, 200), 0);
	ck_assert_int_eq(info.created, 100);
	ck_assert_int_eq(store_info_ready(store, &info, other, 300), 0);
	ck_assert_int_eq(info.created, 300);
	ck_assert_mem_ne(info.secret, first.secret, sizeof info.secret);
	commit();
}
END_TEST

/* Goal: rows without the record that says whose they are, as a power cut may leave them, are not believed. */
START_TEST(test_rows_of_nobody)
{
	struct counters c = { .admitted = 5 };
	struct meter a = domain("a"), server;
	struct info info;

	meter_set(&server, METER_SERVER, "");
	limits_init(&c.limits);
	open_backend(_i);
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &server, &c), 0);
	commit();
	begin();
	ck_assert_int_eq(store_info_ready(store, &info, boot, 100), 0);
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), 0);
	ck_assert_int_eq(store_counters_get(store, 1, &server, &c), 0);
	commit();
}
END_TEST

/* Goal (O4): a record that is not what was written is damage, and after rollback all starts anew. */
START_TEST(test_damaged_record)
{
	struct counters c;
	struct meter a = domain("a");
	unsigned char record[COUNTERS_SIZE + 4] = { 1 };
	static const unsigned char key[] = { TAG_COUNTERS, 0, 0, 0, 1, METER_DOMAIN, 'a' };

	open_backend(_i);
	begin();
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, key, sizeof key, record, sizeof record), 0);
	errno = 0;
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), -1);
	ck_assert_int_eq(errno, EBADMSG);
	commit();
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), -1);
	store_rollback(store);
	begin();
	/* A ledger is kept: one bad record is no reason to lose the others. */
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), _i == 2 ? -1 : 0);
	store_rollback(store);
}
END_TEST

/* Goal: rows grow old by their hour, be they damaged or not, and no others go. */
START_TEST(test_old_rows_are_pruned)
{
	const struct meter server = { .kind = METER_SERVER };
	struct meter a = domain("a");
	struct counters c = { .admitted = 7 };
	static const unsigned char key[] = { TAG_COUNTERS, 0, 0, 0, 1, METER_DOMAIN, 'b' };
	static const unsigned char longer[] = { TAG_COUNTERS, 0, 0, 0, 1, METER_DOMAIN, 'c' };
	static const unsigned char record[WATCH_RECORD_MAX + 100];
	uint32_t hour = 0;

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_counters_oldest(store, &hour), 0);
	ck_assert_int_eq(store_counters_put(store, 3, &server, &c), 0);
	ck_assert_int_eq(store_counters_oldest(store, &hour), 1);
	ck_assert_uint_eq(hour, 3);
	ck_assert_int_eq(store_counters_put(store, 2, &server, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 2, &a, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 3, &a, &c), 0);
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, key, sizeof key, "x", 1), 0);
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, longer, sizeof longer, record,
	    sizeof record), 0);
	ck_assert_int_eq(store_counters_oldest(store, &hour), 1);
	ck_assert_uint_eq(hour, 1);
	ck_assert_int_eq(store_counters_prune(store, 1, 10), 0);
	ck_assert_int_eq(store_counters_prune(store, 3, 2), 2);
	ck_assert_int_eq(store_counters_prune(store, 3, 10), 2);
	ck_assert_int_eq(store_counters_get(store, 2, &a, &c), 0);
	ck_assert_int_eq(store_counters_get(store, 3, &a, &c), 1);
	ck_assert_int_eq(store_counters_get(store, 3, &server, &c), 1);
	/* Where nobody would look for it, it is damage: it cannot be removed. */
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, key, sizeof key - 1, "x", 1), 0);
	errno = 0;
	ck_assert_int_eq(store_counters_prune(store, 3, 10), -1);
	ck_assert_int_eq(errno, EBADMSG);
	store_rollback(store);
}
END_TEST

/* Goal: a record too long for any of this version is one bad record, no reason to lose a ledger. */
START_TEST(test_record_too_long)
{
	struct counters c = { .admitted = 1 };
	struct meter a = domain("a"), b = domain("b");
	struct store_row row = { .hour = 0 };
	unsigned char record[COUNTERS_SIZE + 8] = { 2 };
	static const unsigned char key[] = { TAG_COUNTERS, 0, 0, 0, 1, METER_DOMAIN, 'b' };

	open_backend(_i);
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, key, sizeof key, record, sizeof record), 0);
	commit();
	begin();
	errno = 0;
	ck_assert_int_eq(store_counters_get(store, 1, &b, &c), -1);
	ck_assert_int_eq(errno, EBADMSG);
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), _i == 2 ? 1 : 0);
	ck_assert_int_eq(store_counters_next(store, 1, 2, &row), _i == 2 ? 1 : 0);
	if (_i == 2) {
		errno = 0;
		ck_assert_int_eq(store_counters_next(store, 1, 2, &row), -1);
		ck_assert_int_eq(errno, EBADMSG);
	}
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), _i == 2 ? 1 : 0);
	store_rollback(store);
}
END_TEST

/*
 * Goal: a kind or scope that nobody writes is damage. The number 0 above all: those who go from row to
 * row begin with it, and would begin again and again.
 */
START_TEST(test_numbers_of_nobody)
{
	unsigned char counted[COUNTERS_SIZE], rule[LIMITS_SIZE];
	struct counters c = { .admitted = 1 };
	static const unsigned scopes[] = { 0, RULES_ADDRESS + 1, 255 };
	struct limits l;
	struct record_key key;

	open_backend(_i);
	counters_encode(&c, counted);
	limits_init(&l);
	limits_encode(&l, rule);
	begin();
	for (unsigned named = 0; named < 2; named++) {
		struct store_row row = { .hour = 0 };

		record_key_named(&key, TAG_COUNTERS, 1, 0, "name", 4 * named);
		ck_assert_int_eq(record_put(store, &key, counted, sizeof counted), 0);
		errno = 0;
		ck_assert_int_eq(store_counters_next(store, 0, 2, &row), -1);
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_int_eq(record_del(store, &key), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		struct rules_key wanted = { .scope = 0 };

		record_key_named(&key, TAG_RULE, 1, scopes[i], "name", 4);
		ck_assert_int_eq(record_put(store, &key, rule, sizeof rule), 0);
		errno = 0;
		ck_assert_msg(store_rule_next(store, 1, &wanted, &l) == -1, "%u", scopes[i]);
		ck_assert_int_eq(errno, EBADMSG);
		ck_assert_int_eq(record_del(store, &key), 0);
	}
	store_rollback(store);
}
END_TEST

/* Goal: a claim from before or behind all time is no reason never to start `qlimit load` again. */
START_TEST(test_claims_at_the_ends_of_time)
{
	static const int64_t claims[] = { INT64_MIN, INT64_MAX };
	char *recipient = (char *)(uintptr_t)"r@b.example";
	struct booking b = { .sender = "", .recipients = &recipient, .count = 1,
		.config = "/nonexistent", .boot = boot };
	struct admission a;
	struct info info;

	open_backend(0);
	origin_read(&b.origin, b.sender, recipient);
	begin();
	ck_assert_int_eq(store_info_ready(store, &info, boot, HARNESS_NOW), 0);
	info.load_claimed_at = claims[_i];
	info.tidy_claimed_at = claims[_i];
	info.tidy_wanted = true;
	ck_assert_int_eq(store_info_put(store, &info), 0);
	commit();
	ck_assert_int_eq(admission_ask(store, &b, HARNESS_NOW, false, &a), 0);
	ck_assert(a.claims.start_load && a.claims.start_tidy && a.claims.unanswered);
}
END_TEST

/* Goal: a rollback too many, after damage too, does nothing: another process may have written since. */
START_TEST(test_rollback_outside)
{
	struct counters c = { .admitted = 1 };
	struct meter a = domain("a");
	struct store *first, *second;

	open_backend(_i);
	first = second = store;
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	commit();
	store_rollback(store);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), 1);
	store->broken = true;
	store_rollback(store);
	if (_i > 0)
		open_backend(_i);
	second = store;
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	commit();
	store_rollback(first);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), 1);
	store_rollback(store);
	if (first != second)
		store_close(first);
}
END_TEST

/* Goal: any single byte of a record that changes is noticed. */
START_TEST(test_every_bit_counts)
{
	static const unsigned char key[] = { TAG_COUNTERS, 0, 0, 0, 1, METER_DOMAIN, 'a' };
	struct counters c = { .admitted = 7 };
	struct meter a = domain("a");
	unsigned char record[COUNTERS_SIZE + 4];
	size_t size;

	open_backend(0);
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	ck_assert_int_eq(store->ops->get(store, STORE_TABLE_COUNTERS, key, sizeof key, record, sizeof record, &size), 1);
	for (size_t i = 0; i < size; i++) {
		record[i] ^= 0x10;
		ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, key, sizeof key, record, size), 0);
		ck_assert_msg(store_counters_get(store, 1, &a, &c) == -1, "byte %zu", i);
		record[i] ^= 0x10;
	}
	commit();
}
END_TEST

/* --- whose files --- */

static void
put_file(const char *name, const char *content)
{
	FILE *f = fopen(path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(content, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path(name), 0600), 0);
}

static void
expect_refused(int error)
{
	struct store *s = store_lmdb_new(directory, STORE_LIVE, 0);

	ck_assert_ptr_nonnull(s);
	errno = 0;
	ck_assert_int_eq(store_begin(s, true), -1);
	ck_assert_msg(errno == error, "%s", strerror(errno));
	store_close(s);
}

/* Goal (L3): links, FIFOs and second names are not opened, and what they lead to is not touched. */
START_TEST(test_links_and_fifos)
{
	static const char *const names[] = { "lock", "live.mdb" };
	const char *name = names[_i];
	char target[128];
	struct stat st;

	(void)snprintf(target, sizeof target, "%s", path("target"));
	put_file("target", "");
	ck_assert_int_eq(symlink(target, path(name)), 0);
	expect_refused(_i == 0 ? ELOOP : EPERM);
	ck_assert_int_eq(unlink(path(name)), 0);
	ck_assert_int_eq(link(target, path(name)), 0);
	expect_refused(EPERM);
	ck_assert_int_eq(unlink(path(name)), 0);
	ck_assert_int_eq(mkfifo(path(name), 0600), 0);
	expect_refused(EPERM);
	ck_assert_int_eq(unlink(path(name)), 0);
	ck_assert_int_eq(mkdir(path(name), 0700), 0);
	expect_refused(_i == 0 ? EISDIR : EPERM);
	ck_assert_int_eq(rmdir(path(name)), 0);
	put_file(name, "");
	ck_assert_int_eq(chmod(path(name), 0666), 0);
	expect_refused(EPERM);
	ck_assert_int_eq(stat(target, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

/* Goal (L1): a state directory others may write, or a link to one, is not used. */
START_TEST(test_directory)
{
	char link_name[80];

	ck_assert_int_eq(chmod(directory, 0777), 0);
	expect_refused(EPERM);
	ck_assert_int_eq(chmod(directory, 0700), 0);
	(void)snprintf(link_name, sizeof link_name, "%s.link", directory);
	ck_assert_int_eq(symlink(directory, link_name), 0);
	store = store_lmdb_new(link_name, STORE_LIVE, 0);
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(unlink(link_name), 0);
}
END_TEST

/* Goal: a path that is not absolute, or too long, is not cut to another one. */
START_TEST(test_paths)
{
	char longest[400];

	ck_assert_ptr_null(store_lmdb_new("state", STORE_LIVE, 0));
	ck_assert_int_eq(errno, EINVAL);
	memset(longest, '/', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_ptr_null(store_lmdb_new(longest, STORE_LIVE, 0));
	ck_assert_int_eq(errno, ENAMETOOLONG);
	store_close(NULL);
}
END_TEST

/* Goal (O4): what is no database is set aside, one copy kept, and counting starts. */
START_TEST(test_garbage_file)
{
	struct stat st;

	for (int round = 0; round < 2; round++) {
		char garbage[20000];

		memset(garbage, 'g', sizeof garbage - 1);
		garbage[sizeof garbage - 1] = '\0';
		put_file("live.mdb", garbage);
		store = store_lmdb_new(directory, STORE_LIVE, 0);
		begin();
		commit();
		store_close(store);
		ck_assert_int_eq(stat(path("live.mdb.damaged"), &st), 0);
		ck_assert_int_eq(st.st_size, sizeof garbage - 1);
	}
	store = NULL;
}
END_TEST

/* Goal: an empty file is what a full disk leaves behind: it is simply filled. */
START_TEST(test_empty_file)
{
	put_file("live.mdb", "");
	store = store_lmdb_new(directory, STORE_LIVE, 0);
	begin();
	commit();
}
END_TEST

static bool
is_open(const char *name)
{
	struct stat file, st;

	ck_assert_int_eq(stat(path(name), &file), 0);
	for (int fd = 3; fd < 64; fd++)
		if (fstat(fd, &st) == 0 && st.st_ino == file.st_ino && st.st_dev == file.st_dev)
			return true;
	return false;
}

/* Goal: in an emergency no descriptor of LMDB's goes on to the real program, and only a crash is damage. */
START_TEST(test_emergency)
{
	struct stat st;

	store = store_lmdb_new(directory, STORE_LIVE, 0);
	begin();
	ck_assert(is_open("live.mdb"));
	store_lmdb_emergency(_i == 1);
	if (_i == 0)
		ck_assert(!is_open("live.mdb"));
	ck_assert_int_eq(stat(path("live.mdb"), &st), _i == 0 ? 0 : -1);
	ck_assert_int_eq(stat(path("live.mdb.damaged"), &st), _i == 0 ? -1 : 0);
	_exit(0); /* what LMDB thinks is open is not */
}
END_TEST

/* Goal: rewriting keeps every record of every table, and gives room back. */
START_TEST(test_compact)
{
	struct counters c = { .admitted = 7 };
	struct rules_key key;
	struct limits limits;
	struct info info;
	struct stat before, after;
	struct meter m, server;

	open_backend(_i);
	meter_set(&server, METER_SERVER, "");
	limits_init(&limits);
	begin();
	ck_assert_int_eq(store_info_ready(store, &info, boot, 5), 0);
	ck_assert_int_eq(store_counters_put(store, 1, &server, &c), 0);
	for (int i = 0; i < 3000; i++) {
		char name[40];

		(void)snprintf(name, sizeof name, "d%d.example", i);
		m = domain(name);
		ck_assert_int_eq(store_counters_put(store, 1, &m, &c), 0);
		rules_key_set(&key, RULES_DOMAIN, name);
		ck_assert_int_eq(store_rule_put(store, 1, &key, &limits), 0);
	}
	commit();
	begin();
	for (int i = 1; i < 3000; i++) {
		char name[40];

		(void)snprintf(name, sizeof name, "d%d.example", i);
		m = domain(name);
		ck_assert_int_eq(store_counters_del(store, 1, &m), 0);
	}
	commit();
	if (_i > 0)
		ck_assert_int_eq(stat(path(_i == 1 ? "live.mdb" : "ledger.mdb"), &before), 0);
	ck_assert_int_eq(store_compact(store), 0);
	if (_i > 0) {
		ck_assert_int_eq(stat(path(_i == 1 ? "live.mdb" : "ledger.mdb"), &after), 0);
		ck_assert_int_lt(after.st_size, before.st_size / 2 + 100000);
		ck_assert_uint_eq(after.st_mode & 0777, 0600);
	}
	begin();
	ck_assert_int_eq(store_info_get(store, &info), 1);
	ck_assert_int_eq(info.created, 5);
	ck_assert_int_eq(store_counters_get(store, 1, &server, &c), 1);
	m = domain("d0.example");
	ck_assert_int_eq(store_counters_get(store, 1, &m, &c), 1);
	ck_assert_uint_eq(c.admitted, 7);
	rules_key_set(&key, RULES_DOMAIN, "d2999.example");
	ck_assert_int_eq(store_rule_get(store, 1, &key, &limits), 1);
	commit();
}
END_TEST

/* Goal (L5): the lock is waited for no longer than said, and is free when its holder is dead. */
START_TEST(test_lock)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	store = store_lmdb_new(directory, STORE_LIVE, 50);
	pid = fork();
	if (pid == 0) {
		if (store_begin(store, true) == 0)
			(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	begin();
	commit();
}
END_TEST

/* Goal: the map grows with the file: no number of rows fills it. */
START_TEST(test_growth)
{
	struct counters c = { .admitted = 1 };
	struct store_row row = { .hour = 0 };
	struct meter m;
	int seen = 0;

	store = store_lmdb_new(directory, STORE_LIVE, 0);
	for (int batch = 0; batch < 200; batch++) {
		begin();
		for (int i = 0; i < 500; i++) {
			char name[40];

			(void)snprintf(name, sizeof name, "domain-%d-%d.example", batch, i);
			m = domain(name);
			ck_assert_msg(store_counters_put(store, 1, &m, &c) == 0, "%s", strerror(errno));
		}
		commit();
	}
	begin();
	while (store_counters_next(store, 0, UINT32_MAX, &row) == 1)
		seen++;
	commit();
	ck_assert_int_eq(seen, 100000);
}
END_TEST

static struct store *
open_in_boot(const char *id)
{
	unsigned char of[INFO_BOOT_SIZE] = { 0 };
	struct store *s = store_lmdb_new(directory, STORE_LIVE, 0);

	memcpy(of, id, strlen(id));
	ck_assert_ptr_nonnull(s);
	store_lmdb_of_boot(s, of);
	return s;
}

/* Goal (O4): what another boot has left, be it as garbled as can be, is removed without a look at it. */
START_TEST(test_another_boot)
{
	struct counters c = { .admitted = 1 };
	struct meter a = domain("a");
	/* Written in the first, looked for in the second; where either is unknown nothing can be told. */
	static const struct {
		const char *first, *second;
		int kept;
	} boots[] = { { "one", "one", 1 }, { "one", "two", 0 }, { "one", "", 1 }, { "", "two", 1 } };

	store = open_in_boot(boots[_i].first);
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	commit();
	store_close(store);
	if (boots[_i].kept == 0)
		put_file("live.mdb", "garbage");
	store = open_in_boot(boots[_i].second);
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), boots[_i].kept);
	commit();
	ck_assert_int_eq(access(path("live.mdb.damaged"), F_OK), -1);
}
END_TEST

/* Goal: who only looks does not remove what may be of use to others, who see another boot than he. */
START_TEST(test_another_boot_only_looks)
{
	struct meter a = domain("a");
	struct counters c = { .admitted = 1 };

	store = open_in_boot("one");
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &a, &c), 0);
	commit();
	store_close(store);
	store = open_in_boot("two");
	errno = 0;
	ck_assert_int_eq(store_begin(store, false), -1);
	ck_assert_int_eq(errno, ENOENT);
	store_close(store);
	store = open_in_boot("one");
	begin();
	ck_assert_int_eq(store_counters_get(store, 1, &a, &c), 1);
	commit();
}
END_TEST

static int
open_held(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

/* Goal: who has waited for a lock file that was removed meanwhile waits for the one in its place. */
START_TEST(test_lock_is_replaced)
{
	char path[300];
	int old, new, status;
	pid_t pid;

	(void)snprintf(path, sizeof path, "%s/lock", directory);
	old = open_held(path);
	pid = fork();
	if (pid == 0) {
		(void)close(old);
		_exit(store_file_take(directory, path, 400) == -1 && errno == ETIMEDOUT ? 0 : 1);
	}
	(void)usleep(100000);
	ck_assert_int_eq(unlink(path), 0);
	new = open_held(path);
	(void)close(old);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	(void)close(new);
	ck_assert_int_ne(store_file_take(directory, path, 0), -1);
}
END_TEST

Suite *
suite_store(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("both backends"), *l = tcase_create("LMDB");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_counters_come_back, 0, 3);
	tcase_add_loop_test(t, test_counters_in_order, 0, 3);
	tcase_add_loop_test(t, test_rows_change_meanwhile, 0, 3);
	tcase_add_loop_test(t, test_pending_come_back, 0, 3);
	tcase_add_loop_test(t, test_rules_by_generation, 0, 3);
	tcase_add_loop_test(t, test_notes_and_watch, 0, 3);
	tcase_add_loop_test(t, test_info_follows_the_boot, 0, 3);
	tcase_add_loop_test(t, test_rows_of_nobody, 0, 2);
	tcase_add_loop_test(t, test_damaged_record, 0, 3);
	tcase_add_loop_test(t, test_old_rows_are_pruned, 0, 3);
	tcase_add_loop_test(t, test_record_too_long, 0, 3);
	tcase_add_loop_test(t, test_numbers_of_nobody, 0, 3);
	tcase_add_loop_test(t, test_claims_at_the_ends_of_time, 0, 2);
	tcase_add_loop_test(t, test_rollback_outside, 0, 3);
	tcase_add_test(t, test_every_bit_counts);
	tcase_add_loop_test(t, test_compact, 0, 3);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(l, setup, teardown);
	tcase_set_timeout(l, 60);
	tcase_add_loop_test(l, test_links_and_fifos, 0, 2);
	tcase_add_test(l, test_directory);
	tcase_add_test(l, test_paths);
	tcase_add_test(l, test_garbage_file);
	tcase_add_test(l, test_empty_file);
	tcase_add_loop_test(l, test_emergency, 0, 2);
	tcase_add_test(l, test_lock);
	tcase_add_test(l, test_lock_is_replaced);
	tcase_add_loop_test(l, test_another_boot, 0, 4);
	tcase_add_test(l, test_another_boot_only_looks);
	tcase_add_test(l, test_growth);
	suite_add_tcase(s, l);
	return s;
}
