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
#define ADMIN_STATUS_SAID_MAX (STORE_NOTE_MAX + PLACE_PATH_MAX + 200)

struct admin_status {
	bool counted; /* there is a store; else only what is not in it is known: files, the real program, orders */
	struct info info;
	struct watch_list watched;
	char note[STORE_NOTE_MAX + 1];
	int64_t live_bytes, ledger_bytes, damaged_at; /* 0: there is no such file */
	bool ledger_damaged;
	char real[PLACE_PATH_MAX + 1]; /* qmail-remote, as the wrapper would find it ... */
	const char *real_problem;      /* ... or why it would not, or NULL */
	/* What is wrong, in words, or "". The first two are known without a store, too: admin_status_look(). */
	char owner_problem[ADMIN_OWNER_MAX];
	char space_problem[ADMIN_STATUS_SAID_MAX];
	char rules_problem[ADMIN_STATUS_SAID_MAX];
	char essentials_problem[ADMIN_STATUS_SAID_MAX];
	bool current; /* the rules are those of the files as they are now */
	size_t orders;             /* in force */
	bool orders_bad;           /* their file cannot be read, or a line of it is not understood */
	uint64_t meters;           /* that have counted in the newest hour; only the command status counts them */
};

/* Finds out what is wrong also where no store can be used, after admin_enter(): whose the state is; free space. */
void admin_status_look(const struct admin *a, struct admin_status *s);

/*
 * Finds all the rest of that out, given a store in a transaction from admin_try_live(), with `info` set, or NULL
 * where there is none. 0, or -1 with errno. The transaction goes on.
 */
int admin_status_find(const struct admin *a, struct store *store, struct admin_status *s);

/*
 * The problems in words (admin_status_problem.c), each "" where there is none: a file system of the state directory
 * with less than 1 MiB for its owner; no rules in force though there were deliveries or a load, or rules that are not
 * those of the configuration; and essentials (admin.h) that are not in force though they should be.
 */
void admin_status_say_space(const struct admin *a, struct admin_status *s);
void admin_status_say_rules(struct admin_status *s);
void admin_status_say_essentials(const struct admin *a, struct admin_status *s);

/*
 * What `status` says (admin_status_print.c): of the mail path; what admin_status_look() has found; of the
 * rest; all as JSON, with `found` false only what is known where a store cannot be read.
 */
void admin_status_print_path(const struct mail_path *path);
void admin_status_print_look(const struct admin_status *s);
void admin_status_print(const struct admin *a, const struct admin_status *s);
void admin_status_json(const struct admin *a, const struct admin_status *s, const struct mail_path *path, bool found);

/* Says only what is wrong, a line for each; true if nothing is. */
bool admin_status_check(const struct admin *a, const struct admin_status *s, const struct mail_path *path);

#endif
