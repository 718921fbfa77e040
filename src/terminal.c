/* terminal - what the screen can show */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define HEIGHT_DEFAULT 24

static volatile sig_atomic_t entered;

bool
terminal_when(const char *word, enum terminal_when *when)
{
	static const char *const words[] = { "auto", "always", "never" };

	if (word == NULL)
		word = words[TERMINAL_AUTO];
	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			*when = (enum terminal_when)i;
			return true;
		}
	return false;
}

bool
terminal_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && (value == NULL || value[0] == '\0'); i++)
		value = getenv(names[i]);
	return value != NULL && (strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
	    strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL);
}

bool
terminal_is_there(void)
{
	return isatty(1) == 1;
}

bool
terminal_has_escapes(void)
{
	const char *term = getenv("TERM");

	return terminal_is_there() && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool
terminal_has_colour(enum terminal_when when)
{
	const char *no = getenv("NO_COLOR");

	if (when != TERMINAL_AUTO)
		return when == TERMINAL_ALWAYS;
	return (no == NULL || no[0] == '\0') && terminal_has_escapes();
}

/* As the environment says, else as the terminal says, else as terminals were. */
static int
size_of(const char *name, bool columns, int otherwise)
{
	const char *set = getenv(name);
	struct winsize size;
	long n = set != NULL ? strtol(set, NULL, 10) : 0;

	if (n <= 0 && ioctl(1, TIOCGWINSZ, &size) == 0)
		n = columns ? size.ws_col : size.ws_row;
	return n <= 0 || n > 1000 ? otherwise : (int)n;
}

int
terminal_width(void)
{
	return size_of("COLUMNS", true, WIDTH_DEFAULT);
}

int
terminal_height(void)
{
	return size_of("LINES", false, HEIGHT_DEFAULT);
}

/* A terminal that is gone is found by whoever writes the next line to it. */
static void
tell(const char *sequence)
{
	int saved = errno;

	if (write(1, sequence, strlen(sequence)) == -1)
		errno = saved;
}

/* xterm(1)'s, which every terminal of today knows: the alternate screen, the cursor, lines that wrap. */
void
terminal_enter(void)
{
	bool first = !entered;

	entered = 1; /* first: whoever interrupts has it undone */
	if (first)
		tell("\033[?1049h\033[?25l\033[?7l");
}

void
terminal_leave(void)
{
	if (entered)
		tell("\033[?7h\033[?25h\033[?1049l");
	entered = 0;
}
