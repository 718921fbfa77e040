/* test_report - what qmail-rspawn makes of a remote's bytes, and what we say ourselves */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness_report.h"
#include "report.h"
#include "suites.h"

#define EXITED(code) ((code) << 8)
#define KILLED(signal) (signal)
#define BYTES(s) (s), sizeof(s) - 1

/* facts/qmail-remote.md section 2, row by row, and the texts of qmail-remote.c. */
static const struct {
	const char *label;
	const char *bytes;
	size_t n;
	int status;
	enum outcome outcome;
} rows[] = {
	{ "Z before SMTP", BYTES("ZCNAME lookup failed temporarily. (#4.4.3)\n\0"), 0,
	    OUTCOME_UNREACHED },
	{ "Z, no connection", BYTES("ZSorry, I wasn't able to establish an SMTP connection.\n\0"), 0,
	    OUTCOME_UNREACHED },
	{ "Z, died", BYTES("ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n\0"), 0,
	    OUTCOME_UNREACHED },
	{ "Z, greeting", BYTES("ZConnected to 192.0.2.1 but greeting failed.\nRemote host said: 421 "
	    "busy\n\0"), 0, OUTCOME_DEFERRED },
	{ "D", BYTES("Dtext\n\0"), 0, OUTCOME_FAILED },
	{ "s, D", BYTES("stext\0DGiving up on 192.0.2.1.\n\0"), 0, OUTCOME_DEFERRED },
	{ "h, D", BYTES("htext\0DGiving up on 192.0.2.1.\n\0"), 0, OUTCOME_FAILED },
	{ "r, K", BYTES("r\0Kok\n\0"), 0, OUTCOME_SENT },
	{ "K", BYTES("Kok\n\0"), 0, OUTCOME_SENT },
	{ "r with text (sagredo), K", BYTES("r<From:a To:b> \0Kok\n\0"), 0, OUTCOME_SENT },
	{ "r, Z after DATA", BYTES("r\0Z192.0.2.1 failed after I sent the message.\nRemote host said: "
	    "451\n\0"), 0, OUTCOME_DEFERRED },
	{ "r, D after DATA", BYTES("r\0D192.0.2.1 failed on DATA command.\n\0"), 0, OUTCOME_FAILED },
	{ "Z without NUL", BYTES("Ztext\n"), 0, OUTCOME_FAILED },
	{ "s without NUL", BYTES("stext"), 0, OUTCOME_DEFERRED },
	{ "h without NUL", BYTES("htext"), 0, OUTCOME_FAILED },
	{ "garbage", BYTES("hello\0world\0"), 0, OUTCOME_FAILED },
	{ "only NULs", BYTES("\0\0\0"), 0, OUTCOME_FAILED },
	{ "NUL, then K", BYTES("\0Kok\n\0"), 0, OUTCOME_SENT },
	{ "K, Z: the first wins", BYTES("Kok\0Zno\0"), 0, OUTCOME_SENT },
	{ "Z, K: the first wins", BYTES("Zno\0Kok\0"), 0, OUTCOME_UNREACHED },
	{ "s, K: a duplicate", BYTES("s\0Kok\n\0"), 0, OUTCOME_DEFERRED },
	{ "K, exit 1", BYTES("Kok\n\0"), EXITED(1), OUTCOME_FAILED },
	{ "K, exit 100", BYTES("Kok\n\0"), EXITED(100), OUTCOME_FAILED },
	{ "K, exit 126", BYTES("Kok\n\0"), EXITED(126), OUTCOME_FAILED },
	{ "K, exit 127", BYTES("Kok\n\0"), EXITED(127), OUTCOME_FAILED },
	{ "K, exit 111", BYTES("Kok\n\0"), EXITED(111), OUTCOME_UNREACHED },
	{ "K, killed", BYTES("Kok\n\0"), KILLED(9), OUTCOME_UNREACHED },
	{ "K, crashed", BYTES("Kok\n\0"), KILLED(11 | 0x80), OUTCOME_UNREACHED },
	{ "nothing", BYTES(""), 0, OUTCOME_UNREACHED },
	{ "nothing, exit 1", BYTES(""), EXITED(1), OUTCOME_FAILED },
	{ "stray stderr in front of s", BYTES("warning: x\nstext\0DGiving up\n\0"), 0, OUTCOME_FAILED },
	{ "stray stderr in front of K", BYTES("warning\nr\0Kok\n\0"), 0, OUTCOME_SENT },
	{ "an answer that only quotes the mark", BYTES("Zsaisaid:\n\0"), 0, OUTCOME_DEFERRED },
};

