/* harness_send - a qmail-send that can be told to try all */
#include "harness_send.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness.h"

static int told;

static void
hear(int number)
{
	(void)number;
	_exit(told);
}

pid_t
harness_send_start(int status)
{
	int ends[2];
	char none;
	pid_t pid;

	told = status;
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGALRM, hear);
		if (prctl(PR_SET_NAME, "qmail-send") == -1 || chdir(harness_path("queue")) == -1 ||
		    setuid(HARNESS_QMAILS) == -1)
			_exit(99);
		(void)close(ends[0]);
		(void)close(ends[1]);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	(void)!read(ends[0], &none, 1);
	(void)close(ends[0]);
	return pid;
}
