/* test_damaged - records and files of the store that are wrong in one thing; memory and disks that are no more */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the name is the C library's */
#define _GNU_SOURCE /* memmem(3) */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "record.h"
#include "store.h"
#include "store_backend.h"
#include "store_file.h"
#include "suites.h"

#define BACKENDS 3 /* memory, live, ledger */
#define LEDGER 2
#define CALLS_MAX 300

static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";
static struct store *store;

static void
open_backend(int which)
{
	if (which == 0)
		store = store_memory_new();
	else
		store = store_lmdb_new(harness_path("state"), which == LEDGER ? STORE_LEDGER : STORE_LIVE, 0);
	ck_assert_ptr_nonnull(store);
}

static void
close_backend(void)
{
	store_close(store);
	harness_end();
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

#define ck_assert_damage(call) \
	do { \
		errno = 0; \
		ck_assert_int_eq(call, -1); \
		ck_assert_int_eq(errno, EBADMSG); \
	} while (0)

/* --- records with a good check, and content that nobody writes --- */

static struct record_key
named(enum record_tag tag, size_t length)
{
	static char name[STORE_KEY_MAX];
	struct record_key key;

	memset(name, 'n', sizeof name);
	record_key_named(&key, tag, 1, 2, name, length);
	return key;
}

/* In a table where it does not belong, with the check of where it does. */
static void
misplace(const struct record_key *key, const void *value, size_t size, enum store_table from, enum store_table to)
{
	unsigned char record[300];
	size_t n;

	ck_assert_int_eq(record_put(store, key, value, size), 0);
	ck_assert_int_eq(store->ops->get(store, from, key->data, key->size, record, sizeof record, &n), 1);
	ck_assert_int_eq(store->ops->del(store, from, key->data, key->size), 0);
	ck_assert_int_eq(store->ops->put(store, to, key->data, key->size, record, n), 0);
}

START_TEST(test_rows_that_are_none)
{
	struct counters c = { .admitted = 1 };
	unsigned char good[COUNTERS_SIZE], bad[COUNTERS_SIZE] = { 99 };
	struct record_key keys[4] = { { 2, { TAG_COUNTERS, 1 } }, named(TAG_COUNTERS, METER_NAME_MAX + 1),
		named(TAG_COUNTERS, 1), named(TAG_COUNTERS, 0) };
	struct store_row row;

	open_backend(_i);
	counters_encode(&c, good);
	begin();
	for (int i = 0; i < 4; i++) {
		row = (struct store_row){ .hour = 0 };
		ck_assert_int_eq(record_put(store, &keys[i], i < 2 ? good : bad, sizeof good), 0);
		ck_assert_damage(store_counters_next(store, 0, 9, &row));
		ck_assert_int_eq(record_del(store, &keys[i]), 0);
	}
	/* One with a name among those without, and the other way round. */
	for (int i = 2; i < 4; i++) {
		enum store_table own = i == 2 ? STORE_TABLE_COUNTERS : STORE_TABLE_STATE,
		    other = i == 2 ? STORE_TABLE_STATE : STORE_TABLE_COUNTERS;

		row = (struct store_row){ .hour = 0 };
		misplace(&keys[i], good, sizeof good, own, other);
		ck_assert_damage(store_counters_next(store, 0, 9, &row));
		ck_assert_int_eq(store->ops->del(store, other, keys[i].data, keys[i].size), 0);
	}
	row = (struct store_row){ .hour = 0 };
	ck_assert_int_eq(store_counters_next(store, 0, 9, &row), 0);
	store_rollback(store);
}
END_TEST

START_TEST(test_rules_that_are_none)
{
	struct limits l;
	struct rules_key rule, start = { .scope = 0 };
	unsigned char good[LIMITS_SIZE], bad[LIMITS_SIZE] = { 99 };
	struct record_key tag_alone = { 2, { TAG_RULE } }, behind = { 4, { TAG_RULE, 0, 0, 2 } },
	    without_scope = { 5, { TAG_RULE, 0, 0, 0, 1 } }, much = named(TAG_RULE, METER_NAME_MAX + 1),
	    key = named(TAG_RULE, 1);

	open_backend(_i);
	limits_init(&l);
	limits_encode(&l, good);
	begin();
	/* Before and behind the generation's keys, and too short to be one: none of its rules, and pruned. */
	ck_assert_int_eq(record_put(store, &tag_alone, good, sizeof good), 0);
	ck_assert_int_eq(record_put(store, &behind, good, sizeof good), 0);
	ck_assert_int_eq(store_rule_next(store, 1, &start, &l), 0);
	ck_assert_int_eq(store_rules_prune(store, 1, 9), 2);
	ck_assert_int_eq(record_put(store, &without_scope, good, sizeof good), 0);
	ck_assert_int_eq(store_rule_next(store, 1, &start, &l), 0); /* it is not behind itself */
	ck_assert_int_eq(record_del(store, &without_scope), 0);
	ck_assert_int_eq(record_put(store, &much, good, sizeof good), 0);
	ck_assert_damage(store_rule_next(store, 1, &start, &l));
	ck_assert_int_eq(record_del(store, &much), 0);
	ck_assert_int_eq(record_put(store, &key, bad, sizeof bad), 0);
	ck_assert_damage(store_rule_next(store, 1, &start, &l));
	rules_key_set(&rule, RULES_DEFAULT, "n");
	ck_assert_damage(store_rule_get(store, 1, &rule, &l));
	store_rollback(store);
}
END_TEST

START_TEST(test_pendings_that_are_none)
{
	static const unsigned char id[DIGEST_SIZE] = "id";
	unsigned char at[DIGEST_SIZE] = { 0 }, good[PENDING_SIZE], bad[PENDING_SIZE] = { 99 };
	struct pending p = { .state = PENDING_HELD };
	struct record_key key, too_short = { 5, { TAG_PENDING, 1 } };

	open_backend(_i);
	pending_encode(&p, good);
	begin();
	ck_assert_int_eq(record_put(store, &too_short, good, sizeof good), 0);
	ck_assert_damage(store_pending_next(store, at, &p));
	ck_assert_int_eq(record_del(store, &too_short), 0);
	record_key_id(&key, id);
	ck_assert_int_eq(record_put(store, &key, bad, sizeof bad), 0);
	ck_assert_damage(store_pending_get(store, id, &p));
	ck_assert_damage(store_pending_next(store, at, &p));
	store_rollback(store);
}
END_TEST

/* Goal: a day that is none is damage to whoever meets it, be it only to remove what is old. */
START_TEST(test_days_that_are_none)
{
	struct meter first = { .kind = 0 }, behind, meter;
	struct day day;
	unsigned char good[DAY_SIZE], bad[DAY_SIZE] = { 99 };
	struct record_key keys[4] = { { 2, { TAG_DAY } }, named(TAG_DAY, METER_NAME_MAX + 1), named(TAG_DAY, 1),
		named(TAG_DAY, 1) };

	open_backend(_i);
	day_reset(&day, 1000);
	day_encode(&day, good);
	keys[2].data[RECORD_NAMED_PREFIX - 1] = 0; /* of no kind */
	begin();
	for (int i = 0; i < 4; i++) {
		behind = first;
		ck_assert_int_eq(record_put(store, &keys[i], i < 3 ? good : bad, sizeof good), 0);
		ck_assert_damage(store_days_prune(store, &behind, 1000, 9));
		ck_assert_damage(store_days_prune(store, &behind, 2000, 9));
		ck_assert(behind.kind == 0 && store->damaged);
		ck_assert_int_eq(record_del(store, &keys[i]), 0);
	}
	meter_set(&meter, METER_DOMAIN, "n");
	record_key_named(&keys[3], TAG_DAY, 0, METER_DOMAIN, "n", 1);
	ck_assert_int_eq(record_put(store, &keys[3], bad, sizeof bad), 0);
	ck_assert_damage(store_day_get(store, &meter, &day));
	ck_assert_int_eq(record_put(store, &keys[3], good, sizeof good), 0);
	ck_assert_int_eq(store_day_get(store, &meter, &day), 1);
	ck_assert_int_eq(store_days_prune(store, &first, 1000, 9), 0);
	ck_assert_int_eq(store_day_get(store, &meter, &day), 1);
	store_rollback(store);
}
END_TEST

START_TEST(test_records_of_odd_sizes)
{
	static const unsigned char much[WATCH_RECORD_MAX + 1];
	unsigned char value[100];
	struct record_key key;
	size_t size;

	open_backend(_i);
	begin();
	record_key(&key, TAG_NOTE);
	errno = 0;
	ck_assert_int_eq(record_put(store, &key, much, sizeof much), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(record_get(store, &key, value, sizeof value, &size), 0);
	/* Not even its check. */
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_RULES, key.data, key.size, "abc", 3), 0);
	ck_assert_damage(record_get(store, &key, value, sizeof value, &size));
	store_rollback(store);
}
END_TEST

