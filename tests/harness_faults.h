/*
 * harness_faults - what the tests of faults have in common
 */
#ifndef HARNESS_FAULTS_H
#define HARNESS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness.h"

#define HARNESS_ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

/* The path of a file of the state directory. */
const char *harness_state(const char *name);

void harness_write(const char *path, const char *bytes, size_t n);

/* Monotonic. */
int64_t harness_milliseconds(void);

/* Waits for what a background helper does; false if that never comes. */
bool harness_wait_until(bool (*is_so)(void));

/* Says that a test, or a part of one, cannot be done here, and why: never in silence. */
void harness_skip(const char *what, const char *why);

/* One new message of a@example.com's, which the other side accepts. */
struct harness_delivery harness_send(void);

/* ... reaches the real program, once, as if we were not there. */
void harness_expect_delivered(const char *label);

/*
 * ... does that although our part cannot work, or is deferred with one clean Z if `defer`; with exactly
 * one log line, and within `deadline_ms` of at most 1000 and what an overloaded machine takes.
 */
void harness_expect_in_trouble(const char *label, bool defer);

/*
 * Runs the rest of the test as an ordinary user: as itself, or, if it is root's, as some other user, for
 * whom it makes a place of its own. False, and said, if that user cannot reach the programs. To be used
 * instead of harness_start(); harness_end() as ever.
 */
bool harness_start_as_user(void);

#define HARNESS_USER 12345 /* nobody in particular */

/* --- a program stopped in the middle --- */

/* Starts a program with its words and its output lost; to be reaped by the caller. */
pid_t harness_background(const char *program, const char *const *argv);

/* The same with PTRACE_TRACEME: it stops when it has been executed. */
pid_t harness_background_traced(const char *program, const char *const *argv);

/*
 * A program that waits for a lock, or soon will: lets go of that lock (closes `lock`), and when the program
 * has locked the file of the state directory that is called `name`, stops it before it does anything more.
 * False, and said, where ptrace(2) is not allowed; then the lock is free as well.
 */
bool harness_stop_at_lock(pid_t pid, int lock, const char *name);

/*
 * The same, but it stops at its `nth` fork(2), or at one of its child's, in the new process, before that
 * does anything; which is then to die by `signal`. Its process id; 0, and said, as above.
 */
pid_t harness_signal_at_fork(pid_t pid, int lock, int nth, int signal);

#endif
