/* test_bounce - notifications that mail was returned: what they say, of whom, and what is no notification */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce.h"
#include "bounce_trace.h"
#include "digest.h"
#include "harness_faults.h"
#include "mime.h"
#include "returns.h"
#include "suites.h"

static struct bounce bounce;

static struct span
span_of(const char *s)
{
	return (struct span){ s, strlen(s) };
}

/* One of those that the fuzzer begins with. */
static struct span
corpus(const char *name)
{
	static char bytes[16384];
	char path[100];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "tests/fuzz/corpus/bounce/%s", name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	n = fread(bytes, 1, sizeof bytes, f);
	ck_assert_int_eq(fclose(f), 0);
	return (struct span){ bytes, n };
}

/* All recipients in their normal form, with blanks between them; then the Message-ID. */
static const char *
said(struct span message)
{
	static char all[4000];
	char address[QUEUE_ADDRESS_MAX + 1];
	struct span id;
	size_t used = 0;

	all[0] = '\0';
	(void)bounce_read(&bounce, message);
	for (size_t i = 0; i < bounce.count; i++) {
		bounce_normalize(address, bounce.recipients[i]);
		used += (size_t)snprintf(all + used, sizeof all - used, "%s ", address);
	}
	id = mime_find(bounce.original, "message-id");
	(void)snprintf(all + used, sizeof all - used, "%.*s", (int)id.n, id.at);
	return all;
}

/* --- as they are written in the world --- */

static const struct {
	const char *name;
	enum bounce_form form;
	const char *said;
} real[] = {
	{ "postfix", BOUNCE_DSN, "joe@remote.example ann@remote.example <news.7@cust.example>" },
	{ "postfix-delayed", BOUNCE_NONE, "" },
	{ "exim", BOUNCE_DSN, "nobody@other.example <news.9@cust.example>" },
	{ "sendmail", BOUNCE_DSN, "prof@uni.example <news.10@cust.example>" },
	{ "exchange", BOUNCE_DSN, "boss@corp.example <news.11@cust.example>" },
	{ "office365", BOUNCE_DSN, "team@tenant.example <news.12@cust.example>" },
	{ "gmail", BOUNCE_DSN, "someone@gmail.example <news.13@cust.example>" },
	{ "qmail", BOUNCE_QSBMF, "joe@far.example ann@far.example <news.14@cust.example>" },
	{ "qmail-own", BOUNCE_QSBMF, "bad@remote.example <news.15@cust.example>" },
	{ "forwarded", BOUNCE_QSBMF, "joe@far.example <news.16@cust.example>" },
	{ "maildir", BOUNCE_QSBMF, "joe@far.example <news.17@cust.example>" },
	{ "crlf-unended", BOUNCE_DSN, "joe@remote.example " },
	{ "attached", BOUNCE_NONE, "" },
	{ "receipt", BOUNCE_NONE, "" },
	{ "vacation", BOUNCE_NONE, "" },
};

/* Goal: each program's notification is understood, and what only looks like one is none. */
START_TEST(test_real)
{
	ck_assert_str_eq(said(corpus(real[_i].name)), real[_i].said);
	ck_assert_msg(bounce.form == real[_i].form, "%s", real[_i].name);
}
END_TEST

#define REPORT "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
#define STATUS "--b\nContent-Type: message/delivery-status\n\n"
#define FAILED "Final-Recipient: rfc822; a@b\nAction: failed\n"

