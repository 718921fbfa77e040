/*
 * ledger - fuzzed: any bytes as rows of a live store and a ledger, and everything that reads them
 *
 * The input is a list of rows: sound ones, ones whose check is right over any key and value, and ones
 * that are raw bytes. They are put into two stores in memory; then the readers go through both, and `qlimit
 * tidy` moves and removes, or `qlimit load` adds up days, or a delivery is counted. What must come of it is
 * worked out here from the bytes alone, with as little of the code under test as possible.
 */
#include "fuzz.h"

#include <errno.h>
#include <sysexits.h>

#include "admin.h"
#include "admission.h"
#include "compile.h"
#include "hour.h"
#include "log.h"
#include "record.h"
#include "settlement.h"
#include "store_backend.h"

/* The steps of `qlimit tidy`, as they are, on our stores and without output. */
static struct store *stores[2];

static struct store *
fuzz_store(const char *directory, enum store_kind kind, int patience_ms)
{
	(void)directory;
	(void)patience_ms;
	return stores[kind];
}

#define store_lmdb_new fuzz_store
#define store_close(s) (void)(s)
#define admin_live(a) ((void)(a), fuzz_store("", STORE_LIVE, 0))
#define admin_enter(a, create) ((void)(a), EX_OK)
#define admin_store_failed(s) (store_rollback(s), EX_IOERR)
#define admin_tidy tidy
#define log_trouble(what, error) (void)(error)
#define store_log_trouble(what, error) (void)(error)
#define printf(...) 0
#define fprintf(...) 0
int tidy(struct admin *a);
#include "admin_tidy.c"
#undef store_lmdb_new
#undef store_close
#undef printf
#undef fprintf
#undef BATCH

FUZZ_UNGUIDED

#define ITEMS 96  /* in one store */
#define ROWS 40   /* of them, put there at first */
#define VALUE 160 /* bytes; no record that is read here has more */
#define NOW INT64_C(1795282200)
#define HOUR ((uint32_t)(NOW / 3600))

static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";

/* --- filling --- */

static uint32_t
any_hour(struct fuzz_input *in)
{
	unsigned how = (unsigned)fuzz_number(in, 1);

	if (how < 128)
		return HOUR + 2 - how % 8;
	return how < 192 ? HOUR - (uint32_t)fuzz_number(in, 2) : (uint32_t)fuzz_number(in, 4);
}

/* Mostly one of a few, so that rows, rules and senders meet. */
static void
any_name(struct fuzz_input *in, char *name, uint8_t *length)
{
	static const char *const names[] = { "", "a", "b.a", "c.b.a" };
	unsigned how = (unsigned)fuzz_number(in, 1);
	const uint8_t *bytes = (const uint8_t *)names[how % 4];
	size_t n = strlen(names[how % 4]);

	if (how >= 192)
		bytes = fuzz_bytes(in, METER_NAME_MAX, &n);
	memset(name, 0, METER_NAME_MAX + 1);
	memcpy(name, bytes, n);
	*length = (uint8_t)n;
}

static uint64_t
any_count(struct fuzz_input *in)
{
	unsigned how = (unsigned)fuzz_number(in, 1);

	return how < 192 ? how % 8 : fuzz_number(in, 8) << how % 64;
}

static void
any_limits(struct fuzz_input *in, struct limits *l)
{
	unsigned flags;

	limits_init(l);
	l->max_per_hour = (uint32_t)fuzz_number(in, 1) % 4;
	l->max_failure_percent = (uint8_t)(fuzz_number(in, 1) % 101);
	l->min_failures = 1 + (uint32_t)fuzz_number(in, 1) % 3;
	l->count_failures = (uint8_t)(fuzz_number(in, 1) & LIMITS_COUNT_ALL);
	l->refuse_on_failures = (fuzz_number(in, 1) & 1) != 0;
	flags = (unsigned)fuzz_number(in, 1);
	l->count_messages = (flags & 1) != 0;
	l->exempt = (flags & 2) != 0;
	l->named = (flags & 4) != 0;
	l->runs_smtpd = (flags & 8) != 0;
	l->max_per_day = flags >> 4;
}

/* Of any kind, and of two that are none. */
static void
any_meter(struct fuzz_input *in, struct meter *meter)
{
	memset(meter, 0, sizeof *meter);
	meter->kind = (uint8_t)(1 + fuzz_number(in, 1) % (METER_OVERFLOW + 2));
	any_name(in, meter->name, &meter->length);
}

