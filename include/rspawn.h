/*
 * rspawn - the qmail-rspawns that run, and which program each of them runs for a delivery
 *
 * A qmail-rspawn runs what $QMAILREMOTE names where its binary knows that variable (notqmail since 1.08, sagredo's
 * qmail, indimail), else the first qmail-remote along its PATH, by execvp(3). Both are those of its own
 * environment, which qmail-start handed on (facts/qmail-remote.md section 1); s/qmail's runs qmail-dksign first,
 * where control/dkimdomains is there.
 */
#ifndef RSPAWN_H
#define RSPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "place.h"

#define RSPAWN_MOST 8 /* that are looked at; any further ones are only counted */

struct rspawn {
	pid_t pid;
	int error;                       /* errno: it could not be looked at, and what follows is not known; or 0 */
	bool honours;                    /* its binary has the word QMAILREMOTE */
	bool signs;                      /* ... and qmail-dksign */
	bool by_variable;                /* $QMAILREMOTE is set, and honoured */
	bool ignores;                    /* ... and not honoured */
	char remote[PLACE_PATH_MAX + 1]; /* absolute; "": PATH leads to none, or the path is not absolute or too long */
	char unit[80];                   /* the systemd unit that it runs in, "qmail-send.service"; or "" */
};

struct rspawns {
	struct rspawn one[RSPAWN_MOST];
	size_t count;    /* all that run; may be more than RSPAWN_MOST */
	int error;       /* errno: /proc could not be read; or 0 */
};

/*
 * Finds those of qmailr's (qmail-start makes them so) or root's whose program is BIN/qmail-rspawn, also one that an
 * update has replaced meanwhile; one that sees another directory there is another machine's (a container's). `bin` is
 * absolute. Looking at a process of another user takes root, with CAP_SYS_PTRACE, which a container may lack: such a
 * one counts, with `error`.
 */
void rspawn_find(struct rspawns *all, const char *bin);

/* The same of the file BIN/qmail-rspawn, where none runs: sets `honours`, `signs` and `error`. */
void rspawn_examine(struct rspawn *r, const char *bin);

#endif
