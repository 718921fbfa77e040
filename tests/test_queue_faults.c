/* test_queue_faults - the command queue of qlimit(8) where calls fail: it says so, or says the whole truth */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "admin_queue_known.h"
#include "harness_calls.h"
#include "harness_fail.h"
#include "harness_faults.h"
#include "queue.h"
#include "queue_table.h"
#include "suites.h"

#define BYTES(literal) (literal), sizeof(literal) - 1
#define CROWD 5000 /* more than are read at once */
#define PATIENCE_MS 1000

static const char *message; /* the one in the queue: 3/4711 */

static void
make(const char *below)
{
	char name[60];

	(void)snprintf(name, sizeof name, "queue/%s", below);
	ck_assert_int_eq(mkdir(harness_path(name), 0755), 0);
}

static const char *
path_of(const char *directory)
{
	char name[80];
	const char *number = strchr(message, '/') + 1;

	(void)snprintf(name, sizeof name, "queue/%s/%s", directory,
	    strcmp(directory, "bounce") == 0 ? number : message);
	return harness_path(name);
}

/* One message with two recipients, one of them held; one has failed. */
static void
setup(void)
{
	static const char *const directories[] = { "todo", "bounce", "info", "remote", "local" };
	char part[40];

	harness_start();
	message = harness_message(NULL, NULL);
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		make(directories[i]);
		(void)snprintf(part, sizeof part, "%s/%.*s", directories[i], (int)strcspn(message, "/"), message);
		if (i >= 2)
			make(part);
	}
	harness_rules("default = { max_per_hour = 1; max_failure_percent = 0; refuse_above_percent = 10000; };\n");
	(void)harness_deliver(message, "joe@a.example", "greylist@x.example");
	ck_assert_int_eq(harness_deliver(message, "joe@a.example", "held@x.example").letter, 'Z');
	harness_write(path_of("info"), BYTES("Fjoe@a.example\0"));
	harness_write(path_of("remote"), BYTES("Tgreylist@x.example\0Theld@x.example\0"));
	harness_write(path_of("local"), BYTES("Tz@example.org\0"));
	harness_write(path_of("bounce"), BYTES("<b@x.example>:\nno such user\n\n"));
}

/* --- the command, in a process of its own --- */

struct fault {
	const char *call; /* NULL: an allocation, or a call of LMDB's */
	unsigned number;  /* the first is 1 */
	int error;
};

static char said[20000];

static void
set(const struct fault *f)
{
	if (f->call != NULL)
		harness_call_fails(f->call, f->number - 1, 1, f->error);
	else
		harness_fail_at(f->number, false, f->error);
}

static int
open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 100; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* In the new process: runs the command, which must leave nothing open. */
static _Noreturn void
run_here(struct admin *admin, int output, const struct fault *f)
{
	int before, status;

	if (dup2(output, 1) == -1 || dup2(output, 2) == -1)
		_exit(99);
	before = open_descriptors();
	set(f);
	status = admin_queue(admin);
	if (fflush(stdout) != 0 || open_descriptors() != before)
		status = 98;
	_exit(status);
}

/* Its status; what it printed is in `said`. */
static int
run(const char *word, const struct fault *f)
{
	const char *path = harness_path("said");
	char *names[] = { (char *)(uintptr_t)word, NULL };
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600), status;
	struct admin admin;
	ssize_t n;
	pid_t pid;

	ck_assert_int_ne(fd, -1);
	admin_init(&admin, HARNESS_NOW);
	admin.names = names;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		run_here(&admin, fd, f);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	n = pread(fd, said, sizeof said - 1, 0);
	ck_assert_int_gt(n, 0);
	said[n] = '\0';
	(void)close(fd);
	return WEXITSTATUS(status);
}

static const struct fault no_fault = { NULL, 0, 0 };

static void
says(const char *words)
{
	ck_assert_msg(strstr(said, words) != NULL, "not in it: %s\n%s", words, said);
}

static void
crowd_store(void)
{
	struct pending p = { .state = PENDING_HELD, .since = HARNESS_NOW, .touched = HARNESS_NOW };
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, PATIENCE_MS);
	unsigned char id[DIGEST_SIZE] = { 0 };

	ck_assert(s != NULL && store_begin(s, true) == 0);
	for (int i = 1; i <= CROWD; i++) {
		id[0] = (unsigned char)(i >> 8);
		id[1] = (unsigned char)i;
		ck_assert_int_eq(store_pending_put(s, id, &p), 0);
	}
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

/* Goal: where the store cannot be read to its end, nothing is said to be held or not, and why is said. */
static const struct {
	struct fault fault;
	const char *words;
} untold[] = {
	{ { "fork", 1, EAGAIN }, "hold cannot be told: Resource temporarily unavailable" },
	{ { "socketpair", 1, EMFILE }, "hold cannot be told: Too many open files" },
	{ { "write", 1, EIO }, "hold cannot be told: Input/output error" },
	{ { "write", 2, EIO }, "hold cannot be told: Input/output error" },
	{ { "write", 3, EIO }, "hold cannot be told: Input/output error" },
	{ { "flock", 2, EIO }, "qlimit: the store cannot be used: Input/output error" },
	{ { NULL, 1, ENOMEM }, "hold cannot be told: Cannot allocate memory" },
	{ { NULL, 1000, EIO }, "qlimit: the store cannot be used: Input/output error" },
	{ { NULL, 1000, MDB_CORRUPTED }, "qlimit: a store is damaged" },
};

