/*
 * admin_status - is qlimit itself well, and in the mail path?
 */
#ifndef ADMIN_STATUS_H
#define ADMIN_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "admin.h"
#include "admin_owner.h"
#include "mail_path.h"

#define ADMIN_STATUS_BAD 1 /* how `status --check` ends where something is wrong */

struct admin_status {
	bool counted; /* there is a store; else only what is not in it is known: files, the real program, orders */
	struct info info;
	struct watch_list watched;
	char note[STORE_NOTE_MAX + 1];
	int64_t live_bytes, ledger_bytes, damaged_at; /* 0: there is no such file */
	bool ledger_damaged;
	char real[PLACE_PATH_MAX + 1]; /* qmail-remote, as the wrapper would find it ... */
	const char *real_problem;      /* ... or why it would not, or NULL */
	char owner_problem[ADMIN_OWNER_MAX]; /* admin_owner_say(), by the caller: it is known without a store, too */
	bool current; /* the rules are those of the files as they are now */
	size_t orders;             /* in force */
	bool orders_bad;           /* their file cannot be read, or a line of it is not understood */
	uint64_t meters;           /* that have counted in the newest hour; only the command status counts them */
};

/*
 * Finds all the rest of that out, given a store in a transaction from admin_try_live(), with `info` set, or NULL
 * where there is none. 0, or -1 with errno. The transaction goes on.
 */
int admin_status_find(const struct admin *a, struct store *store, struct admin_status *s);

/*
 * What `status` says (admin_status_print.c): of the mail path; whose the state is, where that is wrong; of the
 * rest; all as JSON, with `found` false only what is known where a store cannot be read.
 */
void admin_status_print_path(const struct mail_path *path);
void admin_status_print_owner(const struct admin_status *s);
void admin_status_print(const struct admin *a, const struct admin_status *s);
void admin_status_json(const struct admin *a, const struct admin_status *s, const struct mail_path *path, bool found);

/* Says only what is wrong, a line for each; true if nothing is. */
bool admin_status_check(const struct admin *a, const struct admin_status *s, const struct mail_path *path);

#endif
