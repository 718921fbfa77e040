/*
 * essentials - the few settings the wrapper needs when its store cannot be used
 *
 * A small text file, "essentials", in the state directory, written whole by `qlimit load` and renamed into
 * place. It is the wrapper's only source of them, so that it never matters what the store says.
 */
#ifndef ESSENTIALS_H
#define ESSENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "head.h"
#include "place.h"

#define ESSENTIALS_NOTIFY_TIMEOUT 30
#define ESSENTIALS_NOTIFY_TIMEOUT_MOST 600
#define ESSENTIALS_WARN_PERCENT 80

struct essentials {
	char remote[PLACE_PATH_MAX + 1]; /* real program; "" = the built-in order */
	char state[PLACE_PATH_MAX + 1];  /* state directory, if it is another one; or "" */
	bool defer_on_error;             /* on_error = "defer" */
	uint32_t deadline_ms;            /* 100 to 60000 */
	struct head_trust trust;         /* smtp_auth, trusted_received */
	char notify[PLACE_PATH_MAX + 1]; /* program that is told of events; "" = none */
	uint32_t notify_timeout_s;       /* seconds it may take, 1 to 600 */
	uint32_t warn_percent;           /* of a limit, from which on there is a warning, 1 to 100 */
};

/* No paths, deliver on error, 2000 ms, trust nobody, 30 s, 80 %: in force until a load has said otherwise. */
void essentials_init(struct essentials *e);

/*
 * Reads DIRECTORY/essentials. Returns 0, or -1 with errno and the built-in values where the file
 * is missing or not usable (EPERM: not a plain file of ours; EBADMSG: not understood).
 */
int essentials_read(struct essentials *e, const char *directory);

/* Writes DIRECTORY/essentials anew, durably. Returns 0, or -1 with errno and the old file in place. */
int essentials_write(const struct essentials *e, const char *directory);

#endif
