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

/* In two pieces: in one, the program that looks for it would have it, too. */
static int
scan(int fd, const char *word, const char *rest, char *behind, size_t size)
{
	char both[60];
	struct text t;

	text_init(&t, both, sizeof both);
	text_add(&t, word);
	text_add(&t, rest);
	return file_scan(fd, both, behind, size);
}

/* Those that went out before there was a marker: what they say where they find no program, to nobody else's words. */
static int
scan_for_older(struct ours_file *file, int fd)
{
	char behind[2];
	struct text t;
	int found = scan(fd, "Zqlimit-", "remote is unable to find the real", behind, sizeof behind);

	text_init(&t, file->version, sizeof file->version);
	text_add(&t, found == 1 ? "of no version" : "");
	return found;
}

static enum ours
judge(struct ours_file *file, int fd)
{
	struct stat st;
	int found;

	if (fstat(fd, &st) == -1)
		return OURS_UNKNOWN;
	file->changed = (int64_t)st.st_ctim.tv_sec;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_SCAN_MAX)
		return OURS_NOT;
	found = scan(fd, "@(#)qlimit-", "remote ", file->version, sizeof file->version);
	if (found == 0)
		found = scan_for_older(file, fd);
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
