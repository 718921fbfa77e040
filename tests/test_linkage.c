/* test_linkage - which programs need the dynamic linker, and that no file leads the reader astray */
#include <check.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "file_scan.h"
#include "harness_calls.h"
#include "harness_faults.h"
#include "harness_front.h"
#include "linkage.h"
#include "suites.h"

static enum linkage
look(const void *bytes, size_t n)
{
	harness_write(harness_path("program"), bytes, n);
	return linkage_look(harness_path("program"));
}

/* --- headers --- */

#define ROWS 4

/* A program of 64 bits with a table of four segments, PT_INTERP the last of them; and one of 32. */
struct program64 {
	Elf64_Ehdr header;
	Elf64_Phdr rows[ROWS];
};

struct program32 {
	Elf32_Ehdr header;
	Elf32_Phdr rows[ROWS];
};

static struct program64
make64(void)
{
	struct program64 p;

	memset(&p, 0, sizeof p);
	memcpy(p.header.e_ident, ELFMAG, SELFMAG);
	p.header.e_ident[EI_CLASS] = ELFCLASS64;
	p.header.e_phoff = offsetof(struct program64, rows);
	p.header.e_phentsize = sizeof p.rows[0];
	p.header.e_phnum = ROWS;
	p.rows[0].p_type = PT_LOAD;
	p.rows[ROWS - 1].p_type = PT_INTERP;
	return p;
}

static struct program32
make32(void)
{
	struct program32 p;

	memset(&p, 0, sizeof p);
	memcpy(p.header.e_ident, ELFMAG, SELFMAG);
	p.header.e_ident[EI_CLASS] = ELFCLASS32;
	p.header.e_phoff = offsetof(struct program32, rows);
	p.header.e_phentsize = sizeof p.rows[0];
	p.header.e_phnum = ROWS;
	p.rows[ROWS - 1].p_type = PT_INTERP;
	return p;
}

/* Goal: the segment that names a linker decides, wherever it stands, for 64 and for 32 bits. */
START_TEST(test_headers)
{
	struct program64 p = make64();
	struct program32 q = make32();

	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_DYNAMIC);
	ck_assert_int_eq(look(&q, sizeof q), LINKAGE_DYNAMIC);
	p.rows[ROWS - 1].p_type = q.rows[ROWS - 1].p_type = PT_DYNAMIC; /* static-pie has it */
	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_STATIC);
	ck_assert_int_eq(look(&q, sizeof q), LINKAGE_STATIC);
	p.rows[0].p_type = q.rows[0].p_type = PT_INTERP;
	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_DYNAMIC);
	ck_assert_int_eq(look(&q, sizeof q), LINKAGE_DYNAMIC);
	/* What is behind the table is not part of it. */
	p.header.e_phnum = q.header.e_phnum = ROWS - 1;
	p.rows[0].p_type = q.rows[0].p_type = PT_LOAD;
	p.rows[ROWS - 1].p_type = q.rows[ROWS - 1].p_type = PT_INTERP;
	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_STATIC);
	ck_assert_int_eq(look(&q, sizeof q), LINKAGE_STATIC);
}
END_TEST

/* --- lies --- */

