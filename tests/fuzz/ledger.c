/*
 * ledger - fuzzed: any bytes as rows of a live store and a ledger, and everything that reads them
 *
 * The input is a list of rows: sound ones, ones whose check is right over any key and value, and ones
 * that are raw bytes. They are put into two stores in memory; then the readers go through both, `qlimit
 * tidy` moves and removes, and a delivery is counted. What must come of it is worked out here from the
 * bytes alone, with as little of the code under test as possible.
 */
#include "fuzz.h"

#include <errno.h>
#include <sysexits.h>

#include "admin.h"
#include "admission.h"
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

#define ITEMS 48  /* in one store */
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
	limits_init(l);
	l->max_per_hour = (uint32_t)fuzz_number(in, 1) % 4;
	l->max_failure_percent = (uint8_t)(fuzz_number(in, 1) % 101);
	l->min_failures = 1 + (uint32_t)fuzz_number(in, 1) % 3;
	l->count_failures = (uint8_t)(fuzz_number(in, 1) & LIMITS_COUNT_ALL);
	l->refuse_on_failures = (fuzz_number(in, 1) & 1) != 0;
}

static void
add_counters(struct store *s, struct fuzz_input *in)
{
	uint32_t hour = any_hour(in);
	struct counters c = { .admitted = any_count(in) };
	struct meter meter = { .kind = 0 };

	c.sent = any_count(in);
	c.failed = any_count(in);
	c.held = any_count(in);
	c.generation = (uint32_t)fuzz_number(in, 1) % 3;
	any_limits(in, &c.limits);
	meter.kind = (uint8_t)(1 + fuzz_number(in, 1) % 5);
	any_name(in, meter.name, &meter.length);
	MUST(store_counters_put(s, hour, &meter, &c) == 0);
}

static void
add_pending(struct store *s, struct fuzz_input *in)
{
	struct pending p = { .state = PENDING_HELD, .hour = any_hour(in) };
	unsigned char id[DIGEST_SIZE] = { 1 };
	uint64_t ago = fuzz_number(in, 3);

	id[1] = (unsigned char)fuzz_number(in, 1);
	p.touched = NOW - (int64_t)ago;
	if (ago % 16 == 15)
		p.touched = (int64_t)fuzz_number(in, 8);
	MUST(store_pending_put(s, id, &p) == 0);
}

static void
add_rule(struct store *s, struct fuzz_input *in)
{
	uint32_t generation = (uint32_t)fuzz_number(in, 1) % 4;
	struct rules_settings settings = { .history_days = 1 };
	struct rules_key key = { .scope = (enum rules_scope)(1 + fuzz_number(in, 1) % 5) };
	struct limits limits;

	if (key.scope == 5) {
		settings.observe = (fuzz_number(in, 1) & 1) != 0;
		settings.history_days = (uint16_t)(1 + fuzz_number(in, 2) % 3660);
		MUST(store_settings_put(s, generation, &settings) == 0);
		return;
	}
	any_name(in, key.name, &key.length);
	any_limits(in, &limits);
	MUST(store_rule_put(s, generation, &key, &limits) == 0);
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
	if (key.size == 0)
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

	memcpy(info.boot, boot, sizeof boot);
	info.generation = (uint32_t)fuzz_number(in, 1) % 4;
	info.pendings = fuzz_number(in, 1);
	info.tidy_wanted = (fuzz_number(in, 1) & 1) != 0;
	info.load_claimed_at = (int64_t)fuzz_number(in, 8);
	info.tidy_claimed_at = NOW;
	MUST(store_info_put(s, &info) == 0);
}

