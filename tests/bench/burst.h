/*
 * burst - deliveries started as qmail-rspawn starts them, any number at once
 *
 * Each run gets a queue file on descriptor 0, one pipe on 1 and 2, qmail's five arguments, SIGPIPE
 * ignored and SIGCHLD blocked; it is over when the pipe is at its end and the process reaped
 * (facts/qmail-remote.md section 1). Functions that return int return -1 after a message on stderr.
 */
#ifndef BURST_H
#define BURST_H

#include <stdint.h>
#include <sys/types.h>

#define BURST_MAX 255
#define BURST_CONTESTANTS_MAX 10
#define BURST_PATH_MAX 255
#define BURST_VARIABLES 8

/* A program that is run for a delivery, and the place it works in. */
struct contestant {
	char name[32];
	char program[BURST_PATH_MAX + 1];
	unsigned domains; /* how many send; the first is d000000.example ... */
	unsigned stride;  /* ... and so far behind one comes the next */
	uint64_t runs;    /* ended well */
	char variable[BURST_VARIABLES][BURST_PATH_MAX + 32];
	char *environment[BURST_VARIABLES + 1];
};

/* One delivery. */
struct run {
	pid_t pid;
	int out;
	char sender[64];
	char recipient[64];
};

/* Makes the queue files in `directory` and goes there. */
int burst_init(const char *directory);

/* Reads "NAME=PROGRAM:DIRECTORY:DOMAINS[/STRIDE]"; `remote` is the real program it is to run. */
int burst_contestant(struct contestant *c, const char *text, const char *remote);

/* Starts `n` runs; they all exec at the same moment if `n` is more than 1. */
int burst_start(struct contestant *c, struct run *runs, unsigned n);

/* Waits for runs to end and checks that each gave the remote's answer. */
int burst_finish(struct contestant *c, struct run *runs, unsigned n);

/* Both; wall time of the whole burst in nanoseconds, or -1. */
int64_t burst_time(struct contestant *c, unsigned n);

#endif
