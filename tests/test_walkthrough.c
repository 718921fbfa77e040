/*
 * test_walkthrough - a customer was hacked: what the README's commands say, and what becomes of each message
 *
 * The test is its own qmail-send, with one recipient a message: the files of the queue are as that leaves
 * them, and a pass over the queue is what an ALRM brings about.
 */
#include <check.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_faults.h"
#include "harness_send.h"
#include "suites.h"

#define HOUR 3600
#define AT_14_05 (HARNESS_NOW - 3 * HOUR - 25 * 60)
#define HACKED 60 /* messages of the flood */
#define LIMIT 20
#define SLOW 5 /* one in so many of the flood is greylisted, also when it is tried again */
#define STUCK (HACKED - LIMIT + LIMIT / SLOW) /* left in the queue: held, and charged but greylisted */
#define CLINIC 25 /* ... of the clinic, at 14:05 */
#define MAILS_MAX 200

#define RULES "default = { max_per_hour = 20; refuse_above_percent = 10000; };\n"

static const char hosted[] = "hacked.example\nshop.example\nclinic.example\n";

/* --- a qmail --- */

static struct mail {
	const char *file; /* below mess/ */
	char sender[40], recipient[40];
	char letter; /* of the last attempt */
} mails[MAILS_MAX];
static size_t mail_count;

static const char *
queue_file(const char *directory, const char *file)
{
	char name[100];

	(void)snprintf(name, sizeof name, "queue/%s/%s", directory, file);
	return harness_path(name);
}

static void
make_queue(void)
{
	static const char *const directories[] = { "todo", "bounce", "info", "remote", "local" };
	char part[16];

	for (size_t i = 0; i < HARNESS_ROWS(directories); i++) {
		ck_assert_int_eq(mkdir(queue_file(directories[i], ""), 0755), 0);
		for (int n = 0; i >= 2 && n < 23; n++) {
			(void)snprintf(part, sizeof part, "%d", n);
			ck_assert_int_eq(mkdir(queue_file(directories[i], part), 0755), 0);
		}
	}
}

/* One attempt. What is done leaves the queue, as far as `queue` reads it. */
static void
attempt(struct mail *m)
{
	m->letter = harness_deliver(m->file, m->sender, m->recipient).letter;
	if (m->letter == 'Z')
		return;
	ck_assert_int_eq(unlink(queue_file("remote", m->file)), 0);
	ck_assert_int_eq(unlink(queue_file("info", m->file)), 0);
	ck_assert_int_eq(unlink(queue_file("mess", m->file)), 0);
}

/* What qmail-send keeps of a message: one address, behind a letter. */
static void
put_address(const char *directory, const char *file, char letter, const char *address)
{
	char bytes[80];
	int n = snprintf(bytes, sizeof bytes, "%c%s", letter, address);

	harness_write(queue_file(directory, file), bytes, (size_t)n + 1);
}

/* Queued by the web server, and tried once. */
static void
inject(const char *sender, const char *recipient, const char *subject)
{
	struct mail *m = &mails[mail_count++];
	char bytes[200];

	ck_assert_uint_le(mail_count, MAILS_MAX);
	(void)snprintf(bytes, sizeof bytes, "From: <%s>\nTo: %s\nSubject: %s\n\nHello.\n", sender, recipient,
	    subject);
	m->file = harness_message("by uid 33", bytes);
	(void)snprintf(m->sender, sizeof m->sender, "%s", sender);
	(void)snprintf(m->recipient, sizeof m->recipient, "%s", recipient);
	put_address("info", m->file, 'F', sender);
	put_address("remote", m->file, 'T', recipient);
	attempt(m);
}

static void
try_all(void)
{
	for (size_t i = 0; i < mail_count; i++)
		if (mails[i].letter == 'Z')
			attempt(&mails[i]);
}

static size_t
waiting(const char *domain)
{
	size_t n = 0;

	for (size_t i = 0; i < mail_count; i++)
		n += mails[i].letter == 'Z' && strstr(mails[i].sender, domain) != NULL;
	return n;
}

/* How often the real program was run for a recipient. */
static unsigned
runs(const char *recipient)
{
	unsigned n = 0;

	for (size_t i = 0; i < harness_calls(); i++)
		n += strcmp(harness_call(i, "argv3"), recipient) == 0;
	return n;
}

/* --- a qmail-send to be told --- */

