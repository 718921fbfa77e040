/* harness_show - a terminal for the tests of show to look at, and something to be seen on it */
#include "harness_show.h"

#include <check.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define PATIENCE_MS 10000
#define EXIT_NOT_RUN 97

/* --- a terminal --- */

struct harness_screen harness_screen;

void
harness_screen_open(int columns, int lines, const char *const *words)
{
	struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = (unsigned short)lines };
	union {
		const char *const *given;
		char *const *taken;
	} argv = { .given = words };

	harness_screen.used = 0;
	harness_screen.seen[0] = '\0';
	harness_screen.pid = forkpty(&harness_screen.fd, NULL, NULL, &size);
	ck_assert_int_ne(harness_screen.pid, -1);
	if (harness_screen.pid == 0) {
		(void)execv(words[0][0] == '/' ? words[0] : harness_program(words[0]), argv.taken);
		_exit(EXIT_NOT_RUN);
	}
}

/* False at the end. */
static bool
screen_read(void)
{
	struct pollfd fd = { .fd = harness_screen.fd, .events = POLLIN };
	char chunk[4096];
	ssize_t n;

	ck_assert_msg(poll(&fd, 1, PATIENCE_MS) == 1, "nothing more on the screen:\n%.2000s", harness_screen.seen);
	n = read(harness_screen.fd, chunk, sizeof chunk);
	for (ssize_t i = 0; i < n; i++)
		if (chunk[i] != '\r' && harness_screen.used < HARNESS_SCREEN_MAX)
			harness_screen.seen[harness_screen.used++] = chunk[i];
	harness_screen.seen[harness_screen.used] = '\0';
	return n > 0;
}

void
harness_screen_wait(const char *words)
{
	static size_t from;
	const time_t start = time(NULL);
	const char *found;

	if (harness_screen.used == 0)
		from = 0;
	while ((found = strstr(harness_screen.seen + from, words)) == NULL)
		ck_assert_msg(screen_read() && time(NULL) < start + PATIENCE_MS / 1000,
		    "no \"%s\" in:\n%.2000s", words, harness_screen.seen + from);
	from = (size_t)(found - harness_screen.seen) + strlen(words);
}

int
harness_screen_close(void)
{
	int status;

	while (screen_read())
		continue;
	(void)close(harness_screen.fd);
	ck_assert_int_eq(waitpid(harness_screen.pid, &status, 0), harness_screen.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* --- a state --- */

const char harness_show_rules[] = "default = { max_per_hour = 10; max_failure_percent = 50; min_failures = 5; };\n"
    "server = { max_per_hour = 100; };\n"
    "users = ( { uid = 33; max_per_hour = 24; } );\n"
    "destinations = ( { name = \"there.example\"; max_per_hour = 50; } );\n"
    "domains = ( { name = \"busy.example\"; max_per_hour = 4; }, { name = \"free.example\"; exempt = true; },\n"
    "{ name = \"daily.example\"; max_per_day = 3; },\n"
    "{ name = \"one-of-many.customers.of.a.reseller.example\"; } );\n";

void
harness_show_send(const char *sender, const char *recipient, int count)
{
	for (int i = 0; i < count; i++)
		(void)harness_deliver(harness_message("by uid 33", NULL), sender, recipient);
}

void
harness_show_populate(const char *mode)
{
	char text[1000];

	(void)snprintf(text, sizeof text, "%s%s", mode, harness_show_rules);
	harness_rules(text);
	harness_show_send("a@busy.example", "accept@x", 6);
	harness_show_send("a@near.example", "accept@there.example", 8);
	harness_show_send("a@bad.example", "reject@x", 5);
	harness_show_send("a@free.example", "accept@x", 1);
	harness_show_send("a@daily.example", "accept@x", 3);
	harness_show_send("a@one-of-many.customers.of.a.reseller.example", "accept@x", 2);
}

void
harness_show_start(void)
{
	harness_start();
	(void)setenv("TERM", "xterm", 1);
	(void)setenv("LANG", "C.UTF-8", 1);
	(void)unsetenv("LC_ALL");
	(void)unsetenv("LC_CTYPE");
	(void)unsetenv("COLUMNS");
	(void)unsetenv("LINES");
	(void)unsetenv("NO_COLOR");
}
