/*
 * coverage - linked into every program of `make coverage`: counters that outlive their process
 *
 * gcc's counters are written to files at exit(3). Here that is the exception: the wrapper becomes another
 * program, is killed, or ends by _exit(2) in a signal handler, while every further system call is
 * made to fail. So coverage.ld lays the counters of a program side by side, and this maps a file
 * over them, shared by all its processes, before main(). Whatever ran is in that file the moment it
 * ran. With COVERAGE_DUMP set the program does nothing but write that down as gcov wants it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern char coverage_start[], coverage_end[];
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): gcc's and ld's names. */
void __gcov_dump(void);

/* The linker calls these in place of libgcov's (--wrap): nothing is to be written meanwhile. */
void __wrap___gcov_exit(void);
pid_t __wrap___gcov_fork(void);
int __wrap___gcov_execve(const char *path, char *const *argv, char *const *envp);

void
__wrap___gcov_exit(void)
{
}

pid_t
__wrap___gcov_fork(void)
{
	return fork();
}

int
__wrap___gcov_execve(const char *path, char *const *argv, char *const *envp)
{
	return execve(path, argv, envp);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Where it cannot be had (no memory, no descriptor), this process goes uncounted. */
static void
share_counters(void)
{
	size_t size = (size_t)(coverage_end - coverage_start);
	int fd = open(COUNTERS, O_RDWR | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)mmap(coverage_start, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	(void)close(fd);
}

/* After libgcov has been told of all counters, which is done by constructors without a priority. */
static void __attribute__((constructor(65535)))
start(void)
{
	share_counters();
	if (getenv("COVERAGE_DUMP") == NULL)
		return;
	__gcov_dump();
	_exit(0);
}
