/*
 * harness_contrib - what the tests of contrib/'s scripts have in common: shells, and made-up programs
 *
 * Like the harness: every call aborts the test when it cannot do its work.
 */
#ifndef HARNESS_CONTRIB_H
#define HARNESS_CONTRIB_H

#include "harness.h"

/*
 * The number of shells that scripts must do in, for tcase_add_loop_test(): the one they name, bash as POSIX has
 * it, and busybox's, which brings its own awk, sort and the like, where it is installed.
 */
int harness_contrib_shells(void);

#define HARNESS_CONTRIB_BUSYBOX 2 /* the last of them */

/* From now on all programs that busybox has are busybox's: what running a script with that shell does. */
void harness_contrib_busybox(void);

/* harness_start(), and a directory bin in front of PATH, which has qlimit. */
void harness_contrib_start(void);

/* A program in bin: a shell script. $PLACE in it is the test's own directory. */
void harness_contrib_program(const char *name, const char *body);

/* A file in the place: its whole text written, or read; "" where there is none. */
void harness_contrib_write(const char *name, const char *text);
const char *harness_contrib_read(const char *name);

/* Runs a script below contrib/ with a shell and at most 14 words. */
#define harness_contrib(shell, ...) harness_contrib_words(shell, (const char *const[]){ __VA_ARGS__, NULL })
struct harness_output harness_contrib_words(int shell, const char *const *words);

#endif
