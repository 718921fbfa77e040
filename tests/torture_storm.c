/* torture_storm - a hundred deliveries at once, killed and stopped at random, beside the admin's commands */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "harness_faults.h"
#include "torture.h"

#define ATTEMPTS 20000
#define HOURS 4
#define AT_ONCE 100
#define DEADLINE_MS 1000
#define MARGIN_MS 3000 /* a hundred processes on a processor or two */
#define TRIES 5
#define DOMAINS 8
#define NEVER INT64_MAX

/* Sender domains by number. All others have a limit that stays, and is often reached. */
enum { EDITED = 1, RESET = 2, UNLIMITED = 3, FAILING = 4 };

/* What the remote is told to say, and what comes out of it when it runs alone. */
enum { ANSWERS = 6, CRASH = 5, PAUSES = 4 };
static const char *const answers[ANSWERS] = { "accept", "accept", "greylist", "reject", "unreachable",
	"crash" };
static const long pauses[PAUSES] = { 0, 10, 50, 200 };
static struct harness_delivery expected[ANSWERS];

/* One message to one recipient, until it is finished. */
struct delivery {
	const char *message;
	unsigned domain, tries, hour; /* the hour it was first tried in */
	bool reached;                 /* the remote */
};

/* One run of the wrapper: how often the remote was to be reached by it, and was. */
struct attempt {
	unsigned delivery, least, most, calls;
};

/* One program that runs: an attempt, or a command. */
struct slot {
	struct harness_run *run;
	const char *command; /* NULL: an attempt */
	unsigned attempt, answer, pause;
	int64_t started, stopped, resume_at, stood; /* milliseconds */
};

static struct delivery deliveries[ATTEMPTS];
static struct attempt attempts[ATTEMPTS];
static unsigned waiting[ATTEMPTS]; /* deliveries to be tried again */
static struct slot slots[AT_ONCE + 1]; /* the last one is for commands */

static struct {
	bool damage;
	unsigned seed, hour, busy, attempts, deliveries, waiting, limit, resets, edits;
	bool config_is_broken;
	unsigned passed[DOMAINS]; /* deliveries of this hour that reached the remote */
	int64_t next_command, next_damage;
	long calls_read;
} storm;

static struct {
	unsigned real, held, refused, unable, killed, stopped, commands, not_done, background, damaged;
	int64_t slowest, slowest_command;
} tally;

/* --- the remote --- */

static const char *
script_of(unsigned answer, unsigned pause)
{
	static char name[60];

	(void)snprintf(name, sizeof name, "script-%s-%ld", answers[answer], pauses[pause]);
	return name;
}

static void
use_script(unsigned answer, unsigned pause)
{
	(void)setenv("FAKE_REMOTE_SCRIPT", harness_path(script_of(answer, pause)), 1);
}

static void
write_scripts(void)
{
	for (unsigned answer = 0; answer < ANSWERS; answer++)
		for (unsigned pause = 0; pause < PAUSES; pause++) {
			FILE *f = fopen(harness_path(script_of(answer, pause)), "w");

			ck_assert_ptr_nonnull(f);
			(void)fprintf(f, "sleep %ld\n%s\n", pauses[pause], answers[answer]);
			ck_assert_int_eq(fclose(f), 0);
		}
}

static void
learn_answers(void)
{
	static const char *const argv[] = { "qmail-remote", "alone", "a@x", "b@x", NULL };
	struct harness_attempt attempt = { .program = harness_program("remote"), .argv = argv,
		.message = harness_message(NULL, NULL) };

	for (unsigned answer = 0; answer < ANSWERS; answer++) {
		use_script(answer, 0);
		expected[answer] = harness_attempt_finish(harness_attempt_start(&attempt));
	}
}

/* --- the configuration --- */

