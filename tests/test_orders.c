/* test_orders - an admin's orders: their file, what they do to deliveries, the commands */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "orders.h"
#include "small_file.h"
#include "suites.h"

#define HOUR 3600

static struct orders orders;

static char
deliver(const char *message, const char *sender, const char *recipient)
{
	return harness_deliver(message, sender, recipient).letter;
}

static char
deliver_new(const char *sender)
{
	return deliver(harness_message("by uid 48", NULL), sender, "accept@x.example");
}

static void
write_orders(const char *text)
{
	harness_write(harness_state("orders"), text, strlen(text));
}

/* --- the file --- */

/* Goal: what is written comes back, each field at its longest; one order a meter; no more than there is room for. */
START_TEST(test_file)
{
	struct order o = { .kind = ORDER_DISCARD, .since = 1, .until = INT64_MAX };
	char name[METER_NAME_MAX + 1];

	memset(o.by, 'b', ORDER_BY_MAX);
	memset(o.reason, 'r', ORDER_REASON_MAX);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 0);
	for (int i = 0; i < ORDERS_MAX; i++) {
		(void)memset(name, 'n', METER_NAME_MAX);
		name[METER_NAME_MAX] = '\0';
		(void)memcpy(name, (char[]){ (char)('a' + i % 26), (char)('a' + i / 26) }, 2);
		meter_set(&o.meter, METER_DESTINATION, name);
		ck_assert(orders_put(&orders, &o));
	}
	meter_set(&o.meter, METER_DOMAIN, "one.too.many");
	ck_assert(!orders_put(&orders, &o));
	ck_assert(!orders_remove(&orders, &o.meter));
	ck_assert_int_eq(orders_write(&orders, harness_path("state")), 0);
	orders.count = 0;
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), INT64_MAX - 1), 0);
	ck_assert_uint_eq(orders.count, ORDERS_MAX);
	ck_assert_uint_eq(orders.bad_line, 0);
	o = orders.at[ORDERS_MAX - 1];
	ck_assert(o.kind == ORDER_DISCARD && o.since == 1 && o.until == INT64_MAX);
	ck_assert_uint_eq(strlen(o.by) + strlen(o.reason), ORDER_BY_MAX + ORDER_REASON_MAX);
	ck_assert(orders_find(&orders, &o.meter) == &orders.at[ORDERS_MAX - 1]);
	/* In its place, and gone. */
	o.kind = ORDER_HOLD;
	ck_assert(orders_put(&orders, &o) && orders.count == ORDERS_MAX);
	ck_assert(orders_remove(&orders, &orders.at[0].meter) && orders.count == ORDERS_MAX - 1);
	ck_assert(orders_find(&orders, &o.meter)->kind == ORDER_HOLD);
	ck_assert_ptr_null(orders_find(NULL, &o.meter));
	/* A file system without locks is not asked again and again. */
	harness_call_fails("flock", 0, 1, ENOLCK);
	ck_assert(small_file_lock(harness_path("state")) == -1 && errno == ENOLCK);
}
END_TEST

#define FIRST "qlimit orders 1\n"

static const struct {
	const char *text;
	unsigned bad_line, count;
} texts[] = {
	{ "", 0, 0 },
	{ FIRST, 0, 0 },
	{ "qlimit orders 2\n", 1, 0 },
	{ FIRST "hold\ta.example\t1\t0\troot\t\n", 0, 1 },
	{ FIRST "hold\ta.example\t1\t0\troot\tno newline", 0, 1 },
	{ FIRST "hold\ta.example\t1\t0\troot\n", 2, 0 },
	{ FIRST "hold\ta.example\t1\t0\troot\tr\tmore\n", 2, 0 },
	{ FIRST "exempt\ta.example\t1\t0\troot\t\nrefuse\tc.example\t1\t0\troot\t\n", 2, 1 },
	{ FIRST "hold\t\t1\t0\troot\t\n", 2, 0 },
	{ FIRST "hold\ta..example\t1\t0\troot\t\n", 0, 1 },
	{ FIRST "hold\ta.example\t\t0\troot\t\n", 2, 0 },
	{ FIRST "hold\ta.example\t1x\t0\troot\t\n", 2, 0 },
	{ FIRST "hold\ta.example\t1\t-1\troot\t\n", 2, 0 },
	{ FIRST "hold\ta.example\t1\t9223372036854775808\troot\t\n", 2, 0 },
	{ FIRST "hold\ta.example\t1\t0\tro\033ot\t\n", 2, 0 },
	{ FIRST "hold\ta.example\t1\t0\troot\tde\177l\n", 2, 0 },
	{ FIRST "\nhold\ta.example\t1\t0\troot\t\n", 2, 1 },
	{ FIRST "hold\ta.example\t1\t5\troot\t\n", 0, 0 },
	{ FIRST "hold\ta.example\t1\t0\troot\t\ndiscard\tA.Example.\t1\t0\troot\t\n", 0, 1 },
};

/* Goal: a line that is not understood is none, and said; the others are in force. */
START_TEST(test_texts)
{
	write_orders(texts[_i].text);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 5), 0);
	ck_assert_uint_eq(orders.bad_line, texts[_i].bad_line);
	ck_assert_uint_eq(orders.count, texts[_i].count);
	ck_assert_int_eq(harness_cli("orders").status, texts[_i].bad_line == 0 ? 0 : 65);
	harness_rules("default = { max_per_hour = 5; };");
	if (texts[_i].bad_line != 0) {
		ck_assert_int_eq(harness_cli("hold", "b.example").status, 65);
		ck_assert_int_eq(harness_cli("release", "c.example").status, 65);
		ck_assert_int_eq(deliver_new("a@b.example"), 'K' );
		ck_assert_uint_eq(harness_log_lines("the file orders is not understood"), 1);
	}
}
END_TEST

