/*
 * helper_send - a stand-in for qmail-queue and qmail-send, for the demo
 *
 * usage: send RSPAWN QUEUE CONCURRENCY <list >log
 *
 * Each line of the list is a message: what qmail-queue says of its caller ("uid:48", "alias",
 * "network", "bounce"), the envelope sender (<> for none), and recipients, all separated by blanks.
 * Each message is queued, each recipient tried once through RSPAWN, at most CONCURRENCY at a time; the
 * log says what qmail-send's would. Where QLIMIT_SYSLOG is set, that socket is made anew, and what
 * arrives there is logged behind "syslog: ". Exit 0 if every delivery was reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness_queue.h"

#define SLOTS 255
#define REPORT_MAX 10000 /* what qmail-send keeps of a report */
#define LINE_SIZE 65536

struct message {
	char name[HARNESS_QUEUE_NAME];
	char line[LINE_SIZE];
	char *sender, *rest; /* in `line`; `rest` is what recipients are still to be tried */
	unsigned running, deferred;
	bool complete; /* all recipients were started */
};

static struct delivery {
	struct message *message; /* NULL: free */
	unsigned long id;
} deliveries[SLOTS];

static const char *queue;
static unsigned running, concurrency;
static unsigned long last_id;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A string as qmail-send logs it. */
static void
log_safe(const char *s)
{
	for (; *s != '\0'; s++)
		(void)putchar(*s == '\n' ? '/' : *s < 33 || *s > 126 || *s == '%' ? '_' : *s);
}

static const char *
number_of(const struct message *m)
{
	return strchr(m->name, '/') + 1;
}

static const char *
message_path(const struct message *m)
{
	static char path[4096];

	(void)snprintf(path, sizeof path, "%s/mess/%s", queue, m->name);
	return path;
}

static void
queue_message(struct message *m, char *origin)
{
	char invoked[80], text[1024], *colon = strchr(origin, ':');
	const char *uid = colon != NULL ? colon + 1 : "64011";
	struct stat st;
	int n;

	if (colon != NULL)
		(void)snprintf(invoked, sizeof invoked, "by uid %s", uid);
	else
		(void)snprintf(invoked, sizeof invoked, "%s %s", strcmp(origin, "alias") == 0 ? "by" :
		    strcmp(origin, "bounce") == 0 ? "for" : "from", origin);
	n = snprintf(text, sizeof text, "From: <%.200s>\nSubject: demo\n\nHello.\n", m->sender);
	if (harness_queue_put(queue, invoked, text, (size_t)n, m->name) == -1 ||
	    stat(message_path(m), &st) == -1)
		die(queue);
	printf("new msg %s\ninfo msg %s: bytes %jd from <", number_of(m), number_of(m),
	    (intmax_t)st.st_size);
	log_safe(m->sender);
	printf("> qp %ld uid %s\n", (long)getpid(), uid);
}

/* The next message of the list, queued; NULL at its end. */
static struct message *
next_message(void)
{
	struct message *m = calloc(1, sizeof *m);
	char *origin;

	if (m == NULL)
		die("memory");
	do {
		if (fgets(m->line, sizeof m->line, stdin) == NULL) {
			free(m);
			return NULL;
		}
		origin = strtok_r(m->line, " \n", &m->rest);
		m->sender = strtok_r(NULL, " \n", &m->rest);
	} while (origin == NULL || m->sender == NULL);
	if (strcmp(m->sender, "<>") == 0)
		m->sender += 2;
	queue_message(m, origin);
	return m;
}

static void
end_message(struct message *m)
{
	if (m->running > 0 || !m->complete)
		return;
	/* A message with a deferral stays in the queue; nobody tries it again here. */
	if (m->deferred == 0) {
		(void)unlink(message_path(m));
		printf("end msg %s\n", number_of(m));
	}
	free(m);
}

static void
start_delivery(int commands, struct message *m, const char *recipient)
{
	char command[4096];
	unsigned slot = 0;
	int n;

	while (deliveries[slot].message != NULL)
		slot++;
	command[0] = (char)slot;
	n = snprintf(command + 1, sizeof command - 1, "%s%c%s%c%s", m->name, '\0', m->sender, '\0',
	    recipient);
	/* poll(2) promised room for PIPE_BUF bytes: this cannot block while rspawn waits for us. */
	if (n + 2 > (int)sizeof command || write(commands, command, (size_t)n + 2) != n + 2)
		die("rspawn");
	deliveries[slot] = (struct delivery){ m, ++last_id };
	m->running++;
	running++;
	printf("starting delivery %lu: msg %s to remote ", last_id, number_of(m));
	log_safe(recipient);
	printf("\nstatus: local 0/10 remote %u/%u\n", running, concurrency);
}

