/* test_config_payers - bounces, foreign, users and destinations; what all groups share; where a value is from */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "harness_parse.h"
#include "suites.h"

static const struct {
	const char *label, *text, *rules;
} accepted[] = {
	{ "bounces and foreign: their own, else default's",
	  "default = { max_per_hour = 5; max_per_day = 50; };\nbounces = { max_per_hour = 1; };\n"
	  "foreign = { max_per_day = 1000000000; count = \"messages\"; };",
	  "bounces 1/50 unnamed @q.conf:2\nforeign 5/1000000000 messages unnamed @q.conf:3\n" },
	{ "users: their own, else user_default's, nothing of default's",
	  "default = { max_per_hour = 5; };\nuser_default = { max_per_day = 7; };\n"
	  "users = ( { uid = 48; max_per_hour = 1; },\n{ uid = 0; runs_smtpd = true; exempt = true; },\n"
	  "{ uid = 4294967294; },\n{ name = \"alias\"; },\n{ name = \"root2\"; runs_smtpd = false; },\n"
	  "{ auth = \"Joe@A.example\"; exempt = false; count = \"messages\"; } );",
	  "user alias 0/7 @q.conf:6\nuser auth:joe@a.example 0/7 messages @q.conf:8\n"
	  "user uid:0 0/7 exempt smtpd @q.conf:4\nuser uid:1 0/7 @q.conf:7\nuser uid:4294967294 0/7 @q.conf:5\n"
	  "user uid:48 1/7 @q.conf:3\nuser_default 0/7 unnamed @q.conf:2\n" },
	{ "destinations: their own, and nothing else's",
	  "default = { max_per_hour = 5; };\n"
	  "destinations = ( { name = \"Gmail.com.\"; max_per_hour = 2000; },\n{ name = \"a.example\"; exempt = true; } );",
	  "destination a.example 0/0 exempt @q.conf:3\ndestination gmail.com 2000/0 @q.conf:2\n" },
	{ "the same name as a domain, its wildcard and a destination",
	  "domains = ( { name = \"a.example\"; exempt = true; }, { name = \".a.example\" } );\n"
	  "destinations = ( { name = \"a.example\" } );",
	  "a.example 0/0 exempt @q.conf:1\n.a.example 0/0 @q.conf:1\ndestination a.example 0/0 @q.conf:2\n" },
	{ "count: everybody's, unless they have their own",
	  "domains = ( { name = \"a\" }, { name = \"b\"; count = \"recipients\" }, { name = \"c\"; package = \"p\" } );\n"
	  "packages = ( { name = \"p\"; count = \"recipients\"; } );\n"
	  "bounces = { }; foreign = { count = \"recipients\"; }; user_default = { };\n"
	  "users = ( { uid = 1 } );\ndestinations = ( { name = \"a\" } );\ncount = \"messages\";",
	  "a 0/0 messages @q.conf:1\nb 0/0 @q.conf:1\nc 0/0 @q.conf:1\nbounces 0/0 messages unnamed @q.conf:3\n"
	  "foreign 0/0 unnamed @q.conf:3\nuser uid:1 0/0 messages @q.conf:4\n"
	  "user_default 0/0 messages unnamed @q.conf:3\ndestination a 0/0 messages @q.conf:5\n" },
};

/* The name of uid 1 differs from system to system. */
static const char *
with_name(const char *text)
{
	static char changed[2048];
	const char *at = strstr(text, "root2");
	const struct passwd *user = getpwuid(1);

	if (at == NULL || user == NULL)
		return text;
	(void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, user->pw_name, at + 5);
	return changed;
}

START_TEST(accepts)
{
	struct config *config = harness_parse(with_name(accepted[_i].text));

	ck_assert_msg(config->errors_count == 0, "%s: %s", accepted[_i].label, harness_parse_errors(config));
	ck_assert_msg(strcmp(harness_parse_rules(config), accepted[_i].rules) == 0, "%s:\n%swanted:\n%s",
	    accepted[_i].label, harness_parse_rules(config), accepted[_i].rules);
	config_free(config);
}
END_TEST

/* Goal: these rules are always there, in the order of the store. */
START_TEST(has_a_rule_for_all_that_have_no_name)
{
	static const enum rules_scope scopes[] = { RULES_SERVER, RULES_DEFAULT, RULES_BOUNCES, RULES_FOREIGN,
		RULES_USER_DEFAULT };
	struct config *config = harness_parse("default = { max_per_hour = 5; }; server = { max_per_hour = 6; };");

	ck_assert_uint_eq(config->rules_count, 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(config->rules[i].key.scope, scopes[i]);
		ck_assert_uint_eq(config->rules[i].key.length, 0);
		ck_assert(!config->rules[i].limits.named && !config->rules[i].limits.exempt);
	}
	ck_assert_uint_eq(config->rules[0].limits.max_per_hour, 6);
	ck_assert_uint_eq(config->rules[2].limits.max_per_hour, 5);
	ck_assert_uint_eq(config->rules[3].limits.max_per_hour, 5);
	ck_assert_uint_eq(config->rules[4].limits.max_per_hour, 0);
	config_free(config);
}
END_TEST

