/* test_queue - the command queue of qlimit(8), and the queue it reads, made up and odd */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_show.h"
#include "queue.h"
#include "queue_table.h"
#include "store.h"
#include "suites.h"

#define BYTES(literal) (literal), sizeof(literal) - 1
#define HOUR 3600
#define MANY 10000
#define CROWD 5000 /* more than are looked at at once */
#define PATIENCE_MS 1000

static int split;
static bool big_todo;

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.3000s", wanted, text);
}

static void
lacks(const char *text, const char *unwanted)
{
	ck_assert_msg(strstr(text, unwanted) == NULL, "in it: %s\n%.3000s", unwanted, text);
}

/* --- a queue --- */

static void
make(const char *below)
{
	char name[100];

	(void)snprintf(name, sizeof name, "q/%s", below);
	ck_assert_int_eq(mkdir(harness_path(name), 0755), 0);
}

static void
make_queue(int parts, bool with_big_todo)
{
	static const char *const whole[] = { "bounce", "pid", "todo", "intd", "mess", "info", "local", "remote" };
	char below[40];

	split = parts;
	big_todo = with_big_todo;
	make("");
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		make(whole[i]);
	for (size_t i = with_big_todo ? 2 : 4; i < sizeof whole / sizeof whole[0]; i++)
		for (int part = 0; part < parts; part++) {
			(void)snprintf(below, sizeof below, "%s/%d", whole[i], part);
			make(below);
		}
}

static const char *
path_of(const char *directory, unsigned id)
{
	bool parts = strcmp(directory, "bounce") != 0 &&
	    (big_todo || (strcmp(directory, "todo") != 0 && strcmp(directory, "intd") != 0));
	char name[100];

	if (parts)
		(void)snprintf(name, sizeof name, "q/%s/%u/%u", directory, id % (unsigned)split, id);
	else
		(void)snprintf(name, sizeof name, "q/%s/%u", directory, id);
	return harness_path(name);
}

/* As if written so many seconds ago. */
static void
put(const char *directory, unsigned id, const char *bytes, size_t n, int64_t age)
{
	const struct timespec times[2] = { { HARNESS_NOW - age, 0 }, { HARNESS_NOW - age, 0 } };

	harness_write(path_of(directory, id), bytes, n);
	ck_assert_int_eq(utimensat(AT_FDCWD, path_of(directory, id), times, 0), 0);
}

static const char text[] = "Received: (qmail 7 invoked by uid 48); 21 Nov 2026 17:37:24 -0000\n"
    "From: \"Joe\" <joe@example.com>\nTo: you@example.net\nSubject: hello\n you\n\nSubject: body\n";

/* Two recipients left of a preprocessed message, one of them local, and one done. */
static void
put_ready(unsigned id, const char *sender, int64_t age)
{
	char info[200];
	int n = snprintf(info, sizeof info, "F%s", sender);

	put("mess", id, BYTES(text), 0);
	put("info", id, info, (size_t)n + 1, age);
	put("remote", id, BYTES("Dx@example.net\0Ty@example.net\0"), 0);
	put("local", id, BYTES("Tz@example.org\0"), 0);
}

static void
setup(void)
{
	harness_start();
	ck_assert_int_eq(setenv("QLIMIT_QUEUE", harness_path("q"), 1), 0);
}

/* Everything there is, with its times: what a writer would have changed. */
static char *
snapshot(void)
{
	const char *const argv[] = { "sh", "-c", "find \"$QLIMIT_QUEUE\" -printf '%p %y %m %s %T@ %C@ %i\\n' | sort",
		NULL };
	struct harness_output o = harness_run_words("/bin/sh", argv);
	char *copy = strdup(o.out);

	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(copy);
	return copy;
}

/* --- what is printed --- */

static const struct {
	int split;
	bool big_todo;
} shapes[] = { { 1, false }, { 23, false }, { 23, true }, { 101, true }, { 1, true } };

