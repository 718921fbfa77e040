/* program - the admin's own program, run in the foreground and bounded */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 2000

static const int requests[] = { SIGINT, SIGTERM, SIGHUP };

static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL); /* not KILL and STOP, which have no other */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child of a vfork(2): only system calls, and `error` is the parent's. */
static _Noreturn void
become(const struct program *program, volatile int *error)
{
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* without us nobody would end it */
	if (dup2(open("/dev/null", O_RDONLY), 0) != -1 && chdir("/") != -1 &&
	    (!program->apart || dup2(2, 1) != -1)) {
		closefrom(3);
		reset_signals();
		(void)execve(program->path, program->argv, program->envp);
	}
	*error = errno;
	_exit(127);
}

static int64_t
now_ms(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether it has ended; its number stays its own, and its group's, until it is asked for with waitpid(2). */
static bool
has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	/* Where it cannot be asked, nothing is gained by asking again at once. */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid == pid;
}

/* Waits for its end. 0; the request that came first; or SIGALRM when `ms` milliseconds are over. */
static int
await(pid_t pid, const sigset_t *watched, int64_t ms)
{
	int64_t until = now_ms() + ms, left;

	while (!has_ended(pid)) {
		struct timespec pause;
		int number;

		left = until - now_ms();
		if (left <= 0)
			return SIGALRM;
		pause = (struct timespec){ left / 1000, left % 1000 * 1000000 };
		number = sigtimedwait(watched, NULL, &pause);
		if (number > 0 && number != SIGCHLD)
			return number;
	}
	return 0;
}

/* The end of our child, of requests to end, but of those not that are ignored (nohup): for sigtimedwait(2). */
static void
watch(sigset_t *watched, sigset_t *before)
{
	struct sigaction now = { .sa_handler = SIG_DFL };

	(void)sigemptyset(watched);
	(void)sigaddset(watched, SIGCHLD);
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		(void)sigaction(requests[i], NULL, &now);
		if (now.sa_handler != SIG_IGN)
			(void)sigaddset(watched, requests[i]);
	}
	/* Where it is ignored the kernel keeps no child's status. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_BLOCK, watched, before);
}

static struct program_result
hear(pid_t pid, const sigset_t *watched, uint32_t seconds)
{
	struct program_result result = { PROGRAM_EXITED, 0 };
	int request = await(pid, watched, (int64_t)seconds * 1000), status = 0;

	if (request != 0) {
		(void)kill(-pid, SIGTERM);
		(void)await(pid, watched, GRACE_MS);
		(void)kill(-pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (request == SIGALRM)
		result.end = PROGRAM_TOO_SLOW;
	else if (request != 0)
		result = (struct program_result){ PROGRAM_INTERRUPTED, request };
	else if (WIFSIGNALED(status))
		result = (struct program_result){ PROGRAM_KILLED, WTERMSIG(status) };
	else
		result.number = WEXITSTATUS(status);
	return result;
}

struct program_result
program_run(const struct program *program)
{
	struct program_result result = { PROGRAM_NOT_RUN, 0 };
	volatile int error = 0;
	sigset_t watched, before;
	pid_t pid;

	watch(&watched, &before);
	pid = vfork();
	if (pid == 0)
		become(program, &error);
	if (pid == -1)
		result.number = errno;
	else
		result = hear(pid, &watched, program->seconds);
	if (error != 0)
		result = (struct program_result){ PROGRAM_NOT_RUN, error };
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
