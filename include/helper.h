/*
 * helper - what qlimit(8) does for a delivery in the background
 *
 * Nobody waits for it. That it cannot be started is said in the log.
 */
#ifndef HELPER_H
#define HELPER_H

#include "booking.h"

/* `qlimit COMMAND`, with this environment. */
void helper_start(const char *command, char *const *envp);

/* `qlimit notify` for each of them, the facts in its environment (notify.h). */
void helper_notify(const struct booking_notices *notices, char *const *envp);

/*
 * `qlimit notify trouble`, of what is broken in words; not where the hour's trouble has been told, by the file
 * of the state directory that says so (NOTIFY_TROUBLE_FILE).
 */
void helper_trouble(const char *what, const char *state, int64_t now, char *const *envp);

#endif
