/* torture_allocs - every allocation of both programs fails in turn, or a library gives up at it */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "alloc.h"
#include "harness.h"
#include "torture.h"

static const struct {
	const char *name;
	enum alloc_way way;
} ways[] = { { "fails", ALLOC_ONCE }, { "fails, and all later ones", ALLOC_ON },
	{ "makes a library exit", ALLOC_EXIT }, { "makes a library abort", ALLOC_ABORT },
	{ "makes a library crash", ALLOC_CRASH } };

#define WAYS (sizeof ways / sizeof ways[0])
#define WRONG_SHOWN 30

static struct {
	unsigned runs, obeyed, real, deferred, failed, anew, wrong;
} tally;

static const char *what; /* is being run */

static void
give_orders(unsigned long number, enum alloc_way way)
{
	const struct alloc_orders orders = { .number = number, .way = way };
	int fd = open(getenv("QLIMIT_TEST_ALLOC"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, &orders, sizeof orders), (ssize_t)sizeof orders);
	(void)close(fd);
}

static struct alloc_orders
read_orders(void)
{
	struct alloc_orders orders;
	int fd = open(getenv("QLIMIT_TEST_ALLOC"), O_RDONLY);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(read(fd, &orders, sizeof orders), (ssize_t)sizeof orders);
	(void)close(fd);
	return orders;
}

static void
wrong(const char *why, unsigned long number, size_t way, const char *text)
{
	if (tally.wrong++ < WRONG_SHOWN)
		printf("torture: %s: allocation %lu %s: %s: %s\n", what, number, ways[way].name, why, text);
}

static void
begin(void)
{
	const struct rlimit no_core = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)setenv("QLIMIT_TEST_ALLOC", harness_path("alloc"), 1);
	give_orders(0, ALLOC_ONCE);
}

static struct harness_delivery
deliver(void)
{
	struct harness_attempt attempt = { .program = harness_program("alloc/qlimit-remote"),
		.sender = "a@example.com", .recipient = "accept@x", .message = harness_message(NULL, NULL) };

	return harness_attempt_finish(harness_attempt_start(&attempt));
}

/*
 * Memory that is not to be had inside an open store is taken for damage, and so is a crash there: the store
 * is set aside. Then the next run finds a new one.
 */
static bool
start_anew(void)
{
	bool live = unlink(harness_path("state/live.mdb.damaged")) == 0;

	if (unlink(harness_path("state/ledger.mdb.damaged")) == -1 && !live)
		return false;
	tally.anew++;
	ck_assert_int_eq(harness_load().status, 0);
	return true;
}

static void
end(unsigned long allocations)
{
	printf("torture: %s: %lu allocations, %u runs, %u times none to be had, %u real reports, %u deferred, "
	    "%u commands failed, %u new stores, %u wrong\n", what, allocations, tally.runs, tally.obeyed,
	    tally.real, tally.deferred, tally.failed, tally.anew, tally.wrong);
	(void)fflush(stdout); /* a test that fails does not */
	ck_assert_uint_gt(tally.obeyed, 0);
	ck_assert_uint_eq(tally.wrong, 0);
}

/* --- the wrapper --- */

static const char *const inherited[] = { "fds", "offset", "argv0", "blocked", "ignored", "environ",
	"environ_sum", "umask", "cwd", "alarm" };

/* The real report once, or, with on_error = "defer", one clean Z and no real program. */
static void
check_delivery(unsigned long number, size_t way, bool defer)
{
	size_t before = harness_calls(), calls;
	struct harness_delivery d = deliver();

	calls = harness_calls() - before;
	tally.runs++;
	tally.obeyed += read_orders().obeyed > 0;
	tally.real += calls == 1;
	tally.deferred += calls == 0;
	if (d.wait_status != 0 || d.length == 0 || d.bytes[d.length - 1] != '\0')
		wrong("no clean end", number, way, d.text);
	if (calls > 1 || (calls == 0 && !defer))
		wrong("not delivered once", number, way, d.text);
	if (d.letter != (calls == 1 ? 'K' : 'Z') ||
	    (calls == 0 && memchr(d.bytes, '\0', d.length) != d.bytes + d.length - 1))
		wrong("not the one report", number, way, d.text);
	for (size_t i = 0; calls == 1 && i < sizeof inherited / sizeof inherited[0]; i++)
		if (strcmp(harness_call(before, inherited[i]), harness_call(0, inherited[i])) != 0)
			wrong(inherited[i], number, way, harness_call(before, inherited[i]));
	give_orders(0, ALLOC_ONCE);
	(void)start_anew();
}

START_TEST(torture_wrapper_allocs)
{
	bool defer = _i == 1;
	unsigned long allocations;

	what = defer ? "wrapper, defer" : "wrapper, deliver";
	begin();
	harness_rules(defer ? "on_error = \"defer\";" : "");
	ck_assert_int_eq(deliver().letter, 'K');
	give_orders(0, ALLOC_ONCE);
	ck_assert_int_eq(deliver().letter, 'K');
	allocations = read_orders().count;
	ck_assert_uint_gt(allocations, 3);
	for (unsigned long n = 1; n <= allocations + 2; n++)
		for (size_t way = 0; way < WAYS; way++) {
			give_orders(n, ways[way].way);
			check_delivery(n, way, defer);
		}
	end(allocations);
}
END_TEST

