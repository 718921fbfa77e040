/* readable - text of others for a person's screen or a program: what is a character, and what is not */
#include "readable.h"

#include <string.h>

/* RFC 3629 section 4: by the first byte, how many there are, and the least number that needs so many. */
static size_t
length_of(unsigned char first, uint32_t *least)
{
	static const uint32_t leasts[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;

	*least = leasts[n];
	return n;
}

size_t
readable_character(const char *s, uint32_t *code)
{
	unsigned char first = (unsigned char)s[0];
	uint32_t least;
	size_t n = length_of(first, &least);

	*code = n < 2 ? first : first & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)s[i]; /* the NUL is none of these, too */

		if ((next & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (next & 0x3f);
	}
	return *code < least || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

/* Bytes of it that can be shown; 0 if what is there cannot. */
static size_t
shown(const char *s)
{
	uint32_t code;
	size_t n = readable_character(s, &code);

	return code < 32 || (code >= 127 && code < 160) ? 0 : n;
}

bool
readable_is(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		size_t n = shown(s);

		/* Bytes that are no UTF-8 are the letters of an older screen, from 160. */
		if (n == 0 && c < 160)
			return false;
		if (n == 0 && readable_character(s, &(uint32_t){ 0 }) > 0)
			return false;
		s += n > 0 ? n - 1 : 0;
	}
	return true;
}

void
readable_add(struct text *t, const char *s, bool utf8)
{
	static const char hex[] = "0123456789abcdef";

	while (*s != '\0') {
		unsigned char c = (unsigned char)*s;
		const char code[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		size_t n = c > 127 && !utf8 ? 0 : shown(s);

		text_add_bytes(t, n > 0 ? s : code, n > 0 ? n : sizeof code);
		s += n > 0 ? n : 1;
	}
}

void
readable_add_word(struct text *t, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@%+=/-";

	text_add(t, word[0] == '-' ? "-- " : "");
	if (word[strspn(word, plain)] == '\0') {
		text_add(t, word);
		return;
	}
	text_add(t, "'");
	for (; *word != '\0'; word++)
		text_add_bytes(t, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
	text_add(t, "'");
}
