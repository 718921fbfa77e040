/*
 * memory - what a wrapper holds while its remote is in a long session
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "burst.h"

/*
 * Starts `n` runs whose real program is the sleeper, and takes the mean of their proportional set
 * sizes (a page that several share is counted once, in equal parts) without the sleepers' own.
 * Returns 0, or -1 after a message on stderr.
 */
int memory_waiting(struct contestant *c, unsigned n, double *kib);

#endif
