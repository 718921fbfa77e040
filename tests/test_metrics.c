/* test_metrics - `qlimit metrics`: OpenMetrics text that is in order, with the numbers of the hour */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

#define HOUR 3600

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.1500s", wanted, text);
}

/* --- a strict reader of the text, by the ABNF and the rules of OpenMetrics 1.0, of gauges --- */

static const char *
take_name(const char *at, bool label)
{
	if (!isalpha((unsigned char)*at) && *at != '_' && (label || *at != ':'))
		return NULL;
	while (isalnum((unsigned char)*at) || *at == '_' || (!label && *at == ':'))
		at++;
	return at;
}

/* "...": what is escaped is a backslash, a quote or a newline; nothing else needs to be, or is. */
static const char *
take_value(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			return NULL;
		if (*at == '\\' && strchr("\\\"n", *++at) == NULL)
			return NULL;
	}
	return at + 1;
}

static const char *
take_labels(const char *at)
{
	if (*at != '{')
		return at;
	do {
		at = take_name(at + 1, true);
		if (at == NULL || *at++ != '=')
			return NULL;
		at = take_value(at);
		if (at == NULL)
			return NULL;
	} while (*at == ',');
	return *at == '}' ? at + 1 : NULL;
}

struct reader {
	char family[100], unit[200];
	bool help, samples;
	const char *text;
};

static bool
is_first(const struct reader *r, const char *line, size_t n)
{
	for (const char *at = r->text; at < line; at = strchr(at, '\n') + 1)
		if (strncmp(at, line, n) == 0)
			return false;
	return true;
}

/* "# TYPE name gauge" opens a family, once; unit and help follow, once, and before the samples. */
static const char *
read_metadata(struct reader *r, const char *line)
{
	char what[10], name[100], rest[200];

	if (sscanf(line, "# %9[A-Z] %99[a-zA-Z0-9_:] %199[^\n]", what, name, rest) != 3)
		return "metadata of another form";
	if (strcmp(what, "TYPE") == 0) {
		if (strcmp(rest, "gauge") != 0)
			return "no gauge";
		if (!is_first(r, line, strlen("# TYPE ") + strlen(name) + 1))
			return "a family twice";
		(void)snprintf(r->family, sizeof r->family, "%s", name);
		r->help = r->samples = false;
		r->unit[0] = '\0';
		return NULL;
	}
	if (strcmp(name, r->family) != 0 || r->samples)
		return "metadata in the wrong place";
	if (strcmp(what, "UNIT") == 0) {
		size_t n = strlen(name), m = strlen(rest);

		if (r->unit[0] != '\0' || n <= m + 1 || name[n - m - 1] != '_' || strcmp(name + n - m, rest) != 0)
			return "a unit that is not the name's end";
		(void)snprintf(r->unit, sizeof r->unit, "%s", rest);
		return NULL;
	}
	if (strcmp(what, "HELP") != 0 || r->help || strpbrk(rest, "\\\"") != NULL)
		return "help twice, or that two formats read differently";
	r->help = true;
	return NULL;
}

static const char *
read_sample(struct reader *r, const char *line)
{
	const char *at = take_name(line, false), *labels = at, *number;

	if (at == NULL || (size_t)(at - line) != strlen(r->family) ||
	    strncmp(line, r->family, (size_t)(at - line)) != 0)
		return "a sample of no family, or of another one";
	at = take_labels(labels);
	if (at == NULL || *at != ' ')
		return "labels of another form";
	if (!is_first(r, line, (size_t)(at - line) + 1))
		return "a sample twice";
	number = at + 1;
	at = number + (*number == '-');
	if (!isdigit((unsigned char)*at))
		return "no number";
	while (isdigit((unsigned char)*at))
		at++;
	r->samples = true;
	return *at == '\n' ? NULL : "more behind the number";
}

