/* ours - is a file qlimit-remote, of whatever version? */
#include "ours.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_scan.h"
#include "real.h"
#include "text.h"

static enum ours
judge(struct ours_file *file, int fd)
{
	char marker[40];
	struct stat st;
	struct text t;
	int found;

	if (fstat(fd, &st) == -1)
		return OURS_UNKNOWN;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_SCAN_MAX)
		return OURS_NOT;
	/* In two pieces: in one, the program that looks for it would have it, too. */
	text_init(&t, marker, sizeof marker);
	text_add(&t, "@(#)qlimit-");
	text_add(&t, "remote ");
	found = file_scan(fd, marker, file->version, sizeof file->version);
	return found == -1 ? OURS_UNKNOWN : found == 0 ? OURS_NOT : OURS_OTHER;
}

void
ours_look(struct ours_file *file, const char *path, const char *like)
{
	/* A fifo with nobody behind it would wait for ever. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	memset(file, 0, sizeof *file);
	if (fd == -1) {
		file->error = errno;
		file->is = errno == ENOENT || errno == ENOTDIR ? OURS_NOTHING : OURS_UNKNOWN;
		return;
	}
	file->is = judge(file, fd);
	file->error = errno;
	(void)close(fd);
	if (file->is == OURS_OTHER && real_is_copy(path, like))
		file->is = OURS_SAME;
}
