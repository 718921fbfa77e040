/*
 * bench - what a delivery costs through one program, as a multiple of what it costs through another
 *
 * Absolute times mean nothing on another machine; every figure but one is a ratio within one run.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"
#include "sample.h"

#define EXIT_ABOVE 2 /* `limit`: a ratio stays above */
#define LOOK_MAX 25  /* seconds after which `limit` does not start to look twice as long */

static struct sample sample;

static int
usage(void)
{
	(void)fputs(
	    "usage: bench table AT_ONCE SECONDS LEAST CONTESTANT CONTESTANT ...\n"
	    "       bench more AT_ONCE SECONDS LEAST CONTESTANT CONTESTANT CONTESTANT ...\n"
	    "           what the others cost by the first and by the second; `more` leaves out the\n"
	    "           second's own line\n"
	    "       bench limit RATIO CYCLES MOST CONTESTANT CONTESTANT ...\n"
	    "           fails if one costs more than RATIO times the first, however long it looks\n"
	    "       bench memory N CONTESTANT ...\n"
	    "           what N of each hold while their remotes (sleeper) are busy\n"
	    "CONTESTANT is NAME=PROGRAM:DIRECTORY:DOMAINS[/STRIDE]. From the environment:\n"
	    "BENCH_MESSAGES, a directory for queue files; BENCH_REMOTE, the real program; BENCH_RUNS,\n"
	    "a file to note the number of deliveries in.\n",
	    stderr);
	return 64;
}

static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		(void)fprintf(stderr, "bench: %s is not set\n", name);
	return value;
}

/* Adds "NAME DELIVERIES" lines: whoever counts deliveries is then asked whether it saw them all. */
static int
note_runs(void)
{
	const char *path = getenv("BENCH_RUNS");
	FILE *f;

	if (path == NULL)
		return 0;
	f = fopen(path, "a");
	if (f == NULL)
		return -1;
	for (size_t i = 0; i < sample.contestants; i++)
		(void)fprintf(f, "%s %llu\n", sample.contestant[i].name,
		    (unsigned long long)sample.contestant[i].runs);
	return fclose(f);
}

/* --- table --- */

static int
table(size_t from, const char *at_once, const char *seconds, const char *least)
{
	sample.at_once = (unsigned)strtoul(at_once, NULL, 10);
	if (sample.at_once < 1 || sample.at_once > BURST_MAX || sample.contestants < 2)
		return usage();
	if (sample_more(&sample, strtoul(least, NULL, 10), strtod(seconds, NULL)) == -1)
		return 1;
	for (size_t i = from; i < sample.contestants; i++) {
		struct quartiles first, second;

		sample_ratio(&sample, i, 0, &first);
		sample_ratio(&sample, i, 1, &second);
		(void)printf("%7u  %-14s %8.2f %8.2f %8.2f   %8.2f %8.2f %8.2f  %6zu\n",
		    sample.at_once, sample.contestant[i].name, first.low, first.median, first.high,
		    second.low, second.median, second.high, sample.cycles);
	}
	return 0;
}

/* --- limit --- */

static bool
is_above(double limit)
{
	struct quartiles q;

	for (size_t i = 1; i < sample.contestants; i++) {
		sample_ratio(&sample, i, 0, &q);
		if (q.median > limit)
			return true;
	}
	return false;
}

static int
limit(const char *ratio, const char *cycles, const char *most)
{
	double allowed = strtod(ratio, NULL);
	size_t n = strtoul(cycles, NULL, 10), end = strtoul(most, NULL, 10);
	time_t start = time(NULL);
	struct quartiles q;

	sample.at_once = 1;
	if (n == 0 || sample.contestants < 2)
		return usage();
	for (;; n *= 2) {
		if (sample_more(&sample, n, 0) == -1)
			return 1;
		if (!is_above(allowed) || n * 2 > end || time(NULL) - start > LOOK_MAX)
			break;
		(void)printf("  above %.2f after %zu pairs: looking longer\n", allowed, n);
	}
	for (size_t i = 1; i < sample.contestants; i++) {
		sample_ratio(&sample, i, 0, &q);
		(void)printf("  %-24s %8.3f   %.3f to %.3f   %6zu  %s\n", sample.contestant[i].name,
		    q.median, q.surely_above, q.surely_below, sample.cycles,
		    q.median <= allowed ? "ok" : "ABOVE");
	}
	return is_above(allowed) ? EXIT_ABOVE : 0;
}

/* --- memory --- */

static int
memory(const char *number)
{
	unsigned n = (unsigned)strtoul(number, NULL, 10);
	double kib;

	if (n < 1 || n > BURST_MAX)
		return usage();
	for (size_t i = 0; i < sample.contestants; i++) {
		if (memory_waiting(&sample.contestant[i], n, &kib) == -1)
			return 1;
		(void)printf("  %-14s %6.1f KiB\n", sample.contestant[i].name, kib);
	}
	return 0;
}

static int
contestants(char **argv)
{
	const char *messages = setting("BENCH_MESSAGES"), *remote = setting("BENCH_REMOTE");

	if (messages == NULL || remote == NULL || burst_init(messages) == -1)
		return -1;
	for (; *argv != NULL; argv++) {
		struct contestant *c = &sample.contestant[sample.contestants];

		if (sample.contestants == BURST_CONTESTANTS_MAX ||
		    burst_contestant(c, *argv, remote) == -1)
			return -1;
		sample.contestants++;
	}
	return sample.contestants > 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	int rc;

	if (argc < 4)
		return usage();
	if (contestants(argv + (strcmp(argv[1], "memory") == 0 ? 3 : 5)) == -1)
		return 1;
	if (strcmp(argv[1], "table") == 0)
		rc = table(1, argv[2], argv[3], argv[4]);
	else if (strcmp(argv[1], "more") == 0)
		rc = table(2, argv[2], argv[3], argv[4]);
	else if (strcmp(argv[1], "limit") == 0)
		rc = limit(argv[2], argv[3], argv[4]);
	else if (strcmp(argv[1], "memory") == 0)
		rc = memory(argv[2]);
	else
		return usage();
	if (note_runs() != 0 || fflush(stdout) != 0)
		return 1;
	return rc;
}
