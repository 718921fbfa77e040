/* test_attacks - who floods, forges, or runs us in ways that were not meant; and upgrades (facts/storage.md) */
#include <check.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_faults.h"
#include "hour.h"
#include "store.h"
#include "suites.h"

#define HOUR 3600

static struct store *
open_live(struct info *info)
{
	struct store *s = store_lmdb_new(harness_path("state"), STORE_LIVE, 5000);

	ck_assert(s != NULL && store_begin(s, false) == 0 && store_info_get(s, info) == 1);
	return s;
}

static void
close_store(struct store *s)
{
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}

static unsigned
count_pendings(void)
{
	unsigned char id[DIGEST_SIZE] = { 0 };
	struct pending p;
	struct info info;
	struct store *s = open_live(&info);
	unsigned n = 0;

	while (store_pending_next(s, id, &p) == 1)
		n++;
	close_store(s);
	return n;
}

static unsigned
count_rows(void)
{
	struct store_row row = { .hour = 0 };
	struct info info;
	struct store *s = open_live(&info);
	unsigned n = 0;

	while (store_counters_next(s, 0, UINT32_MAX, &row) == 1)
		n++;
	close_store(s);
	return n;
}

/* --- floods --- */

#define SERVER_LIMIT 20
#define FLOOD 200

static struct harness_delivery
send_from_random_domain(const char *recipient)
{
	char sender[60];

	(void)snprintf(sender, sizeof sender, "a@%lx.%lx.example", random(), random());
	return harness_deliver(harness_message(NULL, NULL), sender, recipient);
}

/*
 * Goal (A4): a new random sender domain per message has an allowance of its own each time, but the
 * server's limit stops them all; what is stopped leaves no row of counters behind.
 */
START_TEST(test_random_domains)
{
	unsigned passed = 0;

	harness_rules("server = { max_per_hour = 20; refuse_above_percent = 10000; };"
	    "default = { max_per_hour = 5; };");
	for (int i = 0; i < FLOOD; i++)
		passed += send_from_random_domain("accept@x").letter == 'K';
	ck_assert_uint_eq(passed, SERVER_LIMIT);
	ck_assert_uint_eq(harness_counters("server", "").held, FLOOD - SERVER_LIMIT);
	ck_assert_uint_le(count_rows(), SERVER_LIMIT + 2); /* the server, and the user who sends it all */
}
END_TEST

/*
 * Goal (A4): so many deliveries are remembered and no more: from then on they are charged at each
 * attempt, go out all the same, and the store does not grow.
 */
START_TEST(test_remembered_at_most)
{
	const char *message;
	struct info info;
	struct store *s;

	harness_rules("");
	(void)send_from_random_domain("accept@x");
	s = open_live(&info);
	info.pendings = STORE_PENDINGS_MAX - 3;
	ck_assert_int_eq(store_info_put(s, &info), 0);
	close_store(s);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(send_from_random_domain("greylist@x").letter, 'Z');
	ck_assert_uint_eq(count_pendings(), 3);
	close_store(open_live(&info));
	ck_assert_uint_eq(info.pendings, STORE_PENDINGS_MAX);
	message = harness_message(NULL, NULL);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(harness_deliver(message, "a@one.example", "greylist@x").letter, 'Z');
	ck_assert_int_eq(harness_deliver(message, "a@one.example", "accept@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "one.example").admitted, 3);
	ck_assert_uint_eq(harness_counters("domain", "one.example").sent, 1);
	ck_assert_uint_eq(count_pendings(), 3);
}
END_TEST

/*
 * Goal (A6): who forges senders uses up a victim's allowance: the victim's mail waits for the next hour
 * and is not bounced, unless the admin has chosen that.
 */
START_TEST(test_forged_sender)
{
	const char *victims;

	harness_rules("default = { max_per_hour = 10; }; domains = ( { name = \"strict.example\"; "
	    "refuse_above_percent = 100; } );");
	victims = harness_message("by uid 1001", NULL);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(harness_deliver(harness_message("by uid 6666", NULL),
		    "forged@victim.example", "accept@x").letter, 'K');
		ck_assert_int_eq(harness_deliver(harness_message("by uid 6666", NULL),
		    "forged@strict.example", "accept@x").letter, 'K');
	}
	ck_assert_int_eq(harness_deliver(victims, "a@victim.example", "accept@x").letter, 'Z');
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@strict.example",
	    "accept@x").letter, 'D');
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_int_eq(harness_deliver(victims, "a@victim.example", "accept@x").letter, 'K');
}
END_TEST

