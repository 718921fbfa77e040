/* test_show - qlimit show: its table, on terminals of every size and for scripts */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin_show.h"
#include "harness.h"
#include "harness_show.h"
#include "suites.h"
#include "terminal.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

static void
contains(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "no \"%s\" in:\n%.2000s", words, text);
}

static void
lacks(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) == NULL, "\"%s\" in:\n%.2000s", words, text);
}

static void
same(const char *text, const char *words)
{
	ck_assert_msg(strcmp(text, words) == 0, "not as it should be:\n%.2000s", text);
}

/* `qlimit show` with these words on a terminal of this width; what it wrote. */
#define show_on(columns, ...) \
	show_on_words(columns, (const char *const[]){ "qlimit", "show", __VA_ARGS__, NULL })
static const char *
show_on_words(int columns, const char *const *words)
{
	harness_screen_open(columns, 30, words);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	return harness_screen.seen;
}

/* --- the table --- */

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

/* Goal: what a script reads is what it always was, and whole, whatever the environment says of a screen. */
START_TEST(test_for_scripts)
{
	static const char table[] = "Hour 2026-11-21 17:00:00 UTC to 18:00\n"
	    "KIND        NAME                                        ADMITTED    LIMIT  USED    SENT DEFERRED  FAILED "
	    "UNREACHED    HELD REFUSED FAIL%  STATE\n"
	    "server      -                                                 23      100   23%      18        0       5 "
	    "        0       0       0   21%  ok\n"
	    "user        uid:33                                            23       24   95%      18        0       5 "
	    "        0       0       0   21%  warning\n"
	    "domain      near.example                                       8       10   80%       8        0       0 "
	    "        0       0       0    0%  warning\n"
	    "destination there.example                                      8       50   16%       8        0       0 "
	    "        0       0       0    0%  ok\n"
	    "domain      busy.example                                       4        4  100%       4        0       0 "
	    "        0       1       1    0%  held until 18:00\n"
	    "domain      bad.example                                        5       10   50%       0        0       5 "
	    "        0       0       0  100%  tripped until 18:00\n"
	    "domain      daily.example                                      3       10   30%       3        0       0 "
	    "        0       0       0    0%  held, 3/3 in 24 hours\n"
	    "domain      one-of-many.customers.of.a.reseller.example        2       10   20%       2        0       0 "
	    "        0       0       0    0%  ok\n"
	    "domain      free.example                                       1       10   10%       1        0       0 "
	    "        0       0       0    0%  exempt\n";
	char name[201];

	harness_show_populate("");
	(void)setenv("COLUMNS", "40", 1);
	same(harness_cli("show").out, table);
	contains(harness_cli("show", "server", "uid:1").out, "\nKIND    NAME  ADMITTED    LIMIT  USED");
	/* Longer than the column: whole, and the figures behind it. */
	memset(name, 'n', sizeof name - 1);
	name[60] = name[120] = name[180] = '.';
	name[200] = '\0';
	contains(harness_cli("show", name).out, "nnnnnn        0       10    0%");
	contains(harness_cli("show", name).out, name);
	contains(harness_cli("show", "--json", name).out, name);
}
END_TEST

/* Goal: at 80 columns all that matters is there; the bar is of the limit that is nearest. */
START_TEST(test_on_80_columns)
{
	harness_show_populate("");
	same(show_on(80, "--color", "never"), "Hour 2026-11-21 17:00:00 UTC to 18:00\n"
	    "NAME                              ADMITTED    LIMIT USED          FAIL%  STATE\n"
	    "server                                  23      100  23% █░░░░░░░   21%  ok\n"
	    "uid:33                                  23       24  95% ███████░   21%  warning\n"
	    "near.example                             8       10  80% ██████░░    0%  warning\n"
	    "destination:there.example                8       50  16% █░░░░░░░    0%  ok\n"
	    "busy.example                             4        4 100% ████████    0%  held\n"
	    "bad.example                              5 50% fail 100% ████████  100%  tripped\n"
	    "daily.example                            3    3/day 100% ████████    0%  held\n"
	    "….customers.of.a.reseller.example        2       10  20% █░░░░░░░    0%  ok\n"
	    "free.example                             1        -    -             0%  exempt\n");
}
END_TEST

