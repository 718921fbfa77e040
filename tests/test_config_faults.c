/*
 * test_config_faults - whatever becomes of qlimit.conf, the last good rules stay in force (O3)
 *
 * What is said about each mistake is test_config_refused.c's; here both programs meet the file.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

#define GOOD "default = { max_per_hour = 1; refuse_above_percent = 10000; };\n"
#define BETTER "default = { max_per_hour = 9; refuse_above_percent = 10000; };\n"
#define MEMORY ((rlim_t)256 << 20)
#define LARGE 10000000
#define DEEP 20000
#define MANY_PAUSES 500 /* of 20 ms */

static const char *conf;    /* the path of qlimit.conf */
static const char *waiting; /* a message of example.com's, which is held */

static char
send_waiting(void)
{
	return harness_deliver(waiting, "a@example.com", "accept@x").letter;
}

/* Rules are in force, and hold a message. No program may have more memory than a machine can spare. */
static void
begin(void)
{
#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more */
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &(const struct rlimit){ MEMORY, MEMORY }), 0);
#endif
	conf = harness_path("qlimit.conf");
	harness_rules(GOOD);
	waiting = harness_message(NULL, NULL);
	harness_expect_delivered("within the limit");
	ck_assert_int_eq(send_waiting(), 'Z');
}

/* By rename(2), any bytes. */
static void
put(const char *bytes, size_t n)
{
	harness_write(harness_path("new"), bytes, n);
	ck_assert_int_eq(rename(harness_path("new"), conf), 0);
}

static void
put_text(const char *text)
{
	put(text, strlen(text));
}

/* `n` times these words, and then those. */
static void
put_many(const char *before, const char *words, size_t n, const char *after)
{
	size_t size = strlen(words);
	char *text = malloc(strlen(before) + n * size + strlen(after) + 1), *end;

	ck_assert_ptr_nonnull(text);
	end = text + sprintf(text, "%s", before);
	for (size_t i = 0; i < n; i++, end += size)
		memcpy(end, words, size);
	end += sprintf(end, "%s", after);
	put(text, (size_t)(end - text));
	free(text);
}

static void
gone(void)
{
	ck_assert_int_eq(unlink(conf), 0);
}

static void
directory(void)
{
	gone();
	ck_assert_int_eq(mkdir(conf, 0755), 0);
}

static void
fifo(void)
{
	gone();
	ck_assert_int_eq(mkfifo(conf, 0644), 0);
}

static void
link_to_itself(void)
{
	gone();
	ck_assert_int_eq(symlink(conf, conf), 0);
}

static void
link_to_zeros(void)
{
	gone();
	ck_assert_int_eq(symlink("/dev/zero", conf), 0);
}

static void
half_written(void)
{
	put(GOOD, strlen(GOOD) / 2);
}

static void
large_word(void)
{
	put_many("\n", "x", LARGE, "");
}

static void
large_text(void)
{
	put_many("mode = \"", "x", LARGE, "\";");
}

static void
large_and_wrong_at_the_end(void)
{
	put_many("", "# comment\n", LARGE / 10, "mode = 1;");
}

static void
beyond_any_size(void)
{
	put("", 0);
	ck_assert_int_eq(truncate(conf, (off_t)1 << 40), 0);
}

static void
zeros(void)
{
	put("", 0);
	ck_assert_int_eq(truncate(conf, LARGE), 0);
}

static void
deep_groups(void)
{
	put_many("\n", "a={", DEEP, "");
}

static void
deep_lists(void)
{
	put_many("default=", "(", DEEP, "");
}

static void
deep_and_closed(void)
{
	char *closing = malloc(DEEP + 1);

	ck_assert_ptr_nonnull(closing);
	memset(closing, ')', DEEP);
	closing[DEEP] = '\0';
	put_many("default=", "(", DEEP, closing);
	free(closing);
}

static void
nul_bytes(void)
{
	static const char text[] = "default = {\n max_per_hour = 5\0;\n};\n";

	put(text, sizeof text - 1);
}

/* What follows a NUL must not be as if it were not there. */
static void
nul_after_the_end(void)
{
	static const char text[] = "default = { max_per_hour = 5; };\n\0nonsense";

	put(text, sizeof text - 1);
}

static void
carriage_returns_and_an_error(void)
{
	put_text("default = {\r\n max_per_hour = five;\r\n};\r\n");
}

static void
not_utf8(void)
{
	put_text("mode = \"\xff\xfe\xc0\x80\";\n");
}

static void
includes_itself(void)
{
	put_text("\n@include \"qlimit.conf\"\n");
}

static void
includes_in_a_circle(void)
{
	harness_write(harness_path("other.conf"), "@include \"qlimit.conf\"\n", strlen("@include \"qlimit.conf\"\n"));
	put_text("@include \"other.conf\"\n");
}

static void
includes_zeros(void)
{
	put_text("\n\n@include \"/dev/zero\"\n");
}

static void
includes_a_directory(void)
{
	put_text("@include \"/\"\n");
}

