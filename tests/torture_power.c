/*
 * torture_power - the power fails in the middle of a storm of deliveries
 *
 * Four hours of deliveries, loads, resets and tidies are recorded, write by write (helper_record.c), and
 * from every moment of it disks are made as a power cut may leave them (torture_disk.h). Then the machine
 * is started again: the mail goes on, nothing is counted that was not, and the ledger has every hour
 * that a tidy has put into it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "essentials.h"
#include "harness_faults.h"
#include "hour.h"
#include "store.h"
#include "torture.h"
#include "torture_disk.h"

#define HOURS 4
#define GROUPS 10    /* in an hour */
#define AT_ONCE 4    /* deliveries in a group */
#define DOMAINS 60
#define HOT_LIMIT 5  /* of hot.example: reached in every hour */
#define MARKS_MAX 64
#define LEDGERS_MAX 64
#define MACHINE_IMAGES 2400 /* to start a machine with */
#define BATCH 100
#define LEDGER_DRAWS 100    /* of a ledger at risk, beside all subsets */
#define OTHER_DRAWS 5
#define SUBSET_BITS 7
#define DEADLINE_MS 1000    /* and the number of the edit, so that on_error and it can be seen to match */
#define MARGIN_MS 5000

/* When the machine is started again: it knows that it was, does not know that it was not, cannot tell. */
enum boot { ANEW, SAME, UNKNOWN, BOOTS };
static const char *const boots[BOOTS] = { "second", "first", "" };

/* What was true at a mark: nobody can have counted more. */
static struct mark {
	int64_t now;
	unsigned hot, cool, all; /* deliveries of this hour that were let through */
} marks[MARKS_MAX];

/* What the ledger held after each of its commits, and the step when the program had gone on. */
static struct ledger {
	size_t step;
	char *rows;
} ledgers[LEDGERS_MAX];

static struct {
	unsigned seed, edits, mark_count;
	size_t ledger_count, steps;
	bool later; /* the machine comes back in the hour after the cut */
	struct disk_image image;
	struct harness_delivery accepted;
} power;

/* In memory that a batch shares with who started it. */
static struct {
	unsigned images, ledgers, deliveries, commands, background, uncounted, deferred, held, again,
	    aside, rewritten;
	int64_t slowest;
} *tally;

#define SAY "seed %u, %s: "
#define SO power.seed, power.image.what

/* --- the storm --- */

/* Each edit changes all that there is to change; what is in essentials says which one it is from. */
static void
edit(void)
{
	char text[800];

	(void)snprintf(text, sizeof text, "on_error = \"%s\"; deadline_ms = %u; remote = \"%s\"; "
	    "default = { max_per_hour = %u; }; domains = ( { name = \"hot.example\"; max_per_hour = %d; "
	    "refuse_above_percent = 10000; }, { name = \"edit%u.example\"; max_per_hour = 9; } );",
	    power.edits % 2 == 0 ? "deliver" : "defer", DEADLINE_MS + power.edits,
	    harness_program("remote"), 1000 + power.edits, HOT_LIMIT, power.edits);
	power.edits++;
	harness_config(text);
}

static void
recorded(const char *word, const char *name)
{
	const char *const argv[] = { "record", harness_program("qlimit"), word, name, NULL };
	struct harness_output o = harness_run_words(harness_program("record"), argv);

	ck_assert_msg(o.status == 0, "%s: status %d: %s", word, o.status, o.err);
}

static const char *
sender_of(unsigned group, unsigned i)
{
	static char sender[40];

	if (i == 0)
		return "a@hot.example";
	(void)snprintf(sender, sizeof sender, "a@d%u.example",
	    (group * AT_ONCE + i) * 7 % DOMAINS);
	return sender;
}

static struct harness_run *
start(const char *sender, const char *recipient)
{
	const char *const argv[] = { "record", harness_program("qlimit-remote"), "x", sender, recipient,
		NULL };

	return harness_attempt_start(&(struct harness_attempt){ .program = harness_program("record"),
	    .argv = argv, .message = harness_message(NULL, NULL) });
}