/* What goes, and what stays, from screen to harness_screen. */
static const struct {
	int columns;
	const char *heads, *name, *state;
} screens[] = {
	{ 40, "NAME              ADMITTED USED  STATE\n", "…", "held\n" },
	{ 60, "NAME                         ADMITTED    LIMIT USED  STATE\n", "…", "held\n" },
	{ 80, "LIMIT USED          FAIL%  STATE\n", "…", "held\n" },
	{ 120, "USED          SENT DEFERRED FAILED HELD REFUSED FAIL%  STATE\n", "…", "held, 3/3 in 24 hours\n" },
	{ 200, "USED                          SENT DEFERRED FAILED UNREACHED HELD REFUSED FAIL%  STATE\n",
	    "one-of-many.customers.of.a.reseller.example ", "held, 3/3 in 24 hours\n" },
};

/* Goal: no line is longer than any screen, with and without UTF-8, enforced and observed, names on each. */
START_TEST(test_on_all_screens)
{
	static const char *const modes[] = { "", "mode = \"observe\";" };

	harness_show_populate(modes[_i]);
	for (int columns = 40; columns <= 220; columns++) {
		const char *text = show_on(columns, "--color", "never");

		ck_assert_msg(widest_line(text) <= columns, "%d:\n%.2000s", columns, text);
		contains(text, "ler.example ");
		contains(text, "\nserver ");
		contains(text, "exempt");
	}
	for (int i = 0; _i == 0 && i < ROWS(screens); i++) {
		const char *text = show_on(screens[i].columns, "--color", "never");

		contains(text, screens[i].heads);
		contains(text, screens[i].name);
		contains(text, screens[i].state);
	}
	(void)setenv("LANG", "C", 1);
	lacks(show_on(60, "--color", "never"), "\xe2");
	contains(harness_screen.seen, "~");
	contains(show_on(200, "--color", "never"), "#####...");
}
END_TEST

/* Goal: a screen that does not say how large it is has 80 columns; an environment that does is believed. */
START_TEST(test_screen_of_no_size)
{
	char eighty[4000];

	harness_show_populate("");
	(void)snprintf(eighty, sizeof eighty, "%s", show_on(80, "--color", "never"));
	same(show_on(0, "--color", "never"), eighty);
	(void)setenv("COLUMNS", "80", 1);
	same(show_on(200, "--color", "never"), eighty);
	(void)setenv("COLUMNS", "99999999999999999999", 1);
	same(show_on(200, "--color", "never"), eighty);
	(void)setenv("COLUMNS", "wide", 1);
	same(show_on(80, "--color", "never"), eighty);
	(void)setenv("COLUMNS", "1", 1);
	contains(show_on(80, "busy.example"), "busy.example ");
}
END_TEST

static const struct {
	const char *label, *name, *cut;
	size_t width;
	unsigned kind;
	bool utf8;
} cuts[] = {
	{ "fits", "shop.example", "shop.example", 12, METER_DOMAIN, true },
	{ "domain: its end", "a.shop.example", "…shop.example", 13, METER_DOMAIN, true },
	{ "domain, ASCII", "a.shop.example", "~shop.example", 13, METER_DOMAIN, false },
	{ "user: its beginning", "auth:joe@shop.example", "auth:joe@…", 10, METER_USER, true },
	{ "destination: both", "destination:gmail.com", "dest…gmail.com", 14, METER_DESTINATION, true },
	{ "destination, narrow", "destination:gmail.com", "dest~com", 8, METER_DESTINATION, false },
	{ "domain: in a code", "shop\\x20a.example", "~a.example", 11, METER_DOMAIN, false },
	{ "domain: in front of one", "shop\\x20a.example", "~\\x20a.example", 14, METER_DOMAIN, false },
	{ "domain: behind one", "shop\\x20a.example", "~a.example", 10, METER_DOMAIN, false },
	{ "user: in a code", "a\\xc3\\xa4bcdefgh", "a\\xc3~", 9, METER_USER, false },
	{ "user: behind one", "a\\xc3\\xa4bcdefgh", "a\\xc3\\xa4~", 10, METER_USER, false },
	{ "user: codes at once", "\\xc3\\xa4\\xc3", "\\xc3~", 8, METER_USER, false },
};

