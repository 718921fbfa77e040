/* admin_orders_file - the file of orders, as the commands change it */
#include "admin_orders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_meter.h"
#include "admin_print.h"
#include "log.h"
#include "small_file.h"

/* The file as it is read, changed and written: too large for the stack, and for one of these in each function. */
static struct orders file;

int
admin_orders_failed(const struct admin *a, const char *consequence)
{
	(void)fprintf(stderr, "qlimit: %s/orders: %s: %s\n", a->place.state, strerror(errno), consequence);
	return EX_IOERR;
}

/* Reads all orders, to change them; nobody else does until *lock is closed. */
static int
open_orders(const struct admin *a, struct orders *orders, int *lock)
{
	*lock = small_file_lock(a->place.state);
	if (*lock == -1 || orders_read(orders, a->place.state, 0) == -1)
		return admin_orders_failed(a, "nothing was changed");
	if (orders->bad_line == 0)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: %s/orders:%u: is not understood; take the line out and try again: nothing "
	    "was changed\n", a->place.state, orders->bad_line);
	return EX_DATAERR;
}

static int
write_orders(const struct admin *a, const struct orders *orders)
{
	return orders_write(orders, a->place.state) == -1 ? admin_orders_failed(a, "nothing was changed") : EX_OK;
}

static int
let_go(int lock, int status)
{
	if (lock != -1)
		(void)close(lock);
	return status;
}

void
admin_orders_log(const char *event, const struct order *o, const char *by)
{
	struct log_line line;
	char time[ADMIN_TIME_MAX];

	log_start(&line, LOG_LINE_NOTICE, event);
	log_string(&line, "order", order_name(o->kind));
	log_string(&line, "kind", meter_kind_name(o->meter.kind));
	if (o->meter.length > 0)
		log_bytes(&line, "name", o->meter.name, o->meter.length);
	log_string(&line, "until", o->until != 0 ? admin_print_utc(time, o->until) : "released");
	log_string(&line, "by", by);
	if (o->reason[0] != '\0')
		log_sentence(&line, "reason", o->reason);
	log_send(&line);
}

int
admin_orders_put(struct admin *a, const struct order *o, struct order *before)
{
	int lock = -1, status = admin_enter(a, false);

	if (status == EX_OK)
		status = open_orders(a, &file, &lock);
	if (status != EX_OK)
		return let_go(lock, status);
	if (orders_find(&file, &o->meter) != NULL)
		*before = *orders_find(&file, &o->meter);
	if (orders_put(&file, o))
		return let_go(lock, write_orders(a, &file));
	(void)fprintf(stderr, "qlimit: there are %d orders, and no room for more: what is for ever belongs into "
	    "qlimit.conf; see `qlimit orders`\n", ORDERS_MAX);
	return let_go(lock, EX_CANTCREAT);
}

int
admin_orders_take(struct admin *a, const struct meter *meter, struct order *o)
{
	int lock = -1, status = admin_enter(a, false);

	if (status == EX_OK)
		status = open_orders(a, &file, &lock);
	if (status != EX_OK)
		return let_go(lock, status);
	if (orders_find(&file, meter) == NULL) {
		/* An impossible one can be ended where an older qlimit has let it be made. */
		if (!admin_meter(&(struct meter){ .kind = 0 }, a->names[0]))
			return let_go(lock, EX_USAGE);
		(void)fprintf(stderr, "qlimit: there is no order on %s; see `qlimit orders`\n", a->names[0]);
		return let_go(lock, EX_NOINPUT);
	}
	*o = *orders_find(&file, meter);
	(void)orders_remove(&file, meter);
	return let_go(lock, write_orders(a, &file));
}

int
admin_orders_expire(const struct admin *a, struct orders *expired)
{
	int rc = 0, lock = small_file_lock(a->place.state);

	expired->count = 0;
	if (lock == -1 || orders_read(&file, a->place.state, 0) == -1)
		rc = -1;
	/* A line that is not understood is not to be lost: a newer qlimit may have written it. */
	for (size_t i = 0; rc == 0 && file.bad_line == 0 && i < file.count;) {
		const struct order o = file.at[i];

		if (o.until != 0 && o.until <= a->now)
			(void)(orders_put(expired, &o) && orders_remove(&file, &o.meter));
		else
			i++;
	}
	if (expired->count > 0)
		rc = orders_write(&file, a->place.state);
	if (rc == -1)
		expired->count = 0;
	return let_go(lock, rc);
}

void
admin_orders_tell(const struct admin *a, const struct orders *expired)
{
	for (size_t i = 0; i < expired->count; i++) {
		const struct order *o = &expired->at[i];
		struct notify_facts facts = { .event = NOTIFY_ORDER_EXPIRED, .meter = &o->meter };

		admin_orders_log("order_expired", o, o->by);
		admin_notify_event(a, &facts);
	}
}
