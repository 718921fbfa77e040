/* test_order_commands - an admin's orders: the commands */
#include <check.h>
#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "harness_send.h"
#include "orders.h"
#include "small_file.h"
#include "suites.h"

#define HOUR 3600

static struct orders orders;

static char
deliver_new(const char *sender)
{
	return harness_deliver(harness_message("by uid 48", NULL), sender, "accept@x.example").letter;
}

static void
write_orders(const char *text)
{
	harness_write(harness_state("orders"), text, strlen(text));
}

#define FIRST "qlimit orders 1\n"

/* --- the commands --- */

static const struct {
	const char *words[8];
	int status;
	const char *says;
} commands[] = {
	{ { "hold" }, 64, "an argument is missing" },
	{ { "hold", "a.example", "b.example" }, 64, "too many" },
	{ { "hold", "" }, 64, "not the name of a meter" },
	{ { "release", "" }, 64, "not the name of a meter" },
	{ { "hold", "x.example\nhold\tserver" }, 64, "control characters" },
	{ { "discard", "--yes", "x\ty.example" }, 64, "control characters" },
	{ { "hold", "--yes", "a.example" }, 64, "no option --yes; it is one of `discard`" },
	{ { "hold", "--for", "0h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2hh", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2y", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "3661d", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "99999999999999999999h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--until", "2h", "a.example" }, 64, "write a local date or time" },
	{ { "hold", "--until", "2026-02-30", "a.example" }, 64, "no day or time that there is" },
	{ { "hold", "--until", "2026-11-21T17:30", "a.example" }, 64, "is over already" },
	{ { "hold", "--for", "2h", "--until", "2027-01-01", "a.example" }, 64, "one end too many" },
	{ { "hold", "--reason", "a\nb", "a.example" }, 64, "no control characters" },
	{ { "discard", "a.example" }, 64, "If you mean it, add --yes" },
	{ { "release", "a.example" }, 66, "there is no order on a.example" },
	{ { "hold", "server" }, 64, "add --force" },
	{ { "hold", "SERVER" }, 64, "an order on SERVER stops mail of everybody" },
	{ { "hold", "server." }, 64, "add --force" },
	{ { "hold", "BOUNCES" }, 64, "add --force" },
	{ { "hold", "bounces" }, 64, "an order on bounces stops bounces to everybody" },
	{ { "hold", "info@hacked.example" }, 64, "that is an address; the domain is hacked.example\n" },
	{ { "hold", "domain:info@Hacked.example." }, 64, "the domain is hacked.example\n" },
	{ { "refuse", "destination:a@b@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "hold", "info\\x40hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "hold", "info@" }, 64, "not the name of a meter" },
	{ { "hold", "uid:x" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:-1" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:048" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "UID:4294967296" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "AUTH:" }, 64, "behind auth: stands the name" },
	{ { "hold", "bad name" }, 64, "write that" },
	{ { "hold", "bad\\x00name" }, 64, "not the name of a meter" },
	{ { "release", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "release", "x@" }, 64, "not the name of a meter" },
	{ { "show", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "report", "uid:048" }, 64, "behind uid:" },
	{ { "replay", "--with", "/dev/null", "bad name" }, 64, "write that" },
	{ { "reset", "auth:" }, 64, "behind auth:" },
	{ { "queue", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "notify", "test", "uid:x" }, 64, "behind uid:" },
};

/* Goal: what is wrong is said, and nothing is changed. */
START_TEST(test_mistakes)
{
	struct harness_output o;

	harness_rules("");
	o = harness_cli_words(commands[_i].words);
	ck_assert_int_eq(o.status, commands[_i].status);
	ck_assert_msg(strstr(o.err, commands[_i].says) != NULL, "%s", o.err);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), -1);
}
END_TEST