static const struct {
	const char *label, *text, *said;
} odd[] = {
	{ "nothing", "", "" },
	{ "no final boundary", REPORT STATUS FAILED, "a@b " },
	{ "action first, and in capitals", REPORT STATUS "ACTION:FAILED\nFINAL-RECIPIENT:RFC822;A@B\n", "a@b " },
	{ "action: failed-not-really", REPORT STATUS "Final-Recipient: rfc822; a@b\nAction: failed-x\n", "" },
	{ "action: fail", REPORT STATUS "Final-Recipient: rfc822; a@b\nAction: fail\n", "" },
	{ "no action", REPORT STATUS "Final-Recipient: rfc822; a@b\n", "" },
	{ "blanks before a colon", REPORT STATUS "Final-Recipient \t: rfc822; a@b\nAction : failed\n", "a@b " },
	{ "a name of other bytes", REPORT STATUS "Final-Recipient: rfc822; a@b\nAct\303\257on: x\nAction: failed\n", "" },
	{ "blanks and no colon", REPORT STATUS FAILED "Action ", "a@b " },
	{ "no recipient", REPORT STATUS "Action: failed\n", "" },
	{ "no type of address", REPORT STATUS "Final-Recipient: a@b\nAction: failed\n", "" },
	{ "no address", REPORT STATUS "Final-Recipient: rfc822;\nAction: failed\n", "" },
	{ "empty brackets", REPORT STATUS "Final-Recipient: rfc822;<>\nAction: failed\n", "" },
	{ "one bracket", REPORT STATUS "Final-Recipient: rfc822;<\nAction: failed\n", "< " },
	{ "a folded field", REPORT STATUS "Final-Recipient: rfc822;\n\t<a@b>\nAction:\n failed\n", "a@b " },
	{ "a line that is no field ends a group", REPORT STATUS "Final-Recipient: rfc822; a@b\n???\nAction: failed\n", "" },
	{ "two groups", REPORT STATUS FAILED "\nFinal-Recipient: rfc822; c@d\nAction: failed", "a@b c@d " },
	{ "two parts", REPORT STATUS FAILED "\n" STATUS FAILED, "a@b a@b " },
	{ "the other one is empty", REPORT STATUS "Original-Recipient: rfc822;\n" FAILED, "a@b " },
	{ "of RFC 6533", REPORT "--b\nContent-Type: message/global-delivery-status\n\nFinal-Recipient: utf-8; \303\266@b\n"
	  "Action: failed\n", "\303\266@b " },
	{ "the first part that was returned", REPORT STATUS FAILED "--b\nContent-Type: message/global\n\nMessage-ID: <1>\n"
	  "--b\nContent-Type: message/rfc822\n\nMessage-ID: <2>\n--b--\n", "a@b <1>" },
	{ "behind the last boundary there is nothing", REPORT "--b--\n" STATUS FAILED, "" },
	{ "before the first one neither", REPORT "Content-Type: message/delivery-status\n\n" FAILED "--b\n\nx\n", "" },
	{ "a longer boundary is another", REPORT "--bb\nContent-Type: message/delivery-status\n\n" FAILED, "" },
	{ "no report-type", "Content-Type: multipart/report;boundary=b\n\n" STATUS FAILED, "a@b " },
	{ "a long report-type", "Content-Type: multipart/report;boundary=b;report-type="
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "x\n\n" STATUS FAILED, "" },
	{ "no boundary", "Content-Type: multipart/report\n\n" STATUS FAILED, "" },
	{ "an empty boundary", "Content-Type: multipart/report; boundary=\"\"\n\n--\nContent-Type: "
	  "message/delivery-status\n\n" FAILED, "" },
	{ "a boundary in quotes, one inside", "Content-Type: multipart/report; x=\"; boundary=c\"; boundary=\"\\b\"\n\n"
	  STATUS FAILED, "a@b " },
	{ "a parameter of a like name", "Content-Type: multipart/report; boundarz=c; boundaryx=c; Boundary = b\n\n" STATUS FAILED,
	  "a@b " },
	{ "a parameter of other bytes", "Content-Type: multipart/report; b\303\266=c; boundary=b\n\n" STATUS FAILED, "a@b " },
	{ "a name without a value", "Content-Type: multipart/report; boundary; boundary=b\n\n" STATUS FAILED, "a@b " },
	{ "multipart/reports", "Content-Type: multipart/reports; boundary=b\n\n" STATUS FAILED, "" },
	{ "no header", "\n" STATUS FAILED, "" },
	{ "qmail: no recipient", "\nHi. This is the program\n\n--- Below\n\nMessage-ID: <1>\n\n", "<1>" },
	{ "qmail: no end", "\nHi. This is the program\n\n<a@b>:\nno\n\n<c@d>:", "a@b c@d " },
	{ "qmail: words", "\nHi. This is the program\n\na@b is unknown\n\n<a>\n\n<:\n\n<ab:\n\n<>:\n\nJoe <a@b>:\n\n", "" },
	{ "qmail: none behind the break", "\nHi. This is the program\n<x@y>:\n\n<a@b>:\n\n-x\n<c@d>:\n\n<e@f>:\n", "a@b " },
	{ "qmail: not at the beginning", "\n\nHi. This is the program\n\n<a@b>:\n\n", "" },
	{ "qmail: not the words", "\nHi. This is a program\n\n<a@b>:\n\n", "" },
};