#ifdef __SANITIZE_ADDRESS__ /* each of these programs takes many times as long */
#define MANY 500
#else
#define MANY 2000
#endif
#define AT_ONCE 50

/* One attempt at each of these messages, many at once; how many of them passed. */
static unsigned
attempt_all(const char *const *messages)
{
	static struct harness_run *runs[AT_ONCE];
	unsigned passed = 0;

	for (int i = 0; i < MANY; i += AT_ONCE) {
		for (int j = 0; j < AT_ONCE; j++)
			runs[j] = harness_deliver_start(messages[i + j], "a@example.com", "accept@x");
		for (int j = 0; j < AT_ONCE; j++) {
			struct harness_delivery d = harness_deliver_finish(runs[j]);

			ck_assert(d.wait_status == 0 && d.letter != 'D');
			passed += d.letter == 'K';
		}
	}
	return passed;
}

/*
 * Goal (A9): thousands of held messages come back at once, in the same hour and in the next: each is held
 * once an hour, and charged once when there is room.
 */
START_TEST(test_held_come_back)
{
	static const char *messages[MANY];
	struct harness_counters c;

	harness_rules("deadline_ms = 20000; default = { max_per_hour = 1; refuse_above_percent = 10000; };"
	    "domains = ( { name = \"example.com\"; max_per_hour = 100; } );");
	for (int i = 0; i < MANY; i++)
		messages[i] = harness_message(NULL, NULL);
	/* 100 go out and are over: they stand for others. */
	ck_assert_uint_eq(attempt_all(messages), 100);
	c = harness_counters("domain", "example.com");
	ck_assert(c.admitted == 100 && c.held == MANY - 100 && c.sent == 100);
	/* The others; and 100 new ones in the names of those. */
	ck_assert_uint_eq(attempt_all(messages), 0);
	c = harness_counters("domain", "example.com");
	ck_assert_msg(c.admitted == 100 && c.held == MANY && c.sent == 100, "%ju %ju %ju",
	    (uintmax_t)c.admitted, (uintmax_t)c.held, (uintmax_t)c.sent);
	harness_set_time(HARNESS_NOW + HOUR);
	ck_assert_uint_eq(attempt_all(messages), 100);
	c = harness_counters("domain", "example.com");
	ck_assert(c.admitted == 100 && c.held == MANY - 100 && c.sent == 100);
}
END_TEST

/* --- large numbers --- */

#define HEADER_SIZE (100 << 20)
#ifdef __SANITIZE_ADDRESS__
/* It reads /proc/self/maps, which is some lines longer now and then: where what lies is up to chance. */
#define MAPS_DIFFER 4096
#else
#define MAPS_DIFFER 0
#endif

/* What a process has read so far by read(2) and its like, or -1. */
static long long
bytes_read(pid_t pid)
{
	char path[40];
	long long n = -1;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	if (fscanf(f, "rchar: %lld", &n) != 1)
		n = -1;
	(void)fclose(f);
	return n;
}

/* What the wrapper has read when its remote runs. */
static long long
bytes_read_of(const char *message)
{
	struct harness_run *run;
	size_t calls = harness_calls();
	long long n;

	harness_script("await go\naccept\n");
	run = harness_deliver_start(message, "a@example.com", "b@x");
	while (harness_calls() == calls)
		(void)usleep(1000);
	n = bytes_read(harness_attempt_pid(run));
	harness_go();
	ck_assert_int_eq(harness_deliver_finish(run).letter, 'K');
	return n;
}