/* Goal: any case, a dot at the end, and what is shown instead of odd bytes, all mean the meter that there is. */
static const struct {
	const char *word, *meter, *line; /* as it is said, and as it stands in the file */
} words[] = {
	{ "UID:48", "uid:48", "hold\tuid:48\t" },
	{ "uid:0", "uid:0", "hold\tuid:0\t" },
	{ "Foreign", "foreign", "hold\tforeign\t" },
	{ "Overflow.", "overflow", "hold\toverflow\t" },
	{ "Alias", "alias", "hold\talias\t" },
	{ "Auth:joe@a.example", "auth:joe@a.example", "hold\tauth:joe@a.example\t" },
	{ "DESTINATION:A.Example", "destination:a.example", "hold\tdestination:a.example\t" },
	{ "Domain:Server", "domain:server", "hold\tdomain:server\t" },
	{ "m\303\274ller.ex", "m\\xc3\\xbcller.ex", "hold\tm\\xc3\\xbcller.ex\t" },
	{ "m\\xC3\\xbcller.ex", "m\\xc3\\xbcller.ex", "hold\tm\\xc3\\xbcller.ex\t" },
	{ "\\x1b[31mr\\x09e\\x0ad", "\\x1b[31mr\\x09e\\x0ad", "hold\t\\x1b[31mr\\x09e\\x0ad\t" },
	{ "a.\\x2e", "a.\\x2e", "hold\ta.\\x2e\t" },
	{ "a..", "a\\x2e", "hold\ta\\x2e\t" },
	{ "a\\b", "a\\x5cb", "hold\ta\\x5cb\t" },
	{ "a\\x5cb\\xgg\\x1", "a\\x5cb\\x5cxgg\\x5cx1", "hold\ta\\x5cb\\x5cxgg\\x5cx1\t" },
};

/* The same for a JSON reader: each backslash is two. */
static const char *
in_json(const char *word)
{
	static char out[200];
	struct text t;

	text_init(&t, out, sizeof out);
	for (; *word != '\0'; word++)
		text_add_bytes(&t, *word == '\\' ? "\\\\" : word, *word == '\\' ? 2 : 1);
	return out;
}

START_TEST(test_words)
{
	const char *meter = words[_i].meter;
	char expected[300], file[500];
	struct harness_output o;

	harness_rules("");
	o = harness_cli("hold", "--", words[_i].word);
	ck_assert_int_eq(o.status, 0);
	ck_assert_str_eq(o.err, "");
	ck_assert_int_gt(small_file_read(harness_path("state"), "orders", file, sizeof file), -1);
	ck_assert_msg(strstr(file, words[_i].line) != NULL, "%s", file);
	(void)snprintf(expected, sizeof expected, "hold    %-30s ", meter);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, expected));
	(void)snprintf(expected, sizeof expected, "\"meter\":\"%s\",", in_json(meter));
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out, expected));
	o = harness_cli("release", meter);
	ck_assert_int_eq(o.status, 0);
	(void)snprintf(expected, sizeof expected, "%s: released; its limits decide again\n", meter);
	ck_assert_str_eq(o.out, expected);
}
END_TEST

/* Goal: what must be quoted for a shell, is; what was ordered before such names were refused can be ended. */
START_TEST(test_words_for_a_shell)
{
	static const struct {
		const char *name, *line;
	} cases[] = { { "a.example", "release a.example\n" }, { "-x.example", "release -- -x.example\n" },
		{ "x`id`.ex", "release 'x`id`.ex'\n" }, { "-it's", "release -- '-it'\\''s'\n" },
		{ "$(id);\\x0a", "release '$(id);\\x0a'\n" } };

	harness_rules("");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_ptr_nonnull(strstr(harness_cli("hold", "--", cases[i].name).out, cases[i].line));
	write_orders(FIRST "hold\tinfo@hacked.example\t1\t0\troot\t\nhold\tsp ace\t1\t0\troot\t\n");
	ck_assert_int_eq(harness_cli("hold", "b.example").status, 0);
	ck_assert_int_eq(harness_cli("release", "info@hacked.example").status, 0);
	ck_assert_int_eq(harness_cli("release", "sp\\x20ace").status, 0);
}
END_TEST

/* Goal: a reason of 200 bytes is one; a longer one is not cut, but refused. */
START_TEST(test_long_reason)
{
	char reason[ORDER_REASON_MAX + 2];
	struct harness_output o;

	harness_rules("");
	memset(reason, 'r', sizeof reason);
	reason[ORDER_REASON_MAX + 1] = '\0';
	o = harness_cli("hold", "--reason", reason, "a.example");
	ck_assert_int_eq(o.status, 64);
	ck_assert_str_eq(o.err, "qlimit: --reason: 201 bytes; at most 200 are kept\n");
	reason[ORDER_REASON_MAX] = '\0';
	ck_assert_int_eq(harness_cli("hold", "--reason", reason, "a.example").status, 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, reason));
}
END_TEST

