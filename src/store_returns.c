/* store_returns - which returned deliveries were counted already, in a store */
#include "store.h"

#include <string.h>

#include "record.h"

static bool
decode(void *returns, unsigned char *value, size_t size)
{
	return returns_decode(returns, value, size);
}

int
store_returns_get(struct store *s, uint32_t bucket, struct returns *returns)
{
	struct record_key key;

	memset(returns, 0, sizeof *returns);
	record_key_numbered(&key, TAG_RETURNS, bucket);
	return record_read(s, &key, decode, returns);
}

int
store_returns_put(struct store *s, uint32_t bucket, const struct returns *returns)
{
	unsigned char record[RETURNS_SIZE];
	struct record_key key;

	record_key_numbered(&key, TAG_RETURNS, bucket);
	returns_encode(returns, record);
	return record_put(s, &key, record, sizeof record);
}
