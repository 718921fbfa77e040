/* test_cli - qlimit(8): what it prints, how it exits, and what an edit of the configuration does */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "essentials.h"
#include "harness_faults.h"
#include "store.h"
#include "suites.h"

#define HOUR 3600

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%s", wanted, text);
}

static void
send_one(const char *sender, const char *recipient)
{
	(void)harness_deliver(harness_message(NULL, NULL), sender, recipient);
}

/* --- usage --- */

static const struct {
	const char *label;
	const char *words[4];
	int status;
	const char *out, *err;
} usages[] = {
	{ "nothing", { NULL }, EX_USAGE, NULL, "a command is missing" },
	{ "help", { "--help" }, EX_OK, "usage: qlimit COMMAND", NULL },
	{ "help of a command", { "show", "--help" }, EX_OK, "usage: qlimit", NULL },
	{ "unknown command", { "list" }, EX_USAGE, NULL, "unknown command: list" },
	{ "what was possible", { "list" }, EX_USAGE, NULL, "  show " },
	{ "unknown option", { "show", "-x" }, EX_USAGE, NULL, "usage: qlimit show [--watch]" },
	{ "no such option there", { "load", "--watch" }, EX_USAGE, NULL, "usage: qlimit load" },
	{ "missing argument", { "reset" }, EX_USAGE, NULL, "an argument is missing" },
	{ "too many", { "reset", "a", "b" }, EX_USAGE, NULL, "too many arguments" },
	{ "not a domain", { "reset", "" }, EX_USAGE, NULL, "not the name of a meter" },
	{ "nothing counted yet", { "show" }, EX_NOINPUT, NULL, "nothing counted yet" },
	{ "status of nothing", { "status" }, EX_NOINPUT, "mail path:     ", "nothing counted yet" },
	{ "version", { "--version" }, EX_OK, "qlimit 0.", NULL },
};

START_TEST(test_usage)
{
	struct harness_output o = harness_cli_words(usages[_i].words);

	ck_assert_msg(o.status == usages[_i].status, "%s: %d", usages[_i].label, o.status);
	contains(o.out, usages[_i].out != NULL ? usages[_i].out : "");
	contains(o.err, usages[_i].err != NULL ? usages[_i].err : "");
	if (usages[_i].status == EX_OK)
		ck_assert_str_eq(o.err, "");
	else if (usages[_i].out == NULL)
		ck_assert_str_eq(o.out, "");
}
END_TEST

/* All but those that need no state: what they end with for one whom it does not belong to. */
static const char *const with_state[] = { "show", "report", "explain", "status", "metrics", "hold", "refuse",
	"discard", "release", "orders", "reset", "load", "replay", "notify", "bounced", "tidy" };

START_TEST(test_help_tells_of_another_users_state)
{
	struct harness_output o = harness_cli(with_state[_i], "--help");

	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "77 the state is another user's");
}
END_TEST

/* --- check and load --- */

START_TEST(test_check)
{
	struct harness_output o;

	harness_config("default = { max_per_hour = 7; };\ndomains = ( { name = \"a.example\"; } );\n");
	o = harness_cli("check");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "configuration OK");
	contains(o.out, "domains: 1, packages: 0");
	harness_config("default = {\n  max_per_hour = \"x\";\n};\nnonsense = 1;\n");
	o = harness_cli("check", harness_path("qlimit.conf"));
	ck_assert_int_eq(o.status, EX_CONFIG);
	contains(o.err, "qlimit.conf:2: ");
	contains(o.err, "qlimit.conf:4: ");
	ck_assert_str_eq(o.out, "");
	o = harness_cli("check", "/nonexistent/file");
	ck_assert_int_eq(o.status, EX_CONFIG);
	harness_config("remote = \"/nonexistent/qmail-remote\";\n");
	o = harness_cli("check");
	ck_assert_int_eq(o.status, EX_CONFIG);
	contains(o.err, "/nonexistent/qmail-remote");
}
END_TEST