/* What a header says that cannot be, or that Linux would not execute; of a program that would else be dynamic. */
static const struct {
	const char *label;
	uint64_t at;
	uint16_t size, count;
	enum linkage is;
} lies[] = {
	{ "the table is behind the end", 100000, sizeof(Elf64_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "... by all that an offset can say", UINT64_MAX, sizeof(Elf64_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "... so that it would come round", UINT64_MAX - sizeof(Elf64_Phdr) + 1, sizeof(Elf64_Phdr), ROWS,
	  LINKAGE_UNKNOWN },
	{ "... by a number below zero", UINT64_C(1) << 63, sizeof(Elf64_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "behind what is looked at", FILE_SCAN_MAX + 1, sizeof(Elf64_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "it ends in the middle", offsetof(struct program64, rows) + 54, sizeof(Elf64_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "65535 segments", offsetof(struct program64, rows), sizeof(Elf64_Phdr), PN_XNUM, LINKAGE_UNKNOWN },
	{ "one more than Linux takes", offsetof(struct program64, rows), sizeof(Elf64_Phdr), 1171, LINKAGE_UNKNOWN },
	{ "none", offsetof(struct program64, rows), sizeof(Elf64_Phdr), 0, LINKAGE_STATIC },
	{ "rows of no size", offsetof(struct program64, rows), 0, ROWS, LINKAGE_UNKNOWN },
	{ "... 65535 of them", offsetof(struct program64, rows), 0, PN_XNUM, LINKAGE_UNKNOWN },
	{ "rows of one byte", offsetof(struct program64, rows), 1, ROWS, LINKAGE_UNKNOWN },
	{ "the largest rows", offsetof(struct program64, rows), UINT16_MAX, PN_XNUM, LINKAGE_UNKNOWN },
	{ "those of 32 bits", offsetof(struct program64, rows), sizeof(Elf32_Phdr), ROWS, LINKAGE_UNKNOWN },
	{ "of the other byte order", offsetof(struct program64, rows), sizeof(Elf64_Phdr) << 8, ROWS << 8,
	  LINKAGE_UNKNOWN },
};

START_TEST(test_lies)
{
	struct program64 p = make64();
	enum linkage is;

	p.header.e_phoff = lies[_i].at;
	p.header.e_phentsize = lies[_i].size;
	p.header.e_phnum = lies[_i].count;
	/* In front of what would be read by mistake. */
	p.rows[0].p_type = lies[_i].count == PN_XNUM ? PT_INTERP : PT_LOAD;
	is = look(&p, sizeof p);
	ck_assert_msg(is == lies[_i].is, "%s: %d", lies[_i].label, (int)is);
}
END_TEST

/* Goal: a table that is there, but further behind than a program of qmail's has anything, is not looked for. */
START_TEST(test_far)
{
	for (int i = 0; i < 2; i++) {
		const long at = FILE_SCAN_MAX - (long)sizeof(Elf64_Phdr) * (ROWS - 1) + i;
		struct program64 p = make64();
		FILE *f = fopen(harness_path("program"), "w");

		p.header.e_phoff = (Elf64_Off)at;
		ck_assert_ptr_nonnull(f);
		ck_assert_uint_eq(fwrite(&p.header, sizeof p.header, 1, f), 1);
		ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
		ck_assert_uint_eq(fwrite(p.rows, sizeof p.rows, 1, f), 1);
		ck_assert_int_eq(fclose(f), 0);
		ck_assert_int_eq(linkage_look(harness_path("program")), i == 0 ? LINKAGE_DYNAMIC : LINKAGE_UNKNOWN);
	}
}
END_TEST

/* Goal: a table of the most rows is read to its end, and no further. */
START_TEST(test_most_rows)
{
	static Elf64_Phdr rows[1170];
	struct program64 p = make64();
	FILE *f = fopen(harness_path("program"), "w");

	p.header.e_phoff = sizeof p.header;
	p.header.e_phnum = 1170;
	rows[1169].p_type = PT_INTERP;
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(&p.header, sizeof p.header, 1, f), 1);
	ck_assert_uint_eq(fwrite(rows, sizeof rows, 1, f), 1);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(linkage_look(harness_path("program")), LINKAGE_DYNAMIC);
	ck_assert_int_eq(truncate(harness_path("program"), (off_t)(sizeof p.header + sizeof rows - sizeof rows[0])), 0);
	ck_assert_int_eq(linkage_look(harness_path("program")), LINKAGE_UNKNOWN);
}
END_TEST

/* Goal: cut off anywhere it is not taken for what it says it is, but where all that counts is still there. */
START_TEST(test_truncated)
{
	const struct program64 p = make64();
	const struct program32 q = make32();
	const size_t enough64 = offsetof(struct program64, rows[ROWS - 1]) + sizeof p.rows[0].p_type;
	const size_t enough32 = offsetof(struct program32, rows[ROWS - 1]) + sizeof q.rows[0].p_type;

	for (size_t n = 0; n <= sizeof p; n++)
		ck_assert_int_eq(look(&p, n), n < enough64 ? LINKAGE_UNKNOWN : LINKAGE_DYNAMIC);
	for (size_t n = 0; n <= sizeof q; n++)
		ck_assert_int_eq(look(&q, n), n < enough32 ? LINKAGE_UNKNOWN : LINKAGE_DYNAMIC);
}
END_TEST

/* --- files --- */

/* Whether it names a linker, told in another way: that name stands among the first bytes, behind the headers. */
static bool
names_a_linker(const char *path)
{
	char bytes[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, sizeof bytes - 1, f);
	ck_assert_int_eq(fclose(f), 0);
	for (size_t i = 0; i < n; i++)
		if (bytes[i] == '\0')
			bytes[i] = '\n';
	bytes[n] = '\0';
	return strstr(bytes, "/ld-") != NULL || strstr(bytes, "/ld.") != NULL;
}

static void
is_seen(const char *path)
{
	enum linkage is = linkage_look(path);

	ck_assert_msg(is == (names_a_linker(path) ? LINKAGE_DYNAMIC : LINKAGE_STATIC), "%s: %d", path, (int)is);
}

START_TEST(test_files)
{
	const char *path = harness_path("file");
	struct program64 p = make64();

	is_seen("/proc/self/exe");
	is_seen(harness_program("qlimit-remote"));
	is_seen(harness_program("dynamic"));
	is_seen("/bin/sleep");
	ck_assert_int_eq(linkage_look(harness_path("none")), LINKAGE_UNKNOWN);
	ck_assert_int_eq(linkage_look("/"), LINKAGE_UNKNOWN);
	ck_assert_int_eq(linkage_look("/dev/null"), LINKAGE_UNKNOWN);
	ck_assert_int_eq(linkage_look(harness_path(".")), LINKAGE_UNKNOWN);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(linkage_look(path), LINKAGE_UNKNOWN);
	p.header.e_ident[0] = 0;
	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_UNKNOWN);
	p = make64();
	harness_call_fails("pread", 1, 1, EIO);
	ck_assert_int_eq(look(&p, sizeof p), LINKAGE_UNKNOWN);
}
END_TEST

/* --- what `enable` says --- */

#define WARNING "qlimit: warning: qlimit-remote is linked dynamically: "

/* `qlimit` with these words, installed beside this qlimit-remote. */
static struct harness_output
run_beside(const char *remote, const char *command, const char *option)
{
	const char *const argv[] = { "qlimit", command, option, NULL };

	harness_bin_put("qlimit", harness_program("qlimit"), "", 0755);
	harness_bin_put("qlimit-remote", remote, "", 0755);
	return harness_run_words(HARNESS_BIN "qlimit", argv);
}

static void
warns(struct harness_output o, const char *out, bool dynamic)
{
	harness_is(o, EX_OK, out, "");
	if (dynamic)
		ck_assert_msg(strncmp(o.err, WARNING, sizeof WARNING - 1) == 0 && strchr(o.err, '\n') == strrchr(o.err, '\n'),
		    "%s", o.err);
	else
		ck_assert_str_eq(o.err, "");
}

static void
puts_it_in(const char *remote, bool dynamic)
{
	harness_front_honours();
	warns(run_beside(remote, "enable", NULL), "enabled: qmail-rspawn -> " REMOTE, dynamic);
	warns(run_beside(remote, "enable", NULL), "already in the mail path: ", dynamic);
	warns(run_beside(remote, "enable", "--update"), "", false);
	warns(run_beside(remote, "enable", "--variable"), "QMAILREMOTE=" HARNESS_BIN "qlimit-remote\n", dynamic);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "of another version", 0755);
	warns(run_beside(remote, "enable", "--update"), "", dynamic);
	harness_bin_put("qmail-remote", harness_program("qlimit-remote"), "of another version", 0755);
	warns(run_beside(remote, "enable", NULL), "updated: qmail-rspawn -> ", dynamic);
	warns(run_beside(remote, "disable", NULL), "disabled", false);
}

/* Goal: as it was built here, static or not, with a word only if not; one that is not; a script that is no ELF file. */
START_TEST(test_enable)
{
	static const char script[] = "#!/bin/sh\n# @(#)qlimit-" "remote 0.9\necho qlimit-remote 0.9\n";

	if (!harness_front_here)
		return;
	puts_it_in(harness_program("qlimit-remote"), names_a_linker(harness_program("qlimit-remote")));
	if (names_a_linker(harness_program("dynamic")))
		puts_it_in(harness_program("dynamic"), true);
	else
		harness_skip("what enable says of a dynamic qlimit-remote", "this compiler links all statically");
	harness_write(harness_path("script"), script, sizeof script - 1);
	puts_it_in(harness_path("script"), false);
}
END_TEST

Suite *
suite_linkage(void)
{
	Suite *s = suite_create("linkage");
	TCase *files = tcase_create("files"), *enable = tcase_create("enable");

	tcase_add_checked_fixture(files, harness_start, harness_end);
	tcase_add_test(files, test_headers);
	tcase_add_loop_test(files, test_lies, 0, HARNESS_ROWS(lies));
	tcase_add_test(files, test_far);
	tcase_add_test(files, test_most_rows);
	tcase_add_test(files, test_truncated);
	tcase_add_test(files, test_files);
	tcase_add_checked_fixture(enable, harness_front_setup, harness_end);
	tcase_set_timeout(enable, 60);
	tcase_add_test(enable, test_enable);
	suite_add_tcase(s, files);
	suite_add_tcase(s, enable);
	return s;
}
