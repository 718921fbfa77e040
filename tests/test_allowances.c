/* test_allowances - limits of a day, of messages, exemptions, and the many that share one allowance */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "admission.h"
#include "boot.h"
#include "harness_faults.h"
#include "hour.h"
#include "settlement.h"
#include "store.h"
#include "suites.h"

#define HOUR 3600

static char
deliver(const char *sender, const char *recipient)
{
	return harness_deliver(harness_message("from network", NULL), sender, recipient).letter;
}

/* `count` new messages of one sender; what became of the last one. */
static char
deliver_many(const char *sender, int count)
{
	char letter = '\0';

	for (int i = 0; i < count; i++)
		letter = deliver(sender, "accept@x.example");
	return letter;
}

/* --- max_per_day --- */

/* Goal: a day is this hour and the 23 before it; an hour that is older makes room again. */
START_TEST(test_day)
{
	harness_rules("default = { max_per_day = 6; refuse_above_percent = 150; };");
	ck_assert_int_eq(deliver_many("a@a.example", 4), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver_many("a@a.example", 2), 'K');
	ck_assert_int_eq(deliver_many("a@a.example", 1), 'Z');
	ck_assert_ptr_nonnull(strstr(harness_log_line("event=held", 0), "rule=max_per_day count=6 limit=6 percent=100"));
	ck_assert_str_eq(harness_counters("domain", "a.example").state, "held");
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out, "held, 6/6 in 24 hours"));
	(void)harness_cli("tidy");
	harness_set_time(HARNESS_NOW + 23 * HOUR);
	ck_assert_int_eq(deliver_many("a@a.example", 1), 'Z');
	/* From 150 % on refused: six, and three held. */
	ck_assert_int_eq(deliver_many("a@a.example", 2), 'Z');
	ck_assert_int_eq(deliver_many("a@a.example", 1), 'D');
	ck_assert_int_eq(deliver_many("a@b.example", 1), 'K');
	(void)harness_cli("tidy");
	harness_set_time(HARNESS_NOW + 24 * HOUR);
	ck_assert_int_eq(deliver_many("a@a.example", 4), 'K');
	ck_assert_int_eq(deliver_many("a@a.example", 1), 'Z');
}
END_TEST

/* Goal: the closed hours count before tidy has moved them, from the ledger after a new limit, and after live.mdb is gone. */
START_TEST(test_day_comes_from)
{
	harness_rules("default = { max_per_day = 0; };");
	ck_assert_int_eq(deliver_many("a@a.example", 3), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@b.example", "accept@x"), 'K');
	if (_i > 0)
		ck_assert_int_eq(harness_cli("tidy").status, 0);
	if (_i == 2)
		ck_assert_int_eq(remove(harness_state("live.mdb")), 0);
	/* A row of the running hour has been made under the old rules. */
	if (_i == 3)
		ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'K');
	harness_rules("default = { max_per_day = 4; };");
	if (_i != 3)
		ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'K');
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
}
END_TEST

/* The tidy that a delivery has started needs the ledger no more. */
static bool
is_tidied(void)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, 10000);
	struct info info;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(store_info_get(s, &info), 1);
	store_rollback(s);
	store_close(s);
	return !info.tidy_wanted;
}

