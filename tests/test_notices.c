/* test_notices - events: decided in the transaction, told once, whatever becomes of the telling */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

#define HOUR 3600

/* A program that writes a line for each notice, in one write. */
static void
start_program(const char *body)
{
	FILE *f = fopen(harness_path("program"), "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "#!/bin/sh\n%s\necho \"$QLIMIT_EVENT $QLIMIT_METER $QLIMIT_ADMITTED/$QLIMIT_MAX_PER_HOUR "
	    "$QLIMIT_MODE: $QLIMIT_TEXT\" >>%s\n", body, harness_path("told"));
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(harness_path("program"), 0755), 0);
}

static void
rules(const char *text)
{
	char config[800];

	(void)snprintf(config, sizeof config, "notify = \"%s\";\n%s", harness_path("program"), text);
	harness_rules(config);
}

static void
start(void)
{
	harness_start();
	start_program("");
}

static char
deliver(const char *sender, const char *recipient)
{
	return harness_deliver(harness_message("from network", NULL), sender, recipient).letter;
}

/* How many notices contain these words. */
static unsigned
told(const char *words)
{
	char line[2000];
	unsigned n = 0;
	FILE *f = fopen(harness_path("told"), "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strstr(line, words) != NULL;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static const char *awaited;

static bool
is_told(void)
{
	return told(awaited) > 0;
}

static void
expect(const char *words)
{
	awaited = words;
	ck_assert_msg(harness_wait_until(is_told), "nobody was told of: %s", words);
}

/* Goal: each event of an hour once, in their order, with the figures of its moment; and again in the next hour. */
START_TEST(test_events)
{
	rules("default = { max_per_hour = 10; refuse_above_percent = 120; };");
	for (int i = 0; i < 14; i++)
		(void)deliver("a@a.example", "accept@x.example");
	expect("refused a.example 10/10 enforce: Domain a.example has exceeded its 10 emails per hour so far that 1 email "
	    "was refused.");
	expect("warning a.example 8/10 enforce: Domain a.example has used 8 of its 10 emails per hour.");
	expect("limit a.example 10/10 enforce: Domain a.example has used up its 10 emails per hour: further mail is held "
	    "until 18:00 UTC.");
	ck_assert_uint_eq(told(""), 3);
	harness_set_time(HARNESS_NOW + HOUR);
	for (int i = 0; i < 8; i++)
		(void)deliver("a@a.example", "accept@x.example");
	expect("warning a.example 8/10");
	awaited = "warning a.example 8/10";
	while (told("warning") < 2)
		(void)usleep(10000);
	ck_assert_uint_eq(told(""), 4);
}
END_TEST

/* Goal: what failed is told when its outcome is booked; in observe mode as what would be. */
START_TEST(test_failures)
{
	rules("mode = \"observe\"; default = { max_failure_percent = 50; min_failures = 2; };");
	(void)deliver("a@a.example", "reject@x.example");
	(void)deliver("a@a.example", "reject@x.example");
	expect("failures a.example 2/0 observe: Domain a.example: 100 % of what was sent has failed (2 emails); the limit is "
	    "50 %: in mode enforce further mail would be held until 18:00 UTC.");
	ck_assert_uint_eq(harness_log_lines("event=failures mode=observe kind=domain name=a.example"), 1);
}
END_TEST

/* Goal: warn_percent is where a warning begins. */
START_TEST(test_warn_percent)
{
	rules("warn_percent = 50; default = { max_per_hour = 4; };");
	(void)deliver("a@a.example", "accept@x.example");
	ck_assert_uint_eq(harness_log_lines("event=warning"), 0);
	(void)deliver("a@a.example", "accept@x.example");
	ck_assert_uint_eq(harness_log_lines("event=warning kind=domain name=a.example admitted=2"), 1);
	/* Not before: 3 of 4 are not 80 percent. */
	harness_rules("default = { max_per_hour = 4; };");
	for (int i = 0; i < 3; i++)
		(void)deliver("a@b.example", "accept@x.example");
	ck_assert_str_eq(harness_counters("domain", "b.example").state, "ok");
	harness_rules("warn_percent = 50; default = { max_per_hour = 4; };");
	ck_assert_str_eq(harness_counters("domain", "a.example").state, "warning");
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "a@a.example").out, "; state warning"));
	ck_assert_ptr_nonnull(strstr(harness_cli("metrics").out, "qlimit_state{kind=\"domain\",name=\"a.example\"} 1"));
}
END_TEST

static const struct {
	const char *body, *log;
} programs[] = {
	{ "exit 3", "exited with status 3" },
	{ "kill -9 $$", "was killed by signal 9" },
	{ "rm -f program; sleep 100", "took more than 8 seconds (notify_timeout) and was killed" },
	{ "#", NULL }, /* not executable */
};

/* Goal: a program that fails, hangs or is gone costs nobody anything but a log line; no delivery waits. */
START_TEST(test_programs)
{
	int64_t began;

	start_program(programs[_i].body);
	rules("notify_timeout = 8; default = { max_per_hour = 1; };");
	if (programs[_i].log == NULL)
		ck_assert_int_eq(unlink(harness_path("program")), 0);
	began = harness_milliseconds();
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'Z');
	ck_assert_int_lt(harness_milliseconds() - began, 7900);
	for (int i = 0; i < 4000 && harness_log_lines("event=notify_failed") == 0; i++)
		(void)usleep(10000);
	ck_assert_uint_eq(harness_log_lines("event=notify_failed"), 1);
	ck_assert_uint_eq(harness_log_lines(programs[_i].log != NULL ? programs[_i].log : "cannot be executed"), 1);
}
END_TEST

