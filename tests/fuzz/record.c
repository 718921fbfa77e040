/*
 * record - fuzzed: any bytes as any record of a store: refused, or understood in full
 *
 * What is decoded is in its range and the same when it is written and read again, and but for flags and
 * spare room the bytes are. Then the same bytes in a store, once as they are and once under a check that
 * fits: without it they must not be believed, with it they mean what the decoder says.
 */
#include "fuzz.h"

#include <errno.h>

#include "counters.h"
#include "day.h"
#include "info.h"
#include "limits.h"
#include "pending.h"
#include "policy.h"
#include "record.h"
#include "rules.h"
#include "standing.h"
#include "store.h"
#include "store_backend.h"
#include "watch.h"

FUZZ_UNGUIDED

#define PATH "/nonexistent"
#define HOUR 498689

static bool
in_range(const struct limits *l)
{
	return l->max_failure_percent <= 100 && l->refuse_above_percent >= 100 &&
	       l->refuse_above_percent <= 10000 && l->min_failures >= 1 &&
	       (l->count_failures & ~LIMITS_COUNT_ALL) == 0;
}

static bool
use_limits(unsigned char *record, size_t size)
{
	unsigned char back[LIMITS_SIZE];
	struct limits l;

	if (!limits_decode(&l, record, size))
		return false;
	MUST(in_range(&l));
	if (record[0] == 1) { /* an old one is read, and never written again */
		MUST(size == LIMITS_SIZE_1 && l.max_per_day == 0 && !l.named && !l.exempt);
		return true;
	}
	MUST(size == LIMITS_SIZE);
	limits_encode(&l, back);
	MUST(memcmp(back, record, sizeof back) == 0);
	return true;
}

/* 100 * part / whole in numbers that are large enough. */
static uint64_t
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (uint64_t)((unsigned __int128)part * 100 / whole);
}

/* Sent and not returned, as far as that is told apart. */
static uint64_t
delivered(const struct counters *c)
{
	uint64_t returned = (c->limits.count_failures & LIMITS_COUNT_RETURNED) != 0 ? c->returned : 0;

	return c->sent > returned ? c->sent - returned : 0;
}

static void
judge(const struct counters *c)
{
	uint64_t failures = policy_failures(&c->limits, c), tried = counters_sum(failures, delivered(c));
	struct judgement j = policy_judge(&c->limits, c, 1, false);
	uint64_t share = policy_failure_percent(&c->limits, c);

	/* Exact up to where a product no longer fits, and then not far off. */
	MUST(share == percent(failures, tried) ||
	     (failures > UINT64_MAX / 100 && share == percent(failures, tried) + 1));
	MUST(j.verdict <= VERDICT_REFUSE && (j.verdict == VERDICT_PASS) == (j.rule == RULE_NONE));
	MUST(j.rule <= RULE_MAX_PER_DAY && policy_day(c) >= c->admitted && policy_day(c) >= c->before);
	if (c->limits.max_per_hour == 0 && c->limits.max_per_day == 0 && c->limits.max_failure_percent == 0)
		MUST(j.verdict == VERDICT_PASS);
	if (c->limits.max_per_hour > 0 && c->admitted >= c->limits.max_per_hour && c->admitted > 0)
		MUST(j.verdict != VERDICT_PASS);
	if (c->limits.max_per_day > 0 && policy_day(c) >= c->limits.max_per_day && policy_day(c) > 0)
		MUST(j.verdict != VERDICT_PASS);
	/* Who was held before is never refused for the number of those. */
	if (policy_judge(&c->limits, c, 1, true).verdict == VERDICT_REFUSE)
		MUST(c->limits.refuse_on_failures && c->limits.max_failure_percent > 0);
}

static void
count_on(const struct counters *c)
{
	struct counters sum = *c, noticed = *c;

	counters_add(&sum, c);
	MUST(sum.admitted >= c->admitted && sum.sent >= c->sent && sum.bytes >= c->bytes);
	MUST(sum.before == c->before);
	counters_book(&sum, OUTCOME_SENT, OUTCOME_FAILED);
	MUST(sum.failed >= c->failed);
	(void)standing_notice(&noticed, 80, false);
	/* Each is said once in an hour. */
	MUST(standing_notice(&noticed, 80, false) == NOTIFY_EVENTS);
	MUST(standing_name(standing_of(&c->limits, c, 80))[0] != '\0');
}