/* In the log, behind what has been done, and in `marks`. */
static void
mark(const struct mark *m)
{
	const char *const argv[] = { "record", "-mark", NULL };

	ck_assert_uint_lt(power.mark_count, MARKS_MAX);
	marks[power.mark_count++] = *m;
	ck_assert_int_eq(harness_run_words(harness_program("record"), argv).status, 0);
}

/* A few at once; the first of them from the domain that has a limit, some to come again. */
static void
blow_a_group(unsigned group, struct mark *m)
{
	struct harness_run *runs[AT_ONCE];

	for (unsigned i = 0; i < AT_ONCE; i++)
		runs[i] = start(sender_of(group, i), i == 2 ? "greylist@x" : "accept@x");
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct harness_delivery d = harness_deliver_finish(runs[i]);
		bool held = strncmp(d.text, "Domain hot", 10) == 0;

		ck_assert_msg(d.letter == (i == 2 || held ? 'Z' : 'K'), "%c%s", d.letter, d.text);
		m->all += !held;
		m->hot += i == 0 && !held;
		m->cool += i != 0 && strcmp(sender_of(group, i), "a@d7.example") == 0;
	}
	mark(m);
}

static void
blow_an_hour(int hour)
{
	struct mark m = { .now = HARNESS_NOW + hour * 3600 };

	harness_set_time(m.now);
	for (unsigned group = 0; group < GROUPS; group++) {
		if (group == 3)
			edit(); /* the next delivery has it loaded */
		if (group == 5 && hour > 0)
			recorded("load", NULL);
		if (group == 6 && hour % 2 == 1)
			recorded("reset", "hot.example");
		blow_a_group(group, &m);
	}
	if (hour % 2 == 1)
		recorded("tidy", NULL);
}

static void
blow(void)
{
	struct mark last = { .now = HARNESS_NOW + HOURS * 3600 };

	(void)setenv("QLIMIT_TEST_BOOT", boots[SAME], 1);
	(void)setenv("RECORD_DIRECTORY", harness_path("state"), 1);
	(void)setenv("RECORD_LOG", harness_path("log"), 1);
	edit();
	for (int hour = 0; hour < HOURS; hour++)
		blow_an_hour(hour);
	harness_set_time(last.now);
	blow_a_group(0, &last);
	recorded("tidy", NULL);
	mark(&last);
	torture_bury_all(&tally->background);
}

/* --- the ledger --- */

static const char *
image_directory(void)
{
	static const char *path;

	if (path == NULL)
		path = harness_path("image");
	return path;
}

static void
add_row(FILE *to, const struct store_row *row)
{
	const struct counters *c = &row->counters;

	(void)fprintf(to, "%" PRIu32 " %s %s: %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 " of %" PRIu32 "\n", row->hour,
	    meter_kind_name(row->meter.kind), row->meter.name, c->admitted, c->sent, c->deferred,
	    c->failed, c->unreached, c->held, c->refused, c->bytes, c->limits.max_per_hour);
}

/* All rows of the ledger in a directory, to be freed; "" where there is none. NULL: it cannot be read. */
static char *
read_ledger(const char *directory)
{
	struct store *s = store_lmdb_new(directory, STORE_LEDGER, 0);
	struct store_row row = { .hour = 0 };
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int rc;

	ck_assert(s != NULL && to != NULL);
	rc = store_begin(s, false);
	if (rc == 0)
		while ((rc = store_counters_next(s, 0, UINT32_MAX, &row)) == 1)
			add_row(to, &row);
	else if (errno == ENOENT)
		rc = 0;
	store_close(s);
	ck_assert_int_eq(fclose(to), 0);
	if (rc == 0)
		return text;
	free(text);
	return NULL;
}

/* After a commit the program does something else: then, at the latest, it relies on it. */
static void
note_ledger(void)
{
	struct ledger *l = &ledgers[power.ledger_count];
	char *rows;

	disk_whole(&power.image);
	disk_put(&power.image, image_directory());
	rows = read_ledger(image_directory());
	ck_assert_msg(rows != NULL, SAY "%s", SO, strerror(errno));
	if (power.ledger_count > 0 && strcmp(rows, l[-1].rows) == 0) {
		free(rows);
		return;
	}
	ck_assert_uint_lt(power.ledger_count, LEDGERS_MAX);
	*l = (struct ledger){ disk_steps(), rows };
	power.ledger_count++;
}

