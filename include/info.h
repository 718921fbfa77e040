/*
 * info - the one record that says what state a live store is in
 */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "rules.h"

/*
 * The version of all that a live store has in it, in the first byte of this record, which every transaction
 * looks at before all else: a store whose number is larger is a newer qlimit's and is left alone; a smaller
 * one is read or, where info_decode() does not know it, begun anew. So WHOEVER CHANGES THE FORM OF ANY RECORD
 * OR KEY of a live store raises it, and has info_decode() take the numbers before, as long as all that is
 * under them is still understood.
 */
#define INFO_VERSION 2
#define INFO_SIZE 124      /* bytes of a record */
#define INFO_SIZE_MAX 1024 /* of one of any version to come: what is longer cannot be told from damage */
#define INFO_BOOT_SIZE 16

struct info {
	unsigned char boot[INFO_BOOT_SIZE];    /* boot id of the machine; zeros where it has none */
	unsigned char secret[DIGEST_KEY_SIZE]; /* key of the deliveries' identities */
	uint64_t sequence;      /* grows by one with every delivery admitted or settled */
	uint32_t hour;          /* newest hour that anything was counted in */
	uint32_t generation;    /* of the rules in force; 0: none were ever loaded */
	struct rules_settings settings; /* ... and what in them is of no meter */
	int64_t loaded_at;      /* when those were loaded; times are seconds since 1970 */
	int64_t tried_at;       /* when a load was last tried, successful or not; 0: never */
	int64_t load_claimed_at; /* when a delivery last started `qlimit load`; 0: none is awaited */
	int64_t tidy_claimed_at; /* likewise `qlimit tidy` */
	int64_t last_delivery;  /* when a delivery was last seen; 0: never */
	uint64_t pendings;      /* deliveries remembered */
	uint64_t meters;        /* with a name that have counted something in this hour */
	int64_t created;        /* when this store was made */
	bool tidy_wanted;       /* closed hours wait to be moved to the ledger */
};

/* Encodes to INFO_SIZE bytes. */
void info_encode(const struct info *info, unsigned char *record);

/* Decodes; false if the record is not one of this version. */
bool info_decode(struct info *info, unsigned char *record, size_t size);

#endif
