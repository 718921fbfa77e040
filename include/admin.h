/*
 * admin - the commands of qlimit(8)
 *
 * Every command prints to stdout what was asked for and to stderr what is wrong, and returns an exit
 * status of sysexits.h.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "essentials.h"
#include "info.h"
#include "notify.h"
#include "orders.h"
#include "place.h"
#include "store.h"

/* How long the CLI waits for the store's lock: far beyond what any delivery needs it for. */
#define ADMIN_PATIENCE_MS 10000

/* --json and so on; which command takes which: commands.c. */
enum admin_option {
	ADMIN_ALERT,
	ADMIN_BY,
	ADMIN_CHECK,
	ADMIN_FOR,
	ADMIN_FORCE,
	ADMIN_COLOR,
	ADMIN_EXPLAIN,
	ADMIN_HTML,
	ADMIN_JSON,
	ADMIN_KIND,
	ADMIN_LIMIT,
	ADMIN_MESSAGE,
	ADMIN_NOW,
	ADMIN_REASON,
	ADMIN_SINCE,
	ADMIN_SORT,
	ADMIN_TEXTFILE,
	ADMIN_UNTIL,
	ADMIN_UPDATE,
	ADMIN_VARIABLE,
	ADMIN_YES,
	ADMIN_WITH,
	ADMIN_WATCH,
	ADMIN_OPTIONS,
};

struct admin {
	struct place place;            /* state: where the wrapper's is */
	struct essentials essentials;  /* as the wrapper reads them */
	int essentials_error;          /* errno of why it gets the built-in values instead, or 0 */
	unsigned char boot[INFO_BOOT_SIZE];
	int64_t now;
	const char *option[ADMIN_OPTIONS]; /* what stands behind it, "" where it takes nothing; NULL: not given */
	char **names;                  /* the command's arguments, ending in NULL */
};

/* Finds everything above but the options and `names`. */
void admin_init(struct admin *a, int64_t now);

int admin_check(struct admin *a);
int admin_load(struct admin *a);
int admin_show(struct admin *a);
int admin_status(struct admin *a);
int admin_reset(struct admin *a);
int admin_tidy(struct admin *a);
int admin_explain(struct admin *a);
int admin_queue(struct admin *a);
int admin_hold(struct admin *a);
int admin_refuse(struct admin *a);
int admin_discard(struct admin *a);
int admin_release(struct admin *a);
int admin_orders(struct admin *a);
int admin_report(struct admin *a);
int admin_replay(struct admin *a);
int admin_metrics(struct admin *a);
int admin_notify(struct admin *a);
int admin_enable(struct admin *a);
int admin_disable(struct admin *a);
int admin_bounced(struct admin *a);

/* Runs the program of notify, if there is one, and waits, so no lock is to be held; not at a terminal. */
void admin_notify_event(const struct admin *a, struct notify_facts *facts);

/*
 * Takes expired orders out of their file; 0, or -1 with errno and none in *expired. And tells of them, which may
 * take as long as notify's program: no lock is to be held then.
 */
int admin_orders_expire(const struct admin *a, struct orders *expired);
void admin_orders_tell(const struct admin *a, const struct orders *expired);

/*
 * Becomes the owner of the state directory and finds out whether the state is elsewhere. An exit
 * status, EX_OK if all is well; else what is wrong was said.
 */
int admin_enter(struct admin *a, bool create);

/* The live store, of this boot only. Nothing is opened yet. NULL with errno. */
struct store *admin_live(const struct admin *a);

/*
 * Opens a transaction on the live store for a command that needs one to exist. NULL after saying why
 * not, with the exit status in *status.
 */
struct store *admin_open_live(struct admin *a, struct info *info, int *status);

/* The same, but that nothing is counted yet is not said: then NULL and EX_OK. */
struct store *admin_try_live(struct admin *a, struct info *info, int *status);

/* Says that nothing is counted yet, and whether a damaged store was set aside; the exit status for that. */
int admin_not_counted(const struct admin *a);

/* Says why the live store could not be opened, by errno; the exit status for that. */
int admin_open_failed(const struct admin *a);

/*
 * Reads the configuration at `path` and says what is wrong with it, as `check` does. NULL if it must not be
 * used, with the exit status in *status; else for config_free().
 */
struct config;
struct config *admin_config(const char *path, int *status);

/* The number behind --limit; *limit stays where it is not given. False after saying what is wrong with it. */
bool admin_limit(const struct admin *a, uint64_t least, uint64_t most, uint64_t *limit);

/* Says that the store failed, by errno, and returns the exit status for it; ends the store. */
int admin_store_failed(struct store *s);

#endif
