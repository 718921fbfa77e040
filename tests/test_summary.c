/* test_summary - `qlimit report`: past hours, added up, judged and drawn */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_show.h"
#include "hour.h"
#include "store.h"
#include "suites.h"
#include "summary.h"
#include "tally.h"
#include "timespan.h"

#define HOUR 3600
#define NOW_HOUR ((uint32_t)(HARNESS_NOW / HOUR)) /* 2026-11-21 17:00 UTC */

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.1500s", wanted, text);
}

static void
lacks(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "in it: %s\n%.1500s", unwanted, text);
}

/* --- times --- */

static const struct {
	const char *zone, *since, *until;
	int from, to;    /* hours from the running one */
	const char *why; /* NULL: it is right */
	bool until_is_wrong;
} spans[] = {
	{ "UTC", NULL, NULL, -23, 1, NULL, false },
	{ "UTC", "1h", NULL, 0, 1, NULL, false },
	{ "UTC", "7d", NULL, -167, 1, NULL, false },
	{ "UTC", "3660d", NULL, 1 - 3660 * 24, 1, NULL, false },
	{ "UTC", "3h", "1h", -2, 0, NULL, false },
	{ "UTC", "2026-11-21", NULL, -17, 1, NULL, false },
	{ "UTC", "2026-11-20", "2026-11-21", -41, -17, NULL, false },
	{ "UTC", "2026-11-21T16:00", "2026-11-21T17:00", -1, 0, NULL, false },
	{ "UTC", "2026-11-21T15:59", "2026-11-21T16:01", -2, 0, NULL, false },
	{ "UTC", "2026-11-21T16:00", "2026-12-24", -1, 1, NULL, false },
	{ "Europe/Berlin", "2026-11-21T18:00", NULL, 0, 1, NULL, false },
	{ "Europe/Berlin", "2026-11-21", NULL, -18, 1, NULL, false },
	{ "Asia/Kolkata", "2026-11-21", "2026-11-21T12:00", -23, -10, NULL, false },
	{ "Europe/Berlin", "2026-03-29T02:30", "2026-03-29T04:00", -5704, -5703, NULL, false }, /* left out */
	{ "UTC", "30m", NULL, 0, 0, "whole hours", false },
	{ "UTC", "90s", NULL, 0, 0, "whole hours", false },
	{ "UTC", "0h", NULL, 0, 0, "whole hours", false },
	{ "UTC", "3661d", NULL, 0, 0, "at most", false },
	{ "UTC", "99999999999999999999h", NULL, 0, 0, "at most", false },
	{ "UTC", "1971-01-01", NULL, 0, 0, "at most", false },
	{ "UTC", "24", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "h", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "-5h", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "yesterday", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21T18", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21 18:00", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21T18:00:00", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "5x", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "1969-12-31", NULL, 0, 0, "at most", false },
	{ "UTC", "2026/11/21", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11/21", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-00-21", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-00", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21Tx8:00", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21T18-00", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2026-11-21T18:x0", NULL, 0, 0, "write hours or days", false },
	{ "UTC", "2025-12-32", NULL, 0, 0, "no day or time", false },
	{ "UTC", "2026-06-31", NULL, 0, 0, "no day or time", false },
	{ "UTC", "2026-13-01", NULL, 0, 0, "no day or time", false },
	{ "UTC", "2026-11-20T24:00", NULL, 0, 0, "no day or time", false },
	{ "UTC", "2026-11-20T10:60", NULL, 0, 0, "no day or time", false },
	{ "UTC", "0000-11-20", NULL, 0, 0, "no day or time", false },
	{ "UTC", "2026-11-21T18:00", NULL, 0, 0, "not come yet", false },
	{ "UTC", "2h", "2h", 0, 0, "no later", true },
	{ "UTC", "2026-11-20", "2026-11-19", 0, 0, "no later", true },
	{ "UTC", "24h", "noon", 0, 0, "write hours or days", true },
};

START_TEST(test_times)
{
	struct timespan t;
	const char *wrong, *why;

	(void)setenv("TZ", spans[_i].zone, 1);
	tzset();
	why = timespan_parse(&t, spans[_i].since, spans[_i].until, NOW_HOUR, &wrong);
	if (spans[_i].why == NULL) {
		ck_assert_msg(why == NULL, "%s: %s", wrong, why);
		ck_assert_int_eq((int)(t.from - NOW_HOUR), spans[_i].from);
		ck_assert_int_eq((int)(t.to - NOW_HOUR), spans[_i].to);
	} else {
		ck_assert_msg(why != NULL, "%s is taken", spans[_i].since);
		contains(why, spans[_i].why);
		ck_assert_ptr_eq(wrong, spans[_i].until_is_wrong ? spans[_i].until : spans[_i].since);
	}
}
END_TEST

/* Goal: there is no hour before the first. */
START_TEST(test_first_hours)
{
	struct timespan t;
	const char *wrong;

	ck_assert_ptr_null(timespan_parse(&t, "24h", NULL, 5, &wrong));
	ck_assert(t.from == 0 && t.to == 6);
}
END_TEST

/* --- who looks compromised --- */

static const struct {
	const char *label;
	uint64_t sent, failed, deferred, held;
	uint32_t limit, quiet; /* and so many in each of the other hours */
	uint32_t hours;
	enum summary_sign sign;
} judged[] = {
	{ "nothing", 0, 0, 0, 0, 0, 0, 24, SUMMARY_FINE },
	{ "busy and well", 5000, 100, 100, 0, 0, 5000, 24, SUMMARY_FINE },
	{ "just not enough failures", 10, 19, 0, 0, 0, 0, 24, SUMMARY_FINE },
	{ "enough", 10, 20, 0, 0, 0, 0, 24, SUMMARY_FAILURES },
	{ "deferred count as well", 10, 10, 10, 0, 0, 0, 24, SUMMARY_FAILURES },
	{ "39 percent", 61, 20, 19, 0, 0, 61, 24, SUMMARY_FINE },
	{ "40 percent", 60, 20, 20, 0, 0, 60, 24, SUMMARY_FAILURES },
	{ "a good week does not hide a bad hour", 60, 40, 0, 0, 0, 1000, 168, SUMMARY_FAILURES },
	{ "twice the limit", 50, 0, 0, 50, 50, 50, 24, SUMMARY_EXCESS },
	{ "not twice", 51, 0, 0, 50, 51, 51, 24, SUMMARY_FINE },
	{ "twice, but little", 49, 0, 0, 50, 49, 49, 24, SUMMARY_FINE },
	{ "over a limit that was not enforced", 200, 0, 0, 0, 50, 200, 24, SUMMARY_FINE },
	{ "a surge with failures", 90, 10, 0, 0, 0, 10, 24, SUMMARY_SURGE },
	{ "a surge that is well: a newsletter", 1000, 10, 0, 0, 0, 0, 24, SUMMARY_FINE },
	{ "not ten times", 90, 10, 0, 0, 0, 11, 24, SUMMARY_FINE },
	{ "too short to tell", 90, 10, 0, 0, 0, 0, 23, SUMMARY_FINE },
};

START_TEST(test_judged)
{
	struct summary s = { .newest = 0 };
	struct summary_hour why;
	struct counters c = { .sent = judged[_i].sent, .failed = judged[_i].failed,
		.deferred = judged[_i].deferred, .held = judged[_i].held };
	enum summary_sign sign;

	c.admitted = c.sent + c.failed + c.deferred;
	c.limits.max_per_hour = judged[_i].limit;
	summary_add(&s, 1000, &c);
	c = (struct counters){ .sent = judged[_i].quiet, .admitted = judged[_i].quiet, .limits = c.limits };
	for (uint32_t i = 1; i < judged[_i].hours; i++)
		summary_add(&s, 1000 + i, &c);
	sign = summary_judge(&s, judged[_i].hours, &why);
	ck_assert_msg(sign == judged[_i].sign, "%s: %s", judged[_i].label, summary_sign_name(sign));
	if (sign != SUMMARY_FINE)
		ck_assert_uint_eq(why.hour, 1000);
	ck_assert_uint_eq(s.hours, judged[_i].hours);
}
END_TEST

/* --- many meters --- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp((*(struct tally_row *const *)a)->name, (*(struct tally_row *const *)b)->name);
}

/* Goal: every meter has one row; with no more room further ones share theirs, and nothing is lost. */
START_TEST(test_tally)
{
	size_t most = _i == 0 ? TALLY_BYTES_MAX : (size_t)1 << 20, count;
	struct tally *t = tally_new(most);
	const struct counters one = { .admitted = 1 };
	struct tally_row **rows;
	struct meter meter, back;
	uint64_t sum = 0;
	char name[40];

	ck_assert_ptr_nonnull(t);
	for (int i = 0; i < 40000; i++) {
		struct tally_row *row;

		(void)snprintf(name, sizeof name, "d%d.example", i % 20000);
		meter_set(&meter, i % 2 == 0 ? METER_DOMAIN : METER_USER, name);
		row = tally_of(t, &meter);
		ck_assert_ptr_nonnull(row);
		summary_add(&row->summary, (uint32_t)i, &one);
	}
	ck_assert_int_eq(tally_is_full(t), _i == 1);
	rows = tally_sort(t, compare_names, &count);
	for (size_t i = 0; i < count; i++) {
		sum += rows[i]->summary.sum.admitted;
		tally_meter(rows[i], &back);
		ck_assert_str_eq(back.name, rows[i]->name);
		if (_i == 0)
			ck_assert_uint_eq(rows[i]->summary.sum.admitted, 2);
	}
	ck_assert_uint_eq(sum, 40000);
	if (_i == 0)
		ck_assert_uint_eq(count, 20000);
	else
		ck_assert(count > 1000 && count < 10000 && rows[0]->length == 0 && rows[1]->length == 0);
	tally_free(t);
	tally_free(NULL);
}
END_TEST

/* --- the command --- */

static char
send_one(const char *sender, const char *recipient)
{
	return harness_deliver(harness_message(NULL, NULL), sender, recipient).letter;
}

/*
 * Three hours. a.example: four admitted at a limit of four (two sent, one failed, one deferred), one held, one
 * refused; then one sent. b.example: one sent and one without an answer; then one sent.
 */
static void
three_hours(void)
{
	harness_rules("default = { max_per_hour = 4; };");
	ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'K');
	ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'K');
	ck_assert_int_eq(send_one("a@a.example", "reject@x"), 'D');
	ck_assert_int_eq(send_one("a@a.example", "greylist@x"), 'Z');
	ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'Z');
	ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'D');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(send_one("a@b.example", "accept@x"), 'K');
	ck_assert_int_eq(send_one("a@b.example", "unreachable@x"), 'Z');
	ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'K');
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	ck_assert_int_eq(send_one("a@b.example", "accept@x"), 'K');
}

