/* store_counters - counters and pending deliveries in a store */
#include "store.h"

#include <string.h>

#include "bytes.h"
#include "record.h"

static void
key_counters(struct record_key *key, uint32_t hour, const struct meter *meter)
{
	record_key_named(key, TAG_COUNTERS, hour, meter->kind, meter->name, meter->length);
}

static bool
decode_counters(void *counters, unsigned char *value, size_t size)
{
	return counters_decode(counters, value, size);
}

int
store_counters_get(struct store *s, uint32_t hour, const struct meter *meter,
    struct counters *counters)
{
	struct record_key key;

	memset(counters, 0, sizeof *counters);
	key_counters(&key, hour, meter);
	return record_read(s, &key, decode_counters, counters);
}

int
store_counters_put(struct store *s, uint32_t hour, const struct meter *meter,
    const struct counters *counters)
{
	unsigned char record[COUNTERS_SIZE];
	struct record_key key;

	key_counters(&key, hour, meter);
	counters_encode(counters, record);
	return record_put(s, &key, record, sizeof record);
}

int
store_counters_del(struct store *s, uint32_t hour, const struct meter *meter)
{
	struct record_key key;

	key_counters(&key, hour, meter);
	return record_del(s, &key);
}

/* The next row in the table that the key is in. */
static int
next_in_table(struct store *s, struct record_key *key, struct store_row *row)
{
	bool named = key->size > RECORD_NAMED_PREFIX; /* which table that is */
	struct bytes b;
	int rc = record_read_next(s, key, 1, decode_counters, &row->counters);

	if (rc != 1)
		return rc;
	if (!record_key_names(key, &row->meter) || (row->meter.length > 0) != named)
		return record_damaged(s);
	bytes_init(&b, key->data + 1, key->size - 1);
	row->hour = bytes_get32(&b);
	return 1;
}

/* Sorts before every row of its hour, in the table of those with a name. */
static const struct meter before_named = { .kind = 0, .length = 1 };

int
store_counters_next(struct store *s, uint32_t from, uint32_t to, struct store_row *row)
{
	bool named = row->meter.length > 0;
	struct record_key key;
	int rc;

	key_counters(&key, row->meter.kind == 0 ? from : row->hour, &row->meter);
	rc = next_in_table(s, &key, row);
	if (rc == 1 && row->hour < to)
		return 1;
	if (rc == -1 || named)
		return rc == -1 ? -1 : 0;
	key_counters(&key, from, &before_named);
	rc = next_in_table(s, &key, row);
	return rc == 1 && row->hour >= to ? 0 : rc;
}

/* The oldest row's key and hour, in one of the two tables. */
static int
oldest_in_table(struct store *s, bool named, struct record_key *key, uint32_t *hour)
{
	struct bytes b;
	int rc;

	*hour = 0;
	if (named)
		key_counters(key, 0, &before_named);
	else
		record_key(key, TAG_COUNTERS);
	rc = record_next_key(s, key, 1);
	/* In the wrong table it would be found again and again, and never be removed. */
	if (rc == 1 && (key->size > RECORD_NAMED_PREFIX) != named)
		return record_damaged(s);
	bytes_init(&b, key->data + 1, key->size - 1);
	*hour = bytes_get32(&b); /* 0 where the key is too short to tell */
	return rc;
}

int
store_counters_oldest(struct store *s, uint32_t *hour)
{
	struct record_key key;
	uint32_t named = 0;
	int rc = oldest_in_table(s, false, &key, hour), rc_named;

	if (rc == -1)
		return -1;
	rc_named = oldest_in_table(s, true, &key, &named);
	if (rc_named == 1 && (rc == 0 || named < *hour))
		*hour = named;
	return rc_named == 0 ? rc : rc_named;
}

static int
prune_table(struct store *s, bool named, uint32_t to, int most)
{
	struct record_key key;
	uint32_t hour;
	int removed, rc;

	for (removed = 0; removed < most; removed++) {
		rc = oldest_in_table(s, named, &key, &hour);
		if (rc == -1)
			return -1;
		if (rc == 0 || hour >= to)
			break;
		if (record_del(s, &key) == -1)
			return -1;
	}
	return removed;
}

int
store_counters_prune(struct store *s, uint32_t to, int most)
{
	int others = prune_table(s, false, to, most), named;

	if (others == -1)
		return -1;
	named = prune_table(s, true, to, most - others);
	return named == -1 ? -1 : others + named;
}

static bool
decode_pending(void *pending, unsigned char *value, size_t size)
{
	return pending_decode(pending, value, size);
}

int
store_pending_get(struct store *s, const unsigned char *id, struct pending *pending)
{
	struct record_key key;

	record_key_id(&key, id);
	return record_read(s, &key, decode_pending, pending);
}

int
store_pending_put(struct store *s, const unsigned char *id, const struct pending *pending)
{
	unsigned char record[PENDING_SIZE];
	struct record_key key;

	record_key_id(&key, id);
	pending_encode(pending, record);
	return record_put(s, &key, record, sizeof record);
}

int
store_pending_del(struct store *s, const unsigned char *id)
{
	struct record_key key;

	record_key_id(&key, id);
	return record_del(s, &key);
}

int
store_pending_next(struct store *s, unsigned char *id, struct pending *pending)
{
	struct record_key key;
	int rc;

	record_key_id(&key, id);
	rc = record_read_next(s, &key, 1, decode_pending, pending);
	if (rc != 1)
		return rc;
	if (key.size != 1 + DIGEST_SIZE)
		return record_damaged(s);
	memcpy(id, key.data + 1, DIGEST_SIZE);
	return 1;
}