/* Goal: odd ones, and what is left of them where they are cut, are read in one way. */
START_TEST(test_odd)
{
	ck_assert_msg(strcmp(said(span_of(odd[_i].text)), odd[_i].said) == 0, "%s: %s", odd[_i].label,
	    said(span_of(odd[_i].text)));
	for (size_t n = strlen(odd[_i].text); n > 0; n--) {
		char *cut = malloc(n); /* for the sanitizers: nothing behind its end is looked at */

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, odd[_i].text, n);
		(void)said((struct span){ cut, n });
		free(cut);
	}
}
END_TEST

/* Goal: 100,000 recipients are more than is counted, and that is known; so is an address without an end. */
START_TEST(test_many)
{
	static char text[4000000];
	size_t used = (size_t)snprintf(text, sizeof text, "\nHi. This is the program\n\n");
	char address[QUEUE_ADDRESS_MAX + 1];

	for (int i = 0; i < 100000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "<r%d@x.example>:\nno\n\n", i);
	ck_assert(bounce_read(&bounce, (struct span){ text, used }));
	ck_assert_uint_eq(bounce.count, BOUNCE_RECIPIENTS_MAX);
	ck_assert(bounce.more);
	memset(text, 'X', sizeof text);
	bounce_normalize(address, (struct span){ text, sizeof text });
	ck_assert_uint_eq(strspn(address, "x"), QUEUE_ADDRESS_MAX);
}
END_TEST

/* Goal: a multipart in a multipart, and so on, and 100,000 boundaries cost no more than their bytes. */
START_TEST(test_deep)
{
	static char text[3000000];
	size_t used = (size_t)snprintf(text, sizeof text, REPORT);

	for (int i = 0; i < 1000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
		    "--b%d\nContent-Type: multipart/report; boundary=b%d\n\n", i, i + 1);
	for (int i = 0; i < 100000; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "--b\n\n");
	used += (size_t)snprintf(text + used, sizeof text - used, STATUS FAILED);
	ck_assert_str_eq(said((struct span){ text, used }), "a@b ");
}
END_TEST

/* --- which delivery it was --- */

static const unsigned char *
identity(const char *text, const unsigned char *secret)
{
	static unsigned char ids[2][DIGEST_SIZE], next;
	unsigned char *id = ids[next++ % 2];
	struct digest begun;

	ck_assert(bounce_read(&bounce, span_of(text)));
	bounce_identity_begin(&begun, secret, &bounce);
	bounce_identity(id, &begun, &bounce, bounce.count - 1);
	return id;
}

#define HEADERS "\n--b\nContent-Type: text/rfc822-headers\n\n"

static const struct {
	const char *label, *a, *b;
	bool same;
} pairs[] = {
	{ "two servers, each in its words", REPORT STATUS FAILED HEADERS "Message-ID: <1>\n",
	  "\nHi. This is the program\n\n<c@d>:\n\n<A@B>:\nno\n\n-\n\nX: y\nMessage-ID:  <1> \n", true },
	{ "two recipients", REPORT STATUS FAILED HEADERS "Message-ID: <1>\n",
	  REPORT STATUS "Final-Recipient: rfc822; c@d\nAction: failed\n" HEADERS "Message-ID: <1>\n", false },
	{ "two messages", REPORT STATUS FAILED HEADERS "Message-ID: <1>\n", REPORT STATUS FAILED HEADERS "Message-ID: <2>\n",
	  false },
	{ "no Message-ID, one header", REPORT STATUS FAILED HEADERS "Subject: x\n\none",
	  REPORT STATUS FAILED HEADERS "Subject: x\n\ntwo", true },
	{ "no Message-ID, two headers", REPORT STATUS FAILED HEADERS "Subject: x\n",
	  REPORT STATUS FAILED HEADERS "Subject: y\n", false },
	{ "nothing returned, one notification", "Message-ID: <3>\nReceived: 1\n" REPORT STATUS FAILED,
	  "Message-ID: <3>\n" REPORT STATUS FAILED, true },
	{ "nothing returned, two", "Message-ID: <3>\n" REPORT STATUS FAILED, "Message-ID: <4>\n" REPORT STATUS FAILED, false },
	{ "nothing but the recipient", REPORT STATUS FAILED, "Subject: x\n" REPORT STATUS FAILED, true },
};

START_TEST(test_identity)
{
	static const unsigned char secret[DIGEST_KEY_SIZE] = "secret", other[DIGEST_KEY_SIZE] = "other";

	ck_assert_msg((memcmp(identity(pairs[_i].a, secret), identity(pairs[_i].b, secret), DIGEST_SIZE) == 0) ==
	    pairs[_i].same, "%s", pairs[_i].label);
	ck_assert(memcmp(identity(pairs[_i].a, secret), identity(pairs[_i].a, other), DIGEST_SIZE) != 0);
}
END_TEST

