/* bytes - records as bytes: big-endian, fixed width */
#include "bytes.h"

#include <string.h>

void
bytes_init(struct bytes *b, void *data, size_t size)
{
	b->data = data;
	b->size = size;
	b->at = 0;
	b->failed = false;
}

/* The next n bytes of the record, or NULL where there are not that many. */
static unsigned char *
claim(struct bytes *b, size_t n)
{
	if (b->failed || b->size - b->at < n) {
		b->failed = true;
		return NULL;
	}
	b->at += n;
	return b->data + b->at - n;
}

static void
put_number(struct bytes *b, uint64_t value, size_t width)
{
	unsigned char *p = claim(b, width);

	if (p == NULL)
		return;
	while (width-- > 0) {
		p[width] = (unsigned char)(value & 0xff);
		value >>= 8;
	}
}

static uint64_t
get_number(struct bytes *b, size_t width)
{
	const unsigned char *p = claim(b, width);
	uint64_t value = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < width; i++)
		value = value << 8 | p[i];
	return value;
}

void
bytes_put8(struct bytes *b, uint8_t value)
{
	put_number(b, value, 1);
}

void
bytes_put16(struct bytes *b, uint16_t value)
{
	put_number(b, value, 2);
}

void
bytes_put32(struct bytes *b, uint32_t value)
{
	put_number(b, value, 4);
}

void
bytes_put64(struct bytes *b, uint64_t value)
{
	put_number(b, value, 8);
}

void
bytes_put(struct bytes *b, const void *from, size_t n)
{
	unsigned char *p = claim(b, n);

	if (p != NULL && n > 0)
		memcpy(p, from, n);
}

uint8_t
bytes_get8(struct bytes *b)
{
	return (uint8_t)get_number(b, 1);
}

uint16_t
bytes_get16(struct bytes *b)
{
	return (uint16_t)get_number(b, 2);
}

uint32_t
bytes_get32(struct bytes *b)
{
	return (uint32_t)get_number(b, 4);
}

uint64_t
bytes_get64(struct bytes *b)
{
	return get_number(b, 8);
}

void
bytes_get(struct bytes *b, void *to, size_t n)
{
	const unsigned char *p = claim(b, n);

	if (p != NULL)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

bool
bytes_complete(const struct bytes *b)
{
	return !b->failed && b->at == b->size;
}
