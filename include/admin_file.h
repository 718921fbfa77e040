/*
 * admin_file - a file that a command writes for others to read
 */
#ifndef ADMIN_FILE_H
#define ADMIN_FILE_H

#include <stdio.h>

typedef void admin_file_print(FILE *f, void *context);

/*
 * Writes what `print` prints to `path`, for everybody to read (0644): whole, or not at all. It is made beside
 * it and takes its place by rename(2), so that a reader meets the old text or the new one and a link is
 * replaced, not followed. Behind admin_enter(): not as root, who could be led astray. An exit status: EX_OK, or
 * EX_CANTCREAT after saying what is wrong; then nothing is left behind.
 */
int admin_file_write(const char *path, admin_file_print *print, void *context);

#endif