static void
add_counters(struct store *s, struct fuzz_input *in)
{
	uint32_t hour = any_hour(in);
	struct counters c = { .admitted = any_count(in) };
	struct meter meter;

	c.sent = any_count(in);
	c.failed = any_count(in);
	c.held = any_count(in);
	c.generation = (uint32_t)fuzz_number(in, 1) % 3;
	any_limits(in, &c.limits);
	any_meter(in, &meter);
	MUST(store_counters_put(s, hour, &meter, &c) == 0);
}

static void
add_pending(struct store *s, struct fuzz_input *in)
{
	struct pending p = { .state = PENDING_HELD, .hour = any_hour(in) };
	unsigned char id[DIGEST_SIZE] = { 1 };
	uint64_t ago = fuzz_number(in, 3);

	id[1] = (unsigned char)fuzz_number(in, 1);
	p.message = id[1] % 4 == 3;
	p.touched = NOW - (int64_t)ago;
	if (ago % 16 == 15)
		p.touched = (int64_t)fuzz_number(in, 8);
	MUST(store_pending_put(s, id, &p) == 0);
}

static void
add_rule(struct store *s, struct fuzz_input *in)
{
	uint32_t generation = (uint32_t)fuzz_number(in, 1) % 4;
	struct rules_key key = { .scope = (enum rules_scope)(1 + fuzz_number(in, 1) % RULES_ADDRESS) };
	struct limits limits;

	any_name(in, key.name, &key.length);
	any_limits(in, &limits);
	MUST(store_rule_put(s, generation, &key, &limits) == 0);
}

static void
add_day(struct store *s, struct fuzz_input *in)
{
	struct day day = { .hour = any_hour(in) };
	struct meter meter;

	day.from = day.hour - (uint32_t)fuzz_number(in, 1) % 32;
	for (size_t i = 0; i < DAY_HOURS - 1; i++)
		day.admitted[i] = (uint32_t)fuzz_number(in, 1);
	any_meter(in, &meter);
	MUST(store_day_put(s, &meter, &day) == 0);
}

/* Records of earlier versions: they are read, and the second reading here knows none. For the target `record`. */
static bool
is_old(const uint8_t *bytes, size_t n)
{
	unsigned char value[VALUE];
	struct counters c;
	struct limits l;

	memcpy(value, bytes, n);
	return n > 0 && ((bytes[0] < 4 && counters_decode(&c, value, n)) || (bytes[0] < 2 && limits_decode(&l, value, n)));
}

/* Any key and any value; the check is made to fit, or is what stands there. */
static void
add_any(struct store *s, struct fuzz_input *in, bool checked)
{
	enum store_table table = (enum store_table)(fuzz_number(in, 1) % STORE_TABLES);
	const uint8_t *bytes;
	struct record_key key = { .size = 0 };
	size_t n;

	bytes = fuzz_bytes(in, STORE_KEY_MAX, &key.size);
	memcpy(key.data, bytes, key.size);
	bytes = fuzz_bytes(in, checked ? VALUE - RECORD_CHECK_SIZE : VALUE, &n);
	if (key.size == 0 || (checked && is_old(bytes, n)))
		return;
	if (checked)
		MUST(record_put(s, &key, bytes, n) == 0);
	else
		MUST(s->ops->put(s, table, key.data, key.size, bytes, n) == 0);
}

static void
add_info(struct store *s, struct fuzz_input *in)
{
	struct info info = { .hour = any_hour(in) };
	unsigned flags;

	memcpy(info.boot, boot, sizeof boot);
	info.generation = (uint32_t)fuzz_number(in, 1) % 4;
	info.pendings = fuzz_number(in, 1);
	info.tidy_wanted = (fuzz_number(in, 1) & 1) != 0;
	info.load_claimed_at = (int64_t)fuzz_number(in, 8);
	info.tidy_claimed_at = NOW;
	rules_settings_init(&info.settings);
	info.settings.history_days = (uint16_t)(1 + fuzz_number(in, 2) % 3660);
	flags = (unsigned)fuzz_number(in, 1);
	info.settings.observe = (flags & 1) != 0;
	info.settings.hosted = (flags & 2) != 0;
	info.settings.destinations = (flags & 4) != 0;
	if (flags >= 128) {
		info.settings.max_meters = 100;
		info.meters = 90 + flags % 16;
	}
	MUST(store_info_put(s, &info) == 0);
}