/* Goal: what somebody wrote as a reason does not move a terminal, and a program reads it as it was written. */
START_TEST(test_reasons)
{
	harness_rules("");
	ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
	write_orders(FIRST "hold\ta.example\t1\t0\tj\302\2330m\tK\303\274 \360\237\230\200 \233 \302\233\n");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out,
	    " until released          j\\xc2\\x9b0m  K\303\274 \360\237\230\200 \\x9b \\xc2\\x9b\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("hold", "a.example").out, "hold, by j\\xc2\\x9b0m, until"));
	write_orders(FIRST "hold\ta.example\t1\t0\troot\tK\303\274 \360\237\230\200 \233 \302\233\n");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out,
	    "\"reason\":\"K\\u00fc \\ud83d\\ude00 \\\\x9b \\u009b\"}"));
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, " K\\xc3\\xbc \\xf0\\x9f\\x98\\x80 \\x9b \\xc2\\x9b\n"));
	ck_assert_int_eq(unsetenv("LC_ALL"), 0);
}
END_TEST

/* Goal: no word of a command line moves a terminal, wherever it stands. */
START_TEST(test_control_characters)
{
	static const char *const lines[][8] = { { "\033[31m" }, { "release", "\033[31mx" }, { "hold", "x\302\233y" },
		{ "hold", "x\233y" }, { "report", "--since", "\033[31m" }, { "show", "--sort", "\033[31m" }, { "explain", "--message", "\033", "a@a" },
		{ "notify", "\033" }, { "report", "--html", "/x\033/y" }, { "orders", "--", "\177" } };
	struct harness_output o = harness_cli_words(lines[_i]);

	ck_assert_int_eq(o.status, 64);
	ck_assert_msg(strstr(o.err, _i == 0 ? "unknown command: \\x1b[31m\n" :
	    "\": no control characters can be here") != NULL, "%s", o.err);
	ck_assert_ptr_null(strpbrk(o.err, "\033\177\233"));
}
END_TEST

