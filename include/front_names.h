/*
 * front_names - qmail's directory of programs: what stands there under a name, and what is said of it
 *
 * For the parts of front (front.h), between front_open() and front_close(): all goes by the descriptor of the
 * directory, but for whose program a file is. Whoever returns -1 has left the words in f->problem.
 */
#ifndef FRONT_NAMES_H
#define FRONT_NAMES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "front.h"
#include "ours.h"

#define FRONT_REMOTE "qmail-remote"
#define FRONT_ORIG "qmail-remote.orig"
#define FRONT_NEXT "qmail-remote.next"
#define FRONT_MOVED "qmail-remote.moved" /* Plesk's */
#define FRONT_NEXT_NEW "qmail-remote.qlimit-next"

/* Sets f->problem to "DIRECTORY/NAME: WHAT"; `name` "" is the directory itself. Returns -1. */
int front_refuse(struct front *f, const char *name, const char *what);

/* The same with what errno means, and where to look where that alone would say little. */
int front_fail(struct front *f, const char *name);

/* Makes the names durable, where the file system knows such a thing. 0; -1. */
int front_sync(struct front *f);

/*
 * 1 if there is something under this name, and in *st what; a link is that itself. 0 if not; -1 if that could not be
 * seen, which is never taken for a "no".
 */
int front_look(struct front *f, const char *name, struct stat *st);

/* Whether two names are of one file. */
bool front_is_same(const struct stat *a, const struct stat *b);

/* The same by their names; links are followed, or, by `flags` AT_SYMLINK_NOFOLLOW, are the files. */
bool front_is_one_file(const struct front *f, const char *a, const char *b, int flags);

/*
 * What is under this name, links followed, compared with f->ours (ours.h): OURS_UNKNOWN where the path is too long,
 * too.
 */
void front_whose(const struct front *f, const char *name, struct ours_file *file);

/*
 * Whether qmail-remote, a script or a program, seems to run `name`, which is one of the above: it has its ending
 * (".orig") in it; or it is a script with the word, of which the name could be put together. 1; 0; -1.
 */
int front_mentions(struct front *f, const char *name);

/*
 * A script at qmail-remote must not ask for its own name ($0 and others' words for it), but for the directory: it is
 * to be run by another one. Its first FRONT_SCRIPT_MAX bytes are looked at, comments as well. 0; -1.
 */
#define FRONT_SCRIPT_MAX 32768
int front_check_own_name(struct front *f);

/* The directory has to be root's, and nobody else's to write to. 0; -1. */
int front_check_directory(struct front *f);

/*
 * What is qmail-remote, or is to be it again, has to be a program: a plain file or a link to one, executable, not
 * empty, without set-user-ID and set-group-ID. 0; -1.
 */
int front_check_program(struct front *f, const char *name);

#endif
