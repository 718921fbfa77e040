/* delivery_log - the log lines of a delivery */
#include "delivery_log.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "store.h"

static void
add_meter(struct log_line *line, const struct meter *meter)
{
	log_string(line, "kind", meter_kind_name(meter->kind));
	if (meter->length > 0)
		log_bytes(line, "name", meter->name, meter->length);
}

static void
add_figures(struct log_line *line, const struct judgement *j)
{
	log_string(line, "rule", policy_rule_name(j->rule));
	log_number(line, "count", j->count);
	log_number(line, "limit", j->limit);
	log_number(line, "percent", j->percent);
}

/* Who is to be looked for: a held domain's mail may be one script's. */
static void
add_user(struct log_line *line, const struct origin *origin, bool authenticated)
{
	char name[METER_NAME_MAX + 1];

	origin_user(origin, name);
	if (name[0] != '\0')
		log_string(line, "user", name);
	if (authenticated)
		log_string(line, "auth", origin->head.auth);
}

static void
add_envelope(struct log_line *line, const struct booking *b, bool authenticated)
{
	log_string(line, "sender", b->sender);
	log_string(line, "recipient", b->recipients[0]);
	if (b->count > 1)
		log_number(line, "recipients", b->count);
	add_user(line, &b->origin, authenticated);
}

void
delivery_log_notices(const struct booking_notices *notices)
{
	struct log_line line;

	for (size_t i = 0; i < notices->count; i++) {
		const struct booking_notice *n = &notices->at[i];
		const struct counters *c = &n->counters;

		if (n->event == NOTIFY_REFUSED)
			continue; /* each refused delivery has its own line */
		log_start(&line, LOG_LINE_WARNING, notify_event_name(n->event));
		if (notices->observe)
			log_string(&line, "mode", "observe");
		add_meter(&line, &n->meter);
		log_number(&line, "admitted", c->admitted);
		log_number(&line, "max_per_hour", c->limits.max_per_hour);
		if (c->limits.max_per_day > 0) {
			log_number(&line, "admitted_in_day", policy_day(c));
			log_number(&line, "max_per_day", c->limits.max_per_day);
		}
		log_number(&line, "failures", policy_failures(&c->limits, c));
		log_number(&line, "failure_percent", policy_failure_percent(&c->limits, c));
		log_number(&line, "max_failure_percent", c->limits.max_failure_percent);
		log_send(&line);
	}
}

static void
add_order(struct log_line *line, const struct order *order)
{
	log_string(line, "rule", policy_rule_name(RULE_ORDER));
	log_string(line, "order", order_name(order->kind));
	log_string(line, "by", order->by);
}

static void
log_stopped(const struct booking *b, const struct admission *a, const struct judgement *j)
{
	static const char *const events[] = { [VERDICT_DEFER] = "held", [VERDICT_REFUSE] = "refused",
		[VERDICT_DISCARD] = "discarded" };
	struct log_line line;

	log_start(&line, LOG_LINE_NOTICE, events[j->verdict]);
	if (j == &a->observed)
		log_string(&line, "mode", "observe");
	add_meter(&line, &a->meter);
	if (j->rule == RULE_ORDER)
		add_order(&line, a->order);
	else
		add_figures(&line, j);
	add_envelope(&line, b, a->authenticated);
	if (j->verdict == VERDICT_DISCARD)
		log_send_patiently(&line); /* the last that is known of the message */
	else
		log_send(&line);
}

void
delivery_log_admission(const struct booking *b, const struct admission *a)
{
	const struct judgement *j =
	    a->observed.verdict != VERDICT_PASS ? &a->observed : &a->judgement;

	/* A delivery that is held again and again in an hour is one held delivery. */
	if (j->verdict > VERDICT_DEFER || (j->verdict == VERDICT_DEFER && !a->repeated))
		log_stopped(b, a, j);
}

static const char *
consequence_text(bool deferred)
{
	return deferred ? "delivery deferred" : "delivery not counted";
}

void
delivery_log_unusable(const char *directory, int error, bool deferred)
{
	struct log_line line;

	log_start(&line, LOG_LINE_WARNING, "trouble");
	log_sentence(&line, "what", "the store cannot be used");
	log_sentence(&line, "error", error == EPERM ?
	    "it must be plain files in a directory, all ours, with one name, writable by nobody else" :
	    store_error(error));
	log_string(&line, "state", directory);
	log_sentence(&line, "consequence", consequence_text(deferred));
	log_send(&line);
}

static const char *
reason_text(enum guard_reason reason)
{
	switch (reason) {
	case GUARD_CRASHED:
		return "LMDB crashed on the store";
	case GUARD_TIMED_OUT:
		return "the store was not to be had within deadline_ms";
	case GUARD_OVER_LIMIT:
		return "a resource limit (setrlimit) was reached";
	case GUARD_EXITED:
		break;
	}
	return "a library ended the program";
}

static void
send_accident(enum guard_reason reason, const char *consequence)
{
	struct log_line line;

	log_start(&line, LOG_LINE_WARNING, "trouble");
	log_sentence(&line, "what", reason_text(reason));
	log_sentence(&line, "consequence", consequence);
	log_send(&line);
}

void
delivery_log_accident(enum guard_reason reason, bool deferred)
{
	send_accident(reason, consequence_text(deferred));
}

void
delivery_log_late_accident(enum guard_reason reason)
{
	send_accident(reason, "outcome not counted");
}