START_TEST(test_totals)
{
	struct harness_output o;
	char *before, *after;

	make_queue(shapes[_i].split, shapes[_i].big_todo);
	for (unsigned i = 0; i < 5; i++)
		put_ready(1000 + i, i < 3 ? "joe@Hacked.example" : "ann@shop.example", i == 1 ? 5 * HOUR : 60);
	put_ready(1005, "", 2 * 86400);
	put_ready(1006, "nobody", 5);
	put_ready(1007, "list-@shop.example-@[]", 5);
	/* todo, of which qmail-send is just making info and remote: as they are they count nothing. */
	put("mess", 2000, BYTES(text), 0);
	put("todo", 2000, BYTES("u48\0p7\0Fjoe@hacked.example\0Ta@b\0Tc@d\0Te@f\0"), 10);
	put("info", 2000, BYTES("Fjoe@hacked.exa"), 10);
	put("remote", 2000, BYTES("Ta@b\0"), 10);
	/* Being written, and being removed. */
	put("mess", 3000, BYTES("Received: "), 0);
	put("mess", 3001, BYTES(text), 0);
	put("intd", 3001, BYTES("u48\0"), 0);
	put("mess", 3002, BYTES(text), 0);
	put("info", 3002, BYTES("Fjoe@hack"), 0);
	before = snapshot();
	o = harness_cli("queue");
	after = snapshot();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "12 messages, 1 of them not preprocessed; recipients left: 11 remote, 8 local; 1.6K bytes; "
	    "oldest 2 days ago; being written or removed: 3\nheld by limits: unknown\n"
	    "SENDER         MESSAGES    TODO   REMOTE    HELD   LOCAL OLDEST  BYTES\n"
	    "hacked.example        4       1        6       -       3     5h    604\n"
	    "shop.example          3       0        3       -       3    60s    453\n"
	    "bounces               1       0        1       -       1     2d    151\n"
	    "-                     1       0        1       -       1     5s    151\n");
	contains(o.err, "nothing counted yet");
	contains(harness_cli("queue", "--limit", "2").out, "\nhacked.example        4       1        6       -       3     5h    604\n"
	    "shop.example          3       0        3       -       3    60s    453\nand 2 more\n");
	ck_assert_ptr_null(strstr(harness_cli("queue", "--limit", "2", "--json").out, "\"bounces\""));
	ck_assert_int_eq(harness_cli("queue", "--limit", "0").status, EX_USAGE);
	o = harness_cli("queue", "--limit", "1", "shop.example");
	ck_assert_int_eq(o.status, EX_USAGE);
	contains(o.err, "--limit is for the table of domains, not for the messages of one");
}
END_TEST

/* Goal: on a terminal names are cut to what it has room for, from their beginning. */
START_TEST(test_on_a_terminal)
{
	char sender[] = "a@nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn.example";

	make_queue(23, false);
	put_ready(1000, sender, 60);
	put_ready(1001, "joe@shop.example", 60);
	(void)unsetenv("COLUMNS");
	(void)setenv("LC_ALL", "C", 1);
	contains(harness_cli("queue").out, sender + 2);
	harness_screen_open(80, 30, (const char *const[]){ "qlimit", "queue", NULL });
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	contains(harness_screen.seen, "\n~nnnnnnnnnnnnnnn.example        1       0        1       -       1    60s    151\n");
	contains(harness_screen.seen, "\nshop.example                    1       0        1 ");
}
END_TEST

START_TEST(test_empty)
{
	struct harness_output o;

	make_queue(23, false);
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "0 messages, 0 of them not preprocessed; recipients left: 0 remote, 0 local; 0 bytes\n");
	lacks(o.out, "SENDER");
	o = harness_cli("queue", "--json");
	ck_assert_str_eq(o.out, "{\"kind\":\"total\",\"name\":\"\",\"messages\":0,\"todo\":0,\"remote\":0,\"local\":0,"
	    "\"bytes\":0,\"oldest\":null,\"incomplete\":0,\"strange\":0,\"held\":null,\"held_messages\":null}\n");
}
END_TEST

START_TEST(test_list)
{
	struct harness_output o;

	make_queue(23, false);
	put_ready(421903, "joe@example.com", 3 * HOUR);
	put("bounce", 421903, BYTES("<a@b>:\nfirst\n\n<x@example.net>:\n550 no such user\n\n"), 0);
	put_ready(421904, "joe@elsewhere.example", 60);
	put_ready(421905, "", 60);
	put("mess", 421906, BYTES("\n\n"), 0);
	put("todo", 421906, BYTES("u1\0p1\0Fann@example.com\0T1@b\0T2@b\0T3@b\0T4@b\0T5@b\0"), 30);
	o = harness_cli("queue", "Example.COM");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "421903  3h old, 151 bytes, from <joe@example.com>, recipients left: 1 remote, 1 local; done: 1\n"
	    "    From:    \"Joe\" <joe@example.com>\n    To:      you@example.net\n    Subject: hello you\n"
	    "    left:    y@example.net z@example.org\n"
	    "    failed:  <x@example.net>: 550 no such user\n");
	contains(o.out, "421906  30s old, 2 bytes, from <ann@example.com>, recipients left: 5 remote, 0 local; done: 0; "
	    "not preprocessed\n    left:    1@b 2@b 3@b\n             and 2 more\n");
	contains(o.out, "2 messages, 1 of them not preprocessed; recipients left: 6 remote, 1 local");
	lacks(o.out, "elsewhere");
	lacks(o.out, "waits");
	contains(harness_cli("queue", "bounces").out, "421905  60s old, 151 bytes, from <>, ");
	contains(harness_cli("queue", "-").out, "0 messages");
	contains(harness_cli("queue", "domain:bounces").out, "0 messages");
	o = harness_cli("queue", "example.com", "--json");
	contains(o.out, "{\"kind\":\"message\",\"id\":421903,\"queued\":\"2026-11-21T14:30:00Z\",\"todo\":false,"
	    "\"bytes\":151,\"sender\":\"joe@example.com\",\"recipients\":\"y@example.net z@example.org\",\"remote\":1,"
	    "\"local\":1,\"done\":1,\"from\":\"\\\"Joe\\\" <joe@example.com>\",\"to\":\"you@example.net\","
	    "\"subject\":\"hello you\",\"reason\":\"<x@example.net>: 550 no such user\","
	    "\"held\":null,\"deferred\":null,\"unreached\":null}\n");
	contains(o.out, "\"sender\":\"ann@example.com\",\"recipients\":\"1@b 2@b 3@b\",\"remote\":5,");
}
END_TEST

