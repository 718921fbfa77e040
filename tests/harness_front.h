/*
 * harness_front - qmail-remote and what stands beside it, for the tests of the mail path
 *
 * In the directory of harness_bin.h, a private one.
 */
#ifndef HARNESS_FRONT_H
#define HARNESS_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness.h"
#include "harness_bin.h"

#define REMOTE HARNESS_BIN "qmail-remote"
#define ORIG REMOTE ".orig"
#define NEXT REMOTE ".next"
#define MOVED REMOTE ".moved"
#define NEW REMOTE ".qlimit-new"

/* Whether harness_front_setup() could have that directory: a test that needs it returns at once where not. */
extern bool harness_front_here;

/* harness_bin_start(), as a fixture; harness_end() as ever. */
void harness_front_setup(void);

/* The inode behind a path, a link's own, which has to be there; and whether something is. */
ino_t harness_front_inode(const char *path);
bool harness_front_has(const char *path);

/* There is no qmail-remote any more. */
void harness_front_remove(void);

/* qmail-rspawn becomes one that knows $QMAILREMOTE. */
void harness_front_honours(void);

/* One message of a@example.com's through what is qmail-remote now: delivered once, by the real program. */
void harness_front_mail_goes_out(void);

/* How many of that domain's qlimit-remote has counted. */
uint64_t harness_front_sent(void);

/*
 * Runs `program`, or qlimit, with these words (NULL: one less) as qmailr: with his rights altogether, for a sanitizer
 * will not watch a program of two users.
 */
struct harness_output harness_front_run_as_owner(const char *program, const char *word, const char *operand);
struct harness_output harness_front_as_owner(const char *command, const char *option);

#endif
