/*
 * torture - suites that take minutes: run by `make torture`, at a tenth of the scale by .ci/run
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "suites.h"

#define TORTURES(suite) \
	suite(torture_calls)

TORTURES(SUITE_DECLARE)

/* Percent of the full scale, from $QLIMIT_TORTURE; 0: these suites are not wanted. */
int torture_scale(void);

#endif