START_TEST(reads_settings)
{
	struct config *config = harness_parse("");

	ck_assert_uint_eq(config->settings.max_meters, RULES_MAX_METERS);
	ck_assert(!config->settings.destinations && !config->smtp_auth && config->filters_count == 0);
	config_free(config);

	config = harness_parse("max_meters = 1000000; smtp_auth = \"received\";\n"
	    "trusted_received = ( \"by simscan \", \"a=b\" ); destinations = ( { name = \"a\" }, { name = \"b\" } );\n"
	    "users = ( { uid = 1 } );");
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert_uint_eq(config->settings.max_meters, 1000000);
	ck_assert(config->settings.destinations && config->smtp_auth);
	ck_assert(config->users == 1 && config->destinations == 2);
	ck_assert_uint_eq(config->filters_count, 2);
	ck_assert_str_eq(config->filters[0], "by simscan ");
	ck_assert_str_eq(config->filters[1], "a=b");
	config_free(config);

	config = harness_parse("max_meters = 100; smtp_auth = \"none\"; trusted_received = [ ];");
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	ck_assert(config->settings.max_meters == 100 && !config->smtp_auth && config->filters_count == 0);
	config_free(config);
}
END_TEST

#define FILTERS "q.conf:1: trusted_received must be a list of at most 8 texts ( \"...\", ... ), found "
#define FILTER ": trusted_received must be a list of texts of 1 to 80 printable ASCII characters, found "
#define WHICH "each entry of users must have one of uid, name and auth, found "
#define AUTH ": auth must be 1 to 200 printable ASCII characters, no blank, found "
#define UID ": uid must be a whole number from 0 to 4294967294, found "
#define LIST " must be a list of groups ( { name = \"...\"; }, ... ), found "

