/*
 * queue_files - the directories and files of qmail's queue, opened and read
 *
 * For queue.c only. Each is opened below the descriptor of its directory, no symbolic link is followed, and
 * what is not a plain file is not read.
 */
#ifndef QUEUE_FILES_H
#define QUEUE_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "queue_text.h"

#define QUEUE_DIGITS_MAX 20 /* of a number in the queue */

/* The part numbers of these are the same for one message: all are split alike, todo/ maybe not at all. */
enum queue_directory {
	QUEUE_IN_MESS, QUEUE_IN_INFO, QUEUE_IN_REMOTE, QUEUE_IN_LOCAL, QUEUE_IN_TODO, QUEUE_IN_TODO_PART,
	QUEUE_IN_BOUNCE, QUEUE_DIRECTORIES
};

struct queue_files {
	int root;
	int fd[QUEUE_DIRECTORIES]; /* of the part being read, of TODO and BOUNCE the whole; -1: there is none */
	uint64_t strange;          /* things found where only qmail's should be */
	enum queue_directory at;   /* what was last tried; its part, if it has any, and file, or "" */
	char part[QUEUE_DIGITS_MAX + 1];
	char name[QUEUE_DIGITS_MAX + 1]; /* the message's number */
	char buffer[65536];
};

/* Opens the queue, which itself may be a link to another disk. 0, or -1 with errno. */
int queue_files_open(struct queue_files *f, const char *directory);
void queue_files_close(struct queue_files *f);

/* What was last tried, as queue_where(). */
const char *queue_files_where(const struct queue_files *f, char *where);

/* What it means that something cannot be had, by errno: 0, it is no file of qmail's (any more); else -1. */
int queue_files_none(struct queue_files *f);

/* Opens the directory anew, of the part `f->part`. Where it is missing there are no such files. 0, or -1. */
int queue_files_enter(struct queue_files *f, enum queue_directory d);
int queue_files_enter_part(struct queue_files *f);

/* To list mess/, or its part being read: its descriptor goes with closedir(3). NULL with errno. */
DIR *queue_files_list(const struct queue_files *f, bool part);

/* The next entry that is a number, to `number` (QUEUE_DIGITS_MAX + 1 bytes): 1; 0 at the end; -1. */
int queue_files_next(struct queue_files *f, DIR *dir, char *number);

/* The message's file in this directory, open: 1; 0 if it has none; -1. */
int queue_files_file(struct queue_files *f, enum queue_directory d, int *fd, struct stat *st);

/* ... its records added to `r`, which is begun anew; and its first or last bytes, how many. Likewise. */
int queue_files_records(struct queue_files *f, enum queue_directory d, struct queue_records *r,
    struct stat *st);
int64_t queue_files_bytes(struct queue_files *f, enum queue_directory d, char *bytes, size_t size,
    bool from_end);

#endif
