/*
 * file_scan - is a word somewhere in a file?
 *
 * For programs of which only their bytes say what they are. The file is read, never mapped: one that becomes
 * shorter meanwhile would be a SIGBUS.
 */
#ifndef FILE_SCAN_H
#define FILE_SCAN_H

#include <stddef.h>

#define FILE_SCAN_MAX (64L << 20)  /* bytes of a file that are looked at: no qmail program has so many */
#define FILE_SCAN_TOGETHER 256     /* bytes of the word and `size`, together */

/*
 * Looks for `word` in the file behind `fd`, from its beginning on; its offset stays. 1 if it is there: then
 * `behind` has the printable characters that follow, at most size - 1 of them, as a string. 0; or -1 with
 * errno, EFBIG where the file is bigger than FILE_SCAN_MAX and the word not in so much of it.
 */
int file_scan(int fd, const char *word, char *behind, size_t size);

#endif