static void
fill(struct fuzz_input *in)
{
	MUST(store_begin(stores[0], true) == 0 && store_begin(stores[1], true) == 0);
	add_info(stores[STORE_LIVE], in);
	for (int i = 0; i < ROWS && in->left > 0; i++) {
		unsigned how = (unsigned)fuzz_number(in, 1);
		struct store *s = stores[how >> 7];

		switch (how % 8) {
		case 0:
			add_pending(s, in);
			break;
		case 1:
			add_rule(s, in);
			break;
		case 2:
			add_any(s, in, true);
			break;
		case 3:
			add_any(s, in, false);
			break;
		case 4:
			add_day(s, in);
			break;
		default:
			add_counters(s, in);
			break;
		}
	}
	MUST(store_commit(stores[0]) == 0 && store_commit(stores[1]) == 0);
}

/* --- what is in a store, byte by byte --- */

struct item {
	enum store_table table;
	bool row; /* is_row() */
	size_t key_size, size;
	unsigned char key[STORE_KEY_MAX];
	unsigned char value[VALUE];
};

struct items {
	size_t count;
	struct item at[ITEMS];
};

static struct items before[2], after[2];
static bool newer[2];

static uint64_t
big_endian(const unsigned char *p, size_t width)
{
	uint64_t value = 0;

	while (width-- > 0)
		value = value << 8 | *p++;
	return value;
}

static void
put_big_endian(unsigned char *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool
is_checked(const struct item *item, size_t size)
{
	static const unsigned char no_secret[DIGEST_KEY_SIZE];
	unsigned char sum[DIGEST_SIZE];
	struct digest d;

	if (item->size != size + RECORD_CHECK_SIZE)
		return false;
	digest_init(&d, no_secret);
	digest_add(&d, item->key, item->key_size);
	digest_add(&d, item->value, size);
	digest_finish(&d, sum);
	return memcmp(sum, item->value + size, RECORD_CHECK_SIZE) == 0;
}

/* What stands among the counters; whether it is a row that can be read. */
static bool
is_counters(const struct item *item)
{
	return item->key[0] == TAG_COUNTERS && item->table != STORE_TABLE_RULES;
}

static uint32_t
hour_in(const struct item *item)
{
	return item->key_size < 5 ? 0 : (uint32_t)big_endian(item->key + 1, 4);
}

static bool
are_limits(const unsigned char *limits)
{
	return limits[0] == 2 && limits[1] <= 100 && (limits[2] & ~LIMITS_COUNT_ALL) == 0 && limits[3] <= 31 &&
	       big_endian(limits + 12, 4) >= 100 && big_endian(limits + 12, 4) <= 10000 &&
	       big_endian(limits + 16, 4) >= 1;
}

static bool
is_row(const struct item *item)
{
	return is_counters(item) && item->key_size >= 6 && item->key_size <= 6 + METER_NAME_MAX &&
	       item->key[5] != 0 && (item->key_size > 6) == (item->table == STORE_TABLE_COUNTERS) &&
	       is_checked(item, COUNTERS_SIZE) && item->value[0] == 4 && item->value[1] <= 3 &&
	       are_limits(item->value + 104);
}

static void
look(struct store *s, struct items *all)
{
	all->count = 0;
	MUST(s->ops->begin(s, true) == 0); /* also where a newer version has written it */
	for (int table = 0; table < STORE_TABLES; table++) {
		unsigned char key[STORE_KEY_MAX];
		size_t key_size = 0;

		for (;;) {
			struct item *item = &all->at[all->count];
			int rc;

			MUST(all->count < ITEMS);
			rc = s->ops->next(s, (enum store_table)table, key, &key_size, 0,
			    item->value, sizeof item->value, &item->size);
			MUST(rc != -1);
			if (rc == 0)
				break;
			item->table = (enum store_table)table;
			item->key_size = key_size;
			memcpy(item->key, key, key_size);
			item->row = is_row(item);
			all->count++;
		}
	}
	MUST(store_commit(s) == 0);
}

static const struct item *
find_item(const struct items *all, const struct item *wanted)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].table == wanted->table && all->at[i].key_size == wanted->key_size &&
		    memcmp(all->at[i].key, wanted->key, wanted->key_size) == 0)
			return &all->at[i];
	return NULL;
}

/* The ten numbers and the flags; who a limit is from is not kept where it is nobody's. */
static bool
same_counts(const struct item *a, const struct item *b)
{
	return a != NULL && b != NULL && a->size == b->size && memcmp(a->value, b->value, 88) == 0;
}

static bool
same_item(const struct item *a, const struct item *b)
{
	return a != NULL && b != NULL && a->size == b->size &&
	       memcmp(a->value, b->value, a->size) == 0;
}

