/*
 * program - the admin's own program, run in the foreground and bounded
 *
 * Other than what child.c starts, it is nobody's mail path: it gets a time limit, and nothing of ours.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

struct program {
	const char *path; /* absolute */
	char *const *argv;
	char *const *envp;
	uint32_t seconds; /* it may take; then it is ended */
	bool apart;       /* what it prints goes to our error output: something else reads our output */
};

enum program_end {
	PROGRAM_EXITED,      /* with `number` as its exit status */
	PROGRAM_KILLED,      /* by the signal `number`, which was not ours */
	PROGRAM_TOO_SLOW,    /* and was ended */
	PROGRAM_INTERRUPTED, /* likewise, because we got the signal `number`: INT, TERM or HUP */
	PROGRAM_NOT_RUN,     /* errno `number` */
};

struct program_result {
	enum program_end end;
	int number;
};

/*
 * Runs a program and waits for it. It has a session of its own, / as its directory, /dev/null as its input,
 * our standard output (or not: `apart`) and error output, no other descriptor, every signal at its default, and `envp`. What
 * takes too long gets SIGTERM, with the whole process group, and SIGKILL when it has ended, or after 2 seconds.
 * What a program that ended in time has left behind goes on.
 */
struct program_result program_run(const struct program *program);

#endif
