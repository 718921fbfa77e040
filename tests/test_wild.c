/* test_wild - single numbers inside an LMDB file made wild, where chance would seldom hit them */
#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "suites.h"

/* Where LMDB 0.9 keeps things on x86-64: offsets in a page of 4096 bytes. */
#define PAGE 4096
#define META_FREE_ROOT 80 /* the page that the list of free pages begins at */
#define META_TXNID 144
#define PAGE_POINTERS 16
#define NODE_KEY_SIZE 6
#define NODE_KEY 8

static unsigned char file[1 << 20];

static uint64_t
number(size_t at, size_t size)
{
	uint64_t n = 0;

	memcpy(&n, file + at, size);
	return n;
}

/* The number of entries in the first record of the list of free pages; 0: the list is empty. */
static size_t
find_free_count(void)
{
	size_t meta = number(META_TXNID, 8) > number(PAGE + META_TXNID, 8) ? 0 : PAGE;
	uint64_t root = number(meta + META_FREE_ROOT, 8);
	size_t node;

	if (root >= sizeof file / PAGE)
		return 0;
	node = (size_t)root * PAGE + number((size_t)root * PAGE + PAGE_POINTERS, 2);
	return node + NODE_KEY + number(node + NODE_KEY_SIZE, 2);
}

static void
make_free_list_wild(const char *path, uint64_t count)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	size_t at;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_gt(read(fd, file, sizeof file), 4 * PAGE);
	at = find_free_count();
	ck_assert_uint_ne(at, 0);
	ck_assert_uint_lt(number(at, 8), 100);
	ck_assert_int_eq(pwrite(fd, &count, sizeof count, (off_t)at), sizeof count);
	(void)close(fd);
}

static struct harness_delivery
deliver_under(const char *limit)
{
	char command[700];
	const char *const words[] = { "sh", "-c", command, NULL };
	struct harness_attempt attempt = { .program = "/bin/sh", .argv = words };

	(void)snprintf(command, sizeof command, "%s exec %s x a@example.com accept@x", limit,
	    harness_program("qlimit-remote"));
	attempt.message = harness_message(NULL, NULL);
	return harness_attempt_finish(harness_attempt_start(&attempt));
}

/*
 * Goal (O4, O2): LMDB told by a damaged file to ask for 16 GiB of memory has met damage, not a lack of
 * memory: the file is set aside and counting resumes, under a softlimit as well.
 */
START_TEST(test_wild_free_list)
{
	static const char *const limits[] = { "", "ulimit -S -v 400000;" };
	char copy[400];
	int aside = -1;

	harness_rules("default = { max_per_hour = 100; };");
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(deliver_under("").letter, 'K');
	make_free_list_wild(harness_path("state/live.mdb"), 0x7ffffff0);
	(void)snprintf(copy, sizeof copy, "%s/live.mdb.damaged", harness_path("state"));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(deliver_under(limits[_i]).letter, 'K');
		aside = access(copy, F_OK);
	}
	ck_assert_int_eq(aside, 0);
	/* The one that has met it may have been the last: the next one makes a new store. */
	ck_assert_int_eq(deliver_under(limits[_i]).letter, 'K');
	ck_assert_uint_ge(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

Suite *
suite_wild(void)
{
	Suite *s = suite_create("wild");
	TCase *t = tcase_create("wild");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
#ifdef __SANITIZE_ADDRESS__ /* whose shadow needs more than the limit */
	tcase_add_loop_test(t, test_wild_free_list, 0, 1);
#else
	tcase_add_loop_test(t, test_wild_free_list, 0, 2);
#endif
	suite_add_tcase(s, t);
	return s;
}
