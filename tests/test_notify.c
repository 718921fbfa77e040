/* test_notify - the environment and the sentence that the admin's program is given */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hour.h"
#include "notify.h"
#include "notify_text.h"
#include "suites.h"

#define HOUR 498689u /* 2026-11-21T17:00:00Z */

static struct counters
counted(uint64_t admitted, uint32_t max_per_hour)
{
	struct counters c = { .admitted = admitted };

	limits_init(&c.limits);
	c.limits.max_per_hour = max_per_hour;
	return c;
}

/* --- sentences --- */

static const struct {
	const char *label;
	enum notify_event event;
	enum meter_kind kind; /* 0: no meter */
	const char *name;
	uint64_t admitted, before, sent, failed, refused;
	uint32_t max_per_hour, max_per_day;
	uint8_t max_failure_percent;
	bool unknown, observe, refuse;
	const char *text;
} sentences[] = {
	{ "a warning", NOTIFY_WARNING, METER_DOMAIN, "example.com", .admitted = 80, .max_per_hour = 100,
	  .text = "Domain example.com has used 80 of its 100 emails per hour." },
	{ "of a day that is fuller", NOTIFY_WARNING, METER_USER, "uid:48", .admitted = 10, .before = 75,
	  .max_per_hour = 100, .max_per_day = 100, .text = "User uid:48 has used 85 of its 100 emails per day." },
	{ "of an hour that is fuller", NOTIFY_WARNING, METER_SERVER, "", .admitted = 80, .before = 5,
	  .max_per_hour = 100, .max_per_day = 1000, .text = "This server has used 80 of its 100 emails per hour." },
	{ "of a day, where an hour has no limit", NOTIFY_WARNING, METER_FOREIGN, "", .before = 1, .max_per_day = 1000,
	  .text = "Mail of senders not hosted here has used 1 of its 1000 emails per day." },
	{ "of failures, nearer than the maximum", NOTIFY_WARNING, METER_DOMAIN, "example.com", .admitted = 50,
	  .sent = 15, .failed = 5, .max_per_hour = 100, .max_failure_percent = 30,
	  .text = "Domain example.com: 25 % of what was sent has failed (5 emails); the limit is 30 %." },
	{ "of failures, less near", NOTIFY_WARNING, METER_DOMAIN, "example.com", .admitted = 90,
	  .sent = 15, .failed = 5, .max_per_hour = 100, .max_failure_percent = 30,
	  .text = "Domain example.com has used 90 of its 100 emails per hour." },
	{ "of failures, where there is no maximum", NOTIFY_WARNING, METER_DOMAIN, "example.com", .admitted = 50,
	  .sent = 15, .failed = 5, .max_failure_percent = 30,
	  .text = "Domain example.com: 25 % of what was sent has failed (5 emails); the limit is 30 %." },
	{ "of too few failures to be counted", NOTIFY_WARNING, METER_DOMAIN, "example.com", .admitted = 80,
	  .failed = 4, .max_per_hour = 100, .max_failure_percent = 30,
	  .text = "Domain example.com has used 80 of its 100 emails per hour." },
	{ "a limit", NOTIFY_LIMIT, METER_DOMAIN, "example.com", .admitted = 100, .max_per_hour = 100,
	  .text = "Domain example.com has used up its 100 emails per hour: further mail is held until 18:00 UTC." },
	{ "a day's, only watched", NOTIFY_LIMIT, METER_DESTINATION, "gmail.com", .admitted = 100, .max_per_day = 100,
	  .observe = true, .text = "Mail to gmail.com has used up its 100 emails per day: in mode enforce further "
	  "mail would be held until there is room again." },
	{ "refused", NOTIFY_REFUSED, METER_DOMAIN, "example.com", .admitted = 100, .refused = 7, .max_per_hour = 100,
	  .text = "Domain example.com has exceeded its 100 emails per hour so far that 7 emails were refused." },
	{ "refused, only watched", NOTIFY_REFUSED, METER_DOMAIN, "example.com", .admitted = 150, .refused = 7,
	  .max_per_hour = 100, .observe = true,
	  .text = "Domain example.com has exceeded its 100 emails per hour so far that 7 emails would have been "
	  "refused." },
	{ "refused for failures", NOTIFY_REFUSED, METER_DOMAIN, "example.com", .admitted = 100, .sent = 10,
	  .failed = 10, .refused = 7, .max_per_hour = 100, .max_failure_percent = 30, .refuse = true,
	  .text = "Domain example.com: 50 % of what was sent has failed (10 emails); the limit is 30 %; 7 emails "
	  "were refused." },
	{ "refused for the number, though tripped", NOTIFY_REFUSED, METER_DOMAIN, "example.com", .admitted = 100,
	  .sent = 10, .failed = 10, .refused = 7, .max_per_hour = 100, .max_failure_percent = 30,
	  .text = "Domain example.com has exceeded its 100 emails per hour so far that 7 emails were refused." },
	{ "failures", NOTIFY_FAILURES, METER_DOMAIN, "example.com", .sent = 10, .failed = 10,
	  .max_failure_percent = 30, .text = "Domain example.com: 50 % of what was sent has failed (10 emails); the "
	  "limit is 30 %: further mail is held until 18:00 UTC." },
	{ "failures that refuse", NOTIFY_FAILURES, METER_DOMAIN, "example.com", .sent = 10, .failed = 10,
	  .max_failure_percent = 30, .refuse = true, .text = "Domain example.com: 50 % of what was sent has failed "
	  "(10 emails); the limit is 30 %: further mail is refused until 18:00 UTC." },
	{ "an order", NOTIFY_ORDER_EXPIRED, METER_DOMAIN, "example.com", .admitted = 3,
	  .text = "Domain example.com: the order on it has expired." },
	{ "trouble", NOTIFY_TROUBLE, 0, "", .unknown = true, .text = "qlimit has trouble: \\x1b[2J of \\x22it\\x22." },
	{ "a test", NOTIFY_TEST, 0, "", .unknown = true, .text = "This is a test; nothing has happened." },
	{ "a test of a meter", NOTIFY_TEST, METER_DOMAIN, "example.com", .admitted = 5, .max_per_hour = 100,
	  .text = "This is a test; nothing has happened. Domain example.com has used 5 of its 100 emails per hour." },
	{ "... without limits", NOTIFY_TEST, METER_BOUNCES, "", .admitted = 5,
	  .text = "This is a test; nothing has happened. Mail of the null sender has used 5 emails in this hour, "
	  "without a limit." },
	{ "... that is not known", NOTIFY_TEST, METER_OVERFLOW, "", .unknown = true,
	  .text = "This is a test; nothing has happened. Mail of further senders has counted nothing that could be "
	  "read." },
	{ "a limit of whom nothing is known", NOTIFY_LIMIT, METER_DOMAIN, "a b", .unknown = true,
	  .text = "Domain a\\x20b has used up a limit." },
	{ "nobody's", NOTIFY_FAILURES, 0, "", .unknown = true, .text = "Mail has failed too often." },
};