/* Goal: a store that has lost its boot's number is as good as one of this boot; the kernel must give a secret. */
START_TEST(test_info_of_no_boot)
{
	static const unsigned char unknown[INFO_BOOT_SIZE];
	struct info info;

	open_backend(_i);
	begin();
	harness_call_fails("getentropy", 0, 1, EIO);
	errno = 0;
	ck_assert_int_eq(store_info_ready(store, &info, unknown, 100), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(store_info_ready(store, &info, unknown, 100), 0);
	ck_assert_int_eq(store_info_ready(store, &info, boot, 200), 0);
	ck_assert_int_eq(info.created, 100);
	commit();
}
END_TEST

START_TEST(test_oldest)
{
	struct counters c = { .admitted = 1 };
	struct meter server, domain;
	uint32_t hour;

	open_backend(_i);
	meter_set(&server, METER_SERVER, "");
	meter_set(&domain, METER_DOMAIN, "d");
	begin();
	ck_assert_int_eq(store_counters_put(store, 1, &server, &c), 0);
	ck_assert_int_eq(store_counters_put(store, 2, &domain, &c), 0);
	ck_assert_int_eq(store_counters_oldest(store, &hour), 1);
	ck_assert_uint_eq(hour, 1);
	store_rollback(store);
}
END_TEST

/* --- calls and allocations that fail --- */

static int
write_some(void)
{
	struct counters c = { .admitted = 1 };
	struct meter m;
	int rc = 0;

	for (unsigned i = 0; i < 20 && rc == 0; i++) {
		char name[2] = { (char)('a' + i), '\0' };

		meter_set(&m, METER_DOMAIN, name);
		rc = store_counters_put(store, 1, &m, &c);
	}
	meter_set(&m, METER_DOMAIN, "old");
	return rc == -1 ? -1 : store_counters_del(store, 1, &m);
}

static int
count_all(void)
{
	struct store_row row = { .hour = 0 };
	int n = 0, rc;

	begin();
	while ((rc = store_counters_next(store, 0, 9, &row)) == 1)
		n++;
	ck_assert_int_eq(rc, 0);
	store_rollback(store);
	return n;
}

/* Goal: whatever allocation fails, the store in memory says so, and is as it was or new. */
START_TEST(test_memory_without_memory)
{
	struct counters c = { .admitted = 1 };
	struct meter old;
	struct info info;
	unsigned n = 0, seen;
	int rc;

	harness_fail_at(1, false, 0);
	ck_assert_ptr_null(store_memory_new());
	(void)harness_fail_end();
	meter_set(&old, METER_DOMAIN, "old");
	do {
		ck_assert_uint_lt(++n, CALLS_MAX);
		open_backend(0);
		begin();
		ck_assert_int_eq(store_info_ready(store, &info, boot, 5), 0);
		ck_assert_int_eq(store_counters_put(store, 1, &old, &c), 0);
		commit();
		begin();
		harness_fail_at(n, false, 0);
		errno = 0;
		rc = _i == 0 ? write_some() : _i == 1 ? store_counters_del(store, 1, &old) :
		    store->ops->restart(store, STORE_REMOVED);
		seen = harness_fail_end();
		if (rc == -1)
			ck_assert_int_eq(errno, ENOMEM);
		ck_assert_int_eq(rc, seen < n ? 0 : -1);
		store_rollback(store);
		ck_assert_int_eq(count_all(), 1);
		store_close(store);
	} while (seen >= n);
	store = NULL;
	ck_assert_uint_gt(n, 2);
}
END_TEST

/* LMDB's errors, and what we make of them: damage, or trouble that passes. */
static const struct {
	int error, live, ledger;
} errors[] = {
	{ MDB_INVALID, EBADMSG, EBADMSG }, { MDB_VERSION_MISMATCH, EBADMSG, EBADMSG },
	{ MDB_CORRUPTED, EBADMSG, EBADMSG }, { MDB_PAGE_NOTFOUND, EBADMSG, EBADMSG },
	{ MDB_PANIC, EBADMSG, EBADMSG }, { MDB_INCOMPATIBLE, EBADMSG, EBADMSG },
	{ MDB_CURSOR_FULL, EBADMSG, EBADMSG }, { MDB_PAGE_FULL, EBADMSG, EBADMSG },
	{ MDB_BAD_VALSIZE, EBADMSG, EBADMSG }, { MDB_BAD_TXN, EBADMSG, EBADMSG },
	{ MDB_MAP_FULL, EBADMSG, EBADMSG }, { MDB_KEYEXIST, EBADMSG, EBADMSG }, { EINVAL, EBADMSG, EBADMSG },
	{ EOVERFLOW, EBADMSG, EBADMSG }, { EFBIG, EBADMSG, EBADMSG }, { ENOMEM, EBADMSG, ENOMEM },
	{ MDB_TLS_FULL, EIO, EIO }, { EACCES, EACCES, EACCES }, { ENOSPC, ENOSPC, ENOSPC },
};

static int
error_of_get(int error)
{
	struct counters c;
	struct meter m;
	int found;

	meter_set(&m, METER_SERVER, "");
	ck_assert_int_ge(store_counters_get(store, 1, &m, &c), 0); /* opens the table */
	harness_fail_at(1, false, error);
	errno = 0;
	(void)store_counters_get(store, 1, &m, &c);
	found = errno;
	(void)harness_fail_end();
	return found;
}

START_TEST(test_errors_of_the_library)
{
	open_backend(_i);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		int expected = _i == LEDGER ? errors[i].ledger : errors[i].live, found;

		begin();
		found = error_of_get(errors[i].error);
		ck_assert_msg(found == expected, "%d: %s", errors[i].error, strerror(found));
		commit(); /* which forgets what was found */
	}
	/* Where there is no memory, or files may not be large, that is trouble with the machine. */
	begin();
	harness_call_fails("mmap", 0, 1, ENOMEM);
	ck_assert_int_eq(error_of_get(ENOMEM), ENOMEM);
	harness_call_fails("munmap", 0, 1, ENOMEM);
	ck_assert_int_eq(error_of_get(ENOMEM), ENOMEM);
	commit();
}
END_TEST

