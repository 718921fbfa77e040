/* qlimit - the admin's side of qlimit-remote(8) */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin.h"
#include "admin_print.h"
#include "clock.h"
#include "guard.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "readable.h"
#include "terminal.h"

struct command {
	const char *group;   /* where one begins */
	const char *name;
	int (*run)(struct admin *a);
	int least, most;     /* operands */
	unsigned options;    /* the set of those it takes */
	const char *operands;
	const char *summary;
	const char *ends;    /* exit statuses beside the usual ones, the most likely first */
};

#define BIT(option) (1u << (option))
#define JSON BIT(ADMIN_JSON)
#define SPAN (BIT(ADMIN_SINCE) | BIT(ADMIN_UNTIL))
#define ORDER (BIT(ADMIN_FOR) | BIT(ADMIN_UNTIL) | BIT(ADMIN_REASON) | BIT(ADMIN_FORCE) | BIT(ADMIN_NOW) | JSON)
#define MANY 1000000
#define ORDERED "65 a damaged file of orders; 66 no state directory;\n69 --now: no qmail-send to be told"
#define NOTHING_YET "66 nothing is counted yet"

static const struct command commands[] = {
	{ "seeing", "show", admin_show, 0, MANY,
	    JSON | BIT(ADMIN_WATCH) | BIT(ADMIN_SORT) | BIT(ADMIN_KIND) | BIT(ADMIN_LIMIT) | BIT(ADMIN_COLOR),
	    "[NAME...]", "this hour, meter by meter, busiest first", NOTHING_YET },
	{ NULL, "report", admin_report, 0, MANY, SPAN | JSON | BIT(ADMIN_BY) | BIT(ADMIN_LIMIT) | BIT(ADMIN_HTML),
	    "[NAME...]", "what past hours sent and stopped, worst first", NOTHING_YET },
	{ NULL, "explain", admin_explain, 1, 2, BIT(ADMIN_MESSAGE) | JSON, "SENDER [RECIPIENT]",
	    "who would pay for a delivery, and its verdict", NOTHING_YET },
	{ NULL, "queue", admin_queue, 0, 1, BIT(ADMIN_ALERT) | BIT(ADMIN_LIMIT) | JSON, "[NAME]",
	    "what waits in qmail's queue, by sender's domain", "1 more messages than --alert; 66 no queue" },
	{ NULL, "status", admin_status, 0, 0, BIT(ADMIN_CHECK) | JSON, "",
	    "is qlimit itself well, and in the mail path", "1 of --check: something is wrong; " NOTHING_YET },
	{ NULL, "metrics", admin_metrics, 0, 0, BIT(ADMIN_TEXTFILE) | BIT(ADMIN_LIMIT), "",
	    "this hour as OpenMetrics, for Prometheus", NOTHING_YET "; 73 cannot write the file" },
	{ "acting", "hold", admin_hold, 1, 1, ORDER, "NAME",
	    "hold all mail that NAME pays for", "73 too many orders; " ORDERED },
	{ NULL, "refuse", admin_refuse, 1, 1, ORDER, "NAME",
	    "refuse it all: senders get a bounce", "73 too many orders; " ORDERED },
	{ NULL, "discard", admin_discard, 1, 1, ORDER | BIT(ADMIN_YES), "NAME",
	    "throw it all away; nobody is told", "77 not answered with yes; 73 too many orders;\n" ORDERED },
	{ NULL, "release", admin_release, 1, 1, BIT(ADMIN_NOW) | JSON, "NAME",
	    "end the order on NAME",
	    "66 there is no such order; 65 a damaged file of orders;\n69 --now: no qmail-send to be told" },
	{ NULL, "orders", admin_orders, 0, 0, JSON, "",
	    "the orders in force, by whom and why", "65 a damaged file of orders" },
	{ NULL, "reset", admin_reset, 1, 1, JSON, "NAME",
	    "set NAME's counters and latch of this hour to 0", "66 it has counted nothing" },
	{ "configuration", "check", admin_check, 0, 1, JSON, "[FILE]",
	    "say every mistake in a configuration", "78 there are mistakes" },
	{ NULL, "load", admin_load, 0, 0, JSON, "",
	    "put the configuration in force, say what changed", "78 there are mistakes" },
	{ NULL, "replay", admin_replay, 0, MANY, BIT(ADMIN_WITH) | SPAN | BIT(ADMIN_LIMIT) | JSON, "[NAME...]",
	    "what another configuration would have stopped", "78 there are mistakes in it; " NOTHING_YET },
	{ "mail path", "enable", admin_enable, 0, 0, BIT(ADMIN_UPDATE) | BIT(ADMIN_VARIABLE), "",
	    "put qlimit-remote in front of qmail-remote", "78 not understood, or it would not work; 77 not root" },
	{ NULL, "disable", admin_disable, 0, 0, 0, "",
	    "take it away again", "78 it stays there, or cannot be undone from here; 77 not root" },
	{ "upkeep", "notify", admin_notify, 1, 2, JSON, "EVENT [NAME]",
	    "run the program of notify; to try: notify test", "69 it failed; 78 there is none" },
	{ NULL, "bounced", admin_bounced, 0, 0, BIT(ADMIN_EXPLAIN), "",
	    "count a notification that mail was returned", "65 with --explain: it does not count" },
	{ NULL, "tidy", admin_tidy, 0, 0, JSON, "",
	    "closed hours to the ledger; runs by itself", "66 there is no state directory" },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

/* --- usage --- */

static void
explain_name(FILE *f)
{
	(void)fputs("NAME is a domain, server, bounces, foreign, overflow, uid:N, alias, auth:NAME or\n"
	    "destination:DOMAIN; domain:NAME is a domain whatever it is called.\n", f);
}

static void
explain_event(FILE *f)
{
	(void)fputs("EVENT is", f);
	for (unsigned i = 0; i < NOTIFY_EVENTS; i++)
		(void)fprintf(f, "%s %s", i == 0 ? "" : i + 1 == NOTIFY_EVENTS ? " or" : ",",
		    notify_event_name((enum notify_event)i));
	(void)fputs(".\n", f);
}

static void
overview(FILE *f)
{
	char left[OPTIONS_WIDTH];

	(void)fputs("usage: qlimit COMMAND [--OPTION...] [ARGUMENT...]\n", f);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		(void)snprintf(left, sizeof left, "%s", c->name);
		options_needed(left, sizeof left, c->options);
		if (c->group != NULL)
			(void)fprintf(f, "\n%s\n", c->group);
		(void)fprintf(f, "  %s %-*s %s\n", left, 28 - (int)strlen(left), c->operands, c->summary);
	}
	(void)fputc('\n', f);
	explain_name(f);
	(void)fputs("qlimit COMMAND --help has its options, and qlimit(8) all there is to know.\n", f);
}

