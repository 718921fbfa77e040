/* test_notify_contrib - contrib/notify: what its programs make of an event, hostile names and all */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- programs that write down their arguments and their input, in the place of real ones --- */

static void
write_script(const char *name, const char *body)
{
	FILE *f = fopen(harness_path(name), "w");

	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "#!/bin/sh\n%s", body);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(harness_path(name), 0755), 0);
}

static void
start(void)
{
	static const char fake[] = "{ printf '[%%s]' \"$@\"; echo; cat; } >'%s'\nexit %s\n";
	char body[400];

	harness_start();
	(void)snprintf(body, sizeof body, fake, harness_path("given"), "${FAKE_EXIT:-0}");
	ck_assert_int_eq(mkdir(harness_path("bin"), 0755), 0);
	write_script("bin/qmail-inject", body);
	write_script("curl", body);
	(void)setenv("QMAIL", harness_path("."), 1);
	(void)setenv("CURL", harness_path("curl"), 1);
	(void)setenv("NOTIFY_URL", "https://chat.example/h?a=\"b\"", 1);
}

static const char *
given(void)
{
	static char text[8192];
	FILE *f = fopen(harness_path("given"), "r");
	size_t n;

	if (f == NULL)
		return "";
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void
has(const char *wanted)
{
	ck_assert_msg(strstr(given(), wanted) != NULL, "not in it: %s\n%s", wanted, given());
}

static int
run(const char *name, const char *argument)
{
	const char *const argv[] = { name, argument, NULL };

	return harness_run_words(name, argv).status;
}

/* As a delivery would never write it: qlimit escapes. */
static void
be_hostile(void)
{
	(void)setenv("QLIMIT_EVENT", "limit", 1);
	(void)setenv("QLIMIT_METER", "-$(touch /tmp/qlimit-pwned)`id`\";\nBcc: x@evil\r\nurl = \"http://evil/\"\\\033[2J", 1);
	(void)setenv("QLIMIT_TEXT", "@/etc/passwd 'x' \"y\" \\x0a %s\nurl = x", 1);
	(void)setenv("QLIMIT_HOST", "mx1.example\n\nbody", 1);
	(void)setenv("QLIMIT_ADMITTED", "100", 1);
	(void)setenv("QLIMIT_HELD", "25\nurl = x", 1);
}

/* --- mail --- */

START_TEST(test_mail)
{
	be_hostile();
	ck_assert_int_eq(run("contrib/notify/mail", NULL), 0);
	ck_assert_str_eq(given(),
	    "[-f][][--][root]\n"
	    "From: qlimit <postmaster>\n"
	    "To: root\n"
	    "Subject: [qlimit] limit: -$(touch /tmp/qlimit-pwned)`id`\";Bcc: x@evilurl = \"http://evil/\"\\[2J on "
	    "mx1.examplebody\n"
	    "Auto-Submitted: auto-generated\n"
	    "Precedence: bulk\n"
	    "\n"
	    "@/etc/passwd 'x' \"y\" \\x0a %surl = x\n"
	    "\n"
	    "  admitted             100\n"
	    "  held                 25url = x\n"
	    "\n"
	    "Look: qlimit show; qlimit explain SENDER.\n");
	ck_assert_int_eq(access("/tmp/qlimit-pwned", F_OK), -1);
	ck_assert_int_eq(run("contrib/notify/mail", "-joe@example.com\nBcc: x"), 0);
	has("[--][-joe@example.com\nBcc: x]\n");
	has("\nTo: -joe@example.comBcc: x\n");
}
END_TEST

/* Goal: with nothing but an event, and where qmail-inject fails, which is then said. */
START_TEST(test_mail_without_facts)
{
	(void)setenv("QLIMIT_EVENT", "test", 1);
	ck_assert_int_eq(run("contrib/notify/mail", NULL), 0);
	has("\nSubject: [qlimit] test: this server on this host\n");
	(void)setenv("FAKE_EXIT", "100", 1);
	ck_assert_int_eq(run("contrib/notify/mail", NULL), 100);
}
END_TEST

/* --- webhook --- */

START_TEST(test_webhook)
{
	be_hostile();
	ck_assert_int_eq(run("contrib/notify/webhook", NULL), 0);
	has("[-q][--config][-]\nsilent\nshow-error\nfail\nmax-time = 20\nproto = \"=http,https\"\n");
	has("\nurl = \"https://chat.example/h?a=\\\"b\\\"\"\n");
	/* Once for JSON, and all of that once more for curl. */
	has("\ndata-raw = \"{\\\"text\\\":\\\"@/etc/passwd 'x' \\\\\\\"y\\\\\\\" \\\\\\\\x0a %surl = x\\\","
	    "\\\"event\\\":\\\"limit\\\",\\\"meter\\\":\\\"-$(touch /tmp/qlimit-pwned)`id`\\\\\\\";Bcc: x@evilurl = "
	    "\\\\\\\"http://evil/\\\\\\\"\\\\\\\\[2J\\\",\\\"admitted\\\":\\\"100\\\",\\\"held\\\":\\\"25url = x\\\","
	    "\\\"host\\\":\\\"mx1.examplebody\\\"}\"\n");
	ck_assert_int_eq(access("/tmp/qlimit-pwned", F_OK), -1);
}
END_TEST

START_TEST(test_webhook_that_fails)
{
	(void)setenv("FAKE_EXIT", "22", 1);
	ck_assert_int_eq(run("contrib/notify/webhook", NULL), 22);
	has("data-raw = \"{}\"\n");
	ck_assert_int_eq(unlink(harness_path("given")), 0);
	(void)unsetenv("NOTIFY_URL");
	ck_assert_int_eq(run("contrib/notify/webhook", NULL), EX_CONFIG);
	ck_assert_str_eq(given(), "");
}
END_TEST

/* --- with qlimit --- */

/* Goal: the whole way, from a name that a stranger chose to the mail. */
START_TEST(test_from_qlimit)
{
	char body[600], here[300], rules[400];

	ck_assert_ptr_nonnull(getcwd(here, sizeof here));
	(void)snprintf(body, sizeof body, "QMAIL='%s' exec '%s/contrib/notify/mail' ann\n", harness_path("."), here);
	write_script("program", body);
	(void)snprintf(rules, sizeof rules, "hosted = ( ); notify = \"%s\";", harness_path("program"));
	harness_rules(rules);
	(void)harness_deliver(harness_message(NULL, NULL), "a@$(x)\n\"y\".example", "k@there.example");
	ck_assert_int_eq(harness_cli("notify", "test", "$(x)\\x0a\"y\".example").status, EX_OK);
	has("[-f][][--][ann]\n");
	has("\nSubject: [qlimit] test: $(x)\\x0a\\x22y\\x22.example on ");
	has("\nThis is a test; nothing has happened. Domain $(x)\\x0a\\x22y\\x22.example has used 1 email in this "
	    "hour, without a limit.\n");
	has("\n  admitted             1\n");
}
END_TEST

Suite *
suite_notify_contrib(void)
{
	Suite *s = suite_create("notify_contrib");
	TCase *t = tcase_create("contrib");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, start, harness_end);
	tcase_add_test(t, test_mail);
	tcase_add_test(t, test_mail_without_facts);
	tcase_add_test(t, test_webhook);
	tcase_add_test(t, test_webhook_that_fails);
	tcase_add_test(t, test_from_qlimit);
	suite_add_tcase(s, t);
	return s;
}
