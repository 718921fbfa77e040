/* test_orders - an admin's orders: their file, what they do to deliveries */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	suite_add_tcase(s, tc);
	return s;
}