/* --- the CLI --- */

#define OLD "1000000"
#define NEW "2000000"

static const char *const commands[][4] = { { "load", NULL }, { "check", NULL }, { "show", NULL }, { "report", NULL },
	{ "replay", "--with", "qlimit.conf", NULL },
	{ "metrics", NULL },
	{ "status", NULL }, { "tidy", NULL }, { "reset", "example.com", NULL } };

/* Enough for libconfig and its parser to ask for memory in all the ways they know. */
static void
write_config(const char *limit)
{
	char text[800];

	(void)snprintf(text, sizeof text, "# a comment\nmode = \"enforce\"; default = { max_per_hour = %s; "
	    "}; packages = ( { name = \"p\"; max_per_hour = 2; } ); domains = ( { name = \"a.example\"; "
	    "package = \"p\"; }, { name = \".b.example\"; max_per_hour = 3; }, { name = \"c.example\"; "
	    "max_failure_percent = 10; min_failures = 3; count_failures = [ \"failed\" ]; } );\n", limit);
	harness_config(text);
}

/* The old rules or the new ones, and the counters; or a new store, where it was set aside. */
static void
check_store(unsigned long number, size_t way)
{
	struct harness_output o;

	if (start_anew())
		return;
	o = harness_cli("status");
	if (o.status != 0 || strstr(o.out, "set aside") != NULL)
		wrong("status is not well", number, way, o.status != 0 ? o.err : o.out);
	o = harness_cli("show", "--json");
	if (o.status != 0)
		wrong("show is not well", number, way, o.err);
}

/* Done, or a word why and a status of sysexits.h. Never "set aside" where nothing was. */
static void
check_command(const char *const *command, unsigned long number, size_t way)
{
	const char *words[5] = { "qlimit" };
	struct harness_output o;

	memcpy(words + 1, command, 4 * sizeof *words);
	o = harness_run_words(harness_program("alloc/qlimit"), words);
	tally.runs++;
	tally.obeyed += read_orders().obeyed > 0;
	tally.failed += o.status != 0;
	if (o.status != 0 && (o.status < EX__BASE || o.status > EX__MAX)) {
		char status[12];

		(void)snprintf(status, sizeof status, "%d", o.status);
		wrong("status", number, way, status);
	}
	if (o.status != 0 && o.err[0] == '\0')
		wrong("not a word", number, way, "");
	if (strstr(o.err, "set aside") != NULL &&
	    access(harness_path("state/live.mdb.damaged"), F_OK) == -1 &&
	    access(harness_path("state/ledger.mdb.damaged"), F_OK) == -1)
		wrong("nothing was set aside", number, way, o.err);
	give_orders(0, ALLOC_ONCE);
	check_store(number, way);
}

static const char *
limit_in_force(void)
{
	const char *out = harness_cli("show", "--json", "example.com").out;
	const char *at = strstr(out, "\"max_per_hour\":");

	return at == NULL ? "" : at + 15;
}

/* What `load` and `check` meet is a configuration that is not in force yet. */
START_TEST(torture_cli_allocs)
{
	const char *const *command = commands[_i];
	bool load = strcmp(command[0], "load") == 0, check = strcmp(command[0], "check") == 0;
	const char *words[5] = { "qlimit" };
	unsigned long allocations, stride;

	what = command[0];
	begin();
	/* Where `replay` finds its file. */
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	write_config(OLD);
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(deliver().letter, 'K');
	memcpy(words + 1, command, 4 * sizeof *words);
	give_orders(0, ALLOC_ONCE);
	ck_assert_int_eq(harness_run_words(harness_program("alloc/qlimit"), words).status, 0);
	allocations = read_orders().count;
	ck_assert_uint_gt(allocations, 3);
	if (check)
		write_config(NEW);
	stride = allocations > 60 && torture_scale() < 100 ? 5 : 1;
	for (unsigned long n = 1; n <= allocations + 2; n++)
		for (size_t way = n % stride; way < WAYS; way += stride) {
			if (load)
				write_config(n % 2 == 0 ? OLD : NEW);
			give_orders(n, ways[way].way);
			check_command(command, n, way);
			if (load && strncmp(limit_in_force(), n % 2 == 0 ? OLD : NEW, 7) != 0 &&
			    strncmp(limit_in_force(), n % 2 == 0 ? NEW : OLD, 7) != 0)
				wrong("no good rules in force", n, way, limit_in_force());
		}
	ck_assert_int_eq(deliver().letter, 'K');
	end(allocations);
}
END_TEST

Suite *
suite_torture_allocs(void)
{
	Suite *s = suite_create("torture_allocs");
	TCase *t = tcase_create("allocs");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 3600);
	tcase_add_loop_test(t, torture_wrapper_allocs, 0, 2);
	tcase_add_loop_test(t, torture_cli_allocs, 0, sizeof commands / sizeof commands[0]);
	suite_add_tcase(s, t);
	return s;
}