static void
note_ledgers(void)
{
	bool written = false;

	note_ledger(); /* none */
	while (disk_step()) {
		bool is_ledger = strncmp(disk_step_name(), "ledger.mdb", 10) == 0;

		if (written && !is_ledger)
			note_ledger();
		written = is_ledger;
	}
	power.steps = disk_steps();
	disk_rewind();
}

/* The rows that must be there, or those of the commit that was under way. */
static bool
is_possible(const char *rows)
{
	size_t i = power.ledger_count;

	while (i > 1 && ledgers[i - 1].step > disk_steps())
		i--;
	return strcmp(rows, ledgers[i - 1].rows) == 0 ||
	    (i < power.ledger_count && strcmp(rows, ledgers[i].rows) == 0);
}

/* The ledger of the image in a directory; its rows, to be freed. */
static char *
check_ledger(const char *directory)
{
	char *rows = read_ledger(directory);

	ck_assert_msg(rows != NULL, SAY "ledger: %s", SO, strerror(errno));
	ck_assert_msg(is_possible(rows), SAY "rows of the ledger:\n%s", SO, rows);
	tally->ledgers++;
	return rows;
}

/* A tidy can go on with it: all that was there is, and what is added. */
static void
check_adding(const char *directory, const char *before)
{
	struct store *s = store_lmdb_new(directory, STORE_LEDGER, 0);
	struct store_row row = { .hour = UINT32_MAX - 1 };
	char *after, *added = NULL;
	size_t size;
	FILE *to = open_memstream(&added, &size);

	ck_assert(s != NULL && to != NULL);
	limits_init(&row.counters.limits);
	meter_set(&row.meter, METER_DOMAIN, "zzz.example");
	(void)fputs(before, to);
	add_row(to, &row);
	(void)fclose(to);
	ck_assert_msg(store_begin(s, true) == 0 &&
	    store_counters_put(s, row.hour, &row.meter, &row.counters) == 0 && store_commit(s) == 0,
	    SAY "adding to the ledger: %s", SO, strerror(errno));
	store_close(s);
	after = read_ledger(directory);
	ck_assert_msg(after != NULL && strcmp(after, added) == 0, SAY "added to the ledger:\n%s", SO,
	    after != NULL ? after : strerror(errno));
	free(after);
	free(added);
}

static bool
exists(const char *directory, const char *name)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

/* Whole: the file of one load or another; or there is none. */
static void
check_essentials(const char *directory)
{
	struct essentials e;
	unsigned number;

	if (essentials_read(&e, directory) == -1) {
		ck_assert_msg(!exists(directory, "essentials"), SAY "essentials: %s", SO, strerror(errno));
		return;
	}
	number = e.deadline_ms - DEADLINE_MS;
	ck_assert_msg(number < power.edits && e.defer_on_error == (number % 2 == 1) &&
	    strcmp(e.remote, harness_program("remote")) == 0 && e.state[0] == '\0',
	    SAY "essentials: %s, %d, %" PRIu32, SO, e.remote, e.defer_on_error, e.deadline_ms);
}

static void
check_files(void)
{
	const char *directory = image_directory();
	char *rows;

	disk_put(&power.image, directory);
	check_essentials(directory);
	rows = check_ledger(directory);
	if (torture_below(4) == 0)
		check_adding(directory, rows);
	ck_assert_msg(!exists(directory, "ledger.mdb.damaged"), SAY "set aside", SO);
	free(rows);
}

/* --- preparing --- */

/* LMDB may crash in this process; then the cut is told, too. */
static void
on_crash(int number)
{
	(void)!write(2, power.image.what, strlen(power.image.what));
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void
prepare(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT };

	power.seed = torture_seed();
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(tally, MAP_FAILED);
	torture_adopt();
	ck_assert_int_eq(mkdir(harness_path("image"), 0700), 0);
	blow();
	disk_load(harness_path("log"));
	note_ledgers();
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		(void)signal(crashes[i], on_crash);
}

static void
finish(void)
{
	disk_free();
	while (power.ledger_count > 0)
		free(ledgers[--power.ledger_count].rows);
}

/* --- the files by themselves --- */