/* Goal: hostile names reach the program escaped, as one word, and no meter can be an option. */
START_TEST(test_names)
{
	rules("default = { max_per_hour = 1; };");
	(void)deliver("a@--json", "accept@x.example");
	expect("limit --json 1/1");
	(void)deliver("a@$(touch${IFS}x)`id`;.example", "accept@x.example");
	expect("limit $(touch${ifs}x)`id`;.example 1/1");
	(void)deliver("a@new\nline.example", "accept@x.example");
	expect("limit new\\x0aline.example 1/1");
}
END_TEST

/* Goal: trouble is told once an hour, however many deliveries meet it. */
START_TEST(test_trouble)
{
	rules("");
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(mkdir(harness_state("live.mdb"), 0700), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	expect("trouble  / : qlimit has trouble: the store cannot be used: mail is not counted.");
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	ck_assert_ptr_nonnull(strstr(harness_cli("notify", "trouble").out, "was told in this hour already"));
	ck_assert_uint_eq(told("trouble"), 1);
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	while (told("trouble") < 2)
		(void)usleep(10000);
}
END_TEST

/* Goal: a configuration that is not in force is trouble, with file and line; so is a ledger that cannot be written. */
START_TEST(test_trouble_of_commands)
{
	char config[400];

	rules("");
	ck_assert_int_eq(mkdir(harness_state("ledger.mdb"), 0700), 0);
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'K');
	expect("qlimit has trouble: closed hours were not moved to the ledger.");
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	(void)snprintf(config, sizeof config, "notify = \"%s\";\nmode = \"obey\";\n", harness_path("program"));
	harness_config(config);
	ck_assert_int_eq(harness_cli("load").status, 78);
	ck_assert_uint_eq(told("qlimit.conf:2: "), 1);
}
END_TEST

/* Goal: an order that ends is told of. */
START_TEST(test_order_expired)
{
	rules("");
	(void)harness_cli("hold", "--for", "1h", "a.example");
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_uint_eq(told("order_expired a.example / : Domain a.example: the order on it has expired."), 1);
	/* The admin's own refusals are none of its news. */
	(void)harness_cli("refuse", "a.example");
	(void)deliver("a@a.example", "accept@x.example");
	(void)deliver("a@a.example", "accept@x.example");
	ck_assert_uint_eq(told(""), 1);
}
END_TEST

/* Goal: what an order refuses is not put down to a limit that happens to be reached. */
START_TEST(test_order_at_the_limit)
{
	rules("default = { max_per_hour = 1; refuse_above_percent = 10000; };");
	(void)deliver("a@a.example", "accept@x.example");
	expect("limit a.example 1/1");
	(void)harness_cli("refuse", "a.example");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver("a@a.example", "accept@x.example"), 'D');
	(void)harness_cli("notify", "test");
	ck_assert_uint_eq(told("test"), 1);
	ck_assert_uint_eq(told("refused"), 0);
}
END_TEST

/* A qlimit-remote beside a `qlimit` that only notes that it was started. */
static const char *
install_noting(void)
{
	char text[1000];
	int n = snprintf(text, sizeof text, "cp %s %s", harness_program("qlimit-remote"), harness_path("qlimit-remote"));

	ck_assert_int_lt(n, (int)sizeof text);
	ck_assert_int_eq(system(text), 0);
	n = snprintf(text, sizeof text, "#!/bin/sh\necho \"$@\" >>%s\n", harness_path("told"));
	harness_write(harness_path("qlimit"), text, (size_t)n);
	ck_assert_int_eq(chmod(harness_path("qlimit"), 0755), 0);
	return harness_path("qlimit-remote");
}

/* Goal: without a program there is no process more; with one it is the one that tells. */
START_TEST(test_nobody)
{
	struct harness_attempt attempt = { .sender = "a@a.example", .recipient = "accept@x.example" };

	attempt.program = install_noting();
	for (int with = 0; with < 2; with++) {
		if (with == 0)
			harness_rules("default = { max_per_hour = 1; };");
		else
			rules("default = { max_per_hour = 1; };");
		ck_assert_int_eq(harness_cli("notify", "test").status, with == 0 ? 78 : 0);
		(void)unlink(harness_path("told"));
		attempt.message = harness_message(NULL, NULL);
		attempt.sender = with == 0 ? "a@a.example" : "a@b.example";
		ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
		ck_assert_uint_eq(harness_log_lines("event=limit"), (unsigned)with + 1);
		if (with == 1)
			expect("notify limit -- b.example");
		else
			(void)usleep(200000); /* for what should not come */
		ck_assert_uint_eq(told(""), (unsigned)with);
	}
}
END_TEST

Suite *
suite_notices(void)
{
	Suite *s = suite_create("notices");
	TCase *tc = tcase_create("notices");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, start, harness_end);
	tcase_add_test(tc, test_events);
	tcase_add_test(tc, test_failures);
	tcase_add_test(tc, test_warn_percent);
	tcase_add_loop_test(tc, test_programs, 0, HARNESS_ROWS(programs));
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_trouble);
	tcase_add_test(tc, test_trouble_of_commands);
	tcase_add_test(tc, test_order_expired);
	tcase_add_test(tc, test_order_at_the_limit);
	tcase_add_test(tc, test_nobody);
	suite_add_tcase(s, tc);
	return s;
}
