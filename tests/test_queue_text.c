/* test_queue_text - what the files of qmail's queue say, and any other bytes in their places */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "harness_faults.h"
#include "queue_text.h"
#include "suites.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

/* --- records --- */

static const struct {
	const char *label;
	const char *bytes;
	size_t n;
	const char *sender; /* NULL: none is known */
	uint64_t left, done;
	const char *first, *last; /* of the first recipients */
} records[] = {
	{ "nothing", BYTES(""), NULL, 0, 0, NULL, NULL },
	{ "info", BYTES("Fa@example.com\0"), "a@example.com", 0, 0, NULL, NULL },
	{ "a bounce", BYTES("F\0"), "", 0, 0, NULL, NULL },
	{ "being written", BYTES("Fa@example.com"), NULL, 0, 0, NULL, NULL },
	{ "todo", BYTES("u48\0p71\0Fa@b\0Tc@d\0Te@f\0"), "a@b", 2, 0, "c@d", "e@f" },
	{ "remote", BYTES("Ta@b\0Dc@d\0Te@f\0Dg@h\0De@f\0"), NULL, 2, 3, "a@b", "e@f" },
	{ "last one half written", BYTES("Ta@b\0Tc@"), NULL, 1, 0, "a@b", "a@b" },
	{ "more than are kept", BYTES("T1\0T2\0T3\0T4\0"), NULL, 4, 0, "1", "3" },
	{ "letters of others", BYTES("eX=1\0qq\0Ta@b\0"), NULL, 1, 0, "a@b", "a@b" },
	{ "empty records", BYTES("\0\0\0Ta@b\0\0"), NULL, 1, 0, "a@b", "a@b" },
	{ "any bytes", BYTES("\xff\xfe\0T\x01\n\x7f\0"), NULL, 1, 0, "\x01\n\x7f", "\x01\n\x7f" },
};

/* However the bytes are cut into reads. */
START_TEST(test_records)
{
	struct queue_records r;

	for (size_t step = 1; step <= records[_i].n + 1; step++) {
		queue_records_init(&r);
		queue_records_begin(&r);
		for (size_t at = 0; at < records[_i].n; at += step) {
			size_t left = records[_i].n - at;

			queue_records_add(&r, records[_i].bytes + at, left < step ? left : step);
		}
		ck_assert_msg(r.has_sender == (records[_i].sender != NULL), "%s", records[_i].label);
		ck_assert_str_eq(r.sender, records[_i].sender != NULL ? records[_i].sender : "");
		ck_assert_uint_eq(r.left, records[_i].left);
		ck_assert_uint_eq(r.done, records[_i].done);
		ck_assert_msg((r.first_count > 0) == (records[_i].first != NULL), "%s", records[_i].label);
		if (r.first_count > 0) {
			ck_assert_str_eq(r.first[0], records[_i].first);
			ck_assert_str_eq(r.first[r.first_count - 1], records[_i].last);
		}
	}
}
END_TEST

/* The longest address is whole; one byte more, and its domain is not known. */
START_TEST(test_long_sender)
{
	char record[QUEUE_ADDRESS_MAX + 4];
	struct queue_records r;
	struct meter meter;

	memset(record, 'x', sizeof record);
	record[0] = 'F';
	memcpy(record + QUEUE_ADDRESS_MAX - 3, "@b.c", 5);
	queue_records_init(&r);
	queue_records_add(&r, record, QUEUE_ADDRESS_MAX + 2);
	ck_assert_uint_eq(strlen(r.sender), QUEUE_ADDRESS_MAX);
	queue_text_payer(&meter, &r);
	ck_assert_str_eq(meter.name, "b.c");

	memcpy(record + QUEUE_ADDRESS_MAX - 2, "@b.c", 5);
	queue_records_init(&r);
	queue_records_add(&r, record, QUEUE_ADDRESS_MAX + 3);
	ck_assert(r.has_sender && r.sender_is_cut);
	ck_assert_uint_eq(strlen(r.sender), QUEUE_ADDRESS_MAX);
	queue_text_payer(&meter, &r);
	ck_assert_uint_eq(meter.kind, METER_FOREIGN);
}
END_TEST

static char each_recipient[100];

static void
note_recipient(void *context, const char *recipient)
{
	ck_assert_ptr_eq(context, each_recipient);
	ck_assert_uint_lt(strlen(each_recipient) + strlen(recipient) + 2, sizeof each_recipient);
	(void)strcat(strcat(each_recipient, recipient), "|");
}

/* Each that is not done, but none that is too long to be one of qmail's. */
START_TEST(test_each)
{
	static char record[QUEUE_ADDRESS_MAX + 50];
	struct queue_records r;

	memset(record, 'x', sizeof record);
	record[0] = 'T';
	queue_records_init(&r);
	queue_records_add(&r, BYTES("Tnobody@hears\0"));
	r.each = note_recipient;
	r.context = each_recipient;
	queue_records_add(&r, BYTES("Ta@b\0Dc@d\0Fs@t\0T\0"));
	queue_records_add(&r, record, sizeof record);
	queue_records_add(&r, BYTES("\0Te@f\0Thalf"));
	ck_assert_str_eq(each_recipient, "a@b||e@f|");
	ck_assert_uint_eq(r.left, 5);
}
END_TEST