/* Goal: the list says all that is known, also to a program; the log who did what. */
START_TEST(test_list)
{
	const char *out;

	harness_rules("");
	ck_assert_int_eq(setenv("SUDO_USER", "joe", 1), 0);
	ck_assert_str_eq(harness_cli("orders").out, "no orders: limits alone decide\n");
	ck_assert_str_eq(harness_cli("orders", "--json").out, "");
	out = harness_cli("hold", "--reason", "caf\303\251 \"x\"", "a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "domain a.example: all its mail is held from now on until it is released\n"));
	ck_assert_ptr_nonnull(strstr(out, "To end it: qlimit release a.example\n"));
	out = harness_cli("refuse", "--for", "1d", "a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "It replaces hold, by joe, until it is released.\n"));
	ck_assert_ptr_null(strstr(out, "Bounces are held instead"));
	out = harness_cli("refuse", "uid:47").out;
	ck_assert_ptr_nonnull(strstr(out, "all its mail is refused, with a bounce, from now on until it is released\n"));
	ck_assert_ptr_nonnull(strstr(out, "Bounces are held instead"));
	(void)harness_cli("release", "uid:47");
	ck_assert_ptr_null(strstr(harness_cli("refuse", "foreign").out, "Bounces are held instead"));
	(void)harness_cli("release", "foreign");
	out = harness_cli("hold", "uid:48", "--reason", "caf\303\251 \"x\"").out;
	ck_assert_ptr_nonnull(strstr(out, "user uid:48: all its mail is held"));
	out = harness_cli("orders").out;
	ck_assert_ptr_nonnull(strstr(out, "refuse  a.example                      2026-11-21 17:30:00 UTC 2026-11-22 17:30:00 UTC joe"));
	ck_assert_ptr_nonnull(strstr(out, "hold    uid:48 "));
	ck_assert_ptr_nonnull(strstr(out, " until released          joe          caf\303\251 \"x\"\n"));
	out = harness_cli("orders", "--json").out;
	ck_assert_ptr_nonnull(strstr(out, "{\"order\":\"refuse\",\"meter\":\"a.example\",\"since\":\"2026-11-21T17:30:00Z\","
	    "\"until\":\"2026-11-22T17:30:00Z\",\"by\":\"joe\",\"reason\":\"\"}\n"));
	ck_assert_ptr_nonnull(strstr(out, "\"meter\":\"uid:48\",\"since\":\"2026-11-21T17:30:00Z\",\"until\":null,"));
	ck_assert_uint_eq(harness_log_lines("event=order order=refuse kind=domain name=a.example until=2026-11-22T17:30:00Z by=joe"), 1);
	(void)harness_cli("release", "a.example");
	ck_assert_uint_eq(harness_log_lines("event=released order=refuse kind=domain name=a.example "), 1);
	(void)harness_cli("release", "uid:48");
	ck_assert_str_eq(harness_cli("orders").out, "no orders: limits alone decide\n");
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
}
END_TEST

/* Goal: a name without mail is remarked on; one with mail is not. */
START_TEST(test_remark)
{
	harness_rules("");
	(void)deliver_new("a@a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("hold", "b.example").out, "is the name right?"));
	ck_assert_ptr_null(strstr(harness_cli("hold", "a.example").out, "is the name right?"));
}
END_TEST

/* --- on a terminal --- */

static const struct {
	const char *answer;
	int status;
} answers[] = { { "yes\n", 0 }, { "no\n", 77 }, { "y\n", 77 }, { "yes yes\n", 77 }, { "\004", 77 } };

/* Goal: a person is asked before mail is thrown away, and only yes is yes. */
START_TEST(test_confirmation)
{
	char seen[2000];
	size_t used = 0;
	ssize_t n;
	int fd, status;
	pid_t pid;

	harness_rules("");
	pid = forkpty(&fd, NULL, NULL, NULL);
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)execl(harness_program("qlimit"), "qlimit", "discard", "a.example", (char *)NULL);
		_exit(97);
	}
	do {
		n = read(fd, seen + used, sizeof seen - 1 - used);
		used += n > 0 ? (size_t)n : 0;
		seen[used] = '\0';
	} while (n > 0 && strstr(seen, "Type yes to go on: ") == NULL);
	ck_assert_int_gt(write(fd, answers[_i].answer, strlen(answers[_i].answer)), 0);
	while (read(fd, seen, sizeof seen) > 0)
		continue;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	(void)close(fd);
	ck_assert_int_eq(WEXITSTATUS(status), answers[_i].status);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), answers[_i].status == 0 ? 0 : -1);
}
END_TEST

/* --- at once --- */

/* Goal: --now has qmail-send try all at once; an order is in force whether it can or not, and that is said. */
START_TEST(test_now)
{
	struct harness_output o;
	int status;
	pid_t pid;

	harness_rules("");
	o = harness_cli("hold", "--now", "a.example");
	ck_assert_int_eq(o.status, 69);
	ck_assert_msg(strstr(o.err, "cannot be told") != NULL, "%s", o.err);
	ck_assert_int_eq(deliver_new("a@a.example"), 'Z');
	if (geteuid() != 0) {
		harness_skip("who is told", "not root");
		return;
	}
	ck_assert_int_eq(mkdir(harness_path("queue/info"), 0700), 0);
	ck_assert_int_eq(chown(harness_path("queue/info"), HARNESS_QMAILS, (gid_t)-1), 0);
	o = harness_cli("release", "--now", "a.example");
	ck_assert_int_eq(o.status, 69);
	ck_assert_msg(strstr(o.err, "is running; it tries all when it is started") != NULL, "%s", o.err);
	ck_assert_int_eq(harness_cli("release", "--now", "a.example").status, 66);
	ck_assert_int_eq(chmod(harness_path("."), 0711), 0);
	pid = harness_send_start(7);
	ck_assert_int_eq(harness_cli("hold", "--now").status, 64);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	o = harness_cli("discard", "--yes", "--now", "a.example");
	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(strstr(o.out, "qmail-send was told to try all that waits in its queue now.\n"));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	/* For programs it is not said, but done. */
	pid = harness_send_start(7);
	o = harness_cli("release", "--now", "--json", "a.example");
	ck_assert_int_eq(o.status, 0);
	ck_assert_msg(strncmp(o.out, "{\"order\":\"discard\",", 19) == 0 && strchr(o.out, '\n')[1] == '\0', "%s", o.out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

/* Goal: show marks what an order stops, above what limits say. */
START_TEST(test_show)
{
	harness_rules("default = { max_per_hour = 1; };");
	(void)deliver_new("a@a.example");
	(void)harness_cli("discard", "--yes", "--for", "1h", "a.example");
	(void)deliver_new("a@a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out,
	    "  discard by order until 2026-11-21 18:30:00 UTC, 1 discarded\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--json", "a.example").out, "\"discarded\":1,"));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--json", "a.example").out, "\"order\":\"discard\""));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--color", "always", "a.example").out, "\033[1;35m"));
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out, "  hold by order, 1 discarded\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("report").out, "1 discarded by order\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "a@a.example").out, "; failures 0%; discarded 1; state "));
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "orders:        1 in force; see `qlimit orders`\n"));
}
END_TEST

