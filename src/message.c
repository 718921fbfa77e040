/* message - the queue file on descriptor 0 */
#include "message.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
message_examine(struct pending_file *file, int fd)
{
	struct stat st;
	ssize_t n;

	memset(file, 0, sizeof *file);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	n = pread(fd, file->head, sizeof file->head, 0);
	if (n < 0)
		return; /* write-only, or an I/O error: every attempt would look different */
	file->head_length = (size_t)n;
	file->inode = (uint64_t)st.st_ino;
	file->mtime_seconds = (int64_t)st.st_mtim.tv_sec;
	file->mtime_nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
	file->size = (uint64_t)st.st_size;
	file->known = true;
}