/* Some edits are mistakes: the rules before them stay in force. */
static void
edit_config(void)
{
	char text[1500];
	size_t used;

	used = (size_t)snprintf(text, sizeof text, "# edit %u\non_error = \"%s\"; deadline_ms = %d; "
	    "default = { max_per_hour = %u; }; domains = (", storm.edits,
	    storm.damage ? "deliver" : "defer", DEADLINE_MS, storm.limit);
	used += (size_t)snprintf(text + used, sizeof text - used,
	    "{ name = \"d%d.example\"; max_per_hour = %u; }, { name = \"d%d.example\"; max_per_hour = 0; },"
	    "{ name = \"d%d.example\"; max_failure_percent = 30; });", EDITED,
	    storm.edits % 2 == 0 ? storm.limit : 2 * storm.limit, UNLIMITED, FAILING);
	storm.config_is_broken = storm.edits % 5 == 4;
	if (storm.config_is_broken)
		text[used - 3] = '\0';
	storm.edits++;
	harness_config(text);
}

/* --- starting --- */

static unsigned
new_delivery(void)
{
	struct delivery *d = &deliveries[storm.deliveries];

	/* Some messages have several recipients. */
	*d = (struct delivery){ .domain = (unsigned)torture_below(DOMAINS), .hour = storm.hour };
	if (storm.deliveries > 0 && torture_below(3) == 0) {
		d->message = deliveries[storm.deliveries - 1].message;
		d->domain = deliveries[storm.deliveries - 1].domain;
	} else {
		d->message = harness_message(NULL, NULL);
	}
	return storm.deliveries++;
}

static unsigned
choose_delivery(void)
{
	unsigned at, chosen;

	if (storm.waiting == 0 || torture_below(2) == 0)
		return new_delivery();
	at = (unsigned)torture_below(storm.waiting);
	chosen = waiting[at];
	waiting[at] = waiting[--storm.waiting];
	return chosen;
}

/* The host, which nothing of ours looks at, tells the remote's log which attempt it was. */
static void
start_attempt(struct slot *slot)
{
	unsigned number = choose_delivery();
	struct delivery *d = &deliveries[number];
	char host[24], sender[40], recipient[40];
	const char *const argv[] = { "qmail-remote", host, sender, recipient, NULL };
	struct harness_attempt attempt = { .argv = argv, .message = d->message };

	(void)snprintf(host, sizeof host, "a%u", storm.attempts);
	(void)snprintf(sender, sizeof sender, "a@d%u.example", d->domain);
	(void)snprintf(recipient, sizeof recipient, "r-%u@x", number);
	*slot = (struct slot){ .attempt = storm.attempts, .resume_at = NEVER };
	slot->answer = (unsigned)torture_below(ANSWERS);
	slot->pause = (unsigned)torture_below(PAUSES);
	use_script(slot->answer, slot->pause);
	attempts[storm.attempts++] = (struct attempt){ .delivery = number };
	d->tries++;
	slot->started = harness_milliseconds();
	slot->run = harness_attempt_start(&attempt);
	storm.busy++;
}

static const char *const commands[][4] = { { "qlimit", "show", NULL },
	{ "qlimit", "show", "--json", NULL }, { "qlimit", "load", NULL }, { "qlimit", "tidy", NULL },
	{ "qlimit", "status", NULL }, { "qlimit", "reset", "d2.example", NULL } };

/* In a slot like a delivery's: the harness waits for its own commands. */
static void
start_command(struct slot *slot)
{
	size_t choice = torture_below(sizeof commands / sizeof commands[0]);
	struct harness_attempt attempt = { .program = harness_program("qlimit"),
		.argv = commands[choice], .message = deliveries[0].message };

	*slot = (struct slot){ .command = commands[choice][1], .resume_at = NEVER };
	if (strcmp(slot->command, "load") == 0)
		edit_config();
	storm.resets += strcmp(slot->command, "reset") == 0;
	slot->started = harness_milliseconds();
	slot->run = harness_attempt_start(&attempt);
	storm.next_command = slot->started + 5 + (int64_t)torture_below(100);
	tally.commands++;
}

/* --- what befalls them --- */

static void
resume_due(void)
{
	for (int i = 0; i < AT_ONCE; i++) {
		struct slot *slot = &slots[i];

		if (slot->run == NULL || slot->resume_at == NEVER || harness_milliseconds() < slot->resume_at)
			continue;
		(void)kill(harness_attempt_pid(slot->run), SIGCONT);
		slot->stood += harness_milliseconds() - slot->stopped;
		slot->resume_at = NEVER;
	}
}

