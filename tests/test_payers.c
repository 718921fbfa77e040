/* test_payers - who pays: envelope, head of the message and control files, through the whole wrapper */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "harness_faults.h"
#include "hour.h"
#include "store.h"
#include "suites.h"

#define RULES \
	"default = { max_per_hour = 1000; };\n" \
	"users = ( { uid = 89; runs_smtpd = true; } );\n" \
	"destinations = ( { name = \"gmail.example\"; } );\n" \
	"smtp_auth = \"received\"; trusted_received = ( \"by simscan \" );\n" \
	"domains = ( { name = \"named.example\"; }, { name = \".wild.example\"; } );\n"

#define SMTP(with) "Received: from h.example (HELO x) (joe@host.example@192.0.2.1)\n  by mx.example with " with "; d\n"

/* A line of each file, "" for none. */
static const struct {
	const char *name, *text;
} control_files[] = {
	{ "rcpthosts", "host.example\n.below.example\n# no.example\nUPPER.Example \t\n" },
	{ "morercpthosts", "more.example" },
	{ "virtualdomains", "virtual.example:joe\nann@mixed.example:ann\n.cust.example:c\nout.cust.example:\n:all\n" },
	{ "locals", "local.example\n" },
};

static const struct {
	const char *label, *origin, *text, *sender, *recipient;
	const char *payers; /* what meter_word() says of them, sorted by kind and name */
} rows[] = {
	{ "hosted in rcpthosts", "from network", "", "a@host.example", "accept@x", "server host.example" },
	{ "in any case", "from network", "", "a@UPPER.example", "accept@x", "server upper.example" },
	{ "wildcard", "from network", "", "a@x.below.example", "accept@x", "server x.below.example" },
	{ "wildcard: not itself", "from network", "", "a@below.example", "accept@x", "server foreign" },
	{ "comment", "from network", "", "a@no.example", "accept@x", "server foreign" },
	{ "morercpthosts", "from network", "", "a@more.example", "accept@x", "server more.example" },
	{ "virtualdomains", "from network", "", "a@virtual.example", "accept@x", "server virtual.example" },
	{ "virtual user", "from network", "", "Ann@Mixed.example", "accept@x", "server mixed.example" },
	{ "virtual user: nobody else", "from network", "", "b@mixed.example", "accept@x", "server foreign" },
	{ "virtual wildcard", "from network", "", "a@x.cust.example", "accept@x", "server x.cust.example" },
	{ "exception from it", "from network", "", "a@out.cust.example", "accept@x", "server foreign" },
	{ "locals", "from network", "", "a@local.example", "accept@x", "server local.example" },
	{ "domains", "from network", "", "a@named.example", "accept@x", "server named.example" },
	{ "domains, wildcard", "from network", "", "a@x.wild.example", "accept@x", "server x.wild.example" },
	{ "SRS", "by alias", "Delivered-To: f@host.example\n\n", "SRS0=x=y=gmail.com=a@virtual.example",
	    "accept@x", "server virtual.example alias" },
	{ "foreign", "from network", "", "a@elsewhere.example", "accept@x", "server foreign" },
	{ "no domain", "from network", "", "www-data", "accept@x", "server foreign" },
	{ "bounce", "for bounce", "", "", "accept@x", "server bounces" },
	{ "double bounce", "for bounce", "", "#@[]", "accept@x", "server bounces" },
	{ "bounce and forward", "by alias", "Delivered-To: f@host.example\n\n", "", "accept@x",
	    "server bounces alias" },
	{ "uid", "by uid 48", "", "a@host.example", "accept@x", "server host.example uid:48" },
	{ "uid, foreign", "by uid 48", "", "a@elsewhere.example", "accept@x", "server foreign uid:48" },
	{ "forward by alias", "by alias", "Delivered-To: f@host.example\nReceived: x\n\n", "a@gmail.com", "accept@x",
	    "server host.example alias" },
	{ "forward by uid", "by uid 89", "Delivered-To: f@Virtual.Example\n\n", "a@gmail.com", "accept@x",
	    "server virtual.example uid:89" },
	{ "forward below a filter", "by uid 89", "Received: by simscan 1.4 ppid: 1\n  s\nDelivered-To: f@host.example\n\n",
	    "a@gmail.com", "accept@x", "server host.example uid:89" },
	{ "forged: network", "from network", "Delivered-To: f@host.example\n\n", "a@gmail.com", "accept@x",
	    "server foreign" },
	{ "forged: below a Received", "by alias", "Received: from x\nDelivered-To: f@host.example\n\n", "a@gmail.com",
	    "accept@x", "server foreign alias" },
	{ "forged: body", "by alias", "\nDelivered-To: f@host.example\n", "a@gmail.com", "accept@x",
	    "server foreign alias" },
	{ "forged: not hosted", "by alias", "Delivered-To: f@gmail.com\nDelivered-To: f@host.example\n\n", "a@gmail.com",
	    "accept@x", "server foreign alias" },
	{ "forged: line 1 again", "from network", "Received: (qmail 1 invoked by uid 48); 1 Jan 2026 00:00:00 -0000\n"
	    "Delivered-To: f@host.example\n\n", "a@gmail.com", "accept@x", "server foreign" },
	{ "folded Delivered-To", "by alias", "Delivered-To:\n f@host.example\n\n", "a@gmail.com", "accept@x",
	    "server foreign alias" },
	{ "CRLF", "by alias", "Delivered-To: f@host.example\r\n\r\n", "a@gmail.com", "accept@x",
	    "server foreign alias" },
	{ "hosted sender before forward", "by alias", "Delivered-To: f@host.example\n\n", "a@virtual.example",
	    "accept@x", "server virtual.example alias" },
	{ "authenticated", "from network", SMTP("ESMTPA"), "a@host.example", "accept@x",
	    "server host.example auth:joe@host.example" },
	{ "authenticated, a listed uid", "by uid 89", SMTP("ESMTPA"), "a@host.example", "accept@x",
	    "server host.example auth:joe@host.example uid:89" },
	{ "forged: another uid", "by uid 48", SMTP("ESMTPA"), "a@host.example", "accept@x",
	    "server host.example uid:48" },
	{ "ident is not AUTH", "from network", SMTP("ESMTP"), "a@host.example", "accept@x", "server host.example" },
	{ "destination", "from network", "", "a@host.example", "accept@Gmail.Example",
	    "server host.example destination:gmail.example" },
	{ "all at once", "by uid 89", SMTP("ESMTPA"), "a@virtual.example", "accept@gmail.example",
	    "server virtual.example auth:joe@host.example uid:89 destination:gmail.example" },
};