static bool
use_counters(unsigned char *record, size_t size)
{
	unsigned char back[COUNTERS_SIZE];
	struct counters c;

	if (!counters_decode(&c, record, size))
		return false;
	MUST(in_range(&c.limits));
	counters_encode(&c, back);
	MUST(size == (record[0] == 1 ? COUNTERS_SIZE - 28 : record[0] == 2 ? COUNTERS_SIZE - 16 :
	    record[0] == 3 ? COUNTERS_SIZE - 8 : COUNTERS_SIZE));
	MUST((record[0] > 1 || c.before == 0) && (record[0] > 2 || c.discarded == 0) &&
	    (record[0] > 3 || c.returned == 0));
	MUST(record[0] < 4 || memcmp(back, record, c.generation != 0 ? sizeof back : sizeof back - LIMITS_SIZE) == 0);
	judge(&c);
	count_on(&c);
	return true;
}

static bool
use_pending(unsigned char *record, size_t size)
{
	unsigned char back[PENDING_SIZE];
	struct pending p;

	if (!pending_decode(&p, record, size))
		return false;
	MUST(size == PENDING_SIZE && p.outcome <= OUTCOME_UNREACHED);
	MUST(p.state == PENDING_HELD || p.state == PENDING_ADMITTED);
	pending_encode(&p, back);
	MUST(memcmp(back, record, 32) == 0);
	return true;
}

static bool
good_settings(const struct rules_settings *s)
{
	return s->history_days >= 1 && s->history_days <= 3660 && s->max_meters >= 100 &&
	       s->max_meters <= 1000000;
}

static bool
use_info(unsigned char *record, size_t size)
{
	unsigned char back[INFO_SIZE];
	struct info i;

	if (!info_decode(&i, record, size))
		return false;
	MUST(size == INFO_SIZE && good_settings(&i.settings));
	info_encode(&i, back);
	MUST(memcmp(back, record, 2) == 0 && memcmp(back + 4, record + 4, 49) == 0);
	MUST(memcmp(back + 54, record + 54, INFO_SIZE - 54) == 0);
	return true;
}

/* What was admitted in one hour; 0 where it is not known. */
static uint64_t
admitted_in(const struct day *day, int64_t hour)
{
	int64_t ago = (int64_t)day->hour - hour;

	return hour >= 0 && ago >= 0 && ago < DAY_HOURS - 1 ? day->admitted[ago] : 0;
}

static void
check_sum(const struct day *day, uint32_t hour)
{
	uint64_t sum = 0;

	for (int64_t i = 1; i < DAY_HOURS; i++)
		sum += admitted_in(day, (int64_t)hour - i);
	MUST(day_before(day, hour) == sum);
	MUST(day_is_over(day, hour) == (day->hour > hour || day->hour + UINT64_C(23) < hour));
	MUST(day->hour > hour || !day_is_over(day, hour) || sum == 0);
}

/* One hour is what was said of it, and the others are what they were, as far as they are still known. */
static void
check_note(const struct day *day, uint32_t hour, uint64_t admitted)
{
	int64_t newest = hour > day->hour ? hour : day->hour;
	struct day noted = *day;

	day_note(&noted, hour, admitted);
	if (hour < day->from) {
		MUST(memcmp(&noted, day, sizeof noted) == 0);
		return;
	}
	MUST(noted.hour == newest && noted.from == day->from);
	for (int64_t h = newest - DAY_HOURS + 2; h <= newest; h++)
		MUST(admitted_in(&noted, h) == (h != hour ? admitted_in(day, h) :
		    admitted > UINT32_MAX ? UINT32_MAX : admitted));
}

static void
check_reset(const struct day *day, uint32_t hour)
{
	struct day reset = *day;

	day_reset(&reset, hour);
	if (hour > 0)
		day_note(&reset, hour - 1, 1);
	for (uint32_t i = 0; i <= DAY_HOURS; i++)
		MUST(day_before(&reset, hour + i) == 0);
}

static bool
use_day(unsigned char *record, size_t size)
{
	unsigned char back[DAY_SIZE];
	struct day day;

	if (!day_decode(&day, record, size))
		return false;
	MUST(size == DAY_SIZE);
	day_encode(&day, back);
	MUST(memcmp(back, record, sizeof back) == 0);
	for (uint32_t i = 0; i < 2 * DAY_HOURS + 2; i++) {
		uint32_t hour = day.hour + i - DAY_HOURS; /* or around, at the ends of time */

		check_sum(&day, hour);
		check_note(&day, hour, day.admitted[0] * UINT64_C(3));
	}
	check_sum(&day, HOUR);
	check_note(&day, HOUR, 1);
	check_reset(&day, HOUR);
	return true;
}

