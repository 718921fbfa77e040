/*
 * small_file - a small text file in the state directory, read and replaced as a whole
 */
#ifndef SMALL_FILE_H
#define SMALL_FILE_H

#include <stddef.h>

/*
 * Reads DIRECTORY/NAME into `buffer` of `size` bytes and ends it with a NUL. 0, or -1 with errno (EPERM: not a
 * plain file that is ours or root's alone to write; EBADMSG: it does not fit or has a NUL in it, so we did not
 * write it).
 */
int small_file_read(const char *directory, const char *name, char *buffer, size_t size);

/*
 * Puts `n` bytes in its place, durably: written beside it, as NAME.new, and renamed. Nobody else may do so at
 * the same time. 0, or -1 with errno and the old file in place.
 */
int small_file_write(const char *directory, const char *name, const char *bytes, size_t n);

#define SMALL_FILE_PATIENCE_MS 5000

/*
 * Waits until nobody else who asks so changes small files of this directory; closing the descriptor ends it, as
 * exit does. -1 with errno: EWOULDBLOCK if somebody has it for longer than SMALL_FILE_PATIENCE_MS, stopped (^Z)
 * say, for trouble may start one of us with each delivery, and they must not pile up.
 */
int small_file_lock(const char *directory);

#endif
