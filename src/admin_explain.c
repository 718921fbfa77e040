/* admin_explain - the command explain: what would become of a delivery, and why */
#include "admin_explain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_print.h"
#include "config_rules.h"
#include "message.h"
#include "report.h"
#include "standing.h"
#include "watch.h"

/* --- who sends it --- */

static bool
is_authenticated(const struct payers *payers)
{
	for (size_t i = 0; i < payers->count; i++)
		if (payers->at[i].reason == PAYER_AUTH)
			return true;
	return false;
}

static void
print_head(const struct head *head, bool authenticated)
{
	char shown[4 * ADDRESS_DOMAIN_MAX + 1];
	struct text t;

	if (head->forwarder[0] != '\0') {
		text_init(&t, shown, sizeof shown);
		text_add_printable(&t, head->forwarder, strlen(head->forwarder), sizeof shown);
		(void)printf("; forwarded by %s", shown);
	}
	if (head->auth[0] != '\0' && authenticated)
		(void)printf("; authenticated as %s", head->auth);
	else if (head->auth[0] != '\0')
		(void)printf("; %s authenticated, it says, and is not believed: no runs_smtpd", head->auth);
	(void)putchar('\n');
}

static void
print_message(const struct admin *a, const struct explanation *e)
{
	static const char *const invokers[] = {
		[HEAD_NOBODY] = "line 1 is none of qmail-queue's",
		[HEAD_ALIAS] = "invoked by alias",
		[HEAD_NETWORK] = "invoked from network",
		[HEAD_BOUNCE] = "invoked for bounce",
	};
	const struct head *head = &e->booking.origin.head;

	(void)printf("message    ");
	if (a->option[ADMIN_MESSAGE] == NULL) {
		(void)puts("none given: no user and no forwarder is known; see --message");
		return;
	}
	if (head->invoker == HEAD_UID)
		(void)printf("invoked by uid %" PRIu32, head->uid);
	else
		(void)printf("%s", invokers[head->invoker]);
	print_head(head, is_authenticated(&e->payers));
}

static void
print_envelope(const struct admin *a, const struct explanation *e)
{
	const struct booking *b = &e->booking;
	char shown[4 * METER_NAME_MAX];
	struct text t;

	text_init(&t, shown, sizeof shown);
	text_add_printable(&t, b->sender, strlen(b->sender), sizeof shown);
	(void)printf("sender     %s\n", b->sender[0] == '\0' ? "the null sender" : shown);
	text_init(&t, shown, sizeof shown);
	text_add_printable(&t, b->recipients[0], strlen(b->recipients[0]), sizeof shown);
	(void)printf("recipient  %s\n", b->recipients[0][0] == '\0' ? "anybody" : shown);
	print_message(a, e);
}

/* --- the rules of one payer --- */

static bool
is_of_notify(const struct config *config, const struct config_rule *rule)
{
	return config->notify_user != NULL && rule->key.scope == RULES_USER &&
	       strcmp(rule->key.name, config->notify_user) == 0;
}

static const char *
reason_text(enum payer_reason reason)
{
	static const char *const texts[] = {
		[PAYER_ALL_MAIL] = "for all mail of this server",
		[PAYER_BOUNCE] = "because a bounce has no sender",
		[PAYER_ANY_SENDER] = "as the sender's domain; no hosted domains are known",
		[PAYER_HOSTED] = "as the sender's domain, which is hosted here",
		[PAYER_ADDRESS] = "because this one sender is hosted here (virtualdomains)",
		[PAYER_FORWARDER] = "because it forwarded the message for a sender that is not hosted here",
		[PAYER_NOT_HOSTED] = "because the sender's domain is not hosted here",
		[PAYER_NO_DOMAIN] = "because the sender has no domain",
		[PAYER_USER] = "because line 1 of the message names this user",
		[PAYER_AUTH] = "because qmail-smtpd's Received: names this user",
		[PAYER_DESTINATION] = "because destinations has the recipient's domain",
		[PAYER_ORDER] = "because there is an order on it",
	};

	return texts[reason];
}

