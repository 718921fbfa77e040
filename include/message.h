/*
 * message - the queue file on descriptor 0
 *
 * Only looked at with fstat(2) and pread(2): its offset is shared with the real program and stays 0.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "pending.h"

/* Notes what the message on `fd` can be known by; file->known is false unless it is a regular file. */
void message_examine(struct pending_file *file, int fd);

#endif
