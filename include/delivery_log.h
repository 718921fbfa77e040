/*
 * delivery_log - the log lines of a delivery (qlimit-remote(8), LOGGING)
 */
#ifndef DELIVERY_LOG_H
#define DELIVERY_LOG_H

#include <stdbool.h>

#include "admission.h"
#include "guard.h"

/* One line for a delivery that is held (once an hour) or refused, or would be in observe mode. */
void delivery_log_admission(const struct booking *b, const struct admission *a);

/* One line for each payer whose failure limit was just crossed. */
void delivery_log_trips(const struct booking *b, unsigned tripped,
    const struct judgement *judgements);

/* The guard's lines, async-signal-safe: before the real program has run, and after. */
void delivery_log_accident(enum guard_reason reason, bool deferred);
void delivery_log_late_accident(enum guard_reason reason);

#endif
