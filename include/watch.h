/*
 * watch - files whose change calls for a new load
 *
 * A file is the same if inode, size and mtime are (editors replace or rewrite; both show). The list
 * is stored with the rules that were made from it, also when the load failed: a broken file is
 * not read again until it changes.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_PATH_MAX 255
#define WATCH_FILES_MAX 60
#define WATCH_RECORD_MAX 18432 /* holds WATCH_FILES_MAX files with the longest paths */

/* What a file was when it was looked at. */
struct watch_file {
	char path[WATCH_PATH_MAX + 1];
	bool exists;
	uint64_t inode;
	uint64_t size;
	int64_t mtime_seconds;
	uint32_t mtime_nanoseconds;
};

struct watch_list {
	size_t count;
	struct watch_file file[WATCH_FILES_MAX];
};

/*
 * Looks at the file now and appends it; a path already in the list is left as it is. False, with
 * errno, if the list is full (ENOSPC) or the path too long or not absolute (EINVAL).
 */
bool watch_add(struct watch_list *list, const char *path);

/* True if every file of the list is still what it was. */
bool watch_list_is_current(const struct watch_list *list);

/* Encodes to at most WATCH_RECORD_MAX bytes; returns how many. */
size_t watch_encode(const struct watch_list *list, unsigned char *record);

/*
 * True if an encoded list starts with `first` and every file in it is still what it was. Reads the
 * record in place: the wrapper asks this for every delivery.
 */
bool watch_is_current(unsigned char *record, size_t size, const char *first);

/* Decodes; false if the record is not one of this version. */
bool watch_decode(struct watch_list *list, unsigned char *record, size_t size);

#endif
