/* log - one line to syslog (facility mail), key=value, printable only */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FACILITY_MAIL (2 << 3)
#define VALUE_MAX 200
#define LOG_TRIES 20 /* in LOG_PATIENCE_MS */

static const char *log_path = "/dev/log";

void
log_to(const char *socket_path)
{
	log_path = socket_path != NULL ? socket_path : "/dev/log";
}

void
log_start(struct log_line *line, enum log_priority priority, const char *event)
{
	text_init(&line->text, line->buffer, sizeof line->buffer);
	/* No time stamp: the daemon puts its own, in its own time zone. */
	text_add(&line->text, "<");
	text_add_number(&line->text, FACILITY_MAIL | (unsigned)priority);
	text_add(&line->text, ">qlimit[");
	text_add_number(&line->text, (uint64_t)getpid());
	text_add(&line->text, "]: event=");
	text_add(&line->text, event);
}

static void
add_key(struct log_line *line, const char *key)
{
	text_add(&line->text, " ");
	text_add(&line->text, key);
	text_add(&line->text, "=");
}

void
log_bytes(struct log_line *line, const char *key, const char *bytes, size_t n)
{
	add_key(line, key);
	text_add_printable(&line->text, bytes, n, VALUE_MAX);
}

void
log_string(struct log_line *line, const char *key, const char *value)
{
	log_bytes(line, key, value, strlen(value));
}

void
log_number(struct log_line *line, const char *key, uint64_t value)
{
	add_key(line, key);
	text_add_number(&line->text, value);
}

void
log_sentence(struct log_line *line, const char *key, const char *sentence)
{
	add_key(line, key);
	text_add(&line->text, "\"");
	text_add_sentence(&line->text, sentence);
	text_add(&line->text, "\"");
}

/* Once; or, where the receiver does not keep up, again when he has read something, which others wait for, too. */
static int
send_text(int fd, const char *bytes, size_t n, unsigned tries)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	ssize_t sent;

	while ((sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL)) == -1 && errno == EAGAIN && --tries > 0)
		(void)poll(&room, 1, LOG_PATIENCE_MS / LOG_TRIES);
	return sent == (ssize_t)n ? 0 : -1;
}

static int
try_socket(int type, const struct sockaddr_un *address, const struct text *text, unsigned tries)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A stream needs the NUL to end the line; a datagram ends by itself. */
	size_t n = text->used + (type == SOCK_STREAM ? 1 : 0);
	int rc = -1, saved;

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
		rc = send_text(fd, text->data, n, tries);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return rc;
}

static void
send_line(struct log_line *line, unsigned tries)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(log_path);
	int saved = errno;

	if (n < sizeof address.sun_path) {
		memcpy(address.sun_path, log_path, n);
		if (try_socket(SOCK_DGRAM, &address, &line->text, tries) == -1 && errno == EPROTOTYPE)
			(void)try_socket(SOCK_STREAM, &address, &line->text, tries);
	}
	errno = saved;
}

void
log_send(struct log_line *line)
{
	send_line(line, 1);
}

void
log_send_patiently(struct log_line *line)
{
	send_line(line, LOG_TRIES);
}

void
log_trouble(const char *what, int error)
{
	log_trouble_words(what, error != 0 ? strerror(error) : NULL);
}

void
log_trouble_words(const char *what, const char *error)
{
	struct log_line line;

	log_start(&line, LOG_LINE_WARNING, "trouble");
	log_sentence(&line, "what", what);
	if (error != NULL)
		log_sentence(&line, "error", error);
	log_send(&line);
}
