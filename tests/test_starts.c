/* test_starts - however qmail was started, and whatever it was started with, the mail goes on */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- limits and descriptors --- */

static const struct {
	const char *label, *shell;
} starts[] = {
#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more than anybody would allow */
	{ "O2 address space", "ulimit -S -v 3000; exec " },
#endif
	{ "O2 file size 0", "unset FAKE_REMOTE_LOG; ulimit -S -f 0; exec " },
	{ "O2 file size 8 KiB", "unset FAKE_REMOTE_LOG; ulimit -S -f 16; exec " },
	{ "O2 four descriptors", "ulimit -S -n 4; exec " },
	{ "O2 fd 0 closed", "exec <&-; exec " },
	{ "O2 fd 2 closed", "exec 2>&-; exec " },
	{ "O2 fds 0 and 2 closed", "exec <&- 2>&-; exec " },
	{ "O5 no syslog", "QLIMIT_SYSLOG=/nonexistent; export QLIMIT_SYSLOG; exec " },
	{ "O1 no environment to speak of", "unset PATH HOME; exec " },
};

/* Goal: however qmail was started, the remote is run once, and its word is what qmail hears. */
START_TEST(test_odd_starts)
{
	char command[600];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/sh", .argv = words };
	struct harness_delivery d;

	harness_rules("");
	(void)snprintf(command, sizeof command, "%s%s x a@example.com accept@x", starts[_i].shell,
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.letter == 'K' && d.wait_status == 0, "%s: %c %x %s", starts[_i].label,
	    d.letter, (unsigned)d.wait_status, d.bytes);
}
END_TEST

/* Goal: a syslogd that does not read any more costs a line, not the delivery. */
START_TEST(test_syslog_is_full)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int reader = socket(AF_UNIX, SOCK_DGRAM, 0), writer = socket(AF_UNIX, SOCK_DGRAM, 0);
	int64_t start;

	harness_rules("deadline_ms = 1000; default = { max_per_hour = 1; };");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", harness_path("full"));
	ck_assert_int_eq(bind(reader, (struct sockaddr *)&address, sizeof address), 0);
	while (sendto(writer, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address) == 1)
		continue;
	(void)setenv("QLIMIT_SYSLOG", address.sun_path, 1);
	start = harness_milliseconds();
	harness_expect_delivered("first");
	ck_assert_int_eq(harness_send().letter, 'Z');
	ck_assert_int_lt(harness_milliseconds() - start, 900);
}
END_TEST

/* The wrapper beside a `qlimit` of one's own: a script. */
static struct harness_delivery
deliver_beside(const char *script)
{
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "accept@x" };
	char command[700];

	harness_write(harness_path("qlimit"), script, strlen(script));
	ck_assert_int_eq(chmod(harness_path("qlimit"), 0755), 0);
	(void)snprintf(command, sizeof command, "cp %s %s", harness_program("qlimit-remote"),
	    harness_path("qlimit-remote"));
	ck_assert_int_eq(system(command), 0);
	attempt.program = harness_path("qlimit-remote");
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

static const char *const helpers[] = {
	"#!/bin/sh\nexec sleep 6\n",
	"#!/bin/sh\nkill -SEGV $$\n",
	"#!/nonexistent/interpreter\n",
	"#!/bin/sh\necho output; echo more >&2; ls -l /proc/self/fd >&2\n",
};

/* Goal: a qlimit(8) that hangs, crashes, cannot run or talks holds no descriptor of qmail's and no mail. */
START_TEST(test_broken_helper)
{
	struct harness_delivery d;
	int64_t start = harness_milliseconds();

	d = deliver_beside(helpers[_i]);
	ck_assert(d.letter == 'K' && d.wait_status == 0);
	ck_assert_uint_eq(harness_calls(), 1);
	ck_assert_int_lt(harness_milliseconds() - start, 5000);
}
END_TEST

/* Goal: an essentials file that is not understood is not half believed, and is named. */
START_TEST(test_bad_essentials)
{
	static const char *const bad[] = { "garbage", "qlimit essentials 1\non_error=perhaps\n",
		"qlimit essentials 1\ndeadline_ms=1\n", "qlimit essentials 1\nremote=relative\n",
		"qlimit essentials 1\non_error=defer", "" };

	harness_rules("on_error = \"defer\";");
	harness_write(harness_state("essentials"), bad[_i], strlen(bad[_i]));
	harness_expect_delivered(bad[_i]);
	ck_assert_uint_eq(harness_log_lines("the file essentials is not used"), 1);
}
END_TEST

Suite *
suite_starts(void)
{
	Suite *s = suite_create("starts");
	TCase *t = tcase_create("starts");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_odd_starts, 0, HARNESS_ROWS(starts));
	tcase_add_test(t, test_syslog_is_full);
	tcase_add_loop_test(t, test_broken_helper, 0, HARNESS_ROWS(helpers));
	tcase_add_loop_test(t, test_bad_essentials, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
