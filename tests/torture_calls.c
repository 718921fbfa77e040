/* torture_calls - every system call of the wrapper and of the CLI fails in turn, once and from then on */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness.h"
#include "torture.h"

#define HALF (-1) /* no error: a write or send of half its bytes, as on a disk that has just become full */

static const int errors[] = { EIO, ENOMEM, ENOSPC, EACCES, EINTR, EAGAIN, EMFILE, ENOENT, EDQUOT, EROFS,
	HALF };

#define ERRORS (sizeof errors / sizeof errors[0])

/* The n-th call fails with this error. */
struct fault {
	long number;
	int error;
	const char *mode;
};

static const char *words[20];

/* inject NUMBER ERRNO MODE PROGRAM ..., for the harness. */
static const char *const *
injected(const struct fault *f, const char *program, const char *const *arguments)
{
	static char number[24], error[24];
	size_t n = 0;

	(void)snprintf(number, sizeof number, "%ld", f->number);
	if (f->error == HALF)
		(void)snprintf(error, sizeof error, "half");
	else
		(void)snprintf(error, sizeof error, "%d", f->error);
	words[n++] = "inject";
	words[n++] = number;
	words[n++] = error;
	words[n++] = f->mode;
	words[n++] = harness_program(program);
	for (size_t i = 0; arguments[i] != NULL; i++)
		words[n++] = arguments[i];
	words[n] = NULL;
	return words;
}

/* Each of a domain of its own: each has something to tell the admin's program. */
static bool noticed;

static struct harness_delivery
deliver(const struct fault *f)
{
	static unsigned count;
	char sender[40] = "a@example.com";
	const char *const arguments[] = { "x", sender, "accept@x", NULL };
	struct harness_attempt attempt = { .program = harness_program("inject") };

	if (noticed)
		(void)snprintf(sender, sizeof sender, "a@d%u.example", count++);
	attempt.argv = injected(f, "qlimit-remote", arguments);
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

static long
read_count(void)
{
	FILE *f = fopen(harness_path("count"), "r");
	long n = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%ld", &n), 1);
	(void)fclose(f);
	return n;
}

static struct {
	unsigned runs, passed, deferred, silent, anew;
} tally;

/*
 * The real report once, or one clean Z. Where every call fails from the report on, nothing can be
 * told any more: then, as with the bare program, qmail hears of no output.
 */
static void
check_delivery(const struct fault *f)
{
	size_t before = harness_calls(), calls;
	struct harness_delivery d = deliver(f);
	int status = d.wait_status;

	calls = harness_calls() - before;
	tally.runs++;
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 111),
	    "call %ld, error %d, %s: status %x", f->number, f->error, f->mode, (unsigned)status);
	ck_assert_msg(calls <= 1, "call %ld, error %d, %s: delivered %zu times", f->number, f->error,
	    f->mode, calls);
	if (d.length == 0 && strcmp(f->mode, "on") == 0) {
		tally.silent++;
		ck_assert_int_eq(d.letter, 'Z');
		return;
	}
	ck_assert_msg(d.letter == (calls == 1 ? 'K' : 'Z'), "call %ld, error %d, %s: %c after %zu",
	    f->number, f->error, f->mode, d.letter, calls);
	ck_assert_int_eq(d.bytes[d.length - 1], '\0');
	if (calls == 1)
		tally.passed++;
	else
		tally.deferred++;
}

/* "Try again" for ever is no answer that a kernel gives. */
static bool
is_realistic(int error, const char *mode)
{
	return strcmp(mode, "once") == 0 || (error != EINTR && error != EAGAIN);
}

/* Every call, with one error each at a tenth of the scale, with all of them at full scale. */
static void
fail_all(long total, const char *mode, void (*check)(const struct fault *f))
{
	size_t stride = torture_scale() >= 100 ? 1 : ERRORS;

	for (long n = 1; n <= total; n++)
		for (size_t e = (size_t)n % stride; e < ERRORS; e += stride) {
			struct fault f = { n, errors[e], mode };

			if (is_realistic(f.error, mode))
				check(&f);
		}
}

/* Without and with what an admin can have added to a delivery: orders, and a program to be told. */
START_TEST(torture_wrapper_calls)
{
	const struct fault none = { 0, 0, "once" };
	struct harness_counters c;
	const char *mode = _i % 2 == 0 ? "once" : "on";

	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	noticed = _i >= 2;
	harness_rules(noticed ? "deadline_ms = 1000; notify = \"/bin/true\"; default = { max_per_hour = 1; };" :
	    "deadline_ms = 1000; default = { max_per_hour = 1000000; };");
	if (noticed)
		ck_assert_int_eq(harness_cli("hold", "--for", "1h", "other.example").status, 0);
	ck_assert_int_eq(deliver(&none).letter, 'K');
	fail_all(read_count(), mode, check_delivery);
	/* Whatever happened: it counts again, and no call can have been counted that was not made. */
	ck_assert_int_eq(deliver(&none).letter, 'K');
	c = harness_counters("server", "");
	ck_assert_uint_ge(c.sent, 1);
	ck_assert_uint_le(c.sent, c.admitted);
	printf("torture: wrapper, calls that fail %s: %u runs, %u delivered, %u clean Z, %u without a "
	    "word\n", mode, tally.runs, tally.passed, tally.deferred, tally.silent);
}
END_TEST

