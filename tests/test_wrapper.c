/* test_wrapper - the whole qlimit-remote between a stand-in for qmail-rspawn and scripted remotes */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "suites.h"

#define HOUR 3600

static struct harness_delivery
send_one(const char *sender, const char *recipient)
{
	return harness_deliver(harness_message(NULL, NULL), sender, recipient);
}

/* Sends new messages one after the other; counts[0..2]: K, Z, D. */
static void
send_many(const char *sender, const char *recipient, unsigned count, unsigned *letters)
{
	memset(letters, 0, 3 * sizeof *letters);
	for (unsigned i = 0; i < count; i++) {
		char letter = send_one(sender, recipient).letter;

		letters[letter == 'K' ? 0 : letter == 'Z' ? 1 : 2]++;
	}
}

static struct harness_counters
domain(const char *name)
{
	return harness_counters("domain", name);
}

/* --- 1. WHM's documented cases --- */

static const struct {
	const char *label;
	unsigned max, percent;
	unsigned count, letters[3];
} volumes[] = {
	{ "M=100 Q=125", 100, 125, 135, { 100, 25, 10 } },
	{ "M=2", 2, 125, 4, { 2, 1, 1 } },
	{ "M=20 Q=100", 20, 100, 30, { 20, 0, 10 } },
	{ "M=10 Q=200", 10, 200, 25, { 10, 10, 5 } },
};

START_TEST(test_volume)
{
	char rules[200];
	unsigned letters[3];
	struct harness_counters c;

	(void)snprintf(rules, sizeof rules, "domains = ( { name = \"example.com\"; "
	    "max_per_hour = %u; refuse_above_percent = %u; } );", volumes[_i].max,
	    volumes[_i].percent);
	harness_rules(rules);
	send_many("user@Example.COM.", "accept@there.example", volumes[_i].count, letters);
	ck_assert_msg(memcmp(letters, volumes[_i].letters, sizeof letters) == 0, "%s: %u %u %u",
	    volumes[_i].label, letters[0], letters[1], letters[2]);
	c = domain("example.com");
	ck_assert_uint_eq(c.admitted, volumes[_i].letters[0]);
	ck_assert_uint_eq(c.sent, volumes[_i].letters[0]);
	ck_assert_uint_eq(c.held, volumes[_i].letters[1]);
	ck_assert_uint_eq(c.refused, volumes[_i].letters[2]);
	ck_assert_uint_eq(harness_calls(), volumes[_i].letters[0]);
	ck_assert_uint_eq(harness_log_lines("event=held"), volumes[_i].letters[1]);
	ck_assert_uint_eq(harness_log_lines("event=refused"), volumes[_i].letters[2]);
}
END_TEST

START_TEST(test_volume_texts)
{
	struct harness_delivery d;

	harness_rules("default = { max_per_hour = 2; };");
	(void)send_one("a@example.com", "accept@x");
	(void)send_one("a@example.com", "accept@x");
	d = send_one("a@example.com", "accept@x");
	ck_assert_mem_eq(d.bytes, "ZDomain example.com has exceeded the max emails per hour (2/2 (100%)) "
	    "allowed.  Message will be reattempted later. (#4.7.1)\n", d.length);
	ck_assert_int_eq(d.wait_status, 0);
	d = send_one("a@example.com", "accept@x");
	ck_assert_mem_eq(d.bytes, "DDomain example.com has exceeded the max emails per hour (3/2 (150%)) "
	    "allowed.  Message discarded. (#5.7.1)\n", d.length);
	ck_assert_int_eq(d.wait_status, 0);
}
END_TEST

/* The truth table of facts/limits.md, P = 55, N = 7: good ones first, so no row trips on its way. */
static const struct {
	unsigned failures, sent;
	bool blocked;
} table[] = {
	{ 1, 0, false }, { 2, 0, false }, { 2, 1, false }, { 2, 2, false }, { 3, 2, false },
	{ 4, 2, false }, { 5, 2, false }, { 6, 2, false }, { 6, 3, false }, { 6, 4, false },
	{ 6, 5, false }, { 6, 6, false }, { 6, 7, false }, { 7, 7, false }, { 8, 7, false },
	{ 9, 7, true },
};

