/* test_edges - the corners of log, essentials, owner, place, real, boot and guard that the world seldom reaches */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "boot.h"
#include "delivery_log.h"
#include "essentials.h"
#include "guard.h"
#include "harness.h"
#include "harness_calls.h"
#include "info.h"
#include "log.h"
#include "owner.h"
#include "place.h"
#include "real.h"
#include "suites.h"

#define NOBODY 65534

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static const char *
content(const char *path)
{
	static char text[3000];
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	(void)fclose(f);
	return text;
}

/* --- log --- */

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	return fd;
}

/* Goal: an old syslogd that listens on a stream gets the line as well, ended by a NUL. */
START_TEST(test_log_to_a_stream)
{
	char line[300];
	int listening = listen_at(harness_path("stream")), fd;
	ssize_t n;

	log_to(harness_path("stream"));
	errno = EDOM;
	log_trouble("too  many", 0);
	ck_assert_int_eq(errno, EDOM);
	fd = accept(listening, NULL, NULL);
	ck_assert_int_ne(fd, -1);
	n = recv(fd, line, sizeof line, MSG_WAITALL);
	ck_assert_int_gt(n, 20);
	ck_assert_int_eq(line[n - 1], '\0');
	ck_assert_uint_eq(strlen(line), (size_t)n - 1);
	ck_assert_int_eq(strncmp(line, "<20>qlimit[", 11), 0);
	ck_assert_ptr_nonnull(strstr(line, "event=trouble what=\"too  many\""));
}
END_TEST

/* Goal: a line that cannot be sent is lost, and nothing else: no error, nothing anywhere else. */
START_TEST(test_log_is_lost)
{
	char much[200];

	log_to(harness_path("syslog"));
	harness_call_fails("socket", 0, 1, EMFILE);
	errno = EDOM;
	log_trouble("lost", 0);
	ck_assert_int_eq(errno, EDOM);
	memset(much, '/', sizeof much);
	much[sizeof much - 1] = '\0';
	log_to(much);
	log_trouble("lost", 0);
	log_to(NULL);
	ck_assert_int_eq(errno, EDOM);
	log_to(harness_path("syslog"));
	log_trouble("found", 0);
	ck_assert_uint_eq(harness_log_lines("lost"), 0);
	ck_assert_uint_eq(harness_log_lines("found"), 1);
}
END_TEST

static const struct {
	enum guard_reason reason;
	const char *text;
} reasons[] = {
	{ GUARD_CRASHED, "LMDB crashed" },
	{ GUARD_TIMED_OUT, "within deadline_ms" },
	{ GUARD_OVER_LIMIT, "setrlimit" },
	{ GUARD_EXITED, "a library ended the program" },
};

START_TEST(test_log_of_accidents)
{
	log_to(harness_path("syslog"));
	for (int i = 0; i < 4; i++) {
		delivery_log_accident(reasons[i].reason, i % 2 == 0);
		ck_assert_ptr_nonnull(harness_log_line(reasons[i].text, 0));
		ck_assert_ptr_nonnull(strstr(harness_log_line(reasons[i].text, 0),
		    i % 2 == 0 ? "delivery deferred" : "delivery not counted"));
		delivery_log_late_accident(reasons[i].reason);
		ck_assert_ptr_nonnull(strstr(harness_log_line(reasons[i].text, 1), "outcome not counted"));
	}
}
END_TEST

/* Goal: several recipients are said to be; one that is held again is not said again, one refused is. */
START_TEST(test_log_of_recipients)
{
	static char first[] = "r@x", second[] = "s@x", *recipients[] = { first, second };
	struct booking b = { .sender = "a@b.example", .recipients = recipients, .count = 2 };
	struct admission a = { .repeated = true };

	log_to(harness_path("syslog"));
	meter_set(&a.meter, METER_DOMAIN, "b.example");
	a.judgement = (struct judgement){ VERDICT_DEFER, RULE_MAX_PER_HOUR, 5, 4, 125 };
	delivery_log_admission(&b, &a);
	ck_assert_uint_eq(harness_log_lines(NULL), 0);
	a.judgement.verdict = VERDICT_REFUSE;
	delivery_log_admission(&b, &a);
	ck_assert_uint_eq(harness_log_lines("event=refused kind=domain name=b.example rule=max_per_hour count=5 "
	    "limit=4 percent=125 sender=a@b.example recipient=r@x recipients=2"), 1);
	a.repeated = false;
	a.judgement = (struct judgement){ VERDICT_DEFER, RULE_MAX_FAILURE_PERCENT, 5, 4, 60 };
	b.count = 1;
	delivery_log_admission(&b, &a);
	ck_assert_ptr_nonnull(harness_log_line("event=held kind=domain name=b.example rule=max_failure_percent", 0));
	ck_assert_uint_eq(harness_log_lines("recipients="), 1);
}
END_TEST

