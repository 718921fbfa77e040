/* child - the one place that starts other programs */
#define _GNU_SOURCE /* pipe2(2); the name is the C library's: NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A report that is lost means a second delivery: what cannot fail is asked again if it does. */
#define RETRIES 3

extern char **environ;

/*
 * The program that was started. The child writes it, in the memory that it shares with us until it has
 * executed the program: so that we never run a moment without knowing.
 */
static struct {
	volatile sig_atomic_t started;
	volatile pid_t pid;
	volatile int error;  /* why it was not */
	int output;          /* where its bytes come from */
	int input;           /* the other end, ours to close once it runs */
} running;

static struct {
	sigset_t mask;
	struct sigaction on_child;
	int error_output;     /* the descriptor 2 of qmail's, or -1 where it was left alone */
	bool error_is_output; /* 1 and 2 are the same pipe, as qmail-rspawn makes them */
} inherited;

static void
fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			/* The lowest free number is fd; closed again for whoever is exec'd. */
			(void)open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void
silence_error_output(void)
{
	int null;

	inherited.error_output = -1;
	if ((fcntl(2, F_GETFD) & FD_CLOEXEC) != 0)
		return; /* it was closed */
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null == -1)
		return;
	inherited.error_output = fcntl(2, F_DUPFD_CLOEXEC, 3);
	if (inherited.error_output != -1)
		(void)dup2(null, 2);
	(void)close(null);
}

void
child_init(void)
{
	struct sigaction waitable = { .sa_handler = SIG_DFL };
	struct stat out, err;

	fill_standard_descriptors();
	inherited.error_is_output = fstat(1, &out) == 0 && fstat(2, &err) == 0 &&
	    out.st_dev == err.st_dev && out.st_ino == err.st_ino;
	silence_error_output();
	(void)sigprocmask(SIG_SETMASK, NULL, &inherited.mask);
	/* Where it is ignored, the kernel throws a child's status away. */
	(void)sigaction(SIGCHLD, &waitable, &inherited.on_child);
}

/* Gives back what child_init() changed. */
static void
restore_inherited(void)
{
	if (inherited.error_output != -1)
		(void)dup2(inherited.error_output, 2);
	(void)sigaction(SIGCHLD, &inherited.on_child, NULL);
	(void)sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
}

void
child_write(const char *report, size_t n)
{
	ssize_t written;

	do
		written = write(1, report, n);
	while (written == -1 && errno == EINTR);
}

void
child_answer(const char *report, size_t n)
{
	child_write(report, n);
	_exit(0);
}

void
child_become(const struct child_program *program)
{
	restore_inherited();
	(void)execve(program->path, program->argv, program->envp);
	child_answer(CHILD_SORRY, sizeof CHILD_SORRY);
}

/* In the child of a vfork(2): only system calls until execve(2), and no memory of its own. */
static void
start_program(const struct child_program *program, pid_t parent, child_preparation *prepare)
{
	running.pid = getpid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(111);
	prepare();
	restore_inherited();
	if (dup2(running.input, 1) == -1 ||
	    (inherited.error_is_output && dup2(running.input, 2) == -1)) {
		running.error = errno;
		_exit(111);
	}
	running.started = 1;
	(void)execve(program->path, program->argv, program->envp);
	running.started = 0;
	running.error = errno;
	_exit(111);
}

/* A request to end is for the program, too; before there is one it is for us. */
static void
pass_on(int number)
{
	int saved = errno;

	/* In the child itself, which has not executed it yet, it is the same as no program. */
	if (running.started && running.pid != getpid()) {
		(void)kill(running.pid, number);
	} else {
		(void)signal(number, SIG_DFL);
		(void)raise(number);
	}
	errno = saved;
}

/*
 * Without this one of us could end between the program's last word and our telling it: a message that
 * was sent would be sent again. Signals that were ignored stay so.
 */
