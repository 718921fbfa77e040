/* counters - what one meter has counted in one hour */
#include "counters.h"

#include "bytes.h"

#define TRIPPED 1
#define ORDERED 2 /* from version 3 on */
/* There still are some in ledgers: */
#define VERSION_3 3 /* without `returned` */
#define VERSION_2 2 /* and without `discarded` */
#define VERSION_1 1 /* and without `before`, with limits of that time */

uint64_t
counters_sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t *
counters_of_outcome(struct counters *c, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_SENT:
		return &c->sent;
	case OUTCOME_DEFERRED:
		return &c->deferred;
	case OUTCOME_FAILED:
		return &c->failed;
	case OUTCOME_UNREACHED:
		return &c->unreached;
	case OUTCOME_NONE:
		break;
	}
	return NULL;
}

void
counters_book(struct counters *c, enum outcome earlier, enum outcome now)
{
	uint64_t *field = counters_of_outcome(c, earlier);

	if (field != NULL && *field > 0)
		--*field;
	field = counters_of_outcome(c, now);
	if (field != NULL)
		*field = counters_sum(*field, 1);
}

void
counters_add(struct counters *c, const struct counters *more)
{
	c->admitted = counters_sum(c->admitted, more->admitted);
	c->sent = counters_sum(c->sent, more->sent);
	c->deferred = counters_sum(c->deferred, more->deferred);
	c->failed = counters_sum(c->failed, more->failed);
	c->unreached = counters_sum(c->unreached, more->unreached);
	c->held = counters_sum(c->held, more->held);
	c->refused = counters_sum(c->refused, more->refused);
	c->discarded = counters_sum(c->discarded, more->discarded);
	c->returned = counters_sum(c->returned, more->returned);
	c->bytes = counters_sum(c->bytes, more->bytes);
}

/* version 1, flags 1, noticed 2, generation 4, twelve numbers of 8 bytes, the limits' own record */
void
counters_encode(const struct counters *c, unsigned char *record)
{
	const uint64_t fields[] = { c->admitted, c->sent, c->deferred, c->failed, c->unreached,
		c->held, c->refused, c->bytes, c->before, c->reset_at, c->discarded, c->returned };
	unsigned char limits_record[LIMITS_SIZE];
	struct limits limits = c->limits;
	struct bytes b;

	if (c->generation == 0)
		limits_init(&limits);
	limits_encode(&limits, limits_record);
	bytes_init(&b, record, COUNTERS_SIZE);
	bytes_put8(&b, COUNTERS_VERSION);
	bytes_put8(&b, (uint8_t)((c->tripped ? TRIPPED : 0) | (c->ordered ? ORDERED : 0)));
	bytes_put16(&b, c->noticed);
	bytes_put32(&b, c->generation);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		bytes_put64(&b, fields[i]);
	bytes_put(&b, limits_record, sizeof limits_record);
}

static bool
has_field(uint8_t version, const struct counters *c, const uint64_t *field)
{
	if (field == &c->returned)
		return version >= COUNTERS_VERSION;
	return field == &c->discarded ? version >= VERSION_3 : field == &c->before ? version >= VERSION_2 : true;
}

bool
counters_decode(struct counters *c, unsigned char *record, size_t size)
{
	uint64_t *const fields[] = { &c->admitted, &c->sent, &c->deferred, &c->failed,
		&c->unreached, &c->held, &c->refused, &c->bytes, &c->before, &c->reset_at,
		&c->discarded, &c->returned };
	unsigned char limits_record[LIMITS_SIZE];
	struct bytes b;
	uint8_t version, flags;
	size_t limits_size;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	limits_size = version == VERSION_1 ? LIMITS_SIZE_1 : LIMITS_SIZE;
	flags = bytes_get8(&b);
	c->noticed = bytes_get16(&b);
	c->generation = bytes_get32(&b);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		*fields[i] = has_field(version, c, fields[i]) ? bytes_get64(&b) : 0;
	bytes_get(&b, limits_record, limits_size);
	c->tripped = (flags & TRIPPED) != 0;
	c->ordered = (flags & ORDERED) != 0;
	return version >= VERSION_1 && version <= COUNTERS_VERSION &&
	       flags <= (version >= VERSION_3 ? TRIPPED | ORDERED : TRIPPED) && bytes_complete(&b) &&
	       limits_decode(&c->limits, limits_record, limits_size);
}
