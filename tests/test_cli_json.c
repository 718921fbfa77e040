/* test_cli_json - --json of every command, judged by a strict reader of JSON, and by the manual */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- a strict reader: RFC 8259, but ASCII alone, numbers whole and without a sign, and no name twice --- */

#define DEPTH_MAX 4
#define NAMES_MAX 64

static char manual[160000];

/* Goal of the manual: a name of a member stands in a line .It Li or .Li of its section JSON. */
static bool
is_in_manual(const char *name, size_t n)
{
	for (const char *at = manual; at != NULL; at = strchr(at + 1, '\n')) {
		const char *line = at + (*at == '\n');
		size_t length = strcspn(line, "\n");

		if (strncmp(line, ".It Li ", 7) != 0 && strncmp(line, ".Li ", 4) != 0)
			continue;
		for (const char *word = line; word < line + length; word += strcspn(word, " \n") + 1)
			if (strcspn(word, " \n") == n && strncmp(word, name, n) == 0)
				return true;
	}
	return false;
}

/* Each returns what is behind what it has read, or NULL. */
static const char *
read_string(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < 32 || (unsigned char)*s > 126)
			return NULL;
		if (*s != '\\')
			continue;
		s++;
		if (*s == 'u' && strspn(s + 1, "0123456789abcdef") >= 4)
			s += 4;
		else if (*s == '\0' || strchr("\"\\/bfnrt", *s) == NULL)
			return NULL;
	}
	return s + 1;
}

static const char *
read_word(const char *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t digits = strspn(s, "0123456789");

	for (int i = 0; i < HARNESS_ROWS(words); i++)
		if (strncmp(s, words[i], strlen(words[i])) == 0)
			return s + strlen(words[i]);
	return digits == 0 || (*s == '0' && digits > 1) ? NULL : s + digits;
}

static const char *read_object(const char *s, int depth);

static const char *
read_member(const char *s, int depth)
{
	s = read_string(s);
	if (s == NULL || *s++ != ':')
		return NULL;
	return *s == '"' ? read_string(s) : *s == '{' ? read_object(s, depth + 1) : read_word(s);
}

static const char *
read_object(const char *s, int depth)
{
	const char *names[NAMES_MAX];
	size_t count = 0;

	if (*s++ != '{' || depth > DEPTH_MAX)
		return NULL;
	for (; s != NULL && *s == '"' && count < NAMES_MAX; s += *s == ',' && s[1] == '"') {
		size_t n = strcspn(s + 1, "\"") + 2;

		for (size_t i = 0; i < count; i++)
			if (strncmp(names[i], s, n) == 0)
				return NULL;
		if (manual[0] != '\0')
			ck_assert_msg(is_in_manual(s + 1, n - 2), "qlimit(8) does not have %.*s", (int)n, s);
		names[count++] = s;
		s = read_member(s, depth);
		if (s == NULL)
			return NULL;
	}
	return s != NULL && *s == '}' ? s + 1 : NULL;
}

/* How many objects, one a line, there are; -1 if something else is. */
static int
objects(const char *text)
{
	int count = 0;

	while (*text != '\0') {
		text = read_object(text, 0);
		if (text == NULL || *text++ != '\n')
			return -1;
		count++;
	}
	return count;
}

static const struct {
	const char *text;
	int count;
} texts[] = {
	{ "{}\n{\"a\":1,\"b\":\"\\u001b\\\\\\\"\",\"c\":{\"d\":null,\"a\":false}}\n", 2 },
	{ "", 0 },
	{ "{\"a\":1}", -1 },
	{ "{\"a\":1,}\n", -1 },
	{ "{\"a\":1 }\n", -1 },
	{ "{\"a\":01}\n", -1 },
	{ "{\"a\":-1}\n", -1 },
	{ "{\"a\":nul}\n", -1 },
	{ "{\"a\"}\n", -1 },
	{ "{\"a\":\"\\x1b\"}\n", -1 },
	{ "{\"a\":\"\t\"}\n", -1 },
	{ "{\"a\":\"\xc3\xa4\"}\n", -1 },
	{ "{\"a\":\"\n", -1 },
	{ "{\"a\":1,\"a\":2}\n", -1 },
	{ "{\"a\":{\"b\":1}\n", -1 },
	{ "{}{}\n", -1 },
	{ "was told\n", -1 },
};