START_TEST(test_file_size_is_limited)
{
	struct rlimit limit = { (rlim_t)1 << 30, RLIM_INFINITY };

	open_backend(_i);
	begin();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(error_of_get(EFBIG), EFBIG);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(error_of_get(EFBIG), EBADMSG);
	harness_call_fails("getrlimit", 0, 1, EPERM);
	ck_assert_int_eq(error_of_get(EFBIG), EBADMSG);
	commit();
}
END_TEST

static void
fill(int rows)
{
	struct counters c = { .admitted = 1 };
	struct meter m;

	begin();
	for (int i = 0; i < rows; i++) {
		char name[40];

		(void)snprintf(name, sizeof name, "d%06d.example", i);
		meter_set(&m, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(store, 1, &m, &c), 0);
	}
	commit();
}

static const char *
file(void)
{
	return harness_path(store->disposable ? "state/live.mdb" : "state/ledger.mdb");
}

static const char *
aside(void)
{
	return harness_path(store->disposable ? "state/live.mdb.damaged" : "state/ledger.mdb.damaged");
}

/* How LMDB fails to open the file; whether the store is then open, and its file kept. */
static const struct {
	int error;
	bool on;     /* again and again */
	bool memory; /* the machine has some */
	bool opened, kept;
} openings[] = {
	{ MDB_INVALID, false, true, true, true }, /* it passed */
	{ MDB_INVALID, true, true, false, false },
	{ ENOMEM, false, true, true, true }, /* a wild number in the file, it seemed */
	{ ENOMEM, false, false, false, true },
	{ EIO, false, true, false, true },
};

