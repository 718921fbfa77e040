/*
 * harness_bin - qmail's directory of programs, in a /var of the test's own
 *
 * The path /var/qmail/bin is built in, and this machine may have a qmail there: so each test has a mount namespace
 * of its own, with another /var and another /etc, in which there are but root and qmailr. Nothing of it is seen
 * outside, and all of it ends with the test, however that ends. Only for root.
 */
#ifndef HARNESS_BIN_H
#define HARNESS_BIN_H

#include <stdbool.h>
#include <sys/types.h>

#define HARNESS_BIN "/var/qmail/bin/"
#define HARNESS_OWNER 12348 /* the user and group of qmailr */

/*
 * harness_start(), and then that: HARNESS_BIN with a qmail-remote, which is the scripted one of the harness, 0711,
 * and a qmail-rspawn that sleeps and knows no $QMAILREMOTE; QLIMIT_REMOTE is not set. False, and said, where that
 * cannot be had. harness_end() as ever.
 */
bool harness_bin_start(void);

/* Becomes the one who may mount, in a namespace of mounts of its own; false where that is not allowed. */
bool harness_may_mount(void);

/* HARNESS_BIN NAME becomes a copy of this program, with some more bytes at its end, by rename(2) as an update. */
void harness_bin_put(const char *name, const char *program, const char *more, mode_t mode);

/* Starts HARNESS_BIN qmail-rspawn as qmailr with this environment, and waits until it is that; ends it. */
pid_t harness_bin_rspawn(const char *const *environment);
pid_t harness_bin_rspawn_of(uid_t owner, const char *const *environment); /* likewise, as another user */
void harness_bin_end(pid_t rspawn);

/*
 * What is there: a line "NAME inode mode uid gid size links" for each file, by name. Lives until harness_end().
 */
const char *harness_bin_list(void);

#endif
