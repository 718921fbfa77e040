/*
 * helper_remote - a scripted qmail-remote
 *
 * usage: remote HOST SENDER RECIPIENT...            (or indimail's HOST SENDER QQEH SIZE RECIPIENT...)
 *
 * Reads its message, appends a line of what it was given to $FAKE_REMOTE_LOG (remote_log.c), and
 * then obeys the file $FAKE_REMOTE_SCRIPT if there is one, one step per line:
 *
 *	write BYTES      to fd 1, in one write; \0 \n \r \t \\ \xHH are escapes
 *	error BYTES      the same to fd 2
 *	repeat N BYTES   N times BYTES to fd 1, in one write
 *	sleep MS         milliseconds
 *	await NAME       until there is a file of that name beside the script, a minute at most
 *	close FD
 *	linger MS        leaves a process behind that holds every descriptor so long
 *	kill N           ends by signal N
 *	exit N           ends with that status; the end of the script is exit 0
 *	recipients       what each recipient's local part says, see below
 *	WORD             what that word says, to all recipients
 *
 * Without a script: `recipients`. A local part that begins with one of these words, alone or followed
 * by anything but a small letter, gets that answer, every other one is accepted:
 *
 *	accept  greylist  reject          answers of the other side to the recipient
 *	toobig                            ... to the message, after the recipients
 *	unreachable  busy  nohost         before SMTP, in its greeting, without it
 *	silent  crash                     no output; SIGSEGV
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "remote_log.h"

#define STRING(s) s, sizeof s /* with its NUL */
#define EXIT_BAD_SCRIPT 99

/* The texts of qmail-remote. */
static const struct answer {
	const char *word;
	const char *recipient; /* its report, NUL and all; NULL: the message's report stands alone */
	size_t recipient_size;
	const char *message; /* NULL: decided by the recipients' */
	size_t message_size;
} answers[] = {
	{ "accept", STRING("r"), NULL, 0 },
	{ "greylist", STRING("s192.0.2.25 does not like recipient.\n"
	    "Remote host said: 451 4.7.1 Greylisted, please come back later\n"), NULL, 0 },
	{ "reject", STRING("h192.0.2.25 does not like recipient.\n"
	    "Remote host said: 550 5.1.1 No such user here\n"), NULL, 0 },
	{ "toobig", STRING("r"), STRING("D192.0.2.25 failed after I sent the message.\n"
	    "Remote host said: 552 5.3.4 Message too big\n") },
	{ "unreachable", NULL, 0,
	    STRING("ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n") },
	{ "busy", NULL, 0, STRING("ZConnected to 192.0.2.25 but greeting failed.\n"
	    "Remote host said: 421 4.3.2 Too many connections\n") },
	{ "nohost", NULL, 0, STRING("DSorry, I couldn't find any host by that name. (#5.1.2)\n") },
	{ "silent", NULL, 0, "", 0 },
	{ "crash", NULL, 0, NULL, 0 },
};
static const char accepted[] =
    "K192.0.2.25 accepted message.\nRemote host said: 250 ok 1795282200 qp 42\n";
static const char given_up[] = "DGiving up on 192.0.2.25.\n";

static void
put(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, bytes, n);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return;
		bytes += w;
		n -= (size_t)w;
	}
}

static _Noreturn void
die_by(int sig)
{
	const struct rlimit no_core = { 0, 0 };
	sigset_t set;

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(sig);
	_exit(EXIT_BAD_SCRIPT);
}

static const struct answer *
answer_for(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (strlen(answers[i].word) == n && strncmp(answers[i].word, word, n) == 0)
			return &answers[i];
	return NULL;
}

