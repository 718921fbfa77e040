/* store - transactions, and what state a store is in */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "record.h"

/* What was found holds for one transaction: with the next one the store may be another's work. */
static void
forget_findings(struct store *s)
{
	s->damaged = false;
	s->broken = false;
}

/* Its first byte is all that is known of a newer version's: if what it stands in is what was written. */
static int
check_version(struct store *s)
{
	const uint8_t ours = s->disposable ? INFO_VERSION : COUNTERS_VERSION;
	unsigned char record[RECORD_ROOM];
	struct record_key key;
	size_t size;
	int rc;

	record_key(&key, TAG_INFO);
	rc = s->ops->get(s, STORE_TABLE_STATE, key.data, key.size, record, sizeof record, &size);
	/* Only where it matters is the check worth its time. */
	if (rc == 1 && size > 0 && record[0] > ours)
		rc = record_get(s, &key, record, sizeof record, &size);
	if (rc == -1)
		return errno == EBADMSG || errno == EMSGSIZE ? 0 : -1; /* whoever reads what is damaged finds it */
	if (rc == 0 || size == 0 || record[0] <= ours)
		return 0;
	errno = s->disposable ? STORE_NEWER_LIVE : STORE_NEWER_LEDGER;
	return -1;
}

/* 0; -1; or 1 where it has begun and must not go on. */
static int
begin(struct store *s, bool create)
{
	int rc;

	forget_findings(s);
	if (s->ops->begin(s, create) == -1)
		return -1;
	rc = check_version(s);
	forget_findings(s);
	return rc == 0 ? 0 : 1;
}

int
store_begin(struct store *s, bool create)
{
	int rc = begin(s, create), saved = errno;

	if (rc == 1)
		s->ops->rollback(s);
	errno = saved;
	return rc == 0 ? 0 : -1;
}

bool
store_set_newer_aside(struct store *s)
{
	bool newer = begin(s, false) == 1 && errno == STORE_NEWER_LIVE &&
	    s->ops->restart(s, STORE_KEPT_NEWER) == 0;

	if (newer)
		(void)s->ops->commit(s);
	else
		s->ops->rollback(s);
	return newer;
}

const char *
store_error(int error)
{
	if (error == STORE_NEWER_LIVE)
		return "a newer qlimit has written live.mdb: `qlimit load` of the version that is installed "
		       "puts that right";
	if (error == STORE_NEWER_LEDGER)
		return "a newer qlimit has written ledger.mdb, which stays as it is: use that version, or move "
		       "the file away and history begins anew";
	return strerror(error);
}

void
store_log_trouble(const char *what, int error)
{
	log_trouble_words(what, store_error(error));
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
	if ((s->broken || (s->damaged && s->disposable)) && s->ops->restart(s, STORE_KEPT_DAMAGED) == 0)
		(void)s->ops->commit(s);
	else
		s->ops->rollback(s);
	forget_findings(s);
}

int
store_compact(struct store *s)
{
	return store_begin(s, false) == -1 ? -1 : s->ops->compact(s);
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

static bool
decode(void *info, unsigned char *value, size_t size)
{
	return info_decode(info, value, size);
}

int
store_info_get(struct store *s, struct info *info)
{
	struct record_key key;

	record_key(&key, TAG_INFO);
	return record_read(s, &key, decode, info);
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
		rc = s->ops->restart(s, STORE_KEPT_DAMAGED);
	} else if (rc == 0 && !s->fresh) {
		/* Cut short, or pages that a power cut left together: nobody's. */
		rc = s->ops->restart(s, STORE_KEPT_DAMAGED);
	} else if (rc == 1 && !store_is_of_boot(info, boot)) {
		rc = s->ops->restart(s, STORE_REMOVED);
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

/* It was not larger, or the transaction had not begun. */
int
store_ledger_ready(struct store *s)
{
	static const unsigned char version[] = { COUNTERS_VERSION };
	struct record_key key;

	record_key(&key, TAG_INFO);
	return record_put(s, &key, version, sizeof version);
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
