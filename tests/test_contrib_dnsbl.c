/* test_contrib_dnsbl - contrib/dnsbl: when it says "listed", when "could not be checked", and what it asks */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness_contrib.h"
#include "harness_faults.h"
#include "suites.h"

#define SCRIPT "dnsbl/qlimit-dnsbl"
#define SIX "0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

/*
 * In the place of DNS, of which nobody is asked: the file zone, NAME ANSWER..., where "*" is every name, "once"
 * an answer that is given once, "hang" none for a while, and "crash" a program that ended otherwise. Everything
 * asked is in the file asked.
 */
static const char getent[] =
    "[ \"$1\" = ahostsv4 ] || exit 1\n"
    "asked=$(grep -cxF -e \"$2\" \"$PLACE/asked\" 2>/dev/null)\n"
    "echo \"$2\" >>\"$PLACE/asked\"\n"
    "while read -r name answers; do\n"
    "	[ \"$name\" = \"$2\" ] || [ \"$name\" = '*' ] || continue\n"
    "	for a in $answers; do case $a in\n"
    "		once) [ \"$asked\" = 0 ] || exit 2 ;;\n"
    "		hang) exec sleep 20 ;;\n"
    "		crash) exit 3 ;;\n"
    "		*) printf '%-15s STREAM %s\\n%-15s DGRAM\\n' \"$a\" \"$2\" \"$a\" ;;\n"
    "	esac; done\n"
    "	exit 0\n"
    "done <\"$PLACE/zone\"\n"
    "exit 2\n";

static void
start(void)
{
	harness_contrib_start();
	harness_contrib_program("getent", getent);
	harness_contrib_program("host", "printf '%s descriptive text \"see \\033[2J\\n%s $(id)\"\\n' \"$3\" \"$3\"\n");
	harness_contrib_write("conf", "# one for each\nlist four.example 4 https://l.example/?ip=ADDRESS&x=1\n");
	harness_contrib_write("six", "list six.example 6 https://six.example/\n");
	harness_contrib_write("both", "list four.example 4 p4\n\nlist both.example 46 p46\n");
}

static struct harness_output
run(int shell, const char *conf, const char *option, const char *address)
{
	return harness_contrib(shell, SCRIPT, "-c", harness_path(conf), option, "-a", address);
}

/* --- what it makes of answers --- */

static const struct {
	const char *label, *zone;
	int status;
	const char *out;
} cases[] = {
	{ "not listed", "2.0.0.127.four.example. 127.0.0.2\n", 0, "" },
	{ "listed", "2.0.0.127.four.example. 127.0.0.2\n4.3.2.1.four.example. 127.0.0.4 127.0.0.11\n", 1,
	    "1.2.3.4 is listed by four.example (127.0.0.4 127.0.0.11): https://l.example/?ip=1.2.3.4&x=1\n"
	    "    \"see [2J\n" },
	{ "dead", "\n", 2,
	    "four.example: could not be checked: its test point 2.0.0.127.four.example has no answer\n" },
	{ "dead, of the address alone", "4.3.2.1.four.example. 127.0.0.2\n", 2,
	    "four.example: could not be checked: its test point 2.0.0.127.four.example has no answer\n" },
	{ "refused at the test point",
	    "2.0.0.127.four.example. 127.255.255.254\n4.3.2.1.four.example. 127.0.0.2\n", 2,
	    "four.example: could not be checked: it answers 127.255.255.254: it does not serve this "
	    "resolver, as with public ones\n" },
	{ "refused everything", "* 127.255.255.252\n", 2,
	    "four.example: could not be checked: it answers 127.255.255.252: it does not serve this "
	    "resolver, as with public ones\n" },
	{ "refused, at the address",
	    "2.0.0.127.four.example. 127.0.0.2\n4.3.2.1.four.example. 127.0.0.2 127.255.255.255\n",
	    2,
	    "four.example: could not be checked: it answers 127.0.0.2 127.255.255.255: it does not serve "
	    "this resolver, as with public ones\n" },
	{ "refused, as URIBL does", "2.0.0.127.four.example. 127.0.0.2\n4.3.2.1.four.example. 127.0.0.1\n", 2,
	    "four.example: could not be checked: it answers 127.0.0.1: it does not serve this "
	    "resolver, as with public ones\n" },
	{ "lists everything", "* 127.0.0.2\n", 2,
	    "four.example: could not be checked: its test point 1.0.0.127.four.example is listed: it lists everything\n" },
	{ "a resolver that rewrites", "* 198.51.100.7\n", 2,
	    "four.example: could not be checked: 2.0.0.127.four.example is 198.51.100.7: the resolver rewrites "
	    "answers, or the list is gone\n" },
	{ "rewrites what is not there", "2.0.0.127.four.example. 127.0.0.2\n* 198.51.100.7\n", 2,
	    "four.example: could not be checked: 1.0.0.127.four.example is 198.51.100.7: the resolver rewrites "
	    "answers, or the list is gone\n" },
	{ "rewrites one", "2.0.0.127.four.example. 127.0.0.2\n4.3.2.1.four.example. 198.51.100.7\n", 2,
	    "four.example: could not be checked: 4.3.2.1.four.example is 198.51.100.7: the resolver rewrites "
	    "answers, or the list is gone\n" },
	{ "ends while it is asked", "2.0.0.127.four.example. 127.0.0.2 once\n", 2,
	    "four.example: could not be checked: its test point 2.0.0.127.four.example has no answer\n" },
	{ "getent broken", "* crash\n", 2,
	    "four.example: could not be checked: no answer in 5 seconds, or in 120 to everything\n" },
};

