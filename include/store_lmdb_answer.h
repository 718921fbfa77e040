/*
 * store_lmdb_answer - what LMDB's answers mean
 *
 * LMDB answers 0, an errno, or a negative number of its own. What a store makes of that depends on one
 * question: is the file damaged, or is it trouble with the machine? A damaged file is set aside and a new one
 * begun; a sound one must not be, whatever the machine has run out of.
 *
 * In each of these functions `rc` is the answer of one of LMDB's functions; MDB_NOTFOUND is for the caller to
 * sort out before. They return 0 if it was 0, or -1 with errno: EBADMSG, the file is damaged
 * (store_backend.h); else what the machine said, or EIO where only LMDB has a word for it.
 */
#ifndef STORE_LMDB_ANSWER_H
#define STORE_LMDB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

/* Of what LMDB does anywhere. That memory is lacking is believed. */
int store_lmdb_answer(int rc);

/*
 * Of what it does in an open file, of a live store or not. Where memory is lacking that a live store has no
 * need of, though what it may need is to be had, the file is damaged. A ledger is not given up on that
 * suspicion.
 */
int store_lmdb_answer_inside(int rc, bool live);

/* Of opening a file, with a map of `map` bytes: the same, where that is to be had as well. */
int store_lmdb_answer_opening(int rc, bool live, size_t map);

#endif
