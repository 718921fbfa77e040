/*
 * store_backend - what a store needs of whoever keeps the bytes
 *
 * A transaction is exclusive: between begin and commit or rollback no other process reads or
 * changes anything. Keys are 1 to 300 bytes and ordered as memcmp(3) orders them. Functions that
 * say so return -1 with errno; EBADMSG there means that what is kept is damaged.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#define STORE_KEY_MAX 300

/*
 * Keys of two tables never meet. Apart, so that the little that every delivery changes stays on one
 * page, whatever number of domains there is, and what it only reads need not move when it writes.
 */
enum store_table { STORE_TABLE_STATE, STORE_TABLE_COUNTERS, STORE_TABLE_RULES };
#define STORE_TABLES 3

/* What becomes of a store that is begun anew. */
enum store_fate {
	STORE_REMOVED,
	STORE_KEPT_DAMAGED, /* set aside, with a word in the log, as one that is damaged */
	STORE_KEPT_NEWER,   /* and as one that only a newer qlimit can read */
};

struct store;

struct store_ops {
	/* Starts a transaction; a store that does not exist is made if `create`, else -1 and ENOENT. */
	int (*begin)(struct store *s, bool create);
	/* Ends it, keeping the changes. On -1 nothing was changed. The transaction is over either way. */
	int (*commit)(struct store *s);
	/* Ends it, undoing the changes; nothing outside one. */
	void (*rollback)(struct store *s);
	/* In a transaction: empties the store; 0 or -1. */
	int (*restart)(struct store *s, enum store_fate fate);
	/* Copies the value of a key: 1; 0 if there is none; -1, with EMSGSIZE if it is larger than `room`. */
	int (*get)(struct store *s, enum store_table table, const void *key, size_t key_size,
	    void *value, size_t room, size_t *size);
	int (*put)(struct store *s, enum store_table table, const void *key, size_t key_size,
	    const void *value, size_t size);
	/* 0, also if there was none. */
	int (*del)(struct store *s, enum store_table table, const void *key, size_t key_size);
	/*
	 * Replaces `key` (room for STORE_KEY_MAX) by the next one in order if that has the same first
	 * `prefix` bytes, and then copies its value as get does: 1; 0 if it has not or there is none; -1.
	 */
	int (*next)(struct store *s, enum store_table table, void *key, size_t *key_size,
	    size_t prefix, void *value, size_t room, size_t *size);
	/* Ends a transaction that has changed nothing: rewrites the store without the room of removed rows; 0 or -1. */
	int (*compact)(struct store *s);
	/* Frees the store, ending a transaction as rollback does. */
	void (*close)(struct store *s);
};

/* A backend's own structure begins with this. */
struct store {
	const struct store_ops *ops;
	bool disposable; /* live: made anew when a record is damaged */
	bool set_aside;  /* damage has cost a file, and that was logged */
	bool fresh;      /* set by begin and restart: nothing was ever committed in it */
	bool damaged;    /* a record of this transaction was not what it should be */
	bool broken;     /* the backend itself found damage: nothing in it can be relied on */
};

#endif
