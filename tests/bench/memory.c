/* memory - what a wrapper holds while its remote is in a long session */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_NS 200000000 /* the remote may be there before its wrapper has started to wait */

/* Opened for both directions: waits for no sleeper, and sees no end when one leaves. */
static int
make_fifo(const char *variable)
{
	const char *path = strchr(variable, '=') + 1;
	int fd;

	(void)unlink(path);
	fd = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd == -1)
		(void)fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
	return fd;
}

static const char *
variable_of(const struct contestant *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; c->environment[i] != NULL; i++)
		if (strncmp(c->environment[i], name, n) == 0 && c->environment[i][n] == '=')
			return c->environment[i];
	return "=";
}

static double
pss_kib(pid_t pid)
{
	char path[64], line[128];
	double kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while (kib < 0 && fgets(line, sizeof line, f) != NULL)
		(void)sscanf(line, "Pss: %lf", &kib);
	(void)fclose(f);
	return kib;
}

static int
wait_for(int ready, unsigned n)
{
	const struct timespec settle = { .tv_nsec = SETTLE_NS };
	char c;

	/* A sleeper that never comes is the alarm's business, set in main's caller (run.sh). */
	for (unsigned i = 0; i < n; i++)
		if (read(ready, &c, 1) != 1)
			return -1;
	return nanosleep(&settle, NULL);
}

static int
measure(const struct run *runs, unsigned n, double *kib)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++) {
		double one = pss_kib(runs[i].pid);

		if (one < 0) {
			(void)fputs("bench: no /proc/PID/smaps_rollup\n", stderr);
			return -1;
		}
		sum += one;
	}
	*kib = sum / n;
	return 0;
}

int
memory_waiting(struct contestant *c, unsigned n, double *kib)
{
	static struct run runs[BURST_MAX];
	int ready = make_fifo(variable_of(c, "BENCH_READY"));
	int gate = make_fifo(variable_of(c, "BENCH_GATE"));
	int rc = -1;

	if (ready != -1 && gate != -1 && burst_start(c, runs, n) == 0) {
		if (wait_for(ready, n) == 0)
			rc = measure(runs, n, kib);
		(void)close(gate); /* the sleepers wake up */
		gate = -1;
		if (burst_finish(c, runs, n) == -1)
			rc = -1;
	}
	if (gate != -1)
		(void)close(gate);
	if (ready != -1)
		(void)close(ready);
	return rc;
}