/* Goal: a ledger that cannot be read takes a day its past, with a word to the admin; no rules, and no mail. */
START_TEST(test_day_without_a_ledger)
{
	static const char garbage[] = "this is no database at all, but long enough to look";

	harness_rules("default = { max_per_hour = 5; };");
	ck_assert_int_eq(deliver_many("a@a.example", 3), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@b.example", "accept@x"), 'K');
	ck_assert(harness_wait_until(is_tidied));
	harness_write(harness_state("ledger.mdb"), garbage, sizeof garbage);
	harness_rules("default = { max_per_day = 2; };");
	ck_assert_uint_eq(harness_log_lines("ledger.mdb cannot be read: max_per_day knows this hour alone"), 1);
	/* It is no load's business to set it aside. */
	ck_assert_int_eq(access(harness_state("ledger.mdb.damaged"), F_OK), -1);
	ck_assert_int_eq(deliver_many("a@a.example", 2), 'K');
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
}
END_TEST

/* Goal: a reset is a reset of the day as well, and a later load, or tidy, does not bring it back. */
START_TEST(test_day_reset)
{
	harness_rules("default = { max_per_day = 3; };");
	ck_assert_int_eq(deliver_many("a@a.example", 3), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
	ck_assert_ptr_nonnull(strstr(harness_cli("reset", "a.example").out, "and what max_per_day has counted"));
	(void)harness_cli("tidy");
	harness_rules("default = { max_per_day = 2; };");
	ck_assert_int_eq(deliver_many("a@a.example", 2), 'K');
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
}
END_TEST

/* The live store has no hour before the one that HARNESS_NOW + HOUR is in. */
static bool
is_first_hour_moved(void)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, 10000);
	uint32_t oldest;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(store_counters_oldest(s, &oldest), 1);
	store_rollback(s);
	store_close(s);
	return oldest > hour_of(HARNESS_NOW);
}

/* Goal: an hour that is closed while tidy is at work is moved with the next delivery, not an hour later. */
START_TEST(test_hour_ends_during_tidy)
{
	int fd;

	harness_rules("default = { max_per_day = 3; };");
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'K');
	fd = open(harness_state("ledger.lock"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	harness_set_time(HARNESS_NOW + HOUR + 1795); /* 18:59:55 */
	ck_assert_int_eq(deliver("a@b.example", "accept@x"), 'K');
	ck_assert_int_eq(usleep(3000000), 0); /* tidy has seen which hours are closed, and waits */
	harness_set_time(HARNESS_NOW + HOUR + 1805);
	ck_assert_int_eq(deliver("a@c.example", "accept@x"), 'K');
	ck_assert_int_eq(close(fd), 0);
	ck_assert(harness_wait_until(is_first_hour_moved));
	ck_assert_int_eq(usleep(500000), 0); /* it ends */
	ck_assert_ptr_nonnull(strstr(harness_cli("status").out, "wait to be moved"));
}
END_TEST

/* Goal: `show` knows the day of a row that was made before there was such a limit, and not when it has room. */
START_TEST(test_day_is_shown)
{
	const char *out;

	harness_rules("default = { max_per_hour = 10; };");
	ck_assert_int_eq(deliver_many("a@a.example", 3), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'K');
	harness_rules("default = { max_per_hour = 10; max_per_day = 4; };");
	for (int i = 0; i < 2; i++) {
		out = i == 0 ? harness_cli("show", "--json").out : harness_cli("show", "--json", "a.example").out;
		ck_assert_ptr_nonnull(strstr(out, "\"admitted_in_day\":4,\"max_per_day\":4"));
		ck_assert_ptr_nonnull(strstr(out, "\"state\":\"held\""));
		ck_assert_ptr_null(strstr(out, "until"));
	}
	ck_assert_ptr_nonnull(strstr(harness_cli("show").out, "held, 4/4 in 24 hours"));
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "a.example").out, "held, 4/4 in 24 hours"));
}
END_TEST

/* Goal: what is not counted, because another payer stops it, is not said either: it would be said each time. */
START_TEST(test_day_is_said_once)
{
	harness_rules("default = { max_per_day = 2; };\n"
	    "users = ( { uid = 1000; max_per_hour = 1; refuse_above_percent = 100; } );");
	ck_assert_int_eq(deliver_many("a@a.example", 2), 'K');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@b.example", "accept@x").letter, 'K');
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x").letter, 'D');
	ck_assert_uint_eq(harness_log_lines("event=limit kind=domain name=a.example"), 1); /* an hour ago */
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
	ck_assert_uint_eq(harness_log_lines("event=limit kind=domain name=a.example"), 2);
}
END_TEST