/* Goal: too much, or what is no file of ours, is no order, with a word; mail goes on. */
START_TEST(test_not_ours)
{
	static const char hidden[] = FIRST "\0hold\ta.example\t1\t0\troot\t\n";
	static char much[ORDERS_TEXT_MAX + 2];

	harness_rules("default = { max_per_hour = 5; };");
	memset(much, 'x', sizeof much);
	switch (_i) {
	case 0:
		harness_write(harness_state("orders"), much, sizeof much);
		break;
	case 1:
		ck_assert_int_eq(mkdir(harness_state("orders"), 0700), 0);
		break;
	case 2:
		write_orders(FIRST "hold\ta.example\t1\t0\troot\t\n");
		ck_assert_int_eq(chmod(harness_state("orders"), 0622), 0);
		break;
	case 3:
		/* Else what stands behind it would be gone without a word, and for good with the next order. */
		harness_write(harness_state("orders"), hidden, sizeof hidden - 1);
		break;
	case 4:
		ck_assert_int_eq(symlink("/etc/passwd", harness_state("orders")), 0);
		break;
	default:
		ck_assert_int_eq(mkfifo(harness_state("orders"), 0600), 0);
	}
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	ck_assert_uint_eq(harness_log_lines("the file orders cannot be read: no order is in force"), 1);
	ck_assert_int_eq(harness_cli("orders").status, 74);
	ck_assert_int_eq(harness_cli("hold", "a.example").status, 74);
	ck_assert_int_eq(harness_cli("explain", "a@a.example").status, 0);
}
END_TEST

/* --- deliveries --- */

/* Goal: each order's one clean report; nothing is run; counted, once an hour where it is held; logged with who. */
START_TEST(test_deliveries)
{
	const char *first, *second;

	harness_rules("default = { max_per_hour = 2; refuse_above_percent = 150; };");
	first = harness_message("by uid 48", NULL);
	second = harness_message("by uid 48", NULL);
	ck_assert_int_eq(harness_cli("hold", "--reason", "form abused", "a.example").status, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver(first, "a@a.example", "accept@x.example"), 'Z');
	ck_assert_int_eq(deliver(second, "a@a.example", "accept@x.example"), 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").held, 2);
	ck_assert_uint_eq(harness_log_lines("event=held kind=domain name=a.example rule=order order=hold by=root"), 2);
	ck_assert_int_eq(deliver_new("a@b.example"), 'K');
	ck_assert_int_eq(harness_cli("refuse", "a.example").status, 0);
	ck_assert_int_eq(deliver(first, "a@a.example", "accept@x.example"), 'D');
	ck_assert_int_eq(harness_cli("discard", "--yes", "a.example").status, 0);
	ck_assert_int_eq(deliver(second, "a@a.example", "accept@x.example"), 'K');
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").refused, 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").discarded, 1);
	ck_assert_uint_eq(harness_counters("server", "").discarded, 0);
	ck_assert_uint_eq(harness_log_lines("event=discarded kind=domain name=a.example rule=order order=discard "), 1);
	ck_assert_int_eq(harness_cli("release", "a.example").status, 0);
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
}
END_TEST

/* Goal: what was held by an order says nothing of an excess: after its release further mail is held, not bounced. */
START_TEST(test_released)
{
	const char *m[3];

	harness_rules("default = { max_per_hour = 2; refuse_above_percent = 150; };");
	(void)harness_cli("hold", "a.example");
	for (int i = 0; i < 3; i++) {
		m[i] = harness_message("by uid 48", NULL);
		ck_assert_int_eq(deliver(m[i], "a@a.example", "accept@x.example"), 'Z');
	}
	(void)harness_cli("release", "a.example");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver(m[i], "a@a.example", "accept@x.example"), i < 2 ? 'K' : 'Z');
	ck_assert_int_eq(deliver_new("a@a.example"), 'Z');
	ck_assert_int_eq(deliver_new("a@a.example"), 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").refused, 0);
	/* The hour after it is like any other. */
	harness_set_time(HARNESS_NOW + HOUR);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(deliver_new("a@a.example"), i < 2 ? 'K' : i < 3 ? 'Z' : 'D');
}
END_TEST

static const struct {
	const char *order, *text;
} reports[] = {
	{ "hold", "ZDomain a.example is held by order of this server's administrator.  Message will be reattempted later. (#4.7.1)\n" },
	{ "refuse", "DDomain a.example is refused by order of this server's administrator.  Message discarded. (#5.7.1)\n" },
	{ "discard", "KDomain a.example is thrown away by order of this server's administrator.  Nobody is told.\n" },
};

/* Goal: the report is these bytes, NUL and all, and nothing else. */
START_TEST(test_reports)
{
	struct harness_delivery d;

	harness_rules("default = { max_per_hour = 2; };");
	if (_i == 2)
		ck_assert_int_eq(harness_cli("discard", "a.example", "--yes").status, 0);
	else
		ck_assert_int_eq(harness_cli(reports[_i].order, "a.example").status, 0);
	d = harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x.example");
	ck_assert_uint_eq(d.length, strlen(reports[_i].text) + 1);
	ck_assert_int_eq(memcmp(d.bytes, reports[_i].text, d.length), 0);
	ck_assert_int_eq(d.wait_status, 0);
}
END_TEST

