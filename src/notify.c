/* notify - what the admin's program is told, as an environment */
#include "notify.h"

#include <string.h>

#include "hour.h"
#include "notify_text.h"
#include "policy.h"

static const char *const events[NOTIFY_EVENTS] = {
	[NOTIFY_WARNING] = "warning",
	[NOTIFY_LIMIT] = "limit",
	[NOTIFY_REFUSED] = "refused",
	[NOTIFY_FAILURES] = "failures",
	[NOTIFY_ORDER_EXPIRED] = "order_expired",
	[NOTIFY_TROUBLE] = "trouble",
	[NOTIFY_TEST] = "test",
};

/* Every fact there may be; other variables of this prefix say where things are. */
#define PREFIX "QLIMIT_"
static const char *const names[] = { "EVENT", "METER", "KIND", "NAME", "ADMITTED", "ADMITTED_IN_DAY", "HELD",
	"REFUSED", "FAILURES", "FAILURE_PERCENT", "MAX_PER_HOUR", "MAX_PER_DAY", "MAX_FAILURE_PERCENT", "MODE",
	"HOUR", "HOST", "TEXT" };

const char *
notify_event_name(enum notify_event event)
{
	return events[event];
}

bool
notify_event_parse(const char *word, enum notify_event *event)
{
	for (unsigned i = 0; i < NOTIFY_EVENTS; i++)
		if (strcmp(word, events[i]) == 0) {
			*event = (enum notify_event)i;
			return true;
		}
	return false;
}

/* What stands behind "NAME=" in an entry of this name, else NULL. */
static const char *
value_of(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=' ? entry + n + 1 : NULL;
}

const char *
notify_value(char *const *environment, const char *name)
{
	const char *value = NULL;

	for (; value == NULL && environment != NULL && *environment != NULL; environment++)
		value = value_of(*environment, name);
	return value;
}

static bool
is_fact(const char *entry)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (value_of(entry + sizeof PREFIX - 1, names[i]) != NULL)
			return true;
	return false;
}

static void
add(struct notify_env *env, char *entry)
{
	if (env->count == NOTIFY_ENTRIES)
		return;
	env->entry[env->count++] = entry;
	env->entry[env->count] = NULL;
}

/* `value` is ASCII by now. */
static void
put(struct notify_env *env, const char *name, const char *value)
{
	char *entry = env->bytes + env->text.used;

	text_add(&env->text, name);
	text_add(&env->text, "=");
	text_add(&env->text, value);
	text_add_bytes(&env->text, "", 1);
	if (!env->text.truncated)
		add(env, entry);
}

static void
put_fact(struct notify_env *env, const char *name, const char *value)
{
	char full[40];
	struct text t;

	text_init(&t, full, sizeof full);
	text_add(&t, PREFIX);
	text_add(&t, name);
	/* What a delivery has said is what was so at the time. */
	if (notify_value(env->entry, full) == NULL)
		put(env, full, value);
}

static void
put_number(struct notify_env *env, const char *name, uint64_t value)
{
	char digits[24];
	struct text t;

	text_init(&t, digits, sizeof digits);
	text_add_number(&t, value);
	put_fact(env, name, digits);
}

static void
put_host(struct notify_env *env, const char *host)
{
	char shown[4 * 255 + 1]; /* as long as names of hosts are, and more */
	struct text t;

	text_init(&t, shown, sizeof shown);
	text_add_printable(&t, host, strlen(host), sizeof shown - 1);
	put_fact(env, "HOST", shown);
}

static void
put_meter(struct notify_env *env, const struct meter *meter)
{
	char word[METER_WORD_MAX];
	struct text t;

	meter_word(meter, word);
	put_fact(env, "METER", word);
	put_fact(env, "KIND", meter_kind_name(meter->kind));
	text_init(&t, word, sizeof word);
	meter_add_name(&t, meter);
	put_fact(env, "NAME", word);
}

static void
put_counters(struct notify_env *env, const struct notify_facts *facts)
{
	const struct counters *c = facts->counters;
	char hour[HOUR_TEXT_MAX];

	hour_text(hour, facts->hour);
	put_number(env, "ADMITTED", c->admitted);
	if (c->limits.max_per_day > 0)
		put_number(env, "ADMITTED_IN_DAY", policy_day(c));
	put_number(env, "HELD", c->held);
	put_number(env, "REFUSED", c->refused);
	put_number(env, "FAILURES", policy_failures(&c->limits, c));
	put_number(env, "FAILURE_PERCENT", policy_failure_percent(&c->limits, c));
	put_number(env, "MAX_PER_HOUR", c->limits.max_per_hour);
	put_number(env, "MAX_PER_DAY", c->limits.max_per_day);
	put_number(env, "MAX_FAILURE_PERCENT", c->limits.max_failure_percent);
	put_fact(env, "MODE", facts->observe ? "observe" : "enforce");
	put_fact(env, "HOUR", hour);
}

static void
inherit(struct notify_env *env, char *const *inherited, bool facts_too)
{
	for (; inherited != NULL && *inherited != NULL; inherited++) {
		bool ours = strncmp(*inherited, PREFIX, sizeof PREFIX - 1) == 0;

		if (ours ? facts_too || !is_fact(*inherited) :
		    value_of(*inherited, "LANG") != NULL || value_of(*inherited, "TZ") != NULL)
			add(env, *inherited);
	}
}

void
notify_environment(const struct notify_facts *facts, char *const *inherited, struct notify_env *env)
{
	char sentence[NOTIFY_TEXT_MAX];
	struct text t;

	env->count = 0;
	env->entry[0] = NULL;
	text_init(&env->text, env->bytes, sizeof env->bytes);
	put(env, "PATH", NOTIFY_PATH);
	put(env, "HOME", "/");
	inherit(env, inherited, facts->retold);
	put_fact(env, "EVENT", notify_event_name(facts->event));
	if (facts->meter != NULL)
		put_meter(env, facts->meter);
	if (facts->counters != NULL)
		put_counters(env, facts);
	if (facts->host != NULL)
		put_host(env, facts->host);
	text_init(&t, sentence, sizeof sentence);
	notify_text(&t, facts);
	put_fact(env, "TEXT", sentence);
}

bool
notify_is_retold(const struct notify_facts *facts, char *const *inherited)
{
	const char *event = notify_value(inherited, PREFIX "EVENT");
	const char *meter = notify_value(inherited, PREFIX "METER");
	char word[METER_WORD_MAX];

	if (event == NULL || strcmp(event, notify_event_name(facts->event)) != 0)
		return false;
	if (meter == NULL || facts->meter == NULL)
		return meter == NULL && facts->meter == NULL;
	meter_word(facts->meter, word);
	return strcmp(meter, word) == 0;
}
