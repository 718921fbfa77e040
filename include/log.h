/*
 * log - one line to syslog (facility mail), key=value, printable only
 *
 * Not syslog(3): that blocks when syslogd has stopped reading, reads the time zone, and may write to
 * the console. Here a line that cannot be sent at once is lost, and nothing is ever written to a
 * descriptor of qmail's (facts/storage.md O5). Every function is safe in a signal handler.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

#include "text.h"

/* Priorities of syslog(3), of which these are used. */
enum log_priority { LOG_LINE_ERROR = 3, LOG_LINE_WARNING = 4, LOG_LINE_NOTICE = 5, LOG_LINE_INFO = 6 };

struct log_line {
	struct text text;
	char buffer[1900]; /* RFC 3164 names 1024; every syslogd in use takes 2048 and more */
};

/* Names the socket to log to; NULL means /dev/log. The string is kept, not copied. */
void log_to(const char *socket_path);

/* Starts a line that says what happened: one word, such as "held" or "trouble". */
void log_start(struct log_line *line, enum log_priority priority, const char *event);

/* Append ` key=value`; a string is escaped (text_add_printable) and cut at 200 characters. */
void log_string(struct log_line *line, const char *key, const char *value);
void log_bytes(struct log_line *line, const char *key, const char *bytes, size_t n);
void log_number(struct log_line *line, const char *key, uint64_t value);

/* Appends ` key="sentence"`: trusted words of the program, or strings escaped but for spaces. */
void log_sentence(struct log_line *line, const char *key, const char *sentence);

/* Sends the line, keeping errno. */
void log_send(struct log_line *line);

/* The same, but waits up to LOG_PATIENCE_MS for a syslogd that does not keep up: for what must not be missed. */
#define LOG_PATIENCE_MS 500
void log_send_patiently(struct log_line *line);

/* One line of trouble: what, and errno where `error` is not 0. In a signal handler `error` is 0. */
void log_trouble(const char *what, int error);

/* The same with the error in words, or NULL for none. */
void log_trouble_words(const char *what, const char *error);

#endif