/* Goal: what was charged and waits in the queue is meant as well; it stays charged, once, and keeps its outcome. */
START_TEST(test_charged_before)
{
	const char *m;

	harness_rules("default = { max_per_hour = 1; };");
	m = harness_message("by uid 48", NULL);
	ck_assert_int_eq(deliver(m, "a@a.example", "greylist@x.example"), 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").deferred, 1);
	(void)harness_cli("hold", "a.example");
	ck_assert_int_eq(deliver(m, "a@a.example", "greylist@x.example"), 'Z');
	ck_assert_int_eq(deliver(m, "a@a.example", "greylist@x.example"), 'Z');
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").held, 1);
	(void)harness_cli("release", "a.example");
	/* Another hour, in which an order held it and nothing was booked. */
	harness_set_time(HARNESS_NOW + HOUR);
	(void)harness_cli("hold", "a.example");
	ck_assert_int_eq(deliver(m, "a@a.example", "greylist@x.example"), 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").held, 1);
	(void)harness_cli("release", "a.example");
	harness_script("accept\n");
	ck_assert_int_eq(deliver(m, "a@a.example", "greylist@x.example"), 'K');
	ck_assert_uint_eq(harness_calls(), 2);
	/* In the first hour, and there only. */
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 0);
	ck_assert_uint_eq(harness_counters("domain", "a.example").sent, 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").deferred, 0);
}
END_TEST

/* Only b.example is hosted. */
#define HOSTED "hosted = ( \"rcpthosts\" );"

static void
write_rules(const char *config)
{
	harness_write(harness_path("control/rcpthosts"), "b.example\n", strlen("b.example\n"));
	harness_rules(config);
}

static const struct {
	const char *config, *order, *sender, *recipient, *origin;
	char letter;
} whose[] = {
	{ "hosted = ( );", "a.example", "a@A.Example", "accept@x", "from network", 'Z' },
	{ "hosted = ( );", "a.example", "a@sub.a.example", "accept@x", "from network", 'K' },
	{ "hosted = ( );", "uid:48", "a@a.example", "accept@x", "by uid 48", 'Z' },
	{ "hosted = ( );", "uid:48", "a@a.example", "accept@x", "by uid 49", 'K' },
	{ "hosted = ( );", "destination:x.example", "a@a.example", "accept@X.example", "from network", 'Z' },
	{ "hosted = ( );", "destination:x.example", "a@a.example", "accept@y.example", "from network", 'K' },
	/* Not hosted: foreign pays; an order on its name still meets it. */
	{ HOSTED, "a.example", "a@a.example", "accept@x", "from network", 'Z' },
	{ HOSTED, "foreign", "a@a.example", "accept@x", "from network", 'Z' },
	{ HOSTED, "foreign", "a@b.example", "accept@x", "from network", 'K' },
	/* Above all limits, exempt or observed or refused. */
	{ "domains = ( { name = \"a.example\"; exempt = true; } );", "a.example", "a@a.example", "accept@x", "by uid 1", 'Z' },
	{ "users = ( { uid = 48; exempt = true; } );", "a.example", "a@a.example", "accept@x", "by uid 48", 'Z' },
	{ "mode = \"observe\";", "a.example", "a@a.example", "accept@x", "from network", 'Z' },
};

/* Goal: an order meets all mail of its name, whoever would pay without it, and none but that. */
START_TEST(test_whose)
{
	write_rules(whose[_i].config);
	ck_assert_int_eq(harness_cli("hold", whose[_i].order).status, 0);
	ck_assert_int_eq(deliver(harness_message(whose[_i].origin, NULL), whose[_i].sender, whose[_i].recipient),
	    whose[_i].letter);
}
END_TEST

/* Goal: beyond max_meters a name with an order does not vanish among the others. */
START_TEST(test_no_room)
{
	harness_rules("max_meters = 1000; default = { max_per_hour = 5; };");
	(void)harness_cli("hold", "late.example");
	for (int i = 0; i < 1001; i++) {
		char sender[40];

		(void)snprintf(sender, sizeof sender, "a@d%d.example", i);
		if (i % 100 == 0)
			ck_assert_int_eq(deliver_new("a@late.example"), 'Z');
		(void)deliver(harness_message("from network", NULL), sender, "accept@x");
	}
	ck_assert(harness_counters("overflow", "").found);
	ck_assert_int_eq(deliver_new("a@late.example"), 'Z');
}
END_TEST

/* Goal: bounces are never refused, and only by force thrown away; server and bounces need --force. */
START_TEST(test_bounces)
{
	harness_rules("default = { max_per_hour = 5; };");
	ck_assert_int_eq(harness_cli("refuse", "bounces").status, 64);
	ck_assert_int_eq(harness_cli("hold", "server").status, 64);
	ck_assert_int_eq(harness_cli("refuse", "--force", "bounces").status, 0);
	ck_assert_int_eq(deliver_new(""), 'Z');
	ck_assert_int_eq(deliver_new("#@[]"), 'Z');
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	ck_assert_int_eq(harness_cli("refuse", "--force", "server").status, 0);
	ck_assert_int_eq(deliver_new(""), 'Z');
	ck_assert_int_eq(deliver_new("a@a.example"), 'D');
	/* The strictest of two. */
	ck_assert_int_eq(harness_cli("discard", "--yes", "--force", "bounces").status, 0);
	ck_assert_int_eq(deliver_new(""), 'K');
	ck_assert_uint_eq(harness_calls(), 1);
}
END_TEST

/* Goal: an order ends when it says, is taken out of the file, and that is said. */
START_TEST(test_expiry)
{
	harness_rules("default = { max_per_hour = 5; };");
	ck_assert_ptr_nonnull(strstr(harness_cli("hold", "--for", "2h", "a.example").out, "until 2026-11-21 19:30:00"));
	ck_assert_int_eq(harness_cli("hold", "--until", "2026-11-22T01:00", "b.example").status, 0);
	harness_set_time(HARNESS_NOW + 2 * HOUR - 1);
	ck_assert_int_eq(deliver_new("a@a.example"), 'Z');
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_uint_eq(harness_log_lines("event=order_expired order=hold kind=domain name=a.example "), 1);
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	ck_assert_int_eq(deliver_new("a@b.example"), 'Z');
	ck_assert_ptr_null(strstr(harness_cli("orders").out, "a.example"));
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 1);
}
END_TEST

static bool
is_gone(void)
{
	return orders_read(&orders, harness_path("state"), 0) == 0 && orders.count == 0;
}

/* Goal: the first delivery that finds one expired has it taken out. */
START_TEST(test_expiry_by_itself)
{
	harness_rules("default = { max_per_hour = 5; };");
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	(void)harness_cli("hold", "--for", "1m", "b.example");
	harness_set_time(HARNESS_NOW + 61);
	ck_assert_int_eq(deliver_new("a@a.example"), 'K');
	ck_assert(harness_wait_until(is_gone));
}
END_TEST

/* Puts both programs into the place, the CLI behind a script that notes how it is started. */
static const char *
install_watched(void)
{
	char text[2000];
	int n = snprintf(text, sizeof text, "cp %s %s", harness_program("qlimit-remote"), harness_path("qlimit-remote"));

	ck_assert_int_lt(n, (int)sizeof text);
	ck_assert_int_eq(system(text), 0);
	n = snprintf(text, sizeof text, "#!/bin/sh\necho $1 >>%s\n%s \"$@\"\necho ended >>%s\n", harness_path("started"),
	    harness_program("qlimit"), harness_path("started"));
	harness_write(harness_path("qlimit"), text, (size_t)n);
	ck_assert_int_eq(chmod(harness_path("qlimit"), 0755), 0);
	return harness_path("qlimit-remote");
}

static unsigned
noted(const char *word)
{
	char line[40];
	unsigned n = 0;
	FILE *f = fopen(harness_path("started"), "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strncmp(line, word, strlen(word)) == 0;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static bool
have_ended(void)
{
	return noted("tidy") + noted("load") + noted("notify") == noted("ended");
}

/* Goal: expired orders that nobody can take out of their file do not start a process for each delivery. */
START_TEST(test_expiry_in_vain)
{
	struct harness_attempt attempt = { .sender = "a@a.example", .recipient = "accept@x.example" };

	harness_rules("default = { max_per_hour = 50; };");
	write_orders(_i == 0 ? FIRST "exempt\tb.example\t1\t0\troot\t\nhold\tc.example\t1\t2\troot\t\n" :
	    FIRST "hold\tc.example\t1\t2\troot\t\n");
	if (_i == 1) {
		ck_assert_int_eq(mkdir(harness_state("orders.new"), 0700), 0);
		ck_assert_int_eq(mkdir(harness_state("orders.new/full"), 0700), 0);
	}
	attempt.program = install_watched();
	for (int i = 0; i < 5; i++) {
		attempt.message = harness_message(NULL, NULL);
		ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
		(void)usleep(50000); /* what is started in the background takes its time */
		ck_assert(harness_wait_until(have_ended));
	}
	ck_assert_uint_eq(noted("tidy"), (unsigned)_i);
	ck_assert_uint_eq(harness_log_lines("orders that have expired were not taken out of their file"), (unsigned)_i);
}
END_TEST

/* Goal: count = "messages": a message that an order holds is one held, and charged once when it goes. */
START_TEST(test_messages)
{
	const char *m;

	harness_rules("default = { max_per_hour = 1; count = \"messages\"; };");
	m = harness_message("by uid 48", NULL);
	(void)harness_cli("hold", "a.example");
	ck_assert_int_eq(deliver(m, "a@a.example", "accept@x"), 'Z');
	ck_assert_int_eq(deliver(m, "a@a.example", "accept@y"), 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").held, 1);
	(void)harness_cli("release", "a.example");
	ck_assert_int_eq(deliver(m, "a@a.example", "accept@x"), 'K');
	ck_assert_int_eq(deliver(m, "a@a.example", "accept@y"), 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	/* Charged before: one held message all the same, however often its recipients come. */
	m = harness_message("by uid 48", NULL);
	ck_assert_int_eq(deliver(m, "a@b.example", "greylist@x"), 'Z');
	(void)harness_cli("hold", "b.example");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(deliver(m, "a@b.example", "greylist@x"), 'Z');
		ck_assert_int_eq(deliver(m, "a@b.example", "greylist@y"), 'Z');
	}
	ck_assert_uint_eq(harness_counters("domain", "b.example").held, 1);
	ck_assert_uint_eq(harness_counters("domain", "b.example").admitted, 1);
}
END_TEST

/* --- the commands --- */

static const struct {
	const char *words[8];
	int status;
	const char *says;
} commands[] = {
	{ { "hold" }, 64, "an argument is missing" },
	{ { "hold", "a.example", "b.example" }, 64, "too many" },
	{ { "hold", "" }, 64, "not the name of a meter" },
	{ { "release", "" }, 64, "not the name of a meter" },
	{ { "hold", "x.example\nhold\tserver" }, 64, "control characters" },
	{ { "discard", "--yes", "x\ty.example" }, 64, "control characters" },
	{ { "hold", "--yes", "a.example" }, 64, "no option --yes; it is one of `discard`" },
	{ { "hold", "--for", "0h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2hh", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "2y", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "3661d", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--for", "99999999999999999999h", "a.example" }, 64, "write minutes, hours or days" },
	{ { "hold", "--until", "2h", "a.example" }, 64, "write a local date or time" },
	{ { "hold", "--until", "2026-02-30", "a.example" }, 64, "no day or time that there is" },
	{ { "hold", "--until", "2026-11-21T17:30", "a.example" }, 64, "is over already" },
	{ { "hold", "--for", "2h", "--until", "2027-01-01", "a.example" }, 64, "one end too many" },
	{ { "hold", "--reason", "a\nb", "a.example" }, 64, "no control characters" },
	{ { "discard", "a.example" }, 64, "If you mean it, add --yes" },
	{ { "release", "a.example" }, 66, "there is no order on a.example" },
	{ { "hold", "server" }, 64, "add --force" },
	{ { "hold", "SERVER" }, 64, "add --force" },
	{ { "hold", "server." }, 64, "add --force" },
	{ { "hold", "BOUNCES" }, 64, "add --force" },
	{ { "hold", "info@hacked.example" }, 64, "that is an address; the domain is hacked.example\n" },
	{ { "hold", "domain:info@Hacked.example." }, 64, "the domain is hacked.example\n" },
	{ { "refuse", "destination:a@b@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "hold", "info\\x40hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "hold", "info@" }, 64, "not the name of a meter" },
	{ { "hold", "uid:x" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:-1" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "uid:048" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "UID:4294967296" }, 64, "behind uid: stands a user's number" },
	{ { "hold", "AUTH:" }, 64, "behind auth: stands the name" },
	{ { "hold", "bad name" }, 64, "write that" },
	{ { "hold", "bad\\x00name" }, 64, "not the name of a meter" },
	{ { "release", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "release", "x@" }, 64, "not the name of a meter" },
	{ { "show", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "report", "uid:048" }, 64, "behind uid:" },
	{ { "replay", "--with", "/dev/null", "bad name" }, 64, "write that" },
	{ { "reset", "auth:" }, 64, "behind auth:" },
	{ { "queue", "info@hacked.example" }, 64, "the domain is hacked.example\n" },
	{ { "notify", "test", "uid:x" }, 64, "behind uid:" },
};

/* Goal: what is wrong is said, and nothing is changed. */
START_TEST(test_mistakes)
{
	struct harness_output o;

	harness_rules("");
	o = harness_cli_words(commands[_i].words);
	ck_assert_int_eq(o.status, commands[_i].status);
	ck_assert_msg(strstr(o.err, commands[_i].says) != NULL, "%s", o.err);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), -1);
}
END_TEST

/* Goal: any case, a dot at the end, and what is shown instead of odd bytes, all mean the meter that there is. */
static const struct {
	const char *word, *meter, *line; /* as it is said, and as it stands in the file */
} words[] = {
	{ "UID:48", "uid:48", "hold\tuid:48\t" },
	{ "uid:0", "uid:0", "hold\tuid:0\t" },
	{ "Foreign", "foreign", "hold\tforeign\t" },
	{ "Overflow.", "overflow", "hold\toverflow\t" },
	{ "Alias", "alias", "hold\talias\t" },
	{ "Auth:joe@a.example", "auth:joe@a.example", "hold\tauth:joe@a.example\t" },
	{ "DESTINATION:A.Example", "destination:a.example", "hold\tdestination:a.example\t" },
	{ "Domain:Server", "domain:server", "hold\tdomain:server\t" },
	{ "m\303\274ller.ex", "m\\xc3\\xbcller.ex", "hold\tm\\xc3\\xbcller.ex\t" },
	{ "m\\xC3\\xbcller.ex", "m\\xc3\\xbcller.ex", "hold\tm\\xc3\\xbcller.ex\t" },
	{ "\\x1b[31mr\\x09e\\x0ad", "\\x1b[31mr\\x09e\\x0ad", "hold\t\\x1b[31mr\\x09e\\x0ad\t" },
	{ "a.\\x2e", "a.\\x2e", "hold\ta.\\x2e\t" },
	{ "a..", "a\\x2e", "hold\ta\\x2e\t" },
	{ "a\\b", "a\\x5cb", "hold\ta\\x5cb\t" },
	{ "a\\x5cb\\xgg\\x1", "a\\x5cb\\x5cxgg\\x5cx1", "hold\ta\\x5cb\\x5cxgg\\x5cx1\t" },
};

/* The same for a JSON reader: each backslash is two. */
static const char *
in_json(const char *word)
{
	static char out[200];
	struct text t;

	text_init(&t, out, sizeof out);
	for (; *word != '\0'; word++)
		text_add_bytes(&t, *word == '\\' ? "\\\\" : word, *word == '\\' ? 2 : 1);
	return out;
}

START_TEST(test_words)
{
	const char *meter = words[_i].meter;
	char expected[300], file[500];
	struct harness_output o;

	harness_rules("");
	o = harness_cli("hold", "--", words[_i].word);
	ck_assert_int_eq(o.status, 0);
	ck_assert_str_eq(o.err, "");
	ck_assert_int_gt(small_file_read(harness_path("state"), "orders", file, sizeof file), -1);
	ck_assert_msg(strstr(file, words[_i].line) != NULL, "%s", file);
	(void)snprintf(expected, sizeof expected, "hold    %-30s ", meter);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, expected));
	(void)snprintf(expected, sizeof expected, "\"meter\":\"%s\",", in_json(meter));
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out, expected));
	o = harness_cli("release", meter);
	ck_assert_int_eq(o.status, 0);
	(void)snprintf(expected, sizeof expected, "%s: released; its limits decide again\n", meter);
	ck_assert_str_eq(o.out, expected);
}
END_TEST

/* Goal: what must be quoted for a shell, is; what was ordered before such names were refused can be ended. */
START_TEST(test_words_for_a_shell)
{
	static const struct {
		const char *name, *line;
	} cases[] = { { "a.example", "release a.example\n" }, { "-x.example", "release -- -x.example\n" },
		{ "x`id`.ex", "release 'x`id`.ex'\n" }, { "-it's", "release -- '-it'\\''s'\n" },
		{ "$(id);\\x0a", "release '$(id);\\x0a'\n" } };

	harness_rules("");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_ptr_nonnull(strstr(harness_cli("hold", "--", cases[i].name).out, cases[i].line));
	write_orders(FIRST "hold\tinfo@hacked.example\t1\t0\troot\t\nhold\tsp ace\t1\t0\troot\t\n");
	ck_assert_int_eq(harness_cli("hold", "b.example").status, 0);
	ck_assert_int_eq(harness_cli("release", "info@hacked.example").status, 0);
	ck_assert_int_eq(harness_cli("release", "sp\\x20ace").status, 0);
}
END_TEST

/* Goal: a reason of 200 bytes is one; a longer one is not cut, but refused. */
START_TEST(test_long_reason)
{
	char reason[ORDER_REASON_MAX + 2];
	struct harness_output o;

	harness_rules("");
	memset(reason, 'r', sizeof reason);
	reason[ORDER_REASON_MAX + 1] = '\0';
	o = harness_cli("hold", "--reason", reason, "a.example");
	ck_assert_int_eq(o.status, 64);
	ck_assert_str_eq(o.err, "qlimit: --reason: 201 bytes; at most 200 are kept\n");
	reason[ORDER_REASON_MAX] = '\0';
	ck_assert_int_eq(harness_cli("hold", "--reason", reason, "a.example").status, 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, reason));
}
END_TEST

/* Goal: what somebody wrote as a reason does not move a terminal, and a program reads it as it was written. */
START_TEST(test_reasons)
{
	harness_rules("");
	ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
	write_orders(FIRST "hold\ta.example\t1\t0\tj\302\2330m\tK\303\274 \360\237\230\200 \233 \302\233\n");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out,
	    " until released          j\\xc2\\x9b0m  K\303\274 \360\237\230\200 \\x9b \\xc2\\x9b\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("hold", "a.example").out, "hold, by j\\xc2\\x9b0m, until"));
	write_orders(FIRST "hold\ta.example\t1\t0\troot\tK\303\274 \360\237\230\200 \233 \302\233\n");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out,
	    "\"reason\":\"K\\u00fc \\ud83d\\ude00 \\\\x9b \\u009b\"}"));
	ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, " K\\xc3\\xbc \\xf0\\x9f\\x98\\x80 \\x9b \\xc2\\x9b\n"));
	ck_assert_int_eq(unsetenv("LC_ALL"), 0);
}
END_TEST