/* --- count --- */

/* Goal: a message to many is one where messages are counted, many where recipients are; held and refused alike. */
START_TEST(test_messages)
{
	const char *message;

	harness_rules("count = \"messages\"; server = { count = \"recipients\"; };\n"
	    "default = { max_per_hour = 2; refuse_above_percent = 200; };");
	for (int i = 0; i < 2; i++) {
		char sender[60];

		message = harness_message("from network", NULL);
		for (int j = 0; j < 3; j++) {
			char recipient[60];

			/* A list with VERP: each recipient's sender is another. */
			(void)snprintf(sender, sizeof sender, "list-%d@a.example", j);
			(void)snprintf(recipient, sizeof recipient, "accept@x%d.example", j);
			ck_assert_int_eq(harness_deliver(message, sender, recipient).letter, 'K');
		}
	}
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 2);
	ck_assert_uint_eq(harness_counters("domain", "a.example").sent, 6);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 6);
	message = harness_message("from network", NULL);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(harness_deliver(message, "a@a.example", i == 0 ? "accept@x" : "accept@y").letter, 'Z');
	ck_assert_uint_eq(harness_counters("domain", "a.example").held, 1);
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'Z');
	ck_assert_int_eq(deliver("a@a.example", "accept@x"), 'D');
	/* The held message has its place. */
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@z").letter, 'Z');
	harness_set_time(HARNESS_NOW + HOUR);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(harness_deliver(message, "a@a.example", i == 0 ? "accept@x" : "accept@y").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
}
END_TEST

/* Goal: a destination is charged with each message that goes there, wherever else it went before. */
START_TEST(test_messages_to_destinations)
{
	const char *message = harness_message("from network", NULL);

	harness_rules("count = \"messages\"; destinations = ( { name = \"gmail.example\"; max_per_hour = 1; },\n"
	    "{ name = \"yahoo.example\"; max_per_hour = 1; } );");
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@gmail.example").letter, 'K');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept2@gmail.example").letter, 'K');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@yahoo.example").letter, 'K');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@x.example").letter, 'K');
	ck_assert_uint_eq(harness_counters("destination", "gmail.example").admitted, 1);
	ck_assert_uint_eq(harness_counters("destination", "yahoo.example").admitted, 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	/* The domain has paid for the message; yahoo.example has not, and is full. */
	message = harness_message("from network", NULL);
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@x.example").letter, 'K');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@yahoo.example").letter, 'Z');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept2@yahoo.example").letter, 'Z');
	ck_assert_uint_eq(harness_counters("destination", "yahoo.example").held, 1);
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 2);
}
END_TEST

/* Goal: what was charged by recipients is not charged once more when messages are counted from now on. */
START_TEST(test_messages_from_now_on)
{
	const char *message = harness_message("from network", NULL);

	harness_rules("default = { max_per_hour = 1; };");
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "greylist@x").letter, 'Z');
	harness_rules("count = \"messages\"; default = { max_per_hour = 1; };");
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "greylist@x").letter, 'Z');
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
}
END_TEST

/* Goal: what is known of a message as a whole is forgotten after a day, of a delivery after eight. */
START_TEST(test_messages_are_forgotten)
{
	harness_rules("count = \"messages\";");
	ck_assert_int_eq(deliver("a@a.example", "greylist@x"), 'Z');
	harness_set_time(HARNESS_NOW + 86400 - HOUR);
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 0"));
	harness_set_time(HARNESS_NOW + 86400 + HOUR);
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 1"));
	harness_set_time(HARNESS_NOW + 9 * 86400);
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 1"));
}
END_TEST

