/*
 * report - what qmail-rspawn makes of a remote's bytes, and our own reports
 *
 * The rules are those of report() in qmail-rspawn.c (facts/qmail-remote.md section 2), applied to the
 * bytes as they pass, so that nothing has to be kept of them.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "meter.h"
#include "outcome.h"
#include "policy.h"
#include "text.h"

#define REPORT_RECIPIENTS 64 /* recipient reports remembered; recipients beyond share the message's */
#define REPORT_TEXT_MAX 1400

struct report {
	size_t blocks;                    /* complete blocks so far */
	char letters[REPORT_RECIPIENTS];  /* first byte of each block */
	char starts_with;                 /* first byte of the block that is open, once it has one */
	bool open;                        /* a block has begun and not ended */
	bool any;                         /* anything was written at all */
	char decision;                    /* K, Z or D once a block has decided, else 0 */
	bool answered;                    /* "said:" was seen: the other side's own words follow */
	unsigned matched;                 /* bytes of "said:" seen just now */
};

/* Starts with nothing read. */
void report_init(struct report *r);

/* Takes the next `n` bytes of the remote's output. */
void report_read(struct report *r, const char *bytes, size_t n);

/*
 * The outcome for the recipient with this index (0: the first), once the remote has ended with
 * `wait_status` (of waitpid(2)). A deferral is OUTCOME_DEFERRED where the other side answered: the
 * recipient's own report says `s`, or some "said:" was printed (qmail-remote puts "Remote host said: "
 * before what the other side sent); else it is OUTCOME_UNREACHED.
 */
enum outcome report_outcome(const struct report *r, size_t recipient, int wait_status);

/*
 * Writes our own message report, NUL and all, for a delivery that `payer` stops: texts known
 * from WHM (facts/limits.md), codes of RFC 3463. `t` has room for REPORT_TEXT_MAX bytes; t->used
 * bytes are to be written at once.
 */
void report_compose(struct text *t, const struct judgement *judgement, const struct meter *payer);

#endif
