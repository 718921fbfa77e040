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

int
store_counters_get(struct store *s, uint32_t hour, const struct meter *meter,
    struct counters *counters)
{
	unsigned char record[COUNTERS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	memset(counters, 0, sizeof *counters);
	key_counters(&key, hour, meter);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return counters_decode(counters, record, size) ? 1 : record_damaged(s);
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

int
store_counters_next(struct store *s, uint32_t *hour, struct meter *meter,
    struct counters *counters)
{
	unsigned char record[COUNTERS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	struct bytes b;
	size_t size;
	int rc;

	key_counters(&key, *hour, meter);
	rc = record_next(s, &key, 1, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	if (key.size < RECORD_NAMED_PREFIX || key.size - RECORD_NAMED_PREFIX > METER_NAME_MAX ||
	    !counters_decode(counters, record, size))
		return record_damaged(s);
	bytes_init(&b, key.data + 1, key.size - 1);
	*hour = bytes_get32(&b);
	memset(meter, 0, sizeof *meter);
	meter->kind = bytes_get8(&b);
	meter->length = (uint8_t)(key.size - RECORD_NAMED_PREFIX);
	bytes_get(&b, meter->name, meter->length);
	return 1;
}

int
store_pending_get(struct store *s, const unsigned char *id, struct pending *pending)
{
	unsigned char record[PENDING_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	record_key_id(&key, id);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return pending_decode(pending, record, size) ? 1 : record_damaged(s);
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
	unsigned char record[PENDING_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	record_key_id(&key, id);
	rc = record_next(s, &key, 1, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	if (key.size != 1 + DIGEST_SIZE || !pending_decode(pending, record, size))
		return record_damaged(s);
	memcpy(id, key.data + 1, DIGEST_SIZE);
	return 1;
}
