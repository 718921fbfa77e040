/*
 * store - rules, counters, pending deliveries and what is known about them
 *
 * Two of them (design.md): "live" is this hour's, fast and disposable; "ledger" holds closed hours and
 * is durable. All that is read is checked: a record that is not exactly what was written is damage,
 * and damage makes store_rollback() set a live store aside and the next transaction start afresh. A
 * ledger is kept: one bad record is no reason to lose the others. What a newer qlimit has written is no
 * damage: each transaction begins with the number of that version (INFO_VERSION; in a ledger, where it stands
 * alone, COUNTERS_VERSION), and where that is larger than ours it ends there, with nothing changed.
 *
 * Every function that reads or writes needs a transaction. Those that return int return -1 with errno
 * (EBADMSG: damaged) after which only store_rollback() makes sense.
 */
#ifndef STORE_H
#define STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "day.h"
#include "digest.h"
#include "info.h"
#include "limits.h"
#include "meter.h"
#include "pending.h"
#include "returns.h"
#include "rules.h"
#include "watch.h"

/* Deliveries remembered at most; more are charged at every attempt. About 90 bytes each. */
#define STORE_PENDINGS_MAX 500000

#define STORE_NOTE_MAX 512

struct store;

enum store_kind { STORE_LIVE, STORE_LEDGER };

/*
 * The LMDB store of this kind in a state directory. Nothing is opened before store_begin().
 * `patience_ms` is how long that waits for the lock; negative: as long as it takes, for callers under
 * a deadline of their own. NULL with errno if there is no memory or the path is unusable.
 */
struct store *store_lmdb_new(const char *directory, enum store_kind kind, int patience_ms);

/*
 * From now on a live store is only opened if it is of this boot (INFO_BOOT_SIZE bytes; all zeros: it
 * cannot be told, then any is). Pages that a power cut has mixed are so removed without a look at them.
 */
void store_lmdb_of_boot(struct store *s, const unsigned char *boot);

/* A store in memory, for tests. */
struct store *store_memory_new(void);

/*
 * For a signal handler: closes the descriptors LMDB left open for exec and, if `crashed` while a store
 * was in use, sets its file aside: then true. Async-signal-safe.
 */
bool store_lmdb_emergency(bool crashed);

/*
 * Transactions: store_backend.h. store_begin() sets errno ETIMEDOUT if the lock was not to be had, and these
 * two, which no system call that we make answers, if a newer qlimit has written the store.
 */
#define STORE_NEWER_LIVE EPROTONOSUPPORT
#define STORE_NEWER_LEDGER ENOPROTOOPT
int store_begin(struct store *s, bool create);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* Where a newer qlimit has written this live store, sets it aside, as a log line then says: true. */
bool store_set_newer_aside(struct store *s);

/* strerror(3), also for the two above: a sentence that says what to do. */
const char *store_error(int error);

/* log_trouble() with that. */
void store_log_trouble(const char *what, int error);

/*
 * Rewrites a store without the room that removed rows have left, which LMDB would otherwise sort through
 * with every delivery. Not in a transaction; holds the lock meanwhile. 0, or -1 with errno and the store
 * as it was.
 */
int store_compact(struct store *s);

/* True if this store was found damaged and set aside: then that is in the log. NULL is harmless. */
bool store_was_set_aside(const struct store *s);

/* Ends a store; NULL is harmless. */
void store_close(struct store *s);

/*
 * Reads the state of a live store, making it new where there is none, where it is of another boot
 * than `boot` (what was written before a crash of the machine is not trusted) or where it is damaged.
 * All zeros as `boot` means that the boot cannot be told: then any is believed.
 */
int store_info_ready(struct store *s, struct info *info, const unsigned char *boot, int64_t now);

/* store_begin() and store_info_ready(): a transaction in a live store that is ready. 0 or -1. */
int store_begin_live(struct store *s, struct info *info, const unsigned char *boot, int64_t now);

/* True if a live store in this state may be believed in this boot. */
bool store_is_of_boot(const struct info *info, const unsigned char *boot);

