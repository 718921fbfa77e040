/* admin - what the commands of qlimit(8) have in common, and reset */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_owner.h"
#include "admin_print.h"
#include "boot.h"
#include "hour.h"
#include "log.h"
#include "owner.h"

void
admin_init(struct admin *a, int64_t now)
{
	memset(a, 0, sizeof *a);
	a->now = now;
	place_init(&a->place);
	boot_id(a->boot);
}

int
admin_enter(struct admin *a, bool create)
{
	int status = owner_become(a->place.state, create);

	if (status != EX_OK)
		return status;
	/* Read as the owner: whoever may write this file must not say where root goes next. */
	if (essentials_read(&a->essentials, a->place.state) == 0 && !a->place.state_is_set &&
	    a->essentials.state[0] != '\0')
		a->place.state = a->essentials.state;
	return EX_OK;
}

int
admin_not_counted(const struct admin *a)
{
	char damaged[PLACE_PATH_MAX + 1];
	bool aside = place_join(damaged, a->place.state, "live.mdb.damaged") == 0 && access(damaged, F_OK) == 0;

	(void)fprintf(stderr, "qlimit: nothing counted yet in %s: no delivery has passed qlimit-remote since the machine "
	    "was started%s, and no `qlimit load` has been done\n", a->place.state,
	    aside ? ", or since a damaged store was set aside as live.mdb.damaged" : "");
	return EX_NOINPUT;
}

int
admin_open_failed(const struct admin *a)
{
	if ((errno == EPERM || errno == EACCES) && admin_owner_warn(a) != EX_OK)
		return EX_IOERR;
	if (errno == ENOENT)
		return admin_not_counted(a);
	if (errno == EPERM)
		(void)fprintf(stderr, "qlimit: %s: the directory, lock and live.mdb must be plain, "
		    "have one name, belong to one user and be writable by nobody else\n",
		    a->place.state);
	else if (errno == ETIMEDOUT)
		(void)fprintf(stderr, "qlimit: %s/lock: another process has held it for %d "
		    "seconds; mail goes on uncounted meanwhile\n", a->place.state,
		    ADMIN_PATIENCE_MS / 1000);
	else if (errno == EBADMSG)
		(void)fprintf(stderr, "qlimit: %s/live.mdb is damaged: the next delivery or "
		    "`qlimit load` sets it aside, and counting starts anew\n", a->place.state);
	else
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, store_error(errno));
	return EX_IOERR;
}

struct store *
admin_live(const struct admin *a)
{
	struct store *s = store_lmdb_new(a->place.state, STORE_LIVE, ADMIN_PATIENCE_MS);

	if (s != NULL)
		store_lmdb_of_boot(s, a->boot);
	return s;
}

struct store *
admin_try_live(struct admin *a, struct info *info, int *status)
{
	struct store *s;
	int rc;

	*status = admin_enter(a, false);
	if (*status != EX_OK)
		return NULL;
	s = admin_live(a);
	if (s == NULL || store_begin(s, false) == -1) {
		*status = errno == ENOENT ? EX_OK : admin_open_failed(a);
		store_close(s);
		return NULL;
	}
	rc = store_info_get(s, info);
	/* What an earlier boot has counted is not trusted: the next delivery makes it anew. */
	if (rc == 1 && !store_is_of_boot(info, a->boot))
		rc = 0;
	if (rc == 1)
		return s;
	*status = rc == 0 ? EX_OK : admin_store_failed(s);
	if (rc == 0)
		store_close(s);
	return NULL;
}

struct store *
admin_open_live(struct admin *a, struct info *info, int *status)
{
	struct store *s = admin_try_live(a, info, status);

	if (s == NULL && *status == EX_OK)
		*status = admin_not_counted(a);
	return s;
}

int
admin_store_failed(struct store *s)
{
	int saved = errno;

	store_rollback(s);
	store_close(s);
	if (saved == EBADMSG)
		(void)fputs("qlimit: a store is damaged: the log says what was done; try again\n",
		    stderr);
	else
		(void)fprintf(stderr, "qlimit: the store cannot be used: %s\n", store_error(saved));
	return EX_IOERR;
}

static bool
no_meter(const char *word, const char *why)
{
	(void)fprintf(stderr, "qlimit: \"%.80s\": %s\n", word, why);
	return false;
}

/* A user's number as the meters have it: without zeros in front. */
static bool
is_uid(const char *digits)
{
	size_t n = strspn(digits, "0123456789");

	return digits[n] == '\0' && n > 0 && (digits[0] != '0' || n == 1) && strtoull(digits, NULL, 10) <= UINT32_MAX;
}

/* Whether mail can pay such a user's meter. */
static bool
can_be_user(const char *word, const char *name)
{
	if (strncmp(name, "uid:", 4) == 0 && !is_uid(name + 4))
		return no_meter(word, "behind uid: stands a user's number, such as uid:48");
	if (strcmp(name, "auth:") == 0)
		return no_meter(word, "behind auth: stands the name that somebody logged in with");
	return true;
}

/* Whether mail can pay such a domain's: what stands behind an address's last @ has none. */
static bool
can_be_domain(const char *word, const char *name)
{
	const char *at = strrchr(name, '@');
	char why[100 + METER_WORD_MAX];
	struct meter meter;
	struct text t;

	if (at == NULL)
		return true;
	text_init(&t, why, sizeof why);
	text_add(&t, "not the name of a meter");
	if (meter_parse(&meter, at + 1)) {
		text_init(&t, why, sizeof why);
		text_add(&t, "that is an address; the domain is ");
		meter_add_name(&t, &meter);
	}
	return no_meter(word, why);
}

