/*
 * relay - what any wrapper costs: runs the real program, passes its output on, ends as it did
 *
 * The least that must stand between qmail-rspawn and a remote to learn an outcome. Whatever
 * qlimit-remote takes beyond this is spent on limits.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LATER 111 /* qmail-rspawn makes a deferral of it */

static pid_t
start(const char *program, char **argv, const int *out)
{
	pid_t pid = vfork();

	if (pid == 0) {
		(void)dup2(out[1], 1);
		(void)close(out[0]);
		(void)close(out[1]);
		(void)execv(program, argv);
		_exit(LATER);
	}
	return pid;
}

static int
pass_on(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(1, bytes, n);

		if (done < 0)
			return -1;
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static char name[] = "qmail-remote";
	const char *program = getenv("QLIMIT_REMOTE");
	char buffer[4096];
	int out[2], status;
	ssize_t n;
	pid_t pid;

	if (argc < 1 || program == NULL || pipe(out) == -1)
		_exit(LATER);
	argv[0] = name;
	pid = start(program, argv, out);
	if (pid == -1)
		_exit(LATER);
	(void)close(out[1]);
	while ((n = read(out[0], buffer, sizeof buffer)) > 0)
		if (pass_on(buffer, (size_t)n) == -1)
			_exit(LATER);
	if (waitpid(pid, &status, 0) != pid)
		_exit(LATER);
	if (WIFSIGNALED(status))
		(void)raise(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}