static void
write_control(void)
{
	char path[300];

	for (size_t i = 0; i < sizeof control_files / sizeof control_files[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", harness_path("control"), control_files[i].name);
		harness_write(path, control_files[i].text, strlen(control_files[i].text));
	}
}

/* Who has counted anything in this hour, as meter_word() says it, in the store's order. */
static const char *
who_paid(void)
{
	static char list[4096];
	unsigned char boot[INFO_BOOT_SIZE];
	struct store_row row = { .hour = 0 };
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, 10000);
	char word[METER_WORD_MAX];

	ck_assert_ptr_nonnull(s);
	boot_id(boot);
	store_lmdb_of_boot(s, boot);
	ck_assert_int_eq(store_begin(s, false), 0);
	list[0] = '\0';
	while (store_counters_next(s, 0, UINT32_MAX, &row) == 1) {
		meter_word(&row.meter, word);
		(void)snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", list[0] == '\0' ? "" : " ",
		    word);
		ck_assert_uint_eq(row.counters.admitted, 1);
		ck_assert_uint_eq(row.counters.sent, 1);
	}
	store_rollback(s);
	store_close(s);
	return list;
}

START_TEST(test_payers)
{
	char text[1000];

	write_control();
	harness_rules(RULES);
	(void)snprintf(text, sizeof text, "%sFrom: x\n\nbody\n", rows[_i].text);
	ck_assert_int_eq(harness_deliver(harness_message(rows[_i].origin, text), rows[_i].sender,
	    rows[_i].recipient).letter, 'K');
	ck_assert_msg(strcmp(who_paid(), rows[_i].payers) == 0, "%s: %s", rows[_i].label, who_paid());
}
END_TEST