/* --- the readers --- */

static bool
is_later(const struct store_row *a, const struct store_row *b)
{
	bool named = a->meter.length > 0;
	size_t n = a->meter.length < b->meter.length ? a->meter.length : b->meter.length;
	int order;

	if (named != (b->meter.length > 0))
		return named;
	if (a->hour != b->hour)
		return a->hour > b->hour;
	if (a->meter.kind != b->meter.kind)
		return a->meter.kind > b->meter.kind;
	order = memcmp(a->meter.name, b->meter.name, n);
	return order > 0 || (order == 0 && a->meter.length > b->meter.length);
}

static void
read_counters(struct store *s, const struct items *all, uint32_t from, uint32_t to)
{
	struct store_row row = { .hour = 0 }, last;
	size_t seen = 0, rows = 0;
	bool odd = false;
	int rc;

	for (size_t i = 0; i < all->count; i++) {
		const struct item *item = &all->at[i];

		if (item->row)
			rows += hour_in(item) >= from && hour_in(item) < to;
		else
			odd = odd || is_counters(item);
	}
	for (last = row; (rc = store_counters_next(s, from, to, &row)) == 1; last = row) {
		struct counters c;

		MUST(++seen <= rows);
		MUST(row.hour >= from && row.hour < to && row.meter.kind != 0);
		MUST(row.meter.length <= METER_NAME_MAX && row.meter.name[row.meter.length] == '\0');
		MUST(last.meter.kind == 0 || is_later(&row, &last));
		MUST(store_counters_get(s, row.hour, &row.meter, &c) == 1);
		MUST(c.admitted == row.counters.admitted && c.failed == row.counters.failed);
	}
	/* Damage is said where there is some, and nowhere else. */
	MUST(rc == 0 ? odd || seen == rows : odd);
}

static void
read_pendings(struct store *s)
{
	unsigned char id[DIGEST_SIZE] = { 0 }, last[DIGEST_SIZE] = { 0 };
	struct pending p;
	size_t seen = 0;

	while (store_pending_next(s, id, &p) == 1) {
		MUST(++seen <= ITEMS && memcmp(id, last, sizeof id) > 0);
		MUST(p.state == PENDING_HELD || p.state == PENDING_ADMITTED);
		MUST(p.outcome <= OUTCOME_UNREACHED);
		memcpy(last, id, sizeof id);
	}
}

static void
read_rules(struct store *s, uint32_t generation)
{
	struct rules_key key = { .scope = 0 };
	struct limits limits;
	size_t seen = 0;
	char note[STORE_NOTE_MAX + 1];

	while (store_rule_next(s, generation, &key, &limits) == 1) {
		MUST(++seen <= ITEMS);
		MUST(key.scope >= RULES_SERVER && key.scope <= RULES_ADDRESS);
		MUST(key.length <= METER_NAME_MAX && key.name[key.length] == '\0');
		MUST(limits.max_failure_percent <= 100 && limits.min_failures >= 1);
	}
	if (store_note_get(s, note) == 1)
		MUST(strlen(note) <= STORE_NOTE_MAX);
}

/* --- days --- */

/* Is there a rule with this scope and name, and does it say max_per_day? 1 and 0; -1: none. */
static int
rule_says(uint32_t generation, unsigned scope, const char *name)
{
	struct item rule = { .table = STORE_TABLE_RULES, .key_size = 6 + strlen(name) };
	const struct item *found;

	rule.key[0] = TAG_RULE;
	put_big_endian(rule.key + 1, generation);
	rule.key[5] = (unsigned char)scope;
	memcpy(rule.key + 6, name, strlen(name));
	found = find_item(&before[STORE_LIVE], &rule);
	return found == NULL ? -1 : big_endian(found->value + 8, 4) > 0;
}

/* `key` is a row's. */
static bool
has_max_per_day(const unsigned char *key, size_t key_size, uint32_t generation)
{
	static const unsigned char scopes[] = { 0, RULES_SERVER, RULES_DEFAULT, RULES_BOUNCES,
		RULES_FOREIGN, RULES_USER_DEFAULT, 0, RULES_DEFAULT };
	unsigned kind = key[5];
	char name[STORE_KEY_MAX] = "";
	const char *rest = name;
	int says = -1;

	memcpy(name, key + 6, key_size - 6);
	if (kind == METER_DOMAIN || kind == METER_USER || kind == METER_DESTINATION)
		says = rule_says(generation, kind == METER_DOMAIN ? RULES_DOMAIN :
		    kind == METER_USER ? RULES_USER : RULES_DESTINATION, name);
	while (kind == METER_DOMAIN && says == -1 && (rest = strchr(rest, '.')) != NULL && *++rest != '\0')
		says = rule_says(generation, RULES_SUBDOMAINS, rest);
	if (says == -1 && kind < sizeof scopes && scopes[kind] != 0)
		says = rule_says(generation, scopes[kind], "");
	return says == 1;
}

