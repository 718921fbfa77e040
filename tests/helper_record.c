/*
 * helper_record - runs a program and writes down what it does to the files of one directory
 *
 * usage: record PROGRAM ARGUMENT...
 *        record -mark           only puts a mark into the log
 *
 * Whatever PROGRAM and all that it starts change in $RECORD_DIRECTORY (absolute, without links), and
 * what they have made durable, is appended to $RECORD_LOG (helper_record.h), in the order in which it
 * was done: the one who does it stands still until it is written down, so that any lock that keeps
 * two from writing at once also keeps their records in order, across several recorders. Ends when the
 * last of them has ended, as PROGRAM did. Linux on x86-64.
 */
#define _GNU_SOURCE /* process_vm_readv(2) */
#include "helper_record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define PROCESSES 64
#define DATA_MAX (1 << 20)
#define PARTS_MAX 1024
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORK | \
	PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)

struct process {
	pid_t pid;
	uint64_t call, arguments[6];
};

static struct process processes[PROCESSES];
static pid_t first;
static const char *directory;
static int log_fd;

/* What cannot be recorded must not look as if nothing had happened. */
static _Noreturn void
give_up(const char *why)
{
	(void)fprintf(stderr, "record: %s: %s\n", why, strerror(errno));
	_exit(96);
}

static struct process *
find(pid_t pid)
{
	for (int i = 0; i < PROCESSES; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	for (int i = 0; i < PROCESSES; i++)
		if (processes[i].pid == 0) {
			processes[i] = (struct process){ .pid = pid };
			return &processes[i];
		}
	give_up("too many processes");
}

static void
append(const struct record *r, const void *data)
{
	struct iovec parts[2] = { { .iov_len = sizeof *r }, { .iov_len = r->size } };
	int n = r->type == RECORD_WRITE ? 2 : 1;
	size_t all = sizeof *r + (n == 2 ? r->size : 0);

	memcpy(&parts[0].iov_base, &r, sizeof r);
	memcpy(&parts[1].iov_base, &data, sizeof data);
	if (writev(log_fd, parts, n) != (ssize_t)all)
		give_up("log");
}

static void
fetch(pid_t pid, uint64_t from, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { .iov_len = size };

	memcpy(&remote.iov_base, &from, sizeof from);
	if (size > 0 && process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)size)
		give_up("memory");
}

static void
fetch_string(pid_t pid, uint64_t from, char *to, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		fetch(pid, from + i, to + i, 1);
		if (to[i] == '\0')
			return;
	}
	give_up("long name");
}

/* --- which file --- */

/* The name of a path in the directory, "" for the directory itself; false if it is elsewhere. */
static bool
name_in(const char *path, char *name)
{
	size_t n = strlen(directory);

	if (strncmp(path, directory, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return false;
	path += n + (path[n] == '/');
	if (strlen(path) >= RECORD_NAME || strchr(path, '/') != NULL)
		give_up(path);
	memcpy(name, path, strlen(path) + 1);
	return true;
}

/* The programs use absolute paths only. */
static bool
name_at(pid_t pid, uint64_t address, char *name)
{
	char path[PATH_SIZE];

	fetch_string(pid, address, path, sizeof path);
	return name_in(path, name);
}

/* Fills in file, flags and name, and `position` if it is wanted; false if it is not in the directory. */
static bool
of_descriptor(pid_t pid, uint64_t fd, struct record *r, uint64_t *position)
{
	char path[64], target[PATH_SIZE], line[200], *deleted;
	struct stat st;
	ssize_t n;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)pid, (int)fd);
	n = readlink(path, target, sizeof target - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	deleted = strstr(target, " (deleted)");
	if (deleted != NULL)
		*deleted = '\0';
	if (!name_in(target, r->name))
		return false;
	if (stat(path, &st) == -1)
		give_up(path);
	r->file = st.st_ino;
	(void)snprintf(path, sizeof path, "/proc/%ld/fdinfo/%d", (long)pid, (int)fd);
	f = fopen(path, "r");
	if (f == NULL)
		give_up(path);
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "flags:", 6) == 0)
			r->flags = (uint32_t)strtoul(line + 6, NULL, 8);
		if (strncmp(line, "pos:", 4) == 0 && position != NULL)
			*position = strtoull(line + 4, NULL, 10);
	}
	(void)fclose(f);
	return true;
}

