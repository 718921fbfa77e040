/* admin_counts - what the numbers of counters are called: columns, JSON members, metrics */
#include "admin_counts.h"

#include <string.h>

#define FIRST_COUNTS 9 /* the others came later: what is in an object is never moved */
#define AT(field) offsetof(struct counters, field)

const struct admin_count admin_counts[ADMIN_COUNTS] = {
	{ "admitted", "admitted", NULL, "Deliveries admitted in the running hour.", "ADMITTED", 8, 8, true,
	    AT(admitted) },
	{ "sent", "sent", NULL, "Deliveries accepted by the other side in the running hour.", "SENT", 8, 7, false,
	    AT(sent) },
	{ "deferred", "deferred", NULL, "Deliveries the other side put off in the running hour.", "DEFERRED", 8, 8,
	    false, AT(deferred) },
	{ "failed", "failed", NULL, "Deliveries that failed for good in the running hour.", "FAILED", 7, 6, false,
	    AT(failed) },
	{ "unreached", "unreached", NULL, "Deliveries without an answer in the running hour.", "UNREACHED", 9, 9,
	    true, AT(unreached) },
	{ "held", "held", NULL, "Deliveries held by a limit of this meter in that hour.", "HELD", 7, 6, false,
	    AT(held) },
	{ "refused", "refused", NULL, "Deliveries refused by a limit of this meter in that hour.", "REFUSED", 7, 7,
	    false, AT(refused) },
	/* Rare: no column. */
	{ "discarded", "discarded", NULL, "Deliveries thrown away by an order on this meter in that hour.", NULL, 0, 0,
	    false, AT(discarded) },
	{ "bytes", "admitted_bytes", "bytes", "Size of what was admitted in the running hour.", NULL, 0, 0, false,
	    AT(bytes) },
	{ "returned", "returned", NULL, "Deliveries returned by a notification in that hour, after they were sent.",
	    NULL, 0, 0, false, AT(returned) },
};

uint64_t
admin_count_of(const struct admin_count *count, const struct counters *c)
{
	uint64_t n;

	memcpy(&n, (const char *)c + count->at, sizeof n);
	return n;
}

void
admin_counts_json(struct admin_json *j, const struct counters *c)
{
	for (size_t i = 0; i < FIRST_COUNTS; i++)
		admin_json_number(j, admin_counts[i].key, admin_count_of(&admin_counts[i], c));
}

void
admin_counts_json_later(struct admin_json *j, const struct counters *c)
{
	for (size_t i = FIRST_COUNTS; i < ADMIN_COUNTS; i++)
		admin_json_number(j, admin_counts[i].key, admin_count_of(&admin_counts[i], c));
}
