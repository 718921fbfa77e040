/* record - any bytes as any record of a store: refused, or the same bytes when written again */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "info.h"
#include "limits.h"
#include "pending.h"
#include "rules.h"
#include "standing.h"
#include "watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use_counters(unsigned char *record, size_t size)
{
	struct counters c, again;
	unsigned char back[COUNTERS_SIZE];

	if (!counters_decode(&c, record, size))
		return;
	counters_encode(&c, back);
	if (!counters_decode(&again, back, sizeof back) || again.admitted != c.admitted)
		abort();
	(void)standing_notice(&c);
	counters_add(&c, &again);
}

static void
use_watch(unsigned char *record, size_t size)
{
	static struct watch_list list;
	static unsigned char back[WATCH_RECORD_MAX];

	(void)watch_is_current(record, size, "/nonexistent");
	if (!watch_decode(&list, record, size))
		return;
	if (watch_encode(&list, back) > sizeof back)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *record = malloc(size + 1), back[INFO_SIZE];
	struct limits limits;
	struct pending pending;
	struct info info;
	struct rules_settings settings;

	if (record == NULL)
		return 0;
	memcpy(record, data, size);
	use_counters(record, size);
	use_watch(record, size);
	if (limits_decode(&limits, record, size)) {
		limits_encode(&limits, back);
		if (memcmp(back, record, LIMITS_SIZE) != 0)
			abort();
	}
	if (pending_decode(&pending, record, size))
		pending_encode(&pending, back);
	if (info_decode(&info, record, size))
		info_encode(&info, back);
	if (rules_settings_decode(&settings, record, size))
		rules_settings_encode(&settings, back);
	free(record);
	return 0;
}