/* Goal (A7): of a header of 100 MB without a newline no more is read than 64 KiB. */
START_TEST(test_large_header)
{
	const char *message = harness_message(NULL, "Subject: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	char path[300];
	long long small, large;

	harness_rules("");
	/* Its own files, and what the dynamic linker and a sanitizer read, are no part of it. */
	small = bytes_read_of(harness_message(NULL, NULL));
	(void)snprintf(path, sizeof path, "%s/%s", harness_path("queue/mess"), message);
	ck_assert_int_eq(truncate(path, HEADER_SIZE), 0);
	large = bytes_read_of(message);
	ck_assert_uint_ge(harness_counters("domain", "example.com").bytes, HEADER_SIZE);
	if (small == -1)
		harness_skip("A7 how much is read", "there is no /proc/PID/io");
	ck_assert_msg(large - small <= (64 << 10) + MAPS_DIFFER, "%lld bytes more than %lld", large - small, small);
}
END_TEST

static void
set_counters(const struct counters *counters)
{
	struct counters c;
	struct meter m;
	struct info info;
	struct store *s = open_live(&info);

	meter_set(&m, METER_DOMAIN, "example.com");
	ck_assert_int_eq(store_counters_get(s, info.hour, &m, &c), 1);
	c.admitted = counters->admitted;
	c.sent = counters->sent;
	c.deferred = counters->deferred;
	c.failed = counters->failed;
	c.unreached = counters->unreached;
	c.held = counters->held;
	c.refused = counters->refused;
	c.bytes = counters->bytes;
	ck_assert_int_eq(store_counters_put(s, info.hour, &m, &c), 0);
	close_store(s);
}

/* Goal (A10): counters stop at 2^64 - 1, and nothing that is reckoned with them goes round. */
START_TEST(test_saturation)
{
	static const struct counters full = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX,
		UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX - 3, UINT64_MAX, 0, false, false, 0, 0,
		{ 0 } };
	struct harness_counters c;

	harness_rules("default = { max_failure_percent = 0; };");
	harness_expect_delivered("first");
	set_counters(&full);
	for (int i = 0; i < 3; i++)
		harness_expect_delivered("full");
	ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@example.com", "greylist@x").letter,
	    'Z');
	c = harness_counters("domain", "example.com");
	ck_assert(c.admitted == UINT64_MAX && c.sent == UINT64_MAX && c.deferred == UINT64_MAX &&
	    c.failed == UINT64_MAX && c.bytes == UINT64_MAX);
	/* Full is above any limit, held or not, and all of it failures. */
	harness_rules("default = { max_per_hour = 1000000000; refuse_above_percent = 10000; };");
	ck_assert_int_eq(harness_send().letter, 'D');
	ck_assert_uint_eq(harness_counters("domain", "example.com").refused, UINT64_MAX);
	harness_rules("default = { max_failure_percent = 50; };");
	ck_assert_int_eq(harness_send().letter, 'Z');
	ck_assert_uint_eq(harness_counters("domain", "example.com").held, UINT64_MAX);
	ck_assert_int_eq(harness_cli("show").status, 0);
}
END_TEST

/* --- run in other ways --- */

/* Others may go through to the place of this test. */
static void
open_the_way(void)
{
	ck_assert_int_eq(chmod(getenv("TMPDIR"), 0711), 0);
	ck_assert_int_eq(chmod(harness_path(""), 0711), 0);
}

