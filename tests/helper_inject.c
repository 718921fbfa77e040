/*
 * helper_inject - runs a program and lets one of its system calls fail
 *
 * usage: inject NUMBER ERRNO once|on PROGRAM ARGUMENT...
 *
 * The NUMBER-th system call of PROGRAM (from 1; 0: none) fails with ERRNO without being carried out,
 * and with `on` every later one, too. Counted from the first fcntl or umask, with which both
 * programs' main() begins: what the C library does before that fails for any program alike. The calls of a vforked child count until it has executed
 * another program. Exits as PROGRAM did; how many calls there were is written to $INJECT_COUNT.
 * What cannot fail in a kernel (exit, getpid, ...) does not here. Linux on x86-64.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 8
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORK | \
	PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL)

struct process {
	pid_t pid;
	bool failing; /* inside a system call that is to fail */
};

static struct process processes[PROCESSES];
static pid_t first;
static bool counting; /* the program itself has been executed */
static bool begun;    /* ... and is in its main() */
static long count, number, error;
static bool on;

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
	exit(99);
}

static bool
can_fail(unsigned long call)
{
	/* Linux closes a descriptor whatever it returns: one that stays open is no fault it can have. */
	static const unsigned long never[] = { SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_close,
		SYS_getpid, SYS_getppid, SYS_gettid, SYS_getuid, SYS_geteuid, SYS_rt_sigaction,
		SYS_rt_sigprocmask, SYS_sigaltstack,
		/* Does not fail by an error number; memory that is refused comes by mmap, too. */
		SYS_brk };

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		if (call == never[i])
			return false;
	return true;
}

static bool
is_due(unsigned long call)
{
	begun = begun || call == SYS_fcntl || call == SYS_umask;
	if (!counting || !begun || !can_fail(call))
		return false;
	count++;
	return number > 0 && (on ? count >= number : count == number);
}

/* At either stop of a system call. No call of number -1 exists, so nothing is carried out. */
static void
at_call(struct process *p)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) == -1 ||
	    ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) == -1)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		p->failing = is_due(regs.orig_rax);
		regs.orig_rax = (unsigned long)-1;
	} else {
		regs.rax = (unsigned long)-error;
	}
	if (p->failing)
		(void)ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
}

/* A helper in the background is not what is tested; the real program no more ours. */
static bool
at_event(struct process *p, int event)
{
	if (event == PTRACE_EVENT_EXEC && p->pid == first && !counting) {
		counting = true;
		return true;
	}
	if (event != PTRACE_EVENT_EXEC)
		return true;
	(void)ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
	if (p->pid != first)
		p->pid = 0;
	return false;
}

/* What a stop means; the signal to deliver, or -1 where the process is no longer to be watched. */
static int
at_stop(struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		at_call(p);
		return 0;
	}
	if (event != 0)
		return at_event(p, event) ? 0 : -1;
	return signal == SIGSTOP || signal == SIGTRAP ? 0 : signal;
}

static int
watch(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *p = find(pid);
		int signal;

		if (!WIFSTOPPED(status)) {
			p->pid = 0;
			if (pid == first)
				return status;
			continue;
		}
		signal = at_stop(p, status);
		if (signal >= 0)
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)signal);
	}
	return 99 << 8;
}

static void
write_count(void)
{
	const char *path = getenv("INJECT_COUNT");
	FILE *f = path == NULL ? NULL : fopen(path, "w");

	if (f == NULL)
		return;
	(void)fprintf(f, "%ld\n", count);
	(void)fclose(f);
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 5)
		return 64;
	number = atol(argv[1]);
	error = atol(argv[2]);
	on = strcmp(argv[3], "on") == 0;
	first = fork();
	if (first == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		(void)execv(argv[4], argv + 4);
		_exit(98);
	}
	if (waitpid(first, &status, 0) != first ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, OPTIONS) == -1)
		return 97;
	(void)find(first);
	(void)ptrace(PTRACE_SYSCALL, first, NULL, NULL);
	status = watch();
	write_count();
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