static void
check_subsets(const char *name)
{
	for (unsigned subset = 0; subset < 1U << SUBSET_BITS; subset++)
		for (unsigned how = 0; how < 4; how++)
			if (disk_subset(&power.image, name, subset, (how & 1) != 0, (how & 2) != 0))
				check_files();
}

/*
 * Goal: a ledger opens after any cut, and has what every commit before it has put there; essentials are
 * those of one load. All subsets of the pages of a ledger that are on their way, and orders drawn.
 */
START_TEST(torture_files)
{
	int64_t begun = harness_milliseconds();

	prepare();
	while (disk_step()) {
		bool risk = disk_is_at_risk("ledger.mdb");
		unsigned draws = risk ? LEDGER_DRAWS : OTHER_DRAWS;

		if (torture_below(100) >= (size_t)torture_scale())
			continue;
		if (risk)
			check_subsets("ledger.mdb");
		for (unsigned i = 0; i < draws; i++) {
			disk_draw(&power.image, (enum disk_order)torture_below(DISK_ORDERS));
			check_files();
		}
	}
	printf("torture: power cut, files (seed %u): %zu steps, %zu states of the ledger; %u images in %lld "
	    "s; 0 wrong\n", power.seed, power.steps, power.ledger_count, tally->ledgers,
	    (long long)(harness_milliseconds() - begun) / 1000);
	finish();
}
END_TEST

/* --- the machine started again --- */

static const struct mark *
mark_now(void)
{
	size_t n = disk_marks();

	return &marks[n < power.mark_count ? n : power.mark_count - 1];
}

/* Whether ours may say that it cannot count: only where that is told, and the file says so. */
static bool
may_defer(void)
{
	struct essentials e;

	return essentials_read(&e, harness_path("state")) == 0 && e.defer_on_error;
}

