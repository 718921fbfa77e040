/*
 * start_script - the files that usually start qmail, and whether they name $QMAILREMOTE
 */
#ifndef START_SCRIPT_H
#define START_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct start_script {
	const char *path;
	bool sets;  /* a line that is no comment has QMAILREMOTE= */
	bool ours;  /* ... and qlimit-remote behind it */
};

#define START_SCRIPTS_MOST 24

/*
 * Finds those that are there and can be read: QMAIL/rc, the run scripts of daemontools and of runit, systemd's
 * units and init scripts by their usual names. How many, at most START_SCRIPTS_MOST.
 */
size_t start_scripts_find(struct start_script *found);

#endif
