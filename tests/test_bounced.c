/* test_bounced - the command bounced: what it counts, and that no delivery it is run from can fail by it */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_bounced.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "record.h"
#include "suites.h"

#define FROM_LOCAL "SENDER= RECIPIENT=x-info@cust.example "

/* `hosted` names a file of the place. */
static void
rules(const char *limits)
{
	char text[4500];

	harness_write(harness_path("hosts"), "cust.example\nsales.cust.example\n", 32);
	(void)snprintf(text, sizeof text, "deadline_ms = 20000; hosted = ( \"%s\" ); %s", harness_path("hosts"), limits);
	harness_rules(text);
}

/* sh -c, with these variables in front of the command, and all that is behind it. */
static struct harness_output
bounced(const char *variables, const char *rest)
{
	char line[9000];
	const char *const argv[] = { "sh", "-c", line, NULL };

	(void)snprintf(line, sizeof line, "unset SENDER RECIPIENT; Q='%s'; %s \"$Q\" bounced %s", harness_program("qlimit"),
	    variables, rest);
	return harness_run_words("/bin/sh", argv);
}

#define CORPUS "tests/fuzz/corpus/bounce/"

/* As qmail-local runs it: without a word, and never failing. */
static void
take(const char *variables, const char *rest)
{
	struct harness_output o = bounced(variables, rest);

	ck_assert_msg(o.status == 0 && o.out[0] == '\0' && o.err[0] == '\0', "%s: %d %s%s", rest, o.status, o.out, o.err);
}

static uint64_t
returned(const char *domain)
{
	return harness_counters("domain", domain).returned;
}

/* --- what it counts --- */

static const struct {
	const char *name, *variables;
	uint64_t count; /* of cust.example */
} counted[] = {
	{ "postfix", FROM_LOCAL, 2 },
	{ "postfix", "SENDER='#@[]' RECIPIENT=info@CUST.example. ", 2 },
	{ "postfix", "SENDER=joe@remote.example RECIPIENT=info@cust.example", 0 },
	{ "postfix", "SENDER= RECIPIENT=info@elsewhere.example", 0 },
	{ "postfix", "SENDER= RECIPIENT=info", 0 },
	{ "postfix", "", 2 },
	{ "exim", FROM_LOCAL, 1 },
	{ "qmail", FROM_LOCAL, 2 },
	{ "qmail-own", FROM_LOCAL, 0 },
	{ "forwarded", "SENDER= RECIPIENT=bounces@elsewhere.example", 0 }, /* for sales.cust.example */
	{ "maildir", "", 1 },
	{ "attached", FROM_LOCAL, 0 },
	{ "vacation", FROM_LOCAL, 0 },
	{ "postfix-delayed", FROM_LOCAL, 0 },
};

/* Goal: counted for the domain that sent it, and for the server; nothing is said. */
START_TEST(test_counts)
{
	char rest[200];
	uint64_t count = counted[_i].count;

	rules("");
	(void)snprintf(rest, sizeof rest, "<" CORPUS "%s", counted[_i].name);
	take(counted[_i].variables, rest);
	ck_assert_uint_eq(returned("cust.example"), count);
	ck_assert_uint_eq(returned("sales.cust.example"), strcmp(counted[_i].name, "forwarded") == 0);
	ck_assert_uint_eq(harness_log_lines("event=returned"), count > 0 || strcmp(counted[_i].name, "forwarded") == 0);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 0);
	ck_assert_uint_eq(harness_counters("server", "").returned, harness_log_lines("event=returned") == 0 ? 0 :
	    count > 0 ? count : 1);
}
END_TEST