bool
admin_any_meter(struct meter *meter, const char *word)
{
	return meter_parse(meter, word) || no_meter(word, "not the name of a meter: a domain, server, bounces, foreign, "
	    "overflow, uid:N, alias, auth:NAME or destination:DOMAIN");
}

bool
admin_meter(struct meter *meter, const char *word)
{
	if (!admin_any_meter(meter, word))
		return false;
	if (strchr(word, ' ') != NULL)
		return no_meter(word, "a name has no blanks; where `qlimit show` shows \\x20, write that");
	return meter->kind == METER_USER ? can_be_user(word, meter->name) : can_be_domain(word, meter->name);
}

/* Names are given by hand: comparing each with each is quick enough. */
static bool
is_among(const struct meter *meter, char *const *from, char *const *to)
{
	struct meter other;

	for (; from != to; from++)
		if (meter_parse(&other, *from) && other.kind == meter->kind && other.length == meter->length &&
		    memcmp(other.name, meter->name, meter->length) == 0)
			return true;
	return false;
}

bool
admin_names(const struct admin *a)
{
	char **kept = a->names, **name;
	struct meter meter;

	for (name = a->names; *name != NULL; name++) {
		if (!admin_meter(&meter, *name))
			return false;
		if (!is_among(&meter, a->names, kept))
			*kept++ = *name;
	}
	if (kept != name)
		*kept = NULL;
	return true;
}

bool
admin_limit(const struct admin *a, uint64_t least, uint64_t most, uint64_t *limit)
{
	const char *word = a->option[ADMIN_LIMIT];
	uint64_t n = 0;
	const char *at = word;

	if (word == NULL)
		return true;
	for (; *at >= '0' && *at <= '9' && n <= most; at++)
		n = 10 * n + (uint64_t)(*at - '0');
	if (at == word || *at != '\0' || n < least || n > most) {
		(void)fprintf(stderr, "qlimit: --limit \"%.40s\": write a whole number from %" PRIu64 " to %" PRIu64
		    "\n", word, least, most);
		return false;
	}
	*limit = n;
	return true;
}

/* --- reset --- */

static int
reset_hour(struct store *s, const struct info *info, const struct meter *meter)
{
	struct counters c;
	int rc = store_counters_get(s, info->hour, meter, &c);

	if (rc != 1)
		return rc;
	c = (struct counters){ .generation = c.generation, .limits = c.limits };
	/* Outcomes booked up to now are not taken back from the new count. */
	c.reset_at = info->sequence;
	return store_counters_put(s, info->hour, meter, &c) == -1 ? -1 : 1;
}

/* The hours before this one: their record says that they are not to come back. */
static int
reset_day(struct store *s, const struct info *info, const struct meter *meter)
{
	struct day day;

	day_reset(&day, info->hour);
	return store_day_put(s, meter, &day) == -1 ? -1 : 1;
}

/* 1 if there was something to reset. */
static int
reset_meter(struct store *s, const struct info *info, const struct meter *meter, bool *has_day)
{
	struct limits limits;

	if (store_limits_find(s, info->generation, meter, &limits) == -1)
		return -1;
	*has_day = limits.max_per_day > 0;
	if (!*has_day)
		return reset_hour(s, info, meter);
	return reset_hour(s, info, meter) == -1 ? -1 : reset_day(s, info, meter);
}

static void
log_reset(const struct meter *meter)
{
	struct log_line line;

	log_start(&line, LOG_LINE_NOTICE, "reset");
	log_string(&line, "kind", meter_kind_name(meter->kind));
	if (meter->length > 0)
		log_bytes(&line, "name", meter->name, meter->length);
	log_send(&line);
}

static void
say_reset(const struct admin *a, const struct meter *meter, bool has_day)
{
	char name[ADMIN_NAME_MAX];
	struct admin_json j;

	(void)admin_print_name(name, meter);
	if (a->option[ADMIN_JSON] == NULL) {
		(void)printf("%s%s%s: counters and latch of this hour are zero%s\n", meter_kind_name(meter->kind),
		    name[0] != '\0' ? " " : "", name, has_day ? ", and what max_per_day has counted" : "");
		return;
	}
	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(meter->kind));
	admin_json_string(&j, "name", name);
	admin_json_bool(&j, "day_reset", has_day);
	admin_json_close(&j);
}

static int
not_counted(struct store *s, const struct meter *meter)
{
	char name[ADMIN_NAME_MAX];

	store_rollback(s);
	store_close(s);
	(void)fprintf(stderr, "qlimit: %s%s%s: nothing counted in this hour, nothing reset\n",
	    meter_kind_name(meter->kind), meter->length > 0 ? " " : "", admin_print_name(name, meter));
	return EX_NOINPUT;
}

int
admin_reset(struct admin *a)
{
	struct info info;
	struct meter meter;
	struct store *s;
	bool has_day = false;
	int status, rc;

	if (!admin_meter(&meter, a->names[0]))
		return EX_USAGE;
	s = admin_open_live(a, &info, &status);
	if (s == NULL)
		return status;
	info.hour = hour_to_count_in(a->now, info.hour);
	rc = reset_meter(s, &info, &meter, &has_day);
	if (rc == 0)
		return not_counted(s, &meter);
	if (rc == -1 || store_commit(s) == -1)
		return admin_store_failed(s);
	store_close(s);
	log_reset(&meter);
	say_reset(a, &meter, has_day);
	return EX_OK;
}