START_TEST(test_cut)
{
	char name[SHOW_CELL_MAX];
	size_t columns;

	(void)snprintf(name, sizeof name, "%s", cuts[_i].name);
	columns = admin_show_cut(name, cuts[_i].width, cuts[_i].kind, cuts[_i].utf8);
	ck_assert_msg(strcmp(name, cuts[_i].cut) == 0, "%s: %s", cuts[_i].label, name);
	for (const char *at = name; *at != '\0'; at++)
		columns -= (*at & 0xc0) != 0x80;
	ck_assert_uint_eq(columns, 0);
}
END_TEST

static const struct {
	const char *all, *type, *lang;
	bool utf8;
} locales[] = {
	{ NULL, NULL, NULL, false }, { NULL, NULL, "C.UTF-8", true }, { NULL, NULL, "de_DE.utf8", true },
	{ NULL, "C.utf-8", "C", true }, { "", "", "C.UTF8", true }, { NULL, "C", "C.UTF-8", false },
	{ "C", "C.UTF-8", "C.UTF-8", false }, { "C.UTF-8", "C", "C", true },
};

/* Goal: LC_ALL, LC_CTYPE, LANG: the first that is not empty says it. */
START_TEST(test_locale)
{
	(void)unsetenv("LANG");
	if (locales[_i].all != NULL)
		(void)setenv("LC_ALL", locales[_i].all, 1);
	if (locales[_i].type != NULL)
		(void)setenv("LC_CTYPE", locales[_i].type, 1);
	if (locales[_i].lang != NULL)
		(void)setenv("LANG", locales[_i].lang, 1);
	ck_assert(terminal_is_utf8() == locales[_i].utf8);
}
END_TEST

/* --- which rows, in which order --- */

static const struct {
	const char *sort, *first, *second, *third;
} orders[] = {
	{ "busy", "server", "uid:33", "near.example" },
	{ "name", "server", "bad.example", "busy.example" },
	{ "used", "busy.example", "bad.example", "daily.example" },
	{ "failures", "server", "uid:33", "bad.example" },
	{ "held", "busy.example", "server", "uid:33" },
};

START_TEST(test_sort)
{
	const char *first, *second, *third;

	harness_show_populate("");
	contains(show_on(80, "--sort", orders[_i].sort, "--limit", "3", "--color", "never"), "\nand 6 more\n");
	first = strstr(harness_screen.seen, orders[_i].first);
	second = strstr(harness_screen.seen, orders[_i].second);
	third = strstr(harness_screen.seen, orders[_i].third);
	ck_assert_msg(first != NULL && second > first && third > second, "%.2000s", harness_screen.seen);
}
END_TEST

/* Goal: kinds and a limit hold for text, JSON and names alike. */
START_TEST(test_kind_and_limit)
{
	struct harness_output o;

	harness_show_populate("");
	o = harness_cli("show", "--kind", "user,destination");
	contains(o.out, "\nuser        uid:33");
	contains(o.out, "\ndestination there.example");
	lacks(o.out, "server");
	lacks(o.out, "domain");
	o = harness_cli("show", "--json", "--limit=2", "--kind=domain");
	contains(o.out, "near.example");
	contains(o.out, "busy.example");
	ck_assert_str_eq(strchr(strchr(o.out, '\n') + 1, '\n'), "\n");
	lacks(o.out, "more");
	o = harness_cli("show", "--kind", "server", "server", "busy.example");
	contains(o.out, "\nserver");
	lacks(o.out, "busy.example");
	contains(harness_cli("show", "--limit", "9").out, "free.example");
	lacks(harness_cli("show", "--limit", "9").out, "more");
	contains(harness_cli("show", "--limit", "8").out, "\nand 1 more\n");
	contains(harness_cli("show", "--sort", "name", "there.example", "foreign", "server").out,
	    "FAIL%  STATE\nserver ");
	contains(harness_cli("show", "--sort", "name", "destination:there.example", "there.example").out,
	    "STATE\ndomain ");
	contains(harness_cli("show", "--kind", "overflow").out, "\nnone of these in this hour yet\n");
	contains(harness_cli("show", "--kind", "user", "busy.example").out, "\nnone of these in this hour yet\n");
}
END_TEST