/* --- the calls, after they have succeeded with `result` --- */

static void
opened(const struct process *p, uint64_t flags, uint64_t fd)
{
	struct record r = { .type = RECORD_OPEN };

	if ((flags & (O_CREAT | O_TRUNC)) == 0 || !of_descriptor(p->pid, fd, &r, NULL))
		return;
	r.flags = (uint32_t)flags;
	append(&r, NULL);
}

/* `parts` says where the bytes are in the process's memory. */
static void
written(const struct process *p, const struct iovec *parts, size_t count, int64_t offset, uint64_t size)
{
	static unsigned char data[DATA_MAX];
	struct record r = { .type = RECORD_WRITE, .size = size };
	uint64_t position, at = 0;

	if (!of_descriptor(p->pid, p->arguments[0], &r, &position))
		return;
	if (size > sizeof data || (r.flags & O_APPEND) != 0)
		give_up("write");
	r.offset = offset >= 0 ? (uint64_t)offset : position - size;
	for (size_t i = 0; i < count && at < size; i++) {
		uint64_t from, n = parts[i].iov_len < size - at ? parts[i].iov_len : size - at;

		memcpy(&from, &parts[i].iov_base, sizeof from);
		fetch(p->pid, from, data + at, n);
		at += n;
	}
	append(&r, data);
}

static void
written_flat(const struct process *p, int64_t offset, uint64_t size)
{
	struct iovec part = { .iov_len = size };

	memcpy(&part.iov_base, &p->arguments[1], sizeof part.iov_base);
	written(p, &part, 1, offset, size);
}

static void
written_parts(const struct process *p, int64_t offset, uint64_t size)
{
	static struct iovec parts[PARTS_MAX];
	struct record r;

	/* Most writev(2) are not into the directory, and none of ours has so many parts. */
	if (!of_descriptor(p->pid, p->arguments[0], &r, NULL))
		return;
	if (p->arguments[2] > PARTS_MAX)
		give_up("writev");
	fetch(p->pid, p->arguments[1], parts, p->arguments[2] * sizeof parts[0]);
	written(p, parts, p->arguments[2], offset, size);
}

static void
synced(const struct process *p)
{
	struct record r = { .type = RECORD_SYNC };

	if (!of_descriptor(p->pid, p->arguments[0], &r, NULL))
		return;
	if (r.name[0] == '\0')
		r.type = RECORD_SYNC_NAMES;
	append(&r, NULL);
}

static void
truncated(const struct process *p)
{
	struct record r = { .type = RECORD_TRUNCATE, .size = p->arguments[1] };

	if (of_descriptor(p->pid, p->arguments[0], &r, NULL))
		append(&r, NULL);
}

static void
renamed(const struct process *p, uint64_t from, uint64_t to)
{
	struct record r = { .type = RECORD_RENAME };
	bool is = name_at(p->pid, from, r.name);

	if (name_at(p->pid, to, r.other) != is)
		give_up("rename across directories");
	if (is)
		append(&r, NULL);
}

static void
unlinked(const struct process *p, uint64_t path)
{
	struct record r = { .type = RECORD_UNLINK };

	if (name_at(p->pid, path, r.name))
		append(&r, NULL);
}

/* What the programs do not do today; if it comes to be used, the recorder has to learn it. */
static void
unknown(const struct process *p, const char *call, uint64_t fd)
{
	struct record r = { .type = RECORD_OTHER };

	if (!of_descriptor(p->pid, fd, &r, NULL))
		return;
	(void)snprintf(r.name, sizeof r.name, "%s", call);
	append(&r, NULL);
}

static void
unknown_path(const struct process *p, const char *call, uint64_t path)
{
	struct record r = { .type = RECORD_OTHER };

	if (!name_at(p->pid, path, r.name))
		return;
	(void)snprintf(r.name, sizeof r.name, "%s", call);
	append(&r, NULL);
}

