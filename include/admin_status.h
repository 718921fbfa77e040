/*
 * admin_status - is qlimit itself well?
 */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "admin.h"

struct admin_status {
	struct info info;
	struct watch_list watched;
	char note[STORE_NOTE_MAX + 1];
	int64_t live_bytes, ledger_bytes, damaged_at; /* 0: there is no such file */
	bool ledger_damaged;
	char real[PLACE_PATH_MAX + 1]; /* qmail-remote, as the wrapper would find it ... */
	const char *real_problem;      /* ... or why it would not, or NULL */
	bool current; /* the rules are those of the files as they are now */
	size_t orders;             /* in force */
	bool orders_bad;           /* their file cannot be read, or a line of it is not understood */
};

/*
 * Finds all of that out, given a store in a transaction from admin_open_live(), with `info` set. 0, or -1 with
 * errno. The transaction goes on.
 */
int admin_status_find(const struct admin *a, struct store *store, struct admin_status *s);

#endif