START_TEST(test_sentences)
{
	struct notify_facts facts = { .event = sentences[_i].event, .observe = sentences[_i].observe, .hour = HOUR };
	struct counters c = counted(sentences[_i].admitted, sentences[_i].max_per_hour);
	char buffer[NOTIFY_TEXT_MAX];
	struct meter meter;
	struct text t;

	if (sentences[_i].kind != 0) {
		meter_set(&meter, sentences[_i].kind, sentences[_i].name);
		facts.meter = &meter;
	}
	c.before = sentences[_i].before;
	c.sent = sentences[_i].sent;
	c.failed = sentences[_i].failed;
	c.refused = sentences[_i].refused;
	c.limits.max_per_day = sentences[_i].max_per_day;
	c.limits.max_failure_percent = sentences[_i].max_failure_percent;
	c.limits.refuse_on_failures = sentences[_i].refuse;
	c.tripped = c.limits.max_failure_percent > 0 && c.failed >= c.sent;
	facts.counters = sentences[_i].unknown ? NULL : &c;
	facts.what = sentences[_i].event == NOTIFY_TROUBLE ? "\033[2J of \"it\"" : NULL;
	text_init(&t, buffer, sizeof buffer);
	notify_text(&t, &facts);
	ck_assert_msg(strcmp(buffer, sentences[_i].text) == 0, "%s: %s", sentences[_i].label, buffer);
}
END_TEST

START_TEST(test_trouble_without_words)
{
	const struct notify_facts facts = { .event = NOTIFY_TROUBLE };
	char buffer[NOTIFY_TEXT_MAX];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	notify_text(&t, &facts);
	ck_assert_str_eq(buffer, "qlimit has trouble: the mail log says which.");
}
END_TEST

/* --- environments --- */

static struct notify_env env;

static const char *
value(const char *name)
{
	const char *v = notify_value(env.entry, name);

	return v != NULL ? v : "(none)";
}

#define IS(name, wanted) ck_assert_str_eq(value(name), wanted)