static void
mapped(const struct process *p)
{
	const uint64_t *a = p->arguments;

	if ((a[3] & MAP_SHARED) != 0 && (a[2] & PROT_WRITE) != 0 && (a[3] & MAP_ANONYMOUS) == 0)
		unknown(p, "mmap", a[4]);
}

static void
done(const struct process *p, int64_t result)
{
	const uint64_t *a = p->arguments;

	switch (p->call) {
	case SYS_open: opened(p, a[1], (uint64_t)result); break;
	case SYS_openat: opened(p, a[2], (uint64_t)result); break;
	case SYS_creat: opened(p, O_CREAT | O_TRUNC, (uint64_t)result); break;
	case SYS_write: written_flat(p, -1, (uint64_t)result); break;
	case SYS_pwrite64: written_flat(p, (int64_t)a[3], (uint64_t)result); break;
	case SYS_writev: written_parts(p, -1, (uint64_t)result); break;
	case SYS_pwritev: written_parts(p, (int64_t)a[3], (uint64_t)result); break;
	case SYS_fsync:
	case SYS_fdatasync: synced(p); break;
	case SYS_ftruncate: truncated(p); break;
	case SYS_rename: renamed(p, a[0], a[1]); break;
	case SYS_renameat:
	case SYS_renameat2: renamed(p, a[1], a[3]); break;
	case SYS_unlink: unlinked(p, a[0]); break;
	case SYS_unlinkat: unlinked(p, a[1]); break;
	case SYS_mmap: mapped(p); break;
	case SYS_sync_file_range: break; /* promises nothing */
	case SYS_pwritev2: unknown(p, "pwritev2", a[0]); break;
	case SYS_fallocate: unknown(p, "fallocate", a[0]); break;
	case SYS_sendfile: unknown(p, "sendfile", a[0]); break;
	case SYS_copy_file_range: unknown(p, "copy_file_range", a[2]); break;
	case SYS_splice: unknown(p, "splice", a[2]); break;
	case SYS_link: unknown_path(p, "link", a[1]); break;
	case SYS_linkat: unknown_path(p, "linkat", a[3]); break;
	case SYS_symlink: unknown_path(p, "symlink", a[1]); break;
	case SYS_symlinkat: unknown_path(p, "symlinkat", a[2]); break;
	case SYS_truncate: unknown_path(p, "truncate", a[0]); break;
	case SYS_mkdir: unknown_path(p, "mkdir", a[0]); break;
	case SYS_mkdirat: unknown_path(p, "mkdirat", a[1]); break;
	default: break;
	}
}

/* --- watching --- */

static void
at_call(struct process *p)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) == -1)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		p->call = info.entry.nr;
		memcpy(p->arguments, info.entry.args, sizeof p->arguments);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error) {
		done(p, info.exit.rval);
	}
}

static int
at_stop(struct process *p, int status)
{
	int signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80))
		at_call(p);
	else if (status >> 16 == 0 && signal != SIGSTOP && signal != SIGTRAP)
		return signal;
	return 0;
}

/* Until the last one has ended; the wait status of the first. */
static int
watch(void)
{
	int status, of_first = 99 << 8;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *p = find(pid);

		if (WIFSTOPPED(status)) {
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)at_stop(p, status));
			continue;
		}
		p->pid = 0;
		if (pid == first)
			of_first = status;
	}
	return of_first;
}

int
main(int argc, char **argv)
{
	const char *path = getenv("RECORD_LOG");
	int status;

	directory = getenv("RECORD_DIRECTORY");
	if (argc < 2 || path == NULL || directory == NULL)
		return 64;
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd == -1)
		return 97;
	if (strcmp(argv[1], "-mark") == 0) {
		append(&(const struct record){ .type = RECORD_MARK }, NULL);
		return 0;
	}
	first = fork();
	if (first == 0) {
		/* A helper closes all that it may have open; each close stops twice here. */
		(void)setrlimit(RLIMIT_NOFILE, &(const struct rlimit){ 256, 256 });
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		(void)execv(argv[1], argv + 1);
		_exit(98);
	}
	if (waitpid(first, &status, 0) != first ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, OPTIONS) == -1)
		return 97;
	(void)find(first);
	(void)ptrace(PTRACE_SYSCALL, first, NULL, NULL);
	status = watch();
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
