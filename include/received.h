/*
 * received - what qmail-smtpd and filters say in a Received: of their own
 *
 * A field is what stands behind its colon, with the lines it goes on in and the last newline: any bytes. The
 * forms are those of the sources that head.h names.
 */
#ifndef RECEIVED_H
#define RECEIVED_H

#include <stdbool.h>

#include "head.h"

/*
 * Who authenticated to the qmail-smtpd that wrote this, in lower case and printable ASCII, to HEAD_AUTH_MAX + 1
 * zero bytes; they stay so if nobody did, or another program wrote it.
 */
void received_auth(char *auth, const char *value, const char *end);

/*
 * True if this is a filter's: one of trust->filters is in it, and it is not qmail-smtpd's, where a client who
 * says HELO simscan is not simscan.
 */
bool received_is_filters(const char *value, const char *end, const struct head_trust *trust);

#endif