/* A few stand still for longer than the deadline, perhaps with the lock in hand. */
static void
disturb(void)
{
	struct slot *slot = &slots[torture_below(AT_ONCE)];

	if (slot->run == NULL || slot->resume_at != NEVER)
		return;
	if (torture_below(3) == 0) {
		(void)kill(harness_attempt_pid(slot->run), SIGKILL);
		return;
	}
	(void)kill(harness_attempt_pid(slot->run), SIGSTOP);
	tally.stopped++;
	slot->stopped = harness_milliseconds();
	slot->resume_at = slot->stopped +
	    (torture_below(100) == 0 ? DEADLINE_MS * 3 / 2 : 1 + (int64_t)torture_below(30));
}

/* Half of it with nobody in the file, half of it under their feet. */
static void
damage_store(void)
{
	static struct torture_file file;
	bool alone = torture_below(2) == 0;
	int fd;

	if (access(harness_path("state/live.mdb"), F_OK) == -1)
		return;
	fd = open(harness_path("state/lock"), O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	/* Not for long: who has the lock may be one whom only we let go on. */
	for (int i = 0; alone && i < 200 && flock(fd, LOCK_EX | LOCK_NB) == -1; i++)
		(void)usleep(200);
	if (access(harness_path("state/live.mdb"), F_OK) == 0) {
		torture_read(&file, harness_path("state/live.mdb"));
		(void)torture_damage(&file);
		torture_write(&file, harness_path("state/live.mdb"));
		tally.damaged++;
	}
	(void)close(fd);
	storm.next_damage = harness_milliseconds() + 20 + (int64_t)torture_below(150);
}

/* --- what came of it --- */

static bool
begins(const struct harness_delivery *d, const char *with)
{
	return strncmp(d->bytes, with, strlen(with)) == 0 && WIFEXITED(d->wait_status) &&
	    WEXITSTATUS(d->wait_status) == 0 && d->bytes[d->length - 1] == '\0';
}

static bool
is_real(const struct harness_delivery *d, unsigned answer)
{
	const struct harness_delivery *e = &expected[answer];

	return d->length == e->length && memcmp(d->bytes, e->bytes, d->length) == 0 &&
	    d->wait_status == e->wait_status;
}

/* The remote's own word, or ours without it; nothing else, and nothing of the domain without limits. */
static void
judge(struct attempt *a, const struct slot *slot, const struct harness_delivery *d)
{
	bool limited = deliveries[a->delivery].domain != UNLIMITED;

	if (WIFSIGNALED(d->wait_status) && WTERMSIG(d->wait_status) == SIGKILL) {
		tally.killed++;
		a->most = 1;
	} else if (is_real(d, slot->answer)) {
		tally.real++;
		a->least = a->most = 1;
	} else if (limited && begins(d, "ZDomain d")) {
		tally.held++;
	} else if (limited && begins(d, "DDomain d")) {
		tally.refused++;
	} else if (!storm.damage && begins(d, "Zqlimit-remote is unable to use its counters.")) {
		tally.unable++;
	} else {
		ck_abort_msg("seed %u, attempt %u (%s): status %x: %c%s", storm.seed, slot->attempt,
		    answers[slot->answer], (unsigned)d->wait_status, d->letter, d->text);
	}
}

static void
end_attempt(struct slot *slot)
{
	struct attempt *a = &attempts[slot->attempt];
	int64_t ms = harness_milliseconds() - slot->started;
	struct harness_delivery d;

	if (slot->resume_at != NEVER)
		slot->stood += harness_milliseconds() - slot->stopped;
	d = harness_attempt_finish(slot->run);
	slot->run = NULL;
	storm.busy--;
	judge(a, slot, &d);
	ms -= slot->stood + (a->least > 0 ? pauses[slot->pause] : 0);
	if (ms > tally.slowest)
		tally.slowest = ms;
	/* The deadline holds twice: before the remote, and after it. */
	ck_assert_msg(ms <= 2 * DEADLINE_MS + MARGIN_MS, "seed %u, attempt %u: %lld ms", storm.seed,
	    slot->attempt, (long long)ms);
	if (d.letter == 'Z' && deliveries[a->delivery].tries < TRIES)
		waiting[storm.waiting++] = a->delivery;
}

/* With mistakes in the file, with nothing counted yet; and where the file is damaged any trouble. */
static bool
may_end_so(const char *command, int status)
{
	if (status == 0 || (status >= EX__BASE && status <= EX__MAX && storm.damage))
		return true;
	if (strcmp(command, "load") == 0)
		return status == EX_CONFIG && storm.config_is_broken;
	return status == EX_NOINPUT && strcmp(command, "reset") == 0;
}

static void
end_command(struct slot *slot)
{
	int64_t ms = harness_milliseconds() - slot->started;
	struct harness_delivery d = harness_attempt_finish(slot->run);
	int status = WIFEXITED(d.wait_status) ? WEXITSTATUS(d.wait_status) : -WTERMSIG(d.wait_status);

	slot->run = NULL;
	ck_assert_msg(may_end_so(slot->command, status), "seed %u: qlimit %s: status %d: %s", storm.seed,
	    slot->command, status, d.bytes);
	tally.not_done += status != 0;
	if (ms > tally.slowest_command)
		tally.slowest_command = ms;
}

/* One child that has ended; false if there is none. */
static bool
end_one(void)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid == 0)
		return false;
	for (int i = 0; i <= AT_ONCE; i++)
		if (slots[i].run != NULL && harness_attempt_pid(slots[i].run) == info.si_pid) {
			if (slots[i].command != NULL)
				end_command(&slots[i]);
			else
				end_attempt(&slots[i]);
			return true;
		}
	torture_bury(info.si_pid, &tally.background);
	return true;
}

