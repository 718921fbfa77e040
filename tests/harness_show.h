/*
 * harness_show - a terminal for the tests of show to look at, and something to be seen on it
 *
 * Like the harness: one of each per process, and every call aborts the test when it cannot do its work.
 */
#ifndef HARNESS_SHOW_H
#define HARNESS_SHOW_H

#include <stddef.h>
#include <sys/types.h>

#define HARNESS_SCREEN_MAX (1 << 20)

/* Of the program that runs on the terminal now, or ran there last. */
extern struct harness_screen {
	pid_t pid;
	int fd; /* the terminal's other end */
	size_t used;
	char seen[HARNESS_SCREEN_MAX + 1]; /* all that was written to it, without the lines' \r */
} harness_screen;

/* Starts a program, a path or one of the built ones, with these words on a terminal of this size. */
void harness_screen_open(int columns, int lines, const char *const *words);

/* Waits for words behind what was waited for last. */
void harness_screen_wait(const char *words);

/* Reads to the end; the exit status, or the negative number of the signal. */
int harness_screen_close(void);

/* harness_start(), and an environment that says UTF-8, colours, and nothing of a size. */
void harness_show_start(void);

/* Makes counters of every standing, with these rules behind `mode`: a setting, or "". */
extern const char harness_show_rules[];
void harness_show_populate(const char *mode);

/* So many messages of uid 33's. */
void harness_show_send(const char *sender, const char *recipient, int count);

#endif