/* From where what comes into days; and by the rules of which generations. */
struct source {
	const struct items *items;
	uint32_t from, to;
	uint32_t generations[2];
};

static bool
is_noted(const struct source *source, const struct item *row)
{
	return row->row && hour_in(row) >= source->from && hour_in(row) < source->to &&
	       (has_max_per_day(row->key, row->key_size, source->generations[0]) ||
		   has_max_per_day(row->key, row->key_size, source->generations[1]));
}

/* The bytes that a day, of which `day` has the key, then has; false if nothing has come into it. */
static bool
expect_day(const struct source *source, const struct item *day, unsigned char *value)
{
	const struct item *was = find_item(&before[STORE_LIVE], day);
	uint32_t newest, first;
	bool noted = false;

	memset(value, 0, DAY_SIZE);
	value[3] = 1;
	if (was != NULL)
		memcpy(value, was->value, DAY_SIZE);
	first = (uint32_t)big_endian(value + 8, 4);
	for (size_t i = 0; i < source->items->count; i++) {
		const struct item *row = &source->items->at[i];
		uint32_t hour = hour_in(row);
		uint64_t admitted;

		/* A day's key is of no generation. */
		if (day->key_size < 6 || big_endian(day->key + 1, 4) != 0 || row->key_size != day->key_size ||
		    memcmp(row->key + 5, day->key + 5, day->key_size - 5) != 0 || !is_noted(source, row))
			continue;
		noted = true;
		newest = (uint32_t)big_endian(value + 4, 4);
		for (; hour >= first && newest < hour && hour - newest <= 23; newest++) {
			memmove(value + 16, value + 12, DAY_SIZE - 16);
			memset(value + 12, 0, 4);
		}
		if (hour >= first && newest < hour) {
			memset(value + 12, 0, DAY_SIZE - 12);
			newest = hour;
		}
		put_big_endian(value + 4, newest);
		admitted = big_endian(row->value + 8, 8);
		if (hour >= first && newest - hour < 23)
			put_big_endian(value + 12 + 4 * (newest - hour),
			    admitted > UINT32_MAX ? UINT32_MAX : (uint32_t)admitted);
	}
	return noted;
}

/* A tag alone is the key of none: everything stands behind it. */
static bool
is_day(const struct item *item)
{
	return item->table == STORE_TABLE_RULES && item->key[0] == TAG_DAY && item->key_size > 1;
}

/* The key of the day that a row belongs to. */
static struct item
day_of(const struct item *row)
{
	struct item day = *row;

	day.table = STORE_TABLE_RULES;
	day.key[0] = TAG_DAY;
	memset(day.key + 1, 0, 4);
	return day;
}

/* `hour` has come: what is over by then is gone; -1: nothing goes. */
static void
check_day(const struct source *source, const struct item *day, int64_t hour)
{
	const struct item *was = find_item(&before[STORE_LIVE], day);
	const struct item *now = find_item(&after[STORE_LIVE], day);
	unsigned char value[DAY_SIZE];
	bool noted = expect_day(source, day, value);
	int64_t newest = (int64_t)big_endian(value + 4, 4);

	if ((was == NULL && !noted) || (hour != -1 && (newest > hour || hour - newest > 23)))
		MUST(now == NULL);
	else if (!noted)
		MUST(same_item(now, was));
	else
		MUST(now != NULL && is_checked(now, DAY_SIZE) && memcmp(now->value, value, DAY_SIZE) == 0);
}

static void
check_days(const struct source *source, int64_t hour)
{
	const struct items *was = &before[STORE_LIVE], *is = &after[STORE_LIVE];

	for (size_t i = 0; i < was->count; i++)
		if (is_day(&was->at[i]))
			check_day(source, &was->at[i], hour);
	for (size_t i = 0; i < is->count; i++)
		if (is_day(&is->at[i]))
			check_day(source, &is->at[i], hour);
	for (size_t i = 0; i < source->items->count; i++)
		if (source->items->at[i].row) {
			const struct item day = day_of(&source->items->at[i]);

			check_day(source, &day, hour);
		}
}

/* --- what tidy did --- */