/* --- essentials --- */

static struct essentials
chosen(const char *remote)
{
	struct essentials e;

	essentials_init(&e);
	(void)strcpy(e.remote, remote);
	return e;
}

/* What fails in writing the second file, and the errno of it. */
static const struct {
	const char *label, *call;
	unsigned times;
	int error;
	rlim_t room; /* bytes a file may have; 0: any number */
	int expected;
} failures[] = {
	{ "the write", "write", 1, ENOSPC, 0, ENOSPC },
	{ "half of the write", NULL, 0, 0, 30, EIO },
	{ "the sync", "fsync", 1, EIO, 0, EIO },
	{ "the close", "close", 1, EDQUOT, 0, EDQUOT },
	{ "the renaming", "rename", 1, EACCES, 0, EACCES },
};

/* Goal: what is written replaces what was there only when it is whole and on the disk. */
START_TEST(test_essentials_are_whole)
{
	struct essentials old = chosen("/old"), new = chosen("/new"), back;
	struct rlimit limit;
	rlim_t before;
	int rc, error;

	ck_assert_int_eq(essentials_write(&old, harness_path("state")), 0);
	if (failures[_i].call != NULL)
		harness_call_fails(failures[_i].call, 0, failures[_i].times, failures[_i].error);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	before = limit.rlim_cur;
	if (failures[_i].room > 0)
		limit.rlim_cur = failures[_i].room;
	/* Check writes files, too. */
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	rc = essentials_write(&new, harness_path("state"));
	error = errno;
	limit.rlim_cur = before;
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_msg(rc == -1 && error == failures[_i].expected, "%s: %s", failures[_i].label, strerror(error));
	ck_assert_int_eq(essentials_read(&back, harness_path("state")), 0);
	ck_assert_str_eq(back.remote, "/old");
	ck_assert_int_eq(access(harness_path("state/essentials.new"), F_OK), -1);
	ck_assert_int_eq(essentials_write(&new, harness_path("state")), 0);
	ck_assert_int_eq(essentials_read(&back, harness_path("state")), 0);
	ck_assert_str_eq(back.remote, "/new");
}
END_TEST

/* Goal: of two failures the first is told; and one of a directory that is not there. */
START_TEST(test_essentials_errors)
{
	struct essentials e = chosen("/r");

	harness_call_fails("fsync", 0, 1, EIO);
	harness_call_fails("close", 0, 1, EDQUOT);
	ck_assert(essentials_write(&e, harness_path("state")) == -1 && errno == EIO);
	ck_assert(essentials_write(&e, "/nonexistent") == -1 && errno == ENOENT);
}
END_TEST