/* Goal: explain says what an order would do, and why who pays. */
START_TEST(test_explain)
{
	const char *out;

	harness_write(harness_path("control/rcpthosts"), "b.example\n", strlen("b.example\n"));
	harness_rules("hosted = ( \"rcpthosts\" );");
	(void)harness_cli("discard", "--yes", "--reason", "form abused", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "--json", "a@a.example").out, "\"order\":\"discard\""));
	out = harness_cli("explain", "a@a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "\n  order: discard, by "));
	ck_assert_ptr_nonnull(strstr(out, ", until it is released: form abused\n"));
	ck_assert_ptr_nonnull(strstr(out, "domain a.example pays because there is an order on it"));
	ck_assert_ptr_nonnull(strstr(out, "verdict    discarded: Domain a.example is thrown away by order"));
}
END_TEST

/* Goal: orders given at the same moment are all there. */
START_TEST(test_at_once)
{
	pid_t pids[40];
	char name[40];

	harness_rules("");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		pids[i] = harness_background(harness_program("qlimit"), (const char *const[]){ "qlimit", "hold", name, NULL });
	}
	for (int i = 0; i < 40; i++)
		ck_assert(waitpid(pids[i], NULL, 0) == pids[i]);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 40);
}
END_TEST

static const char *const locked_out[][4] = { { "hold", "a.example", NULL }, { "notify", "trouble", NULL }, { "tidy", NULL } };

/* Goal: whoever keeps others out for ever is not waited for that long; nothing is changed, and nobody piles up. */
START_TEST(test_locked_out)
{
	struct harness_output o;
	int64_t began = harness_milliseconds();
	int fd = open(harness_path("state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	harness_rules("notify = \"/bin/true\";");
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	o = harness_cli_words(locked_out[_i]);
	ck_assert_int_lt(harness_milliseconds() - began, 20000);
	ck_assert_int_eq(o.status, _i == 0 ? 74 : 0);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), -1);
	(void)close(fd);
	ck_assert_int_eq(harness_cli("hold", "a.example").status, 0);
}
END_TEST

/* A pipe that takes nothing more: its writing end. */
static int
open_full_pipe(int *other)
{
	static const char much[4096];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], much, sizeof much) > 0)
		continue;
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
	*other = ends[0];
	return ends[1];
}

static bool
is_held(void)
{
	return orders_read(&orders, harness_path("state"), 0) == 0 && orders.count == 1;
}

