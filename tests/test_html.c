/* test_html - `qlimit report --html`: a page that stands alone, says what was counted, and believes no name */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "hour.h"
#include "html.h"
#include "html_chart.h"
#include "store.h"
#include "suites.h"

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
	ck_assert_msg(strstr(text, unwanted) == NULL, "in it: %s", unwanted);
}

static unsigned
count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

/* --- text and numbers --- */

static const struct {
	uint64_t n;
	const char *text, *html;
} written[] = {
	{ 0, "", "0" },
	{ 999, "a.example", "999a.example" },
	{ 1000, "<b>", "1&#8239;000&lt;b&gt;" },
	{ 1002003, "\"&'", "1&#8239;002&#8239;003&quot;&amp;'" },
	{ UINT64_MAX, "", "18&#8239;446&#8239;744&#8239;073&#8239;709&#8239;551&#8239;615" },
};

START_TEST(test_written)
{
	char text[200] = "";
	FILE *f = fmemopen(text, sizeof text, "w");

	ck_assert_ptr_nonnull(f);
	html_number(f, written[_i].n);
	html_text(f, written[_i].text);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_str_eq(text, written[_i].html);
}
END_TEST

/* --- charts --- */

static const struct {
	uint32_t hours, step, count;
} steps[] = { { 1, 1, 1 }, { 336, 1, 336 }, { 337, 2, 169 }, { 720, 3, 240 }, { 1600, 6, 267 }, { 2160, 8, 270 },
	{ 8640, 48, 180 }, { 87840, 264, 333 } };

START_TEST(test_steps)
{
	const struct timespan span = { 1000, 1000 + steps[_i].hours };
	static struct html_chart chart;

	html_chart_init(&chart, &span);
	ck_assert_uint_eq(chart.step, steps[_i].step);
	ck_assert_uint_eq(chart.count, steps[_i].count);
	/* The last hour has a column. */
	html_chart_add(&chart, span.to - 1, &(struct counters){ .sent = 1 });
	ck_assert_uint_eq(chart.columns[chart.count - 1].sent, 1);
}
END_TEST

