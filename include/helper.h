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

#endif