/* An order with --now: qmail-send is told, and tries all. Only root can be, and tell, another user's process. */
static struct harness_output
now(const char *const *words)
{
	pid_t pid = geteuid() == 0 ? harness_send_start(0) : 0;
	struct harness_output o = harness_cli_words(words);
	int status;

	ck_assert_msg(o.status == (pid != 0 ? 0 : 69), "%d %s", o.status, o.err);
	if (pid != 0) {
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
	}
	try_all();
	return o;
}

#define NOW(...) now((const char *const[]){ __VA_ARGS__, NULL })

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%.3000s", wanted, text);
}

static const char *
victim(int i)
{
	static char recipient[40];

	(void)snprintf(recipient, sizeof recipient, "%s-%d@victim.example",
	    i % SLOW == 0 ? "greylist" : "accept", i);
	return recipient;
}

static void
clinic_writes(void)
{
	for (int i = 0; i < CLINIC; i++)
		inject("desk@clinic.example", "accept@patient.example", "Appointment");
}

/* What the admin meets: a shop; a clinic, over its limit at 14:05; a customer with a hole in his site. */
static void
prepare(void)
{
	harness_start();
	make_queue();
	mail_count = 0;
	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(queue_file("info", ""), HARNESS_QMAILS, (gid_t)-1), 0);
	harness_write(harness_path("control/rcpthosts"), hosted, sizeof hosted - 1);
	harness_rules(RULES);
	harness_set_time(AT_14_05);
	clinic_writes();
	ck_assert_uint_eq(waiting("clinic.example"), CLINIC - LIMIT);
	harness_set_time(HARNESS_NOW);
	try_all();
	ck_assert_uint_eq(waiting("clinic.example"), 0);
	inject("orders@shop.example", "accept@a.example", "Your order");
	inject("orders@shop.example", "greylist@b.example", "Your order");
	for (int i = 0; i < HACKED; i++)
		inject("info@hacked.example", victim(i), "You have won");
	ck_assert_uint_eq(waiting("hacked.example"), STUCK);
}

/* --- the walkthrough --- */

/* Goal: the five commands find the customer, stop him and empty his queue, and the shop notices nothing. */
START_TEST(test_hacked)
{
	const char *out;

	if (geteuid() != 0)
		harness_skip("qmail-send is told", "not root");
	/* Who is it? */
	out = harness_cli("show").out;
	contains(out, "domain  hacked.example       20       20  100%      16        4       0         0"
	    "      40       0   20%  held until 18:00\n");
	contains(out, "domain  shop.example          2       20   10%       1        1       0         0"
	    "       0       0   50%  ok\n");

	/* Stop him: also what the next hour would let out. */
	out = NOW("hold", "--now", "--reason", "web site broken into", "hacked.example").out;
	contains(out, "domain hacked.example: all its mail is held from now on until it is released\n"
	    "To end it: qlimit release hacked.example\n");
	harness_set_time(HARNESS_NOW + HOUR);
	try_all();
	ck_assert_uint_eq(waiting("hacked.example"), STUCK);

	/* What is it? */
	contains(harness_cli("queue").out, "\nhacked.example       44       0       44      44       0 ");
	out = harness_cli("queue", "hacked.example").out;
	contains(out, "    Subject: You have won\n    left:    accept-21@victim.example\n"
	    "    waits:   1 held by qlimit\n");
	contains(out, "\n44 messages, 0 of them not preprocessed; recipients left: 44 remote, 0 local; ");

	/* Away with it. */
	out = NOW("discard", "--yes", "--now", "hacked.example").out;
	contains(out, "domain hacked.example: all its mail is thrown away from now on until it is released\n"
	    "It replaces hold, by ");
	ck_assert_uint_eq(waiting("hacked.example"), 0);

	/* Is it gone? */
	contains(harness_cli("queue").out, "1 message, 0 of them not preprocessed; recipients left: 1 remote, ");
	contains(harness_cli("queue", "hacked.example").out, "0 messages, ");
	contains(harness_cli("show", "hacked.example").out, "  discard by order, 44 discarded\n");

	/* The rest of the flood, after the cure; and the customer's first honest mail. */
	inject("info@hacked.example", "accept-more@victim.example", "You have won");
	ck_assert_int_eq(mails[mail_count - 1].letter, 'K');
	ck_assert_uint_eq(runs("accept-more@victim.example"), 0);
	ck_assert_int_eq(harness_cli("release", "hacked.example").status, 0);
	inject("info@hacked.example", "accept-honest@a.example", "We are back");
	ck_assert_uint_eq(runs("accept-honest@a.example"), 1);
}
END_TEST