static const char a_json[] = "{\"kind\":\"domain\",\"name\":\"a.example\",\"since\":\"2026-11-20T20:00:00Z\","
    "\"until\":\"2026-11-21T20:00:00Z\",\"admitted\":5,\"sent\":3,\"deferred\":1,\"failed\":1,\"unreached\":0,"
    "\"held\":1,\"refused\":1,\"discarded\":0,\"bytes\":";
static const char b_json[] = "{\"kind\":\"domain\",\"name\":\"b.example\",\"since\":\"2026-11-20T20:00:00Z\","
    "\"until\":\"2026-11-21T20:00:00Z\",\"admitted\":3,\"sent\":2,\"deferred\":0,\"failed\":0,\"unreached\":1,"
    "\"held\":0,\"refused\":0,\"discarded\":0,\"bytes\":";

/* Of the ledger into the live store, as a tidy that is between its two steps has them. */
static void
put_rows_back(void)
{
	struct store *ledger = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	struct store *live = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
	struct store_row row = { .hour = 0 };

	ck_assert(ledger != NULL && live != NULL);
	ck_assert_int_eq(store_begin(ledger, false), 0);
	ck_assert_int_eq(store_begin(live, false), 0);
	while (store_counters_next(ledger, 0, UINT32_MAX, &row) == 1)
		if (strcmp(row.meter.name, "b.example") != 0)
			ck_assert_int_eq(store_counters_put(live, row.hour, &row.meter, &row.counters), 0);
	ck_assert_int_eq(store_commit(live), 0);
	store_rollback(ledger);
	store_close(live);
	store_close(ledger);
}

