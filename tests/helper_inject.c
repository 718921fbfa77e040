/*
 * helper_inject - runs a program and lets one of its system calls fail, or a signal befall it there
 *
 * usage: inject NUMBER FAULT once|on|GAP PROGRAM ARGUMENT...
 *
 * FAULT befalls the NUMBER-th system call of PROGRAM (from 1; 0: none), and with `on` every later one,
 * too, with a number the one so many later:
 *
 *	ERRNO        it fails with this error without being carried out
 *	half         a write or send is of half its bytes only; any other call is spared, as is from
 *	             ENOENT what does not take a name
 *	before=SIG   the program is hit by this signal instead of the call; one that comes from
 *	             outside (ALRM, TERM, XCPU ...) hits it in the middle of the call
 *	after=SIG    ... when the call has been carried out
 *
 * A crash is a real one, of the processor, where it can be: what is blocked or ignored does not save the
 * program. Calls that cannot fail in a kernel (exit, getpid, ...) count for signals only. Errors count
 * from the first fcntl or umask, with which both programs' main() begins: what the C library does
 * before that fails for any program alike. The calls of a vforked child count until it has executed
 * another program.
 *
 * $INJECT_COUNT gets one line: how many calls there were; then of the last call that was hit its number in
 * the kernel (-1: none was hit), and three times 0 or 1: had another program been executed by then, had it
 * ended, was a file open whose name ends in "lock"; at last 1 if PROGRAM itself became the other one, and 1
 * if a child of it was hit. With $INJECT_ODD PROGRAM inherits oddities: 1 a mask, a timer and a variable,
 * 2 ignored signals and a timer. Exits as PROGRAM did, with 95 if it did not end. Linux on x86-64.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 8
#define PATIENCE_S 20
#define CIRCLES 2000L
#define NO_CALL ((unsigned long)-1) /* exists in no kernel, so nothing is carried out */
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORK | \
	PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL)

enum kind { FAIL, HALVE, BEFORE, AFTER };

struct process {
	pid_t pid;
	bool hit;              /* inside a system call that the fault befalls */
	bool crashing;         /* on its way into the instruction that crashes */
	bool expecting;        /* a signal of ours, that is to look like its own or the kernel's */
	long text;             /* ... and what stands in its place */
	struct user_regs_struct regs;
};

/* Instructions that end in this signal; `bad_stack`: with a wild rbp. */
static const struct crash {
	int signal;
	unsigned char code[sizeof(long)];
	bool bad_stack;
} crashes[] = {
	{ SIGSEGV, { 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0 }, false }, /* mov 0, %rax */
	{ SIGBUS, { 0x48, 0x8b, 0x45, 0 }, true },                  /* mov (%rbp), %rax */
	{ SIGILL, { 0x0f, 0x0b }, false },                          /* ud2 */
	{ SIGFPE, { 0x31, 0xc9, 0xf7, 0xf1 }, false },              /* xor %ecx, %ecx; div %ecx */
};

static struct process processes[PROCESSES];
static pid_t first, other;  /* the program; what was executed by it */
static bool counting;       /* the program itself has been executed */
static bool begun;          /* ... and is in its main() */
static long count, number, gap; /* gap -1: every later one */
static enum kind kind;
static int error, signal_number;
static const struct crash *crash;
static long hit_call = -1;
static bool hit_after_start, hit_after_end, hit_with_store, hit_child;

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
is_one_of(unsigned long call, const unsigned long *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (call == list[i])
			return true;
	return false;
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

	return !is_one_of(call, never, sizeof never / sizeof never[0]);
}

/* The end itself is no place to crash in; a return from a handler would return to nowhere. */
static bool
can_be_hit(unsigned long call)
{
	static const unsigned long never[] = { SYS_exit, SYS_exit_group, SYS_rt_sigreturn };

	return !is_one_of(call, never, sizeof never / sizeof never[0]);
}

static bool
can_be_halved(unsigned long call)
{
	static const unsigned long writes[] = { SYS_write, SYS_pwrite64, SYS_sendto };

	return is_one_of(call, writes, sizeof writes / sizeof writes[0]);
}

/* That a file is not there is said of names: no kernel says it of what is open. */
static bool
takes_a_name(unsigned long call)
{
	static const unsigned long names[] = { SYS_open, SYS_openat, SYS_stat, SYS_lstat, SYS_newfstatat,
		SYS_access, SYS_faccessat, SYS_faccessat2, SYS_readlink, SYS_readlinkat, SYS_unlink,
		SYS_unlinkat, SYS_rename, SYS_mkdir, SYS_chdir, SYS_chmod, SYS_chown, SYS_lchown,
		SYS_execve, SYS_connect, SYS_statfs };

	return is_one_of(call, names, sizeof names / sizeof names[0]);
}