static const struct {
	const char *label;
	void (*make)(void);
	const char *said; /* file:line and what would be right or is wrong */
} bad[] = {
	{ "O3 gone", gone, "qlimit.conf:1: cannot read" },
	{ "O3 a directory", directory, "it is a directory" },
	{ "O3 a FIFO", fifo, "it is not a plain file" },
	{ "O3 a link to itself", link_to_itself, "Too many levels of symbolic links" },
	{ "O3 a link to /dev/zero", link_to_zeros, "it is not a plain file" },
	{ "O3 half-written", half_written, "qlimit.conf:1: expected" },
	{ "O3 10 MB, one word", large_word, "qlimit.conf:2: expected" },
	{ "O3 10 MB, one text", large_text, "qlimit.conf:1: mode must be \"enforce\"" },
	{ "O3 10 MB, wrong in its last line", large_and_wrong_at_the_end, "qlimit.conf:1000001: mode must be" },
	{ "O3 a terabyte", beyond_any_size, "larger than 64 MiB" },
	{ "O3 10 MB of zeros", zeros, "qlimit.conf:1: expected the name of a setting" },
	{ "O3 20,000 groups deep", deep_groups, "qlimit.conf:2: more than 8 brackets" },
	{ "O3 20,000 lists deep", deep_lists, "qlimit.conf:1: more than 8 brackets" },
	{ "O3 20,000 deep and closed", deep_and_closed, "qlimit.conf:1: more than 8 brackets" },
	{ "O3 a NUL", nul_bytes, "qlimit.conf:2: expected" },
	{ "O3 a NUL behind the end", nul_after_the_end, "qlimit.conf:2: expected" },
	{ "O3 CR LF, and wrong", carriage_returns_and_an_error, "qlimit.conf:2: expected a value" },
	{ "O3 not UTF-8", not_utf8, "found \"\\xff\\xfe\\xc0\\x80\"" },
	{ "O3 includes itself", includes_itself, "qlimit.conf:2: cannot read" },
	{ "O3 includes in a circle", includes_in_a_circle, "it includes itself" },
	{ "O3 includes /dev/zero", includes_zeros, "qlimit.conf:3: cannot read \"/dev/zero\"" },
	{ "O3 includes a directory", includes_a_directory, "qlimit.conf:1: cannot read \"/\"" },
};

static bool
failure_is_noted(void)
{
	return strstr(harness_cli("status").out, "the last load failed") != NULL;
}

/* As it is logged, its quotes are escaped. */
static void
expect_logged(const char *label, const char *said)
{
	const char *line = harness_log_line("event=config_error", 0);
	char plain[100];
	size_t n = strcspn(said, "\"\\");

	(void)snprintf(plain, sizeof plain, "%.*s", (int)n, said);
	ck_assert_msg(line != NULL && strstr(line, plain) != NULL, "%s: %s", label,
	    line != NULL ? line : "nothing logged");
	ck_assert_uint_eq(harness_log_lines("event=config_error"), 1);
}

/* The message that is held until these rules come: they do so by themselves. */
static void
expect_mended(const char *label)
{
	const struct timespec pause = { 0, 20000000 };

	if (unlink(conf) == -1 && errno != ENOENT)
		ck_assert_int_eq(rmdir(conf), 0);
	harness_config(BETTER);
	for (int i = 0; i < MANY_PAUSES && send_waiting() != 'K'; i++)
		(void)nanosleep(&pause, NULL);
	ck_assert_msg(harness_calls() == 2, "%s: %zu calls", label, harness_calls());
	ck_assert_msg(!failure_is_noted(), "%s: status still complains", label);
}

static void
expect_last_good_rules(const char *label, const char *said)
{
	struct harness_output o;

	ck_assert_msg(send_waiting() == 'Z', "%s: no longer held", label);
	ck_assert_msg(harness_wait_until(failure_is_noted), "%s: not noted", label);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(send_waiting() == 'Z', "%s: no longer held", label);
	expect_logged(label, said);
	o = harness_cli("status");
	ck_assert_msg(o.status == 0 && strstr(o.out, said) != NULL, "%s: %s", label, o.out);
	o = harness_load();
	ck_assert_msg(o.status == EX_CONFIG && strstr(o.err, said) != NULL, "%s: load: %d: %s", label,
	    o.status, o.err);
	o = harness_cli("check");
	ck_assert_msg(o.status == EX_CONFIG && strstr(o.err, said) != NULL, "%s: check: %d: %s", label,
	    o.status, o.err);
	ck_assert_msg(send_waiting() == 'Z', "%s: no longer held", label);
}

/*
 * Goal (O3): a held domain stays held; log, status and load name file and line; nothing hangs or takes
 * much memory; and once the file is mended its rules come into force by themselves.
 */
START_TEST(test_bad_file)
{
	begin();
	bad[_i].make();
	expect_last_good_rules(bad[_i].label, bad[_i].said);
	expect_mended(bad[_i].label);
}
END_TEST

