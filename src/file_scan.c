/* file_scan - is a word somewhere in a file? */
#include "file_scan.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* memmem(3) is the C library's own. */
static const char *
find(const char *bytes, size_t n, const char *word, size_t length)
{
	const char *at = bytes, *end = bytes + n;

	while ((at = memchr(at, word[0], (size_t)(end - at))) != NULL) {
		if ((size_t)(end - at) < length)
			return NULL;
		if (memcmp(at, word, length) == 0)
			return at;
		at++;
	}
	return NULL;
}

static void
copy_printable(char *out, size_t size, const char *from, const char *end)
{
	size_t n = 0;

	while (n + 1 < size && from + n < end && from[n] >= ' ' && from[n] <= '~') {
		out[n] = from[n];
		n++;
	}
	out[n] = '\0';
}

int
file_scan(int fd, const char *word, char *behind, size_t size)
{
	char bytes[16384];
	size_t length = strlen(word), used = 0;
	off_t at = 0;

	while (at <= FILE_SCAN_MAX) {
		ssize_t n = pread(fd, bytes + used, sizeof bytes - used, at);
		const char *found;

		if (n == -1)
			return -1;
		used += (size_t)n;
		at += n;
		found = find(bytes, used, word, length);
		/* At the edge of what was read the next piece has the rest of what follows. */
		if (found != NULL && (n == 0 || found + length + size <= bytes + used)) {
			copy_printable(behind, size, found + length, bytes + used);
			return 1;
		}
		if (n == 0)
			return 0;
		if (used > FILE_SCAN_TOGETHER) {
			memmove(bytes, bytes + used - FILE_SCAN_TOGETHER, FILE_SCAN_TOGETHER);
			used = FILE_SCAN_TOGETHER;
		}
	}
	errno = EFBIG;
	return -1;
}