/* A zombie has ended. */
static bool
has_ended(pid_t pid)
{
	char path[40], state = 'Z';
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	(void)fclose(f);
	return state == 'Z' || state == 'X';
}

static bool
has_store_open(pid_t pid)
{
	char path[40], target[300];
	bool found = false;

	for (int fd = 3; fd < 16 && !found; fd++) {
		ssize_t n;

		(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = n > 4 && strcmp(target + n - 4, "lock") == 0;
	}
	return found;
}

static bool
is_due(unsigned long call)
{
	if (!counting)
		return false;
	begun = begun || kind == BEFORE || kind == AFTER || call == SYS_fcntl || call == SYS_umask;
	if (!begun || !(kind == BEFORE || kind == AFTER ? can_be_hit(call) : can_fail(call)))
		return false;
	count++;
	/* Whoever is hit at every call must come to an end in far fewer. */
	if (gap == -1 && number > 0 && count - number > CIRCLES)
		exit(95);
	if ((kind == HALVE && !can_be_halved(call)) ||
	    (kind == FAIL && error == ENOENT && !takes_a_name(call)))
		return false;
	return number > 0 && (count == number || (gap > 0 && count == number + gap) ||
	    (gap == -1 && count > number));
}

/* Just before the fault comes about. */
static void
note(const struct process *p)
{
	hit_call = (long)p->regs.orig_rax;
	hit_after_start = other != 0;
	hit_after_end = other != 0 && has_ended(other);
	hit_with_store = has_store_open(p->pid);
	hit_child = hit_child || p->pid != first;
}

/* abort(3) and the kernel let nobody block these two. */
static void
unblock(pid_t pid, int sig)
{
	unsigned long long mask;

	if (ptrace(PTRACE_GETSIGMASK, pid, sizeof mask, &mask) == -1)
		return;
	mask &= ~(1ULL << (sig - 1));
	(void)ptrace(PTRACE_SETSIGMASK, pid, sizeof mask, &mask);
}

static void
send(struct process *p)
{
	p->expecting = true;
	(void)syscall(SYS_tgkill, p->pid, p->pid, signal_number);
}

/* abort(3) is the program's own doing; seccomp, limits and timers are the kernel's. */
static void
disguise(struct process *p, int sig)
{
	siginfo_t info;

	if (!p->expecting || sig != signal_number ||
	    ptrace(PTRACE_GETSIGINFO, p->pid, NULL, &info) == -1)
		return;
	if (sig == SIGABRT)
		info.si_pid = p->pid;
	else if (sig == SIGSYS || sig == SIGXCPU || sig == SIGXFSZ || sig == SIGALRM)
		info.si_code = sig == SIGSYS ? 1 : SI_KERNEL;
	(void)ptrace(PTRACE_SETSIGINFO, p->pid, NULL, &info);
	p->expecting = false;
}

/* At a call's return. `again`: the call was not carried out, and whoever survives has to make it. */
static void
strike(struct process *p, struct user_regs_struct *regs, bool again)
{
	long code;

	note(p);
	if (again) {
		regs->rip -= 2; /* of the instruction `syscall` */
		regs->rax = regs->orig_rax;
		(void)ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
	}
	if (crash == NULL) {
		if (signal_number == SIGABRT || signal_number == SIGSYS)
			unblock(p->pid, signal_number);
		send(p);
		return;
	}
	p->regs = *regs;
	errno = 0;
	p->text = ptrace(PTRACE_PEEKTEXT, p->pid, regs->rip, NULL);
	memcpy(&code, crash->code, sizeof code);
	if (errno != 0 || ptrace(PTRACE_POKETEXT, p->pid, regs->rip, code) == -1)
		exit(96);
	if (crash->bad_stack) {
		struct user_regs_struct wild = *regs;

		wild.rbp = 1ULL << 63;
		(void)ptrace(PTRACE_SETREGS, p->pid, NULL, &wild);
	}
	p->crashing = true;
}

/* The signal of the instruction has come: the program is as it was before, and shall see to it. */
static void
end_crash(struct process *p, int sig)
{
	struct user_regs_struct regs;

	if (!p->crashing || sig != crash->signal || ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) == -1 ||
	    regs.rip - p->regs.rip >= sizeof(long))
		return;
	(void)ptrace(PTRACE_POKETEXT, p->pid, p->regs.rip, p->text);
	(void)ptrace(PTRACE_SETREGS, p->pid, NULL, &p->regs);
	p->crashing = false;
}

static bool
is_from_outside(int sig)
{
	return sig != SIGABRT && sig != SIGSYS && crash == NULL;
}

