/* test_completion - what qlimit says of its options, and contrib/completion, which must say the same */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness_faults.h"
#include "suites.h"

#define COMMANDS_MAX 40
#define WORDS_MAX 400

static void
contains(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "not in it: %s\n%s", wanted, text);
}

/* A blank and a word to a list of WORDS_MAX bytes. */
static void
add_word(char *list, const char *word, size_t n)
{
	size_t used = strlen(list);

	ck_assert_uint_lt(used + n + 1, WORDS_MAX);
	list[used] = ' ';
	(void)memcpy(list + used + 1, word, n);
	list[used + 1 + n] = '\0';
}

/* --- what --help says --- */

static char commands[COMMANDS_MAX][20];
static size_t commands_count;

/* The first word of each line that is indented by two. */
static void
read_commands(void)
{
	struct harness_output o = harness_cli("--help");

	ck_assert_int_eq(o.status, EX_OK);
	commands_count = 0;
	for (const char *at = strstr(o.out, "\n  "); at != NULL; at = strstr(at + 3, "\n  ")) {
		ck_assert(commands_count < COMMANDS_MAX);
		ck_assert_int_eq(sscanf(at + 3, "%19s", commands[commands_count++]), 1);
	}
	ck_assert_uint_eq(commands_count, 20);
}

/* The options of a command, a blank before each; --help is left out. */
static void
read_options(const char *command, char *out)
{
	struct harness_output o = harness_cli(command, "--help");
	char option[40];

	ck_assert_int_eq(o.status, EX_OK);
	out[0] = '\0';
	for (const char *at = strstr(o.out, "\n  --"); at != NULL; at = strstr(at + 5, "\n  --")) {
		ck_assert_int_eq(sscanf(at + 3, "%39s", option), 1);
		if (strcmp(option, "--help") != 0)
			add_word(out, option, strlen(option));
	}
}

static bool
has_word(const char *words, const char *word, size_t n)
{
	for (const char *at = strstr(words, " "); at != NULL; at = strstr(at + 1, " "))
		if (strncmp(at + 1, word, n) == 0 && (at[1 + n] == ' ' || at[1 + n] == '\0'))
			return true;
	return false;
}

/* Both lists begin with a blank, and have one between two words. */
static void
same_words(const char *where, const char *a, const char *b)
{
	const char *lists[] = { a, b };

	for (int i = 0; i < 2; i++)
		for (const char *at = lists[i]; *at == ' ';) {
			size_t n = strcspn(at + 1, " ");

			ck_assert_msg(n == 0 || has_word(lists[1 - i], at + 1, n), "%s: %.*s is on one side only\n%s\n%s",
			    where, (int)n, at + 1, a, b);
			at += 1 + n;
		}
}

/* Goal: each usage fits a terminal, and says what is in its table once. */
START_TEST(test_help)
{
	struct harness_output o;
	size_t lines = 0;

	read_commands();
	for (size_t i = 0; i <= commands_count; i++) {
		o = i < commands_count ? harness_cli(commands[i], "--help") : harness_cli("--help");
		ck_assert_int_eq(o.status, EX_OK);
		ck_assert_str_eq(o.err, "");
		contains(o.out, "usage: qlimit ");
		contains(o.out, i < commands_count ? "See qlimit(8), " : "qlimit(8)");
		lines = 0;
		for (const char *at = o.out; *at != '\0'; at += strcspn(at, "\n") + 1, lines++)
			ck_assert_msg(strcspn(at, "\n") <= 80, "%.100s", at);
	}
	ck_assert_uint_le(lines, 40);
	ck_assert_str_eq(harness_cli("help", "show").out, harness_cli("show", "--limit", "3", "-h").out);
	ck_assert_str_eq(harness_cli("-h").out, o.out);
}
END_TEST

static const struct {
	const char *words[4];
	const char *err;
} mistakes[] = {
	{ { "show", "--foo" }, "qlimit: unknown option --foo of `show`; see `qlimit show --help`\nusage: qlimit show [" },
	{ { "show", "--foo=1\n" }, "qlimit: unknown option --foo of `show`; see " },
	{ { "show", "--f\033o" }, "qlimit: unknown option --f\\x1bo of `show`; see " },
	{ { "hold", "--f", "a.example" }, "qlimit: option --f of `hold` is short for more than one; see `qlimit hold --help`\n" },
	{ { "report", "--h=1" }, "qlimit: option --h of `report` is short for more than one; see " },
	{ { "show", "-x" }, "qlimit: unknown option -x of `show`; see " },
	{ { "show", "-\n" }, "qlimit: unknown option -\\x0a of `show`; see " },
	{ { "orders", "--limit=3" }, "qlimit: `orders` has no option --limit; it is one of `show`, `report`, `queue`, "
	    "`metrics`, `replay`; see `qlimit orders --help`\n" },
	{ { "report", "--since" }, "qlimit: option --since needs a value: --since TIME; see `qlimit report --help`\n" },
	{ { "queue", "--alert" }, "qlimit: option --alert needs a value: --alert N; see " },
	{ { "load", "--json=yes" }, "qlimit: option --json takes no value; see `qlimit load --help`\n" },
	{ { "metrics", "--json" }, "qlimit: `metrics` has no option --json; it is one of " },
	{ { "hold", "--now" }, "qlimit: an argument is missing\nusage: qlimit hold [--for SPAN] [--until TIME] " },
	{ { "load", "x" }, "qlimit: too many arguments\nusage: qlimit load [--json]\n" },
	{ { "help", "list" }, "qlimit: unknown command: list\nusage: qlimit COMMAND " },
};