START_TEST(test_answers)
{
	for (int i = 0; i < HARNESS_ROWS(cases); i++) {
		struct harness_output o;

		(void)unlink(harness_path("asked"));
		harness_contrib_write("zone", cases[i].zone);
		o = run(_i, "conf", "-a1.2.3.4", "1.2.3.4");
		ck_assert_msg(o.status == cases[i].status && strcmp(o.out, cases[i].out) == 0 && o.err[0] == '\0',
		    "%s: %d\n%s%s", cases[i].label, o.status, o.out, o.err);
	}
}
END_TEST

/* Goal: what is listed is the exit status, whatever could not be checked; and -v says all. */
START_TEST(test_several)
{
	struct harness_output o;

	harness_contrib_write("zone",
	    "2.0.0.127.both.example. 127.0.0.2\n2." SIX "both.example. 127.0.0.2\n"
	    "8.8.8.8.both.example. 127.0.0.3\n");
	o = harness_contrib(_i, SCRIPT, "-v", "-c", harness_path("both"), "-a", "8.8.8.8", "-a", "2A00::1/64", "-a",
	    "9.9.9.9");
	ck_assert_int_eq(o.status, 1);
	ck_assert_str_eq(o.out,
	    "four.example: could not be checked: its test point 2.0.0.127.four.example has no answer\n"
	    "8.8.8.8 is listed by both.example (127.0.0.3): p46\n"
	    "    \"see [2J\n"
	    "9.9.9.9 is not listed by both.example\n"
	    "2a00::1 is not listed by both.example\n");
	harness_contrib_write("zone", "2.0.0.127.four.example. 127.0.0.2\n* 127.255.255.254\n");
	(void)unlink(harness_path("asked"));
	ck_assert_int_eq(run(_i, "both", "-v", "8.8.8.8").status, 2);
}
END_TEST

/* --- what it asks --- */

START_TEST(test_names_for_ipv4)
{
	harness_contrib_write("zone", "2.0.0.127.four.example. 127.0.0.2\n");
	ck_assert_int_eq(run(_i, "conf", "-a192.0.2.99", "2a00::1").status, 0);
	ck_assert_str_eq(harness_contrib_read("asked"),
	    "2.0.0.127.four.example.\n1.0.0.127.four.example.\n99.2.0.192.four.example.\n2.0.0.127.four.example.\n");
}
END_TEST

/* Goal: RFC 5782, 2.4 and 5: digit by digit, with the test points of IPv6. */
START_TEST(test_names_for_ipv6)
{
	harness_contrib_write("zone", "2." SIX "six.example. 127.0.0.2\n");
	ck_assert_int_eq(run(_i, "six", "-a1.2.3.4", "2001:db8:1:2:3:4:567:89ab").status, 0);
	ck_assert_str_eq(harness_contrib_read("asked"),
	    "2." SIX "six.example.\n1." SIX "six.example.\n"
	    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.six.example.\n"
	    "2." SIX "six.example.\n");
}
END_TEST