START_TEST(test_json)
{
	struct harness_output o;

	make_queue(23, false);
	put_ready(1, "joe@example.com", HOUR);
	put_ready(2, "", HOUR);
	put_ready(3, "nobody", HOUR);
	put_ready(4, "x@bounces", HOUR);
	o = harness_cli("queue", "--json");
	contains(o.out, "{\"kind\":\"domain\",\"name\":\"example.com\",\"messages\":1,\"todo\":0,\"remote\":1,\"local\":1,"
	    "\"bytes\":151,\"oldest\":\"2026-11-21T16:30:00Z\",\"held\":null,\"held_messages\":null}\n");
	contains(o.out, "{\"kind\":\"bounces\",\"name\":\"\",");
	contains(o.out, "{\"kind\":\"none\",\"name\":\"\",");
	contains(o.out, "{\"kind\":\"domain\",\"name\":\"bounces\",");
	contains(harness_cli("queue").out, "\ndomain:bounces        1 ");
	contains(harness_cli("queue", "domain:bounces").out, "from <x@bounces>");
}
END_TEST

static const struct {
	const char *words[5];
	int status;
	const char *begins; /* what is printed begins so */
} alerts[] = {
	{ { "queue", "--alert", "3" }, 0, "3 messages, " },
	{ { "queue", "--alert", "2" }, 1, "3 messages, " },
	{ { "queue", "--alert", "0" }, 1, "3 messages, " },
	{ { "queue", "--alert=2", "--json" }, 1, "{\"kind\":\"total\",\"name\":\"\",\"messages\":3," },
	{ { "queue", "--alert", "2", "a.example" }, 0, "2 messages, " },
	{ { "queue", "a.example", "--alert", "1" }, 1, "2 messages, " },
	{ { "queue", "--alert", "" }, EX_USAGE, "" },
	{ { "queue", "--alert", "-1" }, EX_USAGE, "" },
	{ { "queue", "--alert", "3x" }, EX_USAGE, "" },
	{ { "queue", "--alert", "99999999999999999999" }, EX_USAGE, "" },
	{ { "queue", "--alert" }, EX_USAGE, "" },
	{ { "queue", "uid:48" }, EX_USAGE, "" },
	{ { "queue", "foreign" }, EX_USAGE, "" },
	{ { "queue", "" }, EX_USAGE, "" },
	{ { "queue", "a", "b" }, EX_USAGE, "" },
};

START_TEST(test_alert)
{
	struct harness_output o;

	make_queue(23, false);
	put_ready(1, "joe@a.example", 0);
	put_ready(2, "joe@a.example", 0);
	put_ready(3, "joe@b.example", 0);
	o = harness_cli_words(alerts[_i].words);
	ck_assert_int_eq(o.status, alerts[_i].status);
	ck_assert_msg(strncmp(o.out, alerts[_i].begins, strlen(alerts[_i].begins)) == 0, "%s", o.out);
	if (o.status <= 1) {
		ck_assert_ptr_eq(strchr(o.out, '\n'), o.out + strlen(o.out) - 1); /* one line */
		ck_assert_str_eq(o.err, "");
	} else {
		ck_assert_str_eq(o.out, "");
		ck_assert_str_ne(o.err, "");
	}
}
END_TEST

/* --- what limits hold --- */

/* The harness's queue, as far as it lacks directories. */
static void
complete_queue(void)
{
	static const char *const directories[] = { "todo", "bounce", "info", "remote", "local" };
	char name[40];

	ck_assert_int_eq(setenv("QLIMIT_QUEUE", harness_path("queue"), 1), 0);
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		(void)snprintf(name, sizeof name, "queue/%s", directories[i]);
		ck_assert_int_eq(mkdir(harness_path(name), 0755), 0);
		for (int part = 0; i >= 2 && part < 23; part++) {
			(void)snprintf(name, sizeof name, "queue/%s/%d", directories[i], part);
			ck_assert_int_eq(mkdir(harness_path(name), 0755), 0);
		}
	}
}

