/*
 * helper_rspawn - a stand-in for qmail-rspawn
 *
 * usage: rspawn [MESSDIR] 0<commands 1>reports
 *
 * Speaks the protocol of qmail-rspawn.8 and spawn.c in full: the first byte out is the number of
 * deliveries it can run at once; each command is a delivery number (one byte) and three strings ended
 * with NUL, message file, sender and recipient; each answer is the number, a report and NUL. Ends
 * when fd 0 has ended and no delivery is running.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_report.h"

#define SLOTS 255 /* delivery numbers are one byte, and so is the greeting */

struct string {
	char *data;
	size_t used, size;
};

struct slot {
	bool used;
	pid_t pid; /* 0: reaped */
	int wait_status;
	int in;  /* what the remote writes, read here */
	int out; /* kept open until the remote is reaped: no end of file before its status is known */
	struct string output;
};

struct command {
	int stage; /* 0: number next, then 1 to 3: file, sender, recipient */
	bool no_memory;
	unsigned number;
	struct string part[3];
};

static struct slot slots[SLOTS];
static bool reading = true;
static bool writing = true;
static uid_t queue_owner;

static bool
append(struct string *s, const char *bytes, size_t n)
{
	if (s->size - s->used < n) {
		size_t size = 2 * s->size + n;
		char *data = realloc(s->data, size);

		if (data == NULL)
			return false;
		s->data = data;
		s->size = size;
	}
	memcpy(s->data + s->used, bytes, n);
	s->used += n;
	return true;
}

/* qmail-send gone: deliveries that run are still seen to their end. */
static void
put(const char *bytes, size_t n)
{
	while (writing && n > 0) {
		ssize_t w = write(1, bytes, n);

		if (w == -1 && errno == EINTR)
			continue;
		writing = w != -1;
		bytes += writing ? w : 0;
		n -= writing ? (size_t)w : 0;
	}
}

static void
answer(unsigned number, const char *report, size_t n)
{
	char first = (char)number;

	put(&first, 1);
	put(report, n);
	put("", 1);
}

static void
on_child(int sig)
{
	int saved = errno, status;
	pid_t pid;

	(void)sig;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (struct slot *s = slots; s < slots + SLOTS; s++)
			if (s->used && s->pid == pid) {
				(void)close(s->out);
				s->out = -1;
				s->wait_status = status;
				s->pid = 0;
			}
	errno = saved;
}

static void
child_signal(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(how, &set, NULL);
}

/* error_temp(3) of qmail. */
static bool
is_temporary(int error)
{
	static const int temporary[] = { EINTR, ENOMEM, ETXTBSY, EIO, ETIMEDOUT, EWOULDBLOCK, EAGAIN,
		EDEADLK, EBUSY, ENFILE, EMFILE, EFBIG, ENOSPC, ENETDOWN, ENETUNREACH, ENETRESET,
		ECONNABORTED, ECONNRESET, ENOBUFS, ETOOMANYREFS, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH,
		EUSERS, EDQUOT, ESTALE, ENOLCK };

	for (size_t i = 0; i < sizeof temporary / sizeof temporary[0]; i++)
		if (error == temporary[i])
			return true;
	return false;
}

static void
run_remote(int message, int report, char *sender, char *recipient)
{
	char *named = getenv("QMAILREMOTE"), usual[] = "qmail-remote";
	char *argv[] = { named != NULL ? named : usual, strrchr(recipient, '@') + 1, sender, recipient,
		NULL };

	if (dup2(message, 0) == -1 || dup2(report, 1) == -1 || dup2(1, 2) == -1)
		_exit(111);
	(void)close(message);
	(void)close(report);
	(void)execvp(argv[0], argv);
	_exit(is_temporary(errno) ? 111 : 100);
}

/* Opens the message; NULL, or the report to answer with. */
static const char *
open_message(const char *name, int *fd)
{
	struct stat st;
	const char *trouble;

	*fd = open(name, O_RDONLY | O_NONBLOCK);
	if (*fd == -1)
		return "Zqmail-spawn unable to open message. (#4.3.0)\n";
	if (fstat(*fd, &st) == -1)
		trouble = "Zqmail-spawn unable to fstat message. (#4.3.0)\n";
	else if (!S_ISREG(st.st_mode))
		trouble = "ZSorry, message has wrong type. (#4.3.5)\n";
	else if (st.st_uid != queue_owner)
		trouble = "ZSorry, message has wrong owner. (#4.3.5)\n";
	else
		return NULL;
	(void)close(*fd);
	return trouble;
}

/* Starts the remote on an open message; NULL, or the report to answer with. */
static const char *
start_remote(struct slot *slot, int message, char *sender, char *recipient)
{
	int ends[2];

	if (pipe(ends) == -1)
		return "Zqmail-spawn unable to create pipe. (#4.3.0)\n";
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	slot->pid = fork();
	if (slot->pid == 0)
		run_remote(message, ends[1], sender, recipient);
	if (slot->pid == -1) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return "Zqmail-spawn unable to fork. (#4.3.0)\n";
	}
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	slot->in = ends[0];
	slot->out = ends[1];
	slot->output.used = 0;
	slot->used = true;
	return NULL;
}

