/* day - what one meter has admitted in each of the last closed hours */
#include "day.h"

#include <string.h>

#include "bytes.h"

#define VERSION 1
#define SLOTS (DAY_HOURS - 1)

/* Makes `hour` the newest one. */
static void
advance(struct day *day, uint32_t hour)
{
	uint32_t by = hour - day->hour;

	if (by > SLOTS)
		by = SLOTS;
	memmove(day->admitted + by, day->admitted, (SLOTS - by) * sizeof day->admitted[0]);
	memset(day->admitted, 0, by * sizeof day->admitted[0]);
	day->hour = hour;
}

void
day_note(struct day *day, uint32_t hour, uint64_t admitted)
{
	if (hour < day->from)
		return;
	if (hour > day->hour)
		advance(day, hour);
	if (day->hour - hour < SLOTS)
		day->admitted[day->hour - hour] = admitted > UINT32_MAX ? UINT32_MAX : (uint32_t)admitted;
}

void
day_reset(struct day *day, uint32_t hour)
{
	memset(day, 0, sizeof *day);
	day->hour = hour;
	day->from = hour;
}

uint64_t
day_before(const struct day *day, uint32_t hour)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < SLOTS && i <= day->hour; i++) {
		uint32_t then = day->hour - i;

		if (then < hour && hour - then <= SLOTS)
			sum += day->admitted[i];
	}
	return sum;
}

bool
day_is_over(const struct day *day, uint32_t hour)
{
	/* One from the future is of a clock that was wrong. */
	return day->hour > hour || hour - day->hour > SLOTS;
}

/* version 4, hour 4, from 4, the hours 4 each */
void
day_encode(const struct day *day, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, DAY_SIZE);
	bytes_put32(&b, VERSION);
	bytes_put32(&b, day->hour);
	bytes_put32(&b, day->from);
	for (size_t i = 0; i < SLOTS; i++)
		bytes_put32(&b, day->admitted[i]);
}

bool
day_decode(struct day *day, unsigned char *record, size_t size)
{
	struct bytes b;
	uint32_t version;

	bytes_init(&b, record, size);
	version = bytes_get32(&b);
	day->hour = bytes_get32(&b);
	day->from = bytes_get32(&b);
	for (size_t i = 0; i < SLOTS; i++)
		day->admitted[i] = bytes_get32(&b);
	return version == VERSION && bytes_complete(&b);
}
