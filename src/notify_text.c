/* notify_text - an event as a sentence that a person can read */
#include "notify_text.h"

#include "policy.h"

static void
add_subject(struct text *t, const struct notify_facts *facts)
{
	if (facts->meter != NULL)
		meter_describe(t, facts->meter);
	else
		text_add(t, "Mail");
}

static void
add_emails(struct text *t, uint64_t n)
{
	text_add_number(t, n);
	text_add(t, n == 1 ? " email" : " emails");
}

static void
add_allowance(struct text *t, uint64_t limit, enum rule rule)
{
	text_add(t, "its ");
	add_emails(t, limit);
	text_add(t, rule == RULE_MAX_PER_DAY ? " per day" : " per hour");
}

/* Of the maxima the one that is used up most; RULE_NONE where there is none. */
static enum rule
fuller(const struct counters *c)
{
	uint64_t hour = 0, day = 0;

	if (c->limits.max_per_hour > 0)
		hour = policy_percent(c->admitted, c->limits.max_per_hour);
	if (c->limits.max_per_day > 0)
		day = policy_percent(policy_day(c), c->limits.max_per_day);
	if (c->limits.max_per_day > 0 && (day > hour || c->limits.max_per_hour == 0))
		return RULE_MAX_PER_DAY;
	return c->limits.max_per_hour > 0 ? RULE_MAX_PER_HOUR : RULE_NONE;
}

static uint64_t
limit_of(const struct counters *c, enum rule rule)
{
	return rule == RULE_MAX_PER_DAY ? c->limits.max_per_day : c->limits.max_per_hour;
}

static uint64_t
used_of(const struct counters *c, enum rule rule)
{
	return rule == RULE_MAX_PER_DAY ? policy_day(c) : c->admitted;
}

/* "has used 80 of its 100 emails per hour" */
static void
add_use(struct text *t, const struct counters *c)
{
	enum rule rule = fuller(c);

	text_add(t, " has used ");
	if (rule == RULE_NONE) {
		add_emails(t, used_of(c, rule));
		text_add(t, " in this hour, without a limit");
		return;
	}
	text_add_number(t, used_of(c, rule));
	text_add(t, " of ");
	add_allowance(t, limit_of(c, rule), rule);
}

/* "33 % of what it sent failed (12 emails); 30 % is its limit" */
static void
add_failures(struct text *t, const struct counters *c)
{
	text_add(t, ": ");
	text_add_number(t, policy_failure_percent(&c->limits, c));
	text_add(t, " % of what was sent has failed (");
	add_emails(t, policy_failures(&c->limits, c));
	text_add(t, "); the limit is ");
	text_add_number(t, c->limits.max_failure_percent);
	text_add(t, " %");
}

/* A warning may be of the failures alone. */
static bool
is_of_failures(const struct counters *c)
{
	enum rule rule = fuller(c);

	return c->limits.max_failure_percent > 0 &&
	       policy_failures(&c->limits, c) >= c->limits.min_failures &&
	       (rule == RULE_NONE || policy_percent(policy_failure_percent(&c->limits, c),
	           c->limits.max_failure_percent) > policy_percent(used_of(c, rule), limit_of(c, rule)));
}

/* What becomes of further mail, and for how long. */
static void
add_consequence(struct text *t, const struct notify_facts *facts, const char *verb, bool by_day)
{
	text_add(t, facts->observe ? ": in mode enforce further mail would be " : ": further mail is ");
	text_add(t, verb);
	if (by_day) {
		text_add(t, " until there is room again");
		return;
	}
	text_add(t, " until ");
	text_add_number(t, (facts->hour + 1) % 24);
	text_add(t, ":00 UTC");
}

static void
add_limit(struct text *t, const struct notify_facts *facts)
{
	enum rule rule = fuller(facts->counters);

	text_add(t, " has used up ");
	add_allowance(t, limit_of(facts->counters, rule), rule);
	add_consequence(t, facts, "held", rule == RULE_MAX_PER_DAY);
}

static void
add_refused(struct text *t, const struct notify_facts *facts)
{
	const struct counters *c = facts->counters;
	enum rule rule = fuller(c);

	if (c->tripped && c->limits.refuse_on_failures) {
		add_failures(t, c);
		text_add(t, "; ");
	} else {
		text_add(t, " has exceeded ");
		add_allowance(t, limit_of(c, rule), rule);
		text_add(t, " so far that ");
	}
	add_emails(t, c->refused);
	text_add(t, facts->observe ? " would have been refused" : c->refused == 1 ? " was refused" : " were refused");
}

/* Where nothing was counted, or is known of it. */
static const char *const bare[NOTIFY_EVENTS] = {
	[NOTIFY_WARNING] = " is close to a limit",
	[NOTIFY_LIMIT] = " has used up a limit",
	[NOTIFY_REFUSED] = " has exceeded a limit so far that emails were refused",
	[NOTIFY_FAILURES] = " has failed too often",
	[NOTIFY_ORDER_EXPIRED] = ": the order on it has expired",
	[NOTIFY_TEST] = " has counted nothing that could be read",
};

static void
add_event(struct text *t, const struct notify_facts *facts)
{
	const struct counters *c = facts->counters;

	if (c == NULL || facts->event == NOTIFY_ORDER_EXPIRED)
		text_add(t, bare[facts->event]);
	else if (facts->event == NOTIFY_LIMIT)
		add_limit(t, facts);
	else if (facts->event == NOTIFY_REFUSED)
		add_refused(t, facts);
	else if (facts->event == NOTIFY_FAILURES || (facts->event == NOTIFY_WARNING && is_of_failures(c)))
		add_failures(t, c);
	else
		add_use(t, c);
	if (c != NULL && facts->event == NOTIFY_FAILURES)
		add_consequence(t, facts, c->limits.refuse_on_failures ? "refused" : "held", false);
}

void
notify_text(struct text *t, const struct notify_facts *facts)
{
	if (facts->event == NOTIFY_TROUBLE) {
		text_add(t, "qlimit has trouble: ");
		text_add_sentence(t, facts->what != NULL ? facts->what : "the mail log says which");
		text_add(t, ".");
		return;
	}
	if (facts->event == NOTIFY_TEST)
		text_add(t, "This is a test; nothing has happened.");
	if (facts->event == NOTIFY_TEST && facts->meter == NULL)
		return;
	text_add(t, t->used > 0 ? " " : "");
	add_subject(t, facts);
	add_event(t, facts);
	text_add(t, ".");
}
