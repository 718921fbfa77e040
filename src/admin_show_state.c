/*
 * admin_show_state - how a meter stands: the words of the column STATE, and their colour
 *
 * What an admin orders outranks the standing.
 */
#include "admin_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "admin_print.h"
#include "hour.h"
#include "policy.h"
#include "standing.h"
#include "text.h"

/* Until when: the hour's end, or for a day how far it is used up. */
static void
add_until(struct text *t, const struct admin_show *show, const struct admin_show_row *row, bool day)
{
	char clock[ADMIN_TIME_MAX];

	if (!day) {
		text_add(t, " until ");
		text_add(t, admin_print_clock(clock, hour_start(show->hour) + 3600));
		return;
	}
	text_add(t, ", ");
	text_add_number(t, policy_day(&row->counters));
	text_add(t, "/");
	text_add_number(t, row->counters.limits.max_per_day);
	text_add(t, " in 24 hours");
}

static void
add_order(struct text *t, const struct admin_show_row *row, enum admin_state_detail detail)
{
	char clock[ADMIN_TIME_MAX];

	text_add(t, order_name(row->order->kind));
	text_add(t, " by order");
	if (detail != ADMIN_STATE_FULL || row->order->until == 0)
		return;
	text_add(t, " until ");
	text_add(t, admin_print_time(clock, row->order->until));
}

/* What stands behind the word, where there is room for figures. */
static void
add_figures(struct text *t, const struct admin_show_row *row)
{
	if (row->over > 0) {
		text_add(t, ", ");
		text_add_number(t, row->over);
		text_add(t, " over");
	}
	if (row->counters.discarded > 0) {
		text_add(t, ", ");
		text_add_number(t, row->counters.discarded);
		text_add(t, " discarded");
	}
	if (row->counters.returned > 0) {
		text_add(t, ", ");
		text_add_number(t, row->counters.returned);
		text_add(t, " returned");
	}
}

static void
add_standing(struct text *t, const struct admin_show *show, const struct admin_show_row *row,
    enum admin_state_detail detail)
{
	const struct counters *c = &row->counters;

	if (c->limits.exempt) {
		text_add(t, "exempt");
		return;
	}
	if (show->settings.observe && row->standing >= STANDING_HELD)
		text_add(t, "would be ");
	text_add(t, standing_name(row->standing));
	if (row->standing >= STANDING_HELD && detail == ADMIN_STATE_FULL)
		add_until(t, show, row, row->standing == STANDING_HELD && standing_day_is_used_up(&c->limits, c));
}

const char *
admin_show_state(char *out, const struct admin_show *show, const struct admin_show_row *row,
    enum admin_state_detail detail)
{
	struct text t;

	text_init(&t, out, ADMIN_STATE_MAX);
	if (row->order != NULL)
		add_order(&t, row, detail);
	else
		add_standing(&t, show, row, detail);
	if (detail != ADMIN_STATE_WORD)
		add_figures(&t, row);
	return out;
}

const char *
admin_show_colour(const struct admin_show *show, const struct admin_show_row *row)
{
	static const char *const colours[] = { [STANDING_OK] = "", [STANDING_WARNING] = "\033[33m",
		[STANDING_HELD] = "\033[31m", [STANDING_TRIPPED] = "\033[1;31m" };

	if (!show->colour)
		return "";
	if (row->order != NULL)
		return "\033[1;35m";
	if (row->counters.limits.exempt)
		return "\033[36m";
	return show->settings.observe && row->standing >= STANDING_HELD ? "\033[35m" : colours[row->standing];
}