static void
help(const struct command *c)
{
	options_usage(stdout, c->name, c->options, c->operands);
	(void)printf("\n%s\n\n", c->summary);
	options_explain(stdout, c->options);
	(void)putchar('\n');
	if (strstr(c->operands, "NAME") != NULL)
		explain_name(stdout);
	if (strstr(c->operands, "EVENT") != NULL)
		explain_event(stdout);
	(void)printf("Exit status: 0 done; 64 wrong command line; 74 a file or a store failed;\n%s.\n"
	    "See qlimit(8), \"qlimit %s\" and EXIT STATUS.\n", c->ends, c->name);
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* --- misuse --- */

#define TRY_AGAIN 111 /* qmail-command(8) */

/* From a .qmail file 64 would bounce the mail; so it waits until the line is right. */
static int
usage_status(void)
{
	return getenv("SENDER") != NULL && getenv("RECIPIENT") != NULL ? TRY_AGAIN : EX_USAGE;
}

/* Of no command, if it is NULL. */
static int
misuse(const struct command *command, const char *what, const char *word)
{
	char shown[200];

	(void)fprintf(stderr, "qlimit: %s%s\n", what, admin_print_text(shown, sizeof shown, word));
	if (command == NULL)
		overview(stderr);
	else
		options_usage(stderr, command->name, command->options, command->operands);
	return usage_status();
}

static void
say_whose(enum admin_option which)
{
	const char *between = "";

	for (size_t i = 0; i < COMMANDS; i++)
		if ((commands[i].options & BIT(which)) != 0) {
			(void)fprintf(stderr, "%s`%s`", between, commands[i].name);
			between = ", ";
		}
}

static int
bad_option(const struct command *c, enum options_end end, const struct options_mistake *m)
{
	if (end == OPTIONS_OTHERS) {
		(void)fprintf(stderr, "qlimit: `%s` has no option %s; it is one of ", c->name, m->word);
		say_whose(m->which);
	} else if (end == OPTIONS_UNKNOWN) {
		(void)fprintf(stderr, "qlimit: unknown option %s of `%s`", m->word, c->name);
	} else if (end == OPTIONS_AMBIGUOUS) {
		(void)fprintf(stderr, "qlimit: option %s of `%s` is short for more than one", m->word, c->name);
	} else if (end == OPTIONS_BARE) {
		(void)fprintf(stderr, "qlimit: option %s needs a value: %s %s", m->word, m->word,
		    options_value(m->which));
	} else {
		(void)fprintf(stderr, "qlimit: option %s takes no value", m->word);
	}
	(void)fprintf(stderr, "; see `qlimit %s --help`\n", c->name);
	options_usage(stderr, c->name, c->options, c->operands);
	return usage_status();
}

/* --- the run of a command --- */

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

static int
run(const struct command *command, struct admin *admin)
{
	static const struct guard guard = { after_crash, give_up, 0, EX_SOFTWARE, false };
	int status;

	guard_arm(&guard);
	status = command->run(admin);
	guard_disarm();
	return status;
}

/* What fails here shows in the output's ferror, as does what failed before. */
static int
finish(int status)
{
	(void)fflush(stdout);
	if (ferror(stdout) != 0) {
		(void)fputs("qlimit: cannot write the output\n", stderr);
		status = EX_IOERR;
	}
	say_what_was_lost(status);
	return status;
}

static bool
is_readable(const char *word)
{
	char shown[200];

	if (word == NULL || readable_is(word))
		return true;
	(void)fprintf(stderr, "qlimit: \"%s\": no control characters can be here; in a NAME they are written so\n",
	    admin_print_text(shown, sizeof shown, word));
	return false;
}

/*
 * Here, once: whatever a command says of its words, it does not move a terminal. explain's are addresses as
 * a message has them, which it escapes itself.
 */
static bool
words_are_readable(const struct command *command, const struct admin *a)
{
	for (size_t i = 0; i < ADMIN_OPTIONS; i++)
		if (!is_readable(a->option[i]))
			return false;
	for (char *const *name = a->names; *name != NULL && command->run != admin_explain; name++)
		if (!is_readable(*name))
			return false;
	return true;
}

static int
take_and_run(const struct command *command, int argc, char **argv)
{
	struct options_mistake mistake;
	struct admin admin;
	enum options_end end;
	int count = 0;

	(void)umask(077);
	admin_init(&admin, clock_now());
	log_to(admin.place.syslog);
	end = options_take(&admin, command->options, argc, argv, &mistake);
	if (end == OPTIONS_HELP) {
		help(command);
		return EX_OK;
	}
	if (end != OPTIONS_TAKEN)
		return bad_option(command, end, &mistake);
	if (!words_are_readable(command, &admin))
		return usage_status();
	while (count <= command->most && admin.names[count] != NULL)
		count++;
	if (count < command->least)
		return misuse(command, "an argument is missing", "");
	if (count > command->most)
		return misuse(command, "too many arguments", "");
	return run(command, &admin);
}

int
main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return misuse(NULL, "a command is missing", "");
	if (is_help(argv[1]) && argc == 2) {
		overview(stdout);
		return finish(EX_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)puts("qlimit " QLIMIT_VERSION);
		return finish(EX_OK);
	}
	command = find(is_help(argv[1]) ? argv[2] : argv[1]);
	if (command == NULL)
		return misuse(NULL, "unknown command: ", is_help(argv[1]) ? argv[2] : argv[1]);
	if (is_help(argv[1])) {
		help(command);
		return finish(EX_OK);
	}
	return finish(take_and_run(command, argc - 1, argv + 1));
}
