/* store_returns - which returned deliveries were counted already, in a store */
#include "store.h"

#include <string.h>

#include "record.h"

int
store_returns_get(struct store *s, uint32_t bucket, struct returns *returns)
{
	unsigned char record[RETURNS_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	memset(returns, 0, sizeof *returns);
	record_key_numbered(&key, TAG_RETURNS, bucket);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return returns_decode(returns, record, size) ? 1 : record_damaged(s);
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
