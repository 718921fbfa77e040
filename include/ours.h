/*
 * ours - is a file qlimit-remote, of whatever version?
 *
 * A qlimit-remote has a marker and its version among its bytes (qlimit_remote.c). A name, an inode or a size would
 * not tell another version from qmail's own program. The first ones had no marker, and were put in front by hand:
 * those have the words of their report. Taken for qmail's own, such a one and the new one would run each other for
 * ever.
 */
#ifndef OURS_H
#define OURS_H

#include <stdint.h>

#define OURS_VERSION_MAX 24 /* bytes of a version, with its NUL */

enum ours {
	OURS_NOTHING, /* there is no such file */
	OURS_UNKNOWN, /* it cannot be read: `error` */
	OURS_NOT,     /* something else: also what is no plain file, or bigger than FILE_SCAN_MAX */
	OURS_OTHER,   /* qlimit-remote, with other bytes than the one it was compared with */
	OURS_SAME,    /* ... with the same */
};

struct ours_file {
	enum ours is;
	char version[OURS_VERSION_MAX]; /* "0.9.0", or "of no version"; of OURS_OTHER and OURS_SAME, else "" */
	int error;                      /* errno, of OURS_UNKNOWN */
	int64_t changed;                /* its ctime, in seconds: put there since then at the latest; 0 if not known */
};

/* What `path` is, links followed, compared with the qlimit-remote at `like`. */
void ours_look(struct ours_file *file, const char *path, const char *like);

#endif
