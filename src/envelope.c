/* envelope - what qmail-rspawn says of a delivery: host, sender, recipients */
#include "envelope.h"

#include <string.h>

static bool
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

bool
envelope_parse(struct envelope *e, int argc, char *const *argv)
{
	int first = argc >= 6 && is_number(argv[4]) ? 5 : 3;

	if (argc <= first)
		return false;
	e->host = argv[1];
	e->sender = argv[2];
	e->recipients = argv + first;
	e->count = (size_t)(argc - first);
	return true;
}
