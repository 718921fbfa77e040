/*
 * address - the domain of a mail address, in one normal form
 *
 * The same form for the envelope, the configuration and the command line: what stands behind the
 * LAST '@', ASCII letters lower case, one trailing dot cut (facts/storage.md A1). Other bytes are kept
 * as they are: a name is never decoded, only compared, and escaped where it is shown.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_DOMAIN_MAX 253 /* RFC 1035 2.3.4, without the root's length byte and dot */

/*
 * Writes the normal form of `domain` (`n` bytes) and a NUL to `out`, which holds
 * ADDRESS_DOMAIN_MAX + 1 bytes. Returns its length; 0 where nothing is left of it or where it is
 * longer than a domain can be: never cut to a name that is somebody else's.
 */
size_t address_normalize(const char *domain, size_t n, char *out);

/* The normal form of an address's domain, as address_normalize; 0 also where there is no '@'. */
size_t address_domain(const char *address, char *out);

/* True for the senders of bounces, "", and of double bounces, "#@[]" (qmail-send(8)). */
bool address_is_bounce_sender(const char *sender);

#endif
