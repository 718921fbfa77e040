/* admin_show - the command show: this hour, meter by meter */
#include "admin_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "admin_meter.h"
#include "admin_print.h"
#include "hour.h"
#include "policy.h"
#include "standing.h"
#include "terminal.h"

/* --- as JSON --- */

/* What only some meters have. */
static void
add_json_limits(struct admin_json *j, const struct counters *c)
{
	if (c->limits.max_per_day > 0) {
		admin_json_number(j, "admitted_in_day", policy_day(c));
		admin_json_number(j, "max_per_day", c->limits.max_per_day);
	}
	if (c->limits.count_messages)
		admin_json_string(j, "count", "messages");
	if (c->limits.exempt)
		admin_json_bool(j, "exempt", true);
}

static void
print_json_row(const struct admin_show *show, const struct admin_show_row *row)
{
	const struct counters *c = &row->counters;
	enum standing standing = row->standing;
	bool day = standing_day_is_used_up(&c->limits, c);
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(row->meter.kind));
	admin_json_string(&j, "name", admin_print_name(name, &row->meter));
	admin_json_string(&j, "hour", admin_print_utc(time, hour_start(show->hour)));
	admin_json_number(&j, "admitted", c->admitted);
	admin_json_number(&j, "sent", c->sent);
	admin_json_number(&j, "deferred", c->deferred);
	admin_json_number(&j, "failed", c->failed);
	admin_json_number(&j, "unreached", c->unreached);
	admin_json_number(&j, "held", c->held);
	admin_json_number(&j, "refused", c->refused);
	admin_json_number(&j, "discarded", c->discarded);
	admin_json_number(&j, "bytes", c->bytes);
	admin_json_number(&j, "max_per_hour", c->limits.max_per_hour);
	admin_json_string(&j, "state", standing_name(standing));
	admin_json_string(&j, "mode", show->settings.observe ? "observe" : "enforce");
	if ((standing == STANDING_HELD && !day) || standing == STANDING_TRIPPED)
		admin_json_string(&j, "until", admin_print_utc(time, hour_start(show->hour) + 3600));
	add_json_limits(&j, c);
	if (row->order != NULL)
		admin_json_string(&j, "order", order_name(row->order->kind));
	if (row->over > 0)
		admin_json_number(&j, "over", row->over);
	admin_json_number(&j, "returned", c->returned);
	admin_json_close(&j);
}

void
admin_show_json(const struct admin_show *show)
{
	for (size_t i = 0; i < show->count && i < show->limit; i++)
		print_json_row(show, &show->rows[i]);
}

/* --- the command --- */

static int
refuse(const char *what)
{
	(void)fprintf(stderr, "qlimit: %s\n", what);
	return EX_USAGE;
}

static int
take_options(struct admin_show *show, const struct admin *a)
{
	enum terminal_when colour;
	int status;

	if (!admin_meter_names(a))
		return EX_USAGE;
	if (!admin_limit(a, 1, UINT32_MAX, &show->limit))
		return EX_USAGE;
	status = admin_show_kinds(show, a->option[ADMIN_KIND]);
	if (status == EX_OK)
		status = admin_show_sort(show, a->option[ADMIN_SORT]);
	if (status != EX_OK)
		return status;
	if (!terminal_when(a->option[ADMIN_COLOR], &colour))
		return refuse("--color: write auto, always or never");
	show->colour = terminal_has_colour(colour);
	if (a->option[ADMIN_WATCH] == NULL)
		return EX_OK;
	if (show->json)
		return refuse("--watch is for a reader, --json for a program: one of them");
	if (!terminal_has_escapes())
		return refuse("--watch needs a terminal to draw on");
	return EX_OK;
}

static int
show_once(struct admin_show *show, struct admin *a)
{
	int status = admin_show_read(show, a);

	if (status == EX_OK && show->json)
		admin_show_json(show);
	else if (status == EX_OK)
		admin_show_table(show);
	return status;
}

int
admin_show(struct admin *a)
{
	struct admin_show show = { .limit = UINT32_MAX, .end = "\n" };
	int status;

	show.json = a->option[ADMIN_JSON] != NULL;
	show.screen = terminal_is_there();
	show.utf8 = terminal_is_utf8();
	show.width = terminal_width();
	status = take_options(&show, a);
	if (status == EX_OK)
		status = a->option[ADMIN_WATCH] != NULL ? admin_show_watch(&show, a) : show_once(&show, a);
	free(show.rows);
	return status;
}
