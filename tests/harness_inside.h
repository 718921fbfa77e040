/*
 * harness_inside - what the parts of the harness share
 */
#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Not ck_assert alone: the reader of a failure wants errno. */
#define HARNESS_MUST(condition) \
	ck_assert_msg(condition, "harness: %s: %s", #condition, strerror(errno))

/* A string of bytes that grows; always ended with a NUL. */
struct harness_buffer {
	char *data;
	size_t used, size;
};

void harness_buffer_add(struct harness_buffer *b, const char *bytes, size_t n);

/* Hands memory from malloc(3) to harness_end(), and returns it. */
void *harness_keep(void *memory);

/* Binds the syslog socket and names the remote's log. Closing what was never opened is harmless. */
void harness_look_open(const char *socket_path, const char *calls_path);
void harness_look_close(void);

/* The syslog socket's descriptor, to wait for, and taking in what waits there. */
int harness_log_fd(void);
void harness_log_drain(void);

#endif
