/* harness_run - runs the programs as qmail-rspawn and a shell do */
#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_inside.h"
#include "harness_report.h"

#define PATH_SIZE 4096
#define EXIT_NOT_RUN 97
#define FIRST_STRAY 3
#define STRAYS 1024

/* A program that runs, and the pipes it writes to. */
struct harness_run {
	pid_t pid;
	int fd[2]; /* the second is -1 where both descriptors share the first */
	struct harness_buffer text[2];
};

/* Reading ends are close-on-exec: a program started meanwhile must not hold them. */
static int
make_pipe(int *ends)
{
	if (pipe(ends) == -1)
		return -1;
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

/* In the child: `in`, `out`, `err` become 0, 1, 2; everything else is closed, Check's files too. */
static void
set_descriptors(int in, int out, int err)
{
	if (dup2(in, 0) == -1 || dup2(out, 1) == -1 || dup2(err, 2) == -1)
		_exit(EXIT_NOT_RUN);
	for (int fd = FIRST_STRAY; fd < STRAYS; fd++)
		(void)close(fd);
}

static void
behave_as_rspawn(void)
{
	sigset_t set;

	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/* execv(3) takes char *const[] for history's sake and changes nothing. */
static char *const *
words_for_exec(const char *const *argv)
{
	union {
		const char *const *given;
		char *const *taken;
	} words = { .given = argv };

	return words.taken;
}

static struct harness_run *
new_run(void)
{
	struct harness_run *run = harness_keep(calloc(1, sizeof *run));

	run->fd[0] = run->fd[1] = -1;
	harness_buffer_add(&run->text[0], "", 0);
	harness_buffer_add(&run->text[1], "", 0);
	return run;
}

static int
open_input(const struct harness_attempt *attempt, const char *mess)
{
	char path[PATH_SIZE];

	if (attempt->message == NULL)
		return fcntl(attempt->input, F_DUPFD_CLOEXEC, FIRST_STRAY);
	HARNESS_MUST(snprintf(path, sizeof path, "%s/%s", mess, attempt->message) < (int)sizeof path);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

struct harness_run *
harness_attempt_start(const struct harness_attempt *attempt)
{
	const char *program = attempt->program != NULL ? attempt->program :
	    harness_program("qlimit-remote");
	const char *at = attempt->recipient != NULL ? strrchr(attempt->recipient, '@') : NULL;
	const char *const usual[] = { "qmail-remote", at != NULL ? at + 1 : "", attempt->sender,
		attempt->recipient, NULL };
	const char *mess = harness_path("queue/mess");
	struct harness_run *run = new_run();
	int input = open_input(attempt, mess), ends[2];

	HARNESS_MUST(input != -1);
	HARNESS_MUST(make_pipe(ends) == 0);
	run->pid = fork();
	HARNESS_MUST(run->pid != -1);
	if (run->pid == 0) {
		behave_as_rspawn();
		if (chdir(mess) == -1)
			_exit(EXIT_NOT_RUN);
		set_descriptors(input, ends[1], ends[1]);
		(void)execv(program, words_for_exec(attempt->argv != NULL ? attempt->argv : usual));
		_exit(EXIT_NOT_RUN);
	}
	(void)close(input);
	(void)close(ends[1]);
	run->fd[0] = ends[0];
	return run;
}

static struct harness_run *
start_program(const char *program, const char *const *argv)
{
	struct harness_run *run = new_run();
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out[2], err[2];

	HARNESS_MUST(null != -1);
	HARNESS_MUST(make_pipe(out) == 0);
	HARNESS_MUST(make_pipe(err) == 0);
	run->pid = fork();
	HARNESS_MUST(run->pid != -1);
	if (run->pid == 0) {
		set_descriptors(null, out[1], err[1]);
		(void)execv(program, words_for_exec(argv));
		_exit(EXIT_NOT_RUN);
	}
	(void)close(null);
	(void)close(out[1]);
	(void)close(err[1]);
	run->fd[0] = out[0];
	run->fd[1] = err[0];
	return run;
}

/* Takes what there is; closes the pipe at its end. */
static void
take(int *fd, struct harness_buffer *text)
{
	char chunk[16384];
	ssize_t n = read(*fd, chunk, sizeof chunk);

	if (n > 0) {
		harness_buffer_add(text, chunk, (size_t)n);
	} else if (n == 0 || errno != EINTR) {
		(void)close(*fd);
		*fd = -1;
	}
}

/* Reads until all holders of the pipes are gone, as rspawn does, then reaps; the wait status. */
static int
finish(struct harness_run *run)
{
	int status;

	while (run->fd[0] != -1 || run->fd[1] != -1) {
		struct pollfd fds[] = { { .fd = run->fd[0], .events = POLLIN },
			{ .fd = run->fd[1], .events = POLLIN },
			{ .fd = harness_log_fd(), .events = POLLIN } };

		HARNESS_MUST(poll(fds, 3, -1) != -1 || errno == EINTR);
		for (int i = 0; i < 2; i++)
			if (run->fd[i] != -1 && fds[i].revents != 0)
				take(&run->fd[i], &run->text[i]);
		harness_log_drain();
	}
	HARNESS_MUST(waitpid(run->pid, &status, 0) == run->pid);
	harness_log_drain();
	(void)harness_keep(run->text[0].data);
	(void)harness_keep(run->text[1].data);
	return status;
}

struct harness_delivery
harness_attempt_finish(struct harness_run *run)
{
	struct harness_delivery d = { .wait_status = finish(run) };
	char *report;

	ck_assert_msg(!WIFEXITED(d.wait_status) || WEXITSTATUS(d.wait_status) != EXIT_NOT_RUN,
	    "harness: the program could not be run");
	d.bytes = run->text[0].data;
	d.length = run->text[0].used;
	report = harness_keep(malloc(d.length + HARNESS_REPORT_ROOM));
	(void)harness_report(report, d.wait_status, d.bytes, d.length);
	d.letter = report[0];
	d.text = report + 1;
	return d;
}

pid_t
harness_attempt_pid(const struct harness_run *run)
{
	return run->pid;
}

struct harness_run *
harness_deliver_start(const char *message, const char *sender, const char *recipient)
{
	return harness_attempt_start(&(struct harness_attempt){ .message = message, .sender = sender,
	    .recipient = recipient });
}

struct harness_delivery
harness_deliver_finish(struct harness_run *run)
{
	return harness_attempt_finish(run);
}

struct harness_delivery
harness_deliver(const char *message, const char *sender, const char *recipient)
{
	return harness_attempt_finish(harness_deliver_start(message, sender, recipient));
}

struct harness_delivery
harness_deliver_argv(const char *message, const char *const *argv)
{
	return harness_attempt_finish(
	    harness_attempt_start(&(struct harness_attempt){ .message = message, .argv = argv }));
}

struct harness_output
harness_run_words(const char *program, const char *const *argv)
{
	struct harness_run *run = start_program(program, argv);
	struct harness_output output;
	int status = finish(run);

	output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	ck_assert_msg(output.status != EXIT_NOT_RUN, "harness: %s could not be run", program);
	output.out = run->text[0].data;
	output.err = run->text[1].data;
	return output;
}

struct harness_output
harness_cli_words(const char *const *words)
{
	const char *argv[32] = { "qlimit" };

	for (size_t i = 0; words[i] != NULL; i++) {
		ck_assert_msg(i + 2 < sizeof argv / sizeof argv[0], "harness: too many words");
		argv[i + 1] = words[i];
	}
	return harness_run_words(harness_program("qlimit"), argv);
}

void
harness_is(struct harness_output o, int status, const char *out, const char *err)
{
	ck_assert_msg(o.status == status && strstr(o.out, out) != NULL && strstr(o.err, err) != NULL,
	    "status %d, wanted %d, \"%s\", \"%s\":\n%s%s", o.status, status, out, err, o.out, o.err);
}

struct harness_output
harness_load(void)
{
	return harness_cli("load");
}

/*
 * A test that does not name a deadline is not about it: on a busy machine, or under a sanitizer, no delivery
 * of its may pass uncounted. (libconfig takes @include at the start of a line only.)
 */
void
harness_rules(const char *text)
{
	bool as_it_is = strstr(text, "deadline_ms") != NULL || text[0] == '@';
	size_t size = sizeof "deadline_ms = 60000; " + strlen(text);
	char *whole = harness_keep(malloc(size));
	struct harness_output output;

	(void)snprintf(whole, size, "%s%s", as_it_is ? "" : "deadline_ms = 60000; ", text);
	harness_config(whole);
	output = harness_load();
	ck_assert_msg(output.status == 0, "harness: load: status %d: %s%s", output.status, output.out,
	    output.err);
}