static bool
may_expire(const struct item *item, uint32_t keep)
{
	return is_counters(item) && hour_in(item) < keep;
}

/* It says of which version it is. */
static bool
is_number(const struct item *item)
{
	return item->table == STORE_TABLE_STATE && item->key[0] == TAG_INFO && item->key_size == 1;
}

static bool
is_our_number(const struct item *item)
{
	return item != NULL && is_number(item) && is_checked(item, 1) && item->value[0] == COUNTERS_VERSION;
}

/* Whatever happened: what the ledger had it still has, or it was too old, or it was written anew. */
static void
check_ledger_kept(uint32_t keep, uint32_t hour)
{
	const struct items *was = &before[STORE_LEDGER], *is = &after[STORE_LEDGER];

	for (size_t i = 0; i < was->count; i++) {
		const struct item *item = &was->at[i], *now = find_item(is, item);
		const struct item *moved = find_item(&before[STORE_LIVE], item);

		MUST(now != NULL || may_expire(item, keep) ||
		     (moved != NULL && may_expire(moved, keep)));
		MUST(now == NULL || same_item(now, item) || is_our_number(now) ||
		     (same_counts(now, moved) && hour_in(moved) < hour));
	}
	for (size_t i = 0; i < is->count; i++)
		MUST(find_item(was, &is->at[i]) != NULL || is_our_number(&is->at[i]) ||
		     (is->at[i].row && find_item(&before[STORE_LIVE], &is->at[i]) != NULL));
}

static bool
is_old_pending(const struct item *item)
{
	return item->table == STORE_TABLE_STATE && item->key[0] == TAG_PENDING &&
	       item->key_size == 1 + DIGEST_SIZE && is_checked(item, PENDING_SIZE) &&
	       (__int128)NOW - (int64_t)big_endian(item->value + 16, 8) >
	       (item->value[3] == 1 ? 86400 : 8 * 86400);
}

/* Where it says that all went well: closed hours have moved, and only what is over is gone. */
static void
check_moved(uint32_t hour, uint32_t generation, uint32_t keep)
{
	const struct source closed = { &before[STORE_LIVE], 0, hour,
		{ generation, generation == UINT32_MAX ? 1 : generation + 1 } };
	const struct items *was = &before[STORE_LIVE], *is = &after[STORE_LIVE];

	for (size_t i = 0; i < was->count; i++) {
		const struct item *item = &was->at[i], *now = find_item(is, item);
		const struct item *written = find_item(&after[STORE_LEDGER], item);

		if (item->row && hour_in(item) < hour) {
			MUST(now == NULL);
			MUST(hour_in(item) < keep || same_counts(written, item));
		} else if (is_old_pending(item)) {
			MUST(now == NULL);
		} else if (!is_day(item) && !is_number(item)) {
			MUST(same_item(now, item));
		}
	}
	for (size_t i = 0; i < is->count; i++)
		MUST(is_day(&is->at[i]) || find_item(was, &is->at[i]) != NULL);
	/* A store that a load has just made knows no hour: then the clock does. */
	check_days(&closed, hour > HOUR ? hour : HOUR);
}

/* The state of the live store as it was; false if that could not be believed. */
static bool
find_info(const struct item **found)
{
	struct item info = { .table = STORE_TABLE_STATE, .key_size = 1, .key = { TAG_INFO } };
	unsigned char record[INFO_SIZE];
	struct info decoded;

	*found = find_item(&before[STORE_LIVE], &info);
	MUST(*found != NULL);
	memcpy(record, (*found)->value, sizeof record);
	return is_checked(*found, INFO_SIZE) && info_decode(&decoded, record, sizeof record) &&
	       memcmp((*found)->value + 8, boot, sizeof boot) == 0;
}

static void
run_tidy(void)
{
	struct admin admin = { .now = NOW, .place = { .state = "/nonexistent" } }; /* orders: none */
	const struct item *info;
	bool believed = find_info(&info);
	uint32_t hour, generation, keep;
	int status;

	memcpy(admin.boot, boot, sizeof boot);
	status = tidy(&admin);
	look(stores[STORE_LIVE], &after[STORE_LIVE]);
	look(stores[STORE_LEDGER], &after[STORE_LEDGER]);
	/* With a damaged info the live store was begun anew: there is nothing to compare. */
	if (!believed)
		return;
	hour = (uint32_t)big_endian(info->value + 4, 4);
	generation = (uint32_t)big_endian(info->value + 48, 4);
	keep = HOUR - 24 * (uint32_t)big_endian(info->value + 54, 2);
	check_ledger_kept(keep, hour);
	if (status == EX_OK)
		check_moved(hour, generation, keep);
}