/* Goal (O3): the same where the file must not be read by the user who should. */
START_TEST(test_unreadable)
{
	if (harness_start_as_user()) {
		begin();
		put(BETTER, strlen(BETTER));
		ck_assert_int_eq(chmod(conf, 0), 0);
		expect_last_good_rules("O3 unreadable", "Permission denied");
		expect_mended("O3 unreadable");
	}
	harness_end();
}
END_TEST

static void
good_and_large(void)
{
	put_many(BETTER, "# comment\n", LARGE / 10, "\n");
}

static void
good_with_carriage_returns(void)
{
	static const char text[] = "default = {\r\n max_per_hour = 9; # nine\r\n "
	    "refuse_above_percent = 10000;\r\n};\r\n";

	put(text, sizeof text - 1);
}

static void
good_with_a_mark(void)
{
	put_text("/* \xff\xfe \xc3\xa4 */ " BETTER);
}

static void (*const unusual[])(void) = { good_and_large, good_with_carriage_returns, good_with_a_mark };

/* Goal: what is only unusual is in force all the same. */
START_TEST(test_unusual_file)
{
	begin();
	unusual[_i]();
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(send_waiting(), 'K');
}
END_TEST

/* --- half-written --- */

#define WHOLE "# limits\n" GOOD "server = { max_per_hour = 1000; };\npackages = ( { name = \"p\"; } );\n" \
	"domains = ( { name = \"a.example\"; package = \"p\"; } );\n"

/* A cut behind a whole setting cannot be told from a file that ends there. */
static bool
is_whole(const char *text, size_t n)
{
	int depth = 0;
	char last = ';';

	for (size_t i = strcspn(text, "\n"); i < n; i++) {
		depth += text[i] == '{' || text[i] == '(';
		depth -= text[i] == '}' || text[i] == ')';
		if (text[i] != ' ' && text[i] != '\n')
			last = text[i];
	}
	return depth == 0 && strchr(";})", last) != NULL;
}

/* Goal (O3): written in place and met at any byte: the rules change when a whole setting is there, or not. */
START_TEST(test_every_cut)
{
	static const char text[] = WHOLE;
	const struct timespec long_ago[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	size_t first = strlen("# limits\n" GOOD) - 2; /* before, a whole file would have no limits */

	begin();
	for (size_t n = 10; n < sizeof text; n++) {
		int status, wanted = is_whole(text, n) ? EX_OK : EX_CONFIG;

		if (n < first && wanted == EX_OK)
			continue;
		put(text, n);
		/* So that nobody waits for the editor to end. */
		ck_assert_int_eq(utimensat(AT_FDCWD, conf, long_ago, 0), 0);
		if (n % 2 == 0)
			ck_assert_msg(send_waiting() == 'Z', "cut at %zu: no longer held", n);
		status = harness_load().status;
		ck_assert_msg(status == wanted, "cut at %zu: %d", n, status);
		ck_assert_msg(send_waiting() == 'Z', "cut at %zu: no longer held", n);
	}
	expect_mended("after all cuts");
}
END_TEST

/* --- replaced while it is read --- */

#define REPLACE_MS 2000

static pid_t
start_replacing(void)
{
	const struct timespec pause = { 0, 300000 };
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		put_many(GOOD, "# one\n", 3000, "");
		(void)nanosleep(&pause, NULL);
		put_many("# two\n" GOOD "domains = (", "\n", 2000, ");\n");
		(void)nanosleep(&pause, NULL);
	}
}

/* Goal (O3): replaced hundreds of times a second beside load and deliveries: the limit holds, nothing hangs. */
START_TEST(test_replaced_while_read)
{
	int64_t start = harness_milliseconds();
	unsigned loads = 0, refused = 0;
	pid_t pid;

	begin();
	pid = start_replacing();
	while (harness_milliseconds() - start < REPLACE_MS || loads == 0) {
		struct harness_output o = harness_load();

		loads++;
		refused += o.status == EX_CONFIG;
		ck_assert_msg(o.status == EX_OK || (o.status == EX_CONFIG &&
		    strstr(o.err, "must not change while it is read") != NULL), "load: %d: %s", o.status,
		    o.err);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(send_waiting(), 'Z');
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_ge(loads, 1);
	ck_assert_uint_le(refused, loads);
	expect_mended("no longer replaced");
}
END_TEST

Suite *
suite_config_faults(void)
{
	Suite *s = suite_create("config_faults");
	TCase *t = tcase_create("config_faults"), *u = tcase_create("unreadable");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_bad_file, 0, HARNESS_ROWS(bad));
	tcase_add_loop_test(t, test_unusual_file, 0, HARNESS_ROWS(unusual));
	tcase_add_test(t, test_every_cut);
	tcase_add_test(t, test_replaced_while_read);
	suite_add_tcase(s, t);
	tcase_set_timeout(u, 60);
	tcase_add_test(u, test_unreadable);
	suite_add_tcase(s, u);
	return s;
}