#define OPENINGS ((int)(sizeof openings / sizeof openings[0]))
#define CALL_OF_OPENING 4 /* behind _create, _set_mapsize and _set_maxdbs */

START_TEST(test_openings)
{
	int row = _i % OPENINGS, rc;
	bool opened;

	open_backend(1 + _i / OPENINGS);
	/* A ledger is not suspected of wild numbers where memory may be short. */
	opened = openings[row].opened && (openings[row].error != ENOMEM || store->disposable);
	fill(3);
	if (!openings[row].memory)
		harness_call_fails("mmap", 0, 1, ENOMEM);
	harness_fail_at(CALL_OF_OPENING, openings[row].on, openings[row].error);
	rc = store_begin(store, true);
	(void)harness_fail_end();
	ck_assert_msg((rc == 0) == opened, "%d: %s", row, strerror(errno));
	if (rc == 0)
		store_rollback(store);
	ck_assert_int_eq(access(aside(), F_OK), openings[row].kept ? -1 : 0);
	ck_assert_int_eq(count_all(), openings[row].kept ? 3 : 0);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more than anybody would allow */
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1); /* NOLINT(cert-err34-c): the kernel's word */
	(void)fclose(f);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/*
 * Goal: where there is room for the map alone, but not for what LMDB needs besides and has given back by the time
 * that we look, a sound file is not suspected. (Left to itself glibc's malloc does not give it back; musl's does.)
 */