/* Goal: an admin whose terminal is stopped (^S) once an order is given keeps no other out. */
START_TEST(test_stopped_terminal)
{
	int other, fd = open_full_pipe(&other);
	pid_t pid;

	harness_rules("");
	pid = fork();
	if (pid == 0) {
		(void)dup2(fd, 1);
		(void)execl(harness_program("qlimit"), "qlimit", "hold", "a.example", (char *)NULL);
		_exit(97);
	}
	ck_assert(harness_wait_until(is_held));
	ck_assert_int_eq(harness_cli("hold", "b.example").status, 0);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	(void)close(other);
	(void)close(fd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Goal: with no room for one more nothing is lost. */
START_TEST(test_full)
{
	struct order o = { .kind = ORDER_HOLD, .since = 1 };
	char name[40];
	FILE *f;

	harness_rules("");
	orders.count = 0;
	for (int i = 0; i < ORDERS_MAX; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		meter_set(&o.meter, METER_DOMAIN, name);
		ck_assert(orders_put(&orders, &o));
	}
	ck_assert_int_eq(orders_write(&orders, harness_path("state")), 0);
	ck_assert_int_eq(harness_cli("hold", "late.example").status, 73);
	ck_assert_int_eq(harness_cli("refuse", "d7.example").status, 0);
	ck_assert_int_eq(deliver_new("a@d255.example"), 'Z');
	ck_assert_int_eq(deliver_new("a@d7.example"), 'D');
	ck_assert_int_eq(deliver_new("a@late.example"), 'K');
	/* Lines that somebody has added: one that replaces another, and two too many. */
	f = fopen(harness_state("orders"), "a");
	ck_assert_ptr_nonnull(f);
	(void)fputs("discard\td7.example\t1\t0\troot\t\nhold\tlate.example\t1\t0\troot\t\n"
	    "hold\tlater.example\t1\t0\troot\t\n", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert(orders.count == ORDERS_MAX && orders.bad_line == 1 + ORDERS_MAX + 2);
	ck_assert_int_eq(deliver_new("a@d7.example"), 'K');
	ck_assert_int_eq(deliver_new("a@d255.example"), 'Z');
}
END_TEST

/* Goal: of mail that is thrown away at once no line is lost, though the log holds only ten. */
START_TEST(test_all_discards_are_logged)
{
	struct harness_run *runs[40];

	harness_rules("");
	(void)harness_cli("discard", "--yes", "a.example");
	for (int i = 0; i < 40; i++)
		runs[i] = harness_deliver_start(harness_message(NULL, NULL), "a@a.example", "accept@x.example");
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(harness_deliver_finish(runs[i]).letter, 'K');
	ck_assert_uint_eq(harness_log_lines("event=discarded"), 40);
}
END_TEST

/* --- commands in this very process, whose calls fail --- */

static int
run(int (*command)(struct admin *), const char *word, bool now)
{
	static char name[40];
	char *names[] = { name, NULL };
	static struct admin a;

	(void)snprintf(name, sizeof name, "%s", word);
	admin_init(&a, HARNESS_NOW);
	a.place.state = harness_path("state");
	a.place.queue = harness_path("queue");
	a.names = names;
	a.option[ADMIN_FORCE] = "";
	a.option[ADMIN_NOW] = now ? "" : NULL;
	ck_assert(freopen(harness_path("said"), "a", stdout) != NULL && freopen(harness_path("said"), "a", stderr) != NULL);
	return command(&a);
}

static const struct {
	const char *call;
	unsigned after;
	int status, error;
} failures[] = {
	{ "flock", 0, EX_IOERR, ENOLCK },
	{ "write", 0, EX_IOERR, ENOSPC },
	{ "fsync", 0, EX_IOERR, EIO },
	{ "rename", 0, EX_IOERR, EROFS },
	{ "socketpair", 0, EX_OSERR, EMFILE },
	{ "stat", 0, EX_OK, ENOENT },
};

/* Goal: an order is in force or it is not, and the admin is told which. */
START_TEST(test_failures)
{
	harness_rules("");
	ck_assert_int_eq(run(admin_hold, "a.example", false), EX_OK);
	harness_call_fails(failures[_i].call, failures[_i].after, 1, failures[_i].error);
	ck_assert_int_eq(run(admin_refuse, "a.example", strcmp(failures[_i].call, "socketpair") == 0), failures[_i].status);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 1);
	ck_assert_int_eq(orders.at[0].kind, failures[_i].status == EX_OK ? ORDER_REFUSE : ORDER_HOLD);
	harness_call_fails(failures[_i].call, failures[_i].after, 1, failures[_i].error);
	ck_assert_int_eq(run(admin_release, "a.example", strcmp(failures[_i].call, "socketpair") == 0), failures[_i].status);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, failures[_i].status == EX_OK ? 0 : 1);
}
END_TEST

/* Goal: without a state directory there is nothing to order; with one of somebody else's neither. */
START_TEST(test_no_state)
{
	ck_assert_int_eq(rmdir(harness_path("state")), 0);
	ck_assert_int_eq(run(admin_hold, "a.example", false), EX_NOINPUT);
	ck_assert_int_eq(run(admin_release, "a.example", true), EX_NOINPUT);
	ck_assert_int_eq(run(admin_orders, "", false), EX_NOINPUT);
}
END_TEST

/* Goal: an order that cannot be taken out of the file has not expired, and is told of when it is. */
START_TEST(test_expiry_fails)
{
	static struct orders expired;
	struct admin a;

	harness_rules("");
	(void)harness_cli("hold", "--for", "1h", "a.example");
	(void)harness_cli("hold", "--for", "3h", "b.example");
	admin_init(&a, HARNESS_NOW + HOUR);
	a.place.state = harness_path("state");
	harness_call_fails("rename", 0, 1, EROFS);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	harness_call_fails("flock", 0, 1, ENOLCK);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	write_orders(FIRST "hold\ta.example\t1\t5\troot\t\nwhat is this\n");
	ck_assert(admin_orders_expire(&a, &expired) == 0 && expired.count == 0);
	write_orders(FIRST "hold\ta.example\t1\t5\troot\t\nhold\tb.example\t1\t0\troot\t\n");
	ck_assert(admin_orders_expire(&a, &expired) == 0 && expired.count == 1);
	ck_assert_int_eq(unlink(harness_state("orders")), 0);
	ck_assert_int_eq(mkdir(harness_state("orders"), 0700), 0);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_uint_eq(harness_log_lines("orders that have expired were not taken out of their file"), 1);
}
END_TEST

/* Goal: who has no name is told by his number; sudo's word counts for root alone. */
START_TEST(test_by_number)
{
	if (!harness_start_as_user())
		return;
	ck_assert_int_eq(setenv("SUDO_USER", "joe", 1), 0);
	harness_rules("");
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_null(strstr(harness_cli("orders").out, "joe"));
	if (getpwuid(getuid()) == NULL)
		ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, " uid:"));
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
	harness_end();
}
END_TEST

