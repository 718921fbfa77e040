/* html - text in a page of HTML */
#include "html.h"

#include <inttypes.h>

void
html_text(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			(void)fputs("&amp;", f);
			break;
		case '<':
			(void)fputs("&lt;", f);
			break;
		case '>':
			(void)fputs("&gt;", f);
			break;
		case '"':
			(void)fputs("&quot;", f);
			break;
		default:
			(void)fputc(*s, f);
		}
}

void
html_number(FILE *f, uint64_t n)
{
	uint64_t group = 1;

	while (n / group >= 1000)
		group *= 1000;
	(void)fprintf(f, "%" PRIu64, n / group);
	while ((group /= 1000) > 0)
		(void)fprintf(f, "&#8239;%03" PRIu64, n / group % 1000);
}