/* --- the accounts --- */

static void
count_call(const char *line)
{
	const char *host = strstr(line, " argv1=a");
	unsigned n;

	if (host == NULL || sscanf(host, " argv1=a%u ", &n) != 1)
		return; /* one that ran alone */
	ck_assert_uint_lt(n, storm.attempts);
	attempts[n].calls++;
}

static void
read_calls(void)
{
	FILE *f = fopen(harness_path("calls"), "r");
	static char line[8192];

	ck_assert(f != NULL && fseek(f, storm.calls_read, SEEK_SET) == 0);
	while (fgets(line, sizeof line, f) != NULL)
		count_call(line);
	storm.calls_read = ftell(f);
	(void)fclose(f);
}

static void
check_attempts(unsigned from)
{
	memset(storm.passed, 0, sizeof storm.passed);
	for (unsigned i = from; i < storm.attempts; i++) {
		const struct attempt *a = &attempts[i];
		struct delivery *d = &deliveries[a->delivery];

		ck_assert_msg(a->calls >= a->least && a->calls <= a->most, "seed %u, attempt %u: the "
		    "remote was reached %u times, not %u to %u", storm.seed, i, a->calls, a->least,
		    a->most);
		if (a->calls > 0 && !d->reached) {
			d->reached = true;
			storm.passed[d->domain] += d->hour == storm.hour;
		}
	}
}

static void
check_meter(unsigned domain)
{
	struct harness_counters c;
	uint64_t limit = storm.limit;
	char name[40];

	(void)snprintf(name, sizeof name, "d%u.example", domain);
	c = harness_counters("domain", name);
	if (domain == EDITED)
		limit *= 2;
	if (domain == RESET)
		limit *= storm.resets + 1;
	if (domain != UNLIMITED)
		ck_assert_msg(storm.passed[domain] <= limit && c.admitted <= limit, "seed %u: %s: %u passed, "
		    "%" PRIu64 " admitted of %" PRIu64, storm.seed, name, storm.passed[domain], c.admitted,
		    limit);
	if (domain == RESET)
		return; /* what was under way then was admitted before, and has its outcome now */
	ck_assert_msg(storm.passed[domain] <= c.admitted, "seed %u: %s: %u passed, %" PRIu64
	    " admitted", storm.seed, name, storm.passed[domain], c.admitted);
	ck_assert_msg(c.admitted >= c.sent + c.deferred + c.failed + c.unreached ||
	    storm.hour > 0, "seed %u: %s: more outcomes than %" PRIu64, storm.seed, name, c.admitted);
}