START_TEST(test_load_says_what_changed)
{
	struct harness_output o;

	harness_config("domains = ( { name = \"a.example\"; max_per_hour = 1; }, "
	    "{ name = \"b.example\"; max_per_day = 3; } );\n");
	o = harness_load();
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "7 added, 0 changed, 0 removed");
	harness_config("domains = ( { name = \"a.example\"; max_per_hour = 2; }, "
	    "{ name = \".c.example\"; exempt = true; } );\n");
	o = harness_load();
	contains(o.out, "1 added, 1 changed, 1 removed, 5 as before");
	contains(o.out, "changed a.example: max_per_hour 1 -> 2\n");
	contains(o.out, "added .c.example: max_per_hour 0,");
	contains(o.out, "count recipients, exempt\n");
	contains(o.out, "removed b.example: max_per_hour 0, max_per_day 3,");
	o = harness_load();
	contains(o.out, "0 added, 0 changed, 0 removed, 7 as before");
}
END_TEST

static void
put_control(const char *name, const char *text)
{
	FILE *file = fopen(harness_path(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Goal: check and load say who is hosted; thousands that are as `default` hide nothing else. */
START_TEST(test_load_says_who_is_hosted)
{
	char text[40 * 30] = "";
	struct harness_output o;

	harness_config("default = { max_per_hour = 7; };\n");
	contains(harness_cli("check").out, "no hosted domains: every sender domain is counted alone; users: 0, "
	    "destinations: 0\n");
	for (int i = 0; i < 30; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "d%d.example\n", i);
	put_control("control/rcpthosts", text);
	put_control("control/virtualdomains", "d0.example:p\njoe@x.example:p\nno domain\n");
	harness_config("default = { max_per_hour = 7; };\n"
	    "users = ( { uid = 48; max_per_hour = 1; runs_smtpd = true; }, { name = \"alias\"; } );\n"
	    "destinations = ( { name = \"gmail.com\"; count = \"messages\"; } );\n");
	o = harness_cli("check");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "hosted names: 31 (30 in ");
	contains(o.out, "/control/rcpthosts, 2 in ");
	contains(o.out, "/control/virtualdomains); users: 2, destinations: 1\n");
	contains(o.err, "control/virtualdomains:3: skipped: must be domain:prepend, found \"no\\x20domain\"\n");
	o = harness_load();
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "added server: ");
	contains(o.out, "added bounces: max_per_hour 7,");
	contains(o.out, "added foreign: max_per_hour 7,");
	contains(o.out, "added user alias: max_per_hour 0,");
	contains(o.out, "added user uid:48: max_per_hour 1,");
	contains(o.out, "count recipients, runs_smtpd\n");
	contains(o.out, "added user_default: ");
	contains(o.out, "added destination gmail.com: ");
	contains(o.out, "count messages\n");
	contains(o.out, "and 31 more\nrules in force: 39 added,");
	/* With default they change, and go. */
	put_control("control/rcpthosts", "d0.example\n");
	harness_config("default = { max_per_hour = 8; };\n"
	    "domains = ( { name = \"d1.example\"; max_per_hour = 9; } );\n");
	o = harness_load();
	contains(o.out, "changed default: max_per_hour 7 -> ");
	contains(o.out, "changed d1.example: max_per_hour 7 -> ");
	contains(o.out, "and 30 more\nrules in force: 0 added, 6 changed, 31 removed, 2 as before\n");
}
END_TEST

/* Goal: what the wrapper needs of these settings reaches it. */
START_TEST(test_load_writes_essentials)
{
	struct essentials e;

	harness_rules("smtp_auth = \"received\"; trusted_received = ( \"by simscan \", \"a=b\" );\n");
	ck_assert_int_eq(essentials_read(&e, harness_path("state")), 0);
	ck_assert(e.trust.smtp_auth);
	ck_assert_uint_eq(e.trust.filters_count, 2);
	ck_assert_str_eq(e.trust.filters[0], "by simscan ");
	ck_assert_str_eq(e.trust.filters[1], "a=b");
	ck_assert_str_eq(e.notify, "");
	harness_rules("notify = \"/bin/true\"; notify_timeout = 7; warn_percent = 50;\n");
	ck_assert_int_eq(essentials_read(&e, harness_path("state")), 0);
	ck_assert(!e.trust.smtp_auth && e.trust.filters_count == 0);
	ck_assert_str_eq(e.notify, "/bin/true");
	ck_assert(e.notify_timeout_s == 7 && e.warn_percent == 50);
}
END_TEST

/* Goal: many rules, more than one batch, are all there; fewer again leave none behind. */
START_TEST(test_load_many)
{
	size_t room = 200000, used = 0;
	char *text = malloc(room);

	ck_assert_ptr_nonnull(text);
	used += (size_t)snprintf(text, room, "domains = (\n");
	for (int i = 0; i < 3000; i++)
		used += (size_t)snprintf(text + used, room - used, "%s{ name = \"d%d.example\"; "
		    "max_per_hour = %d; }\n", i == 0 ? "" : ", ", i, i + 1);
	(void)snprintf(text + used, room - used, ");\n");
	harness_rules(text);
	free(text);
	contains(harness_cli("show", "--json", "d0.example").out, "\"max_per_hour\":1,");
	contains(harness_cli("show", "--json", "d2999.example").out, "\"max_per_hour\":3000,");
	harness_config("");
	contains(harness_load().out, "0 added, 0 changed, 3000 removed");
	contains(harness_cli("show", "--json", "d0.example").out, "\"max_per_hour\":0,");
}
END_TEST

static bool
new_rules_are_in_force(void)
{
	return strstr(harness_cli("show", "--json", "a.example").out, "\"max_per_hour\":2,") != NULL;
}

static bool
failure_is_noted(void)
{
	return strstr(harness_cli("status").out, "the last load failed") != NULL;
}

/* Goal: an edit takes effect by itself; a wrong one does not, is logged once, and mending it heals. */
START_TEST(test_edit_takes_effect)
{
	harness_rules("default = { max_per_hour = 1; };");
	harness_config("default = { max_per_hour = 2; };");
	send_one("a@a.example", "accept@x");
	ck_assert(harness_wait_until(new_rules_are_in_force));
	send_one("a@a.example", "accept@x");
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 2);
	harness_config("default = {\n max_per_hour = oops;\n};");
	send_one("a@b.example", "accept@x");
	ck_assert(harness_wait_until(failure_is_noted));
	for (int i = 0; i < 5; i++)
		send_one("a@b.example", "accept@x");
	ck_assert_uint_eq(harness_counters("domain", "b.example").admitted, 2);
	ck_assert_uint_eq(harness_log_lines("event=config_error"), 1);
	contains(harness_log_line("event=config_error", 0), "qlimit.conf:2: ");
	harness_config("default = { max_per_hour = 2; min_failures = 9; };");
	send_one("a@b.example", "accept@x");
	while (failure_is_noted())
		(void)usleep(10000);
	ck_assert_str_ne(harness_cli("status", "--json").out, "");
}
END_TEST