/* How often the remote has run. */
static size_t
runs(void)
{
	static char line[8192];
	FILE *f = fopen(harness_path("runs"), "r");
	size_t n = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n++;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

/* One delivery: the remote's word once; or, where it may be, ours without it. True if nobody complained. */
static bool
deliver(const char *sender, enum boot boot)
{
	size_t calls = runs(), troubles = harness_log_lines("event=trouble");
	bool defer = may_defer(), hot = strcmp(sender, "a@hot.example") == 0, trouble;
	int64_t started = harness_milliseconds();
	struct harness_delivery d = harness_deliver(harness_message(NULL, NULL), sender, "accept@x");

	started = harness_milliseconds() - started;
	if (started > tally->slowest)
		tally->slowest = started;
	tally->deliveries++;
	ck_assert_msg(started <= 2 * (DEADLINE_MS + 1000) + MARGIN_MS, SAY "%lld ms", SO,
	    (long long)started);
	calls = runs() - calls;
	trouble = harness_log_lines("event=trouble") > troubles;
	if (calls == 1 && d.wait_status == 0 && d.length == power.accepted.length &&
	    memcmp(d.bytes, power.accepted.bytes, d.length) == 0) {
		tally->uncounted += trouble;
		return !trouble;
	}
	ck_assert_msg(calls == 0 && d.wait_status == 0 && d.letter == 'Z', SAY "%s, boot %d: %zu calls, "
	    "status %x: %c%s", SO, sender, boot, calls, (unsigned)d.wait_status, d.letter, d.text);
	if (strncmp(d.text, "qlimit-remote is unable to use its counters.", 44) == 0 && defer && trouble) {
		tally->deferred++;
		return false;
	}
	ck_assert_msg(strncmp(d.text, "Domain hot.example", 18) == 0 && hot && boot != ANEW &&
	    !power.later && mark_now()->hot >= HOT_LIMIT, SAY "%s, boot %d: %s", SO, sender, boot, d.text);
	tally->held++;
	return true;
}

static struct harness_output
command(const char *word)
{
	struct harness_output o = harness_cli_words((const char *const[]){ word, NULL });

	tally->commands++;
	ck_assert_msg(o.status == EX_OK || (o.status >= EX__BASE && o.status <= EX__MAX),
	    SAY "%s: status %d: %s", SO, word, o.status, o.err);
	return o;
}

/* One that looks, before there was mail: at nothing, for nothing is counted since the machine is up. */
static void
look_early(const char *word)
{
	struct harness_output o = command(word);

	ck_assert_msg(o.status == EX_NOINPUT || o.status == EX_IOERR, SAY "%s shows: %s", SO, word, o.out);
	tally->again += o.status == EX_IOERR;
}

/* One that makes what it needs: at the second time at the latest. */
static void
work_early(const char *word)
{
	struct harness_output o = command(word);

	tally->again += o.status != EX_OK;
	for (int i = 0; o.status != EX_OK && i < 2; i++)
		o = command(word);
	ck_assert_msg(o.status == EX_OK, SAY "%s again: status %d: %s", SO, word, o.status, o.err);
}

static void
begin_with_a_command(void)
{
	switch (torture_below(8)) {
	case 0: look_early("show"); break;
	case 1: look_early("status"); break;
	case 2: work_early("load"); break;
	case 3: work_early("tidy"); break;
	default: break;
	}
}

static void
must_be_counted(const char *kind, const char *name, unsigned least, unsigned most)
{
	struct harness_counters c = harness_counters(kind, name);

	ck_assert_msg(c.admitted >= least && c.admitted <= most, SAY "%s %s: %" PRIu64 " admitted, not %u "
	    "to %u", SO, kind, name, c.admitted, least, most);
}

/* It knows that it was started again: nothing of what was there is believed. */
static void
check_anew(void)
{
	static const char *const words[] = { "show", "status", "load", "tidy" };
	const char *word = words[torture_below(4)];
	bool sure;

	begin_with_a_command();
	/* With a word of trouble it may still be counted: in what replaced the damaged file. */
	sure = deliver("a@hot.example", ANEW);
	torture_bury_all(&tally->background);
	ck_assert_msg(deliver("a@hot.example", ANEW), SAY "the second delivery is not counted: %s", SO,
	    harness_log_line("event=trouble", harness_log_lines("event=trouble") - 1));
	must_be_counted("domain", "hot.example", sure ? 2 : 1, 2);
	must_be_counted("server", "", sure ? 2 : 1, 2);
	ck_assert_msg(command(word).status == EX_OK, SAY "%s", SO, word);
}

/* It believes that it was not: as with damage, the mail goes out, and nobody dies. */
static void
check_believed(enum boot boot)
{
	static const char *const words[] = { "show", "status", "load", "tidy" };
	const struct mark *m = mark_now();

	if (torture_below(4) == 0)
		(void)command(words[torture_below(4)]);
	(void)deliver("a@hot.example", boot);
	(void)deliver("a@d7.example", boot);
	torture_bury_all(&tally->background);
	(void)deliver("a@d7.example", boot);
	torture_bury_all(&tally->background);
	(void)command(words[torture_below(4)]);
	/* That, too, may have found damage: then there is nothing to look at. */
	if (command("show").status != EX_OK)
		return;
	must_be_counted("domain", "hot.example", 0, m->hot + 1);
	must_be_counted("domain", "d7.example", 0, m->cool + 2);
	must_be_counted("server", "", 0, m->all + 3);
}

/* Whether a line of `rows` at `line` is one of the others, too. */
static bool
has_row(const char *others, const char *line)
{
	size_t n = strcspn(line, "\n") + 1;

	for (; *others != '\0'; others += strcspn(others, "\n") + 1)
		if (strncmp(others, line, n) == 0)
			return true;
	return false;
}

/*
 * What was there still is, and nothing is added by a machine that knows that it was started again. One
 * that does not may add what it finds in live.mdb, and put older rows over those that are there.
 */
static void
compare_ledgers(const char *before, enum boot boot)
{
	char *after = read_ledger(harness_path("state"));

	ck_assert_msg(after != NULL, SAY "ledger: %s", SO, strerror(errno));
	ck_assert_msg(boot != ANEW || strcmp(before, after) == 0, SAY "ledger before\n%safter\n%s", SO,
	    before, after);
	for (const char *row = before; *row != '\0'; row += strcspn(row, "\n") + 1)
		tally->rewritten += !has_row(after, row);
	free(after);
	ck_assert_msg(!exists(harness_path("state"), "ledger.mdb.damaged"), SAY "ledger set aside", SO);
}

static void
start_again(enum boot boot)
{
	char *rows;

	disk_put(&power.image, harness_path("state"));
	disk_put(&power.image, harness_path("culprit"));
	(void)unlink(harness_path("runs"));
	check_essentials(harness_path("state"));
	rows = check_ledger(harness_path("state"));
	(void)setenv("QLIMIT_TEST_BOOT", boots[boot], 1);
	power.later = torture_below(3) == 0;
	harness_set_time(mark_now()->now + (power.later ? 3600 : 0));
	if (boot == ANEW)
		check_anew();
	else
		check_believed(boot);
	torture_bury_all(&tally->background);
	compare_ledgers(rows, boot);
	tally->aside += exists(harness_path("state"), "live.mdb.damaged");
	/* In another boot nobody looks into what the power cut has left. */
	ck_assert_msg(boot != ANEW || tally->aside == 0, SAY "live.mdb set aside", SO);
	tally->images++;
	free(rows);
}

/* The images of a batch; only goes past them unless `really`. False at the end of the storm. */
static bool
start_batch(enum boot boot, unsigned from, unsigned share, bool really)
{
	for (unsigned n = from; n < from + BATCH; n++) {
		while ((uint64_t)n * power.steps >= (uint64_t)share * disk_steps())
			if (!disk_step())
				return false;
		if (!really)
			continue;
		disk_draw(&power.image, (enum disk_order)torture_below(DISK_ORDERS));
		start_again(boot);
	}
	return true;
}

/* In a process of its own: what the harness looks through, the log above all, stays small so. */
static void
run_batch(enum boot boot, unsigned from, unsigned share)
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	pid = check_fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		srandom(power.seed + from);
		torture_adopt();
		(void)start_batch(boot, from, share, true);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (status != 0)
		exit(EXIT_FAILURE); /* it has told why */
}