/* Everything at and below a path, each thing once. */
static void
walk(const char *path, void (*look)(const char *path, const struct stat *st))
{
	char *copy = strdup(path);
	char *const roots[] = { copy, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	ck_assert_ptr_nonnull(tree);
	while ((entry = fts_read(tree)) != NULL)
		if (entry->fts_info != FTS_DP)
			look(entry->fts_path, entry->fts_statp);
	(void)fts_close(tree);
	free(copy);
}

static void
check_owner(const char *path, const struct stat *st)
{
	ck_assert_msg(st->st_uid == HARNESS_USER && st->st_gid == HARNESS_USER, "%s: %u:%u", path,
	    st->st_uid, st->st_gid);
}

static const char *const all_commands[][3] = { { "load", NULL }, { "show", NULL }, { "status", NULL },
	{ "tidy", NULL }, { "reset", "example.com", NULL }, { "show", "--json", NULL }, { "check", NULL } };

/* Goal (L4): root's CLI leaves nothing of root's in a directory of qmailr's. */
START_TEST(test_root_leaves_nothing)
{
	if (geteuid() != 0) {
		harness_skip("L4 root's files", "needs root");
		return;
	}
	open_the_way();
	harness_rules("default = { max_per_hour = 1; };");
	ck_assert_int_eq(harness_remove_tree(harness_path("state")), 0);
	ck_assert_int_eq(mkdir(harness_path("state"), 0700), 0);
	ck_assert_int_eq(chown(harness_path("state"), HARNESS_USER, HARNESS_USER), 0);
	for (size_t i = 0; i < sizeof all_commands / sizeof all_commands[0]; i++)
		(void)harness_cli_words(all_commands[i]);
	ck_assert_int_eq(harness_cli("status").status, 0);
	ck_assert_int_eq(harness_cli("tidy").status, 0);
	ck_assert_int_eq(access(harness_state("ledger.mdb"), F_OK), 0);
	walk(harness_path("state"), check_owner);
	/* Read as that user: what only root may read is not put in force for others to see. */
	ck_assert_int_eq(chmod(harness_path("qlimit.conf"), 0600), 0);
	ck_assert_ptr_nonnull(strstr(harness_load().err, "Permission denied"));
}
END_TEST

static const char *const led[] = { "lock", "load.lock", "ledger.lock", "live.mdb", "live.mdb.new",
	"live.mdb.damaged", "ledger.mdb", "ledger.mdb.damaged", "essentials", "essentials.new" };

/*
 * Goal (L4): whatever qmailr puts in his directory, root's CLI is not led to write elsewhere: a file of
 * root's that links point to stays as it is.
 */
START_TEST(test_root_is_not_led)
{
	static const char text[] = "root's own";
	const char *victim = harness_path("victim");
	struct stat before, after;
	char content[sizeof text] = "";
	int fd;

	if (geteuid() != 0) {
		harness_skip("L4 root led elsewhere", "needs root");
		return;
	}
	open_the_way();
	harness_config("");
	ck_assert_int_eq(chown(harness_path("state"), HARNESS_USER, HARNESS_USER), 0);
	harness_write(victim, text, sizeof text);
	ck_assert_int_eq(stat(victim, &before), 0);
	for (int hard = 0; hard < 2; hard++) {
		(void)unlink(harness_state(led[_i]));
		ck_assert_int_eq(hard ? link(victim, harness_state(led[_i])) :
		    symlink(victim, harness_state(led[_i])), 0);
		for (size_t i = 0; i < sizeof all_commands / sizeof all_commands[0]; i++)
			ck_assert_msg(harness_cli_words(all_commands[i]).status >= 0, "%s", led[_i]);
	}
	ck_assert_int_eq(stat(victim, &after), 0);
	ck_assert_msg(after.st_size == before.st_size && after.st_uid == 0 && after.st_gid == before.st_gid &&
	    after.st_mode == before.st_mode && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec, "%s",
	    led[_i]);
	fd = open(victim, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, content, sizeof content), (ssize_t)sizeof text);
	ck_assert_str_eq(content, text);
	(void)close(fd);
}
END_TEST

static unsigned programs;

static void
check_mode(const char *path, const struct stat *st)
{
	ck_assert_msg((st->st_mode & (S_ISUID | S_ISGID | S_IWOTH)) == 0 || S_ISDIR(st->st_mode),
	    "%s: mode %o", path, (unsigned)st->st_mode);
	programs += S_ISREG(st->st_mode) && (st->st_mode & S_IXUSR) != 0;
}

/*
 * Goal (L6): nothing that is installed is setuid or may be written by others, so that whoever runs the
 * wrapper by hand, with another configuration, does so with no more rights than he has.
 */
