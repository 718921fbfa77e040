/* admin_orders - the commands hold, refuse, discard, release and orders */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_print.h"
#include "hour.h"
#include "log.h"
#include "orders.h"
#include "small_file.h"
#include "timespan.h"

/* What an admin is told that an order does. */
static const char *
effect_of(enum order_kind kind)
{
	static const char *const effects[] = { [ORDER_HOLD] = "held", [ORDER_REFUSE] = "refused: bounced",
		[ORDER_DISCARD] = "thrown away" };

	return effects[kind];
}

/* --- what was asked for --- */

/* sudo's own word is as good as any: root can say what it likes. */
static void
find_who(char *by)
{
	const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw = name == NULL || name[0] == '\0' ? getpwuid(getuid()) : NULL;
	struct text t;

	text_init(&t, by, ORDER_BY_MAX + 1);
	if (pw != NULL)
		name = pw->pw_name;
	if (name != NULL && name[0] != '\0') {
		text_add_printable(&t, name, strlen(name), ORDER_BY_MAX - 3);
	} else {
		text_add(&t, "uid:");
		text_add_number(&t, getuid());
	}
}

static int
wrong(const char *what, const char *word, const char *why)
{
	(void)fprintf(stderr, "qlimit: %s \"%.80s\": %s\n", what, word, why);
	return EX_USAGE;
}

/* 0 for "until it is released". */
static int
find_end(const struct admin *a, int64_t *until)
{
	const char *span = a->option[ADMIN_FOR], *time = a->option[ADMIN_UNTIL], *why;

	*until = 0;
	if (span != NULL && time != NULL)
		return wrong("--until", time, "is one end too many beside --for");
	if (span != NULL) {
		why = timespan_ahead(span, until);
		*until += a->now;
		return why == NULL ? EX_OK : wrong("--for", span, why);
	}
	if (time == NULL)
		return EX_OK;
	why = timespan_time(time, until);
	if (why == NULL && *until <= a->now)
		why = "is over already";
	return why == NULL ? EX_OK : wrong("--until", time, why);
}

/* All mail at once, or mail whose loss nobody hears of: that is never what was meant by a slip. */
static bool
needs_force(const struct meter *meter)
{
	return meter->kind == METER_SERVER || meter->kind == METER_BOUNCES;
}

static int
understand(const struct admin *a, struct order *o)
{
	const char *reason = a->option[ADMIN_REASON] != NULL ? a->option[ADMIN_REASON] : "";
	int status;

	if (!admin_meter(&o->meter, a->names[0]))
		return EX_USAGE;
	if (needs_force(&o->meter) && a->option[ADMIN_FORCE] == NULL) {
		(void)fprintf(stderr, "qlimit: an order on %s stops mail of everybody: nothing was changed. If you "
		    "mean it, add --force\n", a->names[0]);
		return EX_USAGE;
	}
	if (!order_reason_is_good(reason)) {
		(void)fprintf(stderr, "qlimit: --reason: at most %d bytes, no control characters\n",
		    ORDER_REASON_MAX);
		return EX_USAGE;
	}
	memcpy(o->reason, reason, strlen(reason) + 1);
	o->since = a->now;
	status = find_end(a, &o->until);
	find_who(o->by);
	return status;
}

/* What is thrown away cannot be brought back: a person says yes, or a script --yes. */
static int
confirm(const struct admin *a, const struct order *o)
{
	char answer[8];

	if (o->kind != ORDER_DISCARD || a->option[ADMIN_YES] != NULL)
		return EX_OK;
	if (!isatty(0)) {
		(void)fputs("qlimit: discard throws mail away for ever: nothing was changed. If you mean it, add "
		    "--yes\n", stderr);
		return EX_USAGE;
	}
	(void)printf("All mail of %s, queued and new, will be thrown away and its senders not told.\n"
	    "Type yes to go on: ", a->names[0]);
	(void)fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0)
		return EX_OK;
	(void)puts("nothing was changed");
	return EX_NOPERM;
}

/* --- the file --- */

static int
failed(const struct admin *a, const char *consequence)
{
	(void)fprintf(stderr, "qlimit: %s/orders: %s: %s\n", a->place.state, strerror(errno), consequence);
	return EX_IOERR;
}

/* Reads all orders, to change them. */
static int
open_orders(const struct admin *a, struct orders *orders)
{
	static const char unchanged[] = "nothing was changed";

	if (small_file_lock(a->place.state) == -1 || orders_read(orders, a->place.state, 0) == -1)
		return failed(a, unchanged);
	if (orders->bad_line == 0)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: %s/orders:%u: is not understood; take the line out and try again: nothing "
	    "was changed\n", a->place.state, orders->bad_line);
	return EX_DATAERR;
}

static void
log_order(const char *event, const struct order *o, const char *by)
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

/* --- the words --- */

static const char *
end_text(char *out, int64_t until)
{
	return until != 0 ? admin_print_time(out, until) : "it is released";
}

/* A name that was mistyped has no mail. */
static void
remark(struct admin *a, const struct meter *meter)
{
	struct store *s = admin_live(a);
	struct counters c;
	struct info info;

	if (s != NULL && store_begin(s, false) == 0 && store_info_get(s, &info) == 1 &&
	    store_is_of_boot(&info, a->boot) &&
	    store_counters_get(s, hour_to_count_in(a->now, info.hour), meter, &c) == 0)
		(void)printf("Nothing was counted for %s in this hour: is the name right?\n", a->names[0]);
	if (s != NULL)
		store_rollback(s);
	store_close(s);
}