START_TEST(test_failure_table)
{
	struct harness_delivery d;
	unsigned letters[3];

	harness_rules("default = { max_failure_percent = 55; min_failures = 7; "
	    "on_failures = \"refuse\"; };");
	send_many("a@example.com", "accept@x", table[_i].sent, letters);
	send_many("a@example.com", "reject@x", table[_i].failures / 2, letters);
	send_many("a@example.com", "greylist@x", table[_i].failures - table[_i].failures / 2,
	    letters);
	ck_assert_uint_eq(domain("example.com").failed, table[_i].failures / 2);
	d = send_one("a@example.com", "accept@x");
	ck_assert_int_eq(d.letter, table[_i].blocked ? 'D' : 'K');
	if (!table[_i].blocked)
		return;
	ck_assert_str_eq(d.bytes, "DDomain example.com has exceeded the max defers and failures per "
	    "hour (9/7 (56%)) allowed. Message discarded. (#5.7.1)\n");
	ck_assert_uint_eq(harness_log_lines("event=failures"), 1);
	ck_assert_uint_eq(harness_log_lines("event=refused"), 1);
	ck_assert_uint_eq(domain("example.com").failed, 4);
}
END_TEST

/* Goal: latched until the hour ends, however good the mail gets; a new hour starts clean. */
START_TEST(test_latch_ends_with_the_hour)
{
	unsigned letters[3];

	harness_rules("default = { max_failure_percent = 50; min_failures = 3; };");
	send_many("a@example.com", "reject@x", 3, letters);
	send_many("a@example.com", "accept@x", 5, letters);
	ck_assert_uint_eq(letters[1], 5);
	ck_assert_str_eq(domain("example.com").state, "tripped");
	ck_assert_int_eq(send_one("b@other.example", "accept@x").letter, 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
}
END_TEST

/* Goal: no answer at all is no failure, unless the admin says so. */
START_TEST(test_unreached_is_no_failure)
{
	unsigned letters[3];

	harness_rules("default = { max_failure_percent = 50; min_failures = 3; }; domains = ( { name = "
	    "\"strict.example\"; count_failures = ( \"unreached\" ); } );");
	send_many("a@example.com", "unreachable@x", 5, letters);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
	ck_assert_uint_eq(domain("example.com").unreached, 5);
	send_many("a@strict.example", "unreachable@x", 3, letters);
	send_many("a@strict.example", "accept@x", 1, letters);
	ck_assert_uint_eq(letters[1], 1);
}
END_TEST

/* --- 3. a delivery is charged once --- */

START_TEST(test_greylisted_then_sent)
{
	const char *message;
	struct harness_counters c;

	harness_rules("default = { max_per_hour = 2; };");
	message = harness_message(NULL, NULL);
	harness_script("greylist\n");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'Z');
		c = domain("example.com");
		ck_assert(c.admitted == 1 && c.deferred == 1 && c.sent == 0);
	}
	harness_script("accept\n");
	ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'K');
	c = domain("example.com");
	ck_assert(c.admitted == 1 && c.deferred == 0 && c.sent == 1 && c.held == 0);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 1);
	ck_assert_uint_eq(harness_calls(), 4);
}
END_TEST

/* Goal: the same in the next hour: not charged again, its outcome counts where it happened. */
START_TEST(test_retried_in_the_next_hour)
{
	const char *message;
	struct harness_counters c;

	harness_rules("default = { max_per_hour = 1; };");
	message = harness_message(NULL, NULL);
	harness_script("greylist\n");
	(void)harness_deliver(message, "a@example.com", "b@x");
	harness_set_time(HARNESS_NOW + HOUR);
	harness_script("accept\n");
	ck_assert_int_eq(send_one("a@example.com", "c@x").letter, 'K'); /* the whole limit */
	ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'K');
	c = domain("example.com");
	ck_assert(c.admitted == 1 && c.sent == 2 && c.deferred == 0);
}
END_TEST

/* Goal: an outcome of an earlier hour is not taken back from another delivery's of this hour. */
START_TEST(test_outcomes_of_two_hours)
{
	const char *message;

	harness_rules("");
	message = harness_message(NULL, NULL);
	(void)harness_deliver(message, "a@example.com", "greylist@x");
	harness_set_time(HARNESS_NOW + HOUR);
	(void)send_one("a@example.com", "greylist@x");
	harness_script("accept\n");
	(void)harness_deliver(message, "a@example.com", "greylist@x");
	ck_assert_uint_eq(domain("example.com").deferred, 1);
	ck_assert_uint_eq(domain("example.com").sent, 1);
}
END_TEST

START_TEST(test_held_ten_times_is_held_once)
{
	const char *message;
	struct harness_counters c;

	harness_rules("default = { max_per_hour = 1; };");
	(void)send_one("a@example.com", "accept@x");
	message = harness_message(NULL, NULL);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'Z');
	c = domain("example.com");
	ck_assert(c.admitted == 1 && c.held == 1 && c.refused == 0);
	ck_assert_uint_eq(harness_log_lines("event=held"), 1);
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_deliver(message, "a@example.com", "b@x").letter, 'K');
	c = domain("example.com");
	ck_assert(c.admitted == 1 && c.held == 0 && c.sent == 1);
}
END_TEST

