/* burst - deliveries started as qmail-rspawn starts them, any number at once */
#include "burst.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGES 64
#define NO_GATE (-1)

static const char answer[] = "r\0Kok\n";
static uint64_t delivered; /* makes every recipient another one: no run is a retry */
static int64_t started_at;

static int
trouble(const char *what)
{
	(void)fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	return -1;
}

static int64_t
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- queue files --- */

static int
write_message(unsigned number)
{
	char name[16];
	FILE *f;

	(void)snprintf(name, sizeof name, "%u", number);
	f = fopen(name, "w");
	if (f == NULL)
		return trouble(name);
	(void)fprintf(f, "Received: (qmail %u invoked by uid 48); 21 Nov 2026 17:37:24 -0000\n"
	                 "Date: 21 Nov 2026 17:37:24 -0000\nMessage-ID: <%u@bench.example>\n"
	                 "From: a@bench.example\nTo: b@example.org\nSubject: bench\n\n",
	    16000 + number, number);
	for (int line = 0; line < 40; line++)
		(void)fputs("All work and no play makes a queue file of ordinary size.\n", f);
	return fclose(f) == 0 ? 0 : trouble(name);
}

int
burst_init(const char *directory)
{
	sigset_t child;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	if (chdir(directory) == -1)
		return trouble(directory);
	for (unsigned i = 0; i < MESSAGES; i++)
		if (write_message(i) == -1)
			return -1;
	return 0;
}

static int
open_message(uint64_t number)
{
	char name[16];

	(void)snprintf(name, sizeof name, "%u", (unsigned)(number % MESSAGES));
	return open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* --- contestants --- */

static void
set_variable(struct contestant *c, unsigned i, const char *name, const char *directory,
    const char *file)
{
	(void)snprintf(c->variable[i], sizeof c->variable[i], "%s=%s%s", name, directory, file);
	c->environment[i] = c->variable[i];
}

int
burst_contestant(struct contestant *c, const char *text, const char *remote)
{
	char directory[128];

	memset(c, 0, sizeof *c);
	c->stride = 1;
	if (sscanf(text, "%31[^=]=%255[^:]:%127[^:]:%u/%u", c->name, c->program, directory,
	        &c->domains, &c->stride) < 4 || c->domains == 0) {
		(void)fprintf(stderr, "bench: %s: not NAME=PROGRAM:DIRECTORY:DOMAINS[/STRIDE]\n", text);
		return -1;
	}
	set_variable(c, 0, "PATH", "/usr/local/bin:/usr/bin:/bin", "");
	set_variable(c, 1, "QLIMIT_CONFIG", directory, "/qlimit.conf");
	set_variable(c, 2, "QLIMIT_STATE", directory, "/state");
	set_variable(c, 3, "QLIMIT_SYSLOG", directory, "/no-syslog");
	set_variable(c, 4, "QLIMIT_REMOTE", remote, "");
	set_variable(c, 5, "ADMIN_STATE", directory, "/admin");
	set_variable(c, 6, "BENCH_READY", directory, "/ready");
	set_variable(c, 7, "BENCH_GATE", directory, "/gate");
	return 0;
}

/* Marsaglia's xorshift: the same senders in every bench, in no order a cache could like. */
static unsigned
next_random(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* --- runs --- */

/* In the child, also of vfork(2). */
static void
become(struct contestant *c, struct run *run, int message, const int *out, const int *gate)
{
	static char name[] = "qmail-remote", host[] = "example.org";
	char *argv[] = { name, host, run->sender, run->recipient, NULL };
	char c0;

	if (gate[0] != NO_GATE) {
		(void)close(gate[1]);
		(void)!read(gate[0], &c0, 1);
	}
	(void)dup2(message, 0);
	(void)dup2(out[1], 1);
	(void)dup2(out[1], 2);
	(void)execve(c->program, argv, c->environment);
	_exit(111);
}

static int
start_one(struct contestant *c, struct run *run, const int *gate)
{
	int message = open_message(delivered), out[2];

	if (message == -1 || pipe2(out, O_CLOEXEC) == -1)
		return trouble("message or pipe");
	(void)snprintf(run->sender, sizeof run->sender, "user@d%06u.example",
	    next_random() % c->domains * c->stride);
	(void)snprintf(run->recipient, sizeof run->recipient, "u%llu@example.org",
	    (unsigned long long)delivered++);
	run->pid = gate[0] == NO_GATE ? vfork() : fork();
	if (run->pid == 0)
		become(c, run, message, out, gate);
	(void)close(message);
	(void)close(out[1]);
	run->out = out[0];
	return run->pid == -1 ? trouble("fork") : 0;
}

int
burst_start(struct contestant *c, struct run *runs, unsigned n)
{
	int gate[2] = { NO_GATE, NO_GATE };

	/* Else the first would be gone before the last was there: forking takes time as well. */
	if (n > 1 && pipe2(gate, O_CLOEXEC) == -1)
		return trouble("pipe");
	started_at = now();
	for (unsigned i = 0; i < n; i++)
		if (start_one(c, &runs[i], gate) == -1)
			return -1;
	if (n == 1)
		return 0;
	(void)close(gate[0]);
	started_at = now();
	(void)close(gate[1]);
	return 0;
}

static int
finish_one(const struct run *run, const char *name)
{
	char bytes[64];
	size_t got = 0;
	ssize_t n;
	int status;

	while (got < sizeof bytes && (n = read(run->out, bytes + got, sizeof bytes - got)) > 0)
		got += (size_t)n;
	(void)close(run->out);
	if (waitpid(run->pid, &status, 0) != run->pid)
		return trouble("waitpid");
	if (status == 0 && got == sizeof answer && memcmp(bytes, answer, got) == 0)
		return 0;
	(void)fprintf(stderr, "bench: %s: not the remote's answer: wait status %d, %zu bytes: %.*s\n",
	    name, status, got, (int)got, bytes);
	return -1;
}

int
burst_finish(struct contestant *c, struct run *runs, unsigned n)
{
	int rc = 0;

	for (unsigned i = 0; i < n; i++)
		if (finish_one(&runs[i], c->name) == -1)
			rc = -1;
		else
			c->runs++;
	return rc;
}

int64_t
burst_time(struct contestant *c, unsigned n)
{
	static struct run runs[BURST_MAX];

	if (burst_start(c, runs, n) == -1 || burst_finish(c, runs, n) == -1)
		return -1;
	return now() - started_at;
}