/* Goal: the sums are what was delivered, wherever the rows are: in one store, the other, both. */
START_TEST(test_sums)
{
	const char *first, *a, *b;

	three_hours();
	first = harness_cli("report", "--json").out; /* a tidy runs beside this one */
	a = strstr(first, a_json);
	b = strstr(first, b_json);
	ck_assert_msg(a != NULL && b != NULL && a < b, "%s", first);
	contains(first, "\"failure_percent\":40,\"hours\":2,\"stopped_hours\":1,\"tripped_hours\":0,"
	    "\"max_per_hour\":4,\"looks\":\"fine\",\"returned\":0}\n");
	contains(first, "{\"kind\":\"server\",\"name\":\"\",");
	ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	ck_assert_str_eq(harness_cli("report", "--json").out, first);
	put_rows_back();
	ck_assert_str_eq(harness_cli("report", "--json").out, first);
	/* By name, one look-up an hour: the same, and in the order asked for nothing changes. */
	ck_assert_str_eq(harness_cli("report", "--json", "b.example", "A.example.", "server", "uid:1000").out, first);
}
END_TEST

START_TEST(test_by_meter)
{
	struct harness_output o;

	(void)setenv("TZ", "Europe/Berlin", 1);
	three_hours();
	o = harness_cli("report");
	ck_assert_int_eq(o.status, EX_OK);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(o.out,
	    "Sent summary of all mail, 2026-11-20 21:00:00 CET to 2026-11-21 21:00:00 CET (24 hours)\n"
	    "KIND        NAME      ADMITTED     SENT DEFERRED  FAILED UNREACHED    HELD REFUSED FAIL%  NOTES\n"
	    "domain      a.example        5        3        1       1         0       1       1   40%  "
	    "stopped in 1 hour\n"
	    "user        uid:1000         8        5        1       1         1       0       0   28%\n"
	    "domain      b.example        3        2        0       0         1       0       0    0%\n"
	    "total       -                8        5        1       1         1       1       1   28%\n");
	o = harness_cli("report", "--since", "2026-11-21T19:00", "--until", "2026-11-21T20:00", "--limit", "1");
	contains(o.out, "(1 hour)\n");
	contains(o.out, "\nand 2 more\n");
	contains(o.out, "\ntotal       -               3        2        0       0         1       0       0    0%\n");
	o = harness_cli("report", "--since", "1h", "a.example");
	contains(o.out, "Sent summary of the meters named, ");
	contains(o.out, "nothing was counted in these hours\n");
}
END_TEST