/* Goal: a name with nothing in it is none. */
START_TEST(test_empty_sudo_user)
{
	harness_rules("");
	ck_assert_int_eq(setenv("SUDO_USER", "", 1), 0);
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out, geteuid() == 0 ? "\"by\":\"root\"" : "\"by\":"));
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
}
END_TEST

Suite *
suite_order_commands(void)
{
	Suite *s = suite_create("order_commands");
	TCase *tc = tcase_create("order commands");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, harness_start, harness_end);
	tcase_add_test(tc, test_all_discards_are_logged);
	tcase_add_loop_test(tc, test_mistakes, 0, HARNESS_ROWS(commands));
	tcase_add_loop_test(tc, test_words, 0, HARNESS_ROWS(words));
	tcase_add_test(tc, test_words_for_a_shell);
	tcase_add_test(tc, test_long_reason);
	tcase_add_test(tc, test_reasons);
	tcase_add_loop_test(tc, test_control_characters, 0, 10);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_remark);
	tcase_add_loop_test(tc, test_confirmation, 0, HARNESS_ROWS(answers));
	tcase_add_test(tc, test_now);
	tcase_add_test(tc, test_show);
	tcase_add_test(tc, test_explain);
	tcase_add_test(tc, test_at_once);
	tcase_add_loop_test(tc, test_locked_out, 0, HARNESS_ROWS(locked_out));
	tcase_add_test(tc, test_stopped_terminal);
	tcase_add_test(tc, test_full);
	tcase_add_loop_test(tc, test_failures, 0, HARNESS_ROWS(failures));
	tcase_add_test(tc, test_no_state);
	tcase_add_test(tc, test_expiry_fails);
	tcase_add_test(tc, test_empty_sudo_user);
	suite_add_tcase(s, tc);
	tc = tcase_create("order commands as a user");
	tcase_add_test(tc, test_by_number);
	suite_add_tcase(s, tc);
	return s;
}