static const struct {
	const char *label, *text, *errors;
} refused[] = {
	{ "max_per_day, count, exempt",
	  "default = { max_per_day = 1000000001;\ncount = \"mails\";\nexempt = true; };\n"
	  "domains = ( { name = \"a\"; exempt = 1; },\n{ name = \"b\"; runs_smtpd = true; } );\ncount = 5;",
	  "q.conf:1: max_per_day must be a whole number from 0 to 1000000000, found 1000000001\n"
	  "q.conf:2: count must be \"recipients\" or \"messages\", found \"mails\"\n"
	  "q.conf:3: unknown setting \"exempt\" in default; known: max_per_hour, max_per_day, refuse_above_percent, "
	  "max_failure_percent, min_failures, on_failures, count_failures, count\n"
	  "q.conf:4: exempt must be true or false, found 1\n"
	  "q.conf:5: unknown setting \"runs_smtpd\" in domains; known: max_per_hour, max_per_day, "
	  "refuse_above_percent, max_failure_percent, min_failures, on_failures, count_failures, count, exempt, name, "
	  "package\n"
	  "q.conf:6: count must be \"recipients\" or \"messages\", found 5\n" },
	{ "top level", "max_meters = 99;\nsmtp_auth = true;\nmax_meters2 = 1;",
	  "q.conf:1: max_meters must be a whole number from 100 to 1000000, found 99\n"
	  "q.conf:2: smtp_auth must be \"none\" or \"received\", found true\n"
	  "q.conf:3: unknown setting \"max_meters2\" at the top level; known: mode, on_error, deadline_ms, state, remote, "
	  "history_days, max_meters, count, hosted, trusted_received, smtp_auth, notify, notify_timeout, "
	  "warn_percent, default, server, bounces, foreign, "
	  "user_default, packages, domains, users, destinations\n" },
	{ "a number that is too large for libconfig alone", "max_meters = 4294967396;",
	  "q.conf:1: max_meters must be a whole number from 100 to 1000000, found 4294967396\n" },
	{ "groups that are none", "bounces = 1;\nforeign = ( );\nuser_default = \"a\";\nusers = { };\ndestinations = 2;",
	  "q.conf:1: bounces must be a group { }, found 1\nq.conf:2: foreign must be a group { }, found a list ( )\n"
	  "q.conf:3: user_default must be a group { }, found \"a\"\n"
	  "q.conf:4: users" LIST "a group { }\nq.conf:5: destinations" LIST "2\n" },
	{ "users: not one name", "users = ( { },\n{ uid = 1; name = \"root\"; },\n"
	  "{ uid = 1; auth = \"a\"; name = \"root\"; },\n7 );",
	  "q.conf:1: " WHICH "none\nq.conf:2: " WHICH "more\nq.conf:3: " WHICH "more\nq.conf:4: users" LIST "7\n" },
	{ "users: uid", "users = ( { uid = -1; },\n{ uid = 4294967295; },\n{ uid = \"48\"; },\n{ uid = 048; },\n"
	  "{ uid = 99999999999; },\n{ uid = 0x30; } );",
	  "q.conf:1" UID "-1\nq.conf:2" UID "4294967295\nq.conf:3" UID "\"48\"\n"
	  "q.conf:4" UID "048 (a number is digits alone, the first not 0)\nq.conf:5" UID "99999999999\n"
	  "q.conf:6" UID "0x30 (a number is digits alone, the first not 0)\n" },
	{ "users: name", "users = ( { name = \"no-such-user\"; },\n{ name = 5; },\n{ name = \"\"; } );",
	  "q.conf:1: name must be a user that getpwnam(3) finds, found \"no-such-user\"\n"
	  "q.conf:2: name must be a text in quotes, found 5\n"
	  "q.conf:3: name must be a user that getpwnam(3) finds, found \"\"\n" },
	{ "users: auth", "users = ( { auth = \"\"; },\n{ auth = \"a b\"; },\n{ auth = \"j\xc3\xa4\"; },\n{ auth = 1; },\n"
	  "{ auth = \"a\"; runs_smtpd = true; },\n{ auth = \"a\x7f\"; } );",
	  "q.conf:1" AUTH "\"\"\nq.conf:2" AUTH "\"a\\x20b\"\nq.conf:3" AUTH "\"j\\xc3\\xa4\"\n"
	  "q.conf:4: auth must be a text in quotes, found 1\n"
	  "q.conf:5: runs_smtpd must be in an entry with uid or name, found true\n"
	  "q.conf:6" AUTH "\"a\\x7f\"\n" },
	{ "users: two of one", "users = ( { uid = 0 },\n{ name = \"root\" },\n{ auth = \"a\" },\n{ auth = \"A\" },\n"
	  "{ name = \"alias\" },\n{ name = \"alias\" } );",
	  "q.conf:2: user \"uid:0\" must have one entry, it has one at q.conf:1\n"
	  "q.conf:4: user \"auth:a\" must have one entry, it has one at q.conf:3\n"
	  "q.conf:6: user \"alias\" must have one entry, it has one at q.conf:5\n" },
	{ "destinations", "destinations = ( { name = \".a.example\" },\n{ name = \"a b\" },\n{ max_per_hour = 1 },\n"
	  "{ name = \"a\" },\n{ name = \"A.\" },\n{ name = \"b\"; package = \"p\" } );",
	  "q.conf:1: name must be a domain; one alone, for each destination is counted alone, found \".a.example\"\n"
	  "q.conf:2: name must be a domain of letters, digits, \"-\", \"_\" and \".\", found \"a\\x20b\"\n"
	  "q.conf:3: each entry of destinations must have a name, found none\n"
	  "q.conf:5: destination \"a\" must have one entry, it has one at q.conf:4\n"
	  "q.conf:6: unknown setting \"package\" in destinations; known: max_per_hour, max_per_day, "
	  "refuse_above_percent, max_failure_percent, min_failures, on_failures, count_failures, count, exempt, name\n" },
	{ "trusted_received: no list", "trusted_received = \"a\";", FILTERS "\"a\"\n" },
	{ "trusted_received: a group", "trusted_received = { };", FILTERS "a group { }\n" },
	{ "trusted_received: nine", "trusted_received = ( \"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\" );",
	  FILTERS "a list ( )\n" },
	{ "trusted_received: what is no text", "trusted_received = ( \"\",\n1,\n\"a\\nb\",\n\"\xc3\xa4\",\n0x5,\n"
	  "\"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1\" );",
	  "q.conf:1" FILTER "\"\"\nq.conf:2" FILTER "1\nq.conf:3" FILTER "\"a\\x0ab\"\n"
	  "q.conf:4" FILTER "\"\\xc3\\xa4\"\nq.conf:5" FILTER "0x5 (a number is digits alone, the first not 0)\n"
	  "q.conf:6" FILTER "\"123456789\\x20123456789\\x20123456789\\x20123456789\\x20123456789\\x20123456789\\x20"
	  "12...\"\n" },
};

START_TEST(refuses)
{
	struct config *config = harness_parse(refused[_i].text);

	ck_assert_msg(strcmp(harness_parse_errors(config), refused[_i].errors) == 0, "%s:\n%swanted:\n%s",
	    refused[_i].label, harness_parse_errors(config), refused[_i].errors);
	config_free(config);
}
END_TEST