START_TEST(test_room_for_the_map_alone)
{
	struct rlimit limit, tight;
	int rc, error;

	ck_assert_int_eq(mallopt(M_MMAP_THRESHOLD, 65536), 1);
	open_backend(1);
	fill(3);
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	tight = limit;
	tight.rlim_cur = address_space() + (6 << 20);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &tight), 0);
	rc = store_begin(store, true);
	error = errno;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(error, ENOMEM);
	ck_assert_int_eq(access(aside(), F_OK), -1);
	ck_assert_int_eq(count_all(), 3);
}
END_TEST
#endif

/* Goal: damage that only shows in a commit is called damage, whatever setting the file aside has met. */
START_TEST(test_commit_that_finds_damage)
{
	open_backend(_i);
	fill(3);
	begin();
	harness_fail_at(1, false, MDB_CORRUPTED);
	errno = 0;
	ck_assert_int_eq(store_commit(store), -1);
	ck_assert_int_eq(errno, EBADMSG);
	(void)harness_fail_end();
	ck_assert_int_eq(access(aside(), F_OK), 0);
	ck_assert_int_eq(count_all(), 0);
}
END_TEST

/* Goal: a file that has lost its end is set aside before it is written to. */
START_TEST(test_lost_end)
{
	open_backend(_i);
	fill(20000);
	ck_assert_int_eq(truncate(file(), 8192), 0);
	ck_assert_int_eq(count_all(), 0);
	ck_assert_int_eq(access(aside(), F_OK), 0);
}
END_TEST

/* Goal: a ledger that could not be given its name durably is not there, and nothing of it. */
START_TEST(test_ledger_without_a_name)
{
	open_backend(LEDGER);
	harness_call_fails(_i == 0 ? "fsync" : "rename", 0, 1, EIO);
	errno = 0;
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(access(harness_path("state/ledger.mdb"), F_OK), -1);
	ck_assert_int_eq(access(harness_path("state/ledger.mdb.new"), F_OK), -1);
	begin();
	commit();
}
END_TEST

/* Goal: keys that no store of ours has, or that do not ascend, would lead in circles: it is all damage. */
START_TEST(test_keys_too_long)
{
	static const unsigned char much[400] = { TAG_COUNTERS };
	struct store_row row = { .hour = 0 };

	open_backend(_i);
	begin();
	ck_assert_int_eq(store->ops->put(store, STORE_TABLE_COUNTERS, much, sizeof much, "x", 1), 0);
	row.meter.length = 1; /* in the table of those with a name */
	ck_assert_damage(store_counters_next(store, 0, 9, &row));
	ck_assert(store->broken);
	store_rollback(store);
	ck_assert_int_eq(count_all(), 0);
}
END_TEST

static char bytes[1 << 20];

/* Writes the file with the n-th occurrence of a name made smaller; false if there is none. */
static bool
write_changed(size_t size, const char *name, int n)
{
	FILE *f;

	for (char *p = bytes; (p = memmem(p, size - (size_t)(p - bytes), name, strlen(name))) != NULL; p++)
		if (n-- == 0) {
			*p = 'a';
			f = fopen(file(), "w");
			ck_assert_ptr_nonnull(f);
			ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
			ck_assert_int_eq(fclose(f), 0);
			*p = 'd';
			return true;
		}
	return false;
}