static bool
no_failure_is_noted(void)
{
	return !failure_is_noted();
}

/* Goal: a file of hosted domains is watched, one that was not there too; unreadable is not "none". */
START_TEST(test_hosted_file_appears)
{
	harness_rules("default = { max_per_hour = 1; };");
	ck_assert_int_eq(mkdir(harness_path("control/locals"), 0700), 0);
	send_one("a@a.example", "accept@x");
	ck_assert(harness_wait_until(failure_is_noted));
	contains(harness_log_line("event=config_error", 0), "which says what is hosted: it is a directory");
	send_one("a@a.example", "accept@x");
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	ck_assert_int_eq(rmdir(harness_path("control/locals")), 0);
	put_control("control/locals", "a.example\n");
	send_one("a@b.example", "accept@x");
	ck_assert(harness_wait_until(no_failure_is_noted));
}
END_TEST

/* Goal: @include files are part of it. */
START_TEST(test_included_file_is_watched)
{
	FILE *f = fopen(harness_path("more.conf"), "w");

	ck_assert_ptr_nonnull(f);
	(void)fputs("default = { max_per_hour = 1; };\n", f);
	(void)fclose(f);
	harness_rules("@include \"more.conf\"\n");
	f = fopen(harness_path("more.conf"), "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs("default = { max_per_hour = 2;  };\n", f);
	(void)fclose(f);
	send_one("a@a.example", "accept@x");
	ck_assert(harness_wait_until(new_rules_are_in_force));
	contains(harness_cli("status").out, "more.conf");
}
END_TEST

/* Goal (O3): no configuration at all: no limits, mail flows, it is said. */
START_TEST(test_no_configuration)
{
	struct harness_delivery d;

	d = harness_deliver(harness_message(NULL, NULL), "a@a.example", "accept@x");
	ck_assert_int_eq(d.letter, 'K');
	ck_assert(harness_wait_until(failure_is_noted));
	ck_assert_uint_eq(harness_log_lines("event=config_error"), 1);
	contains(harness_cli("show").out, "no rules loaded");
}
END_TEST

/* --- show, status, reset --- */

START_TEST(test_show)
{
	struct harness_output o;
	const char *busy, *quiet;

	(void)setenv("TZ", "Europe/Berlin", 1);
	harness_rules("default = { max_per_hour = 3; };");
	send_one("a@quiet.example", "accept@x");
	for (int i = 0; i < 4; i++)
		send_one("a@busy.example", "accept@x");
	o = harness_cli("show");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "Hour 2026-11-21 18:00:00 CET to 19:00\n");
	contains(o.out, "KIND");
	busy = strstr(o.out, "busy.example");
	quiet = strstr(o.out, "quiet.example");
	ck_assert(busy != NULL && quiet != NULL && busy < quiet);
	contains(busy, "100%");
	contains(busy, "held until 19:00");
	o = harness_cli("show", "Quiet.Example.");
	contains(o.out, "quiet.example");
	ck_assert_ptr_null(strstr(o.out, "busy.example"));
	harness_set_time(HARNESS_NOW + HOUR);
	contains(harness_cli("show").out, "no mail in this hour yet");
}
END_TEST

