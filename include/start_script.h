/*
 * start_script - the files that usually start qmail, and whether they name qlimit-remote in $QMAILREMOTE
 */
#ifndef START_SCRIPT_H
#define START_SCRIPT_H

#include <stdbool.h>

#include "place.h"

/* The script that runs qmail-start, by its usual names: QMAIL/rc, a run script, an init script; NULL: none is there. */
const char *start_script_usual(void);

/*
 * Whether qmail is started somewhere with qlimit-remote in $QMAILREMOTE: then the first such file in `path`
 * (PLACE_PATH_MAX + 1 bytes). Looked at are QMAIL/rc; the services of daemontools and runit, each one's run script
 * and, beside it, QMAILREMOTE in env/ and variables/ (envdir(8)); systemd's units and drop-ins; init scripts and the
 * files that they read; /etc/environment. A file counts that has both words, wherever in it, but in a comment.
 */
bool start_script_names_us(char *path);

#endif
