/* posix - what the sources use beyond POSIX.1-2008 */
#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* Where it cannot be set it is a failure of the pipe: a remote that inherits an end would never see its own end. */
int
pipe2(int *ends, int flags)
{
	int saved;

	if (pipe(ends) == -1)
		return -1;
	if ((flags & O_CLOEXEC) == 0 ||
	    (fcntl(ends[0], F_SETFD, FD_CLOEXEC) != -1 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) != -1))
		return 0;
	saved = errno;
	(void)close(ends[0]);
	(void)close(ends[1]);
	errno = saved;
	return -1;
}

void *
reallocarray(void *p, size_t count, size_t size)
{
	if (count == 0 || size == 0 || count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, count * size);
}

void
closefrom(int first)
{
	for (long fd = sysconf(_SC_OPEN_MAX) - 1; fd >= first; fd--)
		(void)close((int)fd);
}

#undef mmap
void *
posix_map(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	void *p;

	fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	p = mmap(address, size, protection, flags, fd, offset);
	if (fd != -1)
		(void)close(fd);
	return p;
}