/* Before rows are put into a ledger: has it say of which version its newest ones are. 0 or -1. */
int store_ledger_ready(struct store *s);

/* As it is: 1; 0 if there is none. */
int store_info_get(struct store *s, struct info *info);
int store_info_put(struct store *s, const struct info *info);

/* Limits in force: of generation `generation`. 1; 0 (and no limits, the defaults) if there are none. */
int store_limits_find(struct store *s, uint32_t generation, const struct meter *meter,
    struct limits *limits);

/* Rules being made. store_rule_next() goes on behind `key`; scope 0 starts: 1; 0 at the end. */
int store_rule_put(struct store *s, uint32_t generation, const struct rules_key *key,
    const struct limits *limits);
int store_rule_get(struct store *s, uint32_t generation, const struct rules_key *key,
    struct limits *limits);
int store_rule_next(struct store *s, uint32_t generation, struct rules_key *key,
    struct limits *limits);

/* Removes at most `most` rules of other generations than `keep`; how many, or -1. */
int store_rules_prune(struct store *s, uint32_t keep, int most);

/* A meter's counters of an hour: 1; 0 (and all zero) if there are none. */
int store_counters_get(struct store *s, uint32_t hour, const struct meter *meter,
    struct counters *counters);
int store_counters_put(struct store *s, uint32_t hour, const struct meter *meter,
    const struct counters *counters);
int store_counters_del(struct store *s, uint32_t hour, const struct meter *meter);

/* A meter's counters of an hour. */
struct store_row {
	uint32_t hour;
	struct meter meter; /* kind 0: before the first */
	struct counters counters;
};

/*
 * The row behind `row` among those of the hours `from` <= hour < `to`: meters without a name first, then
 * the others, each by hour, kind and name. 1; 0 at the end.
 */
int store_counters_next(struct store *s, uint32_t from, uint32_t to, struct store_row *row);

/* The oldest hour of which there are counters: 1; 0 if there are none. */
int store_counters_oldest(struct store *s, uint32_t *hour);

/*
 * Removes at most `most` rows of hours before `to`; how many, or -1. Goes by the keys alone: a row that is
 * damaged grows old as well.
 */
int store_counters_prune(struct store *s, uint32_t to, int most);

/* What a meter with max_per_day has admitted in the last hours: 1; 0 (and all zero) if nothing is known. */
int store_day_get(struct store *s, const struct meter *meter, struct day *day);
int store_day_put(struct store *s, const struct meter *meter, const struct day *day);

/*
 * Notes a closed hour where the rules of `generation` set a max_per_day for its meter: 1; 0 where they do not.
 */
int store_day_note(struct store *s, uint32_t generation, const struct store_row *row);

/*
 * Looks at `most` of them behind that of the meter `behind` (kind 0: from the first), removes those that are
 * over at `hour`, and leaves `behind` at the last one. 1; 0 if there are no more; or -1.
 */
int store_days_prune(struct store *s, struct meter *behind, uint32_t hour, int most);

/* Pending deliveries by identity: 1; 0 if there is none. */
int store_pending_get(struct store *s, const unsigned char *id, struct pending *pending);
int store_pending_put(struct store *s, const unsigned char *id, const struct pending *pending);
int store_pending_del(struct store *s, const unsigned char *id);

/* The one behind `id`; all zeros start: 1; 0 at the end. */
int store_pending_next(struct store *s, unsigned char *id, struct pending *pending);

/* Returned deliveries that were counted, by bucket: 1; 0 (and none) if there are none. */
int store_returns_get(struct store *s, uint32_t bucket, struct returns *returns);
int store_returns_put(struct store *s, uint32_t bucket, const struct returns *returns);

/* Which files the last load looked at, encoded (watch.h); WATCH_RECORD_MAX bytes of room. */
int store_watch_get(struct store *s, unsigned char *record, size_t *size);
int store_watch_put(struct store *s, const unsigned char *record, size_t size);

/* What was wrong with the last load, "" if nothing; a buffer of STORE_NOTE_MAX + 1 bytes. */
int store_note_get(struct store *s, char *note);
int store_note_put(struct store *s, const char *note);

#endif