/* What qmail-send has made of a message: its sender, and its remote recipients. */
static void
put_sorted(const char *message, const char *sender, const char *recipients, size_t n)
{
	char name[80], info[200];

	(void)snprintf(name, sizeof name, "queue/info/%s", message);
	harness_write(harness_path(name), info, (size_t)snprintf(info, sizeof info, "F%s", sender) + 1);
	(void)snprintf(name, sizeof name, "queue/remote/%s", message);
	harness_write(harness_path(name), recipients, n);
}

static void
delivers(char letter, const char *message, const char *sender, const char *recipient)
{
	struct harness_delivery d = harness_deliver(message, sender, recipient);

	ck_assert_msg(d.letter == letter, "%s: %c%s", recipient, d.letter, d.text);
}

/* Records of deliveries that are not in this queue, more than are read at once. */
static void
crowd_store(void)
{
	struct pending p = { .state = PENDING_HELD, .since = HARNESS_NOW, .touched = HARNESS_NOW };
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, PATIENCE_MS);
	unsigned char id[DIGEST_SIZE] = { 0 };

	ck_assert(s != NULL && store_begin(s, true) == 0);
	for (int i = 1; i <= CROWD; i++) {
		id[0] = (unsigned char)(i >> 5); /* some before, some behind those of the queue */
		id[1] = (unsigned char)i;
		ck_assert_int_eq(store_pending_put(s, id, &p), 0);
	}
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static const char *
todo_path(const char *message)
{
	char name[80];

	(void)snprintf(name, sizeof name, "queue/todo%s", strchr(message, '/'));
	return harness_path(name);
}

/* One recipient sent to, one deferred by the other side, two held; and one of no delivery yet. */
static void
queue_hacked(void)
{
	const char *message = harness_message(NULL, NULL);

	delivers('K', message, "joe@Hacked.example", "sent@x.example");
	delivers('Z', message, "joe@Hacked.example", "greylist@x.example");
	delivers('Z', message, "joe@Hacked.example", "held@x.example");
	delivers('Z', message, "joe@Hacked.example", "\xff \"odd\"@x.example");
	put_sorted(message, "joe@Hacked.example", BYTES("Dsent@x.example\0Tgreylist@x.example\0Theld@x.example\0"
	    "Tnew@x.example\0T\xff \"odd\"@x.example\0"));
}

/* With a sender of each recipient's own (VERP): one held. */
static void
queue_list(void)
{
	const char *message = harness_message("by uid 48", "Subject: list\n\n");

	delivers('K', message, "l-a=b.example@list.example", "a@b.example");
	delivers('K', message, "l-sent=b.example@list.example", "sent@b.example");
	delivers('Z', message, "l-c=b.example@list.example", "c@b.example");
	put_sorted(message, "l-@list.example-@[]", BYTES("Da@b.example\0Tc@b.example\0"));
}

/* Far from its limits. One deferred by the other side, one not reached, and one under way, which is returned. */
static struct harness_run *
queue_shop(void)
{
	const char *message = harness_message("from network", "Subject: shop\n\nText\n");

	delivers('Z', message, "ann@shop.example", "greylist@y.example");
	delivers('Z', message, "ann@shop.example", "unreachable@y.example");
	put_sorted(message, "ann@shop.example", BYTES("Tgreylist@y.example\0Tway@y.example\0Tunreachable@y.example\0"));
	harness_script("await go\nwrite r\\0Kok\\n\\0\n");
	return harness_deliver_start(message, "ann@shop.example", "way@y.example");
}

static void
queue_bounce(void)
{
	const char *message = harness_message("for bounce", "\nHi.\n");

	delivers('K', message, "", "a@y.example");
	delivers('Z', message, "", "b@y.example");
	put_sorted(message, "", BYTES("Ta@y.example\0Tb@y.example\0"));
}

/* Done, and not yet begun. */
static void
queue_local(void)
{
	const char *todo;

	put_sorted(harness_message(NULL, NULL), "joe@local.example", BYTES("Ddone@x.example\0"));
	todo = harness_message(NULL, NULL);
	harness_write(harness_path("queue/todo/1"), BYTES("Fjoe@local.example\0Ta@x.example\0"));
	ck_assert_int_eq(rename(harness_path("queue/todo/1"), todo_path(todo)), 0);
}

static void
all_is_told(void)
{
	struct harness_output o = harness_cli("queue");

	ck_assert_str_eq(o.err, "");
	contains(o.out, "\nlocal.example         2       1        1       0       0 ");
	contains(o.out, "\nheld by limits: 4 recipients of 3 messages\n"
	    "SENDER         MESSAGES    TODO   REMOTE    HELD   LOCAL OLDEST  BYTES\n"
	    "hacked.example        1       0        4       2       0 ");
	contains(o.out, "\nlist.example          1       0        1       1       0 ");
	contains(o.out, "\nshop.example          1       0        3       0       0 ");
	contains(o.out, "\nbounces               1       0        2       1       0 ");
	o = harness_cli("queue", "--json");
	contains(o.out, "\"held\":4,\"held_messages\":3}\n{\"kind\":\"domain\",\"name\":\"hacked.example\",");
	contains(o.out, "\"held\":2,\"held_messages\":1}\n");
	lacks(harness_cli("queue", "--alert", "1").out, "held");
}