/* NULL, or what is wrong with it. */
static const char *
check_text(const char *text)
{
	struct reader r = { .text = text };
	const char *line = text, *why = NULL;

	for (; strcmp(line, "# EOF\n") != 0; line = strchr(line, '\n') + 1) {
		if (strchr(line, '\n') == NULL)
			return "no end";
		why = line[0] == '#' ? read_metadata(&r, line) : read_sample(&r, line);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* Goal: the reader itself does not take everything. */
static const struct {
	const char *text;
	bool right;
} texts[] = {
	{ "# EOF\n", true },
	{ "# TYPE a gauge\na 1\n# EOF\n", true },
	{ "# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes b.\na_bytes{b=\"c\\\\\",d=\"\"} 1\n# EOF\n", true },
	{ "", false },
	{ "# TYPE a gauge\na 1\n", false },
	{ "# TYPE a gauge\na 1\n# EOF", false },
	{ "# TYPE a gauge\na 1\n# EOF\n# EOF\n", false },
	{ "a 1\n# EOF\n", false },
	{ "# TYPE a gauge\nb 1\n# EOF\n", false },
	{ "# TYPE a gauge\na 1\na 2\n# EOF\n", false },
	{ "# TYPE a gauge\na{b=\"1\"} 1\na{b=\"1\"} 2\n# EOF\n", false },
	{ "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n", false },
	{ "# TYPE a gauge\na 1\n# HELP a late\n# EOF\n", false },
	{ "# TYPE a gauge\n# UNIT a bytes\n# EOF\n", false },
	{ "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n", false },
	{ "# TYPE a gauge\na{b=\"\x1b\"} 1\n# EOF\n", false },
	{ "# TYPE a gauge\na{b=\"1\",} 1\n# EOF\n", false },
	{ "# TYPE a gauge\na{1=\"1\"} 1\n# EOF\n", false },
	{ "# TYPE a gauge\na  1\n# EOF\n", false },
	{ "# TYPE a gauge\na 1 \n# EOF\n", false },
	{ "# TYPE a gauge\na one\n# EOF\n", false },
	{ "\n# EOF\n", false },
};

START_TEST(test_reader)
{
	const char *why = check_text(texts[_i].text);

	ck_assert_msg((why == NULL) == texts[_i].right, "%s: %s", texts[_i].text, why != NULL ? why : "taken");
}
END_TEST

/* The text, which must be in order. */
static const char *
metrics(const char *option, const char *argument)
{
	struct harness_output o = harness_cli("metrics", option, argument);
	const char *why;

	ck_assert_msg(o.status == EX_OK, "%d: %s", o.status, o.err);
	why = check_text(o.out);
	ck_assert_msg(why == NULL, "%s\n%.1500s", why, o.out);
	return o.out;
}

/* --- what it says --- */

static void
send_many(const char *sender, const char *recipient, int count)
{
	for (int i = 0; i < count; i++)
		(void)harness_deliver(harness_message(NULL, NULL), sender, recipient);
}

START_TEST(test_numbers)
{
	const char *out;

	harness_rules("default = { max_per_hour = 5; }; server = { max_per_day = 100; };");
	out = metrics(NULL, NULL);
	contains(out, "\nqlimit_last_delivery_timestamp_seconds 0\n");
	contains(out, "\nqlimit_meters{kind=\"domain\"} 0\n");
	send_many("a@a.example", "accept@x", 3);
	send_many("a@a.example", "reject@x", 1);
	send_many("a@a.example", "greylist@x", 1);
	send_many("a@a.example", "accept@x", 3); /* two held, at 125 % refused */
	send_many("a@b.example", "unreachable@x", 1);
	out = metrics(NULL, NULL);
	contains(out, "\nqlimit_admitted{kind=\"server\",name=\"\"} 6\n");
	contains(out, "\nqlimit_admitted{kind=\"domain\",name=\"a.example\"} 5\n"
	    "qlimit_admitted{kind=\"domain\",name=\"b.example\"} 1\n");
	contains(out, "\nqlimit_sent{kind=\"domain\",name=\"a.example\"} 3\n");
	contains(out, "\nqlimit_deferred{kind=\"domain\",name=\"a.example\"} 1\n");
	contains(out, "\nqlimit_failed{kind=\"domain\",name=\"a.example\"} 1\n");
	contains(out, "\nqlimit_unreached{kind=\"domain\",name=\"b.example\"} 1\n");
	contains(out, "\nqlimit_held{kind=\"domain\",name=\"a.example\"} 2\n");
	contains(out, "\nqlimit_refused{kind=\"domain\",name=\"a.example\"} 1\n");
	contains(out, "\nqlimit_max_per_hour{kind=\"domain\",name=\"a.example\"} 5\n");
	contains(out, "\nqlimit_max_per_day{kind=\"server\",name=\"\"} 100\n");
	ck_assert_ptr_null(strstr(out, "qlimit_max_per_hour{kind=\"server\""));
	contains(out, "\nqlimit_state{kind=\"domain\",name=\"a.example\"} 2\n");
	contains(out, "\nqlimit_state{kind=\"domain\",name=\"b.example\"} 0\n");
	contains(out, "\nqlimit_meters{kind=\"domain\"} 2\n");
	contains(out, "\nqlimit_hour_timestamp_seconds 1795280400\n");
	contains(out, "\nqlimit_last_delivery_timestamp_seconds 1795282200\n");
	contains(out, "\nqlimit_rules_loaded_timestamp_seconds 1795282200\n");
	contains(out, "\nqlimit_pending 4\n"); /* greylisted, unreached, two held */
	contains(out, "\nqlimit_trouble{what=\"load\"} 0\n");
	harness_config("nonsense");
	(void)harness_load();
	contains(metrics(NULL, NULL), "\nqlimit_trouble{what=\"load\"} 1\n");
	/* Limits are those in force, also where no delivery has met them yet. */
	harness_rules("default = { max_per_hour = 7; };");
	contains(metrics(NULL, NULL), "\nqlimit_max_per_hour{kind=\"domain\",name=\"a.example\"} 7\n");
	harness_set_time(HARNESS_NOW + HOUR);
	contains(metrics(NULL, NULL), "\nqlimit_meters{kind=\"server\"} 0\n");
}
END_TEST

/* Goal: the busiest are named, all others are one of their kind, and the sum is the same. */
START_TEST(test_top)
{
	const char *out;

	harness_rules("");
	send_many("a@few.example", "accept@x", 1);
	send_many("a@most.example", "accept@x", 5);
	send_many("a@some.example", "accept@x", 2);
	send_many("", "accept@x", 1);
	out = metrics("--limit", "2"); /* uid:1000 has all of it */
	contains(out, "\nqlimit_sent{kind=\"domain\",name=\"most.example\"} 5\n");
	contains(out, "\nqlimit_sent{kind=\"user\",name=\"uid:1000\"} 9\n");
	contains(out, "\nqlimit_sent{kind=\"domain\",name=\"all others\"} 3\n");
	contains(out, "\nqlimit_sent{kind=\"bounces\",name=\"\"} 1\n");
	contains(out, "\nqlimit_meters{kind=\"domain\"} 3\n");
	ck_assert_ptr_null(strstr(out, "few.example"));
	ck_assert_ptr_null(strstr(out, "some.example"));
	ck_assert_ptr_null(strstr(out, "qlimit_state{kind=\"domain\",name=\"all others\"}"));
	out = metrics(NULL, NULL);
	contains(out, "\nqlimit_sent{kind=\"domain\",name=\"few.example\"} 1\n");
	ck_assert_ptr_null(strstr(out, "all others"));
}
END_TEST

START_TEST(test_hostile_names)
{
	harness_rules("");
	send_many("a@\x1b[31mall others\n\"} 9\\\x80", "accept@x", 1);
	contains(metrics(NULL, NULL), "\nqlimit_sent{kind=\"domain\","
	    "name=\"\\\\x1b[31mall\\\\x20others\\\\x0a\\\\x22}\\\\x209\\\\x5c\\\\x80\"} 1\n");
}
END_TEST

static int
files_in(const char *directory)
{
	char command[400];
	int count = 0;
	FILE *f;

	(void)snprintf(command, sizeof command, "ls -A %s | wc -l", directory);
	f = popen(command, "r");
	ck_assert(f != NULL && fscanf(f, "%d", &count) == 1);
	(void)pclose(f);
	return count;
}

/* Goal: the file is there whole, for everybody to read, and nothing else is; where it cannot be, none is. */
START_TEST(test_textfile)
{
	const char *directory = harness_path("textfiles"), *path = harness_path("textfiles/qlimit.prom"), *out;
	struct harness_output o;
	char text[65536] = "";
	struct stat st;
	FILE *f;

	ck_assert_int_eq(mkdir(directory, 0755), 0);
	harness_rules("");
	send_many("a@a.example", "accept@x", 1);
	out = metrics(NULL, NULL);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0); /* is replaced, not followed */
	o = harness_cli("metrics", "--textfile", path);
	ck_assert_msg(o.status == EX_OK && o.out[0] == '\0' && o.err[0] == '\0', "%s%s", o.out, o.err);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0644);
	f = fopen(path, "r");
	ck_assert(f != NULL && fread(text, 1, sizeof text - 1, f) > 0);
	(void)fclose(f);
	ck_assert_str_eq(text, out);
	ck_assert_int_eq(files_in(directory), 1);
	o = harness_cli("metrics", "--textfile", harness_path("nowhere/qlimit.prom"));
	ck_assert_int_eq(o.status, EX_CANTCREAT);
	contains(o.err, "by the owner of the state directory");
	o = harness_cli("metrics", "--textfile", directory); /* which it cannot replace */
	ck_assert_int_eq(o.status, EX_CANTCREAT);
	ck_assert_int_eq(access(harness_path("textfiles.XXXXXX"), F_OK), -1);
	ck_assert_int_eq(files_in(directory), 1);
}
END_TEST

