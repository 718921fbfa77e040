/* admin_explain_json - what explain says, as objects of --json */
#include "admin_explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin_counts.h"
#include "admin_print.h"
#include "config_rules.h"
#include "report.h"
#include "standing.h"

static const char *
reason_word(enum payer_reason reason)
{
	static const char *const words[] = {
		[PAYER_ALL_MAIL] = "all_mail",
		[PAYER_BOUNCE] = "bounce",
		[PAYER_ANY_SENDER] = "any_sender",
		[PAYER_HOSTED] = "hosted",
		[PAYER_ADDRESS] = "hosted_address",
		[PAYER_FORWARDER] = "forwarder",
		[PAYER_NOT_HOSTED] = "not_hosted",
		[PAYER_NO_DOMAIN] = "no_domain",
		[PAYER_USER] = "user",
		[PAYER_AUTH] = "authenticated",
		[PAYER_DESTINATION] = "destination",
		[PAYER_ORDER] = "order",
	};

	return words[reason];
}

static void
add_printable(struct admin_json *j, const char *name, const char *bytes)
{
	char shown[4 * METER_NAME_MAX];
	struct text t;

	text_init(&t, shown, sizeof shown);
	text_add_printable(&t, bytes, strlen(bytes), sizeof shown);
	admin_json_string(j, name, shown);
}

static void
print_delivery(const struct admin *a, const struct explanation *e)
{
	static const char *const invokers[] = { [HEAD_NOBODY] = "", [HEAD_UID] = "uid", [HEAD_ALIAS] = "alias",
		[HEAD_NETWORK] = "network", [HEAD_BOUNCE] = "bounce" };
	const struct head *head = &e->booking.origin.head;
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "delivery");
	add_printable(&j, "sender", e->booking.sender);
	add_printable(&j, "recipient", e->booking.recipients[0]);
	admin_json_bool(&j, "message", a->option[ADMIN_MESSAGE] != NULL);
	admin_json_string(&j, "invoked_by", invokers[head->invoker]);
	admin_json_number(&j, "uid", head->uid);
	add_printable(&j, "forwarder", head->forwarder);
	add_printable(&j, "authenticated", head->auth);
	admin_json_bool(&j, "rules", e->info.generation != 0);
	admin_json_bool(&j, "config", e->config != NULL);
	admin_json_close(&j);
}

/* Where something is written, "FILE:LINE". */
static void
add_place(struct admin_json *j, const char *name, const char *file, unsigned line)
{
	char place[PLACE_PATH_MAX + 20];

	(void)snprintf(place, sizeof place, "%s:%u", file, line);
	admin_json_string(j, name, place);
}

static void
add_rule(struct admin_json *j, const struct config *config, const struct config_rule *rule)
{
	unsigned line;

	if (rule->line > 0)
		add_place(j, "rule", rule->file, rule->line);
	else
		admin_json_null(j, "rule");
	admin_json_begin(j, "from");
	for (unsigned field = 0; field < LIMITS_FIELDS; field++) {
		const char *file = config_where(config, rule->from[field], &line);

		if (file != NULL)
			add_place(j, limits_name((enum limits_field)field), file, line);
	}
	admin_json_end(j);
}

static void
print_payer(const struct config *config, const struct payer *p, uint32_t warn_percent)
{
	const struct config_rule *rule = config == NULL ? NULL : config_rules_of(config, &p->meter);
	const struct counters *c = &p->counters;
	char name[ADMIN_NAME_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", meter_kind_name(p->meter.kind));
	admin_json_string(&j, "name", admin_print_name(name, &p->meter));
	admin_json_string(&j, "reason", reason_word(p->reason));
	if (p->order != NULL)
		admin_json_string(&j, "order", order_name(p->order->kind));
	admin_counts_json(&j, c);
	admin_json_number(&j, "failure_percent", policy_failure_percent(&c->limits, c));
	if (c->limits.max_per_day > 0)
		admin_json_number(&j, "admitted_in_day", policy_day(c));
	admin_json_string(&j, "state", standing_name(standing_of(&c->limits, c, warn_percent)));
	admin_json_begin(&j, "limits");
	admin_json_limits(&j, &c->limits);
	admin_json_end(&j);
	if (rule != NULL) {
		add_rule(&j, config, rule);
		admin_json_bool(&j, "current", limits_equal(&rule->limits, &c->limits));
	}
	admin_counts_json_later(&j, c);
	admin_json_close(&j);
}

static void
print_verdict(const struct admission *a)
{
	bool observed = a->observed.verdict != VERDICT_PASS;
	const struct judgement *judgement = observed ? &a->observed : &a->judgement;
	char text[REPORT_TEXT_MAX];
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "verdict");
	admin_json_string(&j, "verdict", admin_explain_verdict(a->judgement.verdict));
	if (observed)
		admin_json_string(&j, "would_be", admin_explain_verdict(a->observed.verdict));
	admin_json_bool(&j, "exempt", a->exempt);
	admin_json_bool(&j, "charged", a->charged);
	admin_json_string(&j, "text",
	    judgement->verdict == VERDICT_PASS ? "" : admin_explain_text(text, judgement, a));
	admin_json_close(&j);
}

void
admin_explain_json(const struct admin *a, const struct explanation *e)
{
	print_delivery(a, e);
	for (size_t i = 0; i < e->payers.count; i++)
		print_payer(e->config, &e->payers.at[i], a->essentials.warn_percent);
	print_verdict(&e->admission);
}
