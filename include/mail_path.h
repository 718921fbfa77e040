/*
 * mail_path - is qlimit-remote in the mail path? found out by looking
 *
 * Two things are looked at: the file BIN/qmail-remote, and the qmail-rspawns that run, each of which says which
 * program it runs (rspawn.h). What cannot be seen is "unknown", never a "no".
 */
#ifndef MAIL_PATH_H
#define MAIL_PATH_H

#include <stdbool.h>

#include "ours.h"
#include "place.h"
#include "rspawn.h"

enum mail_path_is {
	MAIL_PATH_NO,       /* what runs, or would run, is another program; or there is none */
	MAIL_PATH_NAME,     /* it is BIN/qmail-remote, which qmail-rspawn runs, or will run once it does */
	MAIL_PATH_VARIABLE, /* $QMAILREMOTE of all qmail-rspawns names it */
	MAIL_PATH_BOTH,     /* likewise, and it is BIN/qmail-remote as well */
	MAIL_PATH_SOME,     /* some qmail-rspawns run it, others do not */
	MAIL_PATH_UNKNOWN,  /* a qmail-rspawn cannot be looked at, or none runs that would have to be asked */
};

struct mail_path {
	enum mail_path_is is;
	char path[PLACE_PATH_MAX + 1];        /* BIN/qmail-remote */
	struct ours_file front;               /* what that is */
	struct rspawns rspawns;
	struct ours_file remote[RSPAWN_MOST]; /* what each of them runs */
	bool honours;                         /* a qmail-rspawn, or its file where none can be seen, knows $QMAILREMOTE */
	bool old;                             /* what runs is qlimit-remote, but another than `ours` */
	bool twice;                           /* of MAIL_PATH_BOTH: they differ, so neither knows the other as itself */
	bool behind;                          /* s/qmail: signs first, so what is BIN/qmail-remote comes after the signer */
};

/*
 * Looks. `bin` is qmail's directory of programs, `control` that of its control files, `ours` the qlimit-remote that
 * a file has to be the same as to be of this version. Nothing is changed. Root sees all; another user, as a rule,
 * no qmail-rspawn.
 */
void mail_path_find(struct mail_path *p, const char *bin, const char *control, const char *ours);

/* Whether a file is qlimit-remote, of this version or of another. */
bool mail_path_is_ours(const struct ours_file *file);

/* How many of the qmail-rspawns run a qlimit-remote that $QMAILREMOTE names; and in *first the first, or NULL. */
size_t mail_path_by_variable(const struct mail_path *p, const struct rspawn **first);

/* Of how many qmail-rspawns it is known what they run, or why not. */
size_t mail_path_looked_at(const struct mail_path *p);

/* Whether a qmail-rspawn, or all of them, could not be looked at. */
bool mail_path_unseen(const struct mail_path *p);

#endif
