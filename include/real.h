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
 * without us; where that is this program or a copy of it, the first of qmail-remote.next (qlimit enable),
 * qmail-remote.orig and qmail-remote.moved (Plesk). Nothing is guessed where this program has one of those
 * three names. Any of them may be renamed meanwhile, by `qlimit enable` or `disable`: what was found may be
 * gone when it is executed, and is then to be asked for again.
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

/* Whether two files have the same bytes; false where one of them cannot be read. */
bool real_is_copy(const char *path, const char *of);

/*
 * Says which program is qlimit-remote, for one that is not: the CLI, which is to find what the wrapper
 * would. The string is kept, not copied.
 */
void real_set_self(const char *path);

#endif