/* Goal: held in one hour and again in the next: once in each. */
START_TEST(test_held_again_in_the_next_hour)
{
	const char *message;

	harness_rules("default = { max_per_hour = 1; };");
	(void)send_one("a@example.com", "accept@x");
	message = harness_message(NULL, NULL);
	(void)harness_deliver(message, "a@example.com", "b@x");
	harness_set_time(HARNESS_NOW + HOUR);
	(void)send_one("a@example.com", "accept@x");
	(void)harness_deliver(message, "a@example.com", "b@x");
	(void)harness_deliver(message, "a@example.com", "b@x");
	ck_assert_uint_eq(domain("example.com").held, 1);
}
END_TEST

/* Goal: two recipients, and two messages with the same text, are deliveries of their own. */
START_TEST(test_what_is_a_delivery)
{
	const char *message;

	harness_rules("");
	harness_script("greylist\n");
	message = harness_message(NULL, "same text\n");
	(void)harness_deliver(message, "a@example.com", "b@x");
	(void)harness_deliver(message, "a@example.com", "c@x");
	(void)harness_deliver(harness_message(NULL, "same text\n"), "a@example.com", "b@x");
	ck_assert_uint_eq(domain("example.com").admitted, 3);
	ck_assert_uint_eq(domain("example.com").deferred, 3);
}
END_TEST

/* Goal: a finished delivery is forgotten: sent again it is a new one. */
START_TEST(test_finished_is_forgotten)
{
	const char *message;

	harness_rules("");
	message = harness_message(NULL, NULL);
	(void)harness_deliver(message, "a@example.com", "accept@x");
	(void)harness_deliver(message, "a@example.com", "accept@x");
	ck_assert_uint_eq(domain("example.com").admitted, 2);
	ck_assert_uint_eq(domain("example.com").sent, 2);
	(void)harness_deliver(message, "a@example.com", "reject@x");
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "deliveries not finished: 0\n"));
	(void)harness_deliver(message, "a@example.com", "greylist@x");
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "deliveries not finished: 1\n"));
}
END_TEST

/* Goal: the same recipient twice at the same moment (facts, section 5): counted once, sent twice. */
START_TEST(test_twins)
{
	const char *message;
	struct harness_run *one, *two;
	struct harness_counters c;

	harness_rules("");
	harness_script("await go\naccept\n");
	message = harness_message(NULL, NULL);
	one = harness_deliver_start(message, "a@example.com", "b@x");
	two = harness_deliver_start(message, "a@example.com", "b@x");
	while (harness_calls() < 2)
		(void)usleep(1000);
	harness_go();
	ck_assert_int_eq(harness_deliver_finish(one).letter, 'K');
	ck_assert_int_eq(harness_deliver_finish(two).letter, 'K');
	c = domain("example.com");
	ck_assert_uint_eq(c.admitted, 1);
	ck_assert_uint_eq(c.sent, 1);
}
END_TEST

/* Goal: fd 0 a pipe: nothing to know it by, every attempt is charged. */
START_TEST(test_pipe_has_no_identity)
{
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "greylist@x" };

	harness_rules("default = { max_per_hour = 2; };");
	for (int i = 0; i < 3; i++) {
		int ends[2];

		ck_assert_int_eq(pipe(ends), 0);
		ck_assert_int_eq(write(ends[1], "x\n", 2), 2);
		(void)close(ends[1]);
		attempt.input = ends[0];
		(void)harness_attempt_finish(harness_attempt_start(&attempt));
		(void)close(ends[0]);
	}
	ck_assert_uint_eq(domain("example.com").admitted, 2);
	ck_assert_uint_eq(domain("example.com").deferred, 2);
	ck_assert_uint_eq(domain("example.com").held, 1);
}
END_TEST

/* --- 4. the report is the real program's --- */

#define NUL "\\0"

