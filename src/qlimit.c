/* qlimit - the admin's side of qlimit-remote(8) */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "clock.h"
#include "guard.h"
#include "log.h"
#include "terminal.h"

struct command {
	const char *name;
	int (*run)(struct admin *a);
	int least, most; /* arguments */
	unsigned options;    /* bits 1 << enum admin_option of those it takes */
	const char *arguments;
	const char *summary;
};

#define JSON (1u << ADMIN_JSON)
#define ORDER (1u << ADMIN_FOR | 1u << ADMIN_UNTIL | 1u << ADMIN_REASON | 1u << ADMIN_FORCE | 1u << ADMIN_NOW)
#define ORDER_ARGUMENTS "[--for 2h|--until TIME] [--reason TEXT] [--force] [--now] NAME"

static const struct command commands[] = {
	{ "check", admin_check, 0, 1, 0, "[FILE]",
	    "say whether a configuration is right, and every mistake in it" },
	{ "load", admin_load, 0, 0, 0, "",
	    "put the configuration in force now and say what changed" },
	{ "show", admin_show, 0, 1000000,
	    JSON | 1u << ADMIN_WATCH | 1u << ADMIN_SORT | 1u << ADMIN_KIND | 1u << ADMIN_LIMIT | 1u << ADMIN_COLOR,
	    "[--json] [--watch] [--sort KEY] [--kind KIND,...] [--limit N] [--color WHEN] [NAME...]",
	    "this hour, meter by meter, busiest first" },
	{ "report", admin_report, 0, 1000000,
	    JSON | 1u << ADMIN_SINCE | 1u << ADMIN_UNTIL | 1u << ADMIN_BY | 1u << ADMIN_LIMIT | 1u << ADMIN_HTML,
	    "[--since TIME] [--until TIME] [--by meter|hour|day] [--limit N] [--json | --html FILE] [NAME...]",
	    "what was sent, failed and stopped in past hours, worst first" },
	{ "replay", admin_replay, 0, 1000000,
	    JSON | 1u << ADMIN_WITH | 1u << ADMIN_SINCE | 1u << ADMIN_UNTIL | 1u << ADMIN_LIMIT,
	    "--with FILE [--since TIME] [--until TIME] [--limit N] [--json] [NAME...]",
	    "what the limits of another configuration would have stopped in past hours" },
	{ "metrics", admin_metrics, 0, 0, 1u << ADMIN_TEXTFILE | 1u << ADMIN_LIMIT,
	    "[--textfile PATH] [--limit N]",
	    "this hour as OpenMetrics, for Prometheus" },
	{ "explain", admin_explain, 1, 2, 1u << ADMIN_MESSAGE, "[--message FILE] SENDER [RECIPIENT]",
	    "which meters would pay for a delivery and why, and its verdict; counts nothing" },
	{ "queue", admin_queue, 0, 1, 1u << ADMIN_ALERT | JSON, "[--alert N] [--json] [NAME]",
	    "what waits in qmail's queue, by sender's domain; one domain's messages" },
	{ "hold", admin_hold, 1, 1, ORDER, ORDER_ARGUMENTS,
	    "hold all mail that NAME pays for until it is released" },
	{ "refuse", admin_refuse, 1, 1, ORDER, ORDER_ARGUMENTS,
	    "refuse it: senders get a bounce" },
	{ "discard", admin_discard, 1, 1, ORDER | 1u << ADMIN_YES, "[--yes] " ORDER_ARGUMENTS,
	    "throw it away, queued and new; nobody is told" },
	{ "release", admin_release, 1, 1, 1u << ADMIN_NOW, "[--now] NAME",
	    "end an order" },
	{ "orders", admin_orders, 0, 0, JSON, "[--json]",
	    "the orders in force, by whom and why" },
	{ "notify", admin_notify, 1, 2, 0, "EVENT [NAME]",
	    "run the program `notify` as an event does; to try it out: notify test" },
	{ "status", admin_status, 0, 0, JSON, "[--json]",
	    "is qlimit itself well: rules, last delivery, store, trouble" },
	{ "reset", admin_reset, 1, 1, 0, "NAME",
	    "set a meter's counters and latch of this hour to zero" },
	{ "tidy", admin_tidy, 0, 0, 0, "",
	    "move closed hours to the ledger; started by itself every hour" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
usage(FILE *f)
{
	char left[120];

	(void)fputs("usage: qlimit COMMAND [ARGUMENT...]\n\n", f);
	for (size_t i = 0; i < COMMANDS; i++) {
		(void)snprintf(left, sizeof left, "%s %s", commands[i].name,
		    commands[i].arguments);
		/* Long ones on a line of their own. */
		if (strlen(left) > 44) {
			(void)fprintf(f, "  %s\n", left);
			left[0] = '\0';
		}
		(void)fprintf(f, "  %-44s %s\n", left, commands[i].summary);
	}
	(void)fputs("\nNAME is a domain, server, bounces, foreign, overflow, uid:N, alias, auth:NAME or\n"
	    "destination:DOMAIN. See qlimit(8).\n", f);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
misuse(const struct command *command, const char *what, const char *word)
{
	(void)fprintf(stderr, "qlimit: %s%s\n", what, word);
	if (command == NULL)
		usage(stderr);
	else
		(void)fprintf(stderr, "usage: qlimit %s %s\n", command->name, command->arguments);
	return EX_USAGE;
}

/* Takes the options off the arguments, `count` words behind argv[0]; returns how many are left, or -1. */
static int
take_options(const struct command *command, int count, char **argv, struct admin *a)
{
	static const struct option options[] = {
		{ "alert", required_argument, NULL, ADMIN_ALERT },
		{ "for", required_argument, NULL, ADMIN_FOR },
		{ "force", no_argument, NULL, ADMIN_FORCE },
		{ "json", no_argument, NULL, ADMIN_JSON },
		{ "message", required_argument, NULL, ADMIN_MESSAGE },
		{ "now", no_argument, NULL, ADMIN_NOW },
		{ "reason", required_argument, NULL, ADMIN_REASON },
		{ "since", required_argument, NULL, ADMIN_SINCE },
		{ "until", required_argument, NULL, ADMIN_UNTIL },
		{ "by", required_argument, NULL, ADMIN_BY },
		{ "html", required_argument, NULL, ADMIN_HTML },
		{ "textfile", required_argument, NULL, ADMIN_TEXTFILE },
		{ "limit", required_argument, NULL, ADMIN_LIMIT },
		{ "yes", no_argument, NULL, ADMIN_YES },
		{ "with", required_argument, NULL, ADMIN_WITH },
		{ "color", required_argument, NULL, ADMIN_COLOR },
		{ "kind", required_argument, NULL, ADMIN_KIND },
		{ "sort", required_argument, NULL, ADMIN_SORT },
		{ "watch", no_argument, NULL, ADMIN_WATCH },
		{ NULL, 0, NULL, 0 },
	};
	int which;

	opterr = 0;
	while ((which = getopt_long(count + 1, argv, "", options, NULL)) != -1) {
		if (which >= ADMIN_OPTIONS || (command->options & (1u << which)) == 0)
			return -1;
		a->option[which] = optarg != NULL ? optarg : "";
	}
	a->names = argv + optind;
	return count + 1 - optind;
}

static _Noreturn void
end_with(const char *words, int status)
{
	if (write(2, words, strlen(words)) == -1)
		_exit(EX_OSERR);
	_exit(status);
}

/*
 * A store that is damaged so that LMDB crashes on it is set aside as a delivery would, and said. Without one
 * it was libconfig, which crashes, aborts or exits where it cannot have memory.
 */
static void
after_crash(enum guard_reason reason)
{
	terminal_leave(); /* what is said now is to be read */
	if (store_lmdb_emergency(reason == GUARD_CRASHED)) {
		log_trouble("qlimit(8) crashed on a store", 0);
		end_with("qlimit: the store was damaged: it was set aside with .damaged added to its name. "
		    "Try again.\n", EX_IOERR);
	}
	log_trouble(reason == GUARD_CRASHED ? "qlimit(8) crashed" : "qlimit(8) had to give up", 0);
	if (reason == GUARD_CRASHED)
		end_with("qlimit: crashed, with no store in use: out of memory?\n",
		    EX_SOFTWARE);
	end_with("qlimit: out of memory, or over a limit of setrlimit(2)\n", EX_IOERR);
}

static void
give_up(enum guard_reason reason)
{
	(void)reason;
	_exit(EX_SOFTWARE);
}

/* Whoever reads a script's mail must not find a status without a word. */
static void
say_what_was_lost(int status)
{
	static const char lost[] = "qlimit: failed; the reason could not be written here\n";

	if (status != EX_OK && ferror(stderr) != 0 && write(2, lost, sizeof lost - 1) == -1)
		log_trouble("qlimit(8) failed and could not write the reason", errno);
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int
main(int argc, char **argv)
{
	static const struct guard guard = { after_crash, give_up, 0, EX_SOFTWARE, false };
	const struct command *command;
	struct admin admin;
	int count;

	if (argc < 2)
		return misuse(NULL, "a command is missing", "");
	if (is_help(argv[1]) || (argc == 3 && strcmp(argv[2], "--help") == 0)) {
		usage(stdout);
		return EX_OK;
	}
	command = find(argv[1]);
	if (command == NULL)
		return misuse(NULL, "unknown command: ", argv[1]);
	(void)umask(077);
	admin_init(&admin, clock_now());
	log_to(admin.place.syslog);
	count = take_options(command, argc - 2, argv + 1, &admin);
	if (count < 0)
		return misuse(command, "an option that is unknown, or has no argument", "");
	if (count < command->least)
		return misuse(command, "an argument is missing", "");
	if (count > command->most)
		return misuse(command, "too many arguments", "");
	guard_arm(&guard);
	count = command->run(&admin);
	guard_disarm();
	(void)fflush(stdout); /* what fails here shows below, as does what failed before */
	if (ferror(stdout) != 0) {
		(void)fputs("qlimit: cannot write the output\n", stderr);
		count = EX_IOERR;
	}
	say_what_was_lost(count);
	return count;
}