static enum outcome
read_all(const char *bytes, size_t n, size_t cut, int status)
{
	struct report r;

	report_init(&r);
	report_read(&r, bytes, cut);
	report_read(&r, bytes + cut, n - cut);
	return report_outcome(&r, 0, status);
}

/* Goal: every row, however read(2) cuts it. */
START_TEST(test_rows)
{
	for (size_t cut = 0; cut <= rows[_i].n; cut++) {
		enum outcome o = read_all(rows[_i].bytes, rows[_i].n, cut, rows[_i].status);

		ck_assert_msg(o == rows[_i].outcome, "%s, cut at %zu: %d", rows[_i].label, cut,
		    (int)o);
	}
}
END_TEST

static char
letter_of(enum outcome o)
{
	return o == OUTCOME_SENT ? 'K' : o == OUTCOME_FAILED ? 'D' : 'Z';
}

/* Goal: the same letter as the stand-in's qmail-rspawn, written apart from ours, for any bytes. */
START_TEST(test_same_as_rspawn)
{
	static const char alphabet[] = "KZDrsh\0\0\0said: x";
	static const int statuses[] = { 0, 0, 0, 0, EXITED(111), EXITED(1), KILLED(9) };

	srandom(1);
	for (int i = 0; i < 300000; i++) {
		char bytes[24];
		size_t n = (size_t)random() % sizeof bytes;
		int status = statuses[(size_t)random() % 7];
		char theirs[sizeof bytes + HARNESS_REPORT_ROOM];

		for (size_t k = 0; k < n; k++)
			bytes[k] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
		(void)harness_report(theirs, status, bytes, n);
		ck_assert_msg(letter_of(read_all(bytes, n, n / 2, status)) == theirs[0],
		    "%d: %.*s", i, (int)n, bytes);
	}
}
END_TEST

/* Goal: with several recipients each has its own report; who has none shares the message's. */
START_TEST(test_several_recipients)
{
	static const char bytes[] = "r\0s192.0.2.1 said: 450\0h550\0Kok\n";
	struct report r;

	report_init(&r);
	report_read(&r, bytes, sizeof bytes);
	ck_assert_int_eq(report_outcome(&r, 0, 0), OUTCOME_SENT);
	ck_assert_int_eq(report_outcome(&r, 1, 0), OUTCOME_DEFERRED);
	ck_assert_int_eq(report_outcome(&r, 2, 0), OUTCOME_FAILED);
	ck_assert_int_eq(report_outcome(&r, 3, 0), OUTCOME_SENT);
	ck_assert_int_eq(report_outcome(&r, 1000, 0), OUTCOME_SENT);
	ck_assert_int_eq(report_outcome(&r, 0, KILLED(9)), OUTCOME_UNREACHED);
}
END_TEST