static const struct {
	const char *label, *script;
	char letter;
	int status;
	const char *outcome; /* which counter shows it */
} reports[] = {
	{ "Z", "write Ztext\\n" NUL "\n", 'Z', 0, "unreached" },
	{ "D", "write Dtext\\n" NUL "\n", 'D', 0, "failed" },
	{ "s D", "write stext" NUL "DGiving up on\\n" NUL "\n", 'Z', 0, "deferred" },
	{ "h D", "write htext" NUL "DGiving up\\n" NUL "\n", 'D', 0, "failed" },
	{ "r K", "write r" NUL "Kok\\n" NUL "\n", 'K', 0, "sent" },
	{ "K", "write Kok\\n" NUL "\n", 'K', 0, "sent" },
	{ "Z without NUL", "write Ztext\\n\n", 'D', 0, "failed" },
	{ "garbage", "write hello\\n\n", 'D', 0, "failed" },
	{ "only NULs", "write " NUL NUL NUL "\n", 'D', 0, "failed" },
	{ "K Z", "write K1" NUL "Z2" NUL "\n", 'K', 0, "sent" },
	{ "Z K", "write Z1" NUL "K2" NUL "\n", 'Z', 0, "unreached" },
	{ "s K", "write s" NUL "Kok\\n" NUL "\n", 'Z', 0, "deferred" },
	{ "K exit 1", "write Kok\\n" NUL "\nexit 1\n", 'D', 1 << 8, "failed" },
	{ "K exit 100", "write Kok\\n" NUL "\nexit 100\n", 'D', 100 << 8, "failed" },
	{ "K exit 126", "write Kok\\n" NUL "\nexit 126\n", 'D', 126 << 8, "failed" },
	{ "K exit 127", "write Kok\\n" NUL "\nexit 127\n", 'D', 127 << 8, "failed" },
	{ "K exit 111", "write Kok\\n" NUL "\nexit 111\n", 'Z', 111 << 8, "unreached" },
	{ "K killed", "write Kok\\n" NUL "\nkill 9\n", 'Z', 9, "unreached" },
	{ "K terminated", "write Kok\\n" NUL "\nkill 15\n", 'Z', 15, "unreached" },
	{ "crash", "kill 11\n", 'Z', 11, "unreached" },
	{ "nothing", "exit 0\n", 'Z', 0, "unreached" },
	{ "stderr in front", "error warning\\n\nwrite stext" NUL "DGiving up\\n" NUL "\n", 'D', 0,
	    "failed" },
	{ "20,000 bytes", "write K\nrepeat 20000 x\nwrite \\n" NUL "\n", 'K', 0, "sent" },
	{ "R1 arbitrary bytes", "write K\\x1b[2J\\xff\\x80%s%n\\x07" NUL "Zmore" NUL NUL "\\x01\n", 'K',
	    0, "sent" },
	{ "in pieces", "write r\nsleep 20\nwrite " NUL "\nsleep 20\nwrite Kok\\n" NUL "\n", 'K', 0,
	    "sent" },
	{ "sagredo", "write r<From:a@b To:c@d> " NUL "Kok\\n" NUL "\n", 'K', 0, "sent" },
};

static uint64_t
counter(const struct harness_counters *c, const char *name)
{
	return strcmp(name, "sent") == 0 ? c->sent : strcmp(name, "deferred") == 0 ? c->deferred :
	    strcmp(name, "failed") == 0 ? c->failed : c->unreached;
}

/* Goal: the same bytes, the same end, as of the bare program; the right outcome, and only that one. */
START_TEST(test_reports)
{
	struct harness_attempt bare = { .sender = "a@example.com", .recipient = "b@x" };
	struct harness_delivery expected, got;
	struct harness_counters c;

	harness_rules("");
	harness_script(reports[_i].script);
	bare.program = harness_program("remote");
	bare.message = harness_message(NULL, NULL);
	expected = harness_attempt_finish(harness_attempt_start(&bare));
	got = harness_deliver(bare.message, "a@example.com", "b@x");
	ck_assert_msg(got.length == expected.length &&
	    memcmp(got.bytes, expected.bytes, got.length) == 0, "%s: bytes", reports[_i].label);
	/* Whether a core was dumped depends on the machine. */
	ck_assert_msg((got.wait_status & ~0x80) == reports[_i].status, "%s: status %x",
	    reports[_i].label, (unsigned)got.wait_status);
	ck_assert_msg(got.letter == reports[_i].letter && got.letter == expected.letter, "%s",
	    reports[_i].label);
	c = domain("example.com");
	ck_assert_msg(counter(&c, reports[_i].outcome) == 1, "%s: outcome", reports[_i].label);
	ck_assert_uint_eq(c.sent + c.deferred + c.failed + c.unreached, 1);
	ck_assert_uint_eq(c.admitted, 1);
}
END_TEST

/* Goal (O6): no real program: one clean Z, booked, never exit 100. */
static const struct {
	const char *label, *path;
	bool counted;
} programs[] = {
	{ "missing", "/nonexistent/qmail-remote", true },
	{ "a directory", "/tmp", true },
	{ "not executable", "/etc/passwd", true },
	{ "not absolute", "qmail-remote", false },
	{ "O1 qlimit-remote itself", NULL, false },
};