START_TEST(test_show_json)
{
	harness_rules("default = { max_per_hour = 3; };");
	(void)harness_deliver(harness_message(NULL, "12345\n"), "a@a.example", "accept@x");
	ck_assert_uint_gt(harness_counters("domain", "a.example").bytes, 6);
	ck_assert_str_eq(harness_cli("show", "--json", "other.example").out,
	    "{\"kind\":\"domain\",\"name\":\"other.example\",\"hour\":\"2026-11-21T17:00:00Z\","
	    "\"admitted\":0,\"sent\":0,\"deferred\":0,\"failed\":0,\"unreached\":0,\"held\":0,"
	    "\"refused\":0,\"discarded\":0,\"bytes\":0,\"max_per_hour\":3,\"state\":\"ok\",\"mode\":\"enforce\",\"returned\":0}\n");
}
END_TEST

START_TEST(test_status)
{
	struct harness_output o;

	harness_rules("mode = \"observe\";");
	o = harness_cli("status");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "mode observe");
	contains(o.out, "last delivery: none seen yet\n");
	contains(o.out, "live.mdb");
	send_one("a@a.example", "accept@x");
	contains(harness_cli("status").out, "last delivery: 2026-11-21");
	o = harness_cli("status", "--json");
	contains(o.out, "{\"kind\":\"status\",");
	contains(o.out, "\"last_delivery\":\"2026-11-21T17:30:00Z\"");
}
END_TEST