START_TEST(test_mistakes)
{
	struct harness_output o = harness_cli_words(mistakes[_i].words);

	ck_assert_int_eq(o.status, EX_USAGE);
	ck_assert_msg(strncmp(o.err, mistakes[_i].err, strlen(mistakes[_i].err)) == 0, "%s\n%s", mistakes[_i].err, o.err);
	ck_assert_str_eq(o.out, "");
}
END_TEST

/* --- bash --- */

static struct harness_output
bash(const char *script, const char *argument)
{
	const char *const argv[] = { "bash", "-c", script, "bash", argument, NULL };

	return harness_run_words("/bin/bash", argv);
}

/* What a function of the file prints, as one line of words with a blank before each. */
static const char *
bash_words(const char *function, const char *argument)
{
	char script[200];
	struct harness_output o;

	(void)snprintf(script, sizeof script, ". contrib/completion/qlimit.bash; printf ' %%s' $(%s \"$1\")", function);
	o = bash(script, argument);
	ck_assert_msg(o.err[0] == '\0', "%s", o.err);
	return o.out;
}

static void
read_all(char *out, size_t size, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_msg(f != NULL, "%s", path);
	n = fread(out, 1, size - 1, f);
	ck_assert_uint_lt(n, size - 1);
	out[n] = '\0';
	(void)fclose(f);
}

/* Each option whose value is one of a few words: "  --by UNIT ...\n      UNIT: meter, hour, day". */
static void
values_are_known(const char *command, const char *zsh)
{
	struct harness_output o = harness_cli(command, "--help");
	char option[40], value[40], words[200], list[WORDS_MAX];

	for (const char *at = strstr(o.out, "\n      "); at != NULL; at = strstr(at + 1, "\n      ")) {
		const char *line = at;

		if (at[7] == ' ')
			continue; /* the usage goes on */
		while (strncmp(line, "\n  --", 5) != 0)
			line--;
		ck_assert_int_eq(sscanf(line + 3, "%39s", option), 1);
		ck_assert_int_eq(sscanf(at + 7, "%39[^:]: %199[^\n]", value, words), 2);
		list[0] = '\0';
		for (const char *word = strtok(words, ", "); word != NULL; word = strtok(NULL, ", "))
			add_word(list, word, strlen(word));
		ck_assert_str_eq(bash_words("_qlimit_values", option), list);
		contains(zsh, list + 1);
	}
}

/* The body of a command's case in the zsh file, its variables put in, as options with a blank before each. */
static void
zsh_options(const char *zsh, const char *command, char *out)
{
	static const char *const variables[][2] = { { "$json", "--json" }, { "$limit", "--limit" },
		{ "$span", "--since --until" }, { "$order", "--for --until --reason --force --now --json" } };
	const char *at = zsh, *end;
	size_t n = strlen(command);

	/* A label: the command alone, between tab or bar and bar or bracket. */
	do {
		at = strstr(at + 1, command);
		ck_assert_msg(at != NULL, "%s", command);
	} while ((at[-1] != '\t' && at[-1] != '|') || (at[n] != ')' && at[n] != '|'));
	end = strstr(at, ";;");
	ck_assert_ptr_nonnull(end);
	out[0] = '\0';
	for (; at < end; at++) {
		if ((at[-1] == '\'' || at[-1] == ')') && strncmp(at, "--", 2) == 0 && strncmp(at, "--help", 6) != 0)
			add_word(out, at, strspn(at, "-abcdefghijklmnopqrstuvwxyz"));
		for (int i = 0; i < HARNESS_ROWS(variables); i++)
			if (strncmp(at, variables[i][0], strlen(variables[i][0])) == 0)
				add_word(out, variables[i][1], strlen(variables[i][1]));
	}
}