START_TEST(test_no_real_program)
{
	struct harness_delivery d;

	harness_rules("");
	ck_assert_int_eq(setenv("QLIMIT_REMOTE", programs[_i].path != NULL ? programs[_i].path :
		harness_program("qlimit-remote"), 1), 0);
	d = send_one("a@example.com", "b@x");
	ck_assert_msg(d.letter == 'Z' && d.wait_status == 0, "%s", programs[_i].label);
	ck_assert_int_eq(d.bytes[d.length - 1], '\0');
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 1);
	ck_assert_uint_eq(domain("example.com").unreached, programs[_i].counted);
}
END_TEST

/* --- what the real program is given --- */

static void
same(const char *key)
{
	const char *bare = harness_call(0, key), *wrapped = harness_call(1, key);

	ck_assert_msg(bare != NULL && wrapped != NULL && strcmp(bare, wrapped) == 0, "%s: %s, %s",
	    key, bare, wrapped);
}

/* Goal: arguments, environment and a mark, descriptors, directory, offset, signals: all as qmail-rspawn gave it. */
START_TEST(test_everything_is_passed_on)
{
	static const char *const keys[] = { "uid", "argc", "argv1", "argv2", "argv3", "offset",
		"length", "sum", "cwd", "umask", "fds", "blocked", "ignored", "environ", "environ_sum",
		"alarm" };
	struct harness_attempt attempt = { .sender = "a b;$(x)@exa\nmple.com",
		.recipient = "accept@[192.0.2.1]" };

	harness_rules("");
	attempt.message = harness_message(NULL, "body\n\n.\nno newline at the end");
	attempt.program = harness_program("remote");
	(void)harness_attempt_finish(harness_attempt_start(&attempt));
	attempt.program = NULL;
	(void)harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_uint_eq(harness_calls(), 2);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		same(keys[i]);
	ck_assert_str_eq(harness_call(1, "argv0"), "qmail-remote");
	ck_assert_str_eq(harness_call(0, "nested"), "0");
	ck_assert_str_eq(harness_call(1, "nested"), "1");
	ck_assert_str_eq(harness_call(1, "offset"), "0");
	ck_assert_str_eq(harness_call(1, "fds"), "0,1,2");
}
END_TEST

/* Goal: more descriptors, an alarm, blocked and ignored signals are inherited through us. */
START_TEST(test_odd_inheritance)
{
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "accept@x" };
	sigset_t odd;

	harness_rules("");
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert(signal(SIGALRM, SIG_IGN) != SIG_ERR);
	(void)sigemptyset(&odd);
	(void)sigaddset(&odd, SIGSEGV);
	(void)sigaddset(&odd, SIGALRM);
	(void)sigaddset(&odd, SIGUSR1);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &odd, NULL), 0);
	attempt.message = harness_message(NULL, NULL);
	attempt.program = harness_program("remote");
	(void)harness_attempt_finish(harness_attempt_start(&attempt));
	attempt.program = NULL;
	(void)harness_attempt_finish(harness_attempt_start(&attempt));
	same("blocked");
	same("ignored");
	same("fds");
	same("alarm");
}
END_TEST