/* --- the storm --- */

/* A few at a time, so that the others are looked after meanwhile. */
static void
fill(unsigned until)
{
	int started = 0;

	for (int i = 0; i < AT_ONCE && storm.attempts < until && started < 4; i++)
		if (slots[i].run == NULL) {
			start_attempt(&slots[i]);
			started++;
			if (torture_below(10) == 0)
				disturb();
		}
}

static void
blow(unsigned until)
{
	const struct timespec pause = { 0, 500000 };

	while (storm.attempts < until || storm.busy > 0 || slots[AT_ONCE].run != NULL) {
		if (slots[AT_ONCE].run == NULL && storm.attempts < until &&
		    harness_milliseconds() >= storm.next_command)
			start_command(&slots[AT_ONCE]);
		if (storm.damage && storm.attempts < until && harness_milliseconds() >= storm.next_damage)
			damage_store();
		fill(until);
		resume_due();
		if (!end_one())
			(void)nanosleep(&pause, NULL);
	}
}

/* An hour's share, to its end: what has begun in this hour is charged to no other. */
static void
blow_an_hour(unsigned until)
{
	unsigned from = storm.attempts;

	storm.resets = 0;
	harness_set_time(HARNESS_NOW + (int64_t)storm.hour * 3600);
	blow(until);
	torture_bury_all(&tally.background);
	read_calls();
	check_attempts(from);
	for (unsigned domain = 0; !storm.damage && domain < DOMAINS; domain++)
		check_meter(domain);
}

static void
begin(bool damage)
{
	storm.damage = damage;
	storm.seed = torture_seed();
	storm.limit = torture_share(ATTEMPTS) / HOURS / 20 + 1;
	torture_adopt();
	write_scripts();
	learn_answers();
	edit_config();
	ck_assert_int_eq(harness_load().status, 0);
}

/* Whatever happened: at the latest the fifth delivery is counted again, without a word of trouble. */
static void
check_recovery(void)
{
	size_t troubles = 0;

	use_script(0, 0);
	storm.edits = 0;
	edit_config();
	for (int i = 0; i < 5; i++) {
		torture_bury_all(&tally.background);
		troubles = harness_log_lines("event=trouble");
		ck_assert_int_eq(harness_deliver(harness_message(NULL, NULL), "a@last.example",
		    "accept@x").letter, 'K');
	}
	ck_assert_uint_eq(harness_log_lines("event=trouble"), troubles);
	ck_assert_uint_ge(harness_counters("domain", "last.example").sent, 1);
	torture_bury_all(&tally.background);
}

START_TEST(torture_storm)
{
	unsigned total = torture_share(ATTEMPTS);
	int64_t start = harness_milliseconds();

	begin(_i == 1);
	for (storm.hour = 0; storm.hour < HOURS; storm.hour++)
		blow_an_hour(total * (storm.hour + 1) / HOURS);
	check_recovery();
	printf("torture: storm%s (seed %u): %u attempts at %u deliveries in %lld s: %u the remote's word, "
	    "%u held, %u refused, %u not counted and deferred, %u killed, %u stopped; %u commands, %u "
	    "not done; %u in the background; %u times damaged; slowest delivery %lld ms, command %lld "
	    "ms; 0 wrong\n", storm.damage ? " with damage" : "", storm.seed, storm.attempts,
	    storm.deliveries, (long long)(harness_milliseconds() - start) / 1000, tally.real, tally.held,
	    tally.refused, tally.unable, tally.killed, tally.stopped, tally.commands, tally.not_done,
	    tally.background, tally.damaged, (long long)tally.slowest,
	    (long long)tally.slowest_command);
}
END_TEST

Suite *
suite_torture_storm(void)
{
	Suite *s = suite_create("torture_storm");
	TCase *t = tcase_create("storm");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 7200);
	tcase_add_loop_test(t, torture_storm, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
