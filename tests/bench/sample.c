/* sample - programs timed against each other, cycle by cycle */
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Who follows whom changes with every cycle: the one before leaves its caches behind. */
static int
cycle(struct sample *s)
{
	for (size_t i = 0; i < s->contestants; i++) {
		size_t step = s->cycles / s->contestants % 2 == 0 ? i : s->contestants - 1 - i;
		size_t who = (step + s->cycles) % s->contestants;
		int64_t t = burst_time(&s->contestant[who], s->at_once);

		if (t == -1)
			return -1;
		s->seconds[who][s->cycles] = (double)t / 1e9;
	}
	s->cycles++;
	return 0;
}

int
sample_more(struct sample *s, size_t least, double seconds)
{
	double end = now() + seconds;

	if (s->cycles == 0) { /* cold caches are not what is asked about */
		if (cycle(s) == -1)
			return -1;
		s->cycles = 0;
	}
	while (s->cycles < SAMPLE_CYCLES_MAX && (s->cycles < least || now() < end))
		if (cycle(s) == -1)
			return -1;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
at(const double *sorted, size_t n, double place)
{
	double index = fmin(fmax(place, 0), (double)n - 1), below = floor(index);
	size_t i = (size_t)below;

	return sorted[i] + (i + 1 < n ? (index - below) * (sorted[i + 1] - sorted[i]) : 0);
}

void
sample_ratio(const struct sample *s, size_t a, size_t b, struct quartiles *q)
{
	static double ratio[SAMPLE_CYCLES_MAX];
	double n = (double)s->cycles;

	for (size_t i = 0; i < s->cycles; i++)
		ratio[i] = s->seconds[a][i] / s->seconds[b][i];
	qsort(ratio, s->cycles, sizeof ratio[0], compare);
	q->low = at(ratio, s->cycles, (n - 1) * 0.25);
	q->median = at(ratio, s->cycles, (n - 1) * 0.5);
	q->high = at(ratio, s->cycles, (n - 1) * 0.75);
	/* Ranks of a binomial distribution: nothing is assumed of how the times are spread. */
	q->surely_above = at(ratio, s->cycles, floor((n - 1) / 2 - 0.98 * sqrt(n)));
	q->surely_below = at(ratio, s->cycles, ceil((n - 1) / 2 + 0.98 * sqrt(n)));
}

double
sample_median(const struct sample *s, size_t a)
{
	static double time[SAMPLE_CYCLES_MAX];

	memcpy(time, s->seconds[a], s->cycles * sizeof time[0]);
	qsort(time, s->cycles, sizeof time[0], compare);
	return at(time, s->cycles, ((double)s->cycles - 1) / 2);
}
