/*
 * front - putting qlimit-remote in front of qmail-remote by name, and taking it away
 *
 * In qmail's directory of programs there are, beside qmail-remote itself,
 *
 *	qmail-remote.orig         what was qmail-remote before, under a second name, if that name was free
 *	qmail-remote.next         ... if it was not: a DKIM wrapper's, or left behind by an update of qmail
 *	qmail-remote.qlimit-new   the copy of qlimit-remote, until it is renamed to qmail-remote
 *	qmail-remote.qlimit-next  a second name on its way to qmail-remote.next
 *
 * There is no moment without a working qmail-remote: it only ever changes by one rename(2), before which all else
 * is there and durable. Killed at any point, by a power cut as well, enabling again completes it and disabling
 * undoes it. Only the two with "qlimit" are ever replaced, and a .next whose bytes are qmail-remote's or .orig's.
 *
 *	front_open(&f, bin, ours)     locked
 *	front_examine(&f)             what is qmail-remote is understood (front_examine.c)
 *	front_prepare(&f)             the copy (front_prepare.c), tried out before (front_trial.h) ...
 *	front_keep(&f)                the second name (front_rename.c)
 *	front_put(&f)                 ... becomes qmail-remote (likewise)
 *	front_close(&f)               takes away what was not used
 *
 * Each returns 0, or -1 with words in `problem`. Paths are never followed twice: all goes by the one descriptor.
 */
#ifndef FRONT_H
#define FRONT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "place.h"

#define FRONT_NEW "qmail-remote.qlimit-new"
#define FRONT_PROBLEM_MAX 900

struct front {
	const char *bin;       /* kept, not copied */
	const char *ours;      /* the installed qlimit-remote; likewise */
	int fd;                /* of bin, locked; -1 */
	struct stat remote;    /* qmail-remote itself; a link is kept and restored as a link */
	const char *kept;      /* the second name: "qmail-remote.orig" or "qmail-remote.next"; NULL: none yet */
	bool made;             /* by front_keep() in this run */
	bool prepared;         /* FRONT_NEW is there */
	bool in_doubt;         /* qmail-remote has been renamed, and it is not sure that this is durable */
	char problem[FRONT_PROBLEM_MAX]; /* printable */
};

/*
 * Opens and locks the directory, waiting at most 10 seconds for another one; there has to be a qmail-remote in it.
 * `ours` is the qlimit-remote that is to be copied, and that others are compared with.
 */
int front_open(struct front *f, const char *bin, const char *ours);

/*
 * The directory has to be root's, and nobody else's to write to. What is qmail-remote has to be a program that would
 * work as well under another name: a plain file, or a link to one, executable, not empty, without set-user-ID and
 * set-group-ID, that does not ask for its own name; none of its second names a qlimit-remote, for then it stands
 * behind qmail-remote already; and there has to be a second name that it does not run, and under which there is
 * nothing to be lost. Sets `kept` to that.
 */
int front_examine(struct front *f);

/* Writes FRONT_NEW: a copy of `ours`, 0755, root's, of qmail-remote's group and with its label, durable. */
int front_prepare(struct front *f);

/* Gives qmail-remote its second name, durably; nothing to do where it has it. */
int front_keep(struct front *f);

/*
 * Makes FRONT_NEW qmail-remote, unless that is another one now than front_open() saw; durably, and looks whether it
 * is so.
 */
int front_put(struct front *f);

/*
 * Makes what was kept qmail-remote again: the same file, under one name less. It has to be a program, and not
 * qlimit-remote. For where qmail-remote is qlimit-remote. Both names with "qlimit" are taken away before.
 */
int front_restore(struct front *f);

/*
 * Takes away what an enabling that was interrupted has left: both names with "qlimit", and second names of what is
 * qmail-remote itself. For where that is not qlimit-remote. How many; -1.
 */
int front_clean(struct front *f);

/*
 * For where qmail-remote is not qlimit-remote any more: -1 if a second name is that, and what qmail-remote runs, so
 * that all mail waits. Else 0, and in *left the second name that it does not run, or NULL (front_beside.c).
 */
int front_look_beside(struct front *f, const char **left);

/* Takes away what was prepared and not put, and a second name that this run has made for it; ends the lock. */
void front_close(struct front *f);

#endif
