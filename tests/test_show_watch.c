/* test_show_watch - qlimit show --watch: drawn again in place, and the terminal as it was at every end */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "harness.h"
#include "harness_show.h"
#include "suites.h"

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])
#define ENTERED "\033[?1049h"
#define LEFT "\033[?1049l"

/* `script` for sh(1), with "$0" for qlimit show --watch. */
static void
watch_in_shell(const char *script)
{
	const char *const words[] = { "/bin/sh", "-c", script, harness_program("qlimit"), NULL };

	harness_screen_open(80, 12, words);
}

static void
watch(int lines)
{
	static const char *const words[] = { "qlimit", "show", "--watch", NULL };

	harness_screen_open(80, lines, words);
	harness_screen_wait(ENTERED);
}

/* Has it drawn now, not in 2 seconds: a test must not take long. */
static void
nudge(void)
{
	ck_assert_int_eq(kill(harness_screen.pid, SIGWINCH), 0);
}

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* Goal: it is drawn again, with what has come, in place; every end leaves the terminal as it was. */
START_TEST(test_watch)
{
	harness_show_populate("");
	watch(30);
	harness_screen_wait("\033[H2026-11-21 17:30:00 UTC; every 2 seconds until interrupted\033[K\n");
	harness_screen_wait("busy.example                            4");
	harness_screen_wait("exempt\033[0m\033[K\n\033[J");
	harness_show_send("a@late.example", "accept@x", 1);
	if (_i > 0)
		nudge();
	harness_screen_wait("\033[H2026-11-21");
	harness_screen_wait("late.example                            1");
	ck_assert_int_eq(kill(harness_screen.pid, endings[_i]), 0);
	harness_screen_wait("\033[?7h\033[?25h" LEFT);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	ck_assert_str_eq(harness_screen.seen + harness_screen.used - strlen(LEFT), LEFT);
}
END_TEST

/* In columns: escape sequences take none, a character of UTF-8 takes one. */
static int
widest_line(const char *text)
{
	int widest = 0, width = 0;

	while (*text != '\0') {
		if (*text == '\033') {
			text += strcspn(text, "HJKhlm") + 1;
			continue;
		}
		width = *text == '\n' ? 0 : width + ((*text & 0xc0) != 0x80);
		widest = width > widest ? width : widest;
		text++;
	}
	return widest;
}

/* Goal: no line reaches the last column, whose character the rest of the line would be cleared with. */
START_TEST(test_watch_width)
{
	harness_show_populate("mode = \"observe\";");
	watch(30);
	harness_screen_wait("exempt");
	ck_assert_int_eq(kill(harness_screen.pid, SIGINT), 0);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	ck_assert_int_eq(widest_line(harness_screen.seen), 79);
}
END_TEST

/* Goal: no more lines than the screen has, the busiest; another size is drawn at once. */
START_TEST(test_watch_sizes)
{
	struct winsize size = { .ws_col = 120, .ws_row = 13 };

	harness_show_populate("");
	watch(12);
	harness_screen_wait("and 2 more\033[K\n\033[J");
	ck_assert_int_eq(ioctl(harness_screen.fd, TIOCSWINSZ, &size), 0);
	harness_screen_wait("HELD REFUSED");
	harness_screen_wait("exempt\033[0m\033[K\n\033[J");
	/* As many as are wanted have room, but not that there are more. */
	ck_assert_int_eq(kill(harness_screen.pid, SIGINT), 0);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	harness_screen_open(80, 12, (const char *const[]){ "qlimit", "show", "--watch", "--limit", "8", NULL });
	harness_screen_wait("and 2 more\033[K\n\033[J");
	size.ws_row = 5;
	ck_assert_int_eq(ioctl(harness_screen.fd, TIOCSWINSZ, &size), 0);
	harness_screen_wait("STATE\033[K\nand 9 more\033[K\n\033[J");
	size.ws_row = 1;
	ck_assert_int_eq(ioctl(harness_screen.fd, TIOCSWINSZ, &size), 0);
	harness_screen_wait("and 9 more\033[K\n\033[J");
	ck_assert_int_eq(kill(harness_screen.pid, SIGINT), 0);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
}
END_TEST

static void
move_store(const char *from, const char *to)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s", harness_path(from));
	ck_assert_int_eq(rename(path, harness_path(to)), 0);
}

