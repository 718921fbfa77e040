/* hour - clock hours */
#include "hour.h"

uint32_t
hour_of(int64_t seconds)
{
	int64_t hour = seconds / 3600;

	if (hour < 0)
		return 0;
	return hour > UINT32_MAX ? UINT32_MAX : (uint32_t)hour;
}

int64_t
hour_start(uint32_t hour)
{
	return (int64_t)hour * 3600;
}

uint32_t
hour_to_count_in(int64_t seconds, uint32_t newest)
{
	uint32_t hour = hour_of(seconds);

	if (hour >= newest || newest - hour > HOUR_STEP_BACK_MAX)
		return hour;
	return newest;
}