START_TEST(test_untold)
{
	crowd_store();
	ck_assert_int_eq(run(NULL, &no_fault), EX_OK);
	says("held by limits: 1 recipient of 1 message\n");
	ck_assert_int_eq(run(NULL, &untold[_i].fault), EX_OK);
	says(untold[_i].words);
	says("1 message, 0 of them not preprocessed; recipients left: 2 remote, 1 local");
	says("held by limits: unknown\n");
	says("\na.example        1       0        2       -       1 ");
}
END_TEST

/* Goal: a failure of any such call, whichever it is, is told, or makes no difference. */
static const struct {
	const char *call;
	int error, status;
	const char *word;
	int least; /* how many of the calls tell at least */
} storms[] = {
	{ "pread", EIO, EX_IOERR, "a.example", 6 },
	{ "pread", EIO, EX_IOERR, NULL, 4 },
	{ "fstat", EIO, EX_IOERR, "a.example", 6 },
	{ "fstatat", EIO, EX_IOERR, NULL, 1 },
	{ "fdopendir", ENOMEM, EX_OSERR, NULL, 2 },
	{ "readdir", EIO, EX_IOERR, NULL, 5 },
	{ "tsearch", ENOMEM, EX_OSERR, NULL, 1 },
	{ NULL, ENOMEM, EX_OSERR, NULL, 2 },
};

START_TEST(test_storm)
{
	char whole[sizeof said];
	int told = 0, rc;

	ck_assert_int_eq(run(storms[_i].word, &no_fault), EX_OK);
	memcpy(whole, said, sizeof said);
	for (unsigned number = 1; number <= 60; number++) {
		struct fault f = { storms[_i].call, number, storms[_i].error };

		rc = run(storms[_i].word, &f);
		if (rc == EX_OK && strcmp(said, whole) == 0)
			continue;
		if (rc == EX_OK) {
			/* A message whose own file cannot be read is known to nobody, also not to the wrapper. */
			ck_assert_msg(strstr(said, "held by limits: unknown") != NULL ||
			    strstr(said, "held by limits: 0 ") != NULL, "%u: %s", number, said);
			continue;
		}
		told++;
		ck_assert_msg(rc == storms[_i].status, "%u: %d %s", number, rc, said);
		says(strerror(storms[_i].error));
		says(harness_path("queue"));
		ck_assert_ptr_null(strstr(said, "messages"));
	}
	ck_assert_int_ge(told, storms[_i].least);
}
END_TEST

/* An interrupted read is no failure. */
START_TEST(test_interrupted)
{
	struct fault f = { "pread", 2, EINTR };

	ck_assert_int_eq(run("a.example", &f), EX_OK);
	says("waits:   1 held by qlimit, 1 deferred by the other side\n");
}
END_TEST

/* --- messages that go while they are looked at --- */

static int
look(void *context, struct queue *q, const struct queue_message *m)
{
	unsigned char bytes[DIGEST_KEY_SIZE + DIGEST_SIZE + 2] = { 0 };
	const struct admin_known known = { .bytes = bytes, .count = 1, .read = true };
	struct admin_waiting waiting = { 1, 1, 1 };
	const char *gone = context;
	int fd = open(path_of("mess"), O_WRONLY | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	if (strcmp(gone, "unreadable") == 0)
		harness_call_fails("pread", 0, 1, EIO);
	else
		ck_assert_int_eq(unlink(path_of(gone)), 0);
	ck_assert_int_eq(admin_known_find(&known, q, m, &waiting), 0);
	ck_assert_uint_eq(waiting.held + waiting.deferred + waiting.unreached, 0);
	(void)close(fd);
	return 0;
}

START_TEST(test_gone)
{
	static const char *const gone[] = { "mess", "remote", "unreadable" };
	struct queue *q = queue_open(harness_path("queue"));

	ck_assert_ptr_nonnull(q);
	ck_assert_int_eq(queue_walk(q, look, (char *)(uintptr_t)gone[_i]), 0);
	queue_close(q);
}
END_TEST

START_TEST(test_no_memory)
{
	const char *path = harness_path("queue");
	const struct queue *q;

	harness_fail_at(1, false, 0);
	q = queue_open(path);
	(void)harness_fail_end();
	ck_assert_ptr_null(q);
	ck_assert_ptr_null(queue_open(harness_path("none")));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

Suite *
suite_queue_faults(void)
{
	Suite *s = suite_create("queue_faults");
	TCase *t = tcase_create("queue_faults");

	tcase_add_checked_fixture(t, setup, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_untold, 0, HARNESS_ROWS(untold));
	tcase_add_loop_test(t, test_storm, 0, HARNESS_ROWS(storms));
	tcase_add_test(t, test_interrupted);
	tcase_add_loop_test(t, test_gone, 0, 3);
	tcase_add_test(t, test_no_memory);
	suite_add_tcase(s, t);
	return s;
}
