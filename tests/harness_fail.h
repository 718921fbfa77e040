/*
 * harness_fail - lets a call of LMDB's, or an allocation, fail in this very process
 *
 * The unit tests are linked so that our own calls of these come through here first (the Makefile's WRAPPED):
 * what no kernel and no file can be made to do on demand, at any call, repeatably.
 */
#ifndef HARNESS_FAIL_H
#define HARNESS_FAIL_H

#include <stdbool.h>

/*
 * Counts calls from 1 again and lets this one fail; with `on` all later ones, too. An
 * allocation fails with ENOMEM, one of LMDB's with `error`, which may be one of its own.
 */
void harness_fail_at(unsigned number, bool on, int error);

/* From now on nothing fails; how many calls there have been since. Check and the harness allocate, too. */
unsigned harness_fail_end(void);

/* Does what LMDB does when it finds the file that was opened last inconsistent in itself. */
void harness_fail_assertion(void);

#endif