static void
pass_on_signals(void)
{
	static const int requests[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };
	const struct sigaction action = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
	struct sigaction now;

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
		if (sigaction(requests[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			(void)sigaction(requests[i], &action, NULL);
}

/* Bytes of the program's that were read and have not been written yet. */
static struct {
	char bytes[4096];
	volatile size_t from, to;
} held;

static void
write_held(void)
{
	struct pollfd out = { .fd = 1, .events = POLLOUT };
	int patience = RETRIES;

	while (held.from < held.to) {
		ssize_t written = write(1, held.bytes + held.from, held.to - held.from);

		if (written > 0)
			held.from += (size_t)written;
		else if (errno == EAGAIN)
			(void)poll(&out, 1, -1);
		else if (errno == EPIPE || (errno != EINTR && patience-- == 0))
			return; /* qmail-rspawn is gone; the remote is still to be heard out */
	}
}

static void
relay(child_reader *reader, void *context)
{
	int patience = RETRIES;

	/* Where the first time was cut short: twice is understood by qmail-rspawn, a gap is not. */
	write_held();
	for (;;) {
		ssize_t n = read(running.output, held.bytes, sizeof held.bytes);

		if (n > 0) {
			held.from = 0;
			held.to = (size_t)n;
			write_held();
			/* Last: whatever breaks in here, these bytes are out, and once. */
			if (reader != NULL)
				reader(context, held.bytes, (size_t)n);
		} else if (n == 0 || (errno != EINTR && patience-- == 0)) {
			return;
		}
	}
}

static void
wait_for(pid_t pid)
{
	int patience = RETRIES;

	while (waitpid(pid, NULL, 0) == -1 && (errno == EINTR || patience-- > 0))
		continue;
}

/*
 * Nobody is left to pass a signal on to, and the program's end is all that is still to be told. Not those
 * of a fault: blocked, they would be the end of us (sigprocmask(2)), and of nobody's report.
 */
static void
block_others(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS };
	sigset_t others;

	(void)sigfillset(&others);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		(void)sigdelset(&others, faults[i]);
	(void)sigprocmask(SIG_SETMASK, &others, NULL);
}

enum child_start
child_start(const struct child_program *program, child_preparation *prepare)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return CHILD_NOT_STARTED;
	running.output = ends[0];
	running.input = ends[1];
	pass_on_signals();
	/* vfork: fork(2) would copy page tables only to throw them away (facts/cost.md). */
	pid = vfork();
	if (pid == 0)
		start_program(program, parent, prepare);
	/* Under an emulator whose vfork is a fork we see nothing of what it wrote: it may have been started. */
	running.started = running.started || (pid > 0 && running.pid == 0);
	running.pid = pid;
	if (running.started)
		return CHILD_STARTED;
	if (pid == -1)
		running.error = errno;
	else
		wait_for(pid);
	(void)close(running.output);
	(void)close(running.input);
	errno = running.error;
	return pid == -1 || running.error == 0 ? CHILD_NOT_STARTED : CHILD_NO_PROGRAM;
}

bool
child_is_started(void)
{
	return running.started;
}

/* Its end, without taking note of it: so it can be asked for again, and its number is not reused. */
static int
end_of_program(void)
{
	siginfo_t info = { .si_pid = 0 };
	int patience = RETRIES;

	while (waitid(P_PID, (id_t)running.pid, &info, WEXITED | WNOWAIT) == -1)
		if (errno != EINTR && patience-- == 0)
			return 0; /* cannot happen; then what was relayed speaks for itself */
	return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

int
child_hear(child_reader *reader, void *context)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int wait_status;

	/* Our own death by a lost reader would take the child along before it is done. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)close(running.input);
	relay(reader, context);
	wait_status = end_of_program();
	block_others();
	return wait_status;
}

void
child_exit_as(int wait_status)
{
	const struct rlimit no_core = { 0, 0 };
	const struct sigaction ordinary = { .sa_handler = SIG_DFL };
	sigset_t one;

	if (running.started)
		(void)waitpid(running.pid, NULL, WNOHANG); /* not every process 1 reaps what it does not know */
	if (WIFSIGNALED(wait_status)) {
		/* One core file, the real program's, is enough. */
		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)sigaction(WTERMSIG(wait_status), &ordinary, NULL);
		(void)sigemptyset(&one);
		(void)sigaddset(&one, WTERMSIG(wait_status));
		(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
		(void)kill(getpid(), WTERMSIG(wait_status));
		_exit(111); /* qmail-rspawn makes the same of it */
	}
	_exit(WEXITSTATUS(wait_status));
}

static void
close_all(void)
{
	struct rlimit limit;
	int top = 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1 << 16)
		top = (int)limit.rlim_cur;
	for (int fd = 0; fd < top; fd++)
		(void)close(fd);
}

/* In the background process: nothing of qmail's is left when the program starts. */
static _Noreturn void
start_detached(const struct child_program *program)
{
	const struct sigaction ordinary = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)setsid();
	close_all();
	(void)open("/dev/null", O_RDWR);
	(void)dup2(0, 1);
	(void)dup2(0, 2);
	if (chdir("/") == -1)
		_exit(127);
	(void)sigaction(SIGCHLD, &ordinary, NULL);
	(void)sigaction(SIGPIPE, &ordinary, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(program->path, program->argv, program->envp);
	_exit(127);
}

int
child_detach(const struct child_program *program)
{
	pid_t pid = fork();

	if (pid == -1)
		return -1;
	if (pid == 0) {
		/* Twice, so that nobody's wait(2) ever meets a child it does not know. */
		if (fork() == 0)
			start_detached(program);
		_exit(0);
	}
	wait_for(pid);
	return 0;
}
