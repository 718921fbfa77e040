/* options - the options of qlimit(8)'s commands: one table behind getopt, usage lines, --help and completions */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "text.h"

/* What getopt returns for an option: beyond every character. */
#define OPTIONS_FIRST 256

struct entry {
	const char *name;
	const char *value; /* what stands for it; NULL: it takes none */
	const char *what;
	const char *words; /* all that its value can be; NULL: anything */
	bool needed;
};

/* In this order in all usages: what is shown, from when to when, how much of it, how; then what is done. */
static const enum admin_option sequence[] = { ADMIN_WITH, ADMIN_MESSAGE, ADMIN_WATCH, ADMIN_SORT, ADMIN_KIND,
	ADMIN_FOR, ADMIN_SINCE, ADMIN_UNTIL, ADMIN_BY, ADMIN_LIMIT, ADMIN_ALERT, ADMIN_COLOR, ADMIN_HTML,
	ADMIN_TEXTFILE, ADMIN_REASON, ADMIN_FORCE, ADMIN_YES, ADMIN_NOW, ADMIN_CHECK, ADMIN_EXPLAIN, ADMIN_UPDATE,
	ADMIN_VARIABLE, ADMIN_JSON };

static const struct entry entries[ADMIN_OPTIONS] = {
	[ADMIN_ALERT] = { "alert", "N", "only the totals; exit status 1 above N messages", NULL, false },
	[ADMIN_BY] = { "by", "UNIT", "a line for each", "meter, hour, day", false },
	[ADMIN_CHECK] = { "check", NULL, "only what is wrong, with exit status 1: for cron", NULL, false },
	[ADMIN_COLOR] = { "color", "WHEN", "colours", "auto, always, never", false },
	[ADMIN_EXPLAIN] = { "explain", NULL, "say what was understood, and count nothing", NULL, false },
	[ADMIN_FOR] = { "for", "SPAN", "it ends by itself after 30m, 2h or 7d", NULL, false },
	[ADMIN_FORCE] = { "force", NULL, "an order on server or bounces, too", NULL, false },
	[ADMIN_HTML] = { "html", "FILE", "a page with charts; - is standard output", NULL, false },
	[ADMIN_JSON] = { "json", NULL, "one JSON object on each line, for programs", NULL, false },
	[ADMIN_KIND] = { "kind", "KIND,...", "only these kinds",
	    "server, domain, bounces, foreign, user, destination, overflow", false },
	[ADMIN_LIMIT] = { "limit", "N", "at most N lines", NULL, false },
	[ADMIN_MESSAGE] = { "message", "FILE", "a message in qmail's queue: who has injected it?", NULL, false },
	[ADMIN_NOW] = { "now", NULL, "have qmail-send try all mail that waits at once", NULL, false },
	[ADMIN_REASON] = { "reason", "TEXT", "for `qlimit orders` and the log", NULL, false },
	[ADMIN_SINCE] = { "since", "TIME", "from then on: 24h, 7d, 2026-11-21, 2026-11-21T18:00", NULL, false },
	[ADMIN_SORT] = { "sort", "KEY", "what comes first", "busy, name, used, failures, held", false },
	[ADMIN_TEXTFILE] = { "textfile", "PATH", "for node_exporter: replaces this file", NULL, false },
	[ADMIN_UNTIL] = { "until", "TIME", "up to then: 2026-11-21T18:00, local time", NULL, false },
	[ADMIN_UPDATE] = { "update", NULL, "only where another version is there: for upgrades", NULL, false },
	[ADMIN_VARIABLE] = { "variable", NULL, "say what to add, to do it by $QMAILREMOTE", NULL, false },
	[ADMIN_WATCH] = { "watch", NULL, "draw it anew every 2 seconds", NULL, false },
	[ADMIN_WITH] = { "with", "FILE", "the other configuration", NULL, true },
	[ADMIN_YES] = { "yes", NULL, "do not ask; needed where there is no terminal", NULL, false },
};

#define ORDERED (sizeof sequence / sizeof sequence[0])

static bool
has(unsigned set, enum admin_option which)
{
	return (set & 1u << which) != 0;
}

const char *
options_value(enum admin_option which)
{
	return entries[which].value;
}

/* --- taking them --- */

/* For getopt, which then knows no other: what may be shortened depends on the command alone. */
static void
list(unsigned set, struct option *out)
{
	for (unsigned i = 0; i < ADMIN_OPTIONS; i++)
		if (has(set, (enum admin_option)i))
			*out++ = (struct option){ entries[i].name,
				entries[i].value != NULL ? required_argument : no_argument, NULL,
				OPTIONS_FIRST + (int)i };
	*out++ = (struct option){ "help", no_argument, NULL, 'h' };
	*out = (struct option){ NULL, 0, NULL, 0 };
}

