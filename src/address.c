/* address - the domain of a mail address, in one normal form */
#include "address.h"

#include <string.h>

#include "text.h"

size_t
address_normalize(const char *domain, size_t n, char *out)
{
	if (n > 0 && domain[n - 1] == '.')
		n--;
	if (n > ADDRESS_DOMAIN_MAX)
		n = 0;
	for (size_t i = 0; i < n; i++)
		out[i] = text_lower(domain[i]);
	out[n] = '\0';
	return n;
}

size_t
address_domain(const char *address, char *out)
{
	const char *at = strrchr(address, '@');

	out[0] = '\0';
	return at == NULL ? 0 : address_normalize(at + 1, strlen(at + 1), out);
}

bool
address_is_bounce_sender(const char *sender)
{
	return sender[0] == '\0' || strcmp(sender, "#@[]") == 0;
}