START_TEST(test_reader)
{
	ck_assert_int_eq(objects(texts[_i].text), texts[_i].count);
}
END_TEST

/* --- the commands --- */

static void
start(void)
{
	FILE *f = fopen("src/qlimit.8", "r");
	char *section;
	size_t n;

	harness_start();
	ck_assert_ptr_nonnull(f);
	n = fread(manual, 1, sizeof manual - 1, f);
	ck_assert(n > 0 && n < sizeof manual - 1);
	manual[n] = '\0';
	(void)fclose(f);
	section = strstr(manual, "\n.Ss JSON\n");
	ck_assert_ptr_nonnull(section);
	(void)memmove(manual, section, strlen(section) + 1);
	section = strstr(manual, "\n.Sh ");
	ck_assert_ptr_nonnull(section);
	*section = '\0';
}

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%s", wanted, text);
}

static void
is(struct harness_output o, int status, int count, const char *wanted)
{
	ck_assert_msg(o.status == status, "status %d, wanted %d\n%s%s", o.status, status, o.out, o.err);
	ck_assert_msg(objects(o.out) == count, "%d objects, wanted %d\n%s", objects(o.out), count, o.out);
	contains(o.out, wanted);
}

/* Goal: of a right configuration the totals; of a wrong one each mistake, taken apart. */
START_TEST(test_check)
{
	char wanted[600], text[3000] = "";
	struct harness_output o;

	harness_config("mode = \"observe\"; domains = ( { name = \"a.example\"; }, { name = \"b.example\"; } );\n");
	o = harness_cli("check", "--json");
	(void)snprintf(wanted, sizeof wanted, "{\"kind\":\"total\",\"file\":\"%s\",\"ok\":true,\"errors\":0,\"warnings\":0,"
	    "\"mode\":\"observe\",\"domains\":2,\"packages\":0,\"hosted\":0,\"users\":0,\"destinations\":0}\n",
	    harness_path("qlimit.conf"));
	is(o, EX_OK, 1, wanted);
	ck_assert_str_eq(o.err, "");
	harness_config("default = {\n  max_per_hour = \"x\";\n};\nnonsense = 1;\n");
	o = harness_cli("check", "--json");
	(void)snprintf(wanted, sizeof wanted, "{\"kind\":\"mistake\",\"severity\":\"error\",\"file\":\"%s\",\"line\":2,\"what\":"
	    "\"max_per_hour must be ", harness_path("qlimit.conf"));
	is(o, EX_CONFIG, 3, wanted);
	contains(o.out, ",\"line\":4,\"what\":\"unknown setting ");
	contains(o.out, "\"ok\":false,\"errors\":2,\"warnings\":0}\n");
	ck_assert_str_eq(o.err, "");
	/* More mistakes than are kept. */
	for (int i = 0; i < 60; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "nonsense%d = 1;\n", i);
	harness_config(text);
	is(harness_cli("check", "--json"), EX_CONFIG, 51, "\"ok\":false,\"errors\":60,");
	harness_config("remote = \"/nonexistent/q\";\n");
	is(harness_cli("check", "--json"), EX_CONFIG, 2, ",\"line\":1,\"what\":\"remote = \\\"/nonexistent/q\\\": No such");
}
END_TEST

/* Goal: lines of qmail's that mean nothing, and files that their reader cannot read, are warnings. */
START_TEST(test_check_warns)
{
	char text[1200] = "";

	for (int i = 0; i < 12; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "no domain %d\n", i);
	harness_write(harness_path("control/rcpthosts"), text, strlen(text));
	harness_config("");
	is(harness_cli("check", "--json"), EX_OK, 11, "\"severity\":\"warning\",");
	contains(harness_cli("check", "--json").out, "\"ok\":true,\"errors\":0,\"warnings\":12,");
	contains(harness_cli("check", "--json").out, "/control/rcpthosts\",\"line\":1,\"what\":\"skipped: ");
	contains(harness_cli("check").err, "warning: and 2 more lines skipped\n");
	harness_write(harness_path("control/rcpthosts"), "a.example\n", 10);
	if (getuid() != 0) {
		harness_skip("check --json of a file that the owner cannot read", "not root");
		return;
	}
	ck_assert_int_eq(chmod(harness_path(".."), 0711), 0);
	ck_assert_int_eq(chmod(harness_path("."), 0711), 0);
	ck_assert_int_eq(chown(harness_path("state"), HARNESS_USER, HARNESS_USER), 0);
	ck_assert_int_eq(chmod(harness_path("control/rcpthosts"), 0600), 0);
	is(harness_cli("check", "--json"), EX_OK, 2, "/control/rcpthosts\",\"line\":null,\"what\":\"the owner of ");
}
END_TEST