START_TEST(test_reset)
{
	struct harness_output o;
	struct harness_counters c;
	const char *greylisted = harness_message(NULL, NULL);

	harness_rules("default = { max_per_hour = 2; max_failure_percent = 50; min_failures = 1; };");
	(void)harness_deliver(greylisted, "a@a.example", "greylist@x");
	ck_assert_str_eq(harness_counters("domain", "a.example").state, "tripped");
	o = harness_cli("reset", "A.example");
	ck_assert_int_eq(o.status, EX_OK);
	contains(o.out, "domain a.example: counters and latch of this hour are zero");
	ck_assert_uint_eq(harness_log_lines("event=reset"), 1);
	c = harness_counters("domain", "a.example");
	ck_assert(c.admitted == 0 && c.deferred == 0 && strcmp(c.state, "ok") == 0);
	/* The delivery from before the reset is neither charged again nor taken back. */
	send_one("a@a.example", "accept@x");
	harness_script("accept\n");
	(void)harness_deliver(greylisted, "a@a.example", "greylist@x");
	c = harness_counters("domain", "a.example");
	ck_assert(c.admitted == 1 && c.sent == 2 && c.deferred == 0);
	ck_assert_uint_eq(harness_counters("server", "").admitted, 2);
	/* Nor from what others were counted with since. */
	harness_script(NULL);
	greylisted = harness_message(NULL, NULL);
	(void)harness_deliver(greylisted, "a@b.example", "greylist@x");
	ck_assert_int_eq(harness_cli("reset", "b.example").status, EX_OK);
	send_one("a@b.example", "greylist2@x");
	harness_script("accept\n");
	(void)harness_cli("reset", "none.example");
	(void)harness_deliver(greylisted, "a@b.example", "greylist@x");
	ck_assert_uint_eq(harness_counters("domain", "b.example").deferred, 1);
	o = harness_cli("reset", "unknown.example");
	ck_assert_int_eq(o.status, EX_NOINPUT);
	contains(o.err, "nothing counted in this hour");
}
END_TEST

/* Goal: what an earlier boot has counted is nobody's: not shown, not reset, and made anew by the mail. */
START_TEST(test_reboot)
{
	static const char *const words[][2] = { { "show" }, { "status" }, { "reset", "a.example" } };
	const char *message = harness_message(NULL, NULL);

	(void)setenv("QLIMIT_TEST_BOOT", "first", 1);
	harness_rules("default = { max_per_hour = 7; };\n");
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	(void)setenv("QLIMIT_TEST_BOOT", "second", 1);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct harness_output o = harness_cli(words[i][0], words[i][1]);

		ck_assert_msg(o.status == EX_NOINPUT, "%s: %d: %s", words[i][0], o.status, o.out);
		contains(o.err, "nothing counted yet");
	}
	ck_assert_int_eq(harness_deliver(message, "a@a.example", "accept@x").letter, 'K');
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	ck_assert_ptr_null(strstr(harness_cli("status").out, "TROUBLE"));
}
END_TEST