static const struct {
	const char *option, *value, *said;
} refused[] = {
	{ "--sort", "size", "--sort \"size\": write busy, name, used, failures or held" },
	{ "--sort", "", "--sort \"\"" },
	{ "--kind", "domains", "--kind \"domains\": write server, domain," },
	{ "--kind", "domain,", "--kind \"\"" },
	{ "--kind", "", "--kind \"\"" },
	{ "--limit", "0", "--limit \"0\": write a whole number from 1" },
	{ "--color", "sometimes", "--color: write auto, always or never" },
	{ "--watch", "example.com", "--watch needs a terminal" },
	{ "--watch", "--json", "one of them" },
};

START_TEST(test_refused)
{
	struct harness_output o = harness_cli("show", refused[_i].option, refused[_i].value);

	ck_assert_int_eq(o.status, EX_USAGE);
	ck_assert_str_eq(o.out, "");
	contains(o.err, refused[_i].said);
}
END_TEST

/* --- colour --- */

/* Goal: colour only on a terminal that knows it and where nobody minds; what is said aloud wins. */
START_TEST(test_colour)
{
	harness_show_populate("");
	contains(show_on(80, "--color", "auto"), "\033[31m████████\033[0m    0% \033[31m held\033[0m\n");
	contains(harness_screen.seen, "\033[33m warning\033[0m\n");
	contains(harness_screen.seen, "\033[1;31m tripped\033[0m\n");
	contains(harness_screen.seen, "\033[36m exempt\033[0m\n");
	contains(harness_screen.seen, " 16% █░░░░░░░    0%  ok\n");
	lacks(show_on(80, "--color", "never"), "\033");
	lacks(harness_cli("show").out, "\033");
	contains(harness_cli("show", "--color", "always").out, "0% \033[31m held until 18:00\033[0m\n");
	lacks(harness_cli("show", "--color", "always", "--json").out, "\033");
	(void)setenv("NO_COLOR", "", 1);
	contains(show_on(80, "server", "busy.example"), "\033[31m");
	(void)setenv("NO_COLOR", "1", 1);
	lacks(show_on(80, "server", "busy.example"), "\033");
	contains(show_on(80, "--color", "always"), "\033[31m");
	(void)unsetenv("NO_COLOR");
	(void)setenv("TERM", "dumb", 1);
	lacks(show_on(80, "busy.example"), "\033");
	(void)setenv("TERM", "", 1);
	lacks(show_on(80, "busy.example"), "\033");
	(void)unsetenv("TERM");
	lacks(show_on(80, "busy.example"), "\033");
}
END_TEST

/* --- what is not stopped --- */

/* Goal: mode observe says who would be stopped, and how many were admitted beyond max_per_hour. */
START_TEST(test_observe)
{
	struct harness_output o;

	harness_show_populate("mode = \"observe\";");
	contains(show_on(120, "--color", "always", "--sort", "held"), "mode observe: limits stop nothing\n");
	contains(harness_screen.seen, "\033[35m would be held until 18:00, 2 over\033[0m\n");
	contains(harness_screen.seen, "\033[35m would be tripped until 18:00\033[0m\n");
	ck_assert(strstr(harness_screen.seen, "busy.example") < strstr(harness_screen.seen, "uid:33"));
	ck_assert(strstr(harness_screen.seen, "uid:33") < strstr(harness_screen.seen, "server"));
	contains(show_on(40, "--color", "never"), "to 18:00\nmode observe: limits stop nothing\nNAME");
	contains(harness_screen.seen, "150%  would be held\n");
	contains(show_on(80, "--color", "never", "uid:1", "quiet.example"), "        0    10   0% ░░░░░░░░");
	lacks(harness_screen.seen, "over");
	o = harness_cli("show");
	contains(o.out, "would be held until 18:00, 1 over\n");
	contains(o.out, "would be held, 3/3 in 24 hours\n");
	o = harness_cli("show", "--json", "busy.example");
	contains(o.out, ",\"until\":\"2026-11-21T18:00:00Z\",\"over\":2,\"returned\":0}\n");
	lacks(harness_cli("show", "--json", "near.example", "free.example").out, "over");
	/* From now on they are held, and what was let through before is no longer said. */
	harness_rules(harness_show_rules);
	contains(harness_cli("show", "busy.example").out, "  held until 18:00\n");
}
END_TEST