START_TEST(test_facts)
{
	static const char *const variables[] = { "TZ=UTC", "LANG=C", "LANGUAGE=de", "PATH=/evil", "HOME=/root",
		"LD_PRELOAD=/evil.so", "QLIMIT_STATE=/srv/q", "QLIMIT_ADMITTED=999", "QLIMIT_TEXT=old", NULL };
	struct counters c = counted(80, 100);
	struct notify_facts facts = { .event = NOTIFY_WARNING, .counters = &c, .observe = true, .hour = HOUR,
		.host = "mx1.example" };
	struct meter meter;

	meter_set(&meter, METER_USER, "uid:48");
	facts.meter = &meter;
	c.held = 3;
	c.refused = 2;
	c.failed = 1;
	c.sent = 3;
	c.before = 20;
	notify_environment(&facts, (char *const *)(uintptr_t)variables, &env);
	IS("QLIMIT_EVENT", "warning");
	IS("QLIMIT_METER", "uid:48");
	IS("QLIMIT_KIND", "user");
	IS("QLIMIT_NAME", "uid:48");
	IS("QLIMIT_ADMITTED", "80");
	IS("QLIMIT_ADMITTED_IN_DAY", "(none)");
	IS("QLIMIT_HELD", "3");
	IS("QLIMIT_REFUSED", "2");
	IS("QLIMIT_FAILURES", "1");
	IS("QLIMIT_FAILURE_PERCENT", "25");
	IS("QLIMIT_MAX_PER_HOUR", "100");
	IS("QLIMIT_MAX_PER_DAY", "0");
	IS("QLIMIT_MAX_FAILURE_PERCENT", "0");
	IS("QLIMIT_MODE", "observe");
	IS("QLIMIT_HOUR", "2026-11-21T17:00:00Z");
	IS("QLIMIT_HOST", "mx1.example");
	IS("QLIMIT_TEXT", "User uid:48 has used 80 of its 100 emails per hour.");
	IS("QLIMIT_STATE", "/srv/q");
	IS("PATH", NOTIFY_PATH);
	IS("HOME", "/");
	IS("TZ", "UTC");
	IS("LANG", "C");
	IS("LANGUAGE", "(none)");
	IS("LD_PRELOAD", "(none)");
	ck_assert_uint_eq(env.count, 21);
	ck_assert_ptr_null(env.entry[env.count]);
	c.limits.max_per_day = 1000;
	notify_environment(&facts, NULL, &env);
	IS("QLIMIT_ADMITTED_IN_DAY", "100");
	IS("QLIMIT_STATE", "(none)");
}
END_TEST

/* Goal: what a delivery has said stays, what it has not is added. */
START_TEST(test_retold)
{
	static const char *const variables[] = { "QLIMIT_EVENT=limit", "QLIMIT_METER=server", "QLIMIT_ADMITTED=999",
		"QLIMIT_TEXT=as it was", NULL };
	char *const *inherited = (char *const *)(uintptr_t)variables;
	struct counters c = counted(5, 100);
	struct notify_facts facts = { .event = NOTIFY_LIMIT, .counters = &c, .hour = HOUR };
	struct meter meter;

	meter_set(&meter, METER_SERVER, "");
	facts.meter = &meter;
	facts.retold = notify_is_retold(&facts, inherited);
	ck_assert(facts.retold);
	notify_environment(&facts, inherited, &env);
	IS("QLIMIT_ADMITTED", "999");
	IS("QLIMIT_TEXT", "as it was");
	IS("QLIMIT_HELD", "0");
	ck_assert_uint_eq(env.count, 17);
	facts.event = NOTIFY_WARNING;
	ck_assert(!notify_is_retold(&facts, inherited));
	facts.event = NOTIFY_LIMIT;
	meter_set(&meter, METER_FOREIGN, "");
	ck_assert(!notify_is_retold(&facts, inherited));
	facts.meter = NULL;
	ck_assert(!notify_is_retold(&facts, inherited));
	ck_assert(!notify_is_retold(&facts, NULL) && !notify_is_retold(&facts, inherited + 1));
	facts.event = NOTIFY_TROUBLE;
	ck_assert(!notify_is_retold(&facts, inherited));
}
END_TEST

START_TEST(test_retold_without_a_meter)
{
	static const char *const variables[] = { "QLIMIT_EVENT=trouble", NULL };
	struct notify_facts facts = { .event = NOTIFY_TROUBLE };
	struct meter meter;

	ck_assert(notify_is_retold(&facts, (char *const *)(uintptr_t)variables));
	meter_set(&meter, METER_SERVER, "");
	facts.meter = &meter;
	ck_assert(!notify_is_retold(&facts, (char *const *)(uintptr_t)variables));
}
END_TEST