static bool
use_returns(unsigned char *record, size_t size)
{
	unsigned char back[RETURNS_SIZE], id[DIGEST_SIZE] = "another one";
	struct returns r;

	if (!returns_decode(&r, record, size))
		return false;
	MUST(size == RETURNS_SIZE && r.count == record[1] && r.count <= RETURNS_PLACES);
	returns_encode(&r, back);
	MUST(memcmp(back, record, 2) == 0 && memcmp(back + 4, record + 4, 16 * r.count) == 0);
	(void)returns_note(&r, id, HOUR);
	MUST(r.count >= record[1] && r.count <= RETURNS_PLACES && !returns_note(&r, id, HOUR));
	return true;
}

static bool
use_watch(unsigned char *record, size_t size)
{
	static struct watch_list list, again;
	static unsigned char back[WATCH_RECORD_MAX];
	bool current = watch_is_current(record, size, PATH);
	size_t n;

	if (!watch_decode(&list, record, size)) {
		MUST(!current || record[1] > WATCH_FILES_MAX);
		return false;
	}
	MUST(list.count <= WATCH_FILES_MAX);
	for (size_t i = 0; i < list.count; i++)
		MUST(memchr(list.file[i].path, '\0', sizeof list.file[i].path) != NULL);
	if (current)
		MUST(list.count > 0 && strcmp(list.file[0].path, PATH) == 0);
	n = watch_encode(&list, back);
	MUST(n <= sizeof back && n <= size && watch_decode(&again, back, n));
	MUST(again.count == list.count);
	for (size_t i = 0; i < list.count; i++)
		MUST(strcmp(again.file[i].path, list.file[i].path) == 0 &&
		     again.file[i].exists == list.file[i].exists &&
		     again.file[i].size == list.file[i].size);
	return true;
}

/* --- in a store --- */

static int
get_limits(struct store *s)
{
	struct rules_key key;
	struct limits l;
	int rc;

	rules_key_set(&key, RULES_DOMAIN, "a");
	rc = store_rule_get(s, 1, &key, &l);
	MUST(rc != 1 || in_range(&l));
	return rc;
}

static int
get_counters(struct store *s)
{
	struct meter meter;
	struct counters c;
	int rc;

	meter_set(&meter, METER_DOMAIN, "a");
	rc = store_counters_get(s, HOUR, &meter, &c);
	MUST(rc != 1 || in_range(&c.limits));
	return rc;
}

static int
get_pending(struct store *s)
{
	static const unsigned char id[DIGEST_SIZE] = "id";
	struct pending p;

	return store_pending_get(s, id, &p);
}

static int
get_info(struct store *s)
{
	struct info i;
	int rc = store_info_get(s, &i);

	MUST(rc != 1 || good_settings(&i.settings));
	return rc;
}

static int
get_day(struct store *s)
{
	struct meter meter;
	struct day day;

	meter_set(&meter, METER_DOMAIN, "a");
	return store_day_get(s, &meter, &day);
}

static int
get_returns(struct store *s)
{
	struct returns r;

	return store_returns_get(s, 0x234, &r);
}

static int
get_watch(struct store *s)
{
	static unsigned char record[WATCH_RECORD_MAX];
	size_t n;
	int rc = store_watch_get(s, record, &n);

	MUST(rc == 1 || n == 0);
	return rc;
}

/* A store only keeps it: who reads it decodes it, or compares it in place. */
static bool
use_any_watch(unsigned char *record, size_t size)
{
	(void)use_watch(record, size);
	return true;
}

static int
get_note(struct store *s)
{
	char note[STORE_NOTE_MAX + 1];
	int rc = store_note_get(s, note);

	MUST(strlen(note) <= STORE_NOTE_MAX && (rc == 1 || note[0] == '\0'));
	return rc;
}

static bool
use_note(unsigned char *record, size_t size)
{
	(void)record;
	return size <= STORE_NOTE_MAX;
}