/* senderadd() of qmail-send.c. */
static const struct {
	const char *sender, *recipient, *wanted;
} senders[] = {
	{ "joe@example.com", "a@b", "joe@example.com" },
	{ "", "a@b", "" },
	{ "#@[]", "a@b", "#@[]" },
	{ "list-@example.com-@[]", "a@b", "list-a=b@example.com" },
	{ "l-@x@example.com-@[]", "a@b@c", "l-@xa@b=c@example.com" },
	{ "list-@example.com-@[]", "a", "list-@example.com-@[]" },
	{ "list-@example.com-@[]", "@", "list-=@example.com" },
	{ "@-@[]", "a@b", "a=b@" },
	{ "list--@[]", "a@b", "list--@[]" },
	{ "-@[]", "a@b", "-@[]" },
};

START_TEST(test_sender)
{
	char out[QUEUE_SENDER_MAX + 1];
	struct queue_records r;

	queue_records_init(&r);
	queue_records_add(&r, BYTES("F"));
	queue_records_add(&r, senders[_i].sender, strlen(senders[_i].sender) + 1);
	queue_text_sender(out, &r, senders[_i].recipient);
	ck_assert_str_eq(out, senders[_i].wanted);
}
END_TEST

/* What one file left unfinished is not the beginning of the next one's first record. */
START_TEST(test_next_file)
{
	struct queue_records r;

	queue_records_init(&r);
	queue_records_add(&r, BYTES("Fa@b\0Tc@d\0Thalf"));
	queue_records_begin(&r);
	ck_assert_uint_eq(r.left, 0);
	queue_records_add(&r, BYTES("Te@f\0"));
	ck_assert_uint_eq(r.left, 1);
	ck_assert_str_eq(r.sender, "a@b");
	ck_assert_uint_eq(r.first_count, 2);
	ck_assert_str_eq(r.first[1], "e@f");
}
END_TEST

static const struct {
	const char *sender;
	enum meter_kind kind;
	const char *name;
} payers[] = {
	{ "joe@Example.COM.", METER_DOMAIN, "example.com" },
	{ "a@b@c.example", METER_DOMAIN, "c.example" },
	{ "", METER_BOUNCES, "" },
	{ "#@[]", METER_BOUNCES, "" },
	{ "joe", METER_FOREIGN, "" },
	{ "joe@", METER_FOREIGN, "" },
	{ "list-@example.com-@[]", METER_DOMAIN, "example.com" },
	{ "list-return-5-@Lists.example-@[]", METER_DOMAIN, "lists.example" },
	{ "list-@[]", METER_DOMAIN, "[]" },
	{ "-@[]", METER_DOMAIN, "[]" },
	{ "x@bounces", METER_DOMAIN, "bounces" },
};

START_TEST(test_payer)
{
	struct queue_records r;
	struct meter meter;

	queue_records_init(&r);
	queue_records_add(&r, BYTES("F"));
	queue_records_add(&r, payers[_i].sender, strlen(payers[_i].sender) + 1);
	queue_text_payer(&meter, &r);
	ck_assert_msg(meter.kind == payers[_i].kind, "%s: %u", payers[_i].sender, meter.kind);
	ck_assert_str_eq(meter.name, payers[_i].name);
}
END_TEST

/* --- headers --- */

#define RECEIVED "Received: (qmail 7 invoked by uid 48); 21 Nov 2026 17:37:24 -0000\n"

