/*
 * sample - programs timed against each other, cycle by cycle
 *
 * One cycle runs every contestant once, next to each other in time, so that a ratio of two times of
 * the same cycle does not see the machine getting slower or faster meanwhile; the median over the
 * cycles does not see single disturbances either.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>

#include "burst.h"

#define SAMPLE_CYCLES_MAX 32768

struct sample {
	size_t contestants;
	size_t cycles;
	unsigned at_once;
	struct contestant contestant[BURST_CONTESTANTS_MAX];
	double seconds[BURST_CONTESTANTS_MAX][SAMPLE_CYCLES_MAX];
};

/* Of a ratio: quartiles, and the 95 % confidence interval of the median. */
struct quartiles {
	double low, median, high;
	double surely_above, surely_below;
};

/*
 * Runs cycles until there are `least` of them and, if `seconds` is not 0, so long has passed; 0, or
 * -1 where a run failed.
 */
int sample_more(struct sample *s, size_t least, double seconds);

/* The time of contestant `a` by that of `b`; s->cycles is not 0. */
void sample_ratio(const struct sample *s, size_t a, size_t b, struct quartiles *q);

/* Median time of a contestant, in seconds. */
double sample_median(const struct sample *s, size_t a);

#endif