/* Goal: a path that is too long is no setting; root's file is anybody's who may read it. */
START_TEST(test_essentials_of_root)
{
	char text[PLACE_PATH_MAX + 100], path[PLACE_PATH_MAX + 2];
	struct essentials e;

	memset(path, '/', sizeof path);
	path[PLACE_PATH_MAX + 1] = '\0';
	(void)snprintf(text, sizeof text, "qlimit essentials 1\nremote=%s\n", path);
	put(harness_path("state/essentials"), text, 0644);
	ck_assert(essentials_read(&e, harness_path("state")) == -1 && errno == EBADMSG);
	put(harness_path("state/essentials"), "qlimit essentials 1\nremote=/r\n", 0644);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
	ck_assert_int_eq(chmod(harness_path(".."), 0755), 0);
	ck_assert_int_eq(chmod(harness_path("state"), 0755), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(essentials_read(&e, harness_path("state")), 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_str_eq(e.remote, "/r");
}
END_TEST

/* Goal: the longest of everything fits the file and comes back as it was, "=" and blanks too. */
START_TEST(test_essentials_at_their_longest)
{
	struct essentials e = chosen("/"), back;

	memset(e.remote, '/', PLACE_PATH_MAX);
	memset(e.state, '/', PLACE_PATH_MAX);
	memset(e.notify, '/', PLACE_PATH_MAX);
	e.notify_timeout_s = 600;
	e.warn_percent = 100;
	e.defer_on_error = true;
	e.deadline_ms = 60000;
	e.trust.smtp_auth = true;
	e.trust.filters_count = HEAD_FILTERS_MAX;
	for (size_t i = 0; i < HEAD_FILTERS_MAX; i++) {
		memset(e.trust.filters[i], i % 2 == 0 ? '=' : ' ', HEAD_FILTER_MAX);
		e.trust.filters[i][0] = (char)('0' + i);
	}
	ck_assert_int_eq(essentials_write(&e, harness_path("state")), 0);
	ck_assert_int_eq(essentials_read(&back, harness_path("state")), 0);
	ck_assert_str_eq(back.remote, e.remote);
	ck_assert_str_eq(back.state, e.state);
	ck_assert_str_eq(back.notify, e.notify);
	ck_assert(back.notify_timeout_s == 600 && back.warn_percent == 100);
	ck_assert(back.defer_on_error && back.deadline_ms == 60000 && back.trust.smtp_auth);
	ck_assert_uint_eq(back.trust.filters_count, HEAD_FILTERS_MAX);
	for (size_t i = 0; i < HEAD_FILTERS_MAX; i++)
		ck_assert_str_eq(back.trust.filters[i], e.trust.filters[i]);
}
END_TEST

#define FILTER_80 "12345678901234567890123456789012345678901234567890123456789012345678901234567890"
#define FILTER "trusted_received=a\n"

static const struct {
	const char *label, *lines;
	bool understood;
} trusts[] = {
	{ "one that trusts nobody", "smtp_auth=none\n", true },
	{ "eight filters", FILTER FILTER FILTER FILTER FILTER FILTER FILTER FILTER, true },
	{ "the longest filter", "trusted_received=" FILTER_80 "\n", true },
	{ "nine filters", FILTER FILTER FILTER FILTER FILTER FILTER FILTER FILTER FILTER, false },
	{ "a filter that is too long", "trusted_received=" FILTER_80 "1\n", false },
	{ "a filter that is in everything", "trusted_received=\n", false },
	{ "another word", "smtp_auth=yes\n", false },
};

START_TEST(test_essentials_of_trust)
{
	char text[1024];
	struct essentials e;

	(void)snprintf(text, sizeof text, "qlimit essentials 1\n%s", trusts[_i].lines);
	put(harness_path("state/essentials"), text, 0600);
	errno = 0;
	ck_assert_msg((essentials_read(&e, harness_path("state")) == 0) == trusts[_i].understood, "%s",
	    trusts[_i].label);
	ck_assert(trusts[_i].understood || (errno == EBADMSG && e.trust.filters_count == 0));
}
END_TEST

/* --- owner --- */

/* Goal: whoever cannot become the owner opens nothing in his directory. */
START_TEST(test_owner_without_the_right)
{
	static const char *const calls[] = { "setgroups", "setgid", "setuid" };
	const char *directory = harness_path("state"), *messages = harness_path("messages");

	ck_assert_int_eq(chown(directory, NOBODY, NOBODY), 0);
	ck_assert_ptr_nonnull(freopen(messages, "w", stderr));
	harness_call_fails(calls[_i], 0, 1, EPERM);
	ck_assert_int_eq(owner_become(directory, false), EX_OSERR);
	(void)fflush(stderr);
	ck_assert_ptr_nonnull(strstr(content(messages), "cannot become its owner"));
}
END_TEST

/* --- place --- */

START_TEST(test_place_from_the_environment)
{
	static const char *const names[] = { "QLIMIT_CONFIG", "QLIMIT_STATE", "QLIMIT_REMOTE", "QLIMIT_SYSLOG" };
	struct place p;

	for (int i = 0; i < 4; i++)
		(void)setenv(names[i], "/set", 1);
	place_init(&p);
	ck_assert(strcmp(p.config, "/set") == 0 && strcmp(p.state, "/set") == 0 && p.state_is_set);
	ck_assert(strcmp(p.remote, "/set") == 0 && strcmp(p.syslog, "/set") == 0);
	for (int i = 0; i < 4; i++)
		_i == 0 ? (void)setenv(names[i], "", 1) : (void)unsetenv(names[i]);
	place_init(&p);
	ck_assert(strcmp(p.config, QLIMIT_CONFIG) == 0 && strcmp(p.state, QLIMIT_STATE) == 0 && !p.state_is_set);
	ck_assert(p.remote == NULL && p.syslog == NULL);
}
END_TEST

/* Goal: a file system that cannot sync a directory is no error, one that fails is. */
START_TEST(test_place_sync)
{
	ck_assert_int_eq(place_sync(harness_path("state")), 0);
	harness_call_fails("fsync", 0, 1, EINVAL);
	ck_assert_int_eq(place_sync(harness_path("state")), 0);
	harness_call_fails("fsync", 0, 1, EIO);
	ck_assert(place_sync(harness_path("state")) == -1 && errno == EIO);
	ck_assert(place_sync("/nonexistent") == -1 && errno == ENOENT);
}
END_TEST

/* --- real --- */

/* Goal: only what can be read and is the same is a copy of us. */
START_TEST(test_real_of_what_cannot_be_read)
{
	char path[PLACE_PATH_MAX + 1];
	const char *self = harness_path("self"), *copy = harness_path("copy");

	put(self, "program", 0755);
	put(copy, "program", 0755);
	real_set_self(self);
	ck_assert_ptr_nonnull(real_find(path, copy));
	/* A directory cannot be read, whatever is in it. */
	ck_assert_int_eq(mkdir(harness_path("a"), 0755), 0);
	ck_assert_int_eq(mkdir(harness_path("b"), 0755), 0);
	real_set_self(harness_path("a"));
	ck_assert_ptr_null(real_find(path, harness_path("b")));
	if (geteuid() != 0)
		return;
	real_set_self(self);
	ck_assert_int_eq(chmod(harness_path("."), 0755), 0);
	ck_assert_int_eq(chmod(harness_path(".."), 0755), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_ptr_nonnull(real_find(path, copy));
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(_i == 0 ? self : copy, 0711), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_ptr_null(real_find(path, copy));
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* Goal: by the kernel's word a copy of the running program is us. */
START_TEST(test_real_of_a_copy)
{
	char path[PLACE_PATH_MAX + 1], command[1000];

	(void)snprintf(command, sizeof command, "cp %s %s", harness_program("check"), harness_path("copy"));
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_nonnull(real_find(path, harness_path("copy")));
	ck_assert_ptr_null(real_find(path, "/proc/version"));
}
END_TEST

static void
enter_place(void)
{
	harness_start();
	ck_assert_int_eq(chdir(harness_path(".")), 0);
	ck_assert_int_eq(chroot("."), 0);
}

/* Without /proc a sanitizer cannot look for leaks at the exit, and takes that for an error. */
static void
leave_place(void)
{
	_exit(0);
}

/* Goal: a directory that cannot be given away is no state directory. */
START_TEST(test_owner_of_nothing)
{
	ck_assert_int_eq(mkdir("/etc", 0755), 0);
	put("/etc/passwd", "root:x:0:0::/:/bin/sh\n" QLIMIT_OWNER ":x:65534:65534::/:/bin/sh\n", 0644);
	ck_assert_ptr_nonnull(freopen("/messages", "w", stderr));
	harness_call_fails("lchown", 0, 1, EROFS);
	ck_assert_int_eq(owner_become("/new", true), EX_CANTCREAT);
	(void)fflush(stderr);
	ck_assert_ptr_nonnull(strstr(content("/messages"), strerror(EROFS)));
}
END_TEST

/* Goal: where nothing tells who we are, nothing is taken for us; and a directory is no program. */
START_TEST(test_real_of_nobody)
{
	static const char *const directories[] = { "/var", "/var/qmail", "/var/qmail/bin",
		"/var/qmail/bin/qmail-remote" };
	char path[PLACE_PATH_MAX + 1];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(mkdir(directories[i], 0755), 0);
	put("/var/qmail/bin/qmail-remote.orig", "real", 0755);
	harness_call_fails("getauxval", 0, 100, ENOENT);
	ck_assert_ptr_null(real_find(path, ""));
	ck_assert_str_eq(path, "/var/qmail/bin/qmail-remote.orig");
}
END_TEST

/* --- boot --- */

static const struct {
	const char *text;
	unsigned char id[INFO_BOOT_SIZE];
} boots[] = {
	{ "00112233-4455-6677-8899-aabbccddeeff\n",
	    { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff } },
	{ "z0112233~\n", { 0x01, 0x12, 0x23, 0x03 } },
	{ "", { 0 } },
	{ NULL, { 0 } },
};

START_TEST(test_boot)
{
	static const char *const directories[] = { "/proc", "/proc/sys", "/proc/sys/kernel", "/proc/sys/kernel/random" };
	unsigned char id[INFO_BOOT_SIZE];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(mkdir(directories[i], 0755), 0);
	if (boots[_i].text != NULL)
		put("/proc/sys/kernel/random/boot_id", boots[_i].text, 0644);
	boot_id(id);
	ck_assert_mem_eq(id, boots[_i].id, sizeof id);
}
END_TEST

/* --- guard --- */

#define FELL_BACK 40
#define LAST_STATUS 77

static void
fall_back(enum guard_reason reason)
{
	_exit(FELL_BACK + (int)reason);
}

static int
crash(void)
{
	(void)raise(SIGSEGV);
	return 0;
}

static void
rearm(const struct guard *guard)
{
	guard_arm(guard);
	guard_disarm();
	guard_arm(guard);
	(void)raise(SIGSEGV);
}

/* Even the question whose process this is. */
static void
crash_in_the_handler(const struct guard *guard)
{
	guard_arm(guard);
	harness_on_call("getpid", crash);
	(void)raise(SIGSEGV);
}

START_TEST(test_guard)
{
	static const struct guard guard = { fall_back, fall_back, 0, LAST_STATUS, false };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		_i == 0 ? rearm(&guard) : crash_in_the_handler(&guard);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), _i == 0 ? FELL_BACK + GUARD_CRASHED : LAST_STATUS);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

static void
add_for_root(Suite *s)
{
	TCase *t = tcase_create("of root"), *p = tcase_create("in place");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_loop_test(t, test_owner_without_the_right, 0, 3);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(p, enter_place, leave_place);
	tcase_add_test(p, test_owner_of_nothing);
	tcase_add_test(p, test_real_of_nobody);
	tcase_add_loop_test(p, test_boot, 0, ROWS(boots));
	suite_add_tcase(s, p);
}

Suite *
suite_edges(void)
{
	Suite *s = suite_create("edges");
	TCase *t = tcase_create("edges");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_add_test(t, test_log_to_a_stream);
	tcase_add_test(t, test_log_is_lost);
	tcase_add_test(t, test_log_of_accidents);
	tcase_add_test(t, test_log_of_recipients);
	tcase_add_loop_test(t, test_essentials_are_whole, 0, ROWS(failures));
	tcase_add_test(t, test_essentials_errors);
	tcase_add_test(t, test_essentials_of_root);
	tcase_add_test(t, test_essentials_at_their_longest);
	tcase_add_loop_test(t, test_essentials_of_trust, 0, ROWS(trusts));
	tcase_add_loop_test(t, test_place_from_the_environment, 0, 2);
	tcase_add_test(t, test_place_sync);
	tcase_add_loop_test(t, test_real_of_what_cannot_be_read, 0, 2);
	tcase_add_test(t, test_real_of_a_copy);
	tcase_add_loop_test(t, test_guard, 0, 2);
	suite_add_tcase(s, t);
	if (geteuid() == 0)
		add_for_root(s);
	return s;
}
