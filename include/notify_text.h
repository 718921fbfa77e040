/*
 * notify_text - an event as a sentence that a person can read
 */
#ifndef NOTIFY_TEXT_H
#define NOTIFY_TEXT_H

#include "notify.h"

#define NOTIFY_TEXT_MAX 2048 /* bytes; holds the longest */

/* Appends "Domain example.com has used 80 of its 100 emails per hour.": one line of ASCII. */
void notify_text(struct text *t, const struct notify_facts *facts);

#endif