static int
widest_line(const char *text)
{
	int widest = 0, width = 0;

	for (; *text != '\0'; text++) {
		width = *text == '\n' ? 0 : width + ((*text & 0xc0) != 0x80);
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* `qlimit report` on a terminal of this width, without how far it is. */
static const char *
report_on(int columns)
{
	const char *rows;

	harness_screen_open(columns, 30, (const char *const[]){ "/bin/sh", "-c", "exec \"$0\" report 2>/dev/null",
		harness_program("qlimit"), NULL });
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	rows = strchr(harness_screen.seen, '\n');
	ck_assert_ptr_nonnull(rows);
	return rows;
}

/* Goal: on a terminal a long name does not make of every line five; a script gets it whole. */
START_TEST(test_on_a_terminal)
{
	char sender[] = "a@nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.example";
	const char *out;

	(void)unsetenv("COLUMNS");
	(void)setenv("LC_ALL", "C", 1);
	three_hours();
	ck_assert_int_eq(send_one(sender, "accept@x"), 'K');
	contains(harness_cli("report").out, sender + 2);
	out = report_on(80);
	ck_assert_msg(widest_line(out) == 80, "%s", out);
	contains(out, "\ndomain      ~nnnnnnnnnnn.example        1        0       0       0       0    0%\n");
	contains(out, "       1       1   40%\n    stopped in 1 hour\n");
	contains(out, "\ntotal       -                           6 ");
	lacks(out, "ADMITTED");
	out = report_on(110);
	ck_assert_msg(widest_line(out) == 110, "%s", out);
	contains(out, "ADMITTED");
	contains(report_on(40), "\ndomain      ~nnn.example        1 ");
}
END_TEST

/* Goal: hours in order, with what stopped in them; the archive has all that a row has. */
START_TEST(test_by_hour)
{
	struct harness_output o;

	(void)setenv("COLUMNS", "120", 1);
	three_hours();
	o = harness_cli("report", "--by", "hour", "--since", "4h");
	ck_assert_str_eq(o.out,
	    "Sent summary of all mail, 2026-11-21 16:00:00 UTC to 2026-11-21 20:00:00 UTC (4 hours)\n"
	    "HOUR        ADMITTED    SENT DEFERRED FAILED UNREACHED   HELD REFUSED FAIL% STATE\n"
	    "11-21 16:00        0       0        0      0         0      0       0    0% -\n"
	    "11-21 17:00        4       2        1      1         0      1       1   50% stopped\n"
	    "11-21 18:00        3       2        0      0         1      0       0    0% -\n"
	    "11-21 19:00        1       1        0      0         0      0       0    0% -\n");
	o = harness_cli("report", "--by", "hour", "--json", "--since", "4h", "a.example");
	contains(o.out, "{\"kind\":\"domain\",\"name\":\"a.example\",\"hour\":\"2026-11-21T17:00:00Z\",\"admitted\":4,"
	    "\"sent\":2,\"deferred\":1,\"failed\":1,\"unreached\":0,\"held\":1,\"refused\":1,\"discarded\":0,\"bytes\":");
	contains(o.out, "\"admitted_before\":0,\"tripped\":false,\"max_per_hour\":4,\"max_per_day\":0,"
	    "\"refuse_above_percent\":125,\"max_failure_percent\":0,\"min_failures\":5,\"on_failures\":\"defer\","
	    "\"count_failures\":\"failed deferred\",\"count\":\"recipients\",\"exempt\":false,\"returned\":0}\n");
	o = harness_cli("report", "--by", "hour", "--json");
	ck_assert_ptr_nonnull(strstr(o.out, "\"name\":\"b.example\",\"hour\":\"2026-11-21T18:00:00Z\",\"admitted\":2,"));
	ck_assert_ptr_nonnull(strstr(o.out, "\"name\":\"b.example\",\"hour\":\"2026-11-21T19:00:00Z\",\"admitted\":1,"));
	contains(o.out, "{\"kind\":\"server\",\"name\":\"\",\"hour\":\"2026-11-21T17:00:00Z\",\"admitted\":4,");
}
END_TEST

/* Goal: days are those of local time. */
START_TEST(test_by_day)
{
	struct harness_output o;

	(void)setenv("TZ", "Asia/Tokyo", 1); /* 17:00 UTC is 02:00 of the 22nd */
	three_hours();
	o = harness_cli("report", "--by", "day", "--since", "2026-11-21", "b.example");
	ck_assert_str_eq(o.out,
	    "Sent summary of domain b.example, 2026-11-21 00:00:00 JST to 2026-11-22 05:00:00 JST (29 hours)\n"
	    "DAY         ADMITTED    SENT DEFERRED FAILED UNREACHED   HELD REFUSED FAIL% STATE\n"
	    "2026-11-21         0       0        0      0         0      0       0    0% -\n"
	    "2026-11-22         3       2        0      0         1      0       0    0% -\n");
	o = harness_cli("report", "--by", "day", "--since", "2026-11-22", "--json");
	contains(o.out, "{\"kind\":\"all\",\"name\":\"\",\"since\":\"2026-11-21T15:00:00Z\","
	    "\"until\":\"2026-11-21T20:00:00Z\",\"admitted\":8,\"sent\":5,\"deferred\":1,\"failed\":1,\"unreached\":1,"
	    "\"held\":1,\"refused\":1,");
}
END_TEST

/* Goal: a bar shows what was sent, failed and stopped, the limit, and that it tripped. */
START_TEST(test_chart)
{
	const char *out;

	(void)setenv("COLUMNS", "88", 1); /* 20 of them for the bar: two for each delivery */
	(void)setenv("LC_ALL", "C", 1);
	harness_rules("default = { max_per_hour = 10; max_failure_percent = 50; min_failures = 3; };");
	for (int i = 0; i < 3; i++)
		(void)send_one("a@a.example", "accept@x");
	for (int i = 0; i < 3; i++)
		(void)send_one("a@a.example", "reject@x");
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(send_one("a@a.example", "accept@x"), 'Z');
	out = harness_cli("report", "--by", "hour", "--since", "2h", "a.example").out;
	contains(out, "HOUR           SENT DEFERRED FAILED   HELD REFUSED FAIL% STATE\n");
	contains(out, "\n11-21 16:00       0        0      0      0       0    0% -\n");
	contains(out, "\n11-21 17:00       3        0      3      2       0   50% tripped ######xxxxxx....    |\n");
	contains(out, "\n# sent  x failed, deferred, unreached  . held, refused  | max_per_hour\n");
	/* One hour is both, in both forms: stopped is what was held or refused, by whatever. */
	contains(harness_cli("report").out, "  tripped in 1 hour; stopped in 1 hour\n");
	contains(harness_cli("report", "--json").out, "\"stopped_hours\":1,\"tripped_hours\":1,");
	(void)setenv("LC_ALL", "", 1);
	(void)setenv("LC_CTYPE", "de_DE.UTF-8", 1);
	out = harness_cli("report", "--by", "hour", "--since", "2h", "a.example").out;
	contains(out, "tripped \u2588\u2588\u2588\u2588\u2588\u2588\u2593\u2593\u2593\u2593\u2593\u2593\u2591\u2591\u2591\u2591    \u2502\n");
}
END_TEST

/* Goal: the domain that was broken into comes first, and it is said why. */
START_TEST(test_looks_compromised)
{
	const char *out;

	harness_rules("");
	for (int i = 0; i < 10; i++)
		(void)send_one("a@hacked.example", "accept@x");
	for (int i = 0; i < 20; i++)
		(void)send_one("a@hacked.example", i % 2 == 0 ? "reject@x" : "greylist@x");
	for (int i = 0; i < 30; i++)
		(void)send_one("a@shop.example", i % 15 == 0 ? "reject@x" : "accept@x");
	out = harness_cli("report").out;
	contains(out, "FAIL%  NOTES\ndomain      hacked.example       30       10       10      10 ");
	contains(out, "  66%  LOOKS COMPROMISED: 20 of 30 failed or deferred in the hour from 2026-11-21 17:00:00 UTC\n");
	/* The user who sent all of it has 22 of 60: not enough. */
	ck_assert_ptr_null(strstr(strstr(out, "LOOKS") + 1, "LOOKS"));
	contains(harness_cli("report", "--json", "hacked.example").out,
	    "\"looks\":\"compromised\",\"sign\":\"failures\",\"sign_hour\":\"2026-11-21T17:00:00Z\",\"returned\":0}\n");
	contains(harness_cli("report", "--json", "shop.example").out, "\"looks\":\"fine\",\"returned\":0}\n");
}
END_TEST

static void
put_rows(enum store_kind kind, uint32_t hour, int from, int to)
{
	struct store *s = store_lmdb_new(harness_path("state"), kind, 1000);
	const struct counters c = { .held = 1, .generation = 0 };
	struct meter meter;
	char name[40];

	ck_assert(s != NULL && store_begin(s, true) == 0);
	for (int i = from; i < to; i++) {
		(void)snprintf(name, sizeof name, "d%05d.example", i);
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(s, hour, &meter, &c), 0);
	}
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

/* Goal: rows of many batches, full ones, and some of them in both stores, are each counted once. */
START_TEST(test_batches)
{
	harness_rules("");
	(void)send_one("a@a.example", "accept@x");
	put_rows(STORE_LEDGER, NOW_HOUR - 1, 0, 4000);
	put_rows(STORE_LIVE, NOW_HOUR - 1, 3500, 4500);
	contains(harness_cli("report", "--limit", "1").out, "\nand 4501 more\ntotal       -             "
	    "        1        1        0       0         0    4500       0    0%\n");
	contains(harness_cli("report", "--by", "hour", "--since", "2h").out, "   4500       0    0% stopped\n");
	put_rows(STORE_LEDGER, NOW_HOUR - 2, 0, 2000);
	contains(harness_cli("report", "--by", "day").out, "   6500       0    0% stopped\n");
}
END_TEST

/* Goal: while a tidy moves rows from one store to the other, none is missed and none counted twice. */
START_TEST(test_beside_tidy)
{
	const char *const tidy[] = { "qlimit", "tidy", NULL };
	const char *out;
	pid_t pid;

	harness_rules("");
	(void)send_one("a@a.example", "accept@x");
	for (int round = 0; round < 3; round++) {
		int status = -1;

		put_rows(STORE_LIVE, NOW_HOUR - 1, 0, 6000);
		pid = harness_background(harness_program("qlimit"), tidy);
		do {
			out = harness_cli("report", "--by", "day").out;
			contains(out, "   6000       0    0% stopped\n");
		} while (waitpid(pid, &status, WNOHANG) == 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* --- clocks, reboots, and stores that are not there --- */

START_TEST(test_nothing)
{
	struct harness_output o = harness_cli("report");

	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "nothing counted yet");
	harness_rules("");
	o = harness_cli("report");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "nothing was counted in these hours\n");
	ck_assert_str_eq(harness_cli("report", "--json").out, "");
}
END_TEST

/* Goal: after a reboot what was in the live store is gone, and closed hours are still told. */
START_TEST(test_reboot)
{
	(void)setenv("QLIMIT_TEST_BOOT", "first", 1);
	three_hours();
	ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	(void)setenv("QLIMIT_TEST_BOOT", "second", 1);
	contains(harness_cli("report", "--json").out, "\"name\":\"b.example\",\"since\":\"2026-11-20T20:00:00Z\","
	    "\"until\":\"2026-11-21T20:00:00Z\",\"admitted\":2,\"sent\":1,");
}
END_TEST

/* Goal: while the clock is behind, counting stays in the newest hour, and the report ends with that. */
START_TEST(test_clock_steps)
{
	harness_rules("");
	(void)send_one("a@a.example", "accept@x");
	harness_set_time(HARNESS_NOW - 2 * HOUR);
	(void)send_one("a@a.example", "accept@x");
	contains(harness_cli("report", "--since", "1h", "--json", "a.example").out,
	    "\"since\":\"2026-11-21T17:00:00Z\",\"until\":\"2026-11-21T18:00:00Z\",\"admitted\":2,");
	/* By more than three hours it is believed, and what is ahead waits for its hour. */
	harness_set_time(HARNESS_NOW - 5 * HOUR);
	(void)send_one("a@a.example", "accept@x");
	contains(harness_cli("report", "--since", "1h", "--json", "a.example").out,
	    "\"since\":\"2026-11-21T12:00:00Z\",\"until\":\"2026-11-21T13:00:00Z\",\"admitted\":1,");
	harness_set_time(HARNESS_NOW);
	contains(harness_cli("report", "--json", "a.example").out, "\"admitted\":3,");
	harness_set_time(HARNESS_NOW + 30 * 86400);
	contains(harness_cli("report").out, "nothing was counted in these hours\n");
	contains(harness_cli("report", "--since", "40d", "--json", "a.example").out, "\"admitted\":3,");
}
END_TEST

static char *
read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *bytes;

	ck_assert(f != NULL && fstat(fileno(f), &st) == 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	ck_assert(bytes != NULL && fread(bytes, 1, *size, f) == *size);
	(void)fclose(f);
	return bytes;
}

/* Goal: a ledger with one bad record, or that is none, is said to be so, and stays as it is. */
START_TEST(test_damaged_ledger)
{
	size_t size, after;
	char *bytes, *now, *at;
	struct harness_output o;

	/* No tidy of a delivery's is to meet the damage. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	three_hours();
	while (wait(NULL) > 0)
		continue;
	ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	bytes = read_file(harness_state("ledger.mdb"), &size);
	if (_i == 0) {
		int found = 0;

		/* In every page that has it: old copies are there as well. */
		for (at = bytes; at + 9 < bytes + size; at++)
			if (memcmp(at, "b.example", 9) == 0) {
				at[0] = 'c';
				found++;
			}
		ck_assert_int_gt(found, 0);
	} else {
		memset(bytes, 'x', size);
	}
	harness_write(harness_state("ledger.mdb"), bytes, size);
	o = harness_cli("report");
	ck_assert_int_eq(o.status, EX_IOERR);
	ck_assert_str_eq(o.out, "");
	contains(o.err, "ledger.mdb");
	contains(o.err, "nothing was changed");
	now = read_file(harness_state("ledger.mdb"), &after);
	ck_assert(after == size && memcmp(now, bytes, size) == 0);
	ck_assert_int_ne(access(harness_state("ledger.mdb.damaged"), F_OK), 0);
	/* Others' records are as good as ever. */
	if (_i == 0)
		contains(harness_cli("report", "--json", "a.example").out, a_json);
	free(bytes);
	free(now);
}
END_TEST

/* Goal: whatever a sender is called, the terminal is told nothing by it. */
START_TEST(test_hostile_names)
{
	static const char *const how[][4] = { { "report" }, { "report", "--json" },
		{ "report", "--by", "hour", "--json" } };

	harness_rules("");
	(void)send_one("a@\x1b[31mred\n\"q\\\x80.example", "accept@x");
	for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
		const char *words[5] = { how[i][0], how[i][1], how[i][2], how[i][3], NULL };
		const char *out = harness_cli_words(words).out;

		for (const char *at = out; *at != '\0'; at++)
			ck_assert_msg(*at == '\n' || (*at >= ' ' && *at <= '~'), "%s", out);
		contains(out, i == 0 ? "\\x1b[31mred\\x0a\\x22q\\x5c\\x80.example" : "\\\\x1b[31mred");
	}
}
END_TEST

static const struct {
	const char *words[6];
	const char *err;
} misused[] = {
	{ { "report", "--since", "30m" }, "--since \"30m\" is too fine: counters are of whole hours; write 1h" },
	{ { "report", "--since", "2026-06-31" }, "--since \"2026-06-31\" is no day or time that there is" },
	{ { "report", "--until", "soon" }, "--until \"soon\" is no time: write hours or days back as 24h or 7d" },
	{ { "report", "--since", "2h", "--until", "5h" }, "--until \"5h\" is no later than the beginning" },
	{ { "report", "--by", "week" }, "--by \"week\" is nothing to go by: write meter, hour or day" },
	{ { "report", "--by", "hour", "a.example", "b.example" }, "--by \"hour\" takes one NAME" },
	{ { "report", "--by", "day", "--limit", "5" }, "--limit \"5\" is for meters" },
	{ { "report", "--limit", "0" }, "--limit \"0\": write a whole number from 1 to" },
	{ { "report", "--limit", "many" }, "--limit \"many\": write a whole number" },
	{ { "report", "--limit", "" }, "--limit \"\": write a whole number" },
	{ { "report", "" }, "not the name of a meter" },
	{ { "report", "--since" }, "usage: qlimit report [--since TIME]" },
	{ { "show", "--since", "24h" }, "usage: qlimit show" },
};

START_TEST(test_misused)
{
	struct harness_output o = harness_cli_words(misused[_i].words);

	ck_assert_int_eq(o.status, EX_USAGE);
	ck_assert_str_eq(o.out, "");
	contains(o.err, misused[_i].err);
	lacks(o.err, "nothing counted");
}
END_TEST

/* Goal: who asks for hours that were lost with a damaged ledger is told why they are empty. */
START_TEST(test_lost_ledger)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	three_hours();
	while (wait(NULL) > 0)
		continue;
	ck_assert_int_eq(harness_cli("tidy").status, EX_OK);
	ck_assert_str_eq(harness_cli("report").err, "");
	ck_assert_int_eq(rename(harness_state("ledger.mdb"), harness_state("ledger.mdb.damaged")), 0);
	contains(harness_cli("report").err, "set aside as ledger.mdb.damaged; what only that had is not in this report\n");
}
END_TEST