/* Goal: no word of a command line moves a terminal, wherever it stands. */
START_TEST(test_control_characters)
{
	static const char *const lines[][8] = { { "\033[31m" }, { "release", "\033[31mx" }, { "hold", "x\302\233y" },
		{ "hold", "x\233y" }, { "report", "--since", "\033[31m" }, { "show", "--sort", "\033[31m" }, { "explain", "--message", "\033", "a@a" },
		{ "notify", "\033" }, { "report", "--html", "/x\033/y" }, { "orders", "--", "\177" } };
	struct harness_output o = harness_cli_words(lines[_i]);

	ck_assert_int_eq(o.status, 64);
	ck_assert_msg(strstr(o.err, _i == 0 ? "unknown command: \\x1b[31m\n" :
	    "\": no control characters can be here") != NULL, "%s", o.err);
	ck_assert_ptr_null(strpbrk(o.err, "\033\177\233"));
}
END_TEST

/* Goal: the list says all that is known, also to a program; the log who did what. */
START_TEST(test_list)
{
	const char *out;

	harness_rules("");
	ck_assert_int_eq(setenv("SUDO_USER", "joe", 1), 0);
	ck_assert_str_eq(harness_cli("orders").out, "no orders: limits alone decide\n");
	ck_assert_str_eq(harness_cli("orders", "--json").out, "");
	out = harness_cli("hold", "--reason", "caf\303\251 \"x\"", "a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "domain a.example: all its mail is held from now on until it is released\n"));
	ck_assert_ptr_nonnull(strstr(out, "To end it: qlimit release a.example\n"));
	out = harness_cli("refuse", "--for", "1d", "a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "It replaces hold, by joe, until it is released.\n"));
	ck_assert_ptr_null(strstr(out, "Bounces are held instead"));
	out = harness_cli("refuse", "uid:47").out;
	ck_assert_ptr_nonnull(strstr(out, "all its mail is refused, with a bounce, from now on until it is released\n"));
	ck_assert_ptr_nonnull(strstr(out, "Bounces are held instead"));
	(void)harness_cli("release", "uid:47");
	ck_assert_ptr_null(strstr(harness_cli("refuse", "foreign").out, "Bounces are held instead"));
	(void)harness_cli("release", "foreign");
	out = harness_cli("hold", "uid:48", "--reason", "caf\303\251 \"x\"").out;
	ck_assert_ptr_nonnull(strstr(out, "user uid:48: all its mail is held"));
	out = harness_cli("orders").out;
	ck_assert_ptr_nonnull(strstr(out, "refuse  a.example                      2026-11-21 17:30:00 UTC 2026-11-22 17:30:00 UTC joe"));
	ck_assert_ptr_nonnull(strstr(out, "hold    uid:48 "));
	ck_assert_ptr_nonnull(strstr(out, " until released          joe          caf\303\251 \"x\"\n"));
	out = harness_cli("orders", "--json").out;
	ck_assert_ptr_nonnull(strstr(out, "{\"order\":\"refuse\",\"meter\":\"a.example\",\"since\":\"2026-11-21T17:30:00Z\","
	    "\"until\":\"2026-11-22T17:30:00Z\",\"by\":\"joe\",\"reason\":\"\"}\n"));
	ck_assert_ptr_nonnull(strstr(out, "\"meter\":\"uid:48\",\"since\":\"2026-11-21T17:30:00Z\",\"until\":null,"));
	ck_assert_uint_eq(harness_log_lines("event=order order=refuse kind=domain name=a.example until=2026-11-22T17:30:00Z by=joe"), 1);
	(void)harness_cli("release", "a.example");
	ck_assert_uint_eq(harness_log_lines("event=released order=refuse kind=domain name=a.example "), 1);
	(void)harness_cli("release", "uid:48");
	ck_assert_str_eq(harness_cli("orders").out, "no orders: limits alone decide\n");
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
}
END_TEST

/* Goal: a name without mail is remarked on; one with mail is not. */
START_TEST(test_remark)
{
	harness_rules("");
	(void)deliver_new("a@a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("hold", "b.example").out, "is the name right?"));
	ck_assert_ptr_null(strstr(harness_cli("hold", "a.example").out, "is the name right?"));
}
END_TEST

/* --- on a terminal --- */

static const struct {
	const char *answer;
	int status;
} answers[] = { { "yes\n", 0 }, { "no\n", 77 }, { "y\n", 77 }, { "yes yes\n", 77 }, { "\004", 77 } };

/* Goal: a person is asked before mail is thrown away, and only yes is yes. */
START_TEST(test_confirmation)
{
	char seen[2000];
	size_t used = 0;
	ssize_t n;
	int fd, status;
	pid_t pid;

	harness_rules("");
	pid = forkpty(&fd, NULL, NULL, NULL);
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)execl(harness_program("qlimit"), "qlimit", "discard", "a.example", (char *)NULL);
		_exit(97);
	}
	do {
		n = read(fd, seen + used, sizeof seen - 1 - used);
		used += n > 0 ? (size_t)n : 0;
		seen[used] = '\0';
	} while (n > 0 && strstr(seen, "Type yes to go on: ") == NULL);
	ck_assert_int_gt(write(fd, answers[_i].answer, strlen(answers[_i].answer)), 0);
	while (read(fd, seen, sizeof seen) > 0)
		continue;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	(void)close(fd);
	ck_assert_int_eq(WEXITSTATUS(status), answers[_i].status);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), answers[_i].status == 0 ? 0 : -1);
}
END_TEST

