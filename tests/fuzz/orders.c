/*
 * orders - fuzzed: any bytes as the file of orders
 *
 * What is in force must be clean, of meters that there are, one each; written and read again it must be the
 * same; an order that has expired must be in force at no time behind its end.
 */
#include "fuzz.h"

#include "orders.h"

FUZZ_UNGUIDED

#define NOW 1763746200

static char text[ORDERS_TEXT_MAX + 1];
static struct orders all, now, again;

static void
copy(const uint8_t *data, size_t size)
{
	size_t n = size < ORDERS_TEXT_MAX ? size : ORDERS_TEXT_MAX;

	memcpy(text, data, n);
	text[n] = '\0';
}

static bool
same(const struct order *a, const struct order *b)
{
	return a->kind == b->kind && a->meter.kind == b->meter.kind && strcmp(a->meter.name, b->meter.name) == 0 &&
	    a->since == b->since && a->until == b->until && strcmp(a->by, b->by) == 0 &&
	    strcmp(a->reason, b->reason) == 0;
}

static void
look_at(const struct order *o)
{
	MUST(o->kind >= ORDER_HOLD && o->kind <= ORDER_DISCARD && order_kind_of(order_name(o->kind)) == o->kind);
	MUST(strcmp(meter_kind_name(o->meter.kind), "unknown") != 0 && o->meter.length == strlen(o->meter.name));
	MUST(o->since >= 0 && o->until >= 0);
	MUST(strlen(o->by) <= ORDER_BY_MAX && order_reason_is_good(o->reason));
	MUST(strpbrk(o->by, "\t\n\033\177") == NULL && strpbrk(o->reason, "\t\n\033\177") == NULL);
	MUST(orders_find(&all, &o->meter) == o);
}

static void
write_and_read(void)
{
	struct text t;

	text_init(&t, text, sizeof text);
	orders_compose(&all, &t);
	MUST(!t.truncated);
	orders_parse(&again, text, 0);
	MUST(again.bad_line == 0 && again.count == all.count && !again.expired);
	for (size_t i = 0; i < all.count; i++)
		MUST(same(&all.at[i], &again.at[i]));
}

FUZZ_GUIDED

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	copy(data, size);
	orders_parse(&all, text, 0);
	MUST(all.count <= ORDERS_MAX && !all.expired);
	for (size_t i = 0; i < all.count; i++)
		look_at(&all.at[i]);
	copy(data, size);
	orders_parse(&now, text, NOW);
	MUST(now.bad_line == all.bad_line && now.count <= all.count);
	/* With a line that is not understood nobody may take the others out. */
	MUST(now.count == all.count || now.expired == (now.bad_line == 0));
	for (size_t i = 0; i < now.count; i++)
		MUST(now.at[i].until == 0 || now.at[i].until > NOW);
	write_and_read();
	return 0;
}
