/* admin_reset - the command reset: a meter's counters to zero, so that it may send again */
#include "admin.h"

#include <stdio.h>
#include <sysexits.h>

#include "admin_meter.h"
#include "admin_print.h"
#include "hour.h"
#include "log.h"

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
