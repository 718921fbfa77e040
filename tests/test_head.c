/* test_head - who sends a message, by its first lines: what real programs write, and what liars do */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "suites.h"

#define D "21 Nov 2026 17:37:24 -0000\n"
#define UID "Received: (qmail 16533 invoked by uid 48); " D
#define ALIAS "Received: (qmail 16577 invoked by alias); " D
#define NETWORK "Received: (qmail 16621 invoked from network); " D
#define BOUNCE "Received: (qmail 16665 invoked for bounce); " D
#define SIMSCAN "Received: by simscan 1.4.0 ppid: 19497, pid: 19520, t: 0.3653s\n         scanners:none\n"
#define PLAIN "Received: from unknown (HELO x) (192.0.2.1)\n  by mx.example with SMTP; " D
#define AUTH "Received: from unknown (HELO x) (bob@a.example@192.0.2.1)\n  by mx.example with ESMTPA; " D
#define SMTPD(from, with) "Received: " from "\n  by mx.example with " with D
#define TO "Delivered-To: bob@hosted.example\n"
#define END "\nbody\n"
#define X10 "aaaaaaaaaa"
#define X50 X10 X10 X10 X10 X10
#define X200 X50 X50 X50 X50
#define S(bytes) (bytes), sizeof(bytes) - 1

/* Whom the admin trusts: nobody; qmail-smtpd; filters as well. */
enum { NOTHING, SMTP_AUTH, FILTERS };

static const struct head_trust trusts[] = {
	[SMTP_AUTH] = { .smtp_auth = true },
	[FILTERS] = { true, 4, { "", "simscan", "with qmail-scanner", "a text  that folds" } },
};