/* Digits, with slashes anywhere but in front. */
static const char *
check_name(const struct string *name)
{
	for (size_t i = 0; i + 1 < name->used; i++)
		if ((name->data[i] < '0' || name->data[i] > '9') && (i == 0 || name->data[i] != '/'))
			return "DInternal error: messid has nonnumerics. (#5.3.5)\n";
	if (name->used > 100)
		return "DInternal error: messid too long. (#5.3.5)\n";
	return name->data[0] == '\0' ? "DInternal error: messid too short. (#5.3.5)\n" : NULL;
}

/* Obeys a complete command; NULL, or the report to answer with. */
static const char *
obey(struct command *c)
{
	char *recipient = c->part[2].data;
	const char *trouble;
	int message;

	if (c->no_memory)
		return "Zqmail-spawn out of memory. (#4.3.0)\n";
	if (c->number >= SLOTS)
		return "ZInternal error: delnum too big. (#4.3.5)\n";
	if (slots[c->number].used)
		return "ZInternal error: delnum in use. (#4.3.5)\n";
	trouble = check_name(&c->part[0]);
	if (trouble != NULL)
		return trouble;
	if (strchr(recipient, '@') == NULL)
		return "DSorry, address must include host name. (#5.1.3)\n";
	trouble = open_message(c->part[0].data, &message);
	if (trouble != NULL)
		return trouble;
	trouble = start_remote(&slots[c->number], message, c->part[1].data, recipient);
	(void)close(message);
	return trouble;
}

static void
take_byte(struct command *c, char byte)
{
	const char *trouble;

	if (c->stage == 0) {
		c->number = (unsigned char)byte;
		c->no_memory = false;
		for (int i = 0; i < 3; i++)
			c->part[i].used = 0;
		c->stage = 1;
		return;
	}
	if (!append(&c->part[c->stage - 1], &byte, 1))
		c->no_memory = true;
	if (byte != '\0' || ++c->stage <= 3)
		return;
	c->stage = 0;
	trouble = obey(c);
	if (trouble != NULL)
		answer(c->number, trouble, strlen(trouble));
}

static void
read_commands(struct command *c)
{
	char buffer[1024];
	ssize_t n = read(0, buffer, sizeof buffer);

	if (n == 0 || (n == -1 && errno != EINTR))
		reading = false;
	for (ssize_t i = 0; i < n; i++)
		take_byte(c, buffer[i]);
}

static void
finish(struct slot *slot)
{
	char *report;
	size_t n;

	while ((report = malloc(slot->output.used + HARNESS_REPORT_ROOM)) == NULL)
		(void)sleep(10);
	n = harness_report(report, slot->wait_status, slot->output.data, slot->output.used);
	answer((unsigned)(slot - slots), report, n);
	free(report);
	(void)close(slot->in);
	slot->used = false;
}

static void
read_output(struct slot *slot)
{
	char buffer[128];
	ssize_t n = read(slot->in, buffer, sizeof buffer);

	if (n == 0)
		finish(slot);
	while (n > 0 && !append(&slot->output, buffer, (size_t)n))
		(void)sleep(10);
}

/* One round of the loop; false when there is nothing left to wait for. */
static bool
serve(struct command *c)
{
	struct pollfd fds[SLOTS + 1];
	int ready, running = 0;

	for (int i = 0; i < SLOTS; i++) {
		fds[i] = (struct pollfd){ .fd = slots[i].used ? slots[i].in : -1, .events = POLLIN };
		running += slots[i].used;
	}
	fds[SLOTS] = (struct pollfd){ .fd = reading ? 0 : -1, .events = POLLIN };
	if (!reading && running == 0)
		return false;
	/* A child reaped before poll(2) begins is not missed: the handler closes a pipe's last end. */
	child_signal(SIG_UNBLOCK);
	ready = poll(fds, SLOTS + 1, -1);
	child_signal(SIG_BLOCK);
	if (ready == -1)
		return true;
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].used && fds[i].revents != 0)
			read_output(&slots[i]);
	if (fds[SLOTS].revents != 0)
		read_commands(c);
	return true;
}

int
main(int argc, char **argv)
{
	struct command command = { 0 };
	struct sigaction on_sigchld = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
	struct stat st;
	char greeting = (char)SLOTS;

	/* The directory's owner stands in for qmailq. */
	if ((argc > 1 && chdir(argv[1]) == -1) || stat(".", &st) == -1)
		_exit(111);
	queue_owner = st.st_uid;
	(void)umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	child_signal(SIG_BLOCK);
	(void)sigaction(SIGCHLD, &on_sigchld, NULL);
	put(&greeting, 1);
	while (serve(&command))
		;
	return 0;
}
