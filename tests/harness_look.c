/* harness_look - what the programs left to look at: syslog, the remote's runs, counters */
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness_inside.h"

static int log_socket = -1;
static struct harness_buffer log_text;
static FILE *calls_file;
static struct harness_buffer calls_text;

void
harness_look_open(const char *socket_path, const char *calls_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	HARNESS_MUST(strlen(socket_path) < sizeof address.sun_path);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	HARNESS_MUST(log_socket != -1);
	HARNESS_MUST(bind(log_socket, (const struct sockaddr *)&address, sizeof address) == 0);
	calls_file = fopen(calls_path, "a+");
	HARNESS_MUST(calls_file != NULL);
	harness_buffer_add(&log_text, "", 0);
	harness_buffer_add(&calls_text, "", 0);
}

void
harness_look_close(void)
{
	if (log_socket != -1)
		(void)close(log_socket);
	log_socket = -1;
	if (calls_file != NULL)
		(void)fclose(calls_file);
	calls_file = NULL;
	free(log_text.data);
	free(calls_text.data);
	log_text = calls_text = (struct harness_buffer){ 0 };
}

int
harness_log_fd(void)
{
	return log_socket;
}

void
harness_log_drain(void)
{
	char line[8192];
	ssize_t n;

	while (log_socket != -1 && (n = recv(log_socket, line, sizeof line, 0)) > 0) {
		harness_buffer_add(&log_text, line, (size_t)n);
		harness_buffer_add(&log_text, "\n", 1);
	}
}

static const char *
keep_line(const char *at, size_t n)
{
	char *line = harness_keep(malloc(n + 1));

	memcpy(line, at, n);
	line[n] = '\0';
	return line;
}

static bool
contains(const char *line, size_t n, const char *words)
{
	size_t length = strlen(words);

	for (; n >= length; n--, line++)
		if (memcmp(line, words, length) == 0)
			return true;
	return false;
}

/* The line with this index among those that contain the words, kept, and how many came before it. */
static const char *
find_line(const char *text, const char *words, size_t index, size_t *count)
{
	*count = 0;
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (contains(text, n, words != NULL ? words : "")) {
			if (*count == index)
				return keep_line(text, n);
			++*count;
		}
		text += n + (text[n] == '\n');
	}
	return NULL;
}

size_t
harness_log_lines(const char *containing)
{
	size_t count;

	harness_log_drain();
	(void)find_line(log_text.data, containing, SIZE_MAX, &count);
	return count;
}

const char *
harness_log_line(const char *containing, size_t index)
{
	size_t count;

	harness_log_drain();
	return find_line(log_text.data, containing, index, &count);
}

/* All the remote has logged; only what is new is read. */
static const char *
read_calls(void)
{
	char chunk[16384];
	size_t n;

	clearerr(calls_file);
	while ((n = fread(chunk, 1, sizeof chunk, calls_file)) > 0)
		harness_buffer_add(&calls_text, chunk, n);
	return calls_text.data;
}

size_t
harness_calls(void)
{
	size_t count;

	(void)find_line(read_calls(), NULL, SIZE_MAX, &count);
	return count;
}

/* A kept copy of n bytes with \xHH made one byte again. */
static const char *
unescape(const char *s, size_t n)
{
	char *out = harness_keep(malloc(n + 1)), *to = out, digits[3] = "";

	for (const char *end = s + n; s < end; s++) {
		if (*s == '\\' && end - s >= 4) {
			memcpy(digits, s + 2, 2);
			*to++ = (char)strtoul(digits, NULL, 16);
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return out;
}

const char *
harness_call(size_t index, const char *key)
{
	size_t count, n = strlen(key);
	const char *word = find_line(read_calls(), NULL, index, &count);

	while (word != NULL && *word != '\0') {
		size_t length = strcspn(word, " ");

		if (length > n && strncmp(word, key, n) == 0 && word[n] == '=')
			return unescape(word + n + 1, length - n - 1);
		word += length + (word[length] == ' ');
	}
	return NULL;
}

/* One character of a JSON string, which *at stands on; moves *at behind it. */
static char
json_character(const char **at)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *s = *at, *name;
	char digits[5] = "";

	if (s[0] != '\\' || s[1] == '\0') {
		*at = s + 1;
		return s[0];
	}
	*at = s + 2;
	if (s[1] == 'u' && strlen(s) >= 6) {
		memcpy(digits, s + 2, 4);
		*at = s + 6;
		return (char)strtoul(digits, NULL, 16);
	}
	name = strchr(names, s[1]);
	return name != NULL ? values[name - names] : s[1];
}

/* Copies a field's value as text. False if the line has no such field or it does not fit. */
static bool
json_field(const char *line, const char *key, char *out, size_t size)
{
	char pattern[40];
	const char *at, *ends;
	bool string;

	(void)snprintf(pattern, sizeof pattern, "\"%s\":", key);
	at = strstr(line, pattern);
	if (at == NULL)
		return false;
	at += strlen(pattern);
	at += strspn(at, " ");
	string = *at == '"';
	at += string;
	ends = string ? "\"" : ",} ";
	while (size > 1 && *at != '\0' && strchr(ends, *at) == NULL) {
		*out++ = json_character(&at);
		size--;
	}
	*out = '\0';
	return *at != '\0' && strchr(ends, *at) != NULL;
}

static uint64_t
json_number(const char *line, const char *key)
{
	char text[40], *end;
	unsigned long long value;

	ck_assert_msg(json_field(line, key, text, sizeof text), "harness: no %s in %s", key, line);
	value = strtoull(text, &end, 10);
	ck_assert_msg(*text != '\0' && *end == '\0', "harness: %s is no number in %s", key, line);
	return value;
}

static struct harness_counters
read_counters(const char *line)
{
	struct harness_counters c = { .found = true };

	ck_assert_msg(json_field(line, "hour", c.hour, sizeof c.hour), "harness: no hour in %s", line);
	ck_assert_msg(json_field(line, "state", c.state, sizeof c.state), "harness: no state in %s",
	    line);
	c.admitted = json_number(line, "admitted");
	c.sent = json_number(line, "sent");
	c.deferred = json_number(line, "deferred");
	c.failed = json_number(line, "failed");
	c.unreached = json_number(line, "unreached");
	c.held = json_number(line, "held");
	c.refused = json_number(line, "refused");
	c.discarded = json_number(line, "discarded");
	c.returned = json_number(line, "returned");
	c.bytes = json_number(line, "bytes");
	c.max_per_hour = json_number(line, "max_per_hour");
	return c;
}

struct harness_counters
harness_counters(const char *kind, const char *name)
{
	struct harness_output show = harness_cli("show", "--json");
	char its_kind[40], its_name[1100];
	const char *line;
	size_t count;

	ck_assert_msg(show.status == 0, "harness: show: status %d: %s", show.status, show.err);
	for (size_t i = 0; (line = find_line(show.out, "\"kind\"", i, &count)) != NULL; i++)
		if (json_field(line, "kind", its_kind, sizeof its_kind) && strcmp(its_kind, kind) == 0 &&
		    json_field(line, "name", its_name, sizeof its_name) && strcmp(its_name, name) == 0)
			return read_counters(line);
	return (struct harness_counters){ 0 };
}