/* --- at once --- */

#define QMAILS 12346

static void
hear(int number)
{
	(void)number;
	_exit(7);
}

/* A stand-in for qmail-send. */
static pid_t
start_send(void)
{
	int ends[2];
	char none;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGALRM, hear);
		if (prctl(PR_SET_NAME, "qmail-send") == -1 || chdir(harness_path("queue")) == -1 || setuid(QMAILS) == -1)
			_exit(99);
		(void)close(ends[0]);
		(void)close(ends[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	(void)!read(ends[0], &none, 1);
	(void)close(ends[0]);
	return pid;
}

/* Goal: --now has qmail-send try all at once; an order is in force whether it can or not, and that is said. */
START_TEST(test_now)
{
	struct harness_output o;
	int status;
	pid_t pid;

	harness_rules("");
	o = harness_cli("hold", "--now", "a.example");
	ck_assert_int_eq(o.status, 69);
	ck_assert_msg(strstr(o.err, "cannot be told") != NULL, "%s", o.err);
	ck_assert_int_eq(deliver_new("a@a.example"), 'Z');
	if (geteuid() != 0) {
		harness_skip("who is told", "not root");
		return;
	}
	ck_assert_int_eq(mkdir(harness_path("queue/info"), 0700), 0);
	ck_assert_int_eq(chown(harness_path("queue/info"), QMAILS, (gid_t)-1), 0);
	o = harness_cli("release", "--now", "a.example");
	ck_assert_int_eq(o.status, 69);
	ck_assert_msg(strstr(o.err, "is running; it tries all when it is started") != NULL, "%s", o.err);
	ck_assert_int_eq(harness_cli("release", "--now", "a.example").status, 66);
	ck_assert_int_eq(chmod(harness_path("."), 0711), 0);
	pid = start_send();
	ck_assert_int_eq(harness_cli("hold", "--now").status, 64);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	o = harness_cli("discard", "--yes", "--now", "a.example");
	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(strstr(o.out, "qmail-send was told to try all that waits in its queue now.\n"));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	/* For programs it is not said, but done. */
	pid = start_send();
	o = harness_cli("release", "--now", "--json", "a.example");
	ck_assert_int_eq(o.status, 0);
	ck_assert_msg(strncmp(o.out, "{\"order\":\"discard\",", 19) == 0 && strchr(o.out, '\n')[1] == '\0', "%s", o.out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

/* Goal: show marks what an order stops, above what limits say. */
START_TEST(test_show)
{
	harness_rules("default = { max_per_hour = 1; };");
	(void)deliver_new("a@a.example");
	(void)harness_cli("discard", "--yes", "--for", "1h", "a.example");
	(void)deliver_new("a@a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out,
	    "  discard by order until 2026-11-21 18:30:00 UTC, 1 discarded\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--json", "a.example").out, "\"discarded\":1,"));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--json", "a.example").out, "\"order\":\"discard\""));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "--color", "always", "a.example").out, "\033[1;35m"));
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out, "  hold by order, 1 discarded\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("report").out, "1 discarded by order\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "a@a.example").out, "; failures 0%; discarded 1; state "));
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "orders:        1 in force; see `qlimit orders`\n"));
}
END_TEST

