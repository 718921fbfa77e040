/*
 * torture_disk - what a disk may hold after a power cut
 *
 * Made from what helper_record.c has written down. The model, no kinder than POSIX and journals make it:
 *
 *	data    What was written to a file before its last fsync or fdatasync is there; of a write with
 *	        O_DSYNC its own pages are. Of every other page any one of the contents it has had since
 *	        is there, whatever other pages show, or sectors of 512 bytes of two of them.
 *	size    Any one it has had since; what is missing below it is zeros.
 *	names   Made, renamed and removed in the order in which they were; what was done since the last
 *	        fsync of the directory is there up to some point. fsync of a file saves no name.
 *
 * Every call aborts the running test when it cannot do its work.
 */
#ifndef TORTURE_DISK_H
#define TORTURE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_FILES 24

/* Which contents a page shows, in the order in which the kernel may have written them back. */
enum disk_order {
	DISK_NONE,        /* nothing but what was made durable */
	DISK_ALL,
	DISK_METAS,       /* of LMDB's two first pages the newest, of the others the durable one */
	DISK_NOT_METAS,
	DISK_ONE,         /* one page is new */
	DISK_ALL_BUT_ONE,
	DISK_SUBSET,      /* each page old or new */
	DISK_RECENT,      /* each page the newest, or one or two before it */
	DISK_HISTORY,     /* each page any */
	DISK_PREFIX,      /* all that was written up to some moment, and some pages ahead of it */
	DISK_ORDERS
};

struct disk_file;

struct disk_image {
	size_t count;
	struct {
		const char *name;
		unsigned char *at;
		size_t size;
	} files[DISK_FILES];
	char what[200]; /* how it came about */
};

/* Reads a log; the disk is empty, and nothing has been done. */
void disk_load(const char *log);

/* Frees it. */
void disk_free(void);

/* Does the next thing in the log; false at its end. disk_rewind() begins again. */
bool disk_step(void);
void disk_rewind(void);

/* How many have been done; the name of the file the last one was done to, "" if none; marks passed. */
size_t disk_steps(void);
const char *disk_step_name(void);
size_t disk_marks(void);

/* True if something written or named in this file could still be lost. */
bool disk_is_at_risk(const char *name);

/* The whole disk as it would be without a cut. */
void disk_whole(struct disk_image *image);

/* One that a cut may leave. The contents belong to the disk until the next image is made. */
void disk_draw(struct disk_image *image, enum disk_order order);

/*
 * An image of one file alone, with its name: of its pages at risk those are new that have a bit in
 * `subset`; where `torn`, one page may be torn. False if there is no such file, or no such subset: more
 * bits than pages.
 */
bool disk_subset(struct disk_image *image, const char *name, unsigned subset, bool new_size, bool torn);

/* Replaces what is in a directory. */
void disk_put(const struct disk_image *image, const char *directory);

#endif
