/* harness_calls - lets a system call of this very process fail, or something befall it there */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the name is the C library's */
#define _GNU_SOURCE /* pipe2(2) */
#include "harness_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <lmdb.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the Makefile's CALLS as well. */
#define CALLS(call) \
	call(access) call(chdir) call(close) call(dup2) call(fchmod) call(fchown) call(fdopen) call(fdopendir) \
	call(flock) call(fork) call(fstat) call(fstatat) call(fsync) call(getauxval) call(getentropy) \
	call(getpid) call(getppid) call(getrlimit) call(kill) call(lchown) call(linkat) call(mdb_env_get_fd) \
	call(mmap) call(munmap) call(nanosleep) call(pidfd_send_signal) call(pipe2) call(pread) call(pwrite) \
	call(readdir) call(rename) call(renameat) call(setgid) call(setgroups) call(setuid) call(socket) \
	call(socketpair) call(stat) call(tsearch) call(unlinkat) call(waitid) call(waitpid) call(write)

#define CALL_NUMBER(name) CALL_##name,
#define CALL_NAME(name) #name,

enum { CALLS(CALL_NUMBER) CALL_NUMBERS };

static const char *const names[] = { CALLS(CALL_NAME) };

static struct {
	harness_hook *hook;
	unsigned after, times;
	int error;
} calls[CALL_NUMBERS];

static int
number_of(const char *name)
{
	for (int i = 0; i < CALL_NUMBERS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	abort();
}

void
harness_call_fails(const char *name, unsigned after, unsigned times, int error)
{
	int i = number_of(name);

	calls[i].after = after;
	calls[i].times = times;
	calls[i].error = error;
}

void
harness_on_call(const char *name, harness_hook *hook)
{
	calls[number_of(name)].hook = hook;
}

/* True, with errno, if the call is to fail. Between vfork and exec, too: no more than memory of ours. */
static int
fails(int i)
{
	int error = calls[i].hook != NULL ? calls[i].hook() : 0;

	if (error == 0 && calls[i].times > 0) {
		if (calls[i].after > 0) {
			calls[i].after--;
		} else {
			calls[i].times--;
			error = calls[i].error;
		}
	}
	if (error != 0)
		errno = error;
	return error;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names. */
#define WRAP(type, name, parameters, instead, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fails(CALL_##name) != 0 ? (instead) : __real_##name arguments; \
	}

WRAP(int, access, (const char *path, int mode), -1, (path, mode))
WRAP(int, chdir, (const char *path), -1, (path))
WRAP(int, close, (int fd), -1, (fd))
WRAP(int, dup2, (int from, int to), -1, (from, to))
WRAP(DIR *, fdopendir, (int fd), NULL, (fd))
WRAP(int, fchmod, (int fd, mode_t mode), -1, (fd, mode))
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), -1, (fd, uid, gid))
WRAP(FILE *, fdopen, (int fd, const char *mode), NULL, (fd, mode))
WRAP(int, flock, (int fd, int how), -1, (fd, how))
WRAP(pid_t, fork, (void), -1, ())
WRAP(int, fstat, (int fd, struct stat *st), -1, (fd, st))
WRAP(int, fstatat, (int fd, const char *path, struct stat *st, int flags), -1, (fd, path, st, flags))
WRAP(int, fsync, (int fd), -1, (fd))
WRAP(unsigned long, getauxval, (unsigned long type), 0, (type))
WRAP(int, getentropy, (void *p, size_t n), -1, (p, n))
WRAP(pid_t, getpid, (void), -1, ())
WRAP(pid_t, getppid, (void), -1, ())
WRAP(int, getrlimit, (__rlimit_resource_t resource, struct rlimit *limit), -1, (resource, limit))
WRAP(int, kill, (pid_t pid, int number), -1, (pid, number))
WRAP(int, lchown, (const char *path, uid_t uid, gid_t gid), -1, (path, uid, gid))
WRAP(int, linkat, (int at, const char *from, int to, const char *name, int flags), -1, (at, from, to, name, flags))
WRAP(int, mdb_env_get_fd, (MDB_env *env, mdb_filehandle_t *fd), errno, (env, fd))
WRAP(void *, mmap, (void *at, size_t n, int protection, int flags, int fd, off_t offset), MAP_FAILED,
    (at, n, protection, flags, fd, offset))
WRAP(int, munmap, (void *p, size_t n), -1, (p, n))
WRAP(int, nanosleep, (const struct timespec *time, struct timespec *left), -1, (time, left))
WRAP(int, pidfd_send_signal, (int fd, int number, siginfo_t *info, unsigned flags), -1, (fd, number, info, flags))
WRAP(int, pipe2, (int *ends, int flags), -1, (ends, flags))
WRAP(ssize_t, pread, (int fd, void *p, size_t n, off_t at), -1, (fd, p, n, at))
WRAP(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), -1, (fd, p, n, at))
WRAP(struct dirent *, readdir, (DIR *dir), NULL, (dir))
WRAP(int, rename, (const char *from, const char *to), -1, (from, to))
WRAP(int, renameat, (int at, const char *from, int to, const char *name), -1, (at, from, to, name))
WRAP(int, setgid, (gid_t gid), -1, (gid))
WRAP(int, setgroups, (size_t n, const gid_t *groups), -1, (n, groups))
WRAP(int, setuid, (uid_t uid), -1, (uid))
WRAP(int, socket, (int domain, int type, int protocol), -1, (domain, type, protocol))
WRAP(int, socketpair, (int domain, int type, int protocol, int *ends), -1, (domain, type, protocol, ends))
WRAP(int, stat, (const char *path, struct stat *st), -1, (path, st))
WRAP(void *, tsearch, (const void *key, void **root, int (*compare)(const void *, const void *)), NULL,
    (key, root, compare))
WRAP(int, unlinkat, (int at, const char *name, int flags), -1, (at, name, flags))
WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), -1, (type, id, info, options))
WRAP(pid_t, waitpid, (pid_t pid, int *status, int options), -1, (pid, status, options))
WRAP(ssize_t, write, (int fd, const void *p, size_t n), -1, (fd, p, n))
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
