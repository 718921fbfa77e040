/* test_summary_faults - `report` and `metrics` while calls and allocations fail, on terminals, and of odd stores */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the name is the C library's */
#define _GNU_SOURCE /* posix_openpt(3) */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "admin_file.h"
#include "admin_history.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "hour.h"
#include "log.h"
#include "store.h"
#include "suites.h"
#include "tally.h"
#include "terminal.h"

#define HOUR 3600
#define NOW_HOUR ((uint32_t)(HARNESS_NOW / HOUR))
#define RUNS_MAX 3000

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.1500s", wanted, text);
}

static void
put(enum store_kind kind, uint32_t hour, enum meter_kind meter_kind, const char *name, const struct counters *c)
{
	struct store *s = store_lmdb_new(harness_path("state"), kind, 1000);
	struct meter meter;

	ck_assert(s != NULL && store_begin(s, true) == 0);
	meter_set(&meter, meter_kind, name);
	ck_assert_int_eq(store_counters_put(s, hour, &meter, c), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

/* Rows of made-up names in one hour of the ledger, in transactions that any map has room for. */
static void
put_many(uint32_t hour, unsigned count)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	const struct counters c = { .held = 1 };
	struct meter meter;
	char name[40];

	ck_assert(s != NULL && store_begin(s, true) == 0);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "made-up-%06u.example", i);
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(s, hour, &meter, &c), 0);
		if (i % 10000 == 9999)
			ck_assert(store_commit(s) == 0 && store_begin(s, true) == 0);
	}
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static const struct counters some = { .admitted = 30, .sent = 6, .failed = 24, .held = 1, .tripped = true };

/* --- calls that fail --- */

static char a_example[] = "a.example", server[] = "server", *none[] = { NULL }, *one[] = { a_example, NULL },
    *two[] = { a_example, server, NULL };

static const struct {
	int (*run)(struct admin *a);
	char **names;
	struct {
		enum admin_option option;
		const char *word; /* "@": the file */
	} options[3];
} commands[] = {
	{ admin_report, none, { { 0, NULL } } },
	{ admin_report, two, { { ADMIN_JSON, "" } } },
	{ admin_report, none, { { ADMIN_BY, "day" }, { ADMIN_SINCE, "48h" } } },
	{ admin_report, one, { { ADMIN_BY, "hour" } } },
	{ admin_report, none, { { ADMIN_BY, "hour" }, { ADMIN_JSON, "" } } },
	{ admin_report, none, { { ADMIN_HTML, "@" } } },
	{ admin_report, two, { { ADMIN_HTML, "-" } } },
	{ admin_metrics, none, { { ADMIN_TEXTFILE, "@" }, { ADMIN_LIMIT, "1" } } },
	{ admin_metrics, none, { { 0, NULL } } },
};

static const char *file; /* its path */

static const struct {
	int error;
	bool on;
} ways[] = { { EIO, false }, { EIO, true }, { MDB_CORRUPTED, false }, { MDB_CORRUPTED, true } };

#define WAYS HARNESS_ROWS(ways)

/* Runs a command; its status. Nothing here allocates. */
static int
run(int which)
{
	static struct admin admin;

	admin_init(&admin, HARNESS_NOW);
	admin.names = commands[which].names;
	for (size_t i = 0; i < 3 && commands[which].options[i].word != NULL; i++) {
		const char *word = commands[which].options[i].word;

		admin.option[commands[which].options[i].option] = strcmp(word, "@") == 0 ? file : word;
	}
	return commands[which].run(&admin);
}

