/* torture_damage - random damage to the databases: the mail goes out, and counting comes back by itself */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "torture.h"

#define PAGE 4096
#define LIVE_RUNS 3000
#define LEDGER_RUNS 1000
#define BATCH 50 /* runs in one place: what the harness looks through must stay small */
#define DOMAINS 40
#define PENDING 30
#define LEFT_RUNNING_MS 15000
#define MEMORY ((rlim_t)1 << 30)
#define PATIENCE_S 30 /* for one program */

/* --- shared with torture_storm.c --- */

unsigned
torture_share(unsigned full)
{
	unsigned n = full * (unsigned)torture_scale() / 100;

	return n > 0 ? n : 1;
}

unsigned
torture_seed(void)
{
	const char *given = getenv("TORTURE_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	srandom(seed);
	return seed;
}

size_t
torture_below(size_t n)
{
	return (size_t)random() % n;
}

void
torture_read(struct torture_file *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	f->size = 0;
	while (fd != -1 && (n = read(fd, f->at + f->size, sizeof f->at - f->size)) > 0)
		f->size += (size_t)n;
	ck_assert_msg(fd != -1 && n == 0 && f->size < sizeof f->at, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

void
torture_write(const struct torture_file *f, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_msg(fd != -1 && pwrite(fd, f->at, f->size, 0) == (ssize_t)f->size &&
	    ftruncate(fd, (off_t)f->size) == 0, "%s: %s", path, strerror(errno));
	(void)close(fd);
}

/* Zero, all ones and small numbers mean most where they stand for a page, a flag or a size. */
static unsigned char
telling_byte(void)
{
	static const unsigned char values[] = { 0, 1, 2, 4, 8, 255 };

	return torture_below(2) == 0 ? values[torture_below(sizeof values)] :
	    (unsigned char)random();
}

static void
damage_bytes(struct torture_file *f)
{
	for (size_t n = 1 + torture_below(20); n > 0; n--)
		f->at[torture_below(f->size)] = (unsigned char)random();
}

static void
damage_meta(struct torture_file *f)
{
	for (size_t n = 1 + torture_below(5); n > 0; n--)
		f->at[torture_below(f->size < 2 * PAGE ? f->size : 2 * PAGE)] = telling_byte();
}

static void
damage_block(struct torture_file *f)
{
	size_t from = torture_below(f->size), to = from + 1 + torture_below(PAGE);

	for (; from < to && from < f->size; from++)
		f->at[from] = (unsigned char)random();
}

static void
damage_page(struct torture_file *f)
{
	size_t pages = f->size / PAGE;

	if (pages > 0)
		memmove(f->at + torture_below(pages) * PAGE, f->at + torture_below(pages) * PAGE, PAGE);
}

static void
damage_end(struct torture_file *f)
{
	f->size = torture_below(f->size);
}

static void
damage_headers(struct torture_file *f)
{
	for (size_t n = 1 + torture_below(7); n > 0; n--) {
		size_t at = torture_below(f->size / PAGE + 1) * PAGE + torture_below(64);

		if (at < f->size)
			f->at[at] = telling_byte();
	}
}

const char *
torture_damage(struct torture_file *f)
{
	static const struct {
		const char *name;
		void (*damage)(struct torture_file *f);
	} kinds[] = {
		{ "random bytes", damage_bytes },
		{ "meta pages", damage_meta },
		{ "a random block", damage_block },
		{ "a page over another", damage_page },
		{ "cut off", damage_end },
		{ "page headers", damage_headers },
	};
	size_t kind = torture_below(sizeof kinds / sizeof kinds[0]);

	if (f->size > 0)
		kinds[kind].damage(f);
	return kinds[kind].name;
}

void
torture_adopt(void)
{
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs more */
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &(const struct rlimit){ MEMORY, MEMORY }), 0);
#endif
}

/* A zombie has no command line any more, but still a name. */
static bool
is_command(pid_t pid)
{
	char path[40], name[32] = "";
	bool is;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	is = fgets(name, sizeof name, f) != NULL && strcmp(name, "qlimit\n") == 0;
	(void)fclose(f);
	return is;
}

void
torture_bury(pid_t pid, unsigned *commands)
{
	bool command = is_command(pid);
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!command || WIFEXITED(status), "qlimit in the background: signal %d",
	    WTERMSIG(status));
	*commands += command;
}

