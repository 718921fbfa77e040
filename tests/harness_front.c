/* harness_front - qmail-remote and what stands beside it, for the tests of the mail path */
#include "harness_front.h"

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool harness_front_here;

void
harness_front_setup(void)
{
	harness_front_here = harness_bin_start();
}

ino_t
harness_front_inode(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s: %s", path, strerror(errno));
	return st.st_ino;
}

bool
harness_front_has(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

void
harness_front_remove(void)
{
	ck_assert_int_eq(unlink(REMOTE), 0);
}

void
harness_front_honours(void)
{
	harness_bin_put("qmail-rspawn", "/bin/sleep", "knows QMAILREMOTE", 0755);
}

void
harness_front_mail_goes_out(void)
{
	struct harness_attempt attempt = { .program = REMOTE, .message = harness_message(NULL, NULL),
		.sender = "a@example.com", .recipient = "accept@example.net" };
	size_t before = harness_calls();

	struct harness_delivery d = harness_attempt_finish(harness_attempt_start(&attempt));
	ck_assert_msg(d.letter == 'K', "%s", d.bytes);
	ck_assert_uint_eq(harness_calls(), before + 1);
}

uint64_t
harness_front_sent(void)
{
	return harness_counters("domain", "example.com").sent;
}

struct harness_output
harness_front_run_as_owner(const char *program, const char *word, const char *operand)
{
	const char *const argv[] = { "chroot", "--userspec=12348:12348", "/", program, word, operand, NULL };

	return harness_run_words("/usr/sbin/chroot", argv);
}

struct harness_output
harness_front_as_owner(const char *command, const char *option)
{
	return harness_front_run_as_owner(harness_program("qlimit"), command, option);
}