/* Runs a program from a shell that prepares what it inherits; its delivery is the remote's last call. */
static struct harness_delivery
run_from_shell(const char *preparation, const char *program)
{
	char command[1000];
	/* Not sh: dash does not let go of SIGCHLD. */
	const char *const words[] = { "bash", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/bash", .argv = words };

	(void)snprintf(command, sizeof command, "%s exec %s x a@example.com accept@x", preparation,
	    harness_program(program));
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

/* Goal: SIGCHLD ignored, which would cost us the remote's status, is ignored for the remote only. */
START_TEST(test_ignored_sigchld)
{
	harness_rules("");
	(void)run_from_shell("trap '' CHLD XFSZ;", "remote");
	ck_assert_int_eq(run_from_shell("trap '' CHLD XFSZ;", "qlimit-remote").letter, 'K');
	same("ignored");
	same("blocked");
	ck_assert_uint_eq(domain("example.com").sent, 1);
}
END_TEST

/* Goal: where 1 and 2 are not one pipe, what goes to 2 goes there and is no part of the report. */
START_TEST(test_separate_error_output)
{
	struct harness_delivery d;
	struct stat st;
	char preparation[400];

	harness_rules("");
	harness_script("error warning\\n\nwrite r\\0Kok\\n\\0\n");
	(void)snprintf(preparation, sizeof preparation, "exec 2>%s;", harness_path("errors"));
	d = run_from_shell(preparation, "qlimit-remote");
	ck_assert_int_eq(d.letter, 'K');
	ck_assert_uint_eq(d.length, 7);
	ck_assert_int_eq(stat(harness_path("errors"), &st), 0);
	ck_assert_int_eq(st.st_size, 8);
}
END_TEST

/* --- 5. hostile arguments --- */

static const struct {
	const char *label, *sender, *kind, *name;
} senders[] = {
	{ "bounce", "", "bounces", "" },
	{ "double bounce", "#@[]", "bounces", "" },
	{ "no @", "root", "foreign", "" },
	{ "ends in @", "x@", "foreign", "" },
	{ "several @", "a@b@example.com", "domain", "example.com" },
	{ "A1 case and dot", "A@EXAMPLE.com.", "domain", "example.com" },
	{ "A3 path", "x@../../../tmp/x", "domain", "../../../tmp/x" },
	{ "A3 newline, ESC, format", "x@a\n\x1b[2j%s%n", "domain", "a\\\\x0a\\\\x1b[2j%s%n" },
	{ "A3 quotes", "x@a\"b\\c", "domain", "a\\\\x22b\\\\x5cc" },
	{ "A3 shell", "x@$(touch /tmp/x);`id`", "domain", "$(touch\\\\x20/tmp/x);`id`" },
	{ "8-bit", "x@b\xc3\xbc""cher.example", "domain", "b\\\\xc3\\\\xbccher.example" },
	{ "VERP", "list-a=b@lists.example", "domain", "lists.example" },
	{ "an option", "--json", "foreign", "" },
};

/* Goal: counted under one name, passed on as it is, shown and logged as printable text only. */
START_TEST(test_hostile_senders)
{
	struct harness_output show;
	struct harness_delivery d;
	const char *line;
	char wanted[200];

	harness_rules("default = { max_per_hour = 1; refuse_above_percent = 10000; }; "
	    "server = { max_per_hour = 1; };");
	ck_assert_int_eq(send_one(senders[_i].sender, "accept@x").letter, 'K');
	ck_assert_str_eq(harness_call(0, "argv2"), senders[_i].sender);
	show = harness_cli("show", "--json");
	(void)snprintf(wanted, sizeof wanted, "{\"kind\":\"%s\",\"name\":\"%s\",", senders[_i].kind,
	    senders[_i].name);
	ck_assert_msg(strstr(show.out, wanted) != NULL, "%s: %s", senders[_i].label, show.out);
	d = send_one(senders[_i].sender, "accept@x");
	ck_assert_int_eq(d.letter, 'Z');
	for (size_t i = 0; i + 2 < d.length; i++)
		ck_assert_msg(d.bytes[i] >= 32 && d.bytes[i] < 127, "%s", senders[_i].label);
	line = harness_log_line("event=held", 0);
	ck_assert_ptr_nonnull(line);
	for (; *line != '\0'; line++)
		ck_assert_msg(*line >= 32 && *line < 127, "%s", senders[_i].label);
}
END_TEST

/* Goal (A2): over-long domains share one meter, an argv of 100 KB is passed on untouched. */
START_TEST(test_huge_arguments)
{
	char *huge = malloc(100001);

	ck_assert_ptr_nonnull(huge);
	memset(huge, 'a', 100000);
	huge[100000] = '\0';
	huge[10] = '@';
	harness_rules("default = { max_per_hour = 1; };");
	ck_assert_int_eq(send_one(huge, "accept@x").letter, 'K');
	ck_assert_str_eq(harness_call(0, "argv2"), huge);
	huge[20] = 'b';
	ck_assert_int_eq(send_one(huge, "accept@x").letter, 'Z');
	ck_assert_uint_eq(harness_counters("foreign", "").admitted, 1);
	free(huge);
}
END_TEST

/* Goal: bounces are held at the server's limit, and never refused. */
START_TEST(test_bounces_are_never_refused)
{
	unsigned letters[3];

	harness_rules("server = { max_per_hour = 1; refuse_above_percent = 100; };");
	send_many("", "accept@x", 5, letters);
	ck_assert(letters[0] == 1 && letters[1] == 4);
	send_many("#@[]", "accept@x", 5, letters);
	ck_assert_uint_eq(letters[1], 5);
	send_many("a@example.com", "accept@x", 2, letters);
	ck_assert_uint_eq(letters[2], 2);
}
END_TEST

/* Goal: indimail's arguments; several recipients; and what is no delivery at all. */
START_TEST(test_argument_forms)
{
	static const char *const indimail[] = { "qmail-remote", "x", "a@example.com", "qqeh", "1234",
		"accept@x", NULL };
	static const char *const three[] = { "qmail-remote", "x", "a@example.com", "accept1@x",
		"reject2@x", "greylist3@x", NULL };
	static const char *const none[] = { "qmail-remote", "x", "a@example.com", NULL };
	struct harness_counters c;

	harness_rules("");
	ck_assert_int_eq(harness_deliver_argv(harness_message(NULL, NULL), indimail).letter, 'K');
	ck_assert_str_eq(harness_call(0, "argc"), "6");
	ck_assert_uint_eq(domain("example.com").admitted, 1);
	(void)harness_deliver_argv(harness_message(NULL, NULL), three);
	c = domain("example.com");
	ck_assert(c.admitted == 4 && c.sent == 2 && c.failed == 1 && c.deferred == 1);
	(void)harness_deliver_argv(harness_message(NULL, NULL), none);
	ck_assert_uint_eq(harness_calls(), 3);
	ck_assert_uint_eq(domain("example.com").admitted, 4);
}
END_TEST

/* --- limits and where they come from --- */

START_TEST(test_precedence)
{
	harness_rules("default = { max_per_hour = 5; }; packages = ( { name = \"p\"; max_per_hour = 7; } ); "
	    "domains = ( { name = \"own.example\"; package = \"p\"; max_per_hour = 9; }, "
	    "{ name = \"packaged.example\"; package = \"p\"; }, { name = \".wild.example\"; "
	    "max_per_hour = 1; }, { name = \"b.wild.example\"; max_per_hour = 2; } ); "
	    "server = { max_per_hour = 1000; };");
	(void)send_one("a@own.example", "accept@x");
	(void)send_one("a@packaged.example", "accept@x");
	(void)send_one("a@any.example", "accept@x");
	(void)send_one("a@a.wild.example", "accept@x");
	(void)send_one("a@x.b.wild.example", "accept@x");
	(void)send_one("a@b.wild.example", "accept@x");
	(void)send_one("a@wild.example", "accept@x");
	ck_assert_uint_eq(domain("own.example").max_per_hour, 9);
	ck_assert_uint_eq(domain("packaged.example").max_per_hour, 7);
	ck_assert_uint_eq(domain("any.example").max_per_hour, 5);
	ck_assert_uint_eq(domain("a.wild.example").max_per_hour, 1);
	ck_assert_uint_eq(domain("x.b.wild.example").max_per_hour, 1);
	ck_assert_uint_eq(domain("b.wild.example").max_per_hour, 2);
	ck_assert_uint_eq(domain("wild.example").max_per_hour, 5);
	ck_assert_uint_eq(harness_counters("server", "").max_per_hour, 1000);
}
END_TEST

/* Goal: all meters are asked; what one stops is charged to none; the one that stopped it counts it. */
START_TEST(test_server_limit)
{
	struct harness_delivery d;

	harness_rules("server = { max_per_hour = 2; };");
	(void)send_one("a@one.example", "accept@x");
	(void)send_one("a@two.example", "accept@x");
	d = send_one("a@three.example", "accept@x");
	ck_assert_int_eq(d.letter, 'Z');
	ck_assert_ptr_nonnull(strstr(d.bytes, "This server has exceeded"));
	ck_assert_uint_eq(domain("three.example").admitted, 0);
	ck_assert_uint_eq(domain("three.example").held, 0);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 2);
	ck_assert_uint_eq(harness_counters("server", "").held, 1);
}
END_TEST

START_TEST(test_observe_passes_everything)
{
	struct harness_counters c;
	unsigned letters[3];

	(void)setenv("TZ", "UTC", 1);
	harness_rules("mode = \"observe\"; default = { max_per_hour = 4; };");
	send_many("a@example.com", "accept@x", 6, letters);
	ck_assert_uint_eq(letters[0], 6);
	c = domain("example.com");
	ck_assert(c.admitted == 6 && c.held == 0 && c.refused == 0);
	ck_assert_uint_eq(harness_log_lines("event=held mode=observe"), 1);
	ck_assert_uint_eq(harness_log_lines("event=limit mode=observe"), 1);
	ck_assert_ptr_nonnull(strstr(harness_cli("show").out, "would be held until 18:00"));
	ck_assert_uint_eq(harness_log_lines("event=refused mode=observe"), 1);
}
END_TEST

/* Goal: a meter that comes near its limit, and that reaches it, is named once an hour. */
START_TEST(test_notices)
{
	unsigned letters[3];

	harness_rules("default = { max_per_hour = 5; };");
	send_many("a@example.com", "accept@x", 3, letters);
	ck_assert_uint_eq(harness_log_lines("event=warning"), 0);
	send_many("a@example.com", "accept@x", 4, letters);
	ck_assert_uint_eq(harness_log_lines("event=warning kind=domain name=example.com admitted=4 "
	    "max_per_hour=5"), 1);
	ck_assert_uint_eq(harness_log_lines("event=limit kind=domain name=example.com admitted=5 "), 1);
	ck_assert_uint_eq(harness_log_lines("event=warning"), 1);
	harness_set_time(HARNESS_NOW + HOUR);
	send_many("a@example.com", "accept@x", 5, letters);
	ck_assert_uint_eq(harness_log_lines("event=warning"), 2);
	ck_assert_uint_eq(harness_log_lines("event=limit"), 2);
}
END_TEST

/* --- time --- */

/* Goal (A8): a clock that steps back stays in the newest hour: no second allowance. */
START_TEST(test_clock_steps_back)
{
	harness_rules("default = { max_per_hour = 1; };");
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
	harness_set_time(HARNESS_NOW - HOUR);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'Z');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
}
END_TEST

