/* test_storm - many wrappers at once: the limit is exact, and nobody waits for the dead */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"
#include "suites.h"

#define AT_ONCE 255
#define ROUNDS 20
#define LIMIT 100

static struct harness_run *runs[AT_ONCE];

/* All at once, each with a message of its own; letters[0..2]: K, Z, D. */
static void
storm(const char *sender, bool kill_two, unsigned *letters)
{
	memset(letters, 0, 3 * sizeof *letters);
	for (int i = 0; i < AT_ONCE; i++)
		runs[i] = harness_deliver_start(harness_message(NULL, NULL), sender, "accept@x");
	for (int i = 0; kill_two && i < 2; i++)
		(void)kill(harness_attempt_pid(runs[random() % AT_ONCE]), SIGKILL);
	for (int i = 0; i < AT_ONCE; i++) {
		struct harness_delivery d = harness_deliver_finish(runs[i]);

		if (!kill_two)
			ck_assert_int_eq(d.wait_status, 0);
		letters[d.letter == 'K' ? 0 : d.letter == 'Z' ? 1 : 2]++;
	}
}

static const char *
start_round(void)
{
	static char sender[60];

	harness_rules("deadline_ms = 20000; default = { max_per_hour = 100; };");
	(void)snprintf(sender, sizeof sender, "a@round.example");
	return sender;
}

/* Goal: 255 at once against M=100, Q=125: exactly 100 pass, 25 are held, 130 refused; all counted. */
START_TEST(test_exact)
{
	const char *sender = start_round();
	struct harness_counters c;
	unsigned letters[3];

	storm(sender, false, letters);
	ck_assert_uint_eq(letters[0], LIMIT);
	ck_assert_uint_eq(letters[1], LIMIT / 4);
	ck_assert_uint_eq(letters[2], AT_ONCE - LIMIT - LIMIT / 4);
	ck_assert_uint_eq(harness_calls(), LIMIT);
	c = harness_counters("domain", "round.example");
	ck_assert(c.admitted == LIMIT && c.sent == LIMIT && c.held == letters[1] &&
	    c.refused == letters[2]);
	ck_assert_uint_eq(harness_counters("server", "").sent, LIMIT);
}
END_TEST

/* Goal: two killed -9 in the middle: never more than 100 passed, and the rest is exact all the same. */
START_TEST(test_with_two_killed)
{
	const char *sender = start_round();
	struct harness_counters c;
	unsigned letters[3];

	srandom((unsigned)_i);
	storm(sender, true, letters);
	ck_assert_uint_le(harness_calls(), LIMIT);
	c = harness_counters("domain", "round.example");
	ck_assert_uint_eq(c.admitted, LIMIT);
	ck_assert_uint_le(c.sent, LIMIT);
	/* The two may have been anything; nobody else was touched. */
	ck_assert_uint_ge(letters[0], LIMIT - 2);
	ck_assert_uint_le(letters[0], LIMIT);
	ck_assert_uint_le(letters[1], LIMIT / 4 + 2);
}
END_TEST

/* Goal: outcomes of all kinds, booked at once, add up. */
START_TEST(test_outcomes_add_up)
{
	static const char *const recipients[] = { "accept@x", "reject@x", "greylist@x",
		"unreachable@x", "crash@x" };
	struct harness_counters c;

	harness_rules("");
	for (int i = 0; i < 250; i++)
		runs[i] = harness_deliver_start(harness_message(NULL, NULL), "a@example.com",
		    recipients[i % 5]);
	for (int i = 0; i < 250; i++)
		(void)harness_deliver_finish(runs[i]);
	c = harness_counters("domain", "example.com");
	ck_assert_uint_eq(c.admitted, 250);
	ck_assert(c.sent == 50 && c.failed == 50 && c.deferred == 50 && c.unreached == 100);
}
END_TEST

/* Goal: the first deliveries ever, all at once: rules come by themselves and hold for all. */
START_TEST(test_first_of_all)
{
	unsigned letters[3];

	harness_config("default = { max_per_hour = 100; };");
	storm("a@example.com", false, letters);
	ck_assert_uint_eq(letters[0], LIMIT);
	ck_assert_uint_eq(harness_calls(), LIMIT);
}
END_TEST

Suite *
suite_storm(void)
{
	Suite *s = suite_create("storm");
	TCase *t = tcase_create("255 at once");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_exact, 0, ROUNDS);
	tcase_add_loop_test(t, test_with_two_killed, 0, ROUNDS);
	tcase_add_test(t, test_outcomes_add_up);
	tcase_add_test(t, test_first_of_all);
	suite_add_tcase(s, t);
	return s;
}
