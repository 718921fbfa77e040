/* digest - SipHash-2-4 with 128 bits of output */
#include "digest.h"

#include <string.h>

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* In one expression, which compilers know as a single load; not so a loop. */
static uint64_t
little64(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	    (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static void
mix(struct digest *d, unsigned rounds)
{
	uint64_t *v = d->v;

	while (rounds-- > 0) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void
absorb(struct digest *d, uint64_t word)
{
	d->v[3] ^= word;
	mix(d, 2);
	d->v[0] ^= word;
}

void
digest_init(struct digest *d, const unsigned char *key)
{
	uint64_t k0 = little64(key), k1 = little64(key + 8);

	d->v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
	d->v[1] = k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee; /* 0xee: the 128-bit variant */
	d->v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
	d->v[3] = k1 ^ UINT64_C(0x7465646279746573);
	d->pending = 0;
	d->length = 0;
}

static void
add_byte(struct digest *d, unsigned char byte)
{
	d->pending |= (uint64_t)byte << (8 * (d->length % 8));
	if (++d->length % 8 == 0) {
		absorb(d, d->pending);
		d->pending = 0;
	}
}

void
digest_add(struct digest *d, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (; n > 0 && d->length % 8 != 0; n--)
		add_byte(d, *p++);
	for (; n >= 8; n -= 8, p += 8) {
		absorb(d, little64(p));
		d->length += 8;
	}
	for (; n > 0; n--)
		add_byte(d, *p++);
}

void
digest_add64(struct digest *d, uint64_t value)
{
	unsigned char word[8];

	for (unsigned i = 0; i < 8; i++)
		word[i] = (unsigned char)(value >> (8 * i) & 0xff);
	digest_add(d, word, sizeof word);
}

void
digest_add_string(struct digest *d, const char *s)
{
	digest_add(d, s, strlen(s) + 1);
}

void
digest_finish(struct digest *d, unsigned char *out)
{
	absorb(d, d->pending | d->length << 56);
	for (unsigned half = 0; half < 2; half++) {
		uint64_t word;

		d->v[half == 0 ? 2 : 1] ^= half == 0 ? 0xee : 0xdd;
		mix(d, 4);
		word = d->v[0] ^ d->v[1] ^ d->v[2] ^ d->v[3];
		for (unsigned i = 0; i < 8; i++)
			out[8 * half + i] = (unsigned char)(word >> (8 * i) & 0xff);
	}
}