/* Starts one delivery; false when the list is at its end. */
static bool
start_next(int commands)
{
	static struct message *m;
	char *recipient = NULL;

	while (recipient == NULL) {
		if (m == NULL && (m = next_message()) == NULL)
			return false;
		recipient = strtok_r(NULL, " \n", &m->rest);
		if (recipient == NULL) {
			m->complete = true;
			end_message(m);
			m = NULL;
		}
	}
	start_delivery(commands, m, recipient);
	return true;
}

/* A complete report: delivery number, letter, text. */
static void
take_report(const char *report)
{
	struct delivery *d = &deliveries[(unsigned char)report[0] % SLOTS];
	const char *what = report[1] == 'K' ? "success" : report[1] == 'D' ? "failure" : "deferral";

	if (d->message == NULL) {
		printf("warning: internal error: delivery report out of range\n");
		return;
	}
	if (report[1] == 'K' || report[1] == 'Z' || report[1] == 'D') {
		printf("delivery %lu: %s: ", d->id, what);
		log_safe(report + 2);
		(void)putchar('\n');
	} else {
		printf("delivery %lu: report mangled, will defer\n", d->id);
	}
	d->message->deferred += report[1] != 'K' && report[1] != 'D';
	d->message->running--;
	end_message(d->message);
	d->message = NULL;
	printf("status: local 0/10 remote %u/%u\n", --running, concurrency);
}

static void
read_reports(int reports)
{
	static char report[REPORT_MAX + 1];
	static size_t used;
	char buffer[2048];
	ssize_t n = read(reports, buffer, sizeof buffer);

	if (n <= 0)
		die("rspawn died");
	for (ssize_t i = 0; i < n; i++) {
		report[used] = buffer[i];
		used += used < REPORT_MAX;
		/* The number may be 0: the first byte never ends a report. */
		if (buffer[i] == '\0' && used > 1) {
			report[used - 1] = '\0';
			take_report(report);
			used = 0;
		}
	}
}

static int
open_syslog(void)
{
	const char *path = getenv("QLIMIT_SYSLOG");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (path == NULL || strlen(path) >= sizeof address.sun_path)
		return -1;
	(void)unlink(path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static void
read_syslog(int fd)
{
	char line[8192];
	ssize_t n;

	while (fd != -1 && (n = recv(fd, line, sizeof line - 1, 0)) > 0) {
		const char *text = line;

		line[n] = '\0';
		if (*text == '<')
			text += strcspn(text, ">") + 1;
		printf("syslog: %s\n", text);
	}
}

/* Starts rspawn; sets its pipes. */
static pid_t
start_rspawn(char *program, char *mess, int *commands, int *reports)
{
	char *argv[] = { program, mess, NULL };
	int to[2], from[2];
	pid_t pid;

	if (pipe(to) == -1 || pipe(from) == -1 || (pid = fork()) == -1)
		die("rspawn");
	if (pid == 0) {
		if (dup2(to[0], 0) == -1 || dup2(from[1], 1) == -1)
			_exit(111);
		for (int i = 0; i < 2; i++) {
			(void)close(to[i]);
			(void)close(from[i]);
		}
		(void)execv(program, argv);
		_exit(111);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	*commands = to[1];
	*reports = from[0];
	return pid;
}

/* Runs the list to its end. */
static void
send_all(int commands, int reports, int syslog_fd)
{
	bool more = true;

	while (more || running > 0) {
		struct pollfd fds[] = { { .fd = reports, .events = POLLIN },
			{ .fd = syslog_fd, .events = POLLIN },
			{ .fd = more && running < concurrency ? commands : -1, .events = POLLOUT } };

		if (poll(fds, 3, -1) == -1)
			die("poll");
		read_syslog(syslog_fd);
		if (fds[0].revents != 0)
			read_reports(reports);
		if (fds[2].revents != 0)
			more = start_next(commands);
	}
	read_syslog(syslog_fd);
}

int
main(int argc, char **argv)
{
	char mess[4096];
	unsigned char greeting;
	int commands, reports, status, syslog_fd;
	pid_t pid;

	if (argc != 4) {
		fprintf(stderr, "usage: send RSPAWN QUEUE CONCURRENCY\n");
		return 64;
	}
	queue = argv[2];
	if (access(queue, F_OK) == -1 && harness_queue_make(queue) == -1)
		die(queue);
	(void)snprintf(mess, sizeof mess, "%s/mess", queue);
	(void)signal(SIGPIPE, SIG_IGN);
	syslog_fd = open_syslog();
	pid = start_rspawn(argv[1], mess, &commands, &reports);
	if (read(reports, &greeting, 1) != 1)
		die(argv[1]);
	concurrency = (unsigned)atoi(argv[3]);
	if (concurrency < 1 || concurrency > greeting)
		concurrency = greeting;
	send_all(commands, reports, syslog_fd);
	(void)close(commands);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("rspawn's end");
	return 0;
}
