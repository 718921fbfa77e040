/* test_explain - qlimit explain: who would pay, by which line of which file, and what would come of it */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

#define HOUR 3600

static const char *
queue_file(const char *message)
{
	static char path[600];

	(void)snprintf(path, sizeof path, "%s/%s", harness_path("queue/mess"), message);
	return path;
}

/* What it says; it has to end well. */
static const char *
explain(const char *sender, const char *recipient, const char *message)
{
	const char *words[6] = { "explain" };
	struct harness_output o;
	size_t n = 1;

	if (message != NULL) {
		words[n++] = "--message";
		words[n++] = queue_file(message);
	}
	words[n++] = sender;
	words[n++] = recipient;
	o = harness_cli_words(words);
	ck_assert_msg(o.status == EX_OK && o.err[0] == '\0', "%d: %s", o.status, o.err);
	return o.out;
}

static void
says(const char *text, const char *what)
{
	ck_assert_msg(strstr(text, what) != NULL, "not in it: %s\n%s", what, text);
}

static void
says_not(const char *text, const char *what)
{
	ck_assert_msg(strstr(text, what) == NULL, "in it: %s\n%s", what, text);
}

static const char *
at_line(const char *file, unsigned line)
{
	static char text[2][600];
	static unsigned next;
	char *to = text[next++ % 2];

	(void)snprintf(to, sizeof text[0], "  %s:%u\n", harness_path(file), line);
	return to;
}

/* Goal: each limit with the line it is from: own, package, default, built in; and where the rule itself stands. */
START_TEST(test_lines)
{
	const char *out;

	harness_write(harness_path("control/locals"), "x.example\nhost.example\n", 23);
	harness_rules("default = {\n\tmax_per_hour = 7;\n\tmax_failure_percent = 50;\n};\n"
	    "packages = ( { name = \"p\";\n\tmin_failures = 9; } );\n"
	    "domains = (\n\t{ name = \"a.example\"; package = \"p\";\n\tmax_per_hour = 8; } );\n");
	out = explain("joe@a.example", NULL, NULL);
	says(out, "recipient  anybody\n");
	says(out, "domain a.example pays as the sender's domain, which is hosted here\n");
	says(out, "  max_per_hour         8               ");
	says(out, at_line("qlimit.conf", 9));
	says(out, "  min_failures         9               ");
	says(out, at_line("qlimit.conf", 6));
	says(out, "  max_failure_percent  50              ");
	says(out, at_line("qlimit.conf", 3));
	says(out, "  on_failures          defer             built in\n");
	says(out, "  count_failures       failed deferred   built in\n");
	says_not(out, "  exempt");
	says(out, "server pays for all mail of this server\n  no limits\n");
	out = explain("joe@host.example", "r@x", NULL);
	says(out, "recipient  r@x\n");
	says(out, at_line("control/locals", 2));
	says(out, "verdict    pass\n");
	says(explain("joe@b.example", NULL, NULL), "foreign pays because the sender's domain is not hosted here");
	says(explain("joe", NULL, NULL), "foreign pays because the sender has no domain");
	out = explain("", NULL, NULL);
	says(out, "sender     the null sender\n");
	says(out, "bounces pays because a bounce has no sender");
}
END_TEST

/* Goal: what the message says of user, forwarder and destination; units and exemptions are named. */
START_TEST(test_message)
{
	const char *out, *message;

	harness_write(harness_path("control/rcpthosts"), "host.example\n", 13);
	harness_rules("users = ( { uid = 48; count = \"messages\"; max_per_hour = 5; } );\n"
	    "destinations = ( { name = \"gmail.example\";\n exempt = true; } );");
	out = explain("a@b.example", "r@gmail.example",
	    harness_message("by uid 48", "Delivered-To: x@host.example\n\n"));
	says(out, "message    invoked by uid 48; forwarded by host.example\n");
	says(out, "domain host.example pays because it forwarded the message");
	says(out, "user uid:48 pays because line 1 of the message names this user");
	says(out, "  count                messages          ");
	says(out, "destination gmail.example pays because destinations has");
	says(out, "  exempt               true              ");
	says(out, at_line("qlimit.conf", 2));
	says(out, "state exempt\n");
	says(out, "verdict    pass; exempt\n");
	message = harness_message("from network", NULL);
	says(explain("a@b.example", NULL, message), "message    invoked from network\n");
	ck_assert_int_eq(harness_deliver(message, "a@b.example", "accept@x").letter, 'K');
}
END_TEST

/* Goal: it says what the next delivery hears, and changes nothing. */
START_TEST(test_verdicts)
{
	const char *out, *held, *charged;

	harness_rules("default = { max_per_hour = 2; refuse_above_percent = 150; max_per_day = 3; };");
	charged = harness_message(NULL, NULL);
	ck_assert_int_eq(harness_deliver(charged, "a@a.example", "greylist@x").letter, 'Z');
	says(explain("a@a.example", "r@x", NULL), "verdict    pass\n");
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x").letter, 'K');
	out = explain("a@a.example", "r@x", NULL);
	says(out, "verdict    held: Domain a.example has exceeded the max emails per hour (2/2 (100%)) allowed.");
	says(out, "admitted 2, sent 1, deferred 1, failed 0, unreached 0, held 0, refused 0; failures 50%; "
	    "in 24 hours: 2; state held\n");
	ck_assert_str_eq(explain("a@a.example", "r@x", NULL), out);
	held = harness_message(NULL, NULL);
	ck_assert_int_eq(harness_deliver(held, "a@a.example", "accept@x").letter, 'Z');
	says(explain("a@a.example", "other@x", NULL), "verdict    refused: Domain a.example");
	/* Those two have their place. */
	says(explain("a@a.example", "accept@x", held), "verdict    held: ");
	says(explain("a@a.example", "greylist@x", charged), "verdict    pass; it was charged before");
	harness_rules("default = { max_per_hour = 2; };\nmode = \"observe\";");
	says(explain("a@a.example", "other@x", NULL), "verdict    pass; would be refused, but mode is observe: Domain");
}
END_TEST

