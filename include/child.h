/*
 * child - the one place that starts other programs
 *
 * The real program gets everything as qlimit-remote got it: arguments, environment (and a mark in it, nested.h),
 * directory, descriptors, signal mask and ignored signals (facts/qmail-remote.md section 1). Only its output goes
 * through a pipe.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* A program: an absolute path, and what it is given. The strings are kept, not copied. */
struct child_program {
	const char *path;
	char *const *argv; /* the real program's first is "qmail-remote": some chained programs look at it */
	char *const *envp;
};

/*
 * Call first in main(), once. Notes what was inherited; makes SIGCHLD waitable; fills closed
 * standard descriptors; and turns descriptor 2 to /dev/null, since with qmail every stray byte of a
 * library's on it would become part of the report.
 */
void child_init(void);

/* What takes the real program's bytes as they pass. */
typedef void child_reader(void *context, const char *bytes, size_t n);

enum child_start {
	CHILD_STARTED,
	CHILD_NOT_STARTED, /* no process or pipe was to be had: errno. Nothing has run */
	CHILD_NO_PROGRAM,  /* it cannot be executed: errno. Nothing has run */
};

/* What is to be done in the new process, before it is the real program. Only system calls. */
typedef void child_preparation(void);

/*
 * Starts the real program, once. If this process is killed while it runs, it is killed, too: a
 * delivery nobody reports on would be delivered again. Requests to end (HUP, INT, QUIT, TERM, USR1 and
 * USR2, where not ignored) are passed on to it.
 */
enum child_start child_start(const struct child_program *program, child_preparation *prepare);

/* True from the moment the real program can run. Async-signal-safe. */
bool child_is_started(void);

/*
 * Writes all that the started program prints to descriptor 1 unchanged, as it comes; `reader`, if not
 * NULL, sees the same bytes, after they were written. Returns when every holder of its output is
 * gone and it has ended: how, as of waitpid(2). All signals but those of a fault are blocked from then
 * on. It can be called again, in a signal handler with NULL, wherever it was cut short: it goes on with the
 * bytes that follow.
 */
int child_hear(child_reader *reader, void *context);

/* The report where the real program cannot be executed; its NUL belongs to it. */
#define CHILD_SORRY "Zqlimit-remote is unable to run the real qmail-remote. (#4.3.5)\n"

/*
 * Becomes the real program. If it cannot be executed, answers CHILD_SORRY and exits 0: never 100,
 * which bounces. Async-signal-safe.
 */
_Noreturn void child_become(const struct child_program *program);

/* Writes one report, NUL included, to descriptor 1 with one write(2). Async-signal-safe. */
void child_write(const char *report, size_t n);

/* The same, and exits 0. */
_Noreturn void child_answer(const char *report, size_t n);

/* Ends this process as the real program ended: the same exit status, or death by the same signal. */
_Noreturn void child_exit_as(int wait_status);

/*
 * Starts a program of ours in the background: its own session, standard descriptors on /dev/null,
 * everything else closed, and not a child of ours. Returns 0, or -1 with errno. That it was
 * started does not say that it can be executed.
 */
int child_detach(const struct child_program *program);

#endif
