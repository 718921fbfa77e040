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
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

/* --- limits and descriptors --- */

static const struct {
	const char *label, *shell;
} starts[] = {
#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more than anybody would allow */
	{ "O2 address space 3000 KiB", "ulimit -S -v 3000; exec " },
	{ "O2 address space 4000 KiB", "ulimit -S -v 4000; exec " },
	{ "O2 address space 6000 KiB", "ulimit -S -v 6000; exec " },
	{ "O2 address space 10000 KiB", "ulimit -S -v 10000; exec " },
	{ "O2 a small stack", "ulimit -S -s 64; exec " },
#endif
	{ "O2 file size 0", "unset FAKE_REMOTE_LOG; ulimit -S -f 0; exec " },
	{ "O2 file size 8 KiB", "unset FAKE_REMOTE_LOG; ulimit -S -f 16; exec " },
	{ "O2 file size 64 KiB", "unset FAKE_REMOTE_LOG; ulimit -S -f 128; exec " },
	{ "O2 four descriptors", "ulimit -S -n 4; exec " },
	{ "O2 five descriptors", "ulimit -S -n 5; exec " },
	{ "O2 six descriptors", "ulimit -S -n 6; exec " },
	{ "O2 seven descriptors", "ulimit -S -n 7; exec " },
	{ "O2 eight descriptors", "ulimit -S -n 8; exec " },
	{ "O2 a second of CPU time", "ulimit -S -t 1; exec " },
	{ "O2 no core file, no locked memory", "ulimit -c 0; ulimit -l 0; exec " },
	{ "O2 fd 0 closed", "exec <&-; exec " },
	{ "O2 fd 2 closed", "exec 2>&-; exec " },
	{ "O2 fds 0 and 2 closed", "exec <&- 2>&-; exec " },
	{ "O5 no syslog", "QLIMIT_SYSLOG=/nonexistent; export QLIMIT_SYSLOG; exec " },
	{ "O1 no environment to speak of", "unset PATH HOME; exec " },
	{ "O1 a PATH of others", "PATH=/nonexistent:.; export PATH; exec " },
	{ "O1 QMAILREMOTE is for qmail", "QMAILREMOTE=/nonexistent; export QMAILREMOTE; exec " },
	{ "O1 TZ", "TZ=Asia/Kathmandu; export TZ; exec " },
};

/*
 * Goal (O1, O2, O5): however qmail was started, the remote is run once, and its word is what qmail hears;
 * only where that keeps us from counting, and on_error says so, it hears of a deferral.
 */
START_TEST(test_odd_starts)
{
	const char *label = starts[_i / 2].label;
	bool defer = _i % 2 == 1;
	char command[600];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/sh", .argv = words };
	struct harness_delivery d;

	harness_rules(defer ? "on_error = \"defer\";" : "");
	(void)snprintf(command, sizeof command, "%s%s x a@example.com accept@x", starts[_i / 2].shell,
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.wait_status == 0 && d.length > 0 && d.bytes[d.length - 1] == '\0' &&
	    (d.letter == 'K' || (defer && strstr(d.text, "unable to use its counters") != NULL)),
	    "%s: %c %x %s", label, d.letter, (unsigned)d.wait_status, d.bytes);
	ck_assert_uint_le(harness_calls(), d.letter == 'K');
	harness_expect_delivered(label);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

static const char *const limits[] = { "-f 0", "-f 16", "-n 4", "-n 6",
#ifndef __SANITIZE_ADDRESS__
	"-v 20000", "-v 10000", "-v 6000", "-s 64",
#endif
};
static const char *const commands[] = { "show", "status", "load", "tidy", "reset example.com", "check" };

/* Goal (O2): the CLI under the same limits works, or says that it cannot; it leaves no damage behind. */
START_TEST(test_commands_under_limits)
{
	char command[600];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_output o;

	harness_rules("");
	harness_expect_delivered("before");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		(void)snprintf(command, sizeof command, "ulimit -S %s; exec %s %s", limits[_i],
		    harness_program("qlimit"), commands[i]);
		o = harness_run_words("/bin/sh", words);
		ck_assert_msg(o.status == 0 || (o.err[0] != '\0' && (o.status == 127 ||
		    (o.status >= EX__BASE && o.status <= EX__MAX))), "ulimit %s: %s: status %d: %s",
		    limits[_i], commands[i], o.status, o.err);
	}
	harness_expect_delivered("after");
	ck_assert_uint_ge(harness_counters("domain", "example.com").sent, 1);
	ck_assert_int_eq(harness_load().status, 0);
	ck_assert_int_eq(access(harness_state("live.mdb.damaged"), F_OK), -1);
}
END_TEST

/* Goal: a syslogd that does not read any more costs a line, not the delivery. */
START_TEST(test_syslog_is_full)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int reader = socket(AF_UNIX, SOCK_DGRAM, 0), writer = socket(AF_UNIX, SOCK_DGRAM, 0);
	int64_t start;

	harness_rules("deadline_ms = 10000; default = { max_per_hour = 1; };");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", harness_path("full"));
	ck_assert_int_eq(bind(reader, (struct sockaddr *)&address, sizeof address), 0);
	while (sendto(writer, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address) == 1)
		continue;
	(void)setenv("QLIMIT_SYSLOG", address.sun_path, 1);
	start = harness_milliseconds();
	harness_expect_delivered("first");
	ck_assert_int_eq(harness_send().letter, 'Z');
	ck_assert_int_lt(harness_milliseconds() - start, 9000);
}
END_TEST

/* Goal: whatever umask the first delivery of all has, later ones can read what it leaves behind. */
START_TEST(test_umask)
{
	static const char *const masks[] = { "777", "377", "577", "000" };
	static const char *const files[] = { "lock", "live.mdb", "essentials" };
	char command[700];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/sh", .argv = words };
	struct stat st;

	harness_config("deadline_ms = 60000;");
	(void)snprintf(command, sizeof command, "umask %s; exec %s x a@example.com accept@x", masks[_i],
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	ck_assert_int_eq(harness_attempt_finish(harness_attempt_start(&attempt)).letter, 'K');
	ck_assert_int_eq(harness_load().status, 0);
	for (size_t i = 0; i < HARNESS_ROWS(files); i++) {
		ck_assert_int_eq(stat(harness_state(files[i]), &st), 0);
		ck_assert_msg((st.st_mode & 0777) == 0600, "%s: %o", files[i], (unsigned)st.st_mode);
	}
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
	"#!/bin/sh\nexec sleep 30\n",
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
	ck_assert_int_lt(harness_milliseconds() - start, 25000);
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
	tcase_add_loop_test(t, test_odd_starts, 0, 2 * HARNESS_ROWS(starts));
	tcase_add_loop_test(t, test_commands_under_limits, 0, HARNESS_ROWS(limits));
	tcase_add_loop_test(t, test_umask, 0, 4);
	tcase_add_test(t, test_syslog_is_full);
	tcase_add_loop_test(t, test_broken_helper, 0, HARNESS_ROWS(helpers));
	tcase_add_loop_test(t, test_bad_essentials, 0, 6);
	suite_add_tcase(s, t);
	return s;
}