/* Goal: of 100 MB the first 64 KB are read, whatever is in them, and what stands behind them is nobody's. */
START_TEST(test_huge_message)
{
	const char *heads[] = { "Delivered-To: f@host.example\n", "X: ", "" };
	const char *paid[] = { "server host.example alias", "server foreign alias", "server foreign alias" };
	char *text = malloc(100000), path[600];
	const char *message;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 99999);
	memcpy(text, heads[_i], strlen(heads[_i]));
	(void)strcpy(text + 80000, "\nDelivered-To: f@host.example\n\n");
	message = harness_message("by alias", text);
	(void)snprintf(path, sizeof path, "%s/%s", harness_path("queue/mess"), message);
	ck_assert_int_eq(truncate(path, 100 << 20), 0);
	write_control();
	harness_rules(RULES);
	ck_assert_int_eq(harness_deliver(message, "a@gmail.com", "accept@x").letter, 'K');
	ck_assert_str_eq(who_paid(), paid[_i]);
	free(text);
}
END_TEST

/* Goal: where no list says what is hosted, every sender domain is its own meter; `domains` is no such list. */
START_TEST(test_no_hosted_domains)
{
	harness_rules("hosted = ( ); domains = ( { name = \"named.example\"; } );");
	ck_assert_int_eq(harness_deliver(harness_message("by alias", "Delivered-To: f@named.example\n\n"),
	    "a@elsewhere.example", "accept@x").letter, 'K');
	ck_assert_str_eq(who_paid(), "server elsewhere.example alias");
}
END_TEST

/* Goal: a list that another program is still writing, and has just emptied, makes nobody foreign. */
START_TEST(test_list_that_is_being_written)
{
	const char *const load[] = { "qlimit", "load", NULL };
	const char *path = harness_path("control/rcpthosts");
	int status;
	pid_t pid;

	write_control();
	harness_rules(RULES);
	harness_write(path, "", 0);
	pid = harness_background(harness_program("qlimit"), load);
	ck_assert_int_eq(usleep(500000), 0);
	harness_write(path, "host.example\n", 13);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(harness_deliver(harness_message("from network", NULL), "a@host.example", "accept@x").letter, 'K');
	ck_assert_str_eq(who_paid(), "server host.example");
}
END_TEST

static const char *
explain(const char *message, const char *sender, const char *recipient)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", harness_path("queue/mess"), message);
	return harness_cli("explain", "--message", path, sender, recipient).out;
}

/* Goal: `auth` is told of a message only where it is believed: anybody may write such a line under his own uid. */
START_TEST(test_who_authenticated_is_told)
{
	const bool believed = _i == 1;
	const char *message;

	harness_rules(RULES "server = { max_per_hour = 1; };");
	message = harness_message(believed ? "by uid 89" : "by uid 48", SMTP("ESMTPA") "\n");
	ck_assert_int_eq(harness_deliver(message, "a@named.example", "accept@x").letter, 'K');
	ck_assert_int_eq(harness_deliver(message, "a@named.example", "accept@y").letter, 'Z');
	ck_assert_uint_eq(harness_log_lines("auth=joe@host.example"), believed ? 1 : 0);
	ck_assert_ptr_nonnull(strstr(explain(message, "a@named.example", "accept@y"), believed ? "; authenticated as joe@host.example\n" :
	    "; joe@host.example authenticated, it says, and is not believed: no runs_smtpd\n"));
}
END_TEST

/* Goal: nothing in a message reaches the terminal unescaped. */
START_TEST(test_explain_escapes)
{
	const char *message = harness_message("by alias", "Delivered-To: f@\033[2Jh\207.example\n\n"), *out;

	harness_rules(RULES);
	out = explain(message, "a\033@\033x", "\033@y\n");
	ck_assert_ptr_nonnull(strstr(out, "forwarded by \\x1b[2jh\\x87.example"));
	for (const char *c = out; *c != '\0'; c++)
		ck_assert((*c >= ' ' && *c <= '~') || *c == '\n');
}
END_TEST

Suite *
suite_payers(void)
{
	Suite *s = suite_create("payers");
	TCase *t = tcase_create("payers");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_loop_test(t, test_payers, 0, HARNESS_ROWS(rows));
	tcase_add_loop_test(t, test_huge_message, 0, 3);
	tcase_add_test(t, test_no_hosted_domains);
	tcase_add_loop_test(t, test_who_authenticated_is_told, 0, 2);
	tcase_add_test(t, test_explain_escapes);
	tcase_add_test(t, test_list_that_is_being_written);
	suite_add_tcase(s, t);
	return s;
}
