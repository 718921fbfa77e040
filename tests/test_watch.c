/* test_watch - every way a file can change is seen, and the list survives being stored */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "suites.h"
#include "watch.h"

static char directory[64], path[100];
static struct watch_list list;

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(directory, sizeof directory, "%s/watchXXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof path, "%s/file", directory);
	write_file("old");
	ck_assert(watch_add(&list, path));
}

static void
teardown(void)
{
	ck_assert_int_eq(harness_remove_tree(directory), 0);
}

static void
set_mtime(const struct timespec *mtime)
{
	const struct timespec times[2] = { *mtime, *mtime };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Rewritten in place, so that its inode stays, and its mtime put back. */
static void
change_size(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	write_file("longer");
	set_mtime(&st.st_mtim);
}

static void
change_mtime(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	st.st_mtim.tv_sec++;
	set_mtime(&st.st_mtim);
}

static void
change_nanoseconds(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	st.st_mtim.tv_nsec = (st.st_mtim.tv_nsec + 1) % 1000000000;
	set_mtime(&st.st_mtim);
}

static void
change_inode(void)
{
	char other[110];
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	(void)snprintf(other, sizeof other, "%s.old", path);
	ck_assert_int_eq(rename(path, other), 0);
	write_file("old");
	set_mtime(&st.st_mtim);
}

static void
change_nothing(void)
{
}

static void
remove_it(void)
{
	ck_assert_int_eq(unlink(path), 0);
}

static const struct {
	const char *label;
	void (*change)(void);
	bool current;
} changes[] = {
	{ "nothing", change_nothing, true },
	{ "size", change_size, false },
	{ "mtime", change_mtime, false },
	{ "nanoseconds", change_nanoseconds, false },
	{ "inode", change_inode, false },
	{ "removed", remove_it, false },
};

START_TEST(test_change)
{
	unsigned char record[WATCH_RECORD_MAX];
	size_t size = watch_encode(&list, record);

	changes[_i].change();
	ck_assert_msg(watch_list_is_current(&list) == changes[_i].current, "%s", changes[_i].label);
	ck_assert_msg(watch_is_current(record, size, path) == changes[_i].current, "%s",
	    changes[_i].label);
	ck_assert(!watch_is_current(record, size, "/another/qlimit.conf"));
}
END_TEST

/* Goal: a file that is not there is watched for, too. */
START_TEST(test_appears)
{
	remove_it();
	list.count = 0;
	ck_assert(watch_add(&list, path));
	ck_assert(watch_list_is_current(&list));
	write_file("new");
	ck_assert(!watch_list_is_current(&list));
}
END_TEST

/* Goal: the fullest list fits its record and comes back; nothing is added twice or beyond it. */
START_TEST(test_full)
{
	static unsigned char record[WATCH_RECORD_MAX];
	static struct watch_list back;
	char name[WATCH_PATH_MAX + 2];
	size_t size;

	ck_assert(watch_add(&list, path));
	ck_assert_uint_eq(list.count, 1);
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[WATCH_PATH_MAX] = '\0';
	for (int i = 1; i < WATCH_FILES_MAX; i++) {
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		ck_assert(watch_add(&list, name));
	}
	name[3] = 'y';
	ck_assert(!watch_add(&list, name));
	ck_assert_int_eq(errno, ENOSPC);
	size = watch_encode(&list, record);
	ck_assert(watch_is_current(record, size, path));
	ck_assert(watch_decode(&back, record, size));
	ck_assert_uint_eq(back.count, WATCH_FILES_MAX);
	ck_assert_str_eq(back.file[WATCH_FILES_MAX - 1].path, list.file[WATCH_FILES_MAX - 1].path);
	ck_assert(!watch_decode(&back, record, size - 1));
	ck_assert(!watch_is_current(record, size - 1, path));
	record[0]++;
	ck_assert(!watch_decode(&back, record, size));
	ck_assert(!watch_is_current(record, size, path));
}
END_TEST

START_TEST(test_bad_paths)
{
	char name[WATCH_PATH_MAX + 3];

	ck_assert(!watch_add(&list, "relative"));
	ck_assert_int_eq(errno, EINVAL);
	memset(name, '/', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	ck_assert(!watch_add(&list, name));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

Suite *
suite_watch(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_change, 0, sizeof changes / sizeof changes[0]);
	tcase_add_test(t, test_appears);
	tcase_add_test(t, test_full);
	tcase_add_test(t, test_bad_paths);
	suite_add_tcase(s, t);
	return s;
}
