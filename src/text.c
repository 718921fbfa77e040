/* text - a string built up in a buffer of fixed size */
#include "text.h"

#include <string.h>

void
text_init(struct text *t, char *data, size_t size)
{
	t->data = data;
	t->size = size;
	t->used = 0;
	t->truncated = false;
	t->data[0] = '\0';
}

void
text_add_bytes(struct text *t, const char *bytes, size_t n)
{
	size_t room = t->size - 1 - t->used;

	if (n > room) {
		n = room;
		t->truncated = true;
	}
	memcpy(t->data + t->used, bytes, n);
	t->used += n;
	t->data[t->used] = '\0';
}

void
text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void
text_add_number(struct text *t, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	text_add_bytes(t, digits + at, sizeof digits - at);
}

void
text_add_printable(struct text *t, const char *bytes, size_t n, size_t most)
{
	static const char hex[] = "0123456789abcdef";
	size_t written = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];
		bool plain = c >= 33 && c <= 126 && c != '"' && c != '\\';
		char code[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		size_t width = plain ? 1 : sizeof code;

		if (written + width > most) {
			text_add(t, "...");
			return;
		}
		text_add_bytes(t, plain ? (const char *)&bytes[i] : code, width);
		written += width;
	}
}

void
text_add_sentence(struct text *t, const char *sentence)
{
	while (*sentence != '\0') {
		size_t n = strcspn(sentence, " ");

		text_add_printable(t, sentence, n, 800);
		sentence += n;
		for (; *sentence == ' '; sentence++)
			text_add(t, " ");
	}
}

char
text_lower(char c)
{
	/* Not tolower(3): that follows the locale. */
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