static const struct {
	const char *label;
	const char *bytes;
	size_t n;
	const char *from, *to, *subject; /* as they are shown */
} headers[] = {
	{ "plain", BYTES(RECEIVED "From: a@b\nTo: c@d\nSubject: hello you\n\nText\n"), "a@b", "c@d", "hello you" },
	{ "none", BYTES(RECEIVED "\nSubject: in the body\n"), "", "", "" },
	{ "nothing", BYTES(""), "", "", "" },
	{ "letter case", BYTES("FROM:a\ntO:b\nsubJECT:\tc\n\n"), "a", "b", "c" },
	{ "the first counts", BYTES("Subject: 1\nSubject: 2\n\n"), "", "", "1" },
	{ "folded", BYTES("Subject: a\n b\n\tc\nTo: d,\n  e\n\n"), "", "d, e", "a b c" },
	{ "folds of another field", BYTES("X: a\n Subject: b\nFrom: c\n\n"), "c", "", "" },
	{ "folded, cut", BYTES("Subject: a\n b"), "", "", "a b" },
	{ "CRLF", BYTES("From: a\r\nSubject: b\r\n\r\nTo: c\r\n"), "a", "", "b" },
	{ "no newline", BYTES("Subject: a"), "", "", "a" },
	{ "a name alone", BYTES("Subject\nFrom\n\n"), "", "", "" },
	{ "blank before the colon is not a field", BYTES("Subject : a\n\n"), "", "", "" },
	{ "others as long", BYTES("Date: 1\n[rom: 2\nFrom: a\n1o: b\nTo: c\nSubjec2: x\n\n"), "a", "c", "" },
	{ "a line that begins with CR", BYTES("\rX: 1\nFrom: a\n\n"), "a", "", "" },
	{ "longer name", BYTES("Subjects: a\nTox: b\n\n"), "", "", "" },
	{ "RFC 2047 as it is", BYTES("Subject: =?utf-8?q?=C3=A4?=\n\n"), "", "", "=?utf-8?q?=C3=A4?=" },
	{ "quotes as they are", BYTES("From: \"A B\" <a@b>\n\n"), "\"A B\" <a@b>", "", "" },
	{ "escape sequences", BYTES("Subject: \x1b]0;x\x07 \xc2\x9b\n\n"), "", "", "\\x1b]0;x\\x07 \\xc2\\x9b" },
	{ "backslash", BYTES("Subject: \\x41\n\n"), "", "", "\\x5cx41" },
	{ "NUL", BYTES("Subject: a\0b\nTo: c\n\n"), "", "c", "a\\x00b" },
	{ "blanks alone", BYTES("Subject:  \t \n\n"), "", "", "" },
};

static void
is_shown(const char *label, const struct queue_field *field, const char *wanted)
{
	char out[100];
	struct text t;

	text_init(&t, out, sizeof out);
	queue_text_add(&t, field, 90);
	ck_assert_msg(strcmp(out, wanted) == 0, "%s: %s", label, out);
}

/* From memory of exactly this length: valgrind and ASan see a look behind it. */
START_TEST(test_header)
{
	char *bytes = malloc(headers[_i].n + 1);
	struct queue_header h;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes + 1, headers[_i].bytes, headers[_i].n);
	queue_text_header(&h, bytes + 1, headers[_i].n);
	is_shown(headers[_i].label, &h.from, headers[_i].from);
	is_shown(headers[_i].label, &h.to, headers[_i].to);
	is_shown(headers[_i].label, &h.subject, headers[_i].subject);
	free(bytes);
}
END_TEST

START_TEST(test_shown_length)
{
	const struct queue_field field = { BYTES("ab cd\x01 ef") };
	static const char *const wanted[] = { "...", "a...", "ab...", "ab...", "ab c...", "ab cd...", "ab cd...",
		"ab cd...", "ab cd...", "ab cd\\x01...", "ab cd\\x01...", "ab cd\\x01 e...", "ab cd\\x01 ef" };

	for (size_t most = 0; most < sizeof wanted / sizeof wanted[0]; most++) {
		char out[40];
		struct text t;

		text_init(&t, out, sizeof out);
		queue_text_add(&t, &field, most);
		ck_assert_str_eq(out, wanted[most]);
	}
}
END_TEST

/* --- bounce --- */

static const struct {
	const char *label;
	const char *bytes;
	size_t n;
	const char *wanted;
} reasons[] = {
	{ "nothing", BYTES(""), "" },
	{ "newlines", BYTES("\n\n\n"), "" },
	{ "one", BYTES("<a@b>:\n550 no such user\n\n"), "<a@b>: 550 no such user" },
	{ "the last of two", BYTES("<a@b>:\n1\n\n<c@d>:\n2\n3\n\n"), "<c@d>: 2 3" },
	{ "the end of a long one", BYTES("ng text\n\n"), "ng text" },
	{ "being written", BYTES("<a@b>:\n1\n\n<c@d>:\n2"), "<c@d>: 2" },
	{ "begins with newlines", BYTES("\n\na\n"), "a" },
	{ "one newline first", BYTES("\na"), "a" },
};

START_TEST(test_reason)
{
	struct queue_field f = queue_text_reason(reasons[_i].bytes, reasons[_i].n);

	is_shown(reasons[_i].label, &f, reasons[_i].wanted);
}
END_TEST

Suite *
suite_queue_text(void)
{
	Suite *s = suite_create("queue_text");
	TCase *t = tcase_create("queue_text");

	tcase_add_loop_test(t, test_records, 0, HARNESS_ROWS(records));
	tcase_add_test(t, test_long_sender);
	tcase_add_test(t, test_next_file);
	tcase_add_test(t, test_each);
	tcase_add_loop_test(t, test_sender, 0, HARNESS_ROWS(senders));
	tcase_add_loop_test(t, test_payer, 0, HARNESS_ROWS(payers));
	tcase_add_loop_test(t, test_header, 0, HARNESS_ROWS(headers));
	tcase_add_test(t, test_shown_length);
	tcase_add_loop_test(t, test_reason, 0, HARNESS_ROWS(reasons));
	suite_add_tcase(s, t);
	return s;
}