static void
print_order(const struct admin *a, const struct order *o, const struct order *before)
{
	char name[ADMIN_NAME_MAX], time[ADMIN_TIME_MAX];

	(void)printf("%s%s%s: all its mail is %s from now on until %s\n", meter_kind_name(o->meter.kind),
	    o->meter.length > 0 ? " " : "", admin_print_name(name, &o->meter), effect_of(o->kind),
	    end_text(time, o->until));
	if (o->kind == ORDER_REFUSE)
		(void)puts("Bounces are held instead: nobody would hear of them.");
	if (before->kind != 0)
		(void)printf("It replaces %s, by %s, until %s.\n", order_name(before->kind), before->by,
		    end_text(time, before->until));
	(void)printf("To end it: qlimit release %s\n", a->names[0]);
}

static int
give(struct admin *a, enum order_kind kind)
{
	static struct orders orders;
	struct order o = { .kind = kind }, before = { .kind = 0 };
	int status = understand(a, &o);

	if (status == EX_OK)
		status = confirm(a, &o);
	if (status == EX_OK)
		status = admin_enter(a, false);
	if (status == EX_OK)
		status = open_orders(a, &orders);
	if (status != EX_OK)
		return status;
	if (orders_find(&orders, &o.meter) != NULL)
		before = *orders_find(&orders, &o.meter);
	if (!orders_put(&orders, &o)) {
		(void)fprintf(stderr, "qlimit: there are %d orders, and no room for more: what is for ever belongs "
		    "into qlimit.conf; see `qlimit orders`\n", ORDERS_MAX);
		return EX_CANTCREAT;
	}
	if (orders_write(&orders, a->place.state) == -1)
		return failed(a, "nothing was changed");
	log_order("order", &o, o.by);
	print_order(a, &o, &before);
	remark(a, &o.meter);
	return EX_OK;
}

int
admin_hold(struct admin *a)
{
	return give(a, ORDER_HOLD);
}

int
admin_refuse(struct admin *a)
{
	return give(a, ORDER_REFUSE);
}

int
admin_discard(struct admin *a)
{
	return give(a, ORDER_DISCARD);
}

int
admin_release(struct admin *a)
{
	static struct orders orders;
	char by[ORDER_BY_MAX + 1];
	struct meter meter;
	struct order o;
	int status;

	if (!admin_meter(&meter, a->names[0]))
		return EX_USAGE;
	find_who(by);
	status = admin_enter(a, false);
	if (status == EX_OK)
		status = open_orders(a, &orders);
	if (status != EX_OK)
		return status;
	if (orders_find(&orders, &meter) == NULL) {
		(void)fprintf(stderr, "qlimit: there is no order on %s; see `qlimit orders`\n", a->names[0]);
		return EX_NOINPUT;
	}
	o = *orders_find(&orders, &meter);
	(void)orders_remove(&orders, &meter);
	if (orders_write(&orders, a->place.state) == -1)
		return failed(a, "nothing was changed");
	log_order("released", &o, by);
	(void)printf("%s: released; its limits decide again\n", a->names[0]);
	return EX_OK;
}

int
admin_orders_expire(const struct admin *a, struct orders *expired)
{
	static struct orders orders;
	int rc = 0, lock = small_file_lock(a->place.state);

	expired->count = 0;
	if (lock == -1 || orders_read(&orders, a->place.state, 0) == -1)
		rc = -1;
	/* A line that is not understood is not to be lost: a newer qlimit may have written it. */
	for (size_t i = 0; rc == 0 && orders.bad_line == 0 && i < orders.count;) {
		const struct order o = orders.at[i];

		if (o.until != 0 && o.until <= a->now)
			(void)(orders_put(expired, &o) && orders_remove(&orders, &o.meter));
		else
			i++;
	}
	if (expired->count > 0)
		rc = orders_write(&orders, a->place.state);
	if (rc == -1)
		expired->count = 0;
	if (lock != -1)
		(void)close(lock);
	return rc;
}

void
admin_orders_tell(const struct admin *a, const struct orders *expired)
{
	for (size_t i = 0; i < expired->count; i++) {
		const struct order *o = &expired->at[i];
		struct notify_facts facts = { .event = NOTIFY_ORDER_EXPIRED, .meter = &o->meter };

		log_order("order_expired", o, o->by);
		admin_notify_event(a, &facts);
	}
}

/* --- the list --- */

static void
print_json(const struct order *o)
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

	meter_word(&o->meter, word);
	(void)printf("%-7s %-30s %-23s %-23s %-12s %s\n", order_name(o->kind), word,
	    admin_print_time(since, o->since), o->until != 0 ? admin_print_time(until, o->until) : "released",
	    o->by, o->reason);
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
		return failed(a, "no order is in force");
	if (!json && orders.count > 0)
		(void)printf("%-7s %-30s %-23s %-23s %-12s %s\n", "ORDER", "NAME", "SINCE", "UNTIL", "BY", "REASON");
	for (size_t i = 0; i < orders.count; i++)
		(json ? print_json : print_line)(&orders.at[i]);
	if (!json && orders.count == 0)
		(void)puts("no orders: limits alone decide");
	if (orders.bad_line == 0)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: %s/orders:%u: is not understood and not in force: take the line out and order "
	    "it anew\n", a->place.state, orders.bad_line);
	return EX_DATAERR;
}