/* --- usage --- */

static const struct {
	const char *label;
	struct limits limits;
	struct counters counters;
	struct usage usage;
} usages[] = {
	{ "no limit", { .min_failures = 5 }, { .admitted = 9 }, { RULE_NONE, 0, 0 } },
	{ "exempt", { .max_per_hour = 1, .min_failures = 5, .exempt = true }, { .admitted = 9 }, { RULE_NONE, 0, 0 } },
	{ "hour", { .max_per_hour = 8, .min_failures = 5 }, { .admitted = 7 }, { RULE_MAX_PER_HOUR, 8, 87 } },
	{ "hour, nothing yet", { .max_per_hour = 8, .min_failures = 5 }, { 0 }, { RULE_MAX_PER_HOUR, 8, 0 } },
	{ "day is nearer", { .max_per_hour = 8, .max_per_day = 20, .min_failures = 5 },
	    { .admitted = 7, .before = 12 }, { RULE_MAX_PER_DAY, 20, 95 } },
	{ "day is not", { .max_per_hour = 8, .max_per_day = 200, .min_failures = 5 },
	    { .admitted = 7, .before = 12 }, { RULE_MAX_PER_HOUR, 8, 87 } },
	{ "many, but a small share", { .max_failure_percent = 50, .min_failures = 5,
		.count_failures = LIMITS_COUNT_ALL },
	    { .sent = 90, .failed = 10 }, { RULE_MAX_FAILURE_PERCENT, 50, 20 } },
	{ "few, but a large share", { .max_failure_percent = 50, .min_failures = 5,
		.count_failures = LIMITS_COUNT_ALL },
	    { .failed = 1 }, { RULE_MAX_FAILURE_PERCENT, 50, 20 } },
	{ "tripped, and sent since", { .max_per_hour = 100, .max_failure_percent = 50, .min_failures = 5,
		.count_failures = LIMITS_COUNT_ALL },
	    { .admitted = 20, .sent = 15, .failed = 5, .tripped = true }, { RULE_MAX_FAILURE_PERCENT, 50, 100 } },
	{ "tripped, and more failed", { .max_failure_percent = 50, .min_failures = 5,
		.count_failures = LIMITS_COUNT_ALL },
	    { .failed = 9, .tripped = true }, { RULE_MAX_FAILURE_PERCENT, 50, 180 } },
	{ "beyond numbers", { .max_per_hour = 1, .min_failures = 5 }, { .admitted = UINT64_MAX },
	    { RULE_MAX_PER_HOUR, 1, UINT64_MAX / 100 * 100 } },
};

START_TEST(test_usage)
{
	struct counters c = usages[_i].counters;
	struct usage u;

	c.limits = usages[_i].limits;
	u = usage_of(&c);
	ck_assert_msg(u.rule == usages[_i].usage.rule && u.limit == usages[_i].usage.limit &&
		u.percent == usages[_i].usage.percent, "%s: %d, %u, %llu", usages[_i].label, (int)u.rule, u.limit,
	    (unsigned long long)u.percent);
}
END_TEST

Suite *
suite_show(void)
{
	Suite *s = suite_create("show");
	TCase *t = tcase_create("show");

	tcase_add_checked_fixture(t, harness_show_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_for_scripts);
	tcase_add_test(t, test_on_80_columns);
	tcase_add_loop_test(t, test_on_all_screens, 0, 2);
	tcase_add_test(t, test_screen_of_no_size);
	tcase_add_loop_test(t, test_cut, 0, ROWS(cuts));
	tcase_add_loop_test(t, test_locale, 0, ROWS(locales));
	tcase_add_loop_test(t, test_sort, 0, ROWS(orders));
	tcase_add_test(t, test_kind_and_limit);
	tcase_add_loop_test(t, test_refused, 0, ROWS(refused));
	tcase_add_test(t, test_colour);
	tcase_add_test(t, test_observe);
	tcase_add_loop_test(t, test_usage, 0, ROWS(usages));
	suite_add_tcase(s, t);
	return s;
}