/* Which one was meant cannot be said: more than one of the command's begins so. */
static bool
is_ambiguous(unsigned set, const char *begin, size_t n)
{
	unsigned found = strncmp(begin, "help", n) == 0 ? 1 : 0;

	for (unsigned i = 0; i < ADMIN_OPTIONS; i++)
		if (has(set, (enum admin_option)i) && strncmp(begin, entries[i].name, n) == 0)
			found++;
	return found > 1;
}

static enum options_end
unknown_long(unsigned set, const char *word, struct options_mistake *m)
{
	size_t n = strcspn(word, "=");
	struct text t;

	text_init(&t, m->word, sizeof m->word);
	text_add_printable(&t, word, n, sizeof m->word - 1);
	if (is_ambiguous(set, word + 2, n - 2))
		return OPTIONS_AMBIGUOUS;
	for (unsigned i = 0; i < ADMIN_OPTIONS; i++)
		if (n == strlen(entries[i].name) + 2 && strncmp(word + 2, entries[i].name, n - 2) == 0) {
			m->which = (enum admin_option)i;
			return OPTIONS_OTHERS;
		}
	return OPTIONS_UNKNOWN;
}

/* What getopt could not take, by what it left. */
static enum options_end
judge(unsigned set, int got, char *const *argv, struct options_mistake *m)
{
	const char letter = (char)optopt;
	struct text t;

	if (optopt == 0)
		return unknown_long(set, argv[optind - 1], m);
	text_init(&t, m->word, sizeof m->word);
	if (optopt < OPTIONS_FIRST) {
		text_add(&t, "-");
		text_add_printable(&t, &letter, 1, 4);
		return OPTIONS_UNKNOWN;
	}
	m->which = (enum admin_option)(optopt - OPTIONS_FIRST);
	text_add(&t, "--");
	text_add(&t, entries[m->which].name);
	return got == ':' ? OPTIONS_BARE : OPTIONS_WITH;
}

enum options_end
options_take(struct admin *a, unsigned set, int argc, char **argv, struct options_mistake *m)
{
	struct option options[ADMIN_OPTIONS + 2];
	int got;

	*m = (struct options_mistake){ .which = 0 };
	list(set, options);
	opterr = 0;
	while ((got = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (got == 'h')
			return OPTIONS_HELP;
		if (got < OPTIONS_FIRST)
			return judge(set, got, argv, m);
		a->option[got - OPTIONS_FIRST] = optarg != NULL ? optarg : "";
	}
	a->names = argv + optind;
	return OPTIONS_TAKEN;
}

/* --- saying what they are --- */

/* A word of a line that is broken before it would be too long. */
static void
put(FILE *f, size_t *column, const char *word)
{
	size_t n = strlen(word);

	if (*column + 1 + n > OPTIONS_WIDTH)
		*column = (size_t)fprintf(f, "\n%10s", "") - 1;
	(void)fprintf(f, " %s", word);
	*column += 1 + n;
}

static const char *
written(char *out, size_t size, const struct entry *e)
{
	(void)snprintf(out, size, "%s--%s%s%s%s", e->needed ? "" : "[", e->name, e->value != NULL ? " " : "",
	    e->value != NULL ? e->value : "", e->needed ? "" : "]");
	return out;
}

void
options_usage(FILE *f, const char *command, unsigned set, const char *operands)
{
	size_t column = strlen("usage: qlimit ") + strlen(command);
	char word[44];

	(void)fprintf(f, "usage: qlimit %s", command);
	for (size_t i = 0; i < ORDERED; i++)
		if (has(set, sequence[i]))
			put(f, &column, written(word, sizeof word, &entries[sequence[i]]));
	if (operands[0] != '\0')
		put(f, &column, operands);
	(void)fputc('\n', f);
}

void
options_explain(FILE *f, unsigned set)
{
	char word[44];

	for (size_t i = 0; i < ORDERED; i++) {
		const struct entry *e = &entries[sequence[i]];

		if (!has(set, sequence[i]))
			continue;
		(void)snprintf(word, sizeof word, "--%s %s", e->name, e->value != NULL ? e->value : "");
		(void)fprintf(f, "  %-17s %s\n", word, e->what);
		if (e->words != NULL)
			(void)fprintf(f, "      %s: %s\n", e->value, e->words);
	}
	(void)fprintf(f, "  %-17s %s\n", "--help", "this");
}

void
options_needed(char *out, size_t size, unsigned set)
{
	char word[44];

	for (size_t i = 0; i < ORDERED; i++)
		if (has(set, sequence[i]) && entries[sequence[i]].needed) {
			size_t used = strlen(out);

			(void)snprintf(out + used, size - used, " %s",
			    written(word, sizeof word, &entries[sequence[i]]));
		}
}