START_TEST(bounds_the_name_of_who_authenticated)
{
	char text[300];
	struct config *config;

	(void)snprintf(text, sizeof text, "users = ( { auth = \"%0200d\" } );", 1);
	config = harness_parse(text);
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	config_free(config);
	(void)snprintf(text, sizeof text, "users = ( { auth = \"%0201d\" } );", 1);
	config = harness_parse(text);
	ck_assert_uint_eq(config->errors_count, 1);
	config_free(config);
}
END_TEST

/* Where each limit of a rule is from, in the order of enum limits_field; "-" is built in. */
static const struct {
	enum rules_scope scope;
	const char *name, *from;
} places[] = {
	{ RULES_SERVER, "", "- - - - - - - q.conf:14 -" },
	{ RULES_DEFAULT, "", "q.conf:1 one:2 - - q.conf:3 - - q.conf:14 -" },
	{ RULES_BOUNCES, "", "q.conf:1 one:2 - q.conf:4 q.conf:3 - - q.conf:4 -" },
	{ RULES_FOREIGN, "", "q.conf:1 one:2 - - q.conf:3 - - q.conf:14 -" },
	{ RULES_DOMAIN, "a", "q.conf:7 one:2 - - q.conf:3 q.conf:6 q.conf:6 q.conf:14 q.conf:8" },
	{ RULES_DOMAIN, "h.b", "q.conf:1 one:2 q.conf:9 - q.conf:3 - - q.conf:14 -" },
	{ RULES_DOMAIN, "h.c", "q.conf:1 one:2 - - q.conf:3 - - q.conf:14 -" },
	{ RULES_USER_DEFAULT, "", "- q.conf:11 - - - - - q.conf:14 -" },
	{ RULES_USER, "uid:3", "q.conf:12 q.conf:11 - - - - - q.conf:14 -" },
	{ RULES_DESTINATION, "d", "q.conf:13 - - - - - - q.conf:14 -" },
};

START_TEST(says_where_a_limit_is_from)
{
	struct config *config;
	const struct config_rule *rule = NULL;
	char found[400] = "";

	harness_parse_write("one", "\nmax_per_day = 9;\n", 18);
	harness_parse_write("control/locals", "h.b\nh.c\n", 8);
	config = harness_parse("default = { max_per_hour = 1;\n@include \"one\"\nmin_failures = 3; };\n"
	    "bounces = { max_failure_percent = 1; count = \"messages\"; };\n"
	    "packages = ( { name = \"p\";\non_failures = \"refuse\"; count_failures = ( \"failed\" ); } );\n"
	    "domains = ( { name = \"a\"; package = \"p\"; max_per_hour = 7;\nexempt = false; },\n"
	    "{ name = \".b\"; refuse_above_percent = 100; }\n);\n"
	    "user_default = { max_per_day = 11; };\nusers = ( { uid = 3; max_per_hour = 12; } );\n"
	    "destinations = ( { name = \"d\"; max_per_hour = 13; } );\ncount = \"recipients\";\n");
	ck_assert_msg(config->errors_count == 0, "%s", harness_parse_errors(config));
	for (size_t i = 0; i < config->rules_count; i++)
		if (config->rules[i].key.scope == places[_i].scope &&
		    strcmp(config->rules[i].key.name, places[_i].name) == 0)
			rule = &config->rules[i];
	ck_assert_ptr_nonnull(rule);
	for (size_t i = 0; i < LIMITS_FIELDS; i++) {
		unsigned line = 1;
		const char *file = config_where(config, rule->from[i], &line);
		char one[200] = "-";

		ck_assert((file == NULL) == (line == 0));
		if (file != NULL)
			(void)snprintf(one, sizeof one, "%s:%u", strrchr(file, '/') + 1, line);
		(void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i > 0 ? " " : "", one);
	}
	ck_assert_msg(strcmp(found, places[_i].from) == 0, "%s: %s, wanted %s", places[_i].name, found, places[_i].from);
	config_free(config);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *
suite_config_payers(void)
{
	Suite *suite = suite_create("config_payers");
	TCase *tests = tcase_create("config_payers");

	tcase_add_checked_fixture(tests, harness_parse_start, NULL);
	tcase_add_loop_test(tests, accepts, 0, ROWS(accepted));
	tcase_add_test(tests, has_a_rule_for_all_that_have_no_name);
	tcase_add_test(tests, reads_settings);
	tcase_add_loop_test(tests, refuses, 0, ROWS(refused));
	tcase_add_test(tests, bounds_the_name_of_who_authenticated);
	tcase_add_loop_test(tests, says_where_a_limit_is_from, 0, ROWS(places));
	suite_add_tcase(suite, tests);
	return suite;
}