void
torture_bury_all(unsigned *commands)
{
	const struct timespec pause = { 0, 1000000 };
	siginfo_t info;

	for (int ms = 0; ms < LEFT_RUNNING_MS; ms++) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD)
			return;
		if (info.si_pid != 0)
			torture_bury(info.si_pid, commands);
		else
			(void)nanosleep(&pause, NULL);
	}
	ck_abort_msg("something is still running after %d ms", LEFT_RUNNING_MS);
}

/* --- damage --- */

static struct torture_file live, ledger, damaged;
static const char *pending[PENDING];
static struct harness_delivery accepted; /* what the remote says by itself */

static struct {
	unsigned seed, run, deliveries, commands, background, noticed, aside, timed_out, stuck;
	int64_t slowest, slowest_command;
	const char *kind;
} tally;

/* What a failure is told with. The damaged file is kept beside the others as "culprit". */
#define SAY "seed %u, run %u, %s: "
#define SO tally.seed, tally.run, tally.kind

static void
longer(int64_t *slowest, int64_t since)
{
	int64_t ms = harness_milliseconds() - since;

	if (ms > *slowest)
		*slowest = ms;
}

/* Somebody goes round in circles in a damaged file. Here, in poll(2), this is safe enough. */
static void
on_alarm(int number)
{
	(void)number;
	/* NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
	ck_abort_msg(SAY "has not ended after %d s", SO, PATIENCE_S);
}

static void
begin(void)
{
	tally.seed = torture_seed();
	torture_adopt();
	(void)signal(SIGALRM, on_alarm);
}

static const char *
domain_of(size_t i)
{
	static char sender[40];

	(void)snprintf(sender, sizeof sender, "a@d%zu.example", i);
	return sender;
}

/* Rules for many domains, all of them far away, counters, and deliveries that wait. */
static void
build(void)
{
	char text[8192];
	size_t used = (size_t)snprintf(text, sizeof text,
	    "default = { max_per_hour = 100000; }; domains = (");

	for (unsigned i = 0; i < DOMAINS; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
		    "%s{ name = \"d%u.example\"; max_per_hour = %u; }", i > 0 ? ", " : "", i, 10000 + i);
	(void)snprintf(text + used, sizeof text - used, ");");
	harness_rules(text);
	for (size_t i = 0; i < PENDING; i++) {
		pending[i] = harness_message(NULL, NULL);
		ck_assert_int_eq(harness_deliver(pending[i], domain_of(i), "greylist@x").letter, 'Z');
	}
	harness_script("accept\n");
	accepted = harness_attempt_finish(harness_attempt_start(&(struct harness_attempt){
	    .program = harness_program("remote"), .message = pending[0], .sender = "a@example.com",
	    .recipient = "b@x" }));
	torture_bury_all(&tally.background);
}

/* A new place now and then. */
static void
rebuild(void (*builder)(void))
{
	if (tally.run % BATCH != 0)
		return;
	if (tally.run > 0) {
		harness_end();
		harness_start();
	}
	builder();
}

static void
damage(const struct torture_file *from)
{
	damaged = *from;
	tally.kind = torture_damage(&damaged);
	torture_write(&damaged, harness_path("culprit"));
}

static void
deliver(const char *message, const char *sender, const char *recipient)
{
	size_t calls = harness_calls();
	int64_t start = harness_milliseconds();
	struct harness_delivery d;

	(void)alarm(PATIENCE_S);
	d = harness_deliver(message, sender, recipient);
	longer(&tally.slowest, start);
	tally.deliveries++;
	ck_assert_msg(d.wait_status == 0 && d.length == accepted.length &&
	    memcmp(d.bytes, accepted.bytes, d.length) == 0, SAY "%s: status %x: %c%s", SO, sender,
	    (unsigned)d.wait_status, d.letter, d.text);
	ck_assert_msg(harness_calls() == calls + 1, SAY "%s: %zu calls", SO, sender,
	    harness_calls() - calls);
	ck_assert_str_eq(harness_call(calls, "fds"), "0,1,2");
	ck_assert_str_eq(harness_call(calls, "offset"), "0");
}

static void
deliver_new(const char *sender)
{
	deliver(harness_message(NULL, NULL), sender, "accept@x");
}

static struct harness_output
command(const char *word)
{
	int64_t start = harness_milliseconds();
	struct harness_output o;

	(void)alarm(PATIENCE_S);
	o = harness_cli_words((const char *const[]){ word, NULL });
	longer(&tally.slowest_command, start);
	tally.commands++;
	ck_assert_msg(o.status >= 0, SAY "%s: signal %d", SO, word, -o.status);
	return o;
}

static void
count_log(size_t troubles, size_t timeouts)
{
	tally.noticed += harness_log_lines("event=trouble") > troubles;
	tally.timed_out += harness_log_lines("deadline_ms") > timeouts;
	tally.aside += access(harness_state("live.mdb.damaged"), F_OK) == 0;
}

/* Silence is not enough: a store that forgets each time that it was made has no trouble to tell of. */
static void
must_count(const char *domain)
{
	struct harness_output o = harness_cli("show", "--json", domain);
	const char *sent;

	/* It reads one record that deliveries far from any limit do not. */
	if (o.status != 0) {
		deliver_new("a@example.com");
		torture_bury_all(&tally.background);
		o = harness_cli("show", "--json", domain);
	}
	sent = strstr(o.out, "\"sent\":");
	ck_assert_msg(o.status == 0 && sent != NULL && strtoul(sent + 7, NULL, 10) > 0,
	    SAY "%s is not counted: status %d: %s%s", SO, domain, o.status, o.out, o.err);
}

/* A page that few deliveries have business with may be met late, but not again and again. */
static bool
calms_down(void)
{
	size_t troubles, tries = 0;

	do {
		troubles = harness_log_lines("event=trouble");
		deliver_new("a@example.com");
		torture_bury_all(&tally.background);
		/* See BUGS in qlimit-remote(8): told like a full disk, and so rare that it may stay. */
		if (++tries == 4 && harness_log_lines("Input/output error") > 2) {
			tally.stuck++;
			return false;
		}
		ck_assert_msg(tries < 4, SAY "still: %s", SO, harness_log_line("event=trouble", troubles));
	} while (harness_log_lines("event=trouble") > troubles);
	return true;
}

/* Four deliveries, one of them known to the store, meet the damage. */
static void
check_mail(void)
{
	size_t troubles = harness_log_lines("event=trouble");
	size_t timeouts = harness_log_lines("deadline_ms");
	size_t known = torture_below(PENDING);

	torture_write(&damaged, harness_state("live.mdb"));
	deliver_new("a@example.com");
	deliver(pending[known], domain_of(known), "greylist@x");
	deliver_new(domain_of(torture_below(DOMAINS)));
	deliver_new("");
	torture_bury_all(&tally.background);
	count_log(troubles, timeouts);
	if (calms_down())
		must_count("example.com");
}

/* It may find, in its second look, more than the first command has. */
static void
must_load(void)
{
	struct harness_output o = command("load");

	if (o.status != 0)
		o = command("load");
	ck_assert_msg(o.status == 0, SAY "load again: status %d: %s", SO, o.status, o.err);
}

/*
 * Each command meets the damage, and works the second time. Where show or status have found it there is
 * nothing to look at until a load or a delivery has made a new database.
 */
static void
check_commands(void)
{
	static const char *const words[] = { "load", "show", "tidy", "status" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct harness_output o;

		torture_write(&damaged, harness_state("live.mdb"));
		if (command(words[i]).status != 0 && words[i][0] == 's')
			must_load();
		/* What one of its steps has mended may show what another one meets. */
		for (int tries = 0; tries < 2 && (o = command(words[i])).status != 0; tries++)
			continue;
		ck_assert_msg(o.status == 0, SAY "%s again: status %d: %s", SO, words[i], o.status,
		    o.err);
	}
}

static void
build_live(void)
{
	build();
	torture_read(&live, harness_state("live.mdb"));
}

/* The mail, then the commands: each on its own, so that one that fails does not hide the other. */
START_TEST(torture_live)
{
	unsigned runs = torture_share(LIVE_RUNS);

	begin();
	for (tally.run = 0; tally.run < runs; tally.run++) {
		rebuild(build_live);
		(void)unlink(harness_state("live.mdb.damaged"));
		damage(&live);
		if (_i == 0)
			check_mail();
		else
			check_commands();
	}
	printf("torture: live.mdb damaged %u times (seed %u): %u noticed, %u set aside, %u stopped by the "
	    "deadline, %u left with an I/O error; %u deliveries, slowest %lld ms; %u commands, slowest %lld "
	    "ms; %u in the background; 0 wrong\n", runs, tally.seed, tally.noticed, tally.aside, tally.timed_out, tally.stuck,
	    tally.deliveries, (long long)tally.slowest, tally.commands,
	    (long long)tally.slowest_command, tally.background);
}
END_TEST

/* --- the ledger --- */

/* Two hours in the ledger, a third one in live.mdb that is due to follow. */
static void
build_ledger(void)
{
	harness_set_time(HARNESS_NOW);
	build();
	for (int hour = 1; hour <= 2; hour++) {
		harness_set_time(HARNESS_NOW + hour * 3600);
		ck_assert_int_eq(harness_cli("tidy").status, 0);
		for (size_t i = 0; i < DOMAINS; i++)
			deliver_new(domain_of(i));
		torture_bury_all(&tally.background);
	}
	torture_read(&live, harness_state("live.mdb"));
	torture_read(&ledger, harness_state("ledger.mdb"));
	harness_set_time(HARNESS_NOW + 3 * 3600);
}

/* Mail does not look at the ledger: no delivery may meet it, and live.mdb is as good as before. */
static void
check_ledger(void)
{
	torture_write(&live, harness_state("live.mdb"));
	torture_write(&damaged, harness_state("ledger.mdb"));
	deliver_new("a@example.com");
	torture_bury_all(&tally.background);
	torture_write(&live, harness_state("live.mdb"));
	torture_write(&damaged, harness_state("ledger.mdb"));
	(void)command("tidy");
	deliver_new(domain_of(torture_below(DOMAINS)));
	tally.stuck += command("tidy").status != 0;
	deliver_new("");
	torture_bury_all(&tally.background);
	ck_assert_msg(access(harness_state("live.mdb.damaged"), F_OK) == -1, SAY "live.mdb set aside", SO);
	ck_assert_msg(harness_counters("server", "").admitted == 2, SAY "counters", SO);
}

/* Copies are numbered, never overwritten: a thousand runs would look for the next free number. */
static unsigned
remove_copies(void)
{
	char name[40] = "ledger.mdb.damaged";
	unsigned n = 0;

	while (unlink(harness_state(name)) == 0)
		(void)snprintf(name, sizeof name, "ledger.mdb.damaged.%u", ++n);
	return n > 0;
}

START_TEST(torture_ledger)
{
	unsigned runs = torture_share(LEDGER_RUNS);

	begin();
	for (tally.run = 0; tally.run < runs; tally.run++) {
		rebuild(build_ledger);
		damage(&ledger);
		check_ledger();
		tally.aside += remove_copies();
	}
	printf("torture: ledger.mdb damaged %u times (seed %u): %u set aside; %u deliveries, slowest %lld "
	    "ms; %u tidy, slowest %lld ms, %u times not well at the second; %u in the background; 0 wrong\n",
	    runs, tally.seed, tally.aside, tally.deliveries, (long long)tally.slowest, tally.commands,
	    (long long)tally.slowest_command, tally.stuck, tally.background);
}
END_TEST

Suite *
suite_torture_damage(void)
{
	Suite *s = suite_create("torture_damage");
	TCase *t = tcase_create("damage");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 7200);
	tcase_add_loop_test(t, torture_live, 0, 2);
	tcase_add_test(t, torture_ledger);
	suite_add_tcase(s, t);
	return s;
}
