/* store_days - what meters with max_per_day have admitted in the last hours */
#include "store.h"

#include <string.h>

#include "record.h"

static void
key_day(struct record_key *key, const struct meter *meter)
{
	record_key_named(key, TAG_DAY, 0, meter->kind, meter->name, meter->length);
}

static bool
decode(void *day, unsigned char *value, size_t size)
{
	return day_decode(day, value, size);
}

int
store_day_get(struct store *s, const struct meter *meter, struct day *day)
{
	struct record_key key;

	memset(day, 0, sizeof *day);
	key_day(&key, meter);
	return record_read(s, &key, decode, day);
}

int
store_day_put(struct store *s, const struct meter *meter, const struct day *day)
{
	unsigned char record[DAY_SIZE];
	struct record_key key;

	key_day(&key, meter);
	day_encode(day, record);
	return record_put(s, &key, record, sizeof record);
}

int
store_day_note(struct store *s, uint32_t generation, const struct store_row *row)
{
	struct limits limits;
	struct day day;

	if (store_limits_find(s, generation, &row->meter, &limits) == -1)
		return -1;
	if (limits.max_per_day == 0)
		return 0;
	if (store_day_get(s, &row->meter, &day) == -1)
		return -1;
	day_note(&day, row->hour, row->counters.admitted);
	return store_day_put(s, &row->meter, &day) == -1 ? -1 : 1;
}

int
store_days_prune(struct store *s, struct meter *behind, uint32_t hour, int most)
{
	struct record_key key;
	struct day day;

	key_day(&key, behind);
	if (behind->kind == 0)
		record_key(&key, TAG_DAY);
	for (int seen = 0; seen < most; seen++) {
		int rc = record_read_next(s, &key, 1, decode, &day);

		if (rc == 1 && !record_key_names(&key, behind))
			rc = record_damaged(s);
		if (rc != 1)
			return rc;
		if (day_is_over(&day, hour) && record_del(s, &key) == -1)
			return -1;
	}
	return 1;
}
