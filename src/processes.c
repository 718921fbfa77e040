/* processes - the processes of this machine, as /proc knows them */
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_PROCESS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int
visit_all(DIR *processes, processes_visitor *visitor, void *context)
{
	const struct dirent *entry;
	int sum = 0, error = 0;

	while ((entry = readdir(processes)) != NULL) {
		int directory = -1, rc;

		if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name))
			directory = openat(dirfd(processes), entry->d_name, OPEN_PROCESS);
		if (directory == -1)
			continue;
		rc = visitor(directory, (pid_t)strtol(entry->d_name, NULL, 10), context);
		if (rc == -1)
			error = errno;
		else
			sum += rc;
		(void)close(directory);
	}
	errno = error;
	return sum == 0 && error != 0 ? -1 : sum;
}

int
processes_visit(processes_visitor *visitor, void *context)
{
	DIR *processes = opendir("/proc");
	int rc, saved;

	if (processes == NULL)
		return -1;
	rc = visit_all(processes, visitor, context);
	saved = errno;
	(void)closedir(processes);
	errno = saved;
	return rc;
}

ssize_t
processes_read(int directory, const char *name, char *buffer, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC), saved;
	size_t used = 0;
	ssize_t n = 0;

	buffer[0] = '\0';
	if (fd == -1)
		return -1;
	/* Some files of /proc come page by page. */
	while (used + 1 < size && (n = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)n;
	saved = errno;
	(void)close(fd);
	errno = saved;
	buffer[n == -1 ? 0 : used] = '\0';
	return n == -1 ? -1 : (ssize_t)used;
}

bool
processes_is_called(const char *status, const char *name)
{
	static const char field[] = "Name:\t";
	size_t n = strlen(name);

	return strncmp(status, field, sizeof field - 1) == 0 &&
	    strncmp(status + sizeof field - 1, name, n) == 0 && status[sizeof field - 1 + n] == '\n';
}

unsigned long long
processes_number(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, base);
}