START_TEST(test_nothing_is_setuid)
{
	char command[900];
	const char *target = harness_path("installed");

	ck_assert_int_eq(access("Makefile", R_OK), 0);
	(void)snprintf(command, sizeof command, "umask 022; env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS "
	    "make -s install -o all DESTDIR=%s BUILD=%s >/dev/null", target, getenv("QLIMIT_BUILD"));
	ck_assert_int_eq(system(command), 0);
	walk(target, check_mode);
	ck_assert_uint_eq(programs, 2);
}
END_TEST

/* Goal (L6): run by hand with a state directory of one's own, it does not touch any other. */
START_TEST(test_run_by_hand)
{
	const char *own = harness_path("own");
	struct stat before, after;

	harness_rules("");
	harness_expect_delivered("by qmail");
	ck_assert_int_eq(stat(harness_state("live.mdb"), &before), 0);
	ck_assert_int_eq(mkdir(own, 0700), 0);
	(void)setenv("QLIMIT_STATE", own, 1);
	harness_expect_delivered("by hand");
	ck_assert_int_eq(stat(harness_state("live.mdb"), &after), 0);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	(void)setenv("QLIMIT_STATE", harness_path("state"), 1);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, 1);
}
END_TEST

/* --- upgrade while running --- */

#define UPGRADED 600

/* Copies of both programs, put in the place of those that run by rename(2). */
static void
install_again(void)
{
	char command[900];

	(void)snprintf(command, sizeof command, "cp %s %s && cp %s %s && mv -f %s %s && mv -f %s %s",
	    harness_program("qlimit-remote"), harness_path("r.new"), harness_program("qlimit"),
	    harness_path("q.new"), harness_path("r.new"), harness_path("qlimit-remote"),
	    harness_path("q.new"), harness_path("qlimit"));
	ck_assert_int_eq(system(command), 0);
}

/* Goal (O7): both programs replaced again and again during a storm: each delivery goes out and is counted. */
START_TEST(test_upgrade)
{
	static struct harness_run *runs[AT_ONCE];
	struct harness_attempt attempt = { .sender = "a@example.com", .recipient = "accept@x" };
	pid_t pid;

	harness_rules("deadline_ms = 20000; default = { max_per_hour = 1000; };");
	install_again();
	attempt.program = harness_path("qlimit-remote");
	pid = fork();
	while (pid == 0)
		install_again();
	for (int i = 0; i < UPGRADED; i += AT_ONCE) {
		/* An edit, so that the new qlimit is started in the background as well. */
		harness_config(i % 100 == 0 ? "deadline_ms = 20000; default = { max_per_hour = 2000; };" :
		    "deadline_ms = 20000; default = { max_per_hour = 3000; };");
		for (int j = 0; j < AT_ONCE; j++) {
			attempt.message = harness_message(NULL, NULL);
			runs[j] = harness_attempt_start(&attempt);
		}
		for (int j = 0; j < AT_ONCE; j++)
			ck_assert_int_eq(harness_attempt_finish(runs[j]).letter, 'K');
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_uint_eq(harness_calls(), UPGRADED);
	ck_assert_uint_eq(harness_counters("domain", "example.com").sent, UPGRADED);
	ck_assert_uint_eq(harness_log_lines("event=trouble"), 0);
}
END_TEST

Suite *
suite_attacks(void)
{
	Suite *s = suite_create("attacks");
	TCase *t = tcase_create("attacks");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_random_domains);
	tcase_add_test(t, test_remembered_at_most);
	tcase_add_test(t, test_forged_sender);
	tcase_add_test(t, test_held_come_back);
	tcase_add_test(t, test_large_header);
	tcase_add_test(t, test_saturation);
	tcase_add_test(t, test_root_leaves_nothing);
	tcase_add_loop_test(t, test_root_is_not_led, 0, HARNESS_ROWS(led));
	tcase_add_test(t, test_nothing_is_setuid);
	tcase_add_test(t, test_run_by_hand);
	tcase_add_test(t, test_upgrade);
	suite_add_tcase(s, t);
	return s;
}