/* Goal: where half the room for deliveries is taken, messages leave after an hour: nothing is charged twice for them. */
START_TEST(test_messages_make_room)
{
	struct store *s;
	struct info info;

	harness_rules("count = \"messages\";");
	ck_assert_int_eq(deliver("a@a.example", "greylist@x"), 'Z');
	s = store_lmdb_new(harness_path("state"), STORE_LIVE, 10000);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(store_info_get(s, &info), 1);
	ck_assert_uint_eq(info.pendings, 2);
	info.pendings = STORE_PENDINGS_MAX / 2 + 1;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	harness_set_time(HARNESS_NOW + HOUR - 1);
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 0"));
	harness_set_time(HARNESS_NOW + HOUR + 1);
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 1"));
	ck_assert_ptr_nonnull(strstr(harness_cli("tidy").out, "deliveries forgotten: 0"));
}
END_TEST

/* --- exempt --- */

static const struct {
	const char *label, *rules, *sender, *recipient, *kind, *name;
} exempt[] = {
	{ "domain", "domains = ( { name = \"a.example\"; exempt = true; } );", "a@a.example", "accept@x", "domain",
	    "a.example" },
	{ "user", "users = ( { uid = 1000; exempt = true; } );", "a@b.example", "accept@x", "user", "uid:1000" },
	{ "destination", "destinations = ( { name = \"gmail.example\"; exempt = true; } );", "a@c.example",
	    "accept@gmail.example", "destination", "gmail.example" },
};

/* Goal: what is exempt is counted by all its payers, and stopped by none of them, be it the server. */
START_TEST(test_exempt)
{
	char text[500];

	(void)snprintf(text, sizeof text, "default = { max_per_hour = 1; };\nserver = { max_per_hour = 2; };\n%s",
	    exempt[_i].rules);
	harness_rules(text);
	for (int i = 0; i < 4; i++)
		ck_assert_msg(harness_deliver(harness_message(NULL, NULL), exempt[_i].sender,
		    exempt[_i].recipient).letter == 'K', "%s", exempt[_i].label);
	ck_assert_uint_eq(harness_counters(exempt[_i].kind, exempt[_i].name).admitted, 4);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 4);
	ck_assert_ptr_nonnull(strstr(harness_cli("show").out, "exempt"));
	ck_assert_int_eq(harness_deliver(harness_message("from network", NULL), "a@d.example", "accept@x").letter, 'Z');
}
END_TEST

/* --- bounces --- */

/* Goal: bounces have limits of their own, are held by them, and by nothing are they refused. */
START_TEST(test_bounces)
{
	harness_rules("default = { max_per_hour = 1; refuse_above_percent = 100; max_failure_percent = 1; "
	    "min_failures = 1; on_failures = \"refuse\"; };\nbounces = { max_per_hour = 2; };");
	ck_assert_int_eq(deliver("", "accept@x"), 'K');
	ck_assert_int_eq(deliver("#@[]", "reject@x"), 'D'); /* the other side's word */
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(deliver("", "accept@x"), 'Z');
	ck_assert_uint_eq(harness_counters("bounces", "").admitted, 2);
	ck_assert_uint_eq(harness_counters("bounces", "").held, 5);
	ck_assert_uint_eq(harness_counters("bounces", "").refused, 0);
}
END_TEST

/* --- many that share --- */

static const unsigned char boot[INFO_BOOT_SIZE] = { 1 };
static struct store *store;
static uint32_t generation;

static void
put_rule(enum rules_scope scope, const char *name, uint32_t max_per_hour, bool named)
{
	struct rules_key key;
	struct limits limits;

	rules_key_set(&key, scope, name);
	limits_init(&limits);
	limits.max_per_hour = max_per_hour;
	limits.named = named;
	ck_assert_int_eq(store_rule_put(store, generation, &key, &limits), 0);
}

