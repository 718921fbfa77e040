/* store - transactions, and what state a store is in */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

/* What was found holds for one transaction: with the next one the store may be another's work. */
static void
forget_findings(struct store *s)
{
	s->damaged = false;
	s->broken = false;
}

int
store_begin(struct store *s, bool create)
{
	forget_findings(s);
	return s->ops->begin(s, create);
}

int
store_commit(struct store *s)
{
	forget_findings(s);
	return s->ops->commit(s);
}

void
store_rollback(struct store *s)
{
	/* What is disposable starts anew; a ledger with one bad record is still a ledger. */
	if ((s->broken || (s->damaged && s->disposable)) && s->ops->restart(s, true) == 0)
		(void)s->ops->commit(s);
	else
		s->ops->rollback(s);
	forget_findings(s);
}

int
store_compact(struct store *s)
{
	return s->ops->compact(s);
}

bool
store_was_set_aside(const struct store *s)
{
	return s != NULL && s->set_aside;
}

void
store_close(struct store *s)
{
	if (s != NULL)
		s->ops->close(s);
}

int
store_info_get(struct store *s, struct info *info)
{
	unsigned char record[INFO_SIZE + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	record_key(&key, TAG_INFO);
	rc = record_get(s, &key, record, sizeof record, &size);
	if (rc != 1)
		return rc;
	return info_decode(info, record, size) ? 1 : record_damaged(s);
}

bool
store_is_of_boot(const struct info *info, const unsigned char *boot)
{
	static const unsigned char unknown[INFO_BOOT_SIZE];

	return memcmp(info->boot, boot, INFO_BOOT_SIZE) == 0 ||
	       memcmp(boot, unknown, INFO_BOOT_SIZE) == 0 ||
	       memcmp(info->boot, unknown, INFO_BOOT_SIZE) == 0;
}

int
store_info_ready(struct store *s, struct info *info, const unsigned char *boot, int64_t now)
{
	int rc = store_info_get(s, info);

	if (rc == -1 && errno != EBADMSG)
		return -1;
	if (rc == -1) {
		forget_findings(s);
		rc = s->ops->restart(s, true);
	} else if (rc == 0 && !s->fresh) {
		/* Cut short, or pages that a power cut left together: nobody's. */
		rc = s->ops->restart(s, true);
	} else if (rc == 1 && !store_is_of_boot(info, boot)) {
		rc = s->ops->restart(s, false);
	} else if (rc == 1) {
		return 0;
	}
	memset(info, 0, sizeof *info);
	memcpy(info->boot, boot, INFO_BOOT_SIZE);
	rules_settings_init(&info->settings);
	info->created = now;
	if (rc == -1 || getentropy(info->secret, sizeof info->secret) == -1)
		return -1;
	return store_info_put(s, info);
}

int
store_begin_live(struct store *s, struct info *info, const unsigned char *boot, int64_t now)
{
	return store_begin(s, true) == -1 ? -1 : store_info_ready(s, info, boot, now);
}

int
store_info_put(struct store *s, const struct info *info)
{
	unsigned char record[INFO_SIZE];
	struct record_key key;

	record_key(&key, TAG_INFO);
	info_encode(info, record);
	return record_put(s, &key, record, sizeof record);
}

int
store_watch_get(struct store *s, unsigned char *record, size_t *size)
{
	struct record_key key;
	int rc;

	record_key(&key, TAG_WATCH);
	rc = record_get(s, &key, record, WATCH_RECORD_MAX, size);
	if (rc != 1)
		*size = 0;
	return rc;
}

int
store_watch_put(struct store *s, const unsigned char *record, size_t size)
{
	struct record_key key;

	record_key(&key, TAG_WATCH);
	return record_put(s, &key, record, size);
}

int
store_note_get(struct store *s, char *note)
{
	char value[STORE_NOTE_MAX + RECORD_CHECK_SIZE];
	struct record_key key;
	size_t size;
	int rc;

	note[0] = '\0';
	record_key(&key, TAG_NOTE);
	rc = record_get(s, &key, value, sizeof value, &size);
	if (rc == 1) {
		memcpy(note, value, size);
		note[size] = '\0';
	}
	return rc;
}

int
store_note_put(struct store *s, const char *note)
{
	size_t n = strlen(note);
	struct record_key key;

	record_key(&key, TAG_NOTE);
	return record_put(s, &key, note, n > STORE_NOTE_MAX ? STORE_NOTE_MAX : n);
}