/* Goal: nothing that a stranger has named reaches the program but as printable ASCII, escaped once. */
START_TEST(test_hostile_names)
{
	struct notify_facts facts = { .event = NOTIFY_TEST };
	struct meter meter;

	meter_set(&meter, METER_DOMAIN, "$(x)`\n\\x20\033;'\"\xff.com");
	facts.meter = &meter;
	notify_environment(&facts, NULL, &env);
	IS("QLIMIT_NAME", "$(x)`\\x0a\\x5cx20\\x1b;'\\x22\\xff.com");
	IS("QLIMIT_METER", "$(x)`\\x0a\\x5cx20\\x1b;'\\x22\\xff.com");
	for (size_t i = 0; i < env.count; i++)
		for (const char *s = env.entry[i]; *s != '\0'; s++)
			ck_assert_msg(*s >= ' ' && *s <= '~', "%s", env.entry[i]);
}
END_TEST

/* Goal: the longest of everything fits; of many inherited variables the facts are left, and an end. */
START_TEST(test_at_their_longest)
{
	struct counters c = counted(UINT64_MAX, UINT32_MAX);
	struct notify_facts facts = { .event = NOTIFY_REFUSED, .counters = &c, .observe = true, .hour = UINT32_MAX };
	char name[METER_NAME_MAX + 1], host[4097], *many[200];
	static char variable[] = "QLIMIT_X=y";
	struct meter meter;

	memset(name, '\xff', METER_NAME_MAX);
	name[METER_NAME_MAX] = '\0';
	memset(host, '\xff', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	meter_set(&meter, METER_DESTINATION, name);
	facts.meter = &meter;
	facts.host = host;
	c.held = c.failed = c.deferred = c.refused = c.before = UINT64_MAX;
	c.limits.max_per_day = UINT32_MAX;
	c.limits.max_failure_percent = 100;
	c.limits.refuse_on_failures = c.tripped = true;
	notify_environment(&facts, NULL, &env);
	ck_assert(!env.text.truncated);
	ck_assert_uint_eq(strlen(value("QLIMIT_NAME")), 4u * METER_NAME_MAX);
	ck_assert_str_eq(strstr(value("QLIMIT_TEXT"), "; 18446"),
	    "; 18446744073709551615 emails would have been refused.");
	for (size_t i = 0; i < 199; i++)
		many[i] = variable;
	many[199] = NULL;
	notify_environment(&facts, many, &env);
	ck_assert_uint_eq(env.count, NOTIFY_ENTRIES);
	ck_assert_ptr_null(env.entry[NOTIFY_ENTRIES]);
}
END_TEST

START_TEST(test_events)
{
	enum notify_event event = NOTIFY_EVENTS;

	for (unsigned i = 0; i < NOTIFY_EVENTS; i++)
		ck_assert(notify_event_parse(notify_event_name((enum notify_event)i), &event) && event == i);
	ck_assert(!notify_event_parse("Test", &event) && !notify_event_parse("", &event));
}
END_TEST

/* Goal: the dates are those of the C library, as far as both go. */
START_TEST(test_hours_as_text)
{
	char text[HOUR_TEXT_MAX], wanted[HOUR_TEXT_MAX];

	for (uint32_t hour = 0; hour < 24u * 366 * 800; hour += hour % 24 == 1 ? 22 : 1) {
		const time_t seconds = (time_t)hour_start(hour);
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		ck_assert_uint_gt(strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
		hour_text(text, hour);
		if (strcmp(text, wanted) != 0)
			ck_abort_msg("%u: %s, wanted %s", hour, text, wanted);
	}
	hour_text(text, UINT32_MAX);
	ck_assert_str_eq(text, "491937-07-18T15:00:00Z");
}
END_TEST

Suite *
suite_notify(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("facts");

	tcase_set_timeout(t, 60); /* 800 years, under sanitizers as well */
	tcase_add_loop_test(t, test_sentences, 0, (int)(sizeof sentences / sizeof sentences[0]));
	tcase_add_test(t, test_trouble_without_words);
	tcase_add_test(t, test_facts);
	tcase_add_test(t, test_retold);
	tcase_add_test(t, test_retold_without_a_meter);
	tcase_add_test(t, test_hostile_names);
	tcase_add_test(t, test_at_their_longest);
	tcase_add_test(t, test_events);
	tcase_add_test(t, test_hours_as_text);
	suite_add_tcase(s, t);
	return s;
}
