/*
 * front_trial - does the copy of qlimit-remote run where it is to run, and as whom?
 *
 * A directory mounted noexec, a missing library, a policy of the system, a directory above that is shut to qmail's
 * user: each of these would make qmail bounce all its mail. So before it becomes qmail-remote the copy is run by
 * that user, in that place.
 */
#ifndef FRONT_TRIAL_H
#define FRONT_TRIAL_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Runs BIN/FRONT_NEW as `uid` and `gid` with --version, for at most 10 seconds, and asks whether BIN/qmail-remote,
 * which is to be run next, could be executed as well. For root. 0; or -1 with `size` bytes of words in `problem`,
 * one printable line.
 */
int front_trial(const char *bin, uid_t uid, gid_t gid, char *problem, size_t size);

#endif
