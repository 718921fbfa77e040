/*
 * delivery_log - the log lines of a delivery (qlimit-remote(8), LOGGING)
 */
#ifndef DELIVERY_LOG_H
#define DELIVERY_LOG_H

#include <stdbool.h>

#include "admission.h"
#include "guard.h"

/* One line for a delivery that is held (once an hour), refused or discarded, or would be in observe mode. */
void delivery_log_admission(const struct booking *b, const struct admission *a);

/* One line for each payer that something is to be said of: once a meter, event and hour. */
void delivery_log_notices(const struct booking_notices *notices);

/* The store in this directory cannot be used, by errno. */
void delivery_log_unusable(const char *directory, int error, bool deferred);

/* The guard's lines, async-signal-safe: before the real program has run, and after. */
void delivery_log_accident(enum guard_reason reason, bool deferred);
void delivery_log_late_accident(enum guard_reason reason);

#endif
