/* admin_show_cell - what stands in a cell of show's table */
#include "admin_show.h"

#include <string.h>

#include "policy.h"
#include "text.h"

static void
add_limit(struct text *t, const struct admin_show *show, const struct admin_show_row *row)
{
	uint64_t limit = show->screen ? row->usage.limit : row->counters.limits.max_per_hour;

	if (limit == 0) {
		text_add(t, "-");
		return;
	}
	text_add_number(t, limit);
	if (show->screen && row->usage.rule == RULE_MAX_PER_DAY)
		text_add(t, "/day");
	if (show->screen && row->usage.rule == RULE_MAX_FAILURE_PERCENT)
		text_add(t, "% fail");
}

static void
add_used(struct text *t, const struct admin_show *show, const struct admin_show_row *row)
{
	uint32_t max = row->counters.limits.max_per_hour;

	if (show->screen ? row->usage.rule == RULE_NONE : max == 0) {
		text_add(t, "-");
		return;
	}
	text_add_number(t, show->screen ? row->usage.percent : row->counters.admitted * 100 / max);
	text_add(t, "%");
}

static void
add_name(struct text *t, const struct admin_show *show, const struct meter *meter)
{
	char word[METER_WORD_MAX];

	if (show->screen) {
		meter_word(meter, word);
		text_add(t, word);
	} else if (meter->length > 0) {
		meter_add_name(t, meter);
	} else {
		text_add(t, "-");
	}
}

static uint64_t
number_in(const struct counters *c, enum show_column column)
{
	switch (column) {
	case SHOW_ADMITTED: return c->admitted;
	case SHOW_SENT: return c->sent;
	case SHOW_DEFERRED: return c->deferred;
	case SHOW_FAILED: return c->failed;
	case SHOW_UNREACHED: return c->unreached;
	case SHOW_HELD: return c->held;
	case SHOW_REFUSED: return c->refused;
	default: return policy_failure_percent(&c->limits, c);
	}
}

const char *
admin_show_cell(char *out, const struct admin_show *show, const struct admin_show_row *row,
    enum show_column column, enum admin_state_detail detail)
{
	char state[ADMIN_STATE_MAX];
	struct text t;

	text_init(&t, out, SHOW_CELL_MAX);
	switch (column) {
	case SHOW_KIND:
		text_add(&t, meter_kind_name(row->meter.kind));
		break;
	case SHOW_NAME:
		add_name(&t, show, &row->meter);
		break;
	case SHOW_LIMIT:
		add_limit(&t, show, row);
		break;
	case SHOW_USED:
		add_used(&t, show, row);
		break;
	case SHOW_STATE:
		text_add(&t, " ");
		text_add(&t, admin_show_state(state, show, row, detail));
		break;
	default:
		text_add_number(&t, number_in(&row->counters, column));
		text_add(&t, column == SHOW_FAIL ? "%" : "");
	}
	return out;
}

/* Where the \xHH that `at` lies in begins, or `at`. A backslash is nothing else: one in a name is escaped, too. */
static size_t
start_of_code(const char *name, size_t at)
{
	for (size_t i = 1; i < 4 && i <= at; i++)
		if (name[at - i] == '\\')
			return at - i;
	return at;
}

size_t
admin_show_cut(char *name, size_t width, unsigned kind, bool utf8)
{
	const char *mark = utf8 ? "\u2026" : "~";
	size_t n = strlen(name), head = kind == METER_USER ? width - 1 : kind == METER_DESTINATION ? 4 : 0;
	size_t tail = n - (width - 1 - head);
	char whole[SHOW_CELL_MAX];
	struct text t;

	if (n <= width)
		return n;
	head = start_of_code(name, head);
	if (start_of_code(name, tail) < tail)
		tail = start_of_code(name, tail) + 4;
	memcpy(whole, name, n + 1);
	text_init(&t, name, SHOW_CELL_MAX);
	text_add_bytes(&t, whole, head);
	text_add(&t, mark);
	text_add(&t, whole + tail);
	return head + 1 + n - tail;
}