static void
each_is_told(void)
{
	struct harness_output o = harness_cli("queue", "hacked.example");

	contains(o.out, "\n             and 1 more\n    waits:   2 held by qlimit, 1 deferred by the other side\n");
	contains(o.out, "\nheld by limits: 2 recipients of 1 message\n");
	contains(harness_cli("queue", "list.example").out, "\n    waits:   1 held by qlimit\n");
	contains(harness_cli("queue", "list.example").out, "\nheld by limits: 1 recipient of 1 message\n");
	contains(harness_cli("queue", "shop.example").out, "\n    waits:   1 deferred by the other side, 1 not reached\n");
	contains(harness_cli("queue", "shop.example", "--json").out, "\"held\":0,\"deferred\":1,\"unreached\":1}\n");
}

/*
 * Goal: what the wrapper has held is found in the queue, delivery by delivery, and nothing else is taken for
 * it; with a list's sender and a recipient of any bytes, too.
 */
START_TEST(test_held)
{
	struct harness_run *under_way;

	complete_queue();
	harness_rules("default = { max_per_hour = 2; max_failure_percent = 0; refuse_above_percent = 10000; };\n"
	    "bounces = { max_per_hour = 1; max_failure_percent = 0; };\n"
	    "domains = ( { name = \"shop.example\"; max_per_hour = 100; count = \"messages\"; } );\n");
	queue_hacked();
	queue_list();
	queue_bounce();
	queue_local();
	under_way = queue_shop();
	if (_i == 1)
		crowd_store();
	all_is_told();
	each_is_told();
	harness_go();
	ck_assert_int_eq(harness_deliver_finish(under_way).letter, 'K');
}
END_TEST

/* Goal: a store that LMDB crashes on is set aside, as by any command, and the rest is told all the same. */
START_TEST(test_crash)
{
	struct harness_output o;

	make_queue(23, false);
	put_ready(5, "a@example.com", 60);
	harness_rules("default = { max_per_hour = 5; };\n");
	ck_assert_int_eq(truncate(harness_state("live.mdb"), 8192), 0);
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.err, "qlimit: the store was damaged: it was set aside");
	contains(o.out, "held by limits: unknown\n");
	contains(o.out, "\nexample.com        1       0        1       -       1 ");
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), 0);
	ck_assert_uint_eq(harness_log_lines("qlimit(8) crashed on a store"), 1);
}
END_TEST

/* --- whatever strangers and chance put into it --- */

/* 7-bit lines without control characters. */
static void
is_printable(const char *out)
{
	for (const char *c = out; *c != '\0'; c++)
		ck_assert_msg(*c == '\n' || (*c >= ' ' && *c <= '~'), "byte %d in: %s", *c, out);
}

START_TEST(test_hostile)
{
	static const char head[] = "From: \x1b[2J\x1b]0;owned\x07\n\r\n\tTo: x\nSubject: a\x9b\x00\x7f\n\n";
	struct harness_output o;

	make_queue(23, false);
	put_ready(5, "a@\x1b[31mred\n.example", 0);
	put("mess", 5, BYTES(head), 0);
	put("remote", 5, BYTES("T\x1b[2J\n@x\0T\xff\0"), 0);
	put("bounce", 5, BYTES("<\x1b[2J>:\n\x1b]0;x\x07\n\n"), 0);
	o = harness_cli("queue");
	is_printable(o.out);
	contains(o.out, "\\x1b[31mred\\x0a.example");
	is_printable(harness_cli("queue", "--json").out);
	o = harness_cli("queue", "\\x1b[31mred\\x0a.example");
	is_printable(o.out);
	contains(o.out, "From:    \\x1b[2J\\x1b]0;owned\\x07\n");
	contains(o.out, "left:    \\x1b[2J\\x0a@x \\xff z@example.org\n");
	contains(o.out, "failed:  <\\x1b[2J>: \\x1b]0;x\\x07\n");
	is_printable(harness_cli("queue", "\\x1b[31mred\\x0a.example", "--json").out);
}
END_TEST

/* A header of which there is no end is looked at for 64 KB. */
START_TEST(test_endless_header)
{
	static char bytes[QUEUE_HEAD_MAX + 100];
	struct harness_output o;

	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "From: a\n", 8);
	for (size_t i = 8; i < sizeof bytes; i += 50)
		bytes[i] = '\n';
	bytes[8] = 'X';
	memcpy(bytes + QUEUE_HEAD_MAX, "\nSubject: far\n", 14);
	make_queue(1, false);
	put_ready(5, "a@example.com", 0);
	put("mess", 5, bytes, sizeof bytes, 0);
	o = harness_cli("queue", "example.com");
	contains(o.out, "From:    a\n");
	lacks(o.out, "Subject");
}
END_TEST