static void
open_store(bool hosted, uint32_t max_meters)
{
	struct info info;

	store = store_memory_new();
	ck_assert_ptr_nonnull(store);
	ck_assert_int_eq(store_begin_live(store, &info, boot, HARNESS_NOW), 0);
	generation = info.generation = 1;
	info.tried_at = HARNESS_NOW;
	info.settings.hosted = hosted;
	info.settings.max_meters = max_meters;
	put_rule(RULES_DEFAULT, "", 500, false);
	put_rule(RULES_FOREIGN, "", 500, false);
	put_rule(RULES_DOMAIN, "host.example", 10, true);
	ck_assert_int_eq(store_info_put(store, &info), 0);
	ck_assert_int_eq(store_commit(store), 0);
}

/* One delivery of a new message; settles it as sent if it passes. */
static enum verdict
book(const char *sender, int64_t now)
{
	static char recipient[] = "r@x.example", *recipients[] = { recipient };
	static uint64_t inode;
	struct booking b = { .sender = sender, .recipients = recipients, .count = 1, .config = "/nonexistent",
		.boot = boot, .file = { .known = true, .inode = ++inode } };
	struct booking_notices notices;
	struct admission a;
	struct report report;

	origin_read(&b.origin, sender, recipient);
	ck_assert_int_eq(admission_ask(store, &b, now, false, &a), 0);
	if (a.judgement.verdict == VERDICT_PASS) {
		report_init(&report);
		report_read(&report, "rr said:\0Kok\n", sizeof "rr said:\0Kok\n");
		ck_assert_int_eq(settlement_book(store, &b, now, &report, 0, &notices), 0);
	}
	return a.judgement.verdict;
}

static const char *
random_sender(void)
{
	static char sender[64];

	(void)snprintf(sender, sizeof sender, "x@%lx%lx.example", random(), random());
	return sender;
}

static size_t
count_rows(uint64_t *most)
{
	struct store_row row = { .hour = 0 };
	size_t rows = 0;

	*most = 0;
	ck_assert_int_eq(store_begin(store, false), 0);
	while (store_counters_next(store, 0, UINT32_MAX, &row) == 1) {
		rows += row.meter.length > 0;
		if (row.meter.kind == METER_FOREIGN || row.meter.kind == METER_OVERFLOW)
			*most = row.counters.admitted;
	}
	store_rollback(store);
	return rows;
}

/* Goal: 10,000 senders that nobody hosts have one allowance together, and one row. */
START_TEST(test_foreign)
{
	unsigned passed = 0;
	uint64_t admitted;

	open_store(true, 200000);
	srandom(1);
	for (int i = 0; i < 10000; i++)
		passed += book(random_sender(), HARNESS_NOW) == VERDICT_PASS;
	ck_assert_uint_eq(passed, 500);
	ck_assert_int_eq(book("a@host.example", HARNESS_NOW), VERDICT_PASS);
	ck_assert_uint_eq(count_rows(&admitted), 1);
	ck_assert_uint_eq(admitted, 500);
	store_close(store);
}
END_TEST

/*
 * Goal: without such a list there are never more than max_meters of them; the others share one, hour by hour. A
 * name with a rule of its own is not among these others: made-up names must not take its allowance, or exemption.
 */
START_TEST(test_max_meters)
{
	unsigned passed = 0;
	uint64_t admitted;

	open_store(false, 1000);
	srandom(2);
	for (int i = 0; i < 2500; i++)
		passed += book(random_sender(), HARNESS_NOW) == VERDICT_PASS;
	ck_assert_uint_eq(count_rows(&admitted), 1000);
	ck_assert_uint_eq(admitted, 500);
	ck_assert_uint_eq(passed, 1500);
	for (int i = 0; i < 11; i++)
		ck_assert_int_eq(book("a@host.example", HARNESS_NOW), i < 10 ? VERDICT_PASS : VERDICT_DEFER);
	ck_assert_uint_eq(count_rows(&admitted), 1001);
	ck_assert_int_ne(book("a@elsewhere.example", HARNESS_NOW), VERDICT_PASS);
	ck_assert_int_eq(book("a@elsewhere.example", HARNESS_NOW + HOUR), VERDICT_PASS);
	ck_assert_uint_eq(count_rows(&admitted), 1002);
	store_close(store);
}
END_TEST

