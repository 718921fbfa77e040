/* record - one kind of record of a store: its key, its bytes, and a check over both */
#include "record.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

#define VALUE_MAX (WATCH_RECORD_MAX + RECORD_CHECK_SIZE)

static enum store_table
table_of(const struct record_key *key)
{
	if (key->data[0] == TAG_COUNTERS && key->size > RECORD_NAMED_PREFIX)
		return STORE_TABLE_COUNTERS;
	return key->data[0] < TAG_NOTE ? STORE_TABLE_STATE : STORE_TABLE_RULES;
}

static void
check_of(unsigned char *check, const struct record_key *key, const void *value, size_t size)
{
	static const unsigned char no_secret[DIGEST_KEY_SIZE];
	unsigned char sum[DIGEST_SIZE];
	struct digest d;

	digest_init(&d, no_secret);
	digest_add(&d, key->data, key->size);
	digest_add(&d, value, size);
	digest_finish(&d, sum);
	memcpy(check, sum, RECORD_CHECK_SIZE);
}

int
record_damaged(struct store *s)
{
	s->damaged = true;
	errno = EBADMSG;
	return -1;
}

static int
failed(struct store *s)
{
	/* Longer than any of this version: one bad record, as one that is too short. */
	if (errno == EMSGSIZE)
		return record_damaged(s);
	if (errno == EBADMSG)
		s->broken = true;
	return -1;
}

/* Strips the check off a value of `*size` bytes. */
static int
verify(struct store *s, const struct record_key *key, const unsigned char *value, size_t *size)
{
	unsigned char check[RECORD_CHECK_SIZE];

	if (*size < RECORD_CHECK_SIZE)
		return record_damaged(s);
	*size -= RECORD_CHECK_SIZE;
	check_of(check, key, value, *size);
	return memcmp(check, value + *size, RECORD_CHECK_SIZE) == 0 ? 1 : record_damaged(s);
}

/* The value needs room for its check as well. */
int
record_get(struct store *s, const struct record_key *key, void *value, size_t room,
    size_t *size)
{
	int rc = s->ops->get(s, table_of(key), key->data, key->size, value, room, size);

	if (rc == -1)
		return failed(s);
	return rc == 0 ? 0 : verify(s, key, value, size);
}

int
record_read(struct store *s, const struct record_key *key, record_decode *decode, void *to)
{
	unsigned char value[RECORD_ROOM];
	size_t size;
	int rc = record_get(s, key, value, sizeof value, &size);

	return rc == 1 && !decode(to, value, size) ? record_damaged(s) : rc;
}

int
record_put(struct store *s, const struct record_key *key, const void *value, size_t size)
{
	static unsigned char record[VALUE_MAX]; /* one thread, one transaction: see store_backend.h */

	if (size > WATCH_RECORD_MAX) {
		errno = EINVAL;
		return -1;
	}
	memcpy(record, value, size);
	check_of(record + size, key, value, size);
	size += RECORD_CHECK_SIZE;
	return s->ops->put(s, table_of(key), key->data, key->size, record, size) == 0 ?
	    0 : failed(s);
}

int
record_del(struct store *s, const struct record_key *key)
{
	return s->ops->del(s, table_of(key), key->data, key->size) == 0 ? 0 : failed(s);
}

int
record_next(struct store *s, struct record_key *key, size_t prefix, void *value, size_t room,
    size_t *size)
{
	int rc = s->ops->next(s, table_of(key), key->data, &key->size, prefix, value, room, size);

	if (rc == -1)
		return failed(s);
	return rc == 0 ? 0 : verify(s, key, value, size);
}

int
record_read_next(struct store *s, struct record_key *key, size_t prefix, record_decode *decode, void *to)
{
	unsigned char value[RECORD_ROOM];
	size_t size;
	int rc = record_next(s, key, prefix, value, sizeof value, &size);

	return rc == 1 && !decode(to, value, size) ? record_damaged(s) : rc;
}

int
record_next_key(struct store *s, struct record_key *key, size_t prefix)
{
	unsigned char none[1];
	size_t size;
	int rc = s->ops->next(s, table_of(key), key->data, &key->size, prefix, none, sizeof none, &size);

	if (rc == -1 && errno == EMSGSIZE)
		return 1; /* no room for the value, which nobody wants */
	return rc == -1 ? failed(s) : rc;
}

static void
start(struct record_key *key, struct bytes *b, enum record_tag tag)
{
	bytes_init(b, key->data, sizeof key->data);
	bytes_put8(b, (uint8_t)tag);
	key->size = b->at;
}

void
record_key_numbered(struct record_key *key, enum record_tag tag, uint32_t number)
{
	struct bytes b;

	start(key, &b, tag);
	bytes_put32(&b, number);
	key->size = b.at;
}

void
record_key_named(struct record_key *key, enum record_tag tag, uint32_t number, unsigned kind, const char *name,
    size_t length)
{
	struct bytes b;

	start(key, &b, tag);
	bytes_put32(&b, number);
	bytes_put8(&b, (uint8_t)kind);
	bytes_put(&b, name, length);
	key->size = b.at;
}

bool
record_key_names(const struct record_key *key, struct meter *meter)
{
	if (key->size < RECORD_NAMED_PREFIX || key->size - RECORD_NAMED_PREFIX > METER_NAME_MAX ||
	    key->data[RECORD_NAMED_PREFIX - 1] == 0)
		return false;
	memset(meter, 0, sizeof *meter);
	meter->kind = key->data[RECORD_NAMED_PREFIX - 1];
	meter->length = (uint8_t)(key->size - RECORD_NAMED_PREFIX);
	memcpy(meter->name, key->data + RECORD_NAMED_PREFIX, meter->length);
	return true;
}

void
record_key_id(struct record_key *key, const unsigned char *id)
{
	struct bytes b;

	start(key, &b, TAG_PENDING);
	bytes_put(&b, id, DIGEST_SIZE);
	key->size = b.at;
}

void
record_key(struct record_key *key, enum record_tag tag)
{
	struct bytes b;

	start(key, &b, tag);
}