static void
put_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	(void)close(fd);
}

/* One odd thing for each kind of file; the message that it belongs to still counts where it has a mess. */
START_TEST(test_odd_files)
{
	static const char *const kinds[] = { "mess", "info", "remote", "local", "todo", "bounce" };
	struct harness_output o;
	unsigned id = 100;

	make_queue(23, false);
	harness_write(harness_path("secret"), BYTES("Froot@secret.example\0Ttop@secret.example\0Subject: secret\n"));
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		for (int odd = 0; odd < 4; odd++, id++) {
			const char *path = path_of(kinds[i], id);

			put_ready(id, "a@example.com", 0);
			(void)unlink(path);
			if (odd == 0)
				ck_assert_int_eq(mkfifo(path, 0644), 0);
			else if (odd == 1)
				ck_assert_int_eq(symlink(harness_path("secret"), path), 0);
			else if (odd == 2)
				put_socket(path);
			else
				ck_assert_int_eq(mkdir(path, 0755), 0);
		}
	make("mess/x");
	make("mess/5/x");
	make("mess/1234");
	make("mess/123456789012345678901");
	make("info/1234");
	ck_assert_int_eq(symlink("/etc", harness_path("q/mess/77")), 0);
	ck_assert_int_eq(symlink("/etc", harness_path("q/remote/1234")), 0);
	(void)alarm(20);
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_OK);
	/* 24, without the 4 of mess; 4 of info have no sender. Not strange: a directory in todo, bounce unread. */
	contains(o.out, "20 messages, ");
	contains(o.out, "being written or removed: 4\npassed over, for they are not qmail's: 24\n");
	contains(o.out, "\nexample.com       16 ");
	lacks(o.out, "secret");
	o = harness_cli("queue", "example.com");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "16 messages, ");
	contains(o.out, "passed over, for they are not qmail's: 28\n");
	lacks(o.out, "secret");
}
END_TEST

/* A queue behind a link is one on another disk; a part of it is not. */
START_TEST(test_linked_queue)
{
	make_queue(23, false);
	put_ready(5, "a@example.com", 0);
	ck_assert_int_eq(symlink("q", harness_path("link")), 0);
	ck_assert_int_eq(setenv("QLIMIT_QUEUE", harness_path("link"), 1), 0);
	contains(harness_cli("queue").out, "1 message, ");
	ck_assert_int_eq(rename(harness_path("q/mess"), harness_path("mess")), 0);
	ck_assert_int_eq(symlink("../mess", harness_path("q/mess")), 0);
	ck_assert_int_ne(harness_cli("queue").status, EX_OK);
}
END_TEST

/* Split otherwise than any qmail does: what is there is read. */
START_TEST(test_parts_missing)
{
	make_queue(23, false);
	put_ready(5, "a@example.com", 0);
	put_ready(6, "a@example.com", 0);
	ck_assert_int_eq(harness_remove_tree(harness_path("q/info/6")), 0);
	ck_assert_int_eq(harness_remove_tree(harness_path("q/remote/5")), 0);
	ck_assert_int_eq(harness_remove_tree(harness_path("q/local")), 0);
	ck_assert_int_eq(harness_remove_tree(harness_path("q/todo")), 0);
	ck_assert_int_eq(harness_remove_tree(harness_path("q/bounce")), 0);
	contains(harness_cli("queue").out, "2 messages, 0 of them not preprocessed; recipients left: 0 remote, 0 local");
	ck_assert_int_eq(harness_cli("queue", "example.com").status, EX_OK);
}
END_TEST

START_TEST(test_no_queue)
{
	struct harness_output o = harness_cli("queue");

	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "/q: No such file or directory: is this qmail's queue?");
	harness_write(harness_path("q"), BYTES("x"));
	o = harness_cli("queue", "--alert", "300");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "/q: Not a directory");
	ck_assert_int_eq(unlink(harness_path("q")), 0);
	make("");
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "/q/mess: No such file or directory: is this qmail's queue?");
	ck_assert_str_eq(o.out, "");
}
END_TEST

/* Nothing is printed of what could only be read in part. */
START_TEST(test_unreadable)
{
	static const char *const directories[] = { "q", "q/mess", "q/todo", "q/info", "q/bounce", "q/mess/5", "q/remote/5" };
	struct harness_output o;

	if (!harness_start_as_user())
		return;
	ck_assert_int_eq(setenv("QLIMIT_QUEUE", harness_path("q"), 1), 0);
	make_queue(23, false);
	put_ready(5, "a@example.com", 0);
	ck_assert_int_eq(chmod(harness_path(directories[_i]), 0), 0);
	o = harness_cli("queue", "--alert", "300");
	ck_assert_int_eq(chmod(harness_path(directories[_i]), 0755), 0);
	ck_assert_int_eq(o.status, EX_NOPERM);
	contains(o.err, directories[_i]);
	contains(o.err, "Permission denied: qmail's queue is for root to read");
	ck_assert_str_eq(o.out, "");
	ck_assert_int_eq(chmod(path_of("info", 5), 0), 0);
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_NOPERM);
	contains(o.err, "/info/5/5: Permission denied");
}
END_TEST

