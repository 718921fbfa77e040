/* admin_orders_list - the command orders: those in force */
#include "admin_orders.h"

#include <stdio.h>
#include <sysexits.h>

#include "admin_print.h"

void
admin_orders_json(const struct order *o)
{
	char word[METER_WORD_MAX], time[ADMIN_TIME_MAX];
	struct admin_json j;

	meter_word(&o->meter, word);
	admin_json_open(&j, stdout);
	admin_json_string(&j, "order", order_name(o->kind));
	admin_json_string(&j, "meter", word);
	admin_json_string(&j, "since", admin_print_utc(time, o->since));
	if (o->until != 0)
		admin_json_string(&j, "until", admin_print_utc(time, o->until));
	else
		admin_json_null(&j, "until");
	admin_json_string(&j, "by", o->by);
	admin_json_string(&j, "reason", o->reason);
	admin_json_close(&j);
}

static void
print_line(const struct order *o)
{
	char word[METER_WORD_MAX], since[ADMIN_TIME_MAX], until[ADMIN_TIME_MAX];
	char reason[4 * ORDER_REASON_MAX + 1], by[4 * ORDER_BY_MAX + 1];

	meter_word(&o->meter, word);
	(void)printf("%-7s %-30s %-23s %-23s %-12s %s\n", order_name(o->kind), word,
	    admin_print_time(since, o->since), o->until != 0 ? admin_print_time(until, o->until) : "until released",
	    admin_print_text(by, sizeof by, o->by), admin_print_text(reason, sizeof reason, o->reason));
}

int
admin_orders(struct admin *a)
{
	static struct orders orders;
	bool json = a->option[ADMIN_JSON] != NULL;
	int status = admin_enter(a, false);

	if (status != EX_OK)
		return status;
	if (orders_read(&orders, a->place.state, a->now) == -1)
		return admin_orders_failed(a, "no order is in force");
	if (!json && orders.count > 0)
		(void)printf("%-7s %-30s %-23s %-23s %-12s %s\n", "ORDER", "NAME", "SINCE", "UNTIL", "BY", "REASON");
	for (size_t i = 0; i < orders.count; i++)
		(json ? admin_orders_json : print_line)(&orders.at[i]);
	if (!json && orders.count == 0)
		(void)puts("no orders: limits alone decide");
	if (orders.bad_line == 0)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: %s/orders:%u: is not understood and not in force: take the line out and order "
	    "it anew\n", a->place.state, orders.bad_line);
	return EX_DATAERR;
}