/* Goal: once for each message and recipient, however often it comes; a week later it may come again. */
START_TEST(test_once)
{
	rules("");
	take(FROM_LOCAL, "<" CORPUS "postfix");
	take(FROM_LOCAL, "<" CORPUS "postfix");
	ck_assert_uint_eq(returned("cust.example"), 2);
	/* Another server's, of one of the two and of somebody else. */
	take(FROM_LOCAL, "<<'X'\n\nHi. This is the program\n\n<ANN@remote.example>:\nno\n\n<c@d.example>:\nno\n\n<c@d.example>:\n"
	    "\n---\n\nMessage-ID: <news.7@cust.example>\nX");
	ck_assert_uint_eq(returned("cust.example"), 3);
	ck_assert_uint_eq(harness_log_lines("event=returned kind=domain name=cust.example "), 2);
	ck_assert_uint_eq(harness_log_lines(" recipient=Joe@remote.example count=2"), 1);
	harness_set_time(HARNESS_NOW + 168 * 3600);
	take(FROM_LOCAL, "<" CORPUS "postfix");
	ck_assert_uint_eq(returned("cust.example"), 0);
	harness_set_time(HARNESS_NOW + 169 * 3600);
	take(FROM_LOCAL, "<" CORPUS "postfix");
	ck_assert_uint_eq(returned("cust.example"), 2);
}
END_TEST

/* Goal: in a new hour it is counted in that one, whose first thing it may be; the old one goes to the ledger. */
START_TEST(test_new_hour)
{
	rules("");
	(void)harness_deliver(harness_message(NULL, NULL), "a@cust.example", "ok@remote.example");
	harness_set_time(HARNESS_NOW + 3600);
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(returned("cust.example"), 1);
	ck_assert_uint_eq(harness_counters("domain", "cust.example").sent, 0);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_ptr_nonnull(strstr(harness_cli("report", "cust.example").out, "1 returned\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("report", "--json", "cust.example").out, "\"sent\":1,"));
	ck_assert_ptr_nonnull(strstr(harness_cli("report", "--json", "cust.example").out, "\"returned\":1}\n"));
	ck_assert_ptr_nonnull(strstr(harness_cli("metrics").out, "qlimit_returned{kind=\"domain\",name=\"cust.example\"} 1"));
	ck_assert_ptr_nonnull(strstr(harness_cli("explain", "a@cust.example").out, "failures 0%; returned 1; state ok"));
	ck_assert_ptr_nonnull(strstr(harness_cli("show", "cust.example").out, "  ok, 1 returned\n"));
}
END_TEST