static const char *
draw(const struct html_chart *chart)
{
	static char text[20000];
	FILE *f = fmemopen(text, sizeof text, "w");

	ck_assert_ptr_nonnull(f);
	html_chart_print(chart, f, "\"<me>\"");
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

static const struct {
	uint64_t most, top;
} tops[] = { { 1, 2 }, { 2, 2 }, { 3, 4 }, { 10, 10 }, { 11, 20 }, { 100, 100 }, { 101, 200 }, { 450, 600 } };

START_TEST(test_tops)
{
	struct html_chart chart;
	char wanted[120];

	html_chart_init(&chart, &(struct timespan){ 1, 3 });
	html_chart_add(&chart, 1, &(struct counters){ .sent = tops[_i].most });
	(void)snprintf(wanted, sizeof wanted, "<div class=\"y\"><span>%" PRIu64 "</span><span>%" PRIu64
	    "</span><span>0</span></div>\n", tops[_i].top, tops[_i].top / 2);
	contains(draw(&chart), wanted);
}
END_TEST

/* Goal: what was sent lies below what failed, that below what was stopped; a limit goes on until there is another. */
START_TEST(test_drawn)
{
	struct counters c = { .sent = 5, .failed = 1, .deferred = 1, .unreached = 1, .held = 1, .refused = 1,
		.tripped = true, .limits.max_per_hour = 8 };
	struct html_chart chart;
	const char *text;

	(void)setenv("TZ", "UTC", 1);
	html_chart_init(&chart, &(struct timespan){ NOW_HOUR, NOW_HOUR + 5 });
	contains(draw(&chart), "Nothing was counted");
	html_chart_add(&chart, NOW_HOUR, &c);
	c = (struct counters){ .limits.max_per_hour = 2, .limits.exempt = true };
	html_chart_add(&chart, NOW_HOUR + 3, &c); /* nothing to draw, and not the end of the limit */
	c = (struct counters){ .sent = 10, .limits.max_per_hour = 6 };
	html_chart_add(&chart, NOW_HOUR + 2, &c);
	c.limits.exempt = true;
	html_chart_add(&chart, NOW_HOUR + 4, &c);
	text = draw(&chart);
	contains(text, "aria-label=\"&quot;&lt;me&gt;&quot;, hour by hour\"");
	contains(text, "<path class=\"trip\" d=\"M0 0h10v1000h-10z\"/>\n"
	    "<path class=\"sent\" d=\"M1 500h8v500h-8zM21 0h8v1000h-8zM41 0h8v1000h-8z\"/>\n"
	    "<path class=\"failed\" d=\"M1 200h8v300h-8z\"/>\n"
	    "<path class=\"stopped\" d=\"M1 0h8v200h-8z\"/>\n"
	    "<path class=\"limit\" d=\"M0 200H10H20M20 400H30H40\"/>\n");
	contains(text, "<title>11-21 17:00: 5 sent, 3 not, 2 stopped, limit 8, tripped</title>");
	contains(text, "<title>11-21 19:00: 10 sent, 0 not, 0 stopped, limit 6</title>");
	contains(text, "<title>11-21 21:00: 10 sent, 0 not, 0 stopped</title>");
	ck_assert_uint_eq(count_of(text, "<title>"), 3);
	contains(text, "<span>11-21 17:00</span><span></span><span>11-21 22:00</span>");
}
END_TEST

/* Goal: what counts as something. */
START_TEST(test_empty_hours)
{
	struct html_chart chart;
	const char *text;

	html_chart_init(&chart, &(struct timespan){ NOW_HOUR, NOW_HOUR + 4 });
	html_chart_add(&chart, NOW_HOUR, &(struct counters){ .admitted = 0 });
	html_chart_add(&chart, NOW_HOUR + 1, &(struct counters){ .tripped = true });
	html_chart_add(&chart, NOW_HOUR + 3, &(struct counters){ .limits.max_per_hour = 2 });
	text = draw(&chart);
	contains(text, "\"trip\" d=\"M10 0h10v1000h-10z\"");
	contains(text, "\"limit\" d=\"M30 0H40\"");
	ck_assert_uint_eq(count_of(text, "<title>"), 2);
}
END_TEST

/* Goal: a column of several hours is its busiest; whichever of them tripped, it shows; the smallest is seen. */
START_TEST(test_columns)
{
	struct html_chart chart;
	const char *text;

	(void)setenv("TZ", "UTC", 1);
	html_chart_init(&chart, &(struct timespan){ NOW_HOUR, NOW_HOUR + 400 });
	html_chart_add(&chart, NOW_HOUR, &(struct counters){ .sent = 1, .tripped = true });
	html_chart_add(&chart, NOW_HOUR + 1, &(struct counters){ .sent = 7 });
	html_chart_add(&chart, NOW_HOUR + 3, &(struct counters){ .sent = UINT64_MAX, .held = 5 });
	html_chart_add(&chart, NOW_HOUR + 2, &(struct counters){ .sent = 9, .tripped = true });
	text = draw(&chart);
	contains(text, "each column: the busiest of 2 hours");
	contains(text, "<title>11-21 18:00: 7 sent, 0 not, 0 stopped, tripped</title>");
	contains(text, "<title>11-21 20:00: 18446744073709551615 sent, 0 not, 5 stopped, tripped</title>");
	contains(text, "\"sent\" d=\"M1 992h8v8h-8zM11 0h8v1000h-8z\"");
	ck_assert_uint_eq(count_of(text, "<title>"), 2);
}
END_TEST

/* --- the page --- */

/* Well formed, alone, and without anything that acts or is fetched. */
static void
check_page(const char *page)
{
	static const char *const paired[] = { "html", "head", "title", "style", "body", "main", "h1", "h2", "h3", "p", "dl",
		"div", "dt", "dd", "section", "figure", "svg", "rect", "table", "thead", "tbody", "tr", "b", "span" };
	static const char *const unwanted[] = { "<script", "http:", "https:", "src=", "href", "url(", "@import", "onload",
		"%s" };

	contains(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
	ck_assert_str_eq(page + strlen(page) - strlen("</main></body></html>\n"), "</main></body></html>\n");
	for (size_t i = 0; i < sizeof paired / sizeof paired[0]; i++) {
		char open[20], open_more[20], close[20];

		(void)snprintf(open, sizeof open, "<%s>", paired[i]);
		(void)snprintf(open_more, sizeof open_more, "<%s ", paired[i]);
		(void)snprintf(close, sizeof close, "</%s>", paired[i]);
		ck_assert_msg(count_of(page, open) + count_of(page, open_more) == count_of(page, close), "%s", paired[i]);
	}
	for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
		lacks(page, unwanted[i]);
	for (const char *at = page; *at != '\0'; at++)
		ck_assert_msg(*at == '\n' || (*at >= ' ' && *at <= '~'), "%.80s", at);
}

static const char *
page_of(const char *a, const char *b, const char *c)
{
	struct harness_output o = harness_cli("report", "--html", "-", a, b, c);

	ck_assert_msg(o.status == EX_OK, "%s", o.err);
	ck_assert_str_eq(o.err, "");
	check_page(o.out);
	return o.out;
}

static void
put(uint32_t hour, enum meter_kind kind, const char *name, const struct counters *c)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	struct meter meter;

	ck_assert(s != NULL && store_begin(s, true) == 0);
	meter_set(&meter, kind, name);
	ck_assert_int_eq(store_counters_put(s, hour, &meter, c), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static const struct counters bad = { .admitted = 30, .sent = 6, .failed = 24, .held = 1, .tripped = true };
static const struct counters good = { .admitted = 1234, .sent = 1233, .unreached = 1 };

static void
two_meters(void)
{
	harness_rules("");
	put(NOW_HOUR - 2, METER_DOMAIN, "bad.example", &bad);
	put(NOW_HOUR - 1, METER_DOMAIN, "good.example", &good);
	put(NOW_HOUR - 2, METER_SERVER, "", &(struct counters){ .admitted = 30, .sent = 6, .failed = 24 });
	put(NOW_HOUR - 1, METER_SERVER, "", &good);
}

START_TEST(test_all)
{
	const char *page;

	(void)setenv("TZ", "Europe/Berlin", 1);
	two_meters();
	page = page_of(NULL, NULL, NULL);
	contains(page, "<title>qlimit: all mail</title>");
	contains(page, "2026-11-20 19:00:00 CET to 2026-11-21 19:00:00 CET (24 hours); written 2026-11-21 18:30:00 CET");
	contains(page, "<dt>admitted</dt><dd>1&#8239;264</dd>");
	contains(page, "<dt>held</dt><dd>1</dd>");
	contains(page, "<dt>failures</dt><dd>1%</dd>");
	contains(page, ": 6 sent, 24 not, 1 stopped</title>"); /* the server has stopped nothing: a domain's is told */
	contains(page, "<section><h3>domain bad.example</h3>\n<p>24 of 30 failed or deferred in the hour from 2026-11-21 "
	    "16:00:00 CET; tripped in 1 hour; stopped in 1 hour</p>\n<figure>\n");
	contains(page, "<tr class=\"bad\"><th>domain<th>bad.example<td>30<td>6<td class=\"dim\">0<td>24<td class=\"dim\">0"
	    "<td>1<td class=\"dim\">0<td>80%<td><b>looks compromised</b>: 24 of 30 failed");
	contains(page, "<tr><th>domain<th>good.example<td>1&#8239;234<td>1&#8239;233");
	ck_assert_uint_eq(count_of(page, "<section>"), 1);
	ck_assert_uint_eq(count_of(page, "<figure>"), 2);
	lacks(page, "<th>server");
	page = page_of("--since", "1h", NULL);
	contains(page, "(1 hour)");
	contains(page, "<p>Nothing was counted in these hours.</p>");
	page = page_of("--since", "2h", NULL);
	contains(page, "<p>None looks compromised.</p>");
}
END_TEST

/* Goal: one name has its own chart and sums; several have one each. */
START_TEST(test_named)
{
	const char *page;

	two_meters();
	page = page_of("bad.example", NULL, NULL);
	contains(page, "<h1>Sent summary of domain bad.example</h1>");
	contains(page, "<dt>admitted</dt><dd>30</dd>");
	contains(page, ", tripped</title>");
	contains(page, "<tr class=\"bad\">");
	ck_assert_uint_eq(count_of(page, "<figure>"), 1);
	page = page_of("bad.example", "good.example", "server");
	contains(page, "<h1>Sent summary of the meters named</h1>");
	contains(page, "<h3>server</h3>");
	contains(page, "<p><b>looks compromised</b>: 24 of 30");
	lacks(page, "<dl>");
	ck_assert_uint_eq(count_of(page, "<figure>"), 3);
	contains(page_of("nowhere.example", NULL, NULL), "<p>Nothing was counted in these hours.</p>");
}
END_TEST

/* Goal: however many there are, the page has an end, and no mail is left out of it. */
START_TEST(test_bounded)
{
	struct store *s;
	struct meter meter;
	char name[40];
	const char *page;

	harness_rules("");
	s = store_lmdb_new(harness_path("state"), STORE_LEDGER, 1000);
	ck_assert(s != NULL && store_begin(s, true) == 0);
	for (int i = 0; i < 150; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(store_counters_put(s, NOW_HOUR - 1, &meter, i < 40 ? &bad : &good), 0);
	}
	meter_set(&meter, METER_USER, "uid:1");
	ck_assert_int_eq(store_counters_put(s, NOW_HOUR - 1, &meter, &(struct counters){ .sent = 7 }), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	page = page_of(NULL, NULL, NULL);
	ck_assert_uint_eq(count_of(page, "<section>"), 20);
	ck_assert_uint_eq(count_of(page, "<tr"), 1 + 100 + 2);
	contains(page, "<tr class=\"others\"><th>domain<th>50 others<td>61&#8239;700<td>61&#8239;650");
	contains(page, "<tr class=\"others\"><th>user<th>1 other<td class=\"dim\">0<td>7");
	page = page_of("--limit", "10", NULL);
	ck_assert_uint_eq(count_of(page, "<section>"), 10);
	contains(page, "<th>140 others");
}
END_TEST

START_TEST(test_hostile)
{
	const char *page;

	harness_rules("");
	for (int i = 0; i < 20; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a@<script>&'\"\x80</style>.example", "reject@x");
	page = page_of(NULL, NULL, NULL);
	contains(page, "<h3>domain &lt;script&gt;&amp;'\\x22\\x80&lt;/style&gt;.example</h3>");
	contains(page, "aria-label=\"domain &lt;script&gt;&amp;'\\x22\\x80&lt;/style&gt;.example, hour by hour\"");
}
END_TEST

/* --- the file --- */

static void
read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");

	memset(text, 0, size);
	ck_assert(f != NULL && fread(text, 1, size - 1, f) > 0);
	(void)fclose(f);
}

START_TEST(test_file)
{
	const char *directory = harness_path("pages"), *path = harness_path("pages/report.html"), *page;
	static char text[65536];
	struct harness_output o;
	struct stat st;

	ck_assert_int_eq(mkdir(directory, 0755), 0);
	two_meters();
	page = page_of(NULL, NULL, NULL);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0); /* is replaced, not followed */
	o = harness_cli("report", "--html", path);
	ck_assert_msg(o.status == EX_OK && o.out[0] == '\0' && o.err[0] == '\0', "%s%s", o.out, o.err);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0644);
	read_text(path, text, sizeof text);
	ck_assert_str_eq(text, page);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0); /* nothing else is there */
	o = harness_cli("report", "--html", path);
	ck_assert_int_eq(o.status, EX_CANTCREAT);
	contains(o.err, "by the owner of the state directory");
	memset(text, 'x', 400);
	text[400] = '\0';
	o = harness_cli("report", "--html", text);
	ck_assert_int_eq(o.status, EX_CANTCREAT);
	contains(o.err, "too long");
}
END_TEST

static const struct {
	const char *words[6];
	const char *err;
} misused[] = {
	{ { "report", "--html" }, "usage: qlimit report" },
	{ { "report", "--html", "x", "--json" },
	  "--html \"x\" shows meters and hours, to be read: without --by and --json" },
	{ { "report", "--html", "x", "--by", "hour" }, "--html \"x\" shows" },
	{ { "report", "--html", "x", "--since", "1m" }, "whole hours" },
	{ { "show", "--html", "x" }, "usage: qlimit show" },
};

START_TEST(test_misused)
{
	struct harness_output o = harness_cli_words(misused[_i].words);

	ck_assert_int_eq(o.status, EX_USAGE);
	ck_assert_str_eq(o.out, "");
	contains(o.err, misused[_i].err);
	ck_assert_int_eq(access("x", F_OK), -1);
}
END_TEST

Suite *
suite_html(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("parts"), *c = tcase_create("page");

	tcase_add_loop_test(t, test_written, 0, HARNESS_ROWS(written));
	tcase_add_loop_test(t, test_steps, 0, HARNESS_ROWS(steps));
	tcase_add_loop_test(t, test_tops, 0, HARNESS_ROWS(tops));
	tcase_add_test(t, test_drawn);
	tcase_add_test(t, test_empty_hours);
	tcase_add_test(t, test_columns);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(c, harness_start, harness_end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_all);
	tcase_add_test(c, test_named);
	tcase_add_test(c, test_bounded);
	tcase_add_test(c, test_hostile);
	tcase_add_test(c, test_file);
	tcase_add_loop_test(c, test_misused, 0, HARNESS_ROWS(misused));
	suite_add_tcase(s, c);
	return s;
}
