/*
 * posix - what the sources use beyond POSIX.1-2008, for `make POSIX=1`: they themselves stay as they are
 *
 * Included in front of every source of that build. What is defined here stands in posix.c. sys/ has the headers
 * that only Linux has.
 */
#ifndef POSIX_H
#define POSIX_H

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

/*
 * POSIX.1-2024 has these two. Of the flags only O_CLOEXEC is known, and set in a second step. An array of nothing is
 * not to be had.
 */
int pipe2(int *ends, int flags);
void *reallocarray(void *p, size_t count, size_t size);

/* Closes all descriptors from this one on, one by one, up to the limit of this process. */
void closefrom(int first);

/*
 * Only declared, for every Unix has them: POSIX.1-2024 (before it there was no randomness but in /dev, which a chroot
 * may not have); dropped by POSIX.1-2008; never in it.
 */
int getentropy(void *buffer, size_t size);
pid_t vfork(void);
int setgroups(size_t count, const gid_t *groups);

#ifndef NSIG
#define NSIG (SIGRTMAX + 1)
#endif

/* Private zeros, from /dev/zero: POSIX.1-2008 maps only files. `fd` is not looked at. */
void *posix_map(void *address, size_t size, int protection, int flags, int fd, off_t offset);
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0
#define mmap posix_map
#endif

#endif