START_TEST(test_refused)
{
	struct harness_output o = harness_cli("metrics", "--limit", "1001");

	ck_assert_int_eq(o.status, EX_USAGE);
	contains(o.err, "from 1 to 1000");
	ck_assert_int_eq(harness_cli("metrics", "a.example").status, EX_USAGE);
}
END_TEST

/* Goal: a ledger that is damaged is no reason to say nothing of this hour. */
START_TEST(test_without_ledger)
{
	harness_rules("");
	send_many("a@a.example", "accept@x", 1);
	harness_write(harness_state("ledger.mdb"), "none", 4);
	contains(metrics(NULL, NULL), "\nqlimit_sent{kind=\"domain\",name=\"a.example\"} 1\n");
	ck_assert_int_eq(rename(harness_state("ledger.mdb"), harness_state("ledger.mdb.damaged")), 0);
	contains(metrics(NULL, NULL), "\nqlimit_trouble{what=\"ledger_damaged\"} 1\n");
}
END_TEST

/* Goal: where nothing is counted yet, also because the store was damaged, a monitor hears of that. */
START_TEST(test_without_store)
{
	const char *out = metrics(NULL, NULL);

	contains(out, "\nqlimit_trouble{what=\"live_damaged\"} 0\n");
	contains(out, "\nqlimit_trouble{what=\"mail_path\"} ");
	contains(out, "\nqlimit_last_delivery_timestamp_seconds 0\n");
	contains(out, "\nqlimit_hour_timestamp_seconds 1795280400\n");
	contains(out, "\nqlimit_meters{kind=\"domain\"} 0\n");
	contains(metrics("--textfile", "-"), "\nqlimit_observe 0\n");
	harness_rules("");
	send_many("a@a.example", "accept@x", 1);
	ck_assert_int_eq(rename(harness_state("live.mdb"), harness_state("live.mdb.damaged")), 0);
	out = metrics(NULL, NULL);
	contains(out, "\nqlimit_trouble{what=\"live_damaged\"} 1\n");
	ck_assert_ptr_null(strstr(out, "a.example"));
}
END_TEST

Suite *
suite_metrics(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("reader"), *c = tcase_create("command");

	tcase_add_loop_test(t, test_reader, 0, HARNESS_ROWS(texts));
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(c, harness_start, harness_end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, test_numbers);
	tcase_add_test(c, test_top);
	tcase_add_test(c, test_hostile_names);
	tcase_add_test(c, test_textfile);
	tcase_add_test(c, test_refused);
	tcase_add_test(c, test_without_ledger);
	tcase_add_test(c, test_without_store);
	suite_add_tcase(s, c);
	return s;
}
