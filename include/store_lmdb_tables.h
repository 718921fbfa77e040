/*
 * store_lmdb_tables - the tables of an LMDB store: their rows read, written and copied
 *
 * All need a transaction. Those that return int return -1 with errno as store_lmdb_answer_inside() sets it:
 * EBADMSG, the file is damaged.
 */
#ifndef STORE_LMDB_TABLES_H
#define STORE_LMDB_TABLES_H

#include <lmdb.h>
#include <stddef.h>

#include "store_backend.h"
#include "store_lmdb.h"

/* What store_backend.h asks of the functions of these names; `base` is that of a struct store_lmdb. */
int store_lmdb_tables_get(struct store *base, enum store_table table, const void *key, size_t key_size,
    void *value, size_t room, size_t *size);
int store_lmdb_tables_put(struct store *base, enum store_table table, const void *key, size_t key_size,
    const void *value, size_t size);
int store_lmdb_tables_del(struct store *base, enum store_table table, const void *key, size_t key_size);
int store_lmdb_tables_next(struct store *base, enum store_table table, void *key, size_t *key_size,
    size_t prefix, void *value, size_t room, size_t *size);

/* No table is open: for a transaction that has just begun. */
void store_lmdb_tables_forget(struct store_lmdb *s);

/* Closes the cursor, if there is one: before a transaction ends. */
void store_lmdb_tables_drop_cursor(struct store_lmdb *s);

/*
 * Copies every row, as the transaction sees it, into the empty environment `to`, in one transaction there. 0;
 * or -1, and `to` is as it was. That memory is lacking while rows are copied is believed.
 */
int store_lmdb_tables_copy(struct store_lmdb *s, MDB_env *to);

#endif