/* False of what has no effect: a percentage of no maximum, the details of no failure limit. */
static bool
matters(const struct limits *l, enum limits_field field)
{
	switch (field) {
	case LIMITS_MAX_PER_HOUR:
		return l->max_per_hour > 0;
	case LIMITS_MAX_PER_DAY:
		return l->max_per_day > 0;
	case LIMITS_REFUSE_ABOVE_PERCENT:
		return l->max_per_hour > 0 || l->max_per_day > 0;
	case LIMITS_EXEMPT:
		return l->exempt;
	case LIMITS_UNIT:
		return l->count_messages;
	default:
		return l->max_failure_percent > 0;
	}
}

static void
print_limit(const struct config *config, const struct config_rule *rule, const struct limits *l,
    enum limits_field field)
{
	char value[LIMITS_TEXT_MAX];
	unsigned line;
	const char *file = rule == NULL ? NULL : config_where(config, rule->from[field], &line);

	(void)printf("  %-20s %-16s", limits_name(field), limits_text(value, l, field));
	if (file != NULL)
		(void)printf("  %s:%u\n", file, line);
	else
		(void)puts(rule != NULL ? "  built in" : "");
}

static void
print_limits(const struct config *config, const struct config_rule *rule, const struct limits *l)
{
	bool any = false;

	for (unsigned field = 0; field < LIMITS_FIELDS; field++) {
		bool written = rule != NULL && rule->from[field] != 0;

		if (!matters(l, (enum limits_field)field) && !(written && field < LIMITS_EXEMPT))
			continue;
		print_limit(config, rule, l, (enum limits_field)field);
		any = true;
	}
	if (!any)
		(void)puts("  no limits");
}

static void
print_counters(const struct counters *c, uint32_t warn_percent)
{
	(void)printf("  this hour: admitted %" PRIu64 ", sent %" PRIu64 ", deferred %" PRIu64 ", failed %" PRIu64
	    ", unreached %" PRIu64 ", held %" PRIu64 ", refused %" PRIu64 "; failures %" PRIu64 "%%",
	    c->admitted, c->sent, c->deferred, c->failed, c->unreached, c->held, c->refused,
	    policy_failure_percent(&c->limits, c));
	if (c->discarded > 0)
		(void)printf("; discarded %" PRIu64, c->discarded);
	if (c->returned > 0)
		(void)printf("; returned %" PRIu64, c->returned);
	if (c->limits.max_per_day > 0)
		(void)printf("; in 24 hours: %" PRIu64, policy_day(c));
	(void)printf("; state %s\n",
	    c->limits.exempt ? "exempt" : standing_name(standing_of(&c->limits, c, warn_percent)));
}

static void
print_order(const struct order *o)
{
	char time[ADMIN_TIME_MAX];

	(void)printf("  order: %s, by %s, until %s%s%s\n", order_name(o->kind), o->by,
	    o->until != 0 ? admin_print_time(time, o->until) : "it is released", o->reason[0] != '\0' ? ": " : "",
	    o->reason);
}

static void
print_payer(const struct config *config, const struct payer *p, uint32_t warn_percent)
{
	const struct config_rule *rule = config == NULL ? NULL : config_rules_of(config, &p->meter);
	char name[ADMIN_NAME_MAX];

	(void)printf("\n%s%s%s pays %s%s\n", meter_kind_name(p->meter.kind), p->meter.length > 0 ? " " : "",
	    admin_print_name(name, &p->meter),
	    p->meter.kind == METER_OVERFLOW ? "where max_meters has left no room: " : "",
	    reason_text(p->reason));
	if (config != NULL && rule != NULL && rule->line > 0)
		(void)printf("  rule                 %s:%u%s\n", rule->file, rule->line,
		    is_of_notify(config, rule) ? " (notify: no notice is stopped)" : "");
	print_limits(config, rule, &p->counters.limits);
	if (rule != NULL && !limits_equal(&rule->limits, &p->counters.limits))
		(void)puts("  (in force; the configuration now says otherwise)");
	print_counters(&p->counters, warn_percent);
	if (p->order != NULL)
		print_order(p->order);
}

/* --- the verdict --- */

const char *
admin_explain_verdict(enum verdict verdict)
{
	static const char *const verdicts[] = { "pass", "held", "refused", "discarded" };

	return verdicts[verdict];
}

const char *
admin_explain_text(char *out, const struct judgement *j, const struct admission *a)
{
	struct text t;

	text_init(&t, out, REPORT_TEXT_MAX);
	report_compose(&t, j, &a->meter);
	out[strcspn(out, "\n")] = '\0';
	return out + 1;
}