/* Goal: sent once, or thrown away and never sent; the shop's mail is tried as often as qmail says. */
START_TEST(test_conserved)
{
	(void)NOW("hold", "--now", "hacked.example");
	(void)NOW("discard", "--yes", "--now", "hacked.example");
	for (int i = 0; i < HACKED; i++)
		ck_assert_uint_eq(runs(victim(i)), i < LIMIT);
	ck_assert_uint_eq(harness_log_lines("event=discarded kind=domain name=hacked.example"), STUCK);
	ck_assert_uint_eq(runs("accept@a.example"), 1);
	ck_assert_uint_eq(runs("greylist@b.example"), 3);
	ck_assert_uint_eq(waiting("shop.example"), 1);
}
END_TEST

/* Goal: a hold was a mistake: with release --now everything goes out, each message once. */
START_TEST(test_mistaken)
{
	harness_rules("default = { max_per_hour = 1000; };");
	(void)NOW("hold", "--now", "hacked.example");
	ck_assert_uint_eq(waiting("hacked.example"), STUCK);
	contains(NOW("release", "--now", "hacked.example").out,
	    "hacked.example: released; its limits decide again\n");
	ck_assert_uint_eq(waiting("hacked.example"), HACKED / SLOW);
	for (int i = 0; i < HACKED; i++)
		ck_assert_uint_eq(runs(victim(i)), i < LIMIT && i % SLOW == 0 ? 2 : 1);
}
END_TEST

/* Goal: why was the clinic's mail late, at 14:05? It is told three hours later; and does not happen again. */
START_TEST(test_deferred)
{
	const char *out;

	ck_assert_uint_eq(harness_log_lines("event=held kind=domain name=clinic.example rule=max_per_hour "),
	    CLINIC - LIMIT);
	out = harness_cli("report", "--by", "hour", "--since", "2026-11-21T14:00", "clinic.example").out;
	contains(out, "11-21 14:00");
	contains(out, " stopped ");
	out = harness_cli("explain", "desk@clinic.example").out;
	contains(out, "  max_per_hour         20                /");
	harness_config(RULES "domains = ( { name = \"clinic.example\"; max_per_hour = 50; } );\n");
	contains(harness_load().out, "changed clinic.example: max_per_hour 20 -> ");
	clinic_writes();
	ck_assert_uint_eq(waiting("clinic.example"), 0);
}
END_TEST

/* The lines of the log that the manual's grep finds: EXAMPLES of qlimit(8). */
static size_t
lines_of_the_clinic(void)
{
	size_t found = 0;
	regex_t regex;
	const char *line;

	ck_assert_int_eq(regcomp(&regex, "event=held.*[=@]clinic\\.example ", REG_ICASE | REG_NOSUB), 0);
	for (size_t i = 0; (line = harness_log_line(NULL, i)) != NULL; i++)
		found += regexec(&regex, line, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

/* Goal: the same where it is the server's limit: the table has nothing of it, and the log has it all the same. */
START_TEST(test_deferred_by_another)
{
	ck_assert_uint_eq(lines_of_the_clinic(), CLINIC - LIMIT);
	harness_set_time(HARNESS_NOW + HOUR);
	harness_rules("server = { max_per_hour = 3; refuse_above_percent = 10000; };\n");
	clinic_writes();
	contains(harness_cli("report", "--by", "hour", "--since", "2026-11-21T18:00", "clinic.example").out,
	    "11-21 18:00       3        0      0      0       0    0% -");
	ck_assert_uint_eq(lines_of_the_clinic(), CLINIC - LIMIT + CLINIC - 3);
	contains(harness_log_line("kind=server rule=max_per_hour", 0), " sender=desk@clinic.example ");
}
END_TEST

/* Goal: the proof that the limiter is in the mail path: status says so after a test mail, and only then. */
START_TEST(test_in_the_path)
{
	harness_set_time(HARNESS_NOW + 2 * HOUR);
	contains(harness_cli("status").out, "last delivery: 2026-11-21 17:30:00 UTC, 2 hours ago\n");
	inject("orders@shop.example", "accept@c.example", "Test");
	contains(harness_cli("status").out, "last delivery: 2026-11-21 19:30:00 UTC, 0 seconds ago\n");
}
END_TEST

Suite *
suite_walkthrough(void)
{
	Suite *s = suite_create("walkthrough");
	TCase *tc = tcase_create("walkthrough");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, prepare, harness_end);
	tcase_add_test(tc, test_hacked);
	tcase_add_test(tc, test_conserved);
	tcase_add_test(tc, test_mistaken);
	tcase_add_test(tc, test_deferred);
	tcase_add_test(tc, test_deferred_by_another);
	tcase_add_test(tc, test_in_the_path);
	suite_add_tcase(s, tc);
	return s;
}
