/* orders - an admin's own word on a meter: hold, refuse or discard what it pays for */
#include "orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "small_file.h"

#define NAME "orders"
#define FIRST_LINE "qlimit orders 1"
#define FIELDS 6

static const char *const names[] = { "", [ORDER_HOLD] = "hold", [ORDER_REFUSE] = "refuse",
	[ORDER_DISCARD] = "discard" };

const char *
order_name(enum order_kind kind)
{
	return names[kind];
}

enum order_kind
order_kind_of(const char *name)
{
	for (enum order_kind kind = ORDER_HOLD; kind <= ORDER_DISCARD; kind++)
		if (strcmp(name, names[kind]) == 0)
			return kind;
	return 0;
}

/* --- one line --- */

static bool
is_clean(const char *text, size_t most)
{
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			return false;
	return strlen(text) <= most;
}

bool
order_reason_is_good(const char *text)
{
	return is_clean(text, ORDER_REASON_MAX);
}

static bool
parse_time(const char *word, int64_t *seconds)
{
	char *end;

	errno = 0;
	*seconds = strtoll(word, &end, 10);
	return word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0;
}

/* Cuts a line at its tabs; false if it has not just so many fields. */
static bool
split(char *line, char *fields[FIELDS])
{
	for (size_t i = 0; i < FIELDS - 1; i++) {
		char *tab = strchr(line, '\t');

		if (tab == NULL)
			return false;
		*tab = '\0';
		fields[i] = line;
		line = tab + 1;
	}
	fields[FIELDS - 1] = line;
	return strchr(line, '\t') == NULL;
}

static bool
parse_order(struct order *o, char *line)
{
	char *fields[FIELDS] = { line };

	memset(o, 0, sizeof *o);
	if (!split(line, fields))
		return false;
	o->kind = order_kind_of(fields[0]);
	if (o->kind == 0 || !meter_parse(&o->meter, fields[1]) || !parse_time(fields[2], &o->since) ||
	    !parse_time(fields[3], &o->until) || !is_clean(fields[4], ORDER_BY_MAX) ||
	    !is_clean(fields[5], ORDER_REASON_MAX))
		return false;
	memcpy(o->by, fields[4], strlen(fields[4]) + 1);
	memcpy(o->reason, fields[5], strlen(fields[5]) + 1);
	return true;
}

static void
compose(struct text *t, const struct order *o)
{
	char word[METER_WORD_MAX];

	meter_word(&o->meter, word);
	text_add(t, names[o->kind]);
	text_add(t, "\t");
	text_add(t, word);
	text_add(t, "\t");
	text_add_number(t, (uint64_t)o->since);
	text_add(t, "\t");
	text_add_number(t, (uint64_t)o->until);
	text_add(t, "\t");
	text_add(t, o->by);
	text_add(t, "\t");
	text_add(t, o->reason);
	text_add(t, "\n");
}

/* --- all of them --- */

/* The file as it was read or is to be written, its NUL, and a byte more to see that it is too long. */
static char buffer[ORDERS_TEXT_MAX + 2];

static void
add_line(struct orders *orders, char *line, unsigned number, int64_t now)
{
	struct order o;

	bool good = parse_order(&o, line);

	if (good && now != 0 && o.until != 0 && o.until <= now)
		orders->expired = true;
	else if (good)
		good = orders_put(orders, &o);
	if (!good && orders->bad_line == 0)
		orders->bad_line = number;
}

void
orders_parse(struct orders *orders, char *text, int64_t now)
{
	unsigned number = 0;

	orders->expired = false;
	orders->bad_line = 0;
	orders->count = 0;
	while (*text != '\0') {
		char *end = strchr(text, '\n');

		if (end != NULL)
			*end = '\0';
		if (++number > 1)
			add_line(orders, text, number, now);
		else if (strcmp(text, FIRST_LINE) != 0)
			orders->bad_line = number;
		text = end != NULL ? end + 1 : text + strlen(text);
	}
	/* Nobody changes a file that is not understood: each delivery would ask for it in vain. */
	orders->expired = orders->expired && orders->bad_line == 0;
}

int
orders_read(struct orders *orders, const char *directory, int64_t now)
{
	int rc = small_file_read(directory, NAME, buffer, sizeof buffer);

	if (rc == -1)
		buffer[0] = '\0';
	orders_parse(orders, buffer, now);
	return rc == -1 && errno != ENOENT ? -1 : 0;
}

static bool
is_same(const struct meter *a, const struct meter *b)
{
	return a->length == b->length && a->kind == b->kind && memcmp(a->name, b->name, a->length) == 0;
}

static size_t
index_of(const struct orders *orders, const struct meter *meter)
{
	size_t i = 0;

	while (i < orders->count && !is_same(&orders->at[i].meter, meter))
		i++;
	return i;
}

const struct order *
orders_find(const struct orders *orders, const struct meter *meter)
{
	size_t i = orders == NULL ? 0 : index_of(orders, meter);

	return orders == NULL || i == orders->count ? NULL : &orders->at[i];
}

bool
orders_put(struct orders *orders, const struct order *order)
{
	size_t i = index_of(orders, &order->meter);

	if (i == ORDERS_MAX)
		return false;
	orders->at[i] = *order;
	if (i == orders->count)
		orders->count++;
	return true;
}

bool
orders_remove(struct orders *orders, const struct meter *meter)
{
	size_t i = index_of(orders, meter);

	if (i == orders->count)
		return false;
	orders->count--;
	memmove(&orders->at[i], &orders->at[i + 1], (orders->count - i) * sizeof orders->at[i]);
	return true;
}

void
orders_compose(const struct orders *orders, struct text *t)
{
	text_add(t, FIRST_LINE "\n");
	for (size_t i = 0; i < orders->count; i++)
		compose(t, &orders->at[i]);
}

int
orders_write(const struct orders *orders, const char *directory)
{
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	orders_compose(orders, &t);
	return small_file_write(directory, NAME, t.data, t.used);
}