/* Goal: explain says what an order would do, and why who pays. */
START_TEST(test_explain)
{
	const char *out;

	write_rules(HOSTED);
	(void)harness_cli("discard", "--yes", "--reason", "form abused", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "--json", "a@a.example").out, "\"order\":\"discard\""));
	out = harness_cli("explain", "a@a.example").out;
	ck_assert_ptr_nonnull(strstr(out, "\n  order: discard, by "));
	ck_assert_ptr_nonnull(strstr(out, ", until it is released: form abused\n"));
	ck_assert_ptr_nonnull(strstr(out, "domain a.example pays because there is an order on it"));
	ck_assert_ptr_nonnull(strstr(out, "verdict    discarded: Domain a.example is thrown away by order"));
}
END_TEST

/* Goal: orders given at the same moment are all there. */
START_TEST(test_at_once)
{
	pid_t pids[40];
	char name[40];

	harness_rules("");
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		pids[i] = harness_background(harness_program("qlimit"), (const char *const[]){ "qlimit", "hold", name, NULL });
	}
	for (int i = 0; i < 40; i++)
		ck_assert(waitpid(pids[i], NULL, 0) == pids[i]);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 40);
}
END_TEST

static const char *const locked_out[][4] = { { "hold", "a.example", NULL }, { "notify", "trouble", NULL }, { "tidy", NULL } };