/* --- whose it was --- */

#define NETWORK "Received: (qmail 9 invoked from network); 21 Nov 2026 17:37:24 -0000\n"
#define OWN "Received: (qmail 9 invoked for bounce); 21 Nov 2026 17:37:24 -0000\n"
#define BY_UID "Received: (qmail 9 invoked by uid 7); 21 Nov 2026 17:37:24 -0000\n"
#define BY_ALIAS "Received: (qmail 9 invoked by alias); 21 Nov 2026 17:37:24 -0000\n"

static const struct {
	const char *label, *sender, *recipient, *top, *original;
	const char *domain;
	enum bounce_whose whose;
	bool has_sender, own;
} traces[] = {
	{ "run by qmail-local", "", "x-info@Cust.Example.", NETWORK, "", "cust.example", BOUNCE_OF_RECIPIENT, false, false },
	{ "a double bounce", "#@[]", "a@c.example", NETWORK, "", "c.example", BOUNCE_OF_RECIPIENT, false, false },
	{ "somebody's mail", "joe@x.example", "a@c.example", NETWORK, "", "c.example", BOUNCE_OF_RECIPIENT, true, false },
	{ "our own notification", "", "a@c.example", OWN, "", "c.example", BOUNCE_OF_RECIPIENT, false, true },
	{ "no sender told", NULL, "a@c.example", "Return-Path: <x@y>\n", "", "c.example", BOUNCE_OF_RECIPIENT, false, false },
	{ "forwarded", "", "a@here.example", BY_UID "Delivered-To: a@c.example\n" NETWORK, "", "c.example",
	  BOUNCE_OF_FORWARDER, false, false },
	{ "forwarded three times", "", "a@here.example", BY_UID "Delivered-To: a@e.example\n" BY_ALIAS
	  "Delivered-To: a@d.example\n" BY_UID "Delivered-To: a@c.example\n" NETWORK "Delivered-To: a@b.example\n", "",
	  "c.example", BOUNCE_OF_FORWARDER, false, false },
	{ "our own, forwarded", "", "a@here.example", BY_UID "Delivered-To: a@c.example\n" OWN, "", "c.example",
	  BOUNCE_OF_FORWARDER, false, true },
	{ "a stranger's Delivered-To:", "", "a@c.example", NETWORK "Delivered-To: a@b.example\n", "", "c.example",
	  BOUNCE_OF_RECIPIENT, false, false },
	{ "a stranger's lines of qmail's", "", "a@c.example", NETWORK BY_UID "Delivered-To: a@b.example\n" OWN, "",
	  "c.example", BOUNCE_OF_RECIPIENT, false, false },
	{ "a recipient without a domain", "", "a", NETWORK, "From: a@c.example\n", "", BOUNCE_OF_NOBODY, false, false },
	{ "no delivery, a file of a Maildir", NULL, NULL, "Return-Path: <>\nDelivered-To: a@c.example\n" NETWORK, "",
	  "c.example", BOUNCE_OF_RECIPIENT, false, false },
	{ "... of somebody's mail", NULL, NULL, "Return-Path: <joe@x.example>\nDelivered-To: a@c.example\n" NETWORK, "",
	  "c.example", BOUNCE_OF_RECIPIENT, true, false },
	{ "... of a double bounce, forwarded", NULL, NULL, "Return-Path: <#@[]>\nDelivered-To: a@d.example\n" BY_ALIAS
	  "Delivered-To: a@c.example\n" NETWORK, "", "c.example", BOUNCE_OF_FORWARDER, false, false },
	{ "... without a Delivered-To:", NULL, NULL, "Return-Path: <>\nX: a@c.example\n", "From: a@b.example\n",
	  "b.example", BOUNCE_OF_RETURNED, false, false },
	{ "... with an end too early", NULL, NULL, "Return-Path: <>\n", "", "", BOUNCE_OF_NOBODY, false, false },
	{ "of a delivery such lines are a stranger's", "", NULL, "Return-Path: <x@y>\nDelivered-To: a@c.example\n", "",
	  "", BOUNCE_OF_NOBODY, false, false },
	{ "what was returned: Return-Path:", NULL, NULL, NETWORK, "From: x@y.example\nReturn-Path: <a@c.example>\n",
	  "c.example", BOUNCE_OF_RETURNED, false, false },
	{ "what was returned: From:", NULL, NULL, "X: y\n", "From: \"a@b\" <A@C.example>\nReturn-Path: <>\n",
	  "c.example", BOUNCE_OF_RETURNED, false, false },
	{ "what was returned: an address without brackets", NULL, NULL, "", "From: a@c.example\n", "c.example",
	  BOUNCE_OF_RETURNED, false, false },
	{ "what was returned: an open bracket", NULL, NULL, "", "From: <a@c.example\n", "", BOUNCE_OF_NOBODY, false, false },
};

