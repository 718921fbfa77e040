/*
 * torture - suites that take minutes: run by `make torture`, at a tenth of the scale by .ci/run
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stddef.h>
#include <sys/types.h>

#include "suites.h"

#define TORTURES(suite) \
	suite(torture_calls) \
	suite(torture_enable) \
	suite(torture_signals) \
	suite(torture_allocs) \
	suite(torture_damage) \
	suite(torture_power) \
	suite(torture_storm)

TORTURES(SUITE_DECLARE)

/* Percent of the full scale, from $QLIMIT_TORTURE; 0: these suites are not wanted. */
int torture_scale(void);

/* This share of a number, at least 1. */
unsigned torture_share(unsigned full);

/* --- what torture_damage.c, torture_power.c and torture_storm.c share --- */

/* Sets random(3) going: by $TORTURE_SEED, else by the clock. Returns the seed, to be printed. */
unsigned torture_seed(void);

/* A random number below `n`, n > 0. */
size_t torture_below(size_t n);

/* A file's bytes, to be kept in mind or damaged. */
struct torture_file {
	unsigned char at[1 << 23];
	size_t size;
};

void torture_read(struct torture_file *f, const char *path);

/* In place, as damage comes: nobody who has the file open is spared. */
void torture_write(const struct torture_file *f, const char *path);

/* Damages the copy in a random way and returns its name. */
const char *torture_damage(struct torture_file *f);

/*
 * From now on programs have 1 GiB of memory: one that is misled by damage must not take the machine
 * along. And whatever the programs leave running becomes a child of this process when its parent
 * ends; torture_bury() reaps one of those, and torture_bury_all() waits for all children, but not for
 * ever. Both fail the test if it is a `qlimit` that died by a signal, and count in *commands what was
 * one.
 */
void torture_adopt(void);
void torture_bury(pid_t pid, unsigned *commands);
void torture_bury_all(unsigned *commands);

#endif