START_TEST(test_keys_out_of_order)
{
	unsigned broken = 0, damaged = 0;
	FILE *f;
	size_t size;

	open_backend(1);
	fill(100);
	f = fopen(file(), "r");
	ck_assert_ptr_nonnull(f);
	size = fread(bytes, 1, sizeof bytes, f);
	(void)fclose(f);
	ck_assert_uint_lt(size, sizeof bytes);
	for (int i = 0; i < 100; i++) {
		char name[40];

		(void)snprintf(name, sizeof name, "d%06d.example", i);
		for (int n = 0; write_changed(size, name, n); n++) {
			struct store_row row = { .hour = 0 };
			int rows = 0;

			begin();
			while (store_counters_next(store, 0, 9, &row) == 1)
				ck_assert_int_le(++rows, 100);
			broken += store->broken;
			damaged += store->damaged;
			store->broken = store->damaged = false; /* the file is to stay */
			store_rollback(store);
		}
	}
	ck_assert_uint_gt(broken, 0);
	ck_assert_uint_gt(damaged, 0);
}
END_TEST

/* Goal: what cannot be set aside is an error, no store to write on in. */
START_TEST(test_not_set_aside)
{
	open_backend(1);
	fill(3);
	ck_assert_int_eq(mkdir(aside(), 0700), 0);
	begin();
	errno = 0;
	ck_assert_int_eq(store->ops->restart(store, STORE_KEPT_DAMAGED), -1);
	ck_assert_int_eq(errno, EISDIR);
	store_rollback(store);
	ck_assert_int_eq(count_all(), 3);
	/* Nor by whoever crashes; and there may be nothing left to set aside. */
	begin();
	ck_assert(!store_lmdb_emergency(true));
	ck_assert_int_eq(access(file(), F_OK), 0);
	_exit(0); /* what LMDB thinks is open is not */
}
END_TEST

START_TEST(test_emergency_without_a_file)
{
	open_backend(1);
	begin();
	ck_assert_int_eq(unlink(file()), 0);
	ck_assert(!store_lmdb_emergency(true));
	ck_assert_int_eq(access(aside(), F_OK), -1);
	_exit(0);
}
END_TEST

/* Goal: LMDB's own assertions end in what the guard waits for, not in a message on a descriptor of qmail's. */
START_TEST(test_assertion)
{
	struct stat st;
	int status;
	pid_t pid;

	open_backend(_i);
	fill(3);
	pid = fork();
	if (pid == 0) {
		const int fd = open(harness_path("messages"), O_WRONLY | O_CREAT, 0600);

		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)signal(SIGABRT, SIG_DFL);
		if (store_begin(store, true) == 0)
			harness_fail_assertion();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_int_eq(stat(harness_path("messages"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_int_eq(count_all(), 3);
}
END_TEST

/* --- the files --- */

/* Goal: names that are too long are no names, whichever of them is. */
START_TEST(test_names)
{
	static struct store_file f;
	char directory[PLACE_PATH_MAX + 1];
	size_t longest = strlen("/live.mdb.damaged") + (_i == 1 ? 2 : 0);

	memset(directory, '/', sizeof directory);
	for (size_t n = 1; n <= PLACE_PATH_MAX; n++) {
		directory[n] = '\0';
		errno = 0;
		ck_assert_int_eq(store_file_init(&f, directory, _i == 0), n + longest <= PLACE_PATH_MAX ? 0 : -1);
		ck_assert_int_eq(errno, n + longest <= PLACE_PATH_MAX ? 0 : ENAMETOOLONG);
		directory[n] = '/';
	}
}
END_TEST

START_TEST(test_interrupted_lock)
{
	open_backend(1);
	harness_call_fails("flock", 0, 3, EINTR);
	begin();
	commit();
	harness_call_fails("flock", 0, 1, ENOLCK);
	errno = 0;
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, ENOLCK);
}
END_TEST

static unsigned removals;

static int
remove_lock(void)
{
	removals++;
	(void)unlink(harness_path("state/lock"));
	return 0;
}

/* Goal: a lock file that somebody replaces again and again is not waited for for ever. */
START_TEST(test_lock_that_is_never_there)
{
	open_backend(1);
	harness_on_call("flock", remove_lock);
	errno = 0;
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_uint_gt(removals, 1);
	ck_assert_uint_lt(removals, 100);
}
END_TEST

static void
write_other_boot(const char *path)
{
	static const unsigned char other[INFO_BOOT_SIZE] = "another";
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, other, sizeof other, 0), sizeof other);
	(void)close(fd);
}