/* Goal: only what qmail has written is believed where qmail has delivered it. */
START_TEST(test_trace)
{
	const struct bounce_delivery delivery = { traces[_i].sender, traces[_i].recipient };
	static const struct head_trust nobody;
	struct bounce_trace t;

	bounce_trace_read(&t, &delivery, &nobody, span_of(traces[_i].top), span_of(traces[_i].original));
	ck_assert_str_eq(t.domain, traces[_i].domain);
	ck_assert_int_eq(t.whose, traces[_i].whose);
	ck_assert(t.has_sender == traces[_i].has_sender && t.own == traces[_i].own);
}
END_TEST

/* Goal: a chain longer than any that qmail lets be, and an address longer than any, end. */
START_TEST(test_trace_without_end)
{
	const struct bounce_delivery delivery = { "", "a@here.example" }, none = { NULL, NULL };
	static const struct head_trust nobody;
	static char text[200000] = "From: ";
	struct bounce_trace t;
	size_t used = 0;

	memset(text + 6, 'x', 2000);
	(void)snprintf(text + 2006, 100, "@c.example\n");
	bounce_trace_read(&t, &none, &nobody, span_of(""), span_of(text));
	ck_assert_int_eq(t.whose, BOUNCE_OF_NOBODY);
	for (int i = 0; i <= BOUNCE_TRACE_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, BY_UID "Delivered-To: a@d%d.example\n", i);
	bounce_trace_read(&t, &delivery, &nobody, span_of(text), span_of(""));
	ck_assert_str_eq(t.domain, "d99.example");
}
END_TEST

/* --- what was counted already --- */

/* Goal: known for a week, also where the clock goes back; in a full bucket the oldest one makes room. */
START_TEST(test_returns)
{
	unsigned char id[DIGEST_SIZE] = { 0x12, 0x34 }, record[RETURNS_SIZE + 1];
	struct returns r = { .count = 0 }, back;

	ck_assert_uint_eq(returns_bucket(id), 0x234);
	for (unsigned char i = 0; i < RETURNS_PLACES; i++) {
		id[DIGEST_SIZE - 3] = i;
		ck_assert(returns_note(&r, id, 1000U + (i + 8U) % RETURNS_PLACES));
	}
	ck_assert(!returns_note(&r, id, 1007));
	ck_assert(!returns_note(&r, id, 900));
	ck_assert(!returns_note(&r, id, 1007 + RETURNS_HOURS));
	ck_assert(returns_note(&r, id, 1008 + RETURNS_HOURS));
	returns_encode(&r, record);
	ck_assert(returns_decode(&back, record, RETURNS_SIZE));
	ck_assert(back.count == RETURNS_PLACES && memcmp(&back, &r, sizeof r) == 0);
	id[DIGEST_SIZE - 3] = 99;
	ck_assert(returns_note(&back, id, 1100));
	ck_assert_uint_eq(back.count, RETURNS_PLACES);
	ck_assert_uint_eq(back.at[8].hour, 1100); /* it was of 1000 */
	ck_assert(!returns_decode(&back, record, RETURNS_SIZE - 1));
	ck_assert(!returns_decode(&back, record, RETURNS_SIZE + 1));
	record[1] = RETURNS_PLACES + 1;
	ck_assert(!returns_decode(&back, record, RETURNS_SIZE));
	record[0] = 2;
	record[1] = 0;
	ck_assert(!returns_decode(&back, record, RETURNS_SIZE));
}
END_TEST

Suite *
suite_bounce(void)
{
	Suite *s = suite_create("bounce");
	TCase *t = tcase_create("bounce");

	tcase_add_loop_test(t, test_real, 0, HARNESS_ROWS(real));
	tcase_add_loop_test(t, test_odd, 0, HARNESS_ROWS(odd));
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_deep);
	tcase_add_loop_test(t, test_identity, 0, HARNESS_ROWS(pairs));
	tcase_add_loop_test(t, test_trace, 0, HARNESS_ROWS(traces));
	tcase_add_test(t, test_trace_without_end);
	tcase_add_test(t, test_returns);
	suite_add_tcase(s, t);
	return s;
}