/* --- whose addresses --- */

/* Goal: those that the world can see, each once. */
START_TEST(test_own_addresses)
{
	harness_contrib_write("zone", "2.0.0.127.both.example. 127.0.0.2\n2." SIX "both.example. 127.0.0.2\n");
	harness_contrib_write("one", "list both.example 46 p\n");
	harness_contrib_program("ip",
	    "for a in 127.0.0.1/8 10.1.2.3/8 100.64.1.1/10 169.254.1.1/16 172.16.0.1/12 172.31.255.1/12 "
	    "192.168.1.1/24 192.0.2.1/24 198.18.0.1/15 198.51.100.1/24 203.0.113.1/24 224.0.0.1/4 5.6.7.8/24 "
	    "5.6.7.8/32 172.32.0.1/12\n"
	    "do echo \"2: eth0    inet $a brd 1.1.1.1 scope global eth0\\\\ valid_lft forever\"; done\n"
	    "for a in ::1/128 fe80::1/64 fd00::1/64 2001:db8::1/64 ff02::1/8 2a02:1::2/64\n"
	    "do echo \"2: eth0    inet6 $a scope global\"; done\n"
	    "echo '3: eth1    link/ether 5.6.7.9'\n");
	ck_assert_str_eq(harness_contrib(_i, SCRIPT, "-v", "-c", harness_path("one")).out,
	    "5.6.7.8 is not listed by both.example\n"
	    "172.32.0.1 is not listed by both.example\n"
	    "2a02:1::2 is not listed by both.example\n");
	harness_contrib_program("ip", "exit 127\n");
	harness_contrib_program("hostname", "[ \"$1\" = -I ] && echo '10.0.0.1 5.6.7.9 fd00::1 '\n");
	ck_assert_str_eq(harness_contrib(_i, SCRIPT, "-v", "-c", harness_path("one")).out,
	    "5.6.7.9 is not listed by both.example\n");
	harness_contrib_write("one", "list both.example 46 p\naddress 192.0.2.1\n");
	ck_assert_str_eq(harness_contrib(_i, SCRIPT, "-v", "-c", harness_path("one")).out,
	    "192.0.2.1 is not listed by both.example\n");
}
END_TEST

static const struct {
	const char *label, *conf, *address, *err;
} refused[] = {
	{ "a name", "list a.example 4 p\n", "$(id).example", "no address: $(id).example" },
	{ "an option", "list a.example 4 p\n", "-v", "no address: -v" },
	{ "a number too large", "list a.example 4 p\n", "1.2.3.256", "no address: 1.2.3.256" },
	{ "octal", "list a.example 4 p\n", "1.2.3.010", "no address: 1.2.3.010" },
	{ "three numbers", "list a.example 4 p\n", "1.2.3", "no address: 1.2.3" },
	{ "too few groups", "list a.example 4 p\n", "1:2:3", "no address: 1:2:3" },
	{ "too many groups", "list a.example 4 p\n", "1:2:3:4:5:6:7:8:9", "no address: 1:2:3" },
	{ "two gaps", "list a.example 4 p\n", "1::2::3", "no address: 1::2::3" },
	{ "a group too long", "list a.example 4 p\n", "12345::", "no address: 12345::" },
	{ "no list", "# none\n", "1.2.3.4", "names no list" },
	{ "an unknown word", "lists a.example 4 p\n", "1.2.3.4", "conf:1: must be: list NAME 4|6|46 PAGE" },
	{ "a hostile list", "list a.example 4 p\nlist -$(id) 4 p\n", "1.2.3.4", "conf:2: must be: list" },
	{ "an unknown family", "list a.example 5 p\n", "1.2.3.4", "conf:1: must be: list" },
	{ "a bad address in the file", "list a.example 4 p\naddress 1.2\n", "1.2.3.4", "no address: 1.2" },
};