static const struct {
	const char *label;
	enum meter_kind kind;
	const char *name;
	struct judgement judgement;
	const char *text;
} texts[] = {
	{ "held", METER_DOMAIN, "example.com",
	    { VERDICT_DEFER, RULE_MAX_PER_HOUR, 100, 100, 100 },
	    "ZDomain example.com has exceeded the max emails per hour (100/100 (100%)) allowed.  "
	    "Message will be reattempted later. (#4.7.1)\n" },
	{ "refused", METER_DOMAIN, "example.com",
	    { VERDICT_REFUSE, RULE_MAX_PER_HOUR, 125, 100, 125 },
	    "DDomain example.com has exceeded the max emails per hour (125/100 (125%)) allowed.  "
	    "Message discarded. (#5.7.1)\n" },
	{ "failures", METER_DOMAIN, "example.com",
	    { VERDICT_REFUSE, RULE_MAX_FAILURE_PERCENT, 9, 7, 56 },
	    "DDomain example.com has exceeded the max defers and failures per hour (9/7 (56%)) "
	    "allowed. Message discarded. (#5.7.1)\n" },
	{ "A3 hostile name", METER_DOMAIN, "a\n\x1b[2J%s.example",
	    { VERDICT_DEFER, RULE_MAX_FAILURE_PERCENT, 9, 7, 56 },
	    "ZDomain a\\x0a\\x1b[2J%s.example has exceeded the max defers and failures per hour "
	    "(9/7 (56%)) allowed. Message will be reattempted later. (#4.7.1)\n" },
	{ "bounces", METER_BOUNCES, "", { VERDICT_DEFER, RULE_MAX_PER_HOUR, 1, 1, 100 },
	    "ZMail of the null sender has exceeded the max emails per hour (1/1 (100%)) allowed.  "
	    "Message will be reattempted later. (#4.7.1)\n" },
	{ "server", METER_SERVER, "", { VERDICT_DEFER, RULE_MAX_PER_HOUR, 1, 1, 100 },
	    "ZThis server has exceeded the max emails per hour (1/1 (100%)) allowed.  "
	    "Message will be reattempted later. (#4.7.1)\n" },
	{ "foreign", METER_FOREIGN, "", { VERDICT_REFUSE, RULE_MAX_PER_HOUR, 13, 10, 130 },
	    "DMail of senders not hosted here has exceeded the max emails per hour (13/10 (130%)) allowed.  "
	    "Message discarded. (#5.7.1)\n" },
	{ "user", METER_USER, "uid:48", { VERDICT_DEFER, RULE_MAX_PER_DAY, 10, 10, 100 },
	    "ZUser uid:48 has exceeded the max emails per day (10/10 (100%)) allowed.  "
	    "Message will be reattempted later. (#4.7.1)\n" },
	{ "destination", METER_DESTINATION, "gmail.com", { VERDICT_REFUSE, RULE_MAX_PER_DAY, 13, 10, 130 },
	    "DMail to gmail.com has exceeded the max emails per day (13/10 (130%)) allowed.  "
	    "Message discarded. (#5.7.1)\n" },
	{ "overflow", METER_OVERFLOW, "", { VERDICT_DEFER, RULE_MAX_PER_HOUR, 1, 1, 100 },
	    "ZMail of further senders has exceeded the max emails per hour (1/1 (100%)) allowed.  "
	    "Message will be reattempted later. (#4.7.1)\n" },
};

/* Goal: WHM's words, one NUL at the end and none before, nothing but what the stand-in calls Z or D. */
START_TEST(test_texts)
{
	char buffer[REPORT_TEXT_MAX];
	char theirs[REPORT_TEXT_MAX + HARNESS_REPORT_ROOM];
	struct meter meter;
	struct text t;

	meter_set(&meter, texts[_i].kind, texts[_i].name);
	text_init(&t, buffer, sizeof buffer);
	report_compose(&t, &texts[_i].judgement, &meter);
	ck_assert_msg(strcmp(buffer, texts[_i].text) == 0, "%s: %s", texts[_i].label, buffer);
	ck_assert_uint_eq(t.used, strlen(texts[_i].text) + 1);
	(void)harness_report(theirs, 0, t.data, t.used);
	ck_assert_str_eq(theirs, texts[_i].text);
}
END_TEST

/* Goal: the longest and worst name still fits, NUL and all. */
START_TEST(test_longest_text)
{
	struct judgement j = { VERDICT_DEFER, RULE_MAX_FAILURE_PERCENT, UINT64_MAX, UINT64_MAX,
		UINT64_MAX };
	char buffer[REPORT_TEXT_MAX], name[METER_NAME_MAX + 1];
	struct meter meter;
	struct text t;

	memset(name, 1, METER_NAME_MAX);
	name[METER_NAME_MAX] = '\0';
	meter_set(&meter, METER_DOMAIN, name);
	text_init(&t, buffer, sizeof buffer);
	report_compose(&t, &j, &meter);
	ck_assert(!t.truncated);
	ck_assert_uint_eq(t.used, strlen(buffer) + 1);
}
END_TEST

Suite *
suite_report(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_rows, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(t, test_same_as_rspawn);
	tcase_add_test(t, test_several_recipients);
	tcase_add_loop_test(t, test_texts, 0, sizeof texts / sizeof texts[0]);
	tcase_add_test(t, test_longest_text);
	suite_add_tcase(s, t);
	return s;
}