/* Goal: somebody who holds the lock for ever is named, not waited for. */
START_TEST(test_locked)
{
	struct harness_output o;
	char path[300];
	int fd;

	harness_rules("");
	(void)snprintf(path, sizeof path, "%s/lock", harness_path("state"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	o = harness_cli("show");
	ck_assert_int_eq(o.status, EX_IOERR);
	contains(o.err, "another process has held it");
	(void)close(fd);
}
END_TEST

/* --- the ledger --- */

static bool
moved(void)
{
	struct stat st;
	char path[300];

	(void)snprintf(path, sizeof path, "%s/ledger.mdb", harness_path("state"));
	return stat(path, &st) == 0 &&
	    strstr(harness_cli("status").out, "wait to be moved") == NULL;
}

/* Goal: the first delivery of a new hour has the closed one moved, and nothing is moved twice. */
START_TEST(test_closed_hour_moves)
{
	harness_rules("");
	send_one("a@a.example", "accept@x");
	harness_set_time(HARNESS_NOW + HOUR);
	send_one("a@b.example", "accept@x");
	ck_assert(harness_wait_until(moved));
	ck_assert_uint_eq(harness_counters("domain", "b.example").admitted, 1);
	ck_assert(!harness_counters("domain", "a.example").found);
	contains(harness_cli("tidy").out, "moved to the ledger: 0 rows; removed from it: 0;");
}
END_TEST

/* Goal: the ledger keeps history_days; a delivery not seen for 8 days is forgotten. */
START_TEST(test_tidy_removes_what_is_old)
{
	harness_rules("history_days = 2;");
	send_one("a@a.example", "greylist@x");
	harness_set_time(HARNESS_NOW + HOUR);
	contains(harness_cli("tidy").out, "moved to the ledger: 0 rows");
	send_one("a@b.example", "accept@x");
	(void)harness_wait_until(moved);
	harness_set_time(HARNESS_NOW + 2 * 86400);
	contains(harness_cli("tidy").out, "removed from it: 0; deliveries forgotten: 0");
	harness_set_time(HARNESS_NOW + 3 * 86400);
	contains(harness_cli("tidy").out, "removed from it: 3; deliveries forgotten: 0");
	harness_set_time(HARNESS_NOW + 9 * 86400);
	contains(harness_cli("tidy").out, "deliveries forgotten: 1");
	contains(harness_cli("status").out, "deliveries not finished: 0\n");
}
END_TEST

/* Goal: a delivery last seen before all time is old, and one from behind its end does not go away. */
START_TEST(test_tidy_at_the_ends_of_time)
{
	struct pending p = { .state = PENDING_HELD, .touched = INT64_MIN };
	unsigned char id[DIGEST_SIZE] = { 1 };
	struct store *live;
	struct info info;

	harness_rules("");
	send_one("a@a.example", "accept@x");
	live = store_lmdb_new(harness_path("state"), STORE_LIVE, 1000);
	ck_assert_ptr_nonnull(live);
	ck_assert_int_eq(store_begin(live, false), 0);
	ck_assert_int_eq(store_pending_put(live, id, &p), 0);
	p.touched = INT64_MAX;
	id[0]++;
	ck_assert_int_eq(store_pending_put(live, id, &p), 0);
	ck_assert_int_eq(store_info_get(live, &info), 1);
	ck_assert_int_eq(store_commit(live), 0);
	contains(harness_cli("tidy").out, "deliveries forgotten: 1");
	info.last_delivery = INT64_MIN;
	ck_assert_int_eq(store_begin(live, false), 0);
	ck_assert_int_eq(store_info_put(live, &info), 0);
	ck_assert_int_eq(store_commit(live), 0);
	store_close(live);
	contains(harness_cli("status").out, "last delivery: , 0 seconds ago\n");
}
END_TEST

/* Goal: `state` in the configuration moves the store, and the wrapper finds it there. */
START_TEST(test_state_elsewhere)
{
	char text[400];
	const char *other = harness_path("elsewhere");

	ck_assert_int_eq(mkdir(other, 0700), 0);
	(void)snprintf(text, sizeof text, "state = \"%s\"; default = { max_per_hour = 1; };", other);
	harness_rules(text);
	/* QLIMIT_STATE wins over the setting. */
	send_one("a@a.example", "accept@x");
	ck_assert_uint_eq(harness_counters("domain", "a.example").admitted, 1);
	ck_assert_int_eq(rmdir(other), 0);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

Suite *
suite_cli(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("commands");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_help_tells_of_another_users_state, 0, sizeof with_state / sizeof with_state[0]);
	tcase_add_loop_test(t, test_usage, 0, ROWS(usages));
	tcase_add_test(t, test_check);
	tcase_add_test(t, test_load_says_what_changed);
	tcase_add_test(t, test_load_says_who_is_hosted);
	tcase_add_test(t, test_load_writes_essentials);
	tcase_add_test(t, test_load_many);
	tcase_add_test(t, test_edit_takes_effect);
	tcase_add_test(t, test_hosted_file_appears);
	tcase_add_test(t, test_included_file_is_watched);
	tcase_add_test(t, test_no_configuration);
	tcase_add_test(t, test_show);
	tcase_add_test(t, test_show_json);
	tcase_add_test(t, test_status);
	tcase_add_test(t, test_reset);
	tcase_add_test(t, test_reboot);
	tcase_add_test(t, test_locked);
	tcase_add_test(t, test_closed_hour_moves);
	tcase_add_test(t, test_tidy_removes_what_is_old);
	tcase_add_test(t, test_tidy_at_the_ends_of_time);
	tcase_add_test(t, test_state_elsewhere);
	suite_add_tcase(s, t);
	return s;
}
