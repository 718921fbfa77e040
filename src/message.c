/* message - the queue file on descriptor 0 */
#include "message.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ 4096 /* holds the whole head of most messages, and all that is asked of nearly every one */

/* Fills `buffer` up to `most` bytes: as far as the file goes, or can be read. */
static size_t
read_from_start(int fd, char *buffer, size_t have, size_t most)
{
	while (have < most) {
		ssize_t n = pread(fd, buffer + have, most - have, (off_t)have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

void
message_examine(struct pending_file *file, struct head *head, const struct head_trust *trust, int fd)
{
	static char bytes[HEAD_MAX];
	struct stat st;
	ssize_t n;

	memset(file, 0, sizeof *file);
	memset(head, 0, sizeof *head);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	n = pread(fd, bytes, FIRST_READ, 0);
	if (n < 0)
		return; /* write-only, or an I/O error: every attempt would look different */
	file->head_length = (size_t)n < sizeof file->head ? (size_t)n : sizeof file->head;
	memcpy(file->head, bytes, file->head_length);
	file->inode = (uint64_t)st.st_ino;
	file->mtime_seconds = (int64_t)st.st_mtim.tv_sec;
	file->mtime_nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
	file->size = (uint64_t)st.st_size;
	file->known = true;
	if (!head_read(head, trust, bytes, (size_t)n))
		(void)head_read(head, trust, bytes, read_from_start(fd, bytes, (size_t)n, sizeof bytes));
}