/* Goal: a failure where count_failures says so, latched at once; the next delivery is held and it is told. */
START_TEST(test_failures)
{
	rules("default = { max_failure_percent = 50; min_failures = 2; count_failures = ( \"returned\" ); };");
	for (int i = 0; i < 4; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a@cust.example", "ok@remote.example");
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_str_eq(harness_counters("domain", "cust.example").state, "ok");
	take(FROM_LOCAL, "<" CORPUS "gmail");
	ck_assert_str_eq(harness_counters("domain", "cust.example").state, "tripped");
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@cust.example", "ok@remote.example").letter, 'Z');
	ck_assert_uint_eq(harness_log_lines("event=failures"), 1);
}
END_TEST

/* Goal: what was crossed stays so for the hour, whatever is sent after it. */
START_TEST(test_latched)
{
	rules("mode = \"observe\"; default = { max_failure_percent = 50; min_failures = 1; count_failures = ( \"returned\" ); };");
	(void)harness_deliver(harness_message(NULL, NULL), "a@cust.example", "ok@remote.example");
	take(FROM_LOCAL, "<" CORPUS "exim");
	for (int i = 0; i < 4; i++)
		(void)harness_deliver(harness_message(NULL, NULL), "a@cust.example", "ok@remote.example");
	ck_assert_uint_eq(harness_counters("domain", "cust.example").sent, 5);
	ck_assert_str_eq(harness_counters("domain", "cust.example").state, "tripped");
}
END_TEST

/* Goal: where no hosted domain is known, an address that qmail has delivered to is believed, what was returned not. */
START_TEST(test_no_hosted)
{
	harness_rules("hosted = ( ); domains = ( { name = \"named.example\"; } );");
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(returned("cust.example"), 1);
	take("", "<" CORPUS "postfix");
	ck_assert_uint_eq(returned("cust.example"), 1);
	ck_assert_uint_eq(harness_log_lines("event=ignored what=\"a notification for a domain that is not hosted here\" "
	    "kind=domain name=cust.example"), 1);
	take("", "<<'X'\n\nHi. This is the program\n\n<c@d.example>:\n\n---\n\nFrom: <a@named.example>\nX");
	ck_assert_uint_eq(returned("named.example"), 1);
}
END_TEST

/* --- whatever is wrong --- */

static const struct {
	const char *label, *variables, *rest, *log;
} wrong[] = {
	{ "no input", FROM_LOCAL, "<&-", NULL },
	{ "a directory", FROM_LOCAL, "</", "could not be read" },
	{ "an empty message", FROM_LOCAL, "</dev/null", NULL },
	{ "no output", FROM_LOCAL, "<" CORPUS "vacation >&- 2>&-", NULL },
	{ "a pipe that is slow", "(cat " CORPUS "exim; sleep 1) | " FROM_LOCAL, "", "event=returned" },
	{ "a pipe that is longer than is looked at, to its end", "(cat " CORPUS "exim; head -c 3000000 /dev/zero && touch "
	  "\"$QLIMIT_STATE/drained\") | " FROM_LOCAL, "", "event=returned" },
	{ "a signal in the middle", "ulimit -f 0; " FROM_LOCAL, "<" CORPUS "exim", "qlimit(8) had to give up" },
	{ "a directory that is not there", FROM_LOCAL "QLIMIT_STATE=/nowhere ", "<" CORPUS "exim", "no access to the state directory" },
	{ "a directory that is somebody's", FROM_LOCAL "QLIMIT_STATE=/dev/null ", "<" CORPUS "exim", "no access to the state directory" },
};

/* Goal: exit status 0 and no word, whatever is wrong with what it is given. */
START_TEST(test_wrong)
{
	rules("");
	take(wrong[_i].variables, wrong[_i].rest);
	if (wrong[_i].log != NULL)
		ck_assert_msg(harness_log_lines(wrong[_i].log) == 1, "%s", wrong[_i].label);
	else
		ck_assert_msg(harness_log_lines(NULL) == 0, "%s", wrong[_i].label);
	ck_assert_int_eq(access(harness_state("drained"), F_OK) == 0, strncmp(wrong[_i].label, "a pipe that is longer", 21) == 0);
}
END_TEST

/* Goal: no rules, none of this boot, a store that is damaged: a line in the log, and mail goes on. */
START_TEST(test_no_store)
{
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(harness_log_lines("event=ignored what=\"a notification: no rules are loaded yet\""), 1);
	rules("");
	harness_write(harness_state("live.mdb"), "no database, this", 17);
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), 0);
	rules("");
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(returned("cust.example"), 1);
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(mkdir(harness_state("live.mdb"), 0700), 0);
	take(FROM_LOCAL, "<" CORPUS "gmail");
	ck_assert_uint_eq(harness_log_lines("was not counted: the store cannot be used"), 1);
	ck_assert_int_eq(rmdir(harness_state("live.mdb")), 0);
}
END_TEST