/* Goal (A8): while the clock is behind nothing is bounced; and one that was far ahead holds nobody up. */
START_TEST(test_clock_was_ahead)
{
	unsigned letters[3];

	harness_rules("default = { max_per_hour = 2; };");
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	send_many("a@example.com", "accept@x", 2, letters);
	harness_set_time(HARNESS_NOW);
	send_many("a@example.com", "accept@x", 10, letters);
	ck_assert_uint_eq(letters[1], 10);
	harness_set_time(HARNESS_NOW - 8 * HOUR);
	send_many("a@example.com", "accept@x", 2, letters);
	ck_assert_uint_eq(letters[0], 2);
	/* The hour that was counted ahead of its time keeps its count until it comes. */
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	send_many("a@example.com", "accept@x", 1, letters);
	ck_assert_uint_eq(letters[0], 0);
}
END_TEST

/* Goal: observe, then enforced within the hour: held, not bounced. */
START_TEST(test_enforced_within_the_hour)
{
	unsigned letters[3];

	harness_rules("mode = \"observe\"; default = { max_per_hour = 4; };");
	send_many("a@example.com", "accept@x", 20, letters);
	harness_rules("default = { max_per_hour = 4; };");
	send_many("a@example.com", "accept@x", 3, letters);
	ck_assert(letters[1] == 1 && letters[2] == 2);
}
END_TEST

