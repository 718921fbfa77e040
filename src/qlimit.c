/* qlimit - the admin's side of qlimit-remote(8): its command line, and the run of a command */
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
#include "commands.h"
#include "guard.h"
#include "log.h"
#include "options.h"
#include "readable.h"
#include "terminal.h"

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
		commands_overview(stderr);
	else
		commands_usage(stderr, command);
	return usage_status();
}

static int
bad_option(const struct command *c, enum options_end end, const struct options_mistake *m)
{
	if (end == OPTIONS_OTHERS) {
		(void)fprintf(stderr, "qlimit: `%s` has no option %s; it is one of ", c->name, m->word);
		commands_with(stderr, m->which);
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
	commands_usage(stderr, c);
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
		commands_help(command);
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

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int
main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return misuse(NULL, "a command is missing", "");
	if (is_help(argv[1]) && argc == 2) {
		commands_overview(stdout);
		return finish(EX_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)puts("qlimit " QLIMIT_VERSION);
		return finish(EX_OK);
	}
	command = commands_find(is_help(argv[1]) ? argv[2] : argv[1]);
	if (command == NULL)
		return misuse(NULL, "unknown command: ", is_help(argv[1]) ? argv[2] : argv[1]);
	if (is_help(argv[1])) {
		commands_help(command);
		return finish(EX_OK);
	}
	return finish(take_and_run(command, argc - 1, argv + 1));
}