/* Goal: a lock that somebody holds is waited for, but not for ever. */
START_TEST(test_locked)
{
	int64_t start;
	int lock;

	rules("");
	lock = open(harness_state("lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(lock, -1);
	ck_assert_int_eq(flock(lock, LOCK_EX), 0);
	start = harness_milliseconds();
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_int_le(harness_milliseconds() - start, 60000);
	ck_assert_uint_eq(harness_log_lines("was not counted: the store cannot be used"), 1);
	(void)close(lock);
	take(FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(returned("cust.example"), 1);
}
END_TEST

/* Goal: where a process cannot be had it ends as well, and as another user it says so. */
START_TEST(test_as_user)
{
	if (!harness_start_as_user())
		return;
	rules("");
#ifndef __SANITIZE_ADDRESS__ /* which needs a process to look for leaks */
	take("ulimit -p 0; exec env " FROM_LOCAL, "<" CORPUS "exim");
	ck_assert_uint_eq(returned("cust.example"), 0);
	ck_assert_uint_eq(harness_log_lines("was not counted: no process"), 1);
#endif
	take(FROM_LOCAL "QLIMIT_STATE=/etc ", "<" CORPUS "exim");
	ck_assert_uint_eq(harness_log_lines("no access to the state directory"), 1);
	ck_assert_int_eq(bounced("QLIMIT_STATE=/etc ", "--explain <" CORPUS "exim").status, EX_NOPERM);
}
END_TEST

/* Goal: of a file that is too long, with too many in it, as much counts as is looked at; and that is said. */
START_TEST(test_too_much)
{
	static char text[2 * 1048576];
	char rest[600];
	size_t used = (size_t)snprintf(text, sizeof text, "\nHi. This is the program\n\n");

	rules("");
	for (int i = 0; i <= 1000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "<r%d@x.example>:\nno\n\n", i);
	memset(text + used, ' ', sizeof text - used);
	harness_write(harness_path("large"), text, sizeof text);
	(void)snprintf(rest, sizeof rest, "<'%s'", harness_path("large"));
	take(FROM_LOCAL, rest);
	ck_assert_uint_eq(returned("cust.example"), 1000);
	ck_assert_uint_eq(harness_log_lines(" recipient=r0@x.example count=1000 not_looked_beyond=1000"), 1);
}
END_TEST

/* Goal: where output cannot be sent nowhere nothing is done, and that is no failure either. */
START_TEST(test_no_descriptor)
{
	struct admin a = { .now = HARNESS_NOW };

	a.place.state = harness_path("state");
	for (unsigned after = 0; after < 2; after++) {
		harness_call_fails("dup2", after, 1, EBADF);
		ck_assert_int_eq(admin_bounced(&a), EX_OK);
	}
}
END_TEST

/* Goal: without memory nothing is read, and nobody hears of it but who asked. */
START_TEST(test_no_memory)
{
	struct admin a = { .now = HARNESS_NOW };

	for (unsigned call = 1; call <= 2; call++) {
		int status, silent;

		a.option[ADMIN_EXPLAIN] = "";
		harness_fail_at(call, true, ENOMEM);
		status = admin_bounced(&a);
		(void)harness_fail_end();
		a.option[ADMIN_EXPLAIN] = NULL;
		harness_fail_at(call, true, ENOMEM);
		silent = admin_bounced(&a);
		(void)harness_fail_end();
		ck_assert_int_eq(status, EX_IOERR);
		ck_assert_int_eq(silent, EX_OK);
	}
}
END_TEST

/* --- a store of which one call fails --- */

static const struct store_ops *real;
static struct store_ops failing;
static unsigned calls, fails_at;

static int
fail_get(struct store *s, enum store_table table, const void *key, size_t key_size, void *value, size_t room, size_t *size)
{
	errno = EIO;
	return ++calls == fails_at ? -1 : real->get(s, table, key, key_size, value, room, size);
}

static int
fail_put(struct store *s, enum store_table table, const void *key, size_t key_size, const void *value, size_t size)
{
	errno = EIO;
	return ++calls == fails_at ? -1 : real->put(s, table, key, key_size, value, size);
}

/* Goal: a slip of the pen in a .qmail file makes mail wait, and bounces none. */
START_TEST(test_wrong_line)
{
	ck_assert_int_eq(bounced(FROM_LOCAL, "--explan </dev/null").status, 111);
	ck_assert_int_eq(bounced(FROM_LOCAL, "it </dev/null").status, 111);
	ck_assert_int_eq(bounced("", "--explan </dev/null").status, EX_USAGE);
}
END_TEST

static struct store *
store_with_rules(void)
{
	static const unsigned char boot[INFO_BOOT_SIZE] = "this boot";
	struct store *s = store_memory_new();
	struct rules_key key;
	struct limits limits;
	struct info info;

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(store_begin_live(s, &info, boot, HARNESS_NOW), 0);
	limits_init(&limits);
	limits.named = true;
	rules_key_set(&key, RULES_DOMAIN, "cust.example");
	ck_assert_int_eq(store_rule_put(s, 1, &key, &limits), 0);
	info.generation = 1;
	info.settings.hosted = true;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	ck_assert_int_eq(store_commit(s), 0);
	real = s->ops;
	failing = *real;
	failing.get = fail_get;
	failing.put = fail_put;
	return s;
}

/* Goal: whichever call fails, nothing was counted, and the next copy counts. */
START_TEST(test_calls_fail)
{
	static struct admin a = { .now = HARNESS_NOW, .boot = "this boot" };
	static struct admin_bounced b;
	static const char text[] = "\nHi. This is the program\n\n<c@d>:\n\n<e@f>:\n";
	struct store *s = store_with_rules();
	struct info info;
	int rc = -1;

	b.admin = &a;
	b.message = (struct span){ text, sizeof text - 1 };
	ck_assert(bounce_read(&b.bounce, b.message));
	b.trace.whose = BOUNCE_OF_RECIPIENT;
	memcpy(b.trace.domain, "cust.example", 13);
	for (fails_at = 1; rc == -1; fails_at++) {
		calls = 0;
		s->ops = &failing;
		rc = admin_bounced_book(&b, s, true);
		s->ops = real;
		ck_assert(rc == 0 || calls == fails_at);
	}
	ck_assert_uint_ge(fails_at, 12);
	ck_assert(b.whose == BOUNCED_COUNTED && b.counted == 2);
	ck_assert_int_eq(admin_bounced_book(&b, s, true), 0);
	ck_assert(b.whose == BOUNCED_KNOWN && b.counted == 0);
	ck_assert_int_eq(store_begin_live(s, &info, a.boot, HARNESS_NOW), 0);
	ck_assert_uint_eq(info.meters, 1);
	store_close(s);
}
END_TEST

/* Goal: a record of what was counted that is none is damage: the store is set aside, as ever. */
START_TEST(test_damaged_record)
{
	struct store *s = store_with_rules();
	struct returns r = { .count = 1 };
	struct record_key key;

	ck_assert_int_eq(store_begin(s, false), 0);
	ck_assert_int_eq(store_returns_put(s, 7, &r), 0);
	ck_assert_int_eq(store_returns_get(s, 7, &r), 1);
	record_key_numbered(&key, TAG_RETURNS, 7);
	ck_assert_int_eq(record_put(s, &key, "x", 1), 0);
	ck_assert_int_eq(store_returns_get(s, 7, &r), -1);
	ck_assert_int_eq(errno, EBADMSG);
	store_close(s);
}
END_TEST

/* --- for a reader --- */

static const struct {
	const char *variables, *rest;
	int status;
	const char *says;
} explained[] = {
	{ FROM_LOCAL, "<" CORPUS "postfix", 0,
	  "message    delivery status notification (RFC 3464)\n"
	  "failed     Joe@remote.example\n"
	  "failed     ann@remote.example\n"
	  "returned   <news.7@cust.example>\n"
	  "domain     cust.example\n"
	  "           which it was delivered to\n"
	  "would count: 2 returned\n" },
	{ "", "<" CORPUS "forwarded", 0,
	  "message    qmail's notification (QSBMF)\n"
	  "failed     joe@far.example\n"
	  "returned   <news.16@cust.example>\n"
	  "domain     sales.cust.example\n"
	  "           which forwarded it\n"
	  "would count: 1 returned\n" },
	{ "", "<" CORPUS "qmail-own", EX_DATAERR,
	  "not counted: this server's qmail wrote it: it was counted when the delivery failed\n" },
	{ "SENDER=a@b.example", "<" CORPUS "qmail", EX_DATAERR,
	  "not counted: its envelope sender is an address: a notification has none\n" },
	{ "SENDER= RECIPIENT=a@other.example", "<" CORPUS "qmail", EX_DATAERR, "not counted: this domain is not hosted here\n" },
	{ "SENDER= RECIPIENT=a", "<" CORPUS "qmail", EX_DATAERR, "not counted: whose mail it was is not known\n" },
	{ "", "<" CORPUS "attached", EX_DATAERR, "not counted: this is no notification of failed mail\n" },
	{ "", "</", EX_IOERR, "" },
	{ "QLIMIT_STATE=/nowhere", "<" CORPUS "qmail", EX_NOINPUT, "" },
};

/* Goal: what was understood is said, and nothing is counted. */
START_TEST(test_explain)
{
	char rest[300];
	struct harness_output o;

	rules("");
	(void)snprintf(rest, sizeof rest, "--explain %s", explained[_i].rest);
	o = bounced(explained[_i].variables, rest);
	ck_assert_msg(o.status == explained[_i].status, "%d: %s%s", o.status, o.out, o.err);
	ck_assert_msg(strstr(o.out, explained[_i].says) != NULL, "%s", o.out);
	ck_assert((o.err[0] != '\0') == (explained[_i].says[0] == '\0'));
	ck_assert_uint_eq(returned("cust.example"), 0);
	ck_assert_uint_eq(returned("sales.cust.example"), 0);
}
END_TEST

START_TEST(test_explain_more)
{
	struct harness_output o = bounced(FROM_LOCAL, "--explain <" CORPUS "exim");

	ck_assert_int_eq(o.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(o.out, "not counted: no rules are loaded, so no domain is known\n"));
	rules("");
	take(FROM_LOCAL, "<" CORPUS "exim");
	o = bounced(FROM_LOCAL, "--explain <" CORPUS "exim");
	ck_assert_int_eq(o.status, EX_DATAERR);
	ck_assert_ptr_nonnull(strstr(o.out, "not counted: all of it was counted before\n"));
	o = bounced("(printf '\\nHi. This is the x\\n\\n'; i=0; while [ $i -lt 1001 ]; do printf '<%s@x>:\\n\\n' $i; i=$((i+1)); done; "
	    "head -c 1100000 /dev/zero) | " FROM_LOCAL, "--explain");
	ck_assert_int_eq(o.status, 0);
	ck_assert_ptr_nonnull(strstr(o.out, "message    qmail's notification (QSBMF), only the first MiB of it\n"));
	ck_assert_ptr_nonnull(strstr(o.out, "failed     999@x\n           and more, which are not counted\n"));
	ck_assert_ptr_nonnull(strstr(o.out, "would count: 1000 returned\n"));
	ck_assert_int_eq(unlink(harness_state("live.mdb")), 0);
	ck_assert_int_eq(mkdir(harness_state("live.mdb"), 0700), 0);
	o = bounced(FROM_LOCAL, "--explain <" CORPUS "exim");
	ck_assert_int_eq(o.status, EX_IOERR);
	ck_assert_str_ne(o.err, "");
}
END_TEST

Suite *
suite_bounced(void)
{
	Suite *s = suite_create("bounced");
	TCase *t = tcase_create("bounced"), *user = tcase_create("as_user");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, test_counts, 0, HARNESS_ROWS(counted));
	tcase_add_test(t, test_once);
	tcase_add_test(t, test_new_hour);
	tcase_add_test(t, test_failures);
	tcase_add_test(t, test_latched);
	tcase_add_test(t, test_no_hosted);
	tcase_add_loop_test(t, test_wrong, 0, HARNESS_ROWS(wrong));
	tcase_add_test(t, test_no_store);
	tcase_add_test(t, test_locked);
	tcase_add_test(t, test_too_much);
	tcase_add_test(t, test_wrong_line);
	tcase_add_test(t, test_no_descriptor);
	tcase_add_test(t, test_no_memory);
	tcase_add_test(t, test_calls_fail);
	tcase_add_test(t, test_damaged_record);
	tcase_add_loop_test(t, test_explain, 0, HARNESS_ROWS(explained));
	tcase_add_test(t, test_explain_more);
	suite_add_tcase(s, t);
	tcase_add_test(user, test_as_user);
	tcase_add_checked_fixture(user, NULL, harness_end);
	suite_add_tcase(s, user);
	return s;
}
