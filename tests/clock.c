/* clock - for the tests: QLIMIT_TEST_NOW, seconds since 1970, where it is set */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

int64_t
clock_now(void)
{
	const char *set = getenv("QLIMIT_TEST_NOW");

	return set != NULL ? (int64_t)strtoll(set, NULL, 10) : (int64_t)time(NULL);
}
