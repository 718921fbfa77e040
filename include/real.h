/*
 * real - which program is the real qmail-remote, and which is our own
 */
#ifndef REAL_H
#define REAL_H

#include <stdbool.h>

#include "place.h"

/*
 * Writes the absolute path of the real qmail-remote to `path` (PLACE_PATH_MAX + 1 bytes): `chosen` if
 * the admin chose one (not NULL, not ""). Else qmail-remote in qmail's bin, which is what would run
 * without us; where that is this program or a copy of it, qmail-remote.orig or qmail-remote.moved
 * (Plesk). Nothing is guessed where this program itself has one of those two names.
 *
 * Returns NULL, or what is wrong, in words: no absolute path, this program itself (same device and
 * inode), or none found. What the admin chose is never replaced by a guess: that could leave out a
 * signer.
 */
const char *real_find(char *path, const char *chosen);

/*
 * Writes the path of a program of ours, "qlimit" or "qlimit-remote": in the directory this program was
 * started from, else in the directory it was built for.
 */
void real_find_ours(char *path, const char *name);

/* True if `path` leads to the program that runs. */
bool real_is_self(const char *path);

/* True if both files have the same bytes: qlimit-remote copied to where qmail-remote was. */
bool real_is_copy(const char *path, const char *of);

#endif