/* --- while qmail works --- */

static unsigned seen;

/* Each message that is looked at takes files of another one with it. */
static int
remove_others(void *context, struct queue *q, const struct queue_message *m)
{
	static const char *const kinds[] = { "mess", "info", "remote", "local" };
	char bytes[10];

	seen++;
	for (unsigned id = 1; id <= 100; id++)
		if (id != m->id)
			(void)unlink(path_of(kinds[(id + seen) % 4], id));
	if (seen % 3 == 0)
		(void)unlink(path_of("mess", (unsigned)m->id));
	(void)queue_read_head(q, bytes, sizeof bytes);
	ck_assert_int_ge(queue_read_bounce(q, bytes, sizeof bytes), 0);
	(void)context;
	return 0;
}

START_TEST(test_vanishing)
{
	struct queue *q;

	make_queue(23, false);
	for (unsigned id = 1; id <= 100; id++)
		put_ready(id, "a@example.com", 0);
	q = queue_open(harness_path("q"));
	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(queue_walk(q, remove_others, NULL), 0);
	ck_assert_uint_ge(seen, 1);
	ck_assert_uint_eq(queue_strange(q), 0);
	queue_close(q);
}
END_TEST

/* What qmail-queue, qmail-send and qmail-clean do to a message, again and again. */
static _Noreturn void
be_qmail(void)
{
	for (unsigned id = 1000;; id = id == 1200 ? 1000 : id + 1) {
		put("mess", id, BYTES(text), 0);
		put("todo", id, BYTES("u48\0p7\0Fa@example.com\0Tb@c\0Td@e\0"), 0);
		put("info", id, BYTES("Fa@example.com\0"), 0);
		put("remote", id, BYTES("Tb@c\0Td@e\0"), 0);
		(void)unlink(path_of("todo", id));
		put("remote", id, BYTES("Db@c\0Td@e\0"), 0);
		put("bounce", id, BYTES("<b@c>:\nno\n\n"), 0);
		(void)unlink(path_of("remote", id));
		(void)unlink(path_of("bounce", id));
		(void)unlink(path_of("info", id));
		(void)unlink(path_of("mess", id));
	}
}

START_TEST(test_live)
{
	pid_t qmail;
	int walks = 0;
	int64_t until;

	make_queue(23, false);
	for (unsigned id = 1; id <= 50; id++)
		put_ready(id, "a@still.example", 0);
	qmail = fork();
	ck_assert_int_ge(qmail, 0);
	if (qmail == 0)
		be_qmail();
	for (until = harness_milliseconds() + 2000; harness_milliseconds() < until; walks++) {
		struct harness_output o = harness_cli("queue");

		ck_assert_msg(o.status == EX_OK, "%d %s", o.status, o.err);
		contains(o.out, "\nstill.example       50       0       50       -      50 ");
		lacks(o.out, "passed over");
		ck_assert_int_eq(harness_cli("queue", "example.com").status, EX_OK);
	}
	(void)kill(qmail, SIGKILL);
	(void)waitpid(qmail, NULL, 0);
	ck_assert_int_ge(walks, 3);
}
END_TEST

static int
stop(void *context, struct queue *q, const struct queue_message *m)
{
	(void)context;
	(void)q;
	(void)m;
	seen++;
	errno = EDOM;
	return -1;
}

/* Where todo is not split a message's number there may be that of a part. */
START_TEST(test_todo_like_part)
{
	struct harness_output o;

	make_queue(23, false);
	put("mess", 5, BYTES(text), 0);
	put("todo", 5, BYTES("u48\0p7\0Fa@example.com\0Tb@c\0"), 0);
	o = harness_cli("queue");
	contains(o.out, "1 message, 1 of them not preprocessed; recipients left: 1 remote, 0 local");
	lacks(o.out, "passed over");
}
END_TEST

#define LABEL "a23456789.b23456789.c23456789."

/* A name wider than its column stands whole; a long bounce is read from its end. */
START_TEST(test_long)
{
	static const char last[] = "\n\n<a@b>:\nthe last one\n\n";
	static char bounce[3 * QUEUE_REASON_MAX];

	memset(bounce, 'x', sizeof bounce);
	memcpy(bounce + sizeof bounce - (sizeof last - 1), last, sizeof last - 1);
	make_queue(23, false);
	put_ready(5, "a@" LABEL LABEL "example", 60);
	put("bounce", 5, bounce, sizeof bounce, 0);
	contains(harness_cli("queue").out, "\n" LABEL LABEL "example        1       0        1 ");
	contains(harness_cli("queue", LABEL LABEL "example").out, "failed:  <a@b>: the last one\n");
}
END_TEST