static void
fill(struct fuzz_input *in)
{
	MUST(store_begin(stores[0], true) == 0 && store_begin(stores[1], true) == 0);
	add_info(stores[STORE_LIVE], in);
	for (int i = 0; i < ITEMS - 8 && in->left > 0; i++) {
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

static uint64_t
big_endian(const unsigned char *p, size_t width)
{
	uint64_t value = 0;

	while (width-- > 0)
		value = value << 8 | *p++;
	return value;
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
is_row(const struct item *item)
{
	const unsigned char *limits = item->value + 80;

	return is_counters(item) && item->key_size >= 6 && item->key_size <= 6 + METER_NAME_MAX &&
	       item->key[5] != 0 && (item->key_size > 6) == (item->table == STORE_TABLE_COUNTERS) &&
	       is_checked(item, COUNTERS_SIZE) && item->value[0] == 1 && item->value[1] <= 1 &&
	       limits[0] == 1 && limits[1] <= 100 && (limits[2] & ~LIMITS_COUNT_ALL) == 0 &&
	       limits[3] <= 1 && big_endian(limits + 8, 4) >= 100 &&
	       big_endian(limits + 8, 4) <= 10000 && big_endian(limits + 12, 4) >= 1;
}

static void
look(struct store *s, struct items *all)
{
	all->count = 0;
	MUST(store_begin(s, true) == 0);
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

/* The nine numbers and the flags; who a limit is from is not kept where it is nobody's. */
static bool
same_counts(const struct item *a, const struct item *b)
{
	return a != NULL && b != NULL && a->size == b->size && memcmp(a->value, b->value, 80) == 0;
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
	struct rules_settings settings;
	struct rules_key key = { .scope = 0 };
	struct limits limits;
	size_t seen = 0;
	char note[STORE_NOTE_MAX + 1];

	while (store_rule_next(s, generation, &key, &limits) == 1) {
		MUST(++seen <= ITEMS);
		MUST(key.scope >= RULES_SERVER && key.scope <= RULES_SUBDOMAINS);
		MUST(key.length <= METER_NAME_MAX && key.name[key.length] == '\0');
		MUST(limits.max_failure_percent <= 100 && limits.min_failures >= 1);
	}
	if (store_settings_get(s, generation, &settings) == 1)
		MUST(settings.history_days >= 1 && settings.history_days <= 3660);
	if (store_note_get(s, note) == 1)
		MUST(strlen(note) <= STORE_NOTE_MAX);
}

/* --- what tidy did --- */

/* The oldest hour that history keeps. */
static uint32_t
keep_from(uint32_t generation)
{
	struct item settings = { .table = STORE_TABLE_STATE, .key_size = 5, .key = { TAG_SETTINGS } };
	const struct item *found;

	settings.key[4] = (unsigned char)generation;
	found = find_item(&before[STORE_LIVE], &settings);
	return HOUR - 24 * (found == NULL ? 90 : (uint32_t)big_endian(found->value + 2, 2));
}

static bool
may_expire(const struct item *item, uint32_t keep)
{
	return is_counters(item) && hour_in(item) < keep;
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
		MUST(now == NULL || same_item(now, item) ||
		     (same_counts(now, moved) && hour_in(moved) < hour));
	}
	for (size_t i = 0; i < is->count; i++)
		MUST(find_item(was, &is->at[i]) != NULL ||
		     (is->at[i].row && find_item(&before[STORE_LIVE], &is->at[i]) != NULL));
}

static bool
is_old_pending(const struct item *item)
{
	return item->table == STORE_TABLE_STATE && item->key[0] == TAG_PENDING &&
	       item->key_size == 1 + DIGEST_SIZE && is_checked(item, PENDING_SIZE) &&
	       (__int128)NOW - (int64_t)big_endian(item->value + 16, 8) > PENDING_LIFETIME;
}

static bool
is_rule_of_other(const struct item *item, uint32_t generation)
{
	return (item->key[0] == TAG_RULE || item->key[0] == TAG_SETTINGS) &&
	       (item->key_size < 5 || big_endian(item->key + 1, 4) != generation);
}

/* Where it says that all went well: closed hours have moved, and only what is over is gone. */
static void
check_moved(uint32_t hour, uint32_t generation, uint32_t keep)
{
	const struct items *was = &before[STORE_LIVE], *is = &after[STORE_LIVE];

	for (size_t i = 0; i < was->count; i++) {
		const struct item *item = &was->at[i], *now = find_item(is, item);
		const struct item *written = find_item(&after[STORE_LEDGER], item);

		if (item->row && hour_in(item) < hour) {
			MUST(now == NULL);
			MUST(hour_in(item) < keep || same_counts(written, item));
		} else if (is_old_pending(item) || is_rule_of_other(item, generation)) {
			MUST(now == NULL || item->key_size != 17 || item->key[0] != TAG_PENDING);
		} else if (item->key[0] != TAG_INFO || item->key_size != 1) {
			MUST(same_item(now, item));
		}
	}
	for (size_t i = 0; i < is->count; i++)
		MUST(find_item(was, &is->at[i]) != NULL);
}

static void
run_tidy(void)
{
	struct admin admin = { .now = NOW };
	struct item info = { .table = STORE_TABLE_STATE, .key_size = 1, .key = { TAG_INFO } };
	const struct item *found;
	unsigned char record[INFO_SIZE];
	struct info decoded;
	uint32_t hour, generation;
	int status;

	found = find_item(&before[STORE_LIVE], &info);
	MUST(found != NULL);
	hour = (uint32_t)big_endian(found->value + 4, 4);
	memcpy(admin.boot, boot, sizeof boot);
	status = tidy(&admin);
	look(stores[STORE_LIVE], &after[STORE_LIVE]);
	look(stores[STORE_LEDGER], &after[STORE_LEDGER]);
	/* With a damaged info the live store was begun anew: there is nothing to compare. */
	memcpy(record, found->value, sizeof record);
	if (!is_checked(found, INFO_SIZE) || !info_decode(&decoded, record, sizeof record) || memcmp(found->value + 8, boot, sizeof boot) != 0)
		return;
	generation = (uint32_t)big_endian(found->value + 52, 4);
	check_ledger_kept(keep_from(generation), hour);
	if (status == EX_OK)
		check_moved(hour, generation, keep_from(generation));
}

/* --- a delivery --- */

/* Damage costs one attempt: then the store was set aside, and counting goes on. */
static void
deliver(struct fuzz_input *in)
{
	char *recipient = (char *)(uintptr_t)"r@example.org", sender[METER_NAME_MAX + 3] = "s@";
	struct booking b = { .sender = sender, .recipients = &recipient, .count = 1,
		.config = "/nonexistent", .boot = boot };
	struct booking_notice notices[METERS_MAX];
	struct admission a;
	struct report report;
	uint8_t length;

	any_name(in, sender + 2, &length);
	b.file = (struct pending_file){ .known = true, .inode = 1, .size = fuzz_number(in, 8) };
	meter_payers(&b.payers, sender);
	if (admission_ask(stores[STORE_LIVE], &b, NOW, false, &a) == -1) {
		MUST(errno == EBADMSG);
		MUST(admission_ask(stores[STORE_LIVE], &b, NOW, false, &a) == 0);
	}
	MUST(a.judgement.verdict <= VERDICT_REFUSE && !a.await_rules);
	if (a.judgement.verdict != VERDICT_PASS) {
		MUST(a.payer >= b.payers.at && a.payer < b.payers.at + b.payers.count);
		MUST(a.judgement.rule != RULE_NONE && a.judgement.count > 0);
		return;
	}
	report_init(&report);
	report_read(&report, "r\0K", 4);
	if (settlement_book(stores[STORE_LIVE], &b, NOW, &report, 0, notices) == -1) {
		MUST(errno == EBADMSG);
		MUST(settlement_book(stores[STORE_LIVE], &b, NOW, &report, 0, notices) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint32_t from, to;
	bool delivers;

	stores[STORE_LIVE] = store_memory_new();
	stores[STORE_LEDGER] = store_memory_new();
	MUST(stores[STORE_LIVE] != NULL && stores[STORE_LEDGER] != NULL);
	stores[STORE_LEDGER]->disposable = false;
	delivers = fuzz_number(&in, 1) % 2 == 1;
	from = any_hour(&in);
	to = any_hour(&in);
	fill(&in);
	for (int i = 0; i < 2; i++) {
		look(stores[i], &before[i]);
		MUST(store_begin(stores[i], true) == 0);
		read_counters(stores[i], &before[i], 0, UINT32_MAX);
		read_counters(stores[i], &before[i], from, to);
		read_pendings(stores[i]);
		read_rules(stores[i], 1);
		MUST(store_commit(stores[i]) == 0);
	}
	/* Not one after the other: damage that the first meets is gone when the second comes. */
	if (delivers)
		deliver(&in);
	else
		run_tidy();
	store_close(stores[STORE_LIVE]);
	store_close(stores[STORE_LEDGER]);
	return 0;
}

FUZZ_GUIDED
