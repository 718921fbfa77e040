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

/* True unless the directory's owner could not read this file, though we, who are root, can. */
bool owner_can_read(const char *directory, const char *path);

#endif