static const struct row {
	const char *label;
	int trust;
	const char *bytes;
	size_t n;
	enum head_invoker invoker;
	uint32_t uid;
	const char *forwarder, *auth;
} rows[] = {
	/* Line 1, as written by notqmail's, netqmail's and sagredo's qmail-queue. */
	{ "uid", NOTHING, S(UID END), HEAD_UID, 48, "", "" },
	{ "root", NOTHING, S("Received: (qmail 1 invoked by uid 0); " D END), HEAD_UID, 0, "", "" },
	{ "alias", NOTHING, S(ALIAS END), HEAD_ALIAS, 0, "", "" },
	{ "network", NOTHING, S(NETWORK END), HEAD_NETWORK, 0, "", "" },
	{ "bounce", NOTHING, S(BOUNCE END), HEAD_BOUNCE, 0, "", "" },
	{ "local time", NOTHING,
	    S("Received: (qmail 3998476 invoked from network); 28 Oct 2025 12:41:52 +0100\n" END),
	    HEAD_NETWORK, 0, "", "" },
	{ "largest uid", NOTHING, S("Received: (qmail 1 invoked by uid 4294967295); " D END), HEAD_UID,
	    4294967295u, "", "" },
	{ "too large", NOTHING, S("Received: (qmail 1 invoked by uid 4294967296); " D END), 0, 0, "", "" },
	{ "too large by 2^64", NOTHING, S("Received: (qmail 1 invoked by uid 18446744073709551664); " D END),
	    0, 0, "", "" },
	{ "uid negative", NOTHING, S("Received: (qmail 1 invoked by uid -1); " D END), 0, 0, "", "" },
	{ "uid no number", NOTHING, S("Received: (qmail 1 invoked by uid 4a); " D END), 0, 0, "", "" },
	{ "no uid", NOTHING, S("Received: (qmail 1 invoked by uid ); " D END), 0, 0, "", "" },
	{ "no pid", NOTHING, S("Received: (qmail  invoked by uid 48); " D END), 0, 0, "", "" },
	{ "two blanks", NOTHING, S("Received: (qmail 1 invoked by uid  48); " D END), 0, 0, "", "" },
	{ "other case", NOTHING, S("received: (qmail 1 invoked by uid 48); " D END), 0, 0, "", "" },
	{ "other invoker", NOTHING, S("Received: (qmail 1 invoked by root); " D END), 0, 0, "", "" },
	{ "more of an invoker", NOTHING, S("Received: (qmail 1 invoked by alias2); " D END), 0, 0, "", "" },
	{ "indimail's words in qmail's line", NOTHING,
	    S("Received: (qmail 1 invoked from network 1.2.3.4, by uid 48); " D END), 0, 0, "", "" },
	{ "no date", NOTHING, S("Received: (qmail 1 invoked by uid 48); \n" END), 0, 0, "", "" },
	{ "no semicolon", NOTHING, S("Received: (qmail 1 invoked by uid 48)\n" END), 0, 0, "", "" },
	{ "CR in line 1", NOTHING, S("Received: (qmail 1 invoked by uid 48); today\r\n" END), 0, 0, "", "" },
	{ "8-bit in line 1", NOTHING, S("Received: (qmail 1 invoked by uid 48); \xc3\xa4\n" END), 0, 0, "", "" },
	{ "no newline", NOTHING, S("Received: (qmail 1 invoked by uid 48); today"), 0, 0, "", "" },
	{ "nothing", NOTHING, S(""), 0, 0, "", "" },
	{ "not at offset 0", FILTERS, S("\n" UID TO END), 0, 0, "", "" },
	{ "forged below another line", FILTERS, S("X: y\n" UID TO AUTH END), 0, 0, "", "" },
	{ "forged below the real one", FILTERS, S(NETWORK PLAIN UID TO AUTH END), HEAD_NETWORK, 0, "", "" },
	/* ... and by indimail's. */
	{ "indimail uid", NOTHING,
	    S("Received: indimail-mta queue 37166 by host argos.indimail.org\n (invoked by uid 1000); Fri, " D
	      END), HEAD_UID, 1000, "", "" },
	{ "indimail alias", NOTHING,
	    S("Received: indimail-mta queue 37166 by host argos\n (invoked by alias); " D TO END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "indimail bounce", NOTHING,
	    S("Received: indimail-mta queue 37166 by host argos\n (invoked for bounce); " D TO END),
	    HEAD_BOUNCE, 0, "", "" },
	{ "indimail network, whose uid counts", NOTHING,
	    S("Received: indimail-mta queue 37166 by host argos\n (invoked from network ::1, by uid 1024); " D
	      END), HEAD_UID, 1024, "", "" },
	{ "older indimail network", NOTHING,
	    S("Received: indimail-mta queue 37166 by host argos\n (invoked from network 192.0.2.1); " D END),
	    HEAD_NETWORK, 0, "", "" },
	{ "indimail HIDE_HOST", NOTHING, S("Received: indimail-mta queue 37166(invoked by uid 7); " D END),
	    HEAD_UID, 7, "", "" },
	{ "indimail HIDE_HOST, network", NOTHING,
	    S("Received: indimail-mta queue 37166(invoked from network, by uid 555); " D END), HEAD_UID, 555,
	    "", "" },
	{ "indimail without host", NOTHING,
	    S("Received: indimail-mta queue 3 by host \n (invoked by alias); " D END), 0, 0, "", "" },
	{ "indimail host of two words", NOTHING,
	    S("Received: indimail-mta queue 3 by host a b\n (invoked by alias); " D END), 0, 0, "", "" },
	{ "indimail host with a parenthesis", NOTHING,
	    S("Received: indimail-mta queue 3 by host a(b\n (invoked by alias); " D END), 0, 0, "", "" },
	{ "indimail alias with a uid", NOTHING,
	    S("Received: indimail-mta queue 3 by host a\n (invoked by alias, by uid 3); " D END), 0, 0, "", "" },
	{ "indimail without pid", NOTHING, S("Received: indimail-mta queue (invoked by alias); " D END), 0, 0,
	    "", "" },
	{ "indimail network without address", NOTHING,
	    S("Received: indimail-mta queue 3 by host a\n (invoked from network , by uid 1); " D END), 0, 0,
	    "", "" },
	{ "indimail's other programs", NOTHING,
	    S("Received: indimail-mta smtpd 3 by host a\n (invoked by alias); " D END), 0, 0, "", "" },

	/* Forwarders. */
	{ "forwarded by a user", NOTHING, S(UID TO NETWORK PLAIN END), HEAD_UID, 48, "hosted.example", "" },
	{ "forwarded by alias", NOTHING, S(ALIAS TO NETWORK PLAIN END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "forwarded from an alias", NOTHING, S(ALIAS "Delivered-To: alias-x@hosted.example\n" END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "said by the network", NOTHING, S(NETWORK TO END), HEAD_NETWORK, 0, "", "" },
	{ "said in a bounce", NOTHING, S(BOUNCE TO END), HEAD_BOUNCE, 0, "", "" },
	{ "below a Received:", NOTHING, S(ALIAS PLAIN TO END), HEAD_ALIAS, 0, "", "" },
	{ "below a received :", NOTHING, S(ALIAS "reCEIVED : by x\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "below other fields", NOTHING, S(ALIAS "X: y\nReceived-SPF: pass\nSubject:a\n b\n\tc\n" TO END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "behind what line 1 goes on in", NOTHING, S(ALIAS " Received: x\n" TO END), HEAD_ALIAS, 0,
	    "hosted.example", "" },
	{ "two: the topmost", NOTHING, S(ALIAS "Delivered-To: a@one.example\n" TO END), HEAD_ALIAS, 0,
	    "one.example", "" },
	{ "two: the topmost is nobody's", NOTHING, S(ALIAS "Delivered-To: a\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "any case", NOTHING, S(ALIAS "dELIVERED-tO: Bob@HOSTED.Example.\n" END), HEAD_ALIAS, 0,
	    "hosted.example", "" },
	{ "several @", NOTHING, S(ALIAS "Delivered-To: a@b.example-c@d@hosted.example\n" END), HEAD_ALIAS, 0,
	    "hosted.example", "" },
	{ "blanks and 8-bit in the local part", NOTHING, S(ALIAS "Delivered-To:  \"a \xff\"@hosted.example\n"
	      END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "no @", NOTHING, S(ALIAS "Delivered-To: hosted.example\n" END), HEAD_ALIAS, 0, "", "" },
	{ "mailing list's", NOTHING, S(ALIAS "Delivered-To: mailing list a\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "no domain", NOTHING, S(ALIAS "Delivered-To: bob@\n" END), HEAD_ALIAS, 0, "", "" },
	{ "no value", NOTHING, S(ALIAS "Delivered-To:\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "domain of 253 bytes", NOTHING, S(ALIAS "Delivered-To: b@" X200 X50 "aaa\n" END), HEAD_ALIAS, 0,
	    X200 X50 "aaa", "" },
	{ "domain of 254 bytes", NOTHING, S(ALIAS "Delivered-To: b@" X200 X50 "aaaa\n" TO END), HEAD_ALIAS, 0,
	    "", "" },
	{ "folded", NOTHING, S(ALIAS "Delivered-To: bob@hosted\n .example\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "folded at once", NOTHING, S(ALIAS "Delivered-To: \n bob@hosted.example\n" TO END), HEAD_ALIAS, 0,
	    "", "" },
	{ "with an empty fold", NOTHING, S(ALIAS "Delivered-To: bob@hosted.example\n\t\n" END), HEAD_ALIAS, 0,
	    "", "" },
	{ "with CR", NOTHING, S(ALIAS "Delivered-To: bob@hosted.example\r\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "with CR inside", NOTHING, S(ALIAS "Delivered-To: bo\rb@hosted.example\n" END), HEAD_ALIAS, 0, "",
	    "" },
	{ "with NUL", NOTHING, S(ALIAS "Delivered-To: bob@hosted.example\0\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "blank before the colon", NOTHING, S(ALIAS "Delivered-To : bob@hosted.example\n" TO END),
	    HEAD_ALIAS, 0, "", "" },
	{ "no blank behind it", NOTHING, S(ALIAS "Delivered-To:bob@hosted.example\n" TO END), HEAD_ALIAS, 0,
	    "", "" },
	{ "tab behind it", NOTHING, S(ALIAS "Delivered-To:\tbob@hosted.example\n" END), HEAD_ALIAS, 0, "", "" },
	{ "longer and shorter names", NOTHING,
	    S(ALIAS "Delivered-Tox: a@b.example\nDelivered-T: a@b.example\nXDelivered-To: a@b.example\n" TO
	      END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "in the body", NOTHING, S(ALIAS "X: y\n\n" TO), HEAD_ALIAS, 0, "", "" },
	{ "in the body, CRLF", NOTHING, S(ALIAS "X: y\n\r\n" TO), HEAD_ALIAS, 0, "", "" },
	{ "in the body, no header", NOTHING, S(ALIAS "\n" TO), HEAD_ALIAS, 0, "", "" },
	{ "behind what is no field", NOTHING, S(ALIAS "From bob Sat Nov 21\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind an empty name", NOTHING, S(ALIAS ": x\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind an 8-bit name", NOTHING, S(ALIAS "\xc3\xa4: x\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind a DEL in a name", NOTHING, S(ALIAS "X\x7f: x\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind a blank and a colon", NOTHING, S(ALIAS "X \t: y\n" TO END), HEAD_ALIAS, 0, "hosted.example",
	    "" },
	{ "behind a NUL in a name", NOTHING, S(ALIAS "X\0: x\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind a NUL in a value", NOTHING, S(ALIAS "X: \0\n" TO END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "behind a lone CR", NOTHING, S(ALIAS "\rX: y\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "behind CRLF fields", NOTHING, S(ALIAS "X: y\r\n z\r\n" TO END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "the message ends there", NOTHING, S(ALIAS TO), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "the message ends in it", NOTHING, S(ALIAS "Delivered-To: bob@hosted.example"), HEAD_ALIAS, 0, "",
	    "" },
	{ "the message ends in its fold", NOTHING, S(ALIAS TO " x"), HEAD_ALIAS, 0, "", "" },

	/* Filters. */
	{ "simscan not trusted", SMTP_AUTH, S(ALIAS SIMSCAN TO END), HEAD_ALIAS, 0, "", "" },
	{ "simscan", FILTERS, S(ALIAS SIMSCAN TO END), HEAD_ALIAS, 0, "hosted.example", "" },
	{ "simscan's newer line", FILTERS,
	    S(ALIAS "Received: (simscan 1.4.1 ppid 7 pid 8 t 0.0012s)\n (scanners: none); " D TO END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "simscan twice, and another field", FILTERS, S(ALIAS SIMSCAN "X-RBL:  $rbltext\n" SIMSCAN TO END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "qmail-scanner", FILTERS,
	    S(UID "Received: from 192.168.0.2 by n.example (envelope-from <j@q.example>, uid 201) with "
	      "qmail-scanner-1.25st \n (clamdscan: 0.90.2/3159. \n Clear:RC:1(192.168.0.2):. \n"
	      " Processed in 0.03721 secs); 25 Apr 2007 19:58:06 -0000\n" TO END), HEAD_UID, 48,
	    "hosted.example", "" },
	{ "qmail-scanner, of an authenticated one", FILTERS,
	    S(UID "Received: from 192.0.2.7 (viktor@192.0.2.7) by m23 (envelope-from <v@i.example>, uid 0) with "
	      "qmail-scanner-2.08\n (x)\n" TO END), HEAD_UID, 48, "hosted.example", "" },
	{ "text across a fold", FILTERS, S(ALIAS "Received: a text \n that folds\n" TO END), HEAD_ALIAS, 0,
	    "hosted.example", "" },
	{ "text across a CRLF fold", FILTERS, S(ALIAS "Received: a text \r\n that folds\r\n" TO END),
	    HEAD_ALIAS, 0, "hosted.example", "" },
	{ "text in other case", FILTERS, S(ALIAS "Received: by Simscan\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "text cut", FILTERS, S(ALIAS "Received: by simsca\n" TO END), HEAD_ALIAS, 0, "", "" },
	{ "text in another field", FILTERS, S(ALIAS "X: simscan\nReceived: by x\n" TO END), HEAD_ALIAS, 0, "",
	    "" },
	{ "HELO of the filter's name", FILTERS,
	    S(UID SMTPD("from unknown (HELO simscan) (192.0.2.1)", "SMTP; ") TO AUTH END), HEAD_UID, 48, "",
	    "" },
	{ "host of the filter's name", FILTERS,
	    S(UID SMTPD("from simscan.evil.example (192.0.2.1)", "SMTP; ") TO AUTH END), HEAD_UID, 48, "", "" },
	{ "ident of the filter's name", FILTERS,
	    S(UID SMTPD("from unknown (HELO x) (simscan@192.0.2.1)", "SMTP; ") TO AUTH END), HEAD_UID, 48, "",
	    "" },
	{ "certificate of the filter's name", FILTERS,
	    S(UID SMTPD("from unknown (HELO x) (192.0.2.1)\n  de/crypted with TLSv1.3: A [1/1] DN=simscan",
	      "ESMTPS; ") TO AUTH END), HEAD_UID, 48, "", "" },
	{ "indimail HELO of the filter's name", FILTERS,
	    S(UID "Received: indimail-mta smtpd 3 from b.example (HELO simscan)  by mx with SMTP; " D TO AUTH
	      END), HEAD_UID, 48, "", "" },
	{ "indimail host of the filter's name", FILTERS,
	    S(UID "Received: indimail-mta smtpd 3 from simscan.example  by mx with SMTP; " D TO AUTH END),
	    HEAD_UID, 48, "", "" },
	{ "HELO of the filter's name, server on the same line", FILTERS,
	    S(UID "Received: from h (HELO simscan)  by mx with SMTP; " D TO AUTH END), HEAD_UID, 48, "", "" },
	{ "sagredo HELO of the filter's name", FILTERS,
	    S(UID SMTPD("(HELO simscan) (x)", "SMTP; ") TO AUTH END), HEAD_UID, 48, "", "" },

	/* SMTP AUTH. */
	{ "netqmail with auth", SMTP_AUTH, S(NETWORK AUTH END), HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "not asked for", NOTHING, S(NETWORK AUTH END), HEAD_NETWORK, 0, "", "" },
	{ "of a uid", SMTP_AUTH, S(UID AUTH END), HEAD_UID, 48, "", "bob@a.example" },
	{ "of alias", SMTP_AUTH, S(ALIAS AUTH END), HEAD_ALIAS, 0, "", "" },
	{ "of a bounce", SMTP_AUTH, S(BOUNCE AUTH END), HEAD_BOUNCE, 0, "", "" },
	{ "of nobody", SMTP_AUTH, S("X: y\n" AUTH END), 0, 0, "", "" },
	{ "with a forwarder", SMTP_AUTH, S(UID TO AUTH END), HEAD_UID, 48, "hosted.example", "bob@a.example" },
	{ "with a forwarder that is nobody's", SMTP_AUTH, S(UID "Delivered-To: a\n" TO AUTH END), HEAD_UID, 48,
	    "", "bob@a.example" },
	{ "without a forwarder", SMTP_AUTH, S(NETWORK TO AUTH END), HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "forwarded: not the first hop's", SMTP_AUTH, S(UID TO NETWORK AUTH END), HEAD_UID, 48,
	    "hosted.example", "" },
	{ "of two hops the last", SMTP_AUTH, S(NETWORK PLAIN NETWORK AUTH END), HEAD_NETWORK, 0, "", "" },
	{ "in the body", SMTP_AUTH, S(NETWORK "\n" AUTH), HEAD_NETWORK, 0, "", "" },
	{ "below simscan", FILTERS, S("Received: (qmail 17943 invoked by uid 5089); " D SIMSCAN
	      "X-RBL:  $rbltext\nReceived: from unknown (HELO preid-c7.e.example) (preid@e.example@203.0.113.95)\n"
	      "  by anchovy1.example with ESMTPA; " D END), HEAD_UID, 5089, "", "preid@e.example" },
	{ "without HELO", SMTP_AUTH, S(NETWORK SMTPD("from h.example (bob@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "EHLO", SMTP_AUTH, S(NETWORK SMTPD("from h (EHLO x) (bob@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "address in brackets, TLS", SMTP_AUTH,
	    S(NETWORK SMTPD("from unknown (HELO t.example) (M_G?x@T.example@[37.228.225.79])",
	      "ESMTPSA (AES256-SHA encrypted, authenticated); ") END), HEAD_NETWORK, 0, "", "m_g?x@t.example" },
	{ "IPv6", SMTP_AUTH,
	    S(NETWORK SMTPD("from v (HELO ?172.20.250.87?) (pl@k.example@::ffff:172.20.250.87)",
	      "ESMTPS (DHE-RSA-AES128-SHA encrypted) ESMTPA; ") END), HEAD_NETWORK, 0, "", "pl@k.example" },
	{ "client unknown", SMTP_AUTH, S(NETWORK SMTPD("from unknown (bob@a.example@unknown)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "s/qmail", SMTP_AUTH,
	    S(NETWORK SMTPD("from unknown (HELO localhost) (vkor@v.example@192.0.2.92)\n"
	      "  de/crypted with TLSv1.3: TLS_AES_256_GCM_SHA384 [256/256] DN=none", "ESMTPSA; ") END),
	    HEAD_NETWORK, 0, "", "vkor@v.example" },
	{ "s/qmail, a lying certificate", SMTP_AUTH,
	    S(NETWORK SMTPD("from unknown (HELO localhost) (192.0.2.92)\n  de/crypted with TLSv1.3: A [1/1] "
	      "DN=(victim@v.example@192.0.2.1)  by mx with ESMTPA; x", "ESMTPS; ") END), HEAD_NETWORK, 0, "", "" },
	{ "sagredo", SMTP_AUTH, S(NETWORK SMTPD("(HELO ?192.168.0.3?) (bob@a.example)",
	      "ESMTPSA (TLS_AES_256_GCM_SHA384 encrypted, authenticated); ") END), HEAD_NETWORK, 0, "",
	    "bob@a.example" },
	{ "sagredo, no TLS, no HELO, UTF8", SMTP_AUTH, S(NETWORK SMTPD("(bob)", "UTF8SMTPA; ") END),
	    HEAD_NETWORK, 0, "", "bob" },
	{ "sagredo, second message with UTF8", SMTP_AUTH,
	    S(NETWORK SMTPD("(HELO x) (bob)", "UTF8UTF8SMTPSA (A encrypted, authenticated); ") END),
	    HEAD_NETWORK, 0, "", "bob" },
	{ "sagredo, nobody", SMTP_AUTH, S(NETWORK SMTPD("(HELO x) ()", "ESMTPA; ") END), HEAD_NETWORK, 0, "", "" },
	{ "sagredo, relay by certificate", SMTP_AUTH,
	    S(NETWORK SMTPD("(HELO x) (bob)", "ESMTPS (A encrypted)\n  (cert ESMTPA@x.example); ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "a login that is a number", SMTP_AUTH, S(NETWORK SMTPD("(HELO x) (12345)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "12345" },
	{ "a domain of hexadecimal letters", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x) (bob@dead.be)", "ESMTPA; ") END), HEAD_NETWORK, 0, "",
	    "bob@dead.be" },
	{ "a domain without them", SMTP_AUTH, S(NETWORK SMTPD("(HELO x) (bob@host.org)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "bob@host.org" },
	{ "no address at all", SMTP_AUTH, S(NETWORK SMTPD("from h (HELO x) (192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "indimail smtpd", SMTP_AUTH,
	    S(NETWORK "Received: indimail-mta smtpd 37166 from h.example (HELO argos) (test_01@e.example@::1)\n"
	      "  by argos with UTF8ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384 bits=256); " D END), HEAD_NETWORK, 0,
	    "", "test_01@e.example" },
	{ "indimail smtpd, client without a name", SMTP_AUTH,
	    S(NETWORK "Received: indimail-mta smtpd 37166 (HELO argos) (t@e.example@192.0.2.1)\n"
	      "  by argos with ESMTPSA\n  (tls provider x); " D END), HEAD_NETWORK, 0, "", "t@e.example" },
	{ "indimail smtpd, nobody", SMTP_AUTH,
	    S(NETWORK "Received: indimail-mta smtpd 3 (HELO v@e.example)  by argos with ESMTPA; " D END),
	    HEAD_NETWORK, 0, "", "" },
	{ "a server that hides who", SMTP_AUTH,
	    S(NETWORK "Received: by z.example with UTF8SMTPSA (A encrypted, authenticated); " D AUTH END),
	    HEAD_NETWORK, 0, "", "" },
	{ "encoded by vfemail", FILTERS,
	    S(NETWORK SIMSCAN SMTPD("from unknown (HELO bmww==) (aGdudGt3@MTkyLjE2==)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "agdudgt3@mtkylje2==" },
	{ "ident", SMTP_AUTH, S(NETWORK SMTPD("from h (HELO x) (bob@a.example@192.0.2.1)", "SMTP; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "ident, ESMTP", SMTP_AUTH, S(NETWORK SMTPD("from h (HELO x) (bob@a@192.0.2.1)", "ESMTP; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "ident, ESMTPS", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x) (bob@a@192.0.2.1)", "ESMTPS (A encrypted); ") END), HEAD_NETWORK, 0,
	    "", "" },
	{ "netqmail TLS", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x) (bob@a@192.0.2.1)", "AES256-SHA encrypted SMTP; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "QMTP", SMTP_AUTH, S(NETWORK SMTPD("from h (bob@a@192.0.2.1)", "QMTP; ") AUTH END), HEAD_NETWORK, 0, "",
	    "" },
	{ "more than ESMTPA", SMTP_AUTH, S(NETWORK SMTPD("from h (bob@a@192.0.2.1)", "ESMTPAX; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "HELO that tries", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x? ?victim@v.example@1.2.3.4??by?mx?with?ESMTPA?) (192.0.2.1)", "SMTP; ")
	      END), HEAD_NETWORK, 0, "", "" },
	{ "HELO that tries, with auth", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x? ?victim@v.example@1.2.3.4?) (bob@a.example@192.0.2.1)", "ESMTPA; ")
	      END), HEAD_NETWORK, 0, "", "bob@a.example" },
	{ "HELO of another server, unescaped", SMTP_AUTH,
	    S(NETWORK SMTPD("from h (HELO x) (victim@v.example@1.2.3.4) (192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "group in a group", SMTP_AUTH, S(NETWORK SMTPD("from h (HELO (victim@v@1.2.3.4)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "blank in a name", SMTP_AUTH, S(NETWORK SMTPD("from h (bob b@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "8-bit in a name", SMTP_AUTH, S(NETWORK SMTPD("from h (b\xc3\xb6@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "DEL in a name", SMTP_AUTH, S(NETWORK SMTPD("from h (b\x7f@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "NUL in a name", SMTP_AUTH, S(NETWORK SMTPD("from h (bob\0b@a.example@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "empty name", SMTP_AUTH, S(NETWORK SMTPD("from h (@192.0.2.1)", "ESMTPA; ") END), HEAD_NETWORK, 0, "",
	    "" },
	{ "name of 200 bytes", SMTP_AUTH, S(NETWORK SMTPD("from h (" X200 "@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", X200 },
	{ "name of 201 bytes", SMTP_AUTH, S(NETWORK SMTPD("from h (" X200 "a@192.0.2.1)", "ESMTPA; ") END),
	    HEAD_NETWORK, 0, "", "" },
	{ "CRLF", SMTP_AUTH, S(NETWORK "Received: from h (bob@a@192.0.2.1)\r\n  by mx with ESMTPA; " D END),
	    HEAD_NETWORK, 0, "", "" },
	{ "one line", SMTP_AUTH, S(NETWORK "Received: from h (bob@a@192.0.2.1) by mx with ESMTPA; " D END),
	    HEAD_NETWORK, 0, "", "" },
	{ "folded elsewhere", SMTP_AUTH,
	    S(NETWORK "Received: from h\n (bob@a.example@192.0.2.1)\n  by mx with ESMTPA; " D END), HEAD_NETWORK,
	    0, "", "" },
	{ "no host", SMTP_AUTH, S(NETWORK SMTPD("by z (bob@a.example@192.0.2.1)", "ESMTPA; ") END), HEAD_NETWORK,
	    0, "", "" },
	{ "no server", SMTP_AUTH, S(NETWORK "Received: from h (bob@a@192.0.2.1)\n  by  with ESMTPA; " D END),
	    HEAD_NETWORK, 0, "", "" },
	{ "Postfix", SMTP_AUTH,
	    S(NETWORK "Received: from x (h [192.0.2.1])\n\tby mx (Postfix) with ESMTPA; " D END), HEAD_NETWORK, 0,
	    "", "" },
};

/* What is read ends where its memory ends, so that a sanitizer sees any byte too many. */
static bool
read_exactly(struct head *head, const struct head_trust *trust, const char *bytes, size_t n)
{
	char *copy = malloc(n + 1);
	bool settled;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy + 1, bytes, n);
	memset(head, 0xff, sizeof *head);
	settled = head_read(head, trust, copy + 1, n);
	free(copy);
	return settled;
}

static void
assert_head(const char *label, const struct head *head, const struct row *row)
{
	ck_assert_msg(head->invoker == row->invoker && head->uid == row->uid, "%s: %d, uid %u", label,
	    (int)head->invoker, head->uid);
	ck_assert_msg(strcmp(head->forwarder, row->forwarder) == 0, "%s: %s", label, head->forwarder);
	ck_assert_msg(strcmp(head->auth, row->auth) == 0, "%s: auth %s", label, head->auth);
}

/* Goal: each row; and what is called settled by a part of it is the answer of the whole. */
START_TEST(test_rows)
{
	const struct row *row = &rows[_i];
	struct head head;
	bool settled = read_exactly(&head, &trusts[row->trust], row->bytes, row->n);
	bool body = row->n >= 2 && memcmp(row->bytes + row->n - 2, "y\n", 2) == 0;

	assert_head(row->label, &head, row);
	ck_assert_msg(settled || !body, "%s: not settled by its whole header", row->label);
	for (size_t cut = 0; cut < row->n; cut++)
		if (read_exactly(&head, &trusts[row->trust], row->bytes, cut))
			assert_head(row->label, &head, row);
}
END_TEST

/* Goal: no more is asked for than is needed: these are settled by `n` bytes, and not by one less. */
static const struct {
	const char *label;
	int trust;
	const char *bytes;
	size_t n;
} settled_by[] = {
	{ "network: line 1", NOTHING, S(NETWORK) },
	{ "bounce: line 1", FILTERS, S(BOUNCE) },
	{ "no line 1: the first wrong byte", FILTERS, S("Received: (qmail 1 invoked by us") },
	{ "not even one right byte", FILTERS, S("X") },
	{ "indimail: the first wrong byte", FILTERS, S("Received: indimail-mta queue 3 by host a\n [") },
	{ "alias: the empty line", FILTERS, S(ALIAS "\n") },
	{ "alias: the line behind Delivered-To:", FILTERS, S(ALIAS TO "X") },
	{ "alias: the line behind a Received:", FILTERS, S(ALIAS "Received: x\n  y\nX") },
	{ "alias: the end of a line that is no field", FILTERS, S(ALIAS "X: y\nno field\n") },
	{ "uid: both", SMTP_AUTH, S(UID TO AUTH "X") },
	{ "network: auth", SMTP_AUTH, S(NETWORK AUTH "X") },
	{ "network: no header", SMTP_AUTH, S(NETWORK "\n") },
};

START_TEST(test_settled)
{
	const struct head_trust *trust = &trusts[settled_by[_i].trust];
	struct head head;

	ck_assert_msg(read_exactly(&head, trust, settled_by[_i].bytes, settled_by[_i].n), "%s: asks for more",
	    settled_by[_i].label);
	ck_assert_msg(!read_exactly(&head, trust, settled_by[_i].bytes, settled_by[_i].n - 1), "%s: too early",
	    settled_by[_i].label);
}
END_TEST

/* Goal: a NUL never ends what is read early: it spoils what it stands in, and what then cannot be told. */
START_TEST(test_nul)
{
	static const char bytes[] = UID TO AUTH END;
	const size_t line_1 = sizeof UID - 1, value = line_1 + sizeof "Delivered-To:" - 1;
	const size_t to = line_1 + sizeof TO - 1, date = to + sizeof AUTH - sizeof D - 1;
	struct head head;
	char copy[sizeof bytes];

	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		memcpy(copy, bytes, sizeof copy);
		copy[i] = '\0';
		ck_assert(read_exactly(&head, &trusts[SMTP_AUTH], copy, sizeof copy - 1));
		ck_assert_msg((head.invoker == HEAD_UID) == (i >= line_1), "%zu", i);
		ck_assert_msg((head.forwarder[0] != '\0') == (i >= to), "%zu", i);
		ck_assert_msg((head.auth[0] != '\0') == (i >= date || (i >= value && i < to - 1)), "%zu", i);
	}
}
END_TEST

/* `line_1`, then one long field or line, so that `tail` begins at offset `at`; then body up to `size`. */
static char *
long_message(const char *line_1, const char *field, size_t at, const char *tail, size_t size)
{
	size_t used = strlen(line_1);
	char *bytes = malloc(size);

	ck_assert(bytes != NULL && at + strlen(tail) <= size);
	memset(bytes, 'x', size);
	memcpy(bytes, line_1, used);
	memcpy(bytes + used, field, strlen(field));
	bytes[at - 1] = '\n';
	memcpy(bytes + at, tail, strlen(tail));
	return bytes;
}

static const struct {
	const char *label, *line_1, *field;
	size_t at;
	const char *tail;
	size_t n;
	bool settled;
	const char *forwarder;
} longs[] = {
	{ "behind the first 4096", ALIAS, "X: ", 5000, TO END, 4096, false, "" },
	{ "within 64 KB", ALIAS, "X: ", 5000, TO END, 8192, true, "hosted.example" },
	{ "the last that counts", ALIAS, "X: ", HEAD_MAX - sizeof TO + 1, TO "X: y\n", HEAD_MAX, true,
	    "hosted.example" },
	{ "one byte too far", ALIAS, "X: ", HEAD_MAX - sizeof TO + 2, TO "X: y\n", HEAD_MAX, true, "" },
	{ "behind 65536", ALIAS, "X: ", HEAD_MAX, TO END, HEAD_MAX, true, "" },
	{ "given more than is looked at", ALIAS, "X: ", HEAD_MAX, TO END, 2 * HEAD_MAX, true, "" },
	{ "one byte less than 64 KB", ALIAS, "X: ", HEAD_MAX, TO END, HEAD_MAX - 1, false, "" },
	{ "one line of 64 KB", ALIAS, "", HEAD_MAX + 10, "", HEAD_MAX, true, "" },
	{ "one Received: of 64 KB", ALIAS, "Received: ", HEAD_MAX + 10, "", HEAD_MAX, true, "" },
	{ "a message of 100 MB", ALIAS, TO "\n", 5000, "", 100 << 20, true, "hosted.example" },
};

/* Goal: long lines, and large messages of which only the beginning counts. */
START_TEST(test_long)
{
	size_t n = longs[_i].n, size = n > 3 * HEAD_MAX ? n : 3 * HEAD_MAX;
	char *bytes = long_message(longs[_i].line_1, longs[_i].field, longs[_i].at, longs[_i].tail, size);
	struct head head;

	ck_assert_msg(head_read(&head, &trusts[NOTHING], bytes, n) == longs[_i].settled, "%s", longs[_i].label);
	ck_assert_msg(strcmp(head.forwarder, longs[_i].forwarder) == 0, "%s: %s", longs[_i].label,
	    head.forwarder);
	ck_assert(head.invoker == HEAD_ALIAS);
	free(bytes);
}
END_TEST

/* Goal: a line 1 without an end is none, nor are 64 KB of any one byte; 64 KB of fields are gone through. */
START_TEST(test_hostile)
{
	char *bytes = malloc(HEAD_MAX);
	struct head head;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', HEAD_MAX);
	memcpy(bytes, UID, sizeof UID - 2);
	ck_assert(!head_read(&head, &trusts[FILTERS], bytes, HEAD_MAX - 1));
	ck_assert(head_read(&head, &trusts[FILTERS], bytes, HEAD_MAX) && head.invoker == HEAD_NOBODY);
	memcpy(bytes, UID, sizeof UID - 1);
	for (size_t i = sizeof UID - 1; i + 22 < HEAD_MAX; i += 20)
		memcpy(bytes + i, "Received: by simscan\n", 21);
	ck_assert(head_read(&head, &trusts[FILTERS], bytes, HEAD_MAX) && head.uid == 48);
	for (int byte = 0; byte < 256; byte++) {
		memset(bytes, byte, HEAD_MAX);
		(void)head_read(&head, &trusts[FILTERS], bytes, HEAD_MAX);
		ck_assert(head.invoker == HEAD_NOBODY);
		memcpy(bytes, UID, sizeof UID - 1);
		ck_assert(head_read(&head, &trusts[FILTERS], bytes, HEAD_MAX));
		ck_assert(head.uid == 48 && head.forwarder[0] == '\0' && head.auth[0] == '\0');
	}
	free(bytes);
}
END_TEST

Suite *
suite_head(void)
{
	Suite *s = suite_create("head");
	TCase *t = tcase_create("head");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_rows, 0, sizeof rows / sizeof rows[0]);
	tcase_add_loop_test(t, test_settled, 0, sizeof settled_by / sizeof settled_by[0]);
	tcase_add_test(t, test_nul);
	tcase_add_loop_test(t, test_long, 0, sizeof longs / sizeof longs[0]);
	tcase_add_test(t, test_hostile);
	suite_add_tcase(s, t);
	return s;
}