/* Goal: a mistake is never "not listed": before anything is asked. */
START_TEST(test_refused)
{
	struct harness_output o;

	harness_contrib_write("zone", "");
	for (int i = 0; i < HARNESS_ROWS(refused); i++) {
		harness_contrib_write("conf", refused[i].conf);
		o = run(_i, "conf", "-v", refused[i].address);
		ck_assert_msg(o.status == 2 && strstr(o.err, refused[i].err) != NULL, "%s: %d %s%s", refused[i].label,
		    o.status, o.out, o.err);
	}
	ck_assert_str_eq(harness_contrib_read("asked"), "");
	harness_contrib_program("ip", "echo '2: eth0    inet 10.0.0.1/8 scope global'\n");
	o = harness_contrib(_i, SCRIPT, "-c", harness_path("both"));
	ck_assert(o.status == 2 && strstr(o.err, "no public address found") != NULL);
	ck_assert_int_eq(harness_contrib(_i, SCRIPT, "-c", harness_path("none")).status, 2);
	ck_assert_int_eq(harness_contrib(_i, SCRIPT, "-x").status, 2);
	ck_assert_int_eq(harness_contrib(_i, SCRIPT, "1.2.3.4").status, 2);
	ck_assert_int_eq(harness_contrib(_i, SCRIPT, "-t", "1s").status, 2);
	ck_assert_ptr_nonnull(strstr(harness_contrib(_i, SCRIPT, "-t", "").err, "usage: "));
	ck_assert_ptr_nonnull(strstr(harness_contrib(_i, SCRIPT, "-T", "").err, "usage: "));
}
END_TEST

/* --- time --- */

/* Goal: a resolver that does not answer costs a second here, and all of them no more than two. */
START_TEST(test_time)
{
	int64_t before = harness_milliseconds();
	struct harness_output o;

	harness_contrib_write("zone", "* hang\n");
	o = harness_contrib(_i, SCRIPT, "-t", "1", "-T", "2", "-c", harness_path("both"), "-a", "1.2.3.4", "-a",
	    "2a00::1");
	ck_assert_int_eq(o.status, 2);
	ck_assert_str_eq(o.out,
	    "four.example: could not be checked: no answer in 1 seconds, or in 2 to everything\n"
	    "both.example: could not be checked: no answer in 1 seconds, or in 2 to everything\n"
	    "both.example: could not be checked: no answer in 1 seconds, or in 2 to everything\n");
	ck_assert_int_lt(harness_milliseconds() - before, 15000);
}
END_TEST

/* --- as shipped --- */

/* Goal: its own configuration, beside it, is understood, and the lists in it are asked. */
START_TEST(test_shipped)
{
	struct harness_output o;

	if (access("/etc/qlimit-dnsbl.conf", F_OK) == 0) {
		harness_skip("the configuration of contrib/dnsbl", "/etc/qlimit-dnsbl.conf comes before it");
		return;
	}
	harness_contrib_write("zone", "");
	o = harness_contrib(_i, SCRIPT, "-a", "1.2.3.4");
	ck_assert_int_eq(o.status, 2);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(harness_contrib_read("asked"),
	    "2.0.0.127.zen.spamhaus.org.\n2.0.0.127.bl.spamcop.net.\n2.0.0.127.psbl.surriel.com.\n"
	    "2.0.0.127.dnsbl-1.uceprotect.net.\n2.0.0.127.bl.mailspike.net.\n");
}
END_TEST

Suite *
suite_contrib_dnsbl(void)
{
	Suite *s = suite_create("contrib_dnsbl");
	TCase *t = tcase_create("contrib");
	int shells = harness_contrib_shells();

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, start, harness_end);
	tcase_add_loop_test(t, test_answers, 0, shells);
	tcase_add_loop_test(t, test_several, 0, shells);
	tcase_add_loop_test(t, test_names_for_ipv4, 0, shells);
	tcase_add_loop_test(t, test_names_for_ipv6, 0, shells);
	tcase_add_loop_test(t, test_own_addresses, 0, shells);
	tcase_add_loop_test(t, test_refused, 0, shells);
	tcase_add_loop_test(t, test_time, 0, 1);
	tcase_add_loop_test(t, test_shipped, 0, shells);
	suite_add_tcase(s, t);
	return s;
}
