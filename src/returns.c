/* returns - which returned deliveries were counted already */
#include "returns.h"

#include <string.h>

#include "bytes.h"

#define VERSION 1

uint32_t
returns_bucket(const unsigned char *id)
{
	return (uint32_t)(id[0] << 8 | id[1]) % RETURNS_BUCKETS;
}

static const unsigned char *
kept_of(const unsigned char *id)
{
	return id + 2;
}

/* Where it stands, or else where it may: a free place, or that of the oldest one. */
static size_t
find(const struct returns *r, const unsigned char *id)
{
	size_t oldest = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (memcmp(r->at[i].id, kept_of(id), RETURNS_ID_SIZE) == 0)
			return i;
		if (r->at[i].hour < r->at[oldest].hour)
			oldest = i;
	}
	return r->count < RETURNS_PLACES ? r->count : oldest;
}

bool
returns_note(struct returns *r, const unsigned char *id, uint32_t hour)
{
	size_t i = find(r, id);

	if (i < r->count && memcmp(r->at[i].id, kept_of(id), RETURNS_ID_SIZE) == 0 &&
	    (hour < r->at[i].hour || hour - r->at[i].hour <= RETURNS_HOURS))
		return false;
	memcpy(r->at[i].id, kept_of(id), RETURNS_ID_SIZE);
	r->at[i].hour = hour;
	if (i == r->count)
		r->count++;
	return true;
}

void
returns_encode(const struct returns *r, unsigned char *record)
{
	struct bytes b;

	memset(record, 0, RETURNS_SIZE);
	bytes_init(&b, record, RETURNS_SIZE);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, (uint8_t)r->count);
	bytes_put16(&b, 0);
	for (size_t i = 0; i < r->count; i++) {
		bytes_put(&b, r->at[i].id, RETURNS_ID_SIZE);
		bytes_put32(&b, r->at[i].hour);
	}
}

bool
returns_decode(struct returns *r, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, count;

	memset(r, 0, sizeof *r);
	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	count = bytes_get8(&b);
	(void)bytes_get16(&b);
	if (version != VERSION || count > RETURNS_PLACES || size != RETURNS_SIZE)
		return false;
	for (r->count = 0; r->count < count; r->count++) {
		bytes_get(&b, r->at[r->count].id, RETURNS_ID_SIZE);
		r->at[r->count].hour = bytes_get32(&b);
	}
	return true;
}