/* Each kind of record: how it is decoded, and how the store reads it. */
static const struct kind {
	bool (*use)(unsigned char *record, size_t size);
	int (*get)(struct store *s);
	enum store_table table;
	size_t key_size;
	unsigned char key[1 + DIGEST_SIZE];
} kinds[] = {
	{ use_limits, get_limits, STORE_TABLE_RULES, 7, { TAG_RULE, 0, 0, 0, 1, RULES_DOMAIN, 'a' } },
	{ use_counters, get_counters, STORE_TABLE_COUNTERS, 7,
	  { TAG_COUNTERS, 0, 7, 0x9c, 1, METER_DOMAIN, 'a' } },
	{ use_pending, get_pending, STORE_TABLE_STATE, 17, { TAG_PENDING, 'i', 'd' } },
	{ use_info, get_info, STORE_TABLE_STATE, 1, { TAG_INFO } },
	{ use_day, get_day, STORE_TABLE_RULES, 7, { TAG_DAY, 0, 0, 0, 0, METER_DOMAIN, 'a' } },
	{ use_any_watch, get_watch, STORE_TABLE_STATE, 1, { TAG_WATCH } },
	{ use_note, get_note, STORE_TABLE_RULES, 1, { TAG_NOTE } },
	{ use_returns, get_returns, STORE_TABLE_RULES, 5, { TAG_RETURNS, 0, 0, 2, 0x34 } },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* As they are: the last four bytes are the check, and hardly ever fit. */
static void
store_raw(struct store *s, const struct kind *kind, const unsigned char *record, size_t size)
{
	struct record_key key = { .size = kind->key_size };
	static unsigned char value[4096 + RECORD_CHECK_SIZE];
	size_t n;
	int rc;

	MUST(store_begin(s, true) == 0);
	MUST(s->ops->put(s, kind->table, kind->key, kind->key_size, record, size) == 0);
	errno = 0;
	rc = kind->get(s);
	MUST(rc == 1 || (rc == -1 && errno == EBADMSG && s->damaged && !s->broken));
	if (rc == 1) {
		memcpy(key.data, kind->key, kind->key_size);
		MUST(size >= RECORD_CHECK_SIZE);
		MUST(record_put(s, &key, record, size - RECORD_CHECK_SIZE) == 0);
		MUST(s->ops->get(s, kind->table, kind->key, kind->key_size, value, sizeof value, &n) == 1);
		MUST(n == size && memcmp(value, record, size) == 0);
	}
	store_rollback(s);
	MUST(!s->damaged && !s->broken);
}

static void
store_checked(struct store *s, const struct kind *kind, const unsigned char *record, size_t size,
    bool good)
{
	struct record_key key = { .size = kind->key_size };
	int rc;

	memcpy(key.data, kind->key, kind->key_size);
	MUST(store_begin(s, true) == 0 && record_put(s, &key, record, size) == 0);
	rc = kind->get(s);
	MUST(rc == (good ? 1 : -1));
	/* Under another key it is nobody's. */
	MUST(record_del(s, &key) == 0 && kind->get(s) == 0);
	store_rollback(s);
}

/* Whether the store begins, with this on the disk; then it is as it was. */
static bool
begins(struct store *s, const struct kind *kind, const unsigned char *value, size_t size)
{
	static unsigned char back[4096 + RECORD_CHECK_SIZE];
	bool begun;
	size_t n;

	MUST(s->ops->begin(s, true) == 0);
	MUST(s->ops->put(s, kind->table, kind->key, kind->key_size, value, size) == 0 && store_commit(s) == 0);
	begun = store_begin(s, true) == 0;
	MUST(begun || errno == STORE_NEWER_LIVE);
	store_rollback(s);
	MUST(s->ops->begin(s, false) == 0);
	MUST(s->ops->get(s, kind->table, kind->key, kind->key_size, back, sizeof back, &n) == 1);
	MUST(n == size && memcmp(back, value, n) == 0);
	s->ops->rollback(s);
	return begun;
}

/* Of a newer version is what says so and is what was written; nothing else is, nor any other kind of record. */
static void
store_newer(struct store *s, const struct kind *kind, const unsigned char *record, size_t size)
{
	bool newer = kind->use == use_info && size > 0 && size <= INFO_SIZE_MAX && record[0] > INFO_VERSION;
	static unsigned char value[4096 + RECORD_CHECK_SIZE];
	struct record_key key = { .size = kind->key_size };
	struct info info;
	size_t n;

	memcpy(key.data, kind->key, kind->key_size);
	MUST(store_begin(s, true) == 0 && record_put(s, &key, record, size) == 0);
	MUST(s->ops->get(s, kind->table, kind->key, kind->key_size, value, sizeof value, &n) == 1);
	store_rollback(s);
	value[n - 1] ^= 1;
	MUST(begins(s, kind, value, n));
	value[n - 1] ^= 1;
	MUST(begins(s, kind, value, n) == !newer && store_set_newer_aside(s) == newer);
	MUST(store_begin(s, true) == 0 && (!newer || store_info_get(s, &info) == 0));
	store_rollback(s);
}

/* First byte: which kind. The rest is the record. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const struct kind *kind = &kinds[fuzz_number(&in, 1) % KINDS];
	size_t n = in.left < 4096 ? in.left : 4096;
	unsigned char *record = malloc(n); /* not a byte more: reading on must show */
	struct store *s = store_memory_new();
	bool good;

	MUST(record != NULL && s != NULL);
	if (n > 0)
		memcpy(record, in.at, n);
	good = kind->use(record, n);
	store_raw(s, kind, record, n);
	store_checked(s, kind, record, n, good);
	store_newer(s, kind, record, n);
	store_close(s);
	free(record);
	return 0;
}

FUZZ_GUIDED
