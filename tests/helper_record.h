/*
 * helper_record - what helper_record.c writes down, for torture_power.c to read
 */
#ifndef HELPER_RECORD_H
#define HELPER_RECORD_H

#include <stdint.h>

#define RECORD_NAME 48

enum record_type {
	RECORD_OPEN = 1, /* name: opened, and perhaps created, with O_CREAT or O_TRUNC */
	RECORD_WRITE,    /* `size` bytes at `offset`, which follow the record */
	RECORD_TRUNCATE, /* to `size` */
	RECORD_SYNC,     /* a file, all of it: fsync, fdatasync, msync */
	RECORD_SYNC_NAMES, /* the directory */
	RECORD_RENAME,   /* name to other */
	RECORD_UNLINK,   /* name */
	RECORD_MARK,     /* torture_power.c's own: `offset` is its number */
	RECORD_OTHER,    /* a call that changes files in a way nobody has thought of here; name: which */
};

struct record {
	uint32_t type;
	uint32_t flags;  /* of the descriptor, as open(2) takes them */
	uint64_t file;   /* inode number */
	uint64_t offset;
	uint64_t size;
	char name[RECORD_NAME], other[RECORD_NAME]; /* in the directory */
};

#endif
