/*
 * message - the queue file on descriptor 0
 *
 * Only looked at with fstat(2) and pread(2): its offset is shared with the real program and stays 0.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "head.h"
#include "pending.h"

/*
 * Notes what the message on `fd` can be known by, and what its head says; file->known is false, and the head
 * says nothing, unless it is a regular file.
 */
void message_examine(struct pending_file *file, struct head *head, const struct head_trust *trust, int fd);

#endif
