/*
 * admin_meter - which meters the words of a command mean
 *
 * What is wrong with a word is said on standard error, and what would be right.
 */
#ifndef ADMIN_METER_H
#define ADMIN_METER_H

#include <stdbool.h>

#include "admin.h"
#include "meter.h"

/* The meter that a word of the admin's means, in *meter; false where there can be none. */
bool admin_meter(struct meter *meter, const char *word);

/* The same, but also one that no mail can pay. */
bool admin_meter_any(struct meter *meter, const char *word);

/*
 * Whether each of the names means a meter. Of those that mean the same one only the first is left in `names`: it
 * is to be counted once.
 */
bool admin_meter_names(const struct admin *a);

#endif
