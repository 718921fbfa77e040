/*
 * store_lmdb - a store in an LMDB file, as the files that make it up know it
 *
 * For others it is a `struct store`; how they come by one stands in store.h.
 */
#ifndef STORE_LMDB_H
#define STORE_LMDB_H

#include <lmdb.h>
#include <stdbool.h>

#include "store_backend.h"
#include "store_file.h"

struct store_lmdb {
	struct store base;
	struct store_file file;
	int patience_ms;
	MDB_env *env; /* NULL: not open */
	MDB_txn *txn; /* NULL: none; only while `env` is open */
	/* Of the transaction; only store_lmdb_tables.c uses them, and a new transaction has none open. */
	MDB_dbi tables[STORE_TABLES];
	bool is_open[STORE_TABLES];
	MDB_cursor *cursor; /* NULL: none; where the last store_lmdb_tables_next() has left it: */
	MDB_val at;
	enum store_table cursor_table;
};

#endif