static void
print_verdict(const struct explanation *e)
{
	const struct admission *a = &e->admission;
	bool observed = a->observed.verdict != VERDICT_PASS;
	const struct judgement *j = observed ? &a->observed : &a->judgement;
	char buffer[REPORT_TEXT_MAX];

	(void)printf("\nverdict    %s", admin_explain_verdict(a->judgement.verdict));
	if (observed)
		(void)printf("; would be %s, but mode is observe", admin_explain_verdict(a->observed.verdict));
	else if (a->exempt)
		(void)printf("; exempt");
	else if (a->charged)
		(void)printf("; it was charged before, at an earlier attempt");
	if (j->verdict != VERDICT_PASS)
		(void)printf(": %s", admin_explain_text(buffer, j, a));
	(void)putchar('\n');
}

static void
print(const struct admin *a, const struct explanation *e)
{
	print_envelope(a, e);
	if (e->info.generation == 0)
		(void)puts("no rules are loaded: nothing is limited");
	if (e->config == NULL)
		(void)printf("%s cannot be used as it is (`qlimit check`): the lines of limits are not shown\n",
		    a->place.config);
	else if (!e->current)
		(void)puts("the configuration, or what it says is hosted, has changed since: it takes effect with the next "
		    "delivery or `qlimit load`");
	for (size_t i = 0; i < e->payers.count; i++)
		print_payer(e->config, &e->payers.at[i], a->essentials.warn_percent);
	print_verdict(e);
}

/* --- the command --- */

static char nobody_named[] = "", *nobody = nobody_named;

/* As whoever called, root or not: qmail's queue is not for the owner of our state. */
static int
open_message(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd == -1) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", path, strerror(errno));
	} else if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)fprintf(stderr, "qlimit: %s: not a file: a message is one, in qmail's queue\n", path);
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

static void
describe(struct admin *a, struct booking *b, int fd)
{
	b->sender = a->names[0];
	b->recipients = a->names[1] != NULL ? a->names + 1 : &nobody;
	b->count = 1;
	b->config = a->place.config;
	b->boot = a->boot;
	b->warn_percent = a->essentials.warn_percent;
	origin_read(&b->origin, b->sender, b->recipients[0]);
	if (fd != -1)
		message_examine(&b->file, &b->origin.head, &a->essentials.trust, fd);
	if (a->names[1] == NULL)
		b->file.known = false; /* which of its deliveries is meant? */
}

/* Without a list nothing was loaded, which is said already. */
static bool
rules_are_current(struct store *s)
{
	static unsigned char record[WATCH_RECORD_MAX];
	static struct watch_list watched;
	size_t size;

	if (store_watch_get(s, record, &size) == 1)
		(void)watch_decode(&watched, record, size);
	return watch_list_is_current(&watched);
}

static int
ask(struct admin *a, struct explanation *e)
{
	int status, rc;
	struct store *s = admin_open_live(a, &e->info, &status);

	if (s == NULL)
		return status;
	rc = admission_preview(s, &e->info, &e->booking, a->now, &e->admission, &e->payers);
	if (rc == -1)
		return admin_store_failed(s);
	e->current = rules_are_current(s);
	store_rollback(s);
	store_close(s);
	return EX_OK;
}

int
admin_explain(struct admin *a)
{
	static struct explanation e;
	int fd = -1, status;

	memset(&e, 0, sizeof e);
	if (a->option[ADMIN_MESSAGE] != NULL && (fd = open_message(a->option[ADMIN_MESSAGE])) == -1)
		return EX_NOINPUT;
	status = admin_enter(a, false);
	if (status == EX_OK) {
		describe(a, &e.booking, fd);
		if (orders_read(&e.orders, a->place.state, a->now) == -1)
			(void)fprintf(stderr, "qlimit: %s/orders: %s: no order is in force\n", a->place.state,
			    strerror(errno));
		e.booking.orders = &e.orders;
		status = ask(a, &e);
	}
	if (fd != -1)
		(void)close(fd);
	if (status != EX_OK)
		return status;
	e.config = config_load(a->place.config);
	if (e.config != NULL && e.config->errors_count > 0) {
		config_free(e.config);
		e.config = NULL;
	}
	if (a->option[ADMIN_JSON] != NULL)
		admin_explain_json(a, &e);
	else
		print(a, &e);
	config_free(e.config);
	return EX_OK;
}