static void
at_entry(struct process *p, struct user_regs_struct *regs)
{
	p->regs.orig_rax = regs->orig_rax;
	p->hit = is_due(regs->orig_rax);
	if (!p->hit || kind == AFTER)
		return;
	if (kind == HALVE || kind == FAIL)
		note(p);
	if (kind == HALVE) {
		p->regs.rdx = regs->rdx;
		regs->rdx -= regs->rdx / 2; /* one byte stays one: none at all would be no write */
	} else if (kind == BEFORE && is_from_outside(signal_number)) {
		note(p);
		send(p);
		p->hit = false;
		return;
	} else {
		regs->orig_rax = NO_CALL;
	}
	(void)ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
}

static void
at_return(struct process *p, struct user_regs_struct *regs)
{
	if (!p->hit)
		return;
	p->hit = false;
	if (kind == HALVE)
		regs->rdx = p->regs.rdx;
	if (kind == FAIL)
		regs->rax = (unsigned long)-(long)error;
	if (kind == FAIL || kind == HALVE) {
		(void)ptrace(PTRACE_SETREGS, p->pid, NULL, regs);
		return;
	}
	if (kind == BEFORE)
		regs->orig_rax = p->regs.orig_rax;
	strike(p, regs, kind == BEFORE);
}

static void
at_call(struct process *p)
{
	struct __ptrace_syscall_info info;
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) == -1 ||
	    ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) == -1)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		at_entry(p, &regs);
	else
		at_return(p, &regs);
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
	if (other == 0)
		other = p->pid;
	if (p->pid != first)
		p->pid = 0;
	return false;
}

/* What a stop means; the signal to deliver, or -1 where the process is no longer to be watched. */
static int
at_stop(struct process *p, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		at_call(p);
		return 0;
	}
	if (event != 0)
		return at_event(p, event) ? 0 : -1;
	if (crash != NULL)
		end_crash(p, sig);
	else
		disguise(p, sig);
	return sig == SIGSTOP || sig == SIGTRAP ? 0 : sig;
}

static int
watch(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *p = find(pid);
		int sig;

		if (!WIFSTOPPED(status)) {
			p->pid = 0;
			if (pid == first)
				return status;
			continue;
		}
		sig = at_stop(p, status);
		if (sig >= 0)
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (unsigned long)sig);
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
	(void)fprintf(f, "%ld %ld %d %d %d %d %d\n", count, hit_call, hit_after_start, hit_after_end,
	    hit_with_store, other == first, hit_child);
	(void)fclose(f);
}

static bool
understand(const char *fault, const char *mode)
{
	gap = strcmp(mode, "on") == 0 ? -1 : strcmp(mode, "once") == 0 ? 0 : atol(mode);
	if (strcmp(fault, "half") == 0)
		kind = HALVE;
	else if (sscanf(fault, "before=%d", &signal_number) == 1)
		kind = BEFORE;
	else if (sscanf(fault, "after=%d", &signal_number) == 1)
		kind = AFTER;
	else
		error = atoi(fault);
	for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
		if (crashes[i].signal == signal_number)
			crash = &crashes[i];
	return kind != FAIL || error >= 0;
}

static void
inherit_oddities(void)
{
	const struct itimerval timer = { .it_value = { 500, 0 } };
	const char *odd = getenv("INJECT_ODD");
	sigset_t set;

	if (odd == NULL || *odd == '0')
		return;
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	if (*odd == '1') {
		(void)sigemptyset(&set);
		(void)sigaddset(&set, SIGUSR1);
		(void)sigaddset(&set, SIGALRM);
		(void)sigaddset(&set, SIGXCPU);
		(void)sigaddset(&set, SIGSEGV);
		(void)sigprocmask(SIG_BLOCK, &set, NULL);
		(void)setenv("ODD", "a variable\nof two lines", 1);
	} else {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)signal(SIGCHLD, SIG_IGN);
		(void)signal(SIGALRM, SIG_IGN);
		(void)signal(SIGXFSZ, SIG_IGN);
	}
}

/* Whatever goes round in circles is killed with us. */
static void
lose_patience(int number_of_alarm)
{
	(void)number_of_alarm;
	_exit(95);
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 5 || !understand(argv[2], argv[3]))
		return 64;
	number = atol(argv[1]);
	first = fork();
	if (first == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		inherit_oddities();
		(void)execv(argv[4], argv + 4);
		_exit(98);
	}
	if (waitpid(first, &status, 0) != first ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, OPTIONS) == -1)
		return 97;
	(void)find(first);
	(void)signal(SIGALRM, lose_patience);
	(void)alarm(PATIENCE_S);
	(void)ptrace(PTRACE_SYSCALL, first, NULL, NULL);
	status = watch();
	write_count();
	if (WIFSIGNALED(status)) {
		(void)signal(WTERMSIG(status), SIG_DFL);
		(void)raise(WTERMSIG(status));
	}
	return WEXITSTATUS(status);
}