/* Goal: no command, option or word of one is in one place and not in the others. */
START_TEST(test_same)
{
	static char zsh[16384], all[WORDS_MAX], options[WORDS_MAX], found[WORDS_MAX];
	char label[1000];

	read_all(zsh, sizeof zsh, "contrib/completion/_qlimit");
	read_commands();
	all[0] = '\0';
	for (size_t i = 0; i < commands_count; i++) {
		add_word(all, commands[i], strlen(commands[i]));
		(void)snprintf(label, sizeof label, "\n\t'%s:", commands[i]);
		contains(zsh, label);
		read_options(commands[i], options);
		same_words(commands[i], options, bash_words("_qlimit_options", commands[i]));
		zsh_options(zsh, commands[i], found);
		same_words(commands[i], options, found);
		values_are_known(commands[i], zsh);
	}
	ck_assert_str_eq(bash_words("echo $_qlimit_commands; :", NULL), all);
	contains(harness_cli("notify", "--help").out,
	    "EVENT is warning, limit, refused, failures, order_expired, trouble or test.\n");
	contains(zsh, "(warning limit refused failures order_expired trouble test)");
	ck_assert_str_eq(bash_words("echo $_qlimit_events; :", NULL),
	    " warning limit refused failures order_expired trouble test");
}
END_TEST

/* A qlimit that shows names, hostile ones too: whoever sends mail may have chosen them. */
static void
fake_qlimit(void)
{
	static const char script[] = "#!/bin/sh\nif test \"$1\" = orders; then cat <<'E'; exit; fi\n"
	    "ORDER NAME SINCE\nhold ordered.example 2026-11-21\ndiscard auth:joe@a.example 2026-11-21\n"
	    "hold $(touch${IFS}pwned) 2026-11-21\nE\ncat <<'E'\nHour of 19:00\nKIND NAME ADMITTED\nserver - 4\n"
	    "domain shop.example 3\nuser uid:48 2\ndomain $(touch${IFS}pwned) 1\ndomain `touch${IFS}pwned` 1\n"
	    "domain * 1\ndestination gmail.com 1\ndomain -x.example 1\nE\n";
	char path[600];

	ck_assert_int_eq(mkdir(harness_path("bin"), 0755), 0);
	harness_write(harness_path("bin/qlimit"), script, strlen(script));
	ck_assert_int_eq(chmod(harness_path("bin/qlimit"), 0755), 0);
	(void)snprintf(path, sizeof path, "%s:%s", harness_path("bin"), getenv("PATH"));
	(void)setenv("PATH", path, 1);
}

static const struct {
	const char *line, *replies;
} lines[] = {
	{ "qlimit re", "report refuse release reset replay" },
	{ "qlimit --", "--help" },
	{ "qlimit show --s", "--sort" },
	{ "qlimit show --sort ", "busy name used failures held" },
	{ "qlimit show --sort=n", "name" },
	{ "qlimit show --kind server,d", "server,domain server,destination" },
	{ "qlimit report --by ho", "hour" },
	{ "qlimit load --", "--json --help" },
	{ "qlimit show ", "server bounces foreign overflow alias uid: auth: destination: domain: shop.example uid:48 "
	    "destination:gmail.com -x.example" },
	{ "qlimit show sh", "shop.example" },
	{ "qlimit show uid:4", "48" },
	{ "qlimit hold --now destination:", " gmail.com" },
	{ "qlimit show $", "" },
	{ "qlimit notify or", "order_expired" },
	{ "qlimit notify limit sh", "shop.example" },
	{ "qlimit help que", "queue" },
	{ "qlimit check etc/ql", "etc/qlimit.conf" },
	{ "qlimit replay --with etc/ql", "etc/qlimit.conf" },
	{ "qlimit explain --message etc/ql", "etc/qlimit.conf" },
	{ "qlimit report --limit ", "" },
	{ "qlimit release ", "ordered.example auth:joe@a.example" },
	{ "qlimit queue ", "- bounces shop.example -x.example" },
	{ "qlimit status x", "" },
	{ "qlimit nonsense --", "--help" },
};

START_TEST(test_bash)
{
	static const char script[] = ". contrib/completion/qlimit.bash; COMP_WORDBREAKS=$' \\t\\n\"\\047><=;|&(:'; "
	    "COMP_LINE=$1; COMP_POINT=${#1}; _qlimit; echo -n \"${COMPREPLY[*]}\"";
	struct harness_output o;

	fake_qlimit();
	o = bash(script, lines[_i].line);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(o.out, lines[_i].replies);
	ck_assert_int_eq(access("pwned", F_OK), -1);
}
END_TEST

/* Goal: the file for zsh is at least one that zsh can read. */
START_TEST(test_zsh)
{
	struct harness_output o = bash("command -v zsh >/dev/null || exit 99; zsh -n contrib/completion/_qlimit", NULL);

	if (o.status == 99) {
		harness_skip("contrib/completion/_qlimit", "no zsh here");
		return;
	}
	ck_assert_str_eq(o.err, "");
	ck_assert_int_eq(o.status, 0);
}
END_TEST

Suite *
suite_completion(void)
{
	Suite *s = suite_create("completion");
	TCase *t = tcase_create("completion");

	tcase_add_checked_fixture(t, harness_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_help);
	tcase_add_loop_test(t, test_mistakes, 0, HARNESS_ROWS(mistakes));
	tcase_add_test(t, test_same);
	tcase_add_loop_test(t, test_bash, 0, HARNESS_ROWS(lines));
	tcase_add_test(t, test_zsh);
	suite_add_tcase(s, t);
	return s;
}