static void
prepare_machine(void)
{
	ck_assert_int_eq(mkdir(harness_path("culprit"), 0700), 0);
	(void)setenv("FAKE_REMOTE_LOG", harness_path("runs"), 1);
	power.accepted = harness_attempt_finish(harness_attempt_start(&(struct harness_attempt){
	    .program = harness_program("remote"), .message = harness_message(NULL, NULL),
	    .sender = "a@x", .recipient = "accept@x" }));
}

/* Goal: whatever is left of live.mdb, the mail goes on, and what is counted is true. */
START_TEST(torture_machine)
{
	enum boot boot = (enum boot)_i;
	unsigned share = torture_share(boot == ANEW ? MACHINE_IMAGES : MACHINE_IMAGES / 4), from = 0;
	int64_t begun = harness_milliseconds();

	prepare();
	prepare_machine();
	do {
		run_batch(boot, from, share);
		from += BATCH;
	} while (start_batch(boot, from - BATCH, share, false));
	printf("torture: power cut, %s (seed %u): %u images in %lld s; %u deliveries, slowest %lld ms, %u not "
	    "counted, %u deferred, %u held; %u commands, %u to be done again; live.mdb set aside %u "
	    "times, rows of the ledger overwritten %u times; %u in the background; 0 wrong\n",
	    boot == ANEW ? "started again" : boot == SAME ? "the same boot" : "boot unknown", power.seed,
	    tally->images, (long long)(harness_milliseconds() - begun) / 1000, tally->deliveries,
	    (long long)tally->slowest, tally->uncounted, tally->deferred, tally->held, tally->commands,
	    tally->again, tally->aside, tally->rewritten, tally->background);
	finish();
}
END_TEST

Suite *
suite_torture_power(void)
{
	Suite *s = suite_create("torture_power");
	TCase *files = tcase_create("power_files"), *machine = tcase_create("power_machine");

	tcase_add_checked_fixture(files, harness_start, harness_end);
	tcase_set_timeout(files, 7200);
	tcase_add_test(files, torture_files);
	suite_add_tcase(s, files);
	tcase_add_checked_fixture(machine, harness_start, harness_end);
	tcase_set_timeout(machine, 7200);
	tcase_add_loop_test(machine, torture_machine, 0, BOOTS);
	suite_add_tcase(s, machine);
	return s;
}