/* What the file "out", which stdout is, and "file" have in them. */
static const char *
written(void)
{
	static char text[1 << 18];
	size_t n = 0;

	ck_assert_int_eq(fflush(stdout), 0);
	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(harness_path(i == 0 ? "out" : "file"), "r");

		if (f == NULL)
			continue;
		n += fread(text + n, 1, sizeof text - n - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
forget_written(void)
{
	rewind(stdout);
	ck_assert_int_eq(ftruncate(1, 0), 0);
	(void)unlink(harness_path("file"));
}

static void
fill_live(void)
{
	harness_rules("default = { max_per_hour = 4; };");
	(void)harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x");
	(void)harness_deliver(harness_message(NULL, NULL), "a@b.example", "reject@x");
	put(STORE_LIVE, NOW_HOUR - 1, METER_DOMAIN, "a.example", &some);
}

static void
some_hours(void)
{
	harness_start();
	log_to("/nonexistent/log");
	fill_live();
	put(STORE_LEDGER, NOW_HOUR - 2, METER_DOMAIN, "a.example", &some);
	put(STORE_LEDGER, NOW_HOUR - 2, METER_SERVER, "", &some);
	file = harness_path("file");
	ck_assert_ptr_nonnull(freopen(harness_path("out"), "w+", stdout));
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

/* Goal: all of it, or a status of sysexits.h; never less than all and "well". */
START_TEST(test_calls)
{
	int which = _i / WAYS, rc;
	const char *text;
	char *whole;
	unsigned n = 0;
	bool trouble = ways[_i % WAYS].error == EIO;

	ck_assert_int_eq(run(which), EX_OK);
	whole = strdup(written());
	ck_assert_ptr_nonnull(whole);
	ck_assert_uint_gt(strlen(whole), 200);
	do {
		ck_assert_uint_lt(++n, RUNS_MAX);
		forget_written();
		harness_fail_at(n, ways[_i % WAYS].on, ways[_i % WAYS].error);
		rc = run(which);
		if (harness_fail_end() < n)
			break;
		ck_assert_msg(rc == EX_OK || (rc >= EX__BASE && rc <= EX__MAX), "call %u: %d", n, rc);
		text = written();
		if (trouble && rc == EX_OK)
			ck_assert_msg(strcmp(text, whole) == 0, "call %u: %s", n, text);
		if (!trouble && (rc != EX_OK || access(harness_state("live.mdb.damaged"), F_OK) == 0)) {
			fill_live(); /* damage may have cost it */
			(void)unlink(harness_state("live.mdb.damaged"));
		}
	} while (true);
	ck_assert_int_eq(rc, EX_OK);
	if (trouble)
		ck_assert_str_eq(written(), whole);
	ck_assert_uint_gt(n, 10);
	free(whole);
}
END_TEST

/* Goal: the same of a ledger alone. */
START_TEST(test_calls_without_live)
{
	char *whole;
	unsigned n = 0;
	bool ended;
	int rc;

	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(run(0), EX_OK);
	whole = strdup(written());
	ck_assert_ptr_nonnull(whole);
	contains(whole, "a.example");
	do {
		forget_written();
		harness_fail_at(++n, false, EIO);
		rc = run(0);
		ended = harness_fail_end() < n;
		if (rc == EX_OK)
			ck_assert_str_eq(written(), whole);
	} while (!ended);
	ck_assert_int_eq(rc, EX_OK);
	ck_assert_uint_gt(n, 10);
	free(whole);
}
END_TEST

/* --- files --- */

static void
print_word(FILE *f, void *context)
{
	(void)fputs(context, f);
}

/* Goal: what cannot be written whole leaves what was there, and nothing beside it. */
START_TEST(test_file_faults)
{
	const char *path = harness_path("file");
	char *big = malloc(100000), text[10] = "";
	static const char *const failing[] = { "rename", "fchmod", "fdopen" };
	glob_t beside;
	FILE *f;

	ck_assert_ptr_nonnull(big);
	memset(big, 'x', 99999);
	big[99999] = '\0';
	harness_write(path, "old", 3);
	ck_assert_ptr_nonnull(freopen(harness_path("err"), "w", stderr));
	if (_i < 3) {
		harness_call_fails(failing[_i], 0, 1, EIO);
	} else {
		const struct rlimit limit = { 1000, 1000 };

		if (_i == 3)
			big[2000] = '\0'; /* which is written when the file is closed */
		ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
	}
	ck_assert_int_eq(admin_file_write(path, print_word, big), EX_CANTCREAT);
	f = fopen(path, "r");
	ck_assert(f != NULL && fread(text, 1, 9, f) == 3);
	(void)fclose(f);
	ck_assert_str_eq(text, "old");
	free(big);
	ck_assert_int_eq(glob(harness_path("file.*"), 0, NULL, &beside), GLOB_NOMATCH);
}
END_TEST

/* Goal: whoever has the ledger's lock is named; a live store that is locked as well. */
START_TEST(test_locked)
{
	static const char *const said[] = { "state/lock: another process", "state/ledger.lock: another process",
		"the store cannot be used", "state/ledger.lock: another process" };
	char text[2000] = "";
	FILE *f;

	ck_assert_ptr_nonnull(freopen(harness_path("err"), "w", stderr));
	harness_call_fails("flock", (unsigned)_i, 1, ETIMEDOUT);
	ck_assert_int_eq(run(0), EX_IOERR);
	ck_assert_int_eq(fflush(stderr), 0);
	f = fopen(harness_path("err"), "r");
	ck_assert(f != NULL && fread(text, 1, sizeof text - 1, f) > 0);
	(void)fclose(f);
	contains(text, said[_i]);
	ck_assert_str_eq(written(), "");
}
END_TEST

/* --- terminals --- */

/* The other end of a new one, which is the descriptor `fd` from now on. */
static int
become_terminal(int fd)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

	ck_assert(master != -1 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert(slave != -1 && dup2(slave, fd) == fd && close(slave) == 0);
	return master;
}

static const struct {
	const char *columns;
	int screen, width;
} widths[] = { { "132", 100, 132 }, { NULL, 100, 100 }, { "0", 100, 100 }, { "-5", 100, 100 }, { "wide", 100, 100 },
	{ NULL, 0, 80 }, { "1001", 100, 80 }, { "1000", 100, 1000 }, { NULL, -1, 80 } };

START_TEST(test_width)
{
	const struct winsize size = { .ws_col = (unsigned short)widths[_i].screen };

	if (widths[_i].columns == NULL)
		(void)unsetenv("COLUMNS");
	else
		(void)setenv("COLUMNS", widths[_i].columns, 1);
	if (widths[_i].screen < 0)
		ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	else
		ck_assert_int_eq(ioctl(become_terminal(1), TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(terminal_width(), widths[_i].width);
}
END_TEST

static const struct {
	const char *all, *type, *lang;
	bool utf8;
} locales[] = { { NULL, NULL, NULL, false }, { "C", "de_DE.UTF-8", "de_DE.UTF-8", false },
	{ "", "de_DE.UTF-8", "C", true }, { NULL, "", "C.utf8", true }, { NULL, NULL, "en_US.utf-8", true },
	{ NULL, NULL, "en_US.UTF8", true }, { NULL, "de_DE@euro", "C.UTF-8", false }, { "", "", "", false } };

START_TEST(test_utf8)
{
	const char *const values[] = { locales[_i].all, locales[_i].type, locales[_i].lang };
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(values[i] != NULL ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
	ck_assert_int_eq(terminal_is_utf8(), locales[_i].utf8);
}
END_TEST

static unsigned batches;

/* As a slow disk: the second batch of the ledger takes more than a second, as do later ones some time. */
static int
slowly(void)
{
	if (++batches == 6)
		(void)usleep(1100000);
	if (batches == 8)
		(void)usleep(300000);
	return 0;
}

/* Goal: on a terminal long work says how far it is, not too often, and wipes that away; elsewhere it says nothing. */
START_TEST(test_progress)
{
	char text[4000] = "", *at;
	unsigned shown = 0;
	bool terminal = _i == 0;
	int from;
	ssize_t n;

	for (uint32_t hour = NOW_HOUR - 12; hour < NOW_HOUR - 2; hour++)
		put_many(hour, 2000);
	from = terminal ? become_terminal(2) : open(harness_path("err"), O_RDWR | O_CREAT, 0600);
	if (!terminal)
		ck_assert_int_eq(dup2(from, 2), 2);
	batches = 0;
	harness_on_call("flock", slowly);
	ck_assert_int_eq(run(0), EX_OK);
	ck_assert_int_eq(fflush(stderr), 0);
	harness_on_call("flock", NULL);
	ck_assert_uint_gt(batches, 10);
	ck_assert_int_eq(fcntl(from, F_SETFL, O_NONBLOCK), 0);
	n = terminal ? read(from, text, sizeof text - 1) : pread(from, text, sizeof text - 1, 0);
	if (!terminal) {
		ck_assert_int_eq(n, 0);
		return;
	}
	ck_assert_int_gt(n, 0);
	for (at = text; (at = strstr(at, "\rreading the ledger: 2026-11-21 ")) != NULL; at++)
		shown++;
	ck_assert_msg(shown >= 2 && shown <= 3, "%u: %s", shown, text);
	ck_assert_str_eq(text + n - 4, "\r\033[K");
	contains(written(), "made-up-000000.example");
}
END_TEST

/* --- odd stores --- */

/* Goal: what looks compromised is said in words, for each of the reasons; hours that tripped are counted. */
START_TEST(test_words)
{
	struct counters c = { .admitted = 50, .sent = 50, .held = 90, .refused = 10, .generation = 1 };
	const char *out;

	limits_init(&c.limits);
	c.limits.max_per_hour = 50;
	put(STORE_LEDGER, NOW_HOUR - 3, METER_DOMAIN, "excess.example", &c);
	c.tripped = true;
	put(STORE_LEDGER, NOW_HOUR - 4, METER_DOMAIN, "excess.example", &c);
	c = (struct counters){ .admitted = 100, .sent = 85, .failed = 15 };
	put(STORE_LEDGER, NOW_HOUR - 3, METER_USER, "uid:77", &c);
	c = (struct counters){ .admitted = 9, .sent = 9, .tripped = true };
	put(STORE_LEDGER, NOW_HOUR - 3, METER_DOMAIN, "once.example", &c);
	put(STORE_LEDGER, NOW_HOUR - 4, METER_SERVER, "", &c);
	put(STORE_LEDGER, NOW_HOUR - 3, METER_DESTINATION,
	    "a-name-of-more-than-sixty-bytes-which-no-column-is-made-wider-for.example", &some);
	out = harness_cli("report").out;
	contains(out, "  LOOKS COMPROMISED: 150 wanted, 50 allowed in the hour from 2026-11-21 13:00:00 UTC; "
	    "tripped in 1 hour; stopped in 2 hours\n");
	contains(out, "  LOOKS COMPROMISED: suddenly 100, 15 failed or deferred in the hour from 2026-11-21 14:00:00 UTC\n");
	contains(out, "\ndomain      once.example ");
	contains(out, "    0%  tripped in 1 hour\n");
	contains(out, "\nserver      - "); /* a limit of its own has stopped something */
	contains(out, "-made-wider-for.example       30 ");
	contains(harness_cli("report", "--json", "excess.example").out, "\"sign\":\"excess\"");
	contains(harness_cli("report", "--json", "uid:77").out, "\"sign\":\"surge\"");
	contains(harness_cli("report", "--json", "--limit", "1").out, "excess.example");
	ck_assert_ptr_null(strchr(strchr(harness_cli("report", "--json", "--limit", "1").out, '\n') + 1, '\n'));
	contains(harness_cli("report", "server").out, "\nserver      - ");
}
END_TEST

/* Goal: a row of the running hour that the ledger is ahead of, or behind, is no other row. */
START_TEST(test_other_hours)
{
	put(STORE_LEDGER, NOW_HOUR - 1, METER_DOMAIN, "late.example", &some);
	put(STORE_LEDGER, NOW_HOUR - 5, METER_DOMAIN, "a.example", &some);
	put(STORE_LIVE, NOW_HOUR - 3, METER_DOMAIN, "a.example", &some);
	contains(harness_cli("report", "--json").out, "\"name\":\"late.example\"");
	contains(harness_cli("report", "--json", "a.example").out, "\"hours\":5,");
}
END_TEST

/* Goal: what a live store of nobody's, or of another boot, has counted is not told. */
START_TEST(test_live_of_nobody)
{
	struct info info;
	struct store *s;

	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	put(STORE_LIVE, NOW_HOUR, METER_DOMAIN, "nobody.example", &some);
	if (_i == 1) {
		s = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
		memset(&info, 0, sizeof info);
		info.hour = NOW_HOUR;
		info.boot[0] = 1;
		ck_assert(s != NULL && store_begin(s, true) == 0 && store_info_put(s, &info) == 0);
		ck_assert_int_eq(store_commit(s), 0);
		store_close(s);
	}
	ck_assert_ptr_null(strstr(harness_cli("report").out, "nobody.example"));
	contains(harness_cli("report").out, "a.example");
}
END_TEST

/* Goal: a kind that a later version may have is not told by this one, which has no word for it. */
START_TEST(test_later_kind)
{
	put(STORE_LIVE, NOW_HOUR, (enum meter_kind)9, "later.example", &some);
	ck_assert_ptr_null(strstr(harness_cli("metrics").out, "later.example"));
	contains(harness_cli("metrics").out, "\nqlimit_sent{kind=\"domain\",name=\"a.example\"} 1\n");
	contains(harness_cli("report").out, "\nunknown     later.example ");
}
END_TEST

/* Goal: what is asked for must have come by the hour that is counted in, too. */
START_TEST(test_not_come)
{
	struct harness_output o = harness_cli("report", "--since", "2026-11-21T19:00");

	ck_assert_int_eq(o.status, EX_USAGE);
	contains(o.err, "has not come yet");
	ck_assert_str_eq(o.out, "");
}
END_TEST

/* Goal: too many names for the memory there may be: nothing is lost, and it is said. */
START_TEST(test_too_many_names)
{
	struct harness_output o;

	put_many(NOW_HOUR - 8, 400000);
	o = harness_cli("report", "--limit", "2");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.err, "too many names for one report");
	contains(o.out, "\ndomain      (all others) ");
	contains(o.out, "  400003       0   78%\n"); /* held in all: what others were, and the rows of some_hours() */
	contains(harness_cli("report", "--json", "--limit", "2").out, "{\"kind\":\"domain\",\"name\":\"\",");
}
END_TEST

/* Goal: a narrow terminal has a bar of some columns, and what is little a column of it; exempt meters no limit. */
START_TEST(test_narrow)
{
	struct counters c = { .admitted = 1000, .sent = 1000, .refused = 1, .generation = 1 };
	const char *out;

	limits_init(&c.limits);
	c.limits.max_per_hour = 4000;
	c.limits.exempt = true;
	put(STORE_LEDGER, NOW_HOUR - 3, METER_DOMAIN, "c.example", &c);
	(void)setenv("COLUMNS", "20", 1);
	(void)setenv("LC_ALL", "C", 1);
	out = harness_cli("report", "--by", "hour", "--since", "4h", "c.example").out;
	contains(out, "11-21 14:00    1000        0      0      0       1    0% stopped ##########.\n");
	(void)setenv("COLUMNS", "130", 1);
	contains(harness_cli("report", "--by", "hour", "--since", "4h", "c.example").out, "ADMITTED    SENT DEFERRED FAILED "
	    "UNREACHED");
	contains(harness_cli("report", "--by", "hour", "--since", "1h", "c.example").out, " 0% -\n");
	contains(harness_cli("report", "--by", "day", "--json", "c.example").out,
	    "{\"kind\":\"domain\",\"name\":\"c.example\"");
}
END_TEST

/* --- tallies --- */

/* Goal: memory that is out is an error at whichever allocation, and no leak. */
START_TEST(test_tally_memory)
{
	struct meter meter;
	char name[40];
	unsigned n = 0, ended;

	do {
		struct tally *t;
		bool ok;

		harness_fail_at(++n, false, 0);
		t = tally_new(TALLY_BYTES_MAX);
		ok = t != NULL;
		for (int i = 0; ok && i < 4000; i++) {
			(void)snprintf(name, sizeof name, "d%d.example", i);
			meter_set(&meter, METER_DOMAIN, name);
			ok = tally_of(t, &meter) != NULL;
			if (!ok)
				ck_assert_int_eq(errno, ENOMEM);
		}
		ended = harness_fail_end();
		ck_assert_int_eq(ok, ended < n);
		tally_free(t);
	} while (ended >= n);
	ck_assert_uint_gt(n, 10);
}
END_TEST

Suite *
suite_summary_faults(void)
{
	Suite *s = suite_create("summary_faults");
	TCase *t = tcase_create("terminal"), *f = tcase_create("faults"), *c = tcase_create("odd");

	tcase_add_loop_test(t, test_width, 0, HARNESS_ROWS(widths));
	tcase_add_loop_test(t, test_utf8, 0, HARNESS_ROWS(locales));
	tcase_add_test(t, test_tally_memory);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(f, some_hours, harness_end);
	tcase_set_timeout(f, 120);
	tcase_add_loop_test(f, test_calls, 0, HARNESS_ROWS(commands) * WAYS);
	tcase_add_test(f, test_calls_without_live);
	tcase_add_loop_test(f, test_file_faults, 0, 5);
	tcase_add_loop_test(f, test_locked, 0, 4);
	tcase_add_loop_test(f, test_progress, 0, 2);
	suite_add_tcase(s, f);
	tcase_add_checked_fixture(c, some_hours, harness_end);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, test_words);
	tcase_add_test(c, test_other_hours);
	tcase_add_loop_test(c, test_live_of_nobody, 0, 2);
	tcase_add_test(c, test_later_kind);
	tcase_add_test(c, test_not_come);
	tcase_add_test(c, test_too_many_names);
	tcase_add_test(c, test_narrow);
	suite_add_tcase(s, c);
	return s;
}
