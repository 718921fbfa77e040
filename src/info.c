/* info - the one record that says what state a live store is in */
#include "info.h"

#include "bytes.h"

void
info_encode(const struct info *info, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, INFO_SIZE);
	bytes_put8(&b, INFO_VERSION);
	bytes_put8(&b, info->tidy_wanted);
	bytes_put16(&b, 0);
	bytes_put32(&b, info->hour);
	bytes_put(&b, info->boot, sizeof info->boot);
	bytes_put(&b, info->secret, sizeof info->secret);
	bytes_put64(&b, info->sequence);
	bytes_put32(&b, info->generation);
	rules_settings_put(&info->settings, &b);
	bytes_put64(&b, (uint64_t)info->loaded_at);
	bytes_put64(&b, (uint64_t)info->tried_at);
	bytes_put64(&b, (uint64_t)info->load_claimed_at);
	bytes_put64(&b, (uint64_t)info->tidy_claimed_at);
	bytes_put64(&b, (uint64_t)info->last_delivery);
	bytes_put64(&b, info->pendings);
	bytes_put64(&b, info->meters);
	bytes_put64(&b, (uint64_t)info->created);
}

bool
info_decode(struct info *info, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, tidy;
	bool good;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	tidy = bytes_get8(&b);
	(void)bytes_get16(&b);
	info->tidy_wanted = tidy != 0;
	info->hour = bytes_get32(&b);
	bytes_get(&b, info->boot, sizeof info->boot);
	bytes_get(&b, info->secret, sizeof info->secret);
	info->sequence = bytes_get64(&b);
	info->generation = bytes_get32(&b);
	good = rules_settings_get(&info->settings, &b);
	info->loaded_at = (int64_t)bytes_get64(&b);
	info->tried_at = (int64_t)bytes_get64(&b);
	info->load_claimed_at = (int64_t)bytes_get64(&b);
	info->tidy_claimed_at = (int64_t)bytes_get64(&b);
	info->last_delivery = (int64_t)bytes_get64(&b);
	info->pendings = bytes_get64(&b);
	info->meters = bytes_get64(&b);
	info->created = (int64_t)bytes_get64(&b);
	return version == INFO_VERSION && tidy <= 1 && good && bytes_complete(&b);
}