START_TEST(test_stopped)
{
	struct queue *q;

	make_queue(23, false);
	put_ready(5, "a@example.com", 0);
	put_ready(6, "a@example.com", 0);
	q = queue_open(harness_path("q"));
	ck_assert_int_eq(queue_walk(q, stop, NULL), -1);
	ck_assert_int_eq(errno, EDOM);
	ck_assert_uint_eq(seen, 1);
	queue_close(q);
	queue_close(NULL);
}
END_TEST

/* --- many --- */

START_TEST(test_many)
{
	struct harness_output o;
	char sender[40];

	make_queue(23, false);
	for (unsigned id = 1; id <= MANY; id++) {
		(void)snprintf(sender, sizeof sender, "a@d%u.example", id % 2 == 0 ? 0 : id);
		put_ready(id, sender, id);
	}
	o = harness_cli("queue");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "10000 messages, 0 of them not preprocessed; recipients left: 10000 remote, 10000 local; 1.4M bytes; "
	    "oldest 2 hours ago\n");
	contains(o.out, "\nd0.example        5000       0     5000       -    5000     2h   737K\nd1.example           1 ");
	contains(o.out, "\nd9999.example        1 ");
	ck_assert_int_eq(harness_cli("queue", "--alert", "10000").status, 0);
	ck_assert_int_eq(harness_cli("queue", "--alert", "9999").status, 1);
}
END_TEST

/* Most recipients first, of two that have as many most messages, then by name. */
START_TEST(test_order)
{
	static const struct {
		const char *name;
		uint64_t remote;
	} added[] = { { "b", 2 }, { "d", 5 }, { "c", 1 }, { "c", 1 }, { "a", 1 }, { "e", 2 } };
	static struct queue_table t;
	char order[10];
	struct meter meter;

	for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
		struct queue_message m = { .remote_left = added[i].remote };

		meter_set(&meter, METER_DOMAIN, added[i].name);
		ck_assert_int_eq(queue_table_add(&t, &meter, &m, i), 0);
	}
	queue_table_sort(&t);
	for (size_t i = 0; i < t.count; i++)
		order[i] = t.rows[i]->meter.name[0];
	ck_assert_uint_eq(t.count, 5);
	ck_assert_int_eq(strncmp(order, "dcbea", 5), 0);
	ck_assert_uint_eq(t.rows[1]->sum.held, 5);
	ck_assert_uint_eq(t.rows[1]->sum.held_messages, 2);
	queue_table_empty(&t);
}
END_TEST

/* More domains than there may be rows: the rest shares one, and nothing is lost. */
START_TEST(test_overflow)
{
	static struct queue_table t;
	const struct queue_message m = { .remote_left = 1, .since = 7 };
	uint64_t messages = 0;
	struct meter meter;
	char name[32];

	for (int i = 0; i < 2 * (QUEUE_TABLE_MAX + 10); i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i % (QUEUE_TABLE_MAX + 10));
		meter_set(&meter, METER_DOMAIN, name);
		ck_assert_int_eq(queue_table_add(&t, &meter, &m, 0), 0);
	}
	queue_table_sort(&t);
	ck_assert_uint_eq(t.count, QUEUE_TABLE_MAX + 1);
	ck_assert_uint_eq(t.rows[0]->meter.kind, METER_OVERFLOW);
	ck_assert_uint_eq(t.rows[0]->sum.messages, 20);
	for (size_t i = 0; i < t.count; i++)
		messages += t.rows[i]->sum.messages;
	ck_assert_uint_eq(messages, 2 * (QUEUE_TABLE_MAX + 10));
	queue_table_empty(&t);
	ck_assert_ptr_null(t.tree);
}
END_TEST

Suite *
suite_queue(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("queue"), *user = tcase_create("queue as a user");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_totals, 0, HARNESS_ROWS(shapes));
	tcase_add_test(t, test_on_a_terminal);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_list);
	tcase_add_test(t, test_json);
	tcase_add_loop_test(t, test_alert, 0, HARNESS_ROWS(alerts));
	tcase_add_loop_test(t, test_held, 0, 2);
	tcase_add_test(t, test_crash);
	tcase_add_test(t, test_hostile);
	tcase_add_test(t, test_endless_header);
	tcase_add_test(t, test_odd_files);
	tcase_add_test(t, test_linked_queue);
	tcase_add_test(t, test_parts_missing);
	tcase_add_test(t, test_no_queue);
	tcase_add_test(t, test_vanishing);
	tcase_add_test(t, test_live);
	tcase_add_test(t, test_stopped);
	tcase_add_test(t, test_todo_like_part);
	tcase_add_test(t, test_long);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_overflow);
	suite_add_tcase(s, t);
	tcase_set_timeout(user, 60);
	tcase_add_loop_test(user, test_unreadable, 0, 7);
	suite_add_tcase(s, user);
	return s;
}