/* Goal: every change with its limits before and now, none of them left out for being one of many. */
START_TEST(test_load)
{
	char text[4000] = "domains = (";
	struct harness_output o;

	for (int i = 0; i < 40; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s{ name = \"d%d.example\"; max_per_hour = 3; }",
		    i > 0 ? ", " : "", i);
	(void)strcat(text, ");\n");
	harness_config(text);
	o = harness_cli("load", "--json");
	is(o, EX_OK, 46, "{\"kind\":\"added\",\"rule\":\"d39.example\",\"before\":null,\"now\":{\"max_per_hour\":3,\"max_per_day\":0,"
	    "\"refuse_above_percent\":125,\"max_failure_percent\":0,\"min_failures\":5,\"on_failures\":\"defer\","
	    "\"count_failures\":\"failed deferred\",\"count\":\"recipients\",\"exempt\":false,\"runs_smtpd\":false}}\n");
	contains(o.out, "\"ok\":true,\"errors\":0,\"warnings\":0,\"added\":45,\"changed\":0,\"removed\":0,\"same\":0,");
	harness_config("domains = ( { name = \"d0.example\"; max_per_hour = 4; } );\n"
	    "users = ( { uid = 48; max_per_hour = 1; runs_smtpd = true; } );\n");
	o = harness_cli("load", "--json");
	contains(o.out, "{\"kind\":\"changed\",\"rule\":\"d0.example\",\"before\":{\"max_per_hour\":3,");
	contains(o.out, "},\"now\":{\"max_per_hour\":4,");
	contains(o.out, "{\"kind\":\"removed\",\"rule\":\"d39.example\",\"before\":{\"max_per_hour\":3,");
	contains(o.out, ",\"runs_smtpd\":false},\"now\":null}\n");
	contains(o.out, "\"rule\":\"user uid:48\",\"before\":null,\"now\":{\"max_per_hour\":1,");
	ck_assert_int_gt(objects(o.out), 40);
	/* Hosted domains that have what default has are a number. */
	harness_write(harness_path("control/rcpthosts"), "a.example\nb.example\n", 20);
	o = harness_cli("load", "--json");
	is(o, EX_OK, 1, "\"added\":2,\"changed\":0,\"removed\":0,");
	contains(o.out, "\"hosted\":2,");
	harness_config("nonsense = 1;\n");
	o = harness_cli("load", "--json");
	is(o, EX_CONFIG, 2, "\"line\":1,\"what\":\"unknown setting ");
	ck_assert_str_eq(o.err, "nothing loaded: the rules in force stay as they are\n");
}
END_TEST

/* Goal: what a program of notify prints is not among the objects. */
START_TEST(test_notices)
{
	static const char script[] = "#!/bin/sh\necho \"said $QLIMIT_EVENT\"\nexit ${QLIMIT_TEST_EXIT:-0}\n";
	char text[600];
	struct harness_output o;

	harness_write(harness_path("program"), script, strlen(script));
	ck_assert_int_eq(chmod(harness_path("program"), 0755), 0);
	(void)snprintf(text, sizeof text, "notify = \"%s\";\n", harness_path("program"));
	harness_rules(text);
	o = harness_cli("notify", "--json", "test");
	is(o, EX_OK, 1, "{\"kind\":\"notice\",\"event\":\"test\",\"program\":\"");
	contains(o.out, "/program\",\"result\":\"exited\",\"number\":0}\n");
	ck_assert_str_eq(o.err, "said test\n");
	contains(harness_cli("notify", "test").out, "said test\n");
	(void)setenv("QLIMIT_TEST_EXIT", "3", 1);
	is(harness_cli("notify", "--json", "test"), EX_UNAVAILABLE, 1, "\"result\":\"exited\",\"number\":3}\n");
	(void)unsetenv("QLIMIT_TEST_EXIT");
	harness_config("nonsense = 1;\n");
	o = harness_cli("load", "--json");
	is(o, EX_CONFIG, 3, "{\"kind\":\"notice\",\"event\":\"trouble\",");
	contains(o.err, "said trouble\n");
	is(harness_cli("load", "--json"), EX_CONFIG, 3, "\"event\":\"trouble\",\"program\":\"");
	contains(harness_cli("load", "--json").out, "\"result\":\"told_before\",\"number\":0}\n");
}
END_TEST

/* Goal: who pays and why, from which line, and the verdict; also of names that are hostile. */
START_TEST(test_explain)
{
	const char *name;
	struct harness_output o;
	char path[600];

	harness_rules("default = {\n max_per_hour = 1; max_per_day = 9; };\n"
	    "domains = (\n { name = \"a.example\"; max_failure_percent = 50; } );\nusers = ( { uid = 48; exempt = true; } );\n");
	name = harness_message("by uid 48", NULL);
	(void)snprintf(path, sizeof path, "%s/%s", harness_path("queue/mess"), name);
	o = harness_cli("explain", "--json", "joe@a.example");
	is(o, EX_OK, 4, "{\"kind\":\"delivery\",\"sender\":\"joe@a.example\",\"recipient\":\"\",\"message\":false,"
	    "\"invoked_by\":\"\",\"uid\":0,\"forwarder\":\"\",\"authenticated\":\"\",\"rules\":true,\"config\":true}\n");
	contains(o.out, "{\"kind\":\"domain\",\"name\":\"a.example\",\"reason\":\"any_sender\",\"admitted\":0,");
	contains(o.out, ",\"failure_percent\":0,\"admitted_in_day\":0,\"state\":\"ok\",\"limits\":{\"max_per_hour\":1,");
	contains(o.out, "qlimit.conf:4\",\"from\":{\"max_per_hour\":\"");
	contains(o.out, "qlimit.conf:2\",\"max_per_day\":\"");
	contains(o.out, "\"current\":true,\"returned\":0}\n");
	contains(o.out, "{\"kind\":\"verdict\",\"verdict\":\"pass\",\"exempt\":false,\"charged\":false,\"text\":\"\"}\n");
	o = harness_cli("explain", "--json", "--message", path, "a\"\\\x1b\xff@a.example", "bob@b.example");
	is(o, EX_OK, 5, "\"sender\":\"a\\\\x22\\\\x5c\\\\x1b\\\\xff@a.example\",\"recipient\":\"bob@b.example\",\"message\":true,"
	    "\"invoked_by\":\"uid\",\"uid\":48,");
	contains(o.out, "{\"kind\":\"verdict\",\"verdict\":\"pass\",\"exempt\":true,");
	(void)harness_deliver(harness_message(NULL, NULL), "joe@a.example", "accept@x.example");
	o = harness_cli("explain", "--json", "joe@a.example");
	contains(o.out, "{\"kind\":\"verdict\",\"verdict\":\"held\",\"exempt\":false,\"charged\":false,\"text\":\"Domain a.example has");
	harness_config("mode = \"observe\"; default = { max_per_hour = 1; };\n domains = ( { name = \"a.example\"; } );\n");
	o = harness_cli("explain", "--json", "joe@a.example");
	contains(o.out, "\"current\":false,\"returned\":0}\n");
	ck_assert_int_eq(harness_load().status, EX_OK);
	o = harness_cli("explain", "--json", "joe@a.example");
	is(o, EX_OK, 4, "\"verdict\":\"pass\",\"would_be\":\"held\",");
	/* Nobody can say which line. */
	harness_config("nonsense = 1;\n");
	o = harness_cli("explain", "--json", "joe@a.example");
	is(o, EX_OK, 4, ",\"config\":false}\n");
	ck_assert_ptr_null(strstr(o.out, "\"current\""));
}
END_TEST

START_TEST(test_acts)
{
	struct harness_output o;

	harness_rules("domains = ( { name = \"a.example\"; max_per_day = 3; }, { name = \"b.example\"; } );\n");
	(void)harness_deliver(harness_message(NULL, NULL), "joe@a.example", "accept@x.example");
	(void)harness_deliver(harness_message(NULL, NULL), "joe@b.example", "accept@x.example");
	is(harness_cli("reset", "--json", "A.example."), EX_OK, 1,
	    "{\"kind\":\"domain\",\"name\":\"a.example\",\"day_reset\":true}\n");
	is(harness_cli("reset", "--json", "b.example"), EX_OK, 1, "\"name\":\"b.example\",\"day_reset\":false}\n");
	is(harness_cli("reset", "--json", "c.example"), EX_NOINPUT, 0, "");
	is(harness_cli("tidy", "--json"), EX_OK, 1, "{\"kind\":\"tidy\",\"moved\":0,\"removed\":0,\"forgotten\":0}\n");
	o = harness_cli("hold", "--json", "--for", "2h", "--reason", "a \"b\" \\ \xc3\xa4", "a.example");
	is(o, EX_OK, 1, "{\"order\":\"hold\",\"meter\":\"a.example\",\"since\":\"2026-11-21T17:30:00Z\","
	    "\"until\":\"2026-11-21T19:30:00Z\",\"by\":\"");
	ck_assert_str_eq(harness_cli("orders", "--json").out, o.out);
	is(harness_cli("refuse", "--json", "nobody.example"), EX_OK, 1, "\"until\":null,");
	is(harness_cli("discard", "--json", "a.example"), EX_USAGE, 0, "");
	is(harness_cli("discard", "--json", "--yes", "a.example"), EX_OK, 1, "{\"order\":\"discard\",");
	is(harness_cli("orders", "--json"), EX_OK, 2, "");
	is(harness_cli("release", "--json", "a.example"), EX_OK, 1, "{\"order\":\"discard\",\"meter\":\"a.example\",");
	is(harness_cli("release", "--json", "a.example"), EX_NOINPUT, 0, "");
}
END_TEST

/* Goal: the older ones hold to it as well. */
START_TEST(test_seeing)
{
	static const char *const words[][5] = { { "show", "--json" }, { "report", "--json" },
		{ "report", "--json", "--by", "hour" }, { "report", "--json", "--by", "day" }, { "status", "--json" } };
	char path[600];

	harness_rules("default = { max_per_hour = 1; max_per_day = 3; };\nmode = \"observe\";\n");
	for (int i = 0; i < 3; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a\"b@\x01.example", "accept@x.example");
	for (int i = 0; i < HARNESS_ROWS(words); i++) {
		struct harness_output o = harness_cli_words(words[i]);

		ck_assert_int_eq(o.status, EX_OK);
		ck_assert_msg(objects(o.out) > 0, "%s\n%s", words[i][0], o.out);
	}
	(void)snprintf(path, sizeof path, "%s", harness_path("qlimit.conf"));
	ck_assert_int_gt(objects(harness_cli("replay", "--with", path, "--json").out), 0);
}
END_TEST

/* Goal: a name that is given twice, however it is written, is counted once. */
START_TEST(test_names_twice)
{
	static const char *const commands[] = { "report", "show" };

	harness_rules("");
	(void)harness_deliver(harness_message(NULL, NULL), "joe@a.example", "accept@x.example");
	for (int i = 0; i < HARNESS_ROWS(commands); i++) {
		struct harness_output o = harness_cli(commands[i], "--json", "a.example", "server", "A.Example.",
		    "domain:a.example");

		is(o, EX_OK, 2, "\"name\":\"a.example\",");
		contains(strstr(o.out, "\"name\":\"a.example\""), "\"admitted\":1,");
	}
	ck_assert_str_eq(harness_cli("report", "a.example", "a.example").out, harness_cli("report", "a.example").out);
	ck_assert_str_eq(harness_cli("report", "--by", "hour", "a.example", "a.example").out,
	    harness_cli("report", "--by", "hour", "a.example").out);
}
END_TEST

Suite *
suite_cli_json(void)
{
	Suite *s = suite_create("cli_json");
	TCase *r = tcase_create("reader"), *t = tcase_create("commands");

	tcase_add_loop_test(r, test_reader, 0, HARNESS_ROWS(texts));
	suite_add_tcase(s, r);
	tcase_add_checked_fixture(t, start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_check);
	tcase_add_test(t, test_check_warns);
	tcase_add_test(t, test_load);
	tcase_add_test(t, test_notices);
	tcase_add_test(t, test_explain);
	tcase_add_test(t, test_acts);
	tcase_add_test(t, test_seeing);
	tcase_add_test(t, test_names_twice);
	suite_add_tcase(s, t);
	return s;
}