/* Goal: whoever keeps others out for ever is not waited for that long; nothing is changed, and nobody piles up. */
START_TEST(test_locked_out)
{
	struct harness_output o;
	int64_t began = harness_milliseconds();
	int fd = open(harness_path("state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	harness_rules("notify = \"/bin/true\";");
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	o = harness_cli_words(locked_out[_i]);
	ck_assert_int_lt(harness_milliseconds() - began, 20000);
	ck_assert_int_eq(o.status, _i == 0 ? 74 : 0);
	ck_assert_int_eq(access(harness_state("orders"), F_OK), -1);
	(void)close(fd);
	ck_assert_int_eq(harness_cli("hold", "a.example").status, 0);
}
END_TEST

/* A pipe that takes nothing more: its writing end. */
static int
open_full_pipe(int *other)
{
	static const char much[4096];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], much, sizeof much) > 0)
		continue;
	ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
	*other = ends[0];
	return ends[1];
}

static bool
is_held(void)
{
	return orders_read(&orders, harness_path("state"), 0) == 0 && orders.count == 1;
}

/* Goal: an admin whose terminal is stopped (^S) once an order is given keeps no other out. */
START_TEST(test_stopped_terminal)
{
	int other, fd = open_full_pipe(&other);
	pid_t pid;

	harness_rules("");
	pid = fork();
	if (pid == 0) {
		(void)dup2(fd, 1);
		(void)execl(harness_program("qlimit"), "qlimit", "hold", "a.example", (char *)NULL);
		_exit(97);
	}
	ck_assert(harness_wait_until(is_held));
	ck_assert_int_eq(harness_cli("hold", "b.example").status, 0);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	(void)close(other);
	(void)close(fd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Goal: with no room for one more nothing is lost. */
START_TEST(test_full)
{
	struct order o = { .kind = ORDER_HOLD, .since = 1 };
	char name[40];
	FILE *f;

	harness_rules("");
	orders.count = 0;
	for (int i = 0; i < ORDERS_MAX; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		meter_set(&o.meter, METER_DOMAIN, name);
		ck_assert(orders_put(&orders, &o));
	}
	ck_assert_int_eq(orders_write(&orders, harness_path("state")), 0);
	ck_assert_int_eq(harness_cli("hold", "late.example").status, 73);
	ck_assert_int_eq(harness_cli("refuse", "d7.example").status, 0);
	ck_assert_int_eq(deliver_new("a@d255.example"), 'Z');
	ck_assert_int_eq(deliver_new("a@d7.example"), 'D');
	ck_assert_int_eq(deliver_new("a@late.example"), 'K');
	/* Lines that somebody has added: one that replaces another, and two too many. */
	f = fopen(harness_state("orders"), "a");
	ck_assert_ptr_nonnull(f);
	(void)fputs("discard\td7.example\t1\t0\troot\t\nhold\tlate.example\t1\t0\troot\t\n"
	    "hold\tlater.example\t1\t0\troot\t\n", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert(orders.count == ORDERS_MAX && orders.bad_line == 1 + ORDERS_MAX + 2);
	ck_assert_int_eq(deliver_new("a@d7.example"), 'K');
	ck_assert_int_eq(deliver_new("a@d255.example"), 'Z');
}
END_TEST

/* Goal: of mail that is thrown away at once no line is lost, though the log holds only ten. */
START_TEST(test_all_discards_are_logged)
{
	struct harness_run *runs[40];

	harness_rules("");
	(void)harness_cli("discard", "--yes", "a.example");
	for (int i = 0; i < 40; i++)
		runs[i] = harness_deliver_start(harness_message(NULL, NULL), "a@a.example", "accept@x.example");
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(harness_deliver_finish(runs[i]).letter, 'K');
	ck_assert_uint_eq(harness_log_lines("event=discarded"), 40);
}
END_TEST

/* --- commands in this very process, whose calls fail --- */

static int
run(int (*command)(struct admin *), const char *word, bool now)
{
	static char name[40];
	char *names[] = { name, NULL };
	static struct admin a;

	(void)snprintf(name, sizeof name, "%s", word);
	admin_init(&a, HARNESS_NOW);
	a.place.state = harness_path("state");
	a.place.queue = harness_path("queue");
	a.names = names;
	a.option[ADMIN_FORCE] = "";
	a.option[ADMIN_NOW] = now ? "" : NULL;
	ck_assert(freopen(harness_path("said"), "a", stdout) != NULL && freopen(harness_path("said"), "a", stderr) != NULL);
	return command(&a);
}

static const struct {
	const char *call;
	unsigned after;
	int status, error;
} failures[] = {
	{ "flock", 0, EX_IOERR, ENOLCK },
	{ "write", 0, EX_IOERR, ENOSPC },
	{ "fsync", 0, EX_IOERR, EIO },
	{ "rename", 0, EX_IOERR, EROFS },
	{ "socketpair", 0, EX_OSERR, EMFILE },
	{ "stat", 0, EX_OK, ENOENT },
};

/* Goal: an order is in force or it is not, and the admin is told which. */
START_TEST(test_failures)
{
	harness_rules("");
	ck_assert_int_eq(run(admin_hold, "a.example", false), EX_OK);
	harness_call_fails(failures[_i].call, failures[_i].after, 1, failures[_i].error);
	ck_assert_int_eq(run(admin_refuse, "a.example", strcmp(failures[_i].call, "socketpair") == 0), failures[_i].status);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, 1);
	ck_assert_int_eq(orders.at[0].kind, failures[_i].status == EX_OK ? ORDER_REFUSE : ORDER_HOLD);
	harness_call_fails(failures[_i].call, failures[_i].after, 1, failures[_i].error);
	ck_assert_int_eq(run(admin_release, "a.example", strcmp(failures[_i].call, "socketpair") == 0), failures[_i].status);
	ck_assert_int_eq(orders_read(&orders, harness_path("state"), 0), 0);
	ck_assert_uint_eq(orders.count, failures[_i].status == EX_OK ? 0 : 1);
}
END_TEST

/* Goal: without a state directory there is nothing to order; with one of somebody else's neither. */
START_TEST(test_no_state)
{
	ck_assert_int_eq(rmdir(harness_path("state")), 0);
	ck_assert_int_eq(run(admin_hold, "a.example", false), EX_NOINPUT);
	ck_assert_int_eq(run(admin_release, "a.example", true), EX_NOINPUT);
	ck_assert_int_eq(run(admin_orders, "", false), EX_NOINPUT);
}
END_TEST

/* Goal: an order that cannot be taken out of the file has not expired, and is told of when it is. */
START_TEST(test_expiry_fails)
{
	static struct orders expired;
	struct admin a;

	harness_rules("");
	(void)harness_cli("hold", "--for", "1h", "a.example");
	(void)harness_cli("hold", "--for", "3h", "b.example");
	admin_init(&a, HARNESS_NOW + HOUR);
	a.place.state = harness_path("state");
	harness_call_fails("rename", 0, 1, EROFS);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	harness_call_fails("flock", 0, 1, ENOLCK);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	write_orders(FIRST "hold\ta.example\t1\t5\troot\t\nwhat is this\n");
	ck_assert(admin_orders_expire(&a, &expired) == 0 && expired.count == 0);
	write_orders(FIRST "hold\ta.example\t1\t5\troot\t\nhold\tb.example\t1\t0\troot\t\n");
	ck_assert(admin_orders_expire(&a, &expired) == 0 && expired.count == 1);
	ck_assert_int_eq(unlink(harness_state("orders")), 0);
	ck_assert_int_eq(mkdir(harness_state("orders"), 0700), 0);
	ck_assert(admin_orders_expire(&a, &expired) == -1 && expired.count == 0);
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_uint_eq(harness_log_lines("orders that have expired were not taken out of their file"), 1);
}
END_TEST

/* Goal: who has no name is told by his number; sudo's word counts for root alone. */
START_TEST(test_by_number)
{
	if (!harness_start_as_user())
		return;
	ck_assert_int_eq(setenv("SUDO_USER", "joe", 1), 0);
	harness_rules("");
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_null(strstr(harness_cli("orders").out, "joe"));
	if (getpwuid(getuid()) == NULL)
		ck_assert_ptr_nonnull(strstr(harness_cli("orders").out, " uid:"));
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
	harness_end();
}
END_TEST

/* Goal: a name with nothing in it is none. */
START_TEST(test_empty_sudo_user)
{
	harness_rules("");
	ck_assert_int_eq(setenv("SUDO_USER", "", 1), 0);
	(void)harness_cli("hold", "a.example");
	ck_assert_ptr_nonnull(strstr(harness_cli("orders", "--json").out, geteuid() == 0 ? "\"by\":\"root\"" : "\"by\":"));
	ck_assert_int_eq(unsetenv("SUDO_USER"), 0);
}
END_TEST

Suite *
suite_orders(void)
{
	Suite *s = suite_create("orders");
	TCase *tc = tcase_create("orders");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, harness_start, harness_end);
	tcase_add_test(tc, test_file);
	tcase_add_loop_test(tc, test_texts, 0, HARNESS_ROWS(texts));
	tcase_add_loop_test(tc, test_not_ours, 0, 6);
	tcase_add_test(tc, test_deliveries);
	tcase_add_test(tc, test_released);
	tcase_add_loop_test(tc, test_reports, 0, HARNESS_ROWS(reports));
	tcase_add_test(tc, test_charged_before);
	tcase_add_loop_test(tc, test_whose, 0, HARNESS_ROWS(whose));
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_bounces);
	tcase_add_test(tc, test_expiry);
	tcase_add_test(tc, test_expiry_by_itself);
	tcase_add_loop_test(tc, test_expiry_in_vain, 0, 2);
	tcase_add_test(tc, test_messages);
	tcase_add_test(tc, test_all_discards_are_logged);
	tcase_add_loop_test(tc, test_mistakes, 0, HARNESS_ROWS(commands));
	tcase_add_loop_test(tc, test_words, 0, HARNESS_ROWS(words));
	tcase_add_test(tc, test_words_for_a_shell);
	tcase_add_test(tc, test_long_reason);
	tcase_add_test(tc, test_reasons);
	tcase_add_loop_test(tc, test_control_characters, 0, 10);
	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_remark);
	tcase_add_loop_test(tc, test_confirmation, 0, HARNESS_ROWS(answers));
	tcase_add_test(tc, test_now);
	tcase_add_test(tc, test_show);
	tcase_add_test(tc, test_explain);
	tcase_add_test(tc, test_at_once);
	tcase_add_loop_test(tc, test_locked_out, 0, HARNESS_ROWS(locked_out));
	tcase_add_test(tc, test_stopped_terminal);
	tcase_add_test(tc, test_full);
	tcase_add_loop_test(tc, test_failures, 0, HARNESS_ROWS(failures));
	tcase_add_test(tc, test_no_state);
	tcase_add_test(tc, test_expiry_fails);
	tcase_add_test(tc, test_empty_sudo_user);
	suite_add_tcase(s, tc);
	tc = tcase_create("orders as a user");
	tcase_add_test(tc, test_by_number);
	suite_add_tcase(s, tc);
	return s;
}
