/* admin_orders - the commands hold, refuse, discard and release */
#include "admin_orders.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_meter.h"
#include "admin_print.h"
#include "hour.h"
#include "log.h"
#include "nudge.h"
#include "readable.h"
#include "timespan.h"

/* What an admin is told that an order does. */
static const char *
effect_of(enum order_kind kind)
{
	static const char *const effects[] = { [ORDER_HOLD] = "held", [ORDER_REFUSE] = "refused, with a bounce,",
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
		(void)fprintf(stderr, "qlimit: an order on %s stops %s: nothing was changed. If you mean it, add --force\n",
		    a->names[0], o->meter.kind == METER_SERVER ? "mail of everybody" :
		    "bounces to everybody");
		return EX_USAGE;
	}
	if (!order_reason_is_good(reason)) {
		(void)fprintf(stderr, "qlimit: --reason: %zu bytes; at most %d are kept\n", strlen(reason),
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
	char answer[8], word[METER_WORD_MAX];

	if (o->kind != ORDER_DISCARD || a->option[ADMIN_YES] != NULL)
		return EX_OK;
	/* Where a program reads the answer, nobody is asked. */
	if (!isatty(0) || a->option[ADMIN_JSON] != NULL) {
		(void)fputs("qlimit: discard throws mail away for ever: nothing was changed. If you mean it, add "
		    "--yes\n", stderr);
		return EX_USAGE;
	}
	meter_word(&o->meter, word);
	(void)printf("All mail of %s, queued and new, will be thrown away and its senders not told.\n"
	    "Type yes to go on: ", word);
	(void)fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0)
		return EX_OK;
	(void)puts("nothing was changed");
	return EX_NOPERM;
}

/* --- those who are to try at once --- */

/* Before this process becomes somebody who may not. */
static int
get_ready(const struct admin *a, struct nudge *n)
{
	if (a->option[ADMIN_NOW] == NULL || nudge_ready(n, a->place.queue) == 0)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: --now: %s: nothing was changed\n", strerror(errno));
	return EX_OSERR;
}

/* The order is in force by now, whatever becomes of this. */
static int
have_all_tried(const struct admin *a, struct nudge *n)
{
	int told;

	if (a->option[ADMIN_NOW] == NULL)
		return EX_OK;
	told = nudge_give(n);
	if (told > 0) {
		if (a->option[ADMIN_JSON] == NULL)
			(void)puts("qmail-send was told to try all that waits in its queue now.");
		return EX_OK;
	}
	if (told == 0)
		(void)fprintf(stderr, "qlimit: --now: no qmail-send of %s is running; it tries all when it is started\n",
		    a->place.queue);
	else
		(void)fprintf(stderr, "qlimit: --now: qmail-send of %s cannot be told: %s\n", a->place.queue,
		    strerror(errno));
	return EX_UNAVAILABLE;
}

static int
give_up(const struct admin *a, struct nudge *n, int status)
{
	if (a->option[ADMIN_NOW] != NULL)
		nudge_drop(n);
	return status;
}

/* --- the words --- */

static const char *
end_text(char *out, int64_t until)
{
	return until != 0 ? admin_print_time(out, until) : "it is released";
}

/* Those have a meter of their own instead of a sender's domain (payers.c). */
static bool
pays_for_bounces(const struct meter *meter)
{
	return meter->kind != METER_DOMAIN && meter->kind != METER_FOREIGN;
}

/* A name that was mistyped has no mail. */
static void
remark(struct admin *a, const struct meter *meter)
{
	struct store *s = admin_live(a);
	struct counters c;
	struct info info;
	char word[METER_WORD_MAX];

	meter_word(meter, word);
	if (s != NULL && store_begin(s, false) == 0 && store_info_get(s, &info) == 1 &&
	    store_is_of_boot(&info, a->boot) &&
	    store_counters_get(s, hour_to_count_in(a->now, info.hour), meter, &c) == 0)
		(void)printf("Nothing was counted for %s in this hour: is the name right?\n", word);
	if (s != NULL)
		store_rollback(s);
	store_close(s);
}

/* What was typed may be another word for it, and whatever a sender has chosen. */
static void
print_release(const char *word)
{
	char shell[4 * METER_WORD_MAX];
	struct text t;

	text_init(&t, shell, sizeof shell);
	readable_add_word(&t, word);
	(void)printf("To end it: qlimit release %s\n", shell);
}

static void
print_order(const struct order *o, const struct order *before)
{
	char name[METER_WORD_MAX], time[ADMIN_TIME_MAX], by[4 * ORDER_BY_MAX + 1];

	(void)printf("%s%s%s: all its mail is %s from now on until %s\n", meter_kind_name(o->meter.kind),
	    o->meter.length > 0 ? " " : "", admin_print_name(name, &o->meter), effect_of(o->kind),
	    end_text(time, o->until));
	if (o->kind == ORDER_REFUSE && pays_for_bounces(&o->meter))
		(void)puts("Bounces are held instead: nobody would hear of them.");
	if (before->kind != 0)
		(void)printf("It replaces %s, by %s, until %s.\n", order_name(before->kind),
		    admin_print_text(by, sizeof by, before->by), end_text(time, before->until));
	meter_word(&o->meter, name);
	print_release(name);
}

static int
give(struct admin *a, enum order_kind kind)
{
	struct order o = { .kind = kind }, before = { .kind = 0 };
	struct nudge nudge;
	int status = understand(a, &o);

	if (status == EX_OK)
		status = confirm(a, &o);
	if (status == EX_OK)
		status = get_ready(a, &nudge);
	if (status != EX_OK)
		return status;
	status = admin_orders_put(a, &o, &before);
	if (status != EX_OK)
		return give_up(a, &nudge, status);
	admin_orders_log("order", &o, o.by);
	if (a->option[ADMIN_JSON] != NULL) {
		admin_orders_json(&o);
	} else {
		print_order(&o, &before);
		remark(a, &o.meter);
	}
	return have_all_tried(a, &nudge);
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
	char by[ORDER_BY_MAX + 1], word[METER_WORD_MAX];
	struct nudge nudge;
	struct meter meter;
	struct order o;
	int status;

	if (!admin_meter_any(&meter, a->names[0]))
		return EX_USAGE;
	find_who(by);
	status = get_ready(a, &nudge);
	if (status != EX_OK)
		return status;
	status = admin_orders_take(a, &meter, &o);
	if (status != EX_OK)
		return give_up(a, &nudge, status);
	admin_orders_log("released", &o, by);
	meter_word(&meter, word);
	if (a->option[ADMIN_JSON] != NULL)
		admin_orders_json(&o);
	else
		(void)printf("%s: released; its limits decide again\n", word);
	return have_all_tried(a, &nudge);
}