/* Goal: rules and configuration that are not the same, or not there, are said to be so. */
START_TEST(test_other_rules)
{
	const char *out;

	harness_rules("destinations = ( { name = \"x.example\"; max_per_hour = 3; } );");
	harness_config("destinations = ( );\ndefault = { max_per_hour = 4; };\n");
	out = explain("a@a.example", "r@x.example", NULL);
	says(out, "(in force; the configuration now says otherwise");
	says(out, "destination x.example pays");
	says(out, "  max_per_hour         3               \n");
	harness_config("default = { max_per_hour = oops; };\n");
	out = explain("a@a.example", "r@x.example", NULL);
	says(out, "/qlimit.conf cannot be used as it is (`qlimit check`)");
	says_not(out, "built in");
	says_not(out, "otherwise");
	says_not(out, "has changed since");
}
END_TEST

/* Goal: who has just entered a domain is told why it is still foreign, although no limit is another. */
START_TEST(test_not_yet_loaded)
{
	const char *out;

	harness_write(harness_path("control/rcpthosts"), "host.example\n", 13);
	harness_rules("default = { max_per_hour = 2; };");
	says_not(explain("a@new.example", NULL, NULL), "has changed since");
	harness_write(harness_path("control/rcpthosts"), "host.example\nnew.example\n", 25);
	out = explain("a@new.example", NULL, NULL);
	says(out, "has changed since: it takes effect with the next delivery or `qlimit load`\n\nforeign pays");
	says_not(out, "otherwise");
}
END_TEST

/* Goal: before any rules: one delivery makes the store, but the configuration cannot be loaded. */
START_TEST(test_no_rules)
{
	struct harness_output o = harness_cli("explain", "a@a.example");

	ck_assert_int_eq(o.status, EX_NOINPUT);
	says(o.err, "nothing counted yet");
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x").letter, 'K');
	says(explain("a@a.example", NULL, NULL), "no rules are loaded: nothing is limited");
	o = harness_cli("explain", "--message", "/nonexistent", "a@a.example");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	says(o.err, "/nonexistent: No such file or directory");
	ck_assert_int_eq(harness_cli("explain", "--message").status, EX_USAGE);
	o = harness_cli("explain", "--message", "/", "a@a.example");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	says(o.err, "qlimit: /: not a file: a message is one, in qmail's queue\n");
	ck_assert_int_eq(harness_cli("explain", "a", "b", "c").status, EX_USAGE);
	ck_assert_int_eq(rename(harness_path("state"), harness_path("elsewhere")), 0);
	ck_assert_int_eq(harness_cli("explain", "a@a.example").status, EX_NOINPUT);
}
END_TEST

/* Goal: mail of whoever sends the notices is stopped by no limit, unless he has an entry; and it is said why. */
START_TEST(test_notices_are_exempt)
{
	char origin[40], line[40], rules[300];
	const char *message, *out;

	(void)snprintf(origin, sizeof origin, "by uid %u", (unsigned)geteuid());
	(void)snprintf(line, sizeof line, "user uid:%u", (unsigned)geteuid());
	harness_rules("server = { max_per_hour = 1; };\n"
	    "user_default = { max_per_hour = 1; };\nnotify = \"/bin/true\";\n");
	says(harness_cli("check").out, "\nnotify /bin/true, from 80 % of a limit on; user uid:");
	(void)harness_deliver(harness_message("by uid 4711", NULL), "a@a.example", "k@there.example");
	message = harness_message(origin, NULL);
	out = explain("", "root@there.example", message);
	says(out, line);
	says(out, "/qlimit.conf:3 (notify: no notice is stopped)\n");
	says(out, "  exempt               true  ");
	says(out, "verdict    pass; exempt\n");
	ck_assert_int_eq(harness_deliver(message, "", "k@there.example").letter, 'K');
	says(explain("a@a.example", "b@there.example", harness_message("by uid 4711", NULL)), "verdict    held");
	(void)snprintf(rules, sizeof rules, "server = { max_per_hour = 1; }; notify = \"/bin/true\"; warn_percent = 70;\n"
	    "users = ( { uid = %u; max_per_hour = 1000; } );", (unsigned)geteuid());
	harness_rules(rules);
	says(harness_cli("check").out, "\nnotify /bin/true, from 70 % of a limit on\n");
	out = explain("", "root@there.example", harness_message(origin, NULL));
	says(out, "verdict    held");
	says_not(out, "(notify");
}
END_TEST

/* Goal: hostile words are shown, not obeyed. */
START_TEST(test_hostile)
{
	const char *out;

	harness_rules("");
	out = explain("a\x1b[2J@a\n.example", "r\r@x", NULL);
	says(out, "sender     a\\x1b[2J@a\\x0a.example\n");
	says(out, "recipient  r\\x0d@x\n");
	says_not(out, "\x1b");
}
END_TEST

Suite *
suite_explain(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("explain");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_test(t, test_lines);
	tcase_add_test(t, test_message);
	tcase_add_test(t, test_verdicts);
	tcase_add_test(t, test_other_rules);
	tcase_add_test(t, test_not_yet_loaded);
	tcase_add_test(t, test_no_rules);
	tcase_add_test(t, test_notices_are_exempt);
	tcase_add_test(t, test_hostile);
	suite_add_tcase(s, t);
	return s;
}