Suite *
suite_summary(void)
{
	Suite *s = suite_create("summary");
	TCase *t = tcase_create("pure"), *c = tcase_create("report");

	tcase_add_loop_test(t, test_times, 0, HARNESS_ROWS(spans));
	tcase_add_test(t, test_first_hours);
	tcase_add_loop_test(t, test_judged, 0, HARNESS_ROWS(judged));
	tcase_add_loop_test(t, test_tally, 0, 2);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(c, harness_start, harness_end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_sums);
	tcase_add_test(c, test_by_meter);
	tcase_add_test(c, test_on_a_terminal);
	tcase_add_test(c, test_by_hour);
	tcase_add_test(c, test_by_day);
	tcase_add_test(c, test_chart);
	tcase_add_test(c, test_looks_compromised);
	tcase_add_test(c, test_batches);
	tcase_add_test(c, test_beside_tidy);
	tcase_add_test(c, test_nothing);
	tcase_add_test(c, test_reboot);
	tcase_add_test(c, test_clock_steps);
	tcase_add_loop_test(c, test_damaged_ledger, 0, 2);
	tcase_add_test(c, test_lost_ledger);
	tcase_add_test(c, test_hostile_names);
	tcase_add_loop_test(c, test_misused, 0, HARNESS_ROWS(misused));
	suite_add_tcase(s, c);
	return s;
}