/* Goal: days that are over go, those between them stay, and none is looked at twice, however many there are. */
START_TEST(test_days_are_pruned)
{
	struct meter meter, behind = { .kind = 0 };
	unsigned left = 0, rounds = 1;
	struct day day;
	char name[32];
	int rc;

	open_store(false, 1000);
	ck_assert_int_eq(store_begin(store, true), 0);
	for (unsigned i = 0; i < 2500; i++) {
		(void)snprintf(name, sizeof name, "d%u.example", i);
		meter_set(&meter, METER_DOMAIN, i == 0 ? "" : name);
		day_reset(&day, i % 2 == 0 ? 1000 : 1024);
		ck_assert_int_eq(store_day_put(store, &meter, &day), 0);
	}
	for (; (rc = store_days_prune(store, &behind, 1024, 1000)) == 1; rounds++)
		;
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(rounds, 3);
	for (unsigned i = 0; i < 2500; i++) {
		(void)snprintf(name, sizeof name, "d%u.example", i);
		meter_set(&meter, METER_DOMAIN, i == 0 ? "" : name);
		rc = store_day_get(store, &meter, &day);
		ck_assert_int_eq(rc, i % 2 == 0 ? 0 : 1);
		left += rc == 1;
	}
	ck_assert_uint_eq(left, 1250);
	store_rollback(store);
	store_close(store);
}
END_TEST

/* Goal: the same through the programs, with what `max_meters` says, and `show` names it. */
START_TEST(test_overflow)
{
	char sender[40];

	harness_rules("max_meters = 100; default = { max_per_hour = 3; refuse_above_percent = 1000; };");
	for (int i = 0; i < 104; i++) {
		(void)snprintf(sender, sizeof sender, "a@d%d.example", i);
		ck_assert_int_eq(deliver(sender, "accept@x"), i < 103 ? 'K' : 'Z');
	}
	ck_assert_uint_eq(harness_counters("overflow", "").admitted, 3);
	ck_assert_uint_eq(harness_counters("overflow", "").held, 1);
	ck_assert_uint_eq(harness_counters("overflow", "").sent, 3);
	/* Two names that are too much share it once, or one would write over what the other has counted. */
	ck_assert_int_eq(harness_deliver(harness_message("by uid 77", NULL), "a@d200.example", "accept@x").letter, 'Z');
	ck_assert_uint_eq(harness_counters("overflow", "").held, 2);
}
END_TEST

Suite *
suite_allowances(void)
{
	Suite *s = suite_create("allowances");
	TCase *t = tcase_create("allowances"), *memory = tcase_create("in memory");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_set_timeout(memory, 60);
	tcase_add_test(t, test_day);
	tcase_add_loop_test(t, test_day_comes_from, 0, 4);
	tcase_add_test(t, test_day_without_a_ledger);
	tcase_add_test(t, test_day_reset);
	tcase_add_test(t, test_hour_ends_during_tidy);
	tcase_add_test(t, test_day_is_shown);
	tcase_add_test(t, test_day_is_said_once);
	tcase_add_test(t, test_messages);
	tcase_add_test(t, test_messages_to_destinations);
	tcase_add_test(t, test_messages_from_now_on);
	tcase_add_test(t, test_messages_are_forgotten);
	tcase_add_test(t, test_messages_make_room);
	tcase_add_loop_test(t, test_exempt, 0, HARNESS_ROWS(exempt));
	tcase_add_test(t, test_bounces);
	tcase_add_test(t, test_overflow);
	suite_add_tcase(s, t);
	tcase_add_test(memory, test_foreign);
	tcase_add_test(memory, test_max_meters);
	tcase_add_test(memory, test_days_are_pruned);
	suite_add_tcase(s, memory);
	return s;
}