/* Goal: without room to say whose boot it is, and without a way to remove the old one, a store is not opened. */
START_TEST(test_boot_that_cannot_be_followed)
{
	open_backend(1);
	store_lmdb_of_boot(store, boot);
	harness_call_fails("pwrite", 0, 1, ENOSPC);
	errno = 0;
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, ENOSPC);
	write_other_boot(harness_path("state/lock"));
	ck_assert_int_eq(mkdir(file(), 0700), 0);
	errno = 0;
	ck_assert_int_eq(store_begin(store, true), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_int_eq(rmdir(file()), 0);
	begin();
	commit();
}
END_TEST

/* Goal: a thousand damaged ledgers are kept; the search for a name ends. */
START_TEST(test_many_set_aside)
{
	open_backend(LEDGER);
	fill(3);
	for (int i = 0; i < 1000; i++) {
		char name[60];
		int fd;

		(void)snprintf(name, sizeof name, i == 0 ? "state/ledger.mdb.damaged" : "state/ledger.mdb.damaged.%d", i);
		fd = open(harness_path(name), O_WRONLY | O_CREAT, 0600);
		ck_assert_int_ne(fd, -1);
		(void)close(fd);
	}
	begin();
	ck_assert_int_eq(store->ops->restart(store, STORE_KEPT_DAMAGED), 0);
	commit();
	ck_assert_int_eq(count_all(), 0);
}
END_TEST

Suite *
suite_damaged(void)
{
	Suite *s = suite_create("damaged");
	TCase *t = tcase_create("all backends"), *l = tcase_create("LMDB");

	tcase_add_checked_fixture(t, harness_start, close_backend);
	tcase_add_loop_test(t, test_rows_that_are_none, 0, BACKENDS);
	tcase_add_loop_test(t, test_rules_that_are_none, 0, BACKENDS);
	tcase_add_loop_test(t, test_pendings_that_are_none, 0, BACKENDS);
	tcase_add_loop_test(t, test_days_that_are_none, 0, BACKENDS);
	tcase_add_loop_test(t, test_records_of_odd_sizes, 0, BACKENDS);
	tcase_add_loop_test(t, test_info_of_no_boot, 0, BACKENDS);
	tcase_add_loop_test(t, test_oldest, 0, BACKENDS);
	tcase_add_loop_test(t, test_memory_without_memory, 0, 3);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(l, harness_start, close_backend);
	tcase_set_timeout(l, 30);
	tcase_add_loop_test(l, test_errors_of_the_library, 1, BACKENDS);
	tcase_add_loop_test(l, test_file_size_is_limited, 1, BACKENDS);
	tcase_add_loop_test(l, test_openings, 0, 2 * OPENINGS);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(t, test_room_for_the_map_alone);
#endif
	tcase_add_loop_test(l, test_commit_that_finds_damage, 1, BACKENDS);
	tcase_add_loop_test(l, test_lost_end, 1, BACKENDS);
	tcase_add_loop_test(l, test_ledger_without_a_name, 0, 2);
	tcase_add_loop_test(l, test_keys_too_long, 1, BACKENDS);
	tcase_add_loop_test(l, test_assertion, 1, BACKENDS);
	tcase_add_test(l, test_keys_out_of_order);
	tcase_add_test(l, test_not_set_aside);
	tcase_add_test(l, test_emergency_without_a_file);
	tcase_add_loop_test(l, test_names, 0, 2);
	tcase_add_test(l, test_interrupted_lock);
	tcase_add_test(l, test_lock_that_is_never_there);
	tcase_add_test(l, test_boot_that_cannot_be_followed);
	tcase_add_test(l, test_many_set_aside);
	suite_add_tcase(s, l);
	return s;
}