/* Goal: trouble is said, with the time and no old figures, and what comes after it is shown. */
START_TEST(test_watch_trouble)
{
	harness_show_populate("");
	watch(30);
	harness_screen_wait("exempt");
	move_store("state/live.mdb", "state/away");
	nudge();
	harness_screen_wait("\033[H\033[J2026-11-21 17:30:00 UTC; cannot be read; trying again every 2 seconds\n");
	harness_screen_wait("qlimit: nothing counted yet in");
	move_store("state/away", "state/live.mdb");
	nudge();
	harness_screen_wait("exempt");
	ck_assert_int_eq(kill(harness_screen.pid, SIGINT), 0);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
	/* What no next time mends ends it, and is to be read where the prompt is. */
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(harness_path("."), 0711), 0);
	ck_assert_int_eq(chmod(harness_path(".."), 0711), 0);
	watch(30);
	harness_screen_wait("exempt");
	ck_assert_int_eq(chown(harness_path("state"), 65534, 65534), 0);
	nudge();
	harness_screen_wait("cannot be read");
	ck_assert_int_eq(chown(harness_path("state"), 0, 0), 0);
	harness_screen_wait(LEFT);
	harness_screen_wait("belongs to somebody else: run this as root\n");
	ck_assert_int_eq(harness_screen_close(), EX_NOPERM);
}
END_TEST

/* Goal: stopped it gives the terminal back, and takes it again. */
START_TEST(test_watch_stopped)
{
	int status;

	harness_show_populate("");
	watch(30);
	harness_screen_wait("exempt");
	ck_assert_int_eq(kill(harness_screen.pid, SIGTSTP), 0);
	harness_screen_wait(LEFT);
	ck_assert_int_eq(waitpid(harness_screen.pid, &status, WUNTRACED), harness_screen.pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(kill(harness_screen.pid, SIGCONT), 0);
	harness_screen_wait(ENTERED);
	harness_screen_wait("exempt");
	ck_assert_int_eq(kill(harness_screen.pid, SIGINT), 0);
	ck_assert_int_eq(harness_screen_close(), EX_OK);
}
END_TEST

/* Goal: a crash is to be read where the prompt is. */
START_TEST(test_watch_crashed)
{
	harness_show_populate("");
	watch(30);
	harness_screen_wait("exempt");
	ck_assert_int_eq(kill(harness_screen.pid, SIGSEGV), 0);
	harness_screen_wait(LEFT "qlimit: crashed, with no store in use");
	ck_assert_int_eq(harness_screen_close(), EX_SOFTWARE);
}
END_TEST

/* Goal: under nohup(1) a terminal that goes away ends it all the same: nobody sees what it writes. */
START_TEST(test_watch_without_end)
{
	char status[20] = "", path[300], script[1000];
	FILE *f;

	harness_show_populate("");
	(void)snprintf(path, sizeof path, "%s", harness_path("status"));
	(void)snprintf(script, sizeof script, "trap '' HUP; \"$0\" show --watch; echo $? >%s.new; mv %s.new %s",
	    path, path, path);
	watch_in_shell(script);
	harness_screen_wait("server");
	ck_assert_int_eq(kill(harness_screen.pid, 0), 0);
	(void)close(harness_screen.fd);
	ck_assert_int_eq(waitpid(harness_screen.pid, NULL, 0), harness_screen.pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(status, sizeof status, f));
	(void)fclose(f);
	ck_assert_str_eq(status, "74\n");
}
END_TEST

/* Goal: on a terminal --json and --watch are still no pair, and a dumb one is none to draw on. */
START_TEST(test_watch_refused)
{
	static const char *const both[] = { "qlimit", "show", "--watch", "--json", NULL };
	static const char *const alone[] = { "qlimit", "show", "--watch", NULL };

	harness_screen_open(80, 24, both);
	ck_assert_int_eq(harness_screen_close(), EX_USAGE);
	ck_assert_ptr_nonnull(strstr(harness_screen.seen, "one of them"));
	(void)setenv("TERM", "dumb", 1);
	harness_screen_open(80, 24, alone);
	ck_assert_int_eq(harness_screen_close(), EX_USAGE);
	ck_assert_ptr_nonnull(strstr(harness_screen.seen, "needs a terminal"));
}
END_TEST

Suite *
suite_show_watch(void)
{
	Suite *s = suite_create("show_watch");
	TCase *t = tcase_create("watch");

	tcase_add_checked_fixture(t, harness_show_start, harness_end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_watch, 0, ROWS(endings));
	tcase_add_test(t, test_watch_width);
	tcase_add_test(t, test_watch_sizes);
	tcase_add_test(t, test_watch_trouble);
	tcase_add_test(t, test_watch_stopped);
	tcase_add_test(t, test_watch_crashed);
	tcase_add_test(t, test_watch_without_end);
	tcase_add_test(t, test_watch_refused);
	suite_add_tcase(s, t);
	return s;
}