/* Goal: the limit of an hour is the hour's own, from its first second to its last. */
START_TEST(test_hour_edge)
{
	int64_t start = HARNESS_NOW - HARNESS_NOW % HOUR;

	harness_rules("default = { max_per_hour = 1; };");
	harness_set_time(start);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
	harness_set_time(start + HOUR - 1);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'Z');
	harness_set_time(start + HOUR);
	ck_assert_int_eq(send_one("a@example.com", "accept@x").letter, 'K');
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

static TCase *
scenarios(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return t;
}

static void
add_limits(TCase *t)
{
	tcase_add_loop_test(t, test_volume, 0, ROWS(volumes));
	tcase_add_test(t, test_volume_texts);
	tcase_add_loop_test(t, test_failure_table, 0, ROWS(table));
	tcase_add_test(t, test_latch_ends_with_the_hour);
	tcase_add_test(t, test_unreached_is_no_failure);
	tcase_add_test(t, test_precedence);
	tcase_add_test(t, test_server_limit);
	tcase_add_test(t, test_observe_passes_everything);
	tcase_add_test(t, test_notices);
	tcase_add_test(t, test_clock_steps_back);
	tcase_add_test(t, test_clock_was_ahead);
	tcase_add_test(t, test_enforced_within_the_hour);
	tcase_add_test(t, test_hour_edge);
}

static void
add_once(TCase *t)
{
	tcase_add_test(t, test_greylisted_then_sent);
	tcase_add_test(t, test_retried_in_the_next_hour);
	tcase_add_test(t, test_outcomes_of_two_hours);
	tcase_add_test(t, test_held_ten_times_is_held_once);
	tcase_add_test(t, test_held_again_in_the_next_hour);
	tcase_add_test(t, test_what_is_a_delivery);
	tcase_add_test(t, test_finished_is_forgotten);
	tcase_add_test(t, test_twins);
	tcase_add_test(t, test_pipe_has_no_identity);
}

Suite *
suite_wrapper(void)
{
	Suite *s = suite_create("wrapper");
	TCase *t = scenarios(s, "transparent");

	add_limits(scenarios(s, "limits"));
	add_once(scenarios(s, "charged once"));
	tcase_add_loop_test(t, test_reports, 0, ROWS(reports));
	tcase_add_loop_test(t, test_no_real_program, 0, ROWS(programs));
	tcase_add_test(t, test_everything_is_passed_on);
	tcase_add_test(t, test_odd_inheritance);
	tcase_add_test(t, test_ignored_sigchld);
	tcase_add_test(t, test_separate_error_output);
	tcase_add_loop_test(t, test_hostile_senders, 0, ROWS(senders));
	tcase_add_test(t, test_huge_arguments);
	tcase_add_test(t, test_bounces_are_never_refused);
	tcase_add_test(t, test_argument_forms);
	return s;
}