/* Answers as the word says, or, where it is NULL, as each recipient does. */
static void
answer_all(const char *word, char **recipients)
{
	static char out[65536];
	const struct answer *a = NULL;
	const char *last = given_up;
	size_t used = 0, last_size = sizeof given_up;

	for (; *recipients != NULL; recipients++) {
		a = answer_for(word != NULL ? word : *recipients);
		if (a == NULL)
			a = &answers[0];
		if (a->recipient == NULL || used + a->recipient_size > sizeof out / 2)
			break;
		memcpy(out + used, a->recipient, a->recipient_size);
		used += a->recipient_size;
		if (a->recipient[0] == 'r') {
			last = a->message != NULL ? a->message : accepted;
			last_size = a->message != NULL ? a->message_size : sizeof accepted;
		}
	}
	if (a != NULL && a->recipient == NULL) {
		if (a->message == NULL)
			die_by(SIGSEGV);
		last = a->message;
		last_size = a->message_size;
	}
	memcpy(out + used, last, last_size);
	put(1, out, used + last_size);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* Replaces the escapes in place; returns how many bytes there are. */
static size_t
unescape(char *s)
{
	static const char names[] = "0nrt\\", values[] = "\0\n\r\t\\";
	char *out = s, *start = s;

	while (*s != '\0') {
		const char *name = s[0] == '\\' && s[1] != '\0' ? strchr(names, s[1]) : NULL;

		if (name != NULL) {
			*out++ = values[name - names];
			s += 2;
		} else if (s[0] == '\\' && s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0) {
			*out++ = (char)(hex_digit(s[2]) * 16 + hex_digit(s[3]));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	return (size_t)(out - start);
}

static void
repeat(char *rest)
{
	unsigned long times = strtoul(rest, &rest, 10);
	size_t n = unescape(rest += *rest == ' ');
	char *all = malloc(times * n + 1);

	if (all == NULL)
		_exit(EXIT_BAD_SCRIPT);
	for (unsigned long i = 0; i < times; i++)
		memcpy(all + i * n, rest, n);
	put(1, all, times * n);
	free(all);
}

static void
sleep_ms(long ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&wait, NULL);
}

/* Until the test says so, however slow this machine is. */
static void
await(const char *name)
{
	const char *script = getenv("FAKE_REMOTE_SCRIPT");
	char path[4096];

	(void)snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(script, '/') - script), script, name);
	for (int i = 0; access(path, F_OK) == -1; i++) {
		if (i == 6000)
			_exit(EXIT_BAD_SCRIPT);
		sleep_ms(10);
	}
}

static void
obey(char *step, char **recipients)
{
	char *rest = step + strcspn(step, " ");

	if (*rest != '\0')
		*rest++ = '\0';
	if (strcmp(step, "write") == 0) {
		put(1, rest, unescape(rest));
	} else if (strcmp(step, "error") == 0) {
		put(2, rest, unescape(rest));
	} else if (strcmp(step, "repeat") == 0) {
		repeat(rest);
	} else if (strcmp(step, "sleep") == 0) {
		sleep_ms(atol(rest));
	} else if (strcmp(step, "await") == 0) {
		await(rest);
	} else if (strcmp(step, "close") == 0) {
		(void)close(atoi(rest));
	} else if (strcmp(step, "linger") == 0) {
		if (fork() == 0) {
			sleep_ms(atol(rest));
			_exit(0);
		}
	} else if (strcmp(step, "kill") == 0) {
		die_by(atoi(rest));
	} else if (strcmp(step, "exit") == 0) {
		_exit(atoi(rest));
	} else if (strcmp(step, "recipients") == 0) {
		answer_all(NULL, recipients);
	} else if (answer_for(step) != NULL) {
		answer_all(step, recipients);
	} else {
		put(2, "Dremote: no such step\n", sizeof "Dremote: no such step\n");
		_exit(EXIT_BAD_SCRIPT);
	}
}

/* The whole script, to be freed; NULL if there is none. */
static char *
read_script(void)
{
	const char *path = getenv("FAKE_REMOTE_SCRIPT");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat st;
	char *script = NULL;
	ssize_t n;

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && (script = malloc((size_t)st.st_size + 1)) != NULL) {
		n = read(fd, script, (size_t)st.st_size);
		script[n > 0 ? n : 0] = '\0';
	}
	(void)close(fd);
	return script;
}

int
main(int argc, char **argv)
{
	bool sized = argc >= 6 && argv[4][strspn(argv[4], "0123456789")] == '\0';
	char **recipients = argv + (sized ? 5 : argc < 3 ? argc : 3);
	char *script, *step;

	remote_log(argc, argv);
	script = read_script();
	if (script == NULL) {
		answer_all(NULL, recipients);
		return 0;
	}
	for (step = strtok(script, "\n"); step != NULL; step = strtok(NULL, "\n"))
		obey(step, recipients);
	free(script);
	return 0;
}