/* --- the days that `qlimit load` makes --- */

static void
run_load(uint32_t generation)
{
	struct compile c = { .live = stores[STORE_LIVE], .ledger = stores[STORE_LEDGER], .boot = boot, .now = NOW };
	const struct source closed = { &before[STORE_LEDGER], HOUR - 23, HOUR, { generation, generation } };
	const struct items *was = &before[STORE_LIVE], *is = &after[STORE_LIVE];
	const struct item *info;
	bool believed = find_info(&info);

	if (compile_days(&c, generation) == -1) {
		MUST(errno == EBADMSG || (newer[STORE_LIVE] && errno == STORE_NEWER_LIVE));
		store_rollback(stores[STORE_LIVE]);
		return;
	}
	MUST(c.ledger_error == (newer[STORE_LEDGER] ? STORE_NEWER_LEDGER : 0) || c.ledger_error == EBADMSG);
	look(stores[STORE_LIVE], &after[STORE_LIVE]);
	look(stores[STORE_LEDGER], &after[STORE_LEDGER]);
	/* Of the ledger nothing changes, whatever is wrong with it. */
	MUST(after[STORE_LEDGER].count == before[STORE_LEDGER].count);
	for (size_t i = 0; i < after[STORE_LEDGER].count; i++)
		MUST(same_item(&after[STORE_LEDGER].at[i], &before[STORE_LEDGER].at[i]));
	if (!believed)
		return;
	for (size_t i = 0; i < was->count; i++)
		MUST(is_day(&was->at[i]) || same_item(find_item(is, &was->at[i]), &was->at[i]));
	for (size_t i = 0; i < is->count; i++)
		MUST(is_day(&is->at[i]) || find_item(was, &is->at[i]) != NULL);
	if (c.ledger_error == 0)
		check_days(&closed, -1);
}

/* --- a store that a newer version has written --- */

/* Those bytes say so, and are what was written. */
static bool
is_of_newer(const struct items *items, uint8_t version)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->at[i];

		if (is_number(item) && item->size > RECORD_CHECK_SIZE)
			return item->size - RECORD_CHECK_SIZE <= INFO_SIZE_MAX && item->value[0] > version &&
			       is_checked(item, item->size - RECORD_CHECK_SIZE);
	}
	return false;
}

static void
begin(int i)
{
	newer[i] = is_of_newer(&before[i], i == STORE_LIVE ? INFO_VERSION : COUNTERS_VERSION);
	if (store_begin(stores[i], true) == 0) {
		MUST(!newer[i]);
		return;
	}
	MUST(newer[i] && errno == (i == STORE_LIVE ? STORE_NEWER_LIVE : STORE_NEWER_LEDGER));
	store_rollback(stores[i]);
}

static void
check_untouched(int i)
{
	if (!newer[i])
		return;
	look(stores[i], &after[i]);
	MUST(after[i].count == before[i].count);
	for (size_t k = 0; k < after[i].count; k++)
		MUST(same_item(&after[i].at[k], &before[i].at[k]));
}

/* --- a delivery --- */

/* What `qlimit explain` says; false if damage has kept it from it. */
static bool
preview(const struct booking *b, struct admission *a)
{
	static struct payers payers;
	struct store *s = stores[STORE_LIVE];
	struct info info;

	MUST(store_begin_live(s, &info, boot, NOW) == 0);
	if (admission_preview(s, &info, b, NOW, a, &payers) == -1) {
		MUST(errno == EBADMSG);
		store_rollback(s);
		return false;
	}
	/* Who is to blame, and the server, and between them at most two users and a destination. */
	MUST(payers.count >= 1 && payers.count <= 5);
	for (size_t i = 0; i < payers.count; i++)
		for (size_t k = 0; k < i; k++)
			MUST(memcmp(&payers.at[i].meter, &payers.at[k].meter, sizeof(struct meter)) != 0);
	MUST(store_commit(s) == 0);
	return true;
}