/* --- the CLI --- */

static const char *const commands[][4] = { { "load", NULL }, { "show", NULL }, { "report", NULL },
	{ "report", "--html", "-", NULL }, { "replay", "--with", "qlimit.conf", NULL },
	{ "metrics", NULL }, { "status", NULL }, { "notify", "test", "example.com", NULL },
	{ "hold", "other.example", NULL }, { "orders", NULL },
	{ "tidy", NULL }, { "reset", "example.com", NULL }, { "check", NULL } };

static const char *const *command;

static struct harness_output
run_command(const struct fault *f)
{
	return harness_run_words(harness_program("inject"), injected(f, "qlimit", command));
}

/*
 * Memory that is not to be had inside an open store is taken for damage (store_lmdb_answer.c): no other error
 * is. Then there is a new store, which has to count.
 */
static bool
is_anew(const struct fault *f)
{
	static const struct fault none = { 0, 0, "once" };

	if (f->error != ENOMEM || unlink(harness_path("state/live.mdb.damaged")) == -1)
		return false;
	tally.anew++;
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(deliver(&none).letter, 'K');
	return true;
}

/* Nothing is damaged: what was counted is still there. */
static void
check_store(const struct fault *f)
{
	struct harness_output o = harness_cli("show", "--json", "example.com");
	const char *sent = strcmp(command[0], "reset") == 0 ? "\"sent\":" : "\"sent\":1,";

	if (is_anew(f))
		return;
	ck_assert_msg(access(harness_path("state/live.mdb.damaged"), F_OK) == -1 &&
	    access(harness_path("state/ledger.mdb.damaged"), F_OK) == -1,
	    "%s: call %ld, error %d, %s: set aside", command[0], f->number, f->error, f->mode);
	ck_assert_msg(o.status == 0 && strstr(o.out, sent) != NULL &&
	    strstr(o.out, "\"max_per_hour\":1000000,") != NULL, "%s: call %ld, error %d, %s: now %s%s",
	    command[0], f->number, f->error, f->mode, o.out, o.err);
}

/* Done, or an exit status of sysexits.h (127: the dynamic linker's) and a word why. */
static void
check_words(const struct fault *f)
{
	struct harness_output o = run_command(f);

	tally.runs++;
	ck_assert_msg(o.status == 0 || (o.status >= EX__BASE && o.status <= EX__MAX) ||
	    o.status == 127, "%s: call %ld, error %d, %s: status %d: %s", command[0], f->number,
	    f->error, f->mode, o.status, o.err);
	if (o.status != 0 && strcmp(f->mode, "once") == 0)
		ck_assert_msg(o.err[0] != '\0', "%s: call %ld, error %d: %d without a word", command[0],
		    f->number, f->error, o.status);
}

static void
check_command(const struct fault *f)
{
	check_words(f);
	check_store(f);
}

START_TEST(torture_cli_calls)
{
	const struct fault none = { 0, 0, "once" };

	/* Where `replay` finds its file. */
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	harness_rules("default = { max_per_hour = 1000000; }; notify = \"/bin/true\"; notify_timeout = 1;");
	(void)deliver(&none);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
	command = commands[_i];
	ck_assert_int_eq(run_command(&none).status, 0);
	fail_all(read_count(), "once", check_command);
	fail_all(read_count(), "on", check_command);
	/* Nothing is damaged. */
	ck_assert_int_eq(deliver(&none).letter, 'K');
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(harness_cli("status").status, 0);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_ptr_null(strstr(harness_cli("status").out, "TROUBLE"));
	printf("torture: qlimit %s: %u runs, %u ended in a new store\n", command[0], tally.runs,
	    tally.anew);
}
END_TEST

/* Goal: a command that has something to complain of says so, even where its first words are lost. */
START_TEST(torture_cli_words)
{
	const struct fault none = { 0, 0, "once" };

	/* Where `replay` finds its file. */
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	(void)setenv("INJECT_COUNT", harness_path("count"), 1);
	harness_rules("");
	command = commands[_i];
	if (strcmp(command[0], "load") == 0 || strcmp(command[0], "check") == 0)
		harness_config("mode = \"nonsense\";");
	else
		ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_ne(run_command(&none).status, 0);
	fail_all(read_count(), "once", check_words);
	printf("torture: qlimit %s, in vain: %u runs\n", command[0], tally.runs);
}
END_TEST

Suite *
suite_torture_calls(void)
{
	Suite *s = suite_create("torture_calls");
	TCase *t = tcase_create("calls");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 3600);
	tcase_add_loop_test(t, torture_wrapper_calls, 0, 4);
	tcase_add_loop_test(t, torture_cli_calls, 0, sizeof commands / sizeof commands[0]);
	tcase_add_loop_test(t, torture_cli_words, 0, sizeof commands / sizeof commands[0]);
	suite_add_tcase(s, t);
	return s;
}
