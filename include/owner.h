/*
 * owner - becoming the owner of the state directory
 *
 * The CLI is run by root, the wrapper by qmailr. Files that root made would shut qmailr out, and links
 * that qmailr made could lead root astray: so root first becomes whoever owns the directory
 * (facts/storage.md L4).
 */
#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>

/*
 * Root gives up being root for the directory's owner, for good; it makes a missing directory, 0700 and
 * qmailr's, if `create`. Anybody else must own it. Returns EX_OK;
 * or another exit status of sysexits.h after saying on stderr what is wrong and what to do.
 */
int owner_become(const char *directory, bool create);

#define OWNER_PATH_SIZE 4096 /* PATH_MAX, what realpath(3) needs */

/*
 * False where the directory's owner is not allowed to read this file, or to find out whether it is there, though we,
 * who are root, are; `where` then has what keeps him from it: a directory on the way, or the file. True also where it
 * is not there, where we are not root, and where he cannot be asked.
 */
bool owner_can_read(const char *directory, const char *path, char where[OWNER_PATH_SIZE]);

#endif