static void
check_admission(const struct admission *a, const struct booking *b)
{
	const struct judgement *j = &a->judgement, *o = &a->observed;

	MUST(j->verdict <= VERDICT_REFUSE && !a->claims.await_load && a->notices.count <= METERS_MAX);
	MUST(j->verdict != VERDICT_REFUSE || !b->origin.bounce);
	MUST(o->verdict != VERDICT_REFUSE || !b->origin.bounce);
	if (j->verdict == VERDICT_PASS && o->verdict == VERDICT_PASS)
		return;
	MUST(!a->exempt && !a->charged && (j->verdict == VERDICT_PASS || o->verdict == VERDICT_PASS));
	MUST(a->payer < METERS_MAX && a->meter.kind >= METER_SERVER && a->meter.kind <= METER_OVERFLOW);
	MUST(j->rule + o->rule != RULE_NONE && j->count + o->count > 0);
}

/* One delivery, as the input has it. */
static void
any_booking(struct fuzz_input *in, struct booking *b)
{
	static char sender[METER_NAME_MAX + 3], to[METER_NAME_MAX + 3], *recipient = to;
	struct head *head = &b->origin.head;
	uint8_t length;

	memcpy(sender, "s@", 2);
	memcpy(to, "r@", 2);
	any_name(in, sender + 2, &length);
	any_name(in, to + 2, &length);
	if (fuzz_number(in, 1) % 8 == 7)
		sender[0] = '\0';
	*b = (struct booking){ .sender = sender, .recipients = &recipient, .count = 1,
		.file = { .known = true, .inode = 1, .size = any_count(in) },
		.config = "/nonexistent", .boot = boot };
	origin_read(&b->origin, sender, to);
	head->invoker = (enum head_invoker)(fuzz_number(in, 1) % (HEAD_BOUNCE + 1));
	head->uid = head->invoker == HEAD_UID ? (uint32_t)fuzz_number(in, 1) : 0;
	any_name(in, head->forwarder, &length);
	if (fuzz_number(in, 1) & 1)
		memcpy(head->auth, "a", 2);
}

/* Damage costs one attempt: then the store was set aside, and counting goes on. */
static void
deliver(const struct booking *b)
{
	struct booking_notices notices;
	struct admission a, previewed;
	struct report report;
	bool is_previewed;

	if (newer[STORE_LIVE]) {
		MUST(admission_ask(stores[STORE_LIVE], b, NOW, false, &a) == -1 && errno == STORE_NEWER_LIVE);
		return;
	}
	is_previewed = preview(b, &previewed);
	if (admission_ask(stores[STORE_LIVE], b, NOW, false, &a) == -1) {
		MUST(errno == EBADMSG);
		MUST(admission_ask(stores[STORE_LIVE], b, NOW, false, &a) == 0);
	} else if (is_previewed) {
		MUST(memcmp(&a.judgement, &previewed.judgement, sizeof a.judgement) == 0);
		MUST(memcmp(&a.observed, &previewed.observed, sizeof a.observed) == 0);
		MUST(a.payer == previewed.payer && a.exempt == previewed.exempt);
	}
	check_admission(&a, b);
	if (a.judgement.verdict != VERDICT_PASS)
		return;
	report_init(&report);
	report_read(&report, "r\0K", 4);
	if (settlement_book(stores[STORE_LIVE], b, NOW, &report, 0, &notices) == -1) {
		MUST(errno == EBADMSG);
		MUST(settlement_book(stores[STORE_LIVE], b, NOW, &report, 0, &notices) == 0);
	}
	MUST(notices.count <= METERS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct booking booking;
	uint32_t from, to;
	unsigned how;

	stores[STORE_LIVE] = store_memory_new();
	stores[STORE_LEDGER] = store_memory_new();
	MUST(stores[STORE_LIVE] != NULL && stores[STORE_LEDGER] != NULL);
	stores[STORE_LEDGER]->disposable = false;
	how = (unsigned)fuzz_number(&in, 1) % 4;
	from = any_hour(&in);
	to = any_hour(&in);
	if (how % 2 == 1)
		any_booking(&in, &booking);
	fill(&in);
	for (int i = 0; i < 2; i++) {
		look(stores[i], &before[i]);
		begin(i);
		if (newer[i])
			continue;
		read_counters(stores[i], &before[i], 0, UINT32_MAX);
		read_counters(stores[i], &before[i], from, to);
		read_pendings(stores[i]);
		read_rules(stores[i], 1);
		MUST(store_commit(stores[i]) == 0);
	}
	/* Not one after the other: damage that the first meets is gone when the second comes. */
	if (how % 2 == 1)
		deliver(&booking);
	else if (how == 2)
		run_load(1);
	else
		run_tidy();
	check_untouched(STORE_LIVE);
	check_untouched(STORE_LEDGER);
	store_close(stores[STORE_LIVE]);
	store_close(stores[STORE_LEDGER]);
	return 0;
}

FUZZ_GUIDED
