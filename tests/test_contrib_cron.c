/* test_contrib_cron - contrib/cron: every line as cron would run it; and whether its mail gets out */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness_contrib.h"
#include "harness_faults.h"
#include "suites.h"

#define LINES_MAX 20

/* The lines of contrib/cron that run something, also those that are commented out: from the command on. */
static size_t
commands(const char *text, char line[LINES_MAX][200])
{
	size_t n = 0;

	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t length = strcspn(at, "\n");
		char minute[40], root[40];
		int command = 0;

		at += *at == '#';
		length = strcspn(at, "\n");
		if (!isdigit((unsigned char)*at) && *at != '*')
			continue;
		ck_assert_uint_lt(length, 200);
		ck_assert_uint_lt(n, LINES_MAX);
		(void)snprintf(line[n], length + 1, "%s", at);
		ck_assert_msg(sscanf(line[n], "%39s %*s %*s %*s %*s %39s %n", minute, root, &command) == 2 && command > 0 &&
		    strspn(minute, "0123456789*/,-") == strlen(minute) && strcmp(root, "root") == 0, "%s", line[n]);
		ck_assert_msg(strchr(line[n], '%') == NULL, "cron ends the line there: %s", line[n]);
		memmove(line[n], line[n] + command, strlen(line[n] + command) + 1);
		n++;
	}
	return n;
}

static struct harness_output
as_cron(const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };

	return harness_run_words(argv[0], argv);
}

static const char *
the_file(void)
{
	static char text[8192];
	FILE *f = fopen("contrib/cron", "r");

	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	(void)fclose(f);
	return text;
}

/* Programs that say their words, and what is told to them by SAYS, and end with END. */
static void
start(void)
{
	static const char *const names[] = { "qlimit", "qlimit-dnsbl", "qlimit-domains" };

	harness_contrib_start();
	for (int i = 0; i < HARNESS_ROWS(names); i++)
		harness_contrib_program(names[i],
		    "echo \"${0##*/} $*\" >>\"$PLACE/ran\"\nprintf '%s' \"$SAYS\"\nexit \"${END:-0}\"\n");
}

/* Goal: all is well: the commands that are meant are run, and nothing is said, so nothing is mailed. */
START_TEST(test_silent)
{
	char line[LINES_MAX][200];
	size_t n = commands(the_file(), line);

	for (size_t i = 0; i < n; i++) {
		struct harness_output o = as_cron(line[i]);

		ck_assert_msg(o.status == 0 && o.out[0] == '\0' && o.err[0] == '\0', "%s: %d %s%s", line[i],
		    o.status, o.out, o.err);
	}
	ck_assert_str_eq(harness_contrib_read("ran"),
	    "qlimit status --check\n"
	    "qlimit queue --alert 1000\n"
	    "qlimit-dnsbl \n"
	    "qlimit report --since 24h --limit 20\n"
	    "qlimit metrics --textfile /var/lib/node_exporter/qlimit/qlimit.prom\n"
	    "qlimit-domains -i domains-plesk /etc/qlimit.plans\n");
}
END_TEST

/* Goal: what is wrong is printed; but the totals of a queue, which qlimit always prints, only if it is long. */
START_TEST(test_told)
{
	char line[LINES_MAX][200];
	size_t n = commands(the_file(), line), told = 0;

	(void)setenv("SAYS", "trouble", 1);
	for (size_t i = 0; i < n; i++)
		if (strstr(line[i], "queue") != NULL)
			ck_assert_str_eq(as_cron(line[i]).out, "");
	(void)setenv("END", "1", 1);
	for (size_t i = 0; i < n; i++)
		told += strncmp(as_cron(line[i]).out, "trouble", 7) == 0;
	ck_assert_uint_eq(told, n - 1); /* but for the one with >/dev/null */
}
END_TEST

/* Goal: with the real qlimit: it knows these words. */
START_TEST(test_real)
{
	char line[LINES_MAX][200];
	size_t n = commands(the_file(), line), tried = 0;

	(void)unlink(harness_path("bin/qlimit"));
	ck_assert_int_eq(symlink(harness_program("qlimit"), harness_path("bin/qlimit")), 0);
	harness_rules("hosted = ( );");
	(void)harness_send();
	for (size_t i = 0; i < n; i++) {
		struct harness_output o;

		if (strstr(line[i], "queue") == NULL && strstr(line[i], "report") == NULL)
			continue;
		o = as_cron(line[i]);
		ck_assert_msg(o.status == 0 && o.err[0] == '\0', "%s: %d %s", line[i], o.status, o.err);
		ck_assert_msg((o.out[0] == '\0') == (strstr(line[i], "queue") != NULL), "%s: %s", line[i], o.out);
		tried++;
	}
	ck_assert_uint_eq(tried, 2);
}
END_TEST

/* Goal: its own advice for the mail of cron: taken from the file, it lets root's mail out when nobody's goes. */
START_TEST(test_its_mail)
{
	const char *advice = strstr(the_file(), "users = ("), *end = advice != NULL ? strchr(advice, '\n') : NULL;
	char rules[300];

	ck_assert_ptr_nonnull(end);
	for (int exempt = 0; exempt < 2; exempt++) {
		const char *root = "root@host.example", *admin = "admin@there.example";

		(void)snprintf(rules, sizeof rules,
		    "hosted = ( ); default = { max_per_hour = 1; }; server = { max_per_hour = 1; }; %.*s",
		    exempt ? (int)(end - advice) : 0, advice);
		harness_rules(rules);
		(void)harness_deliver(harness_message("by uid 1000", NULL), root, admin);
		ck_assert_int_eq(harness_deliver(harness_message("by uid 0", NULL), root, admin).letter, exempt ? 'K' : 'Z');
		ck_assert_int_ne(harness_deliver(harness_message("by uid 1000", NULL), root, admin).letter, 'K');
	}
}
END_TEST

Suite *
suite_contrib_cron(void)
{
	Suite *s = suite_create("contrib_cron");
	TCase *t = tcase_create("contrib");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, start, harness_end);
	tcase_add_test(t, test_silent);
	tcase_add_test(t, test_told);
	tcase_add_test(t, test_real);
	tcase_add_test(t, test_its_mail);
	suite_add_tcase(s, t);
	return s;
}
