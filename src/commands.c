/* commands - the table of qlimit(8)'s commands, and what --help says of them */
#include "commands.h"

#include <string.h>

#include "notify.h"
#include "options.h"

#define BIT(option) (1u << (option))
#define JSON BIT(ADMIN_JSON)
#define SPAN (BIT(ADMIN_SINCE) | BIT(ADMIN_UNTIL))
#define ORDER (BIT(ADMIN_FOR) | BIT(ADMIN_UNTIL) | BIT(ADMIN_REASON) | BIT(ADMIN_FORCE) | BIT(ADMIN_NOW) | JSON)
#define MANY 1000000
#define ANOTHERS "77 the state is another user's"
#define ORDERED "65 a damaged file of orders; 66 no state directory;\n69 --now: no qmail-send to be told; " ANOTHERS
#define NOTHING_YET "66 nothing is counted yet;\n" ANOTHERS

static const struct command commands[] = {
	{ "seeing", "show", admin_show, 0, MANY,
	    JSON | BIT(ADMIN_WATCH) | BIT(ADMIN_SORT) | BIT(ADMIN_KIND) | BIT(ADMIN_LIMIT) | BIT(ADMIN_COLOR),
	    "[NAME...]", "this hour, meter by meter, busiest first", NOTHING_YET },
	{ NULL, "report", admin_report, 0, MANY, SPAN | JSON | BIT(ADMIN_BY) | BIT(ADMIN_LIMIT) | BIT(ADMIN_HTML),
	    "[NAME...]", "what past hours sent and stopped, worst first", NOTHING_YET },
	{ NULL, "explain", admin_explain, 1, 2, BIT(ADMIN_MESSAGE) | JSON, "SENDER [RECIPIENT]",
	    "who would pay for a delivery, and its verdict", NOTHING_YET },
	{ NULL, "queue", admin_queue, 0, 1, BIT(ADMIN_ALERT) | BIT(ADMIN_LIMIT) | JSON, "[NAME]",
	    "what waits in qmail's queue, by sender's domain",
	    "1 more messages than --alert; 66 no queue; 77 it cannot be read" },
	{ NULL, "status", admin_status, 0, 0, BIT(ADMIN_CHECK) | JSON, "",
	    "is qlimit itself well, and in the mail path", "1 of --check: something is wrong; " NOTHING_YET },
	{ NULL, "metrics", admin_metrics, 0, 0, BIT(ADMIN_TEXTFILE) | BIT(ADMIN_LIMIT), "",
	    "this hour as OpenMetrics, for Prometheus", NOTHING_YET "; 73 cannot write the file" },
	{ "acting", "hold", admin_hold, 1, 1, ORDER, "NAME",
	    "hold all mail that NAME pays for", "73 too many orders; " ORDERED },
	{ NULL, "refuse", admin_refuse, 1, 1, ORDER, "NAME",
	    "refuse it all: senders get a bounce", "73 too many orders; " ORDERED },
	{ NULL, "discard", admin_discard, 1, 1, ORDER | BIT(ADMIN_YES), "NAME",
	    "throw it all away; nobody is told", "73 too many orders; 77, too: not answered with yes;\n" ORDERED },
	{ NULL, "release", admin_release, 1, 1, BIT(ADMIN_NOW) | JSON, "NAME",
	    "end the order on NAME",
	    "66 there is no such order; 65 a damaged file of orders;\n69 --now: no qmail-send to be told; " ANOTHERS },
	{ NULL, "orders", admin_orders, 0, 0, JSON, "",
	    "the orders in force, by whom and why", "65 a damaged file of orders; " ANOTHERS },
	{ NULL, "reset", admin_reset, 1, 1, JSON, "NAME",
	    "set NAME's counters and latch of this hour to 0", "66 it has counted nothing; " ANOTHERS },
	{ "configuration", "check", admin_check, 0, 1, JSON, "[FILE]",
	    "say every mistake in a configuration", "78 there are mistakes" },
	{ NULL, "load", admin_load, 0, 0, JSON, "",
	    "put the configuration in force, say what changed", "78 there are mistakes; " ANOTHERS },
	{ NULL, "replay", admin_replay, 0, MANY, BIT(ADMIN_WITH) | SPAN | BIT(ADMIN_LIMIT) | JSON, "[NAME...]",
	    "what another configuration would have stopped", "78 there are mistakes in it; " NOTHING_YET },
	{ "mail path", "enable", admin_enable, 0, 0, BIT(ADMIN_UPDATE) | BIT(ADMIN_VARIABLE), "",
	    "put qlimit-remote in front of qmail-remote",
	    "78 not understood, it would not work, or what it says is to be put right;\n77 not root" },
	{ NULL, "disable", admin_disable, 0, 0, 0, "",
	    "take it away again", "78 it stays there, or cannot be undone from here; 77 not root" },
	{ "upkeep", "notify", admin_notify, 1, 2, JSON, "EVENT [NAME]",
	    "run the program of notify; to try: notify test", "69 it failed; 78 there is none; " ANOTHERS },
	{ NULL, "bounced", admin_bounced, 0, 0, BIT(ADMIN_EXPLAIN), "",
	    "count a notification that mail was returned", "with --explain: 65 it does not count; " ANOTHERS },
	{ NULL, "tidy", admin_tidy, 0, 0, JSON, "",
	    "closed hours to the ledger; runs by itself", "66 there is no state directory; " ANOTHERS },
};

#define COMMANDS (sizeof commands / sizeof commands[0])

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

void
commands_overview(FILE *f)
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

void
commands_usage(FILE *f, const struct command *c)
{
	options_usage(f, c->name, c->options, c->operands);
}

void
commands_help(const struct command *c)
{
	commands_usage(stdout, c);
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

const struct command *
commands_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void
commands_with(FILE *f, enum admin_option which)
{
	const char *between = "";

	for (size_t i = 0; i < COMMANDS; i++)
		if ((commands[i].options & BIT(which)) != 0) {
			(void)fprintf(f, "%s`%s`", between, commands[i].name);
			between = ", ";
		}
}
