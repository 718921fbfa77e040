/* essentials - the few settings the wrapper needs when its store cannot be used */
#include "essentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "small_file.h"
#include "text.h"

#define NAME "essentials"
#define FILE_MAX 2048 /* holds all paths and filters at their longest */
#define FIRST_LINE "qlimit essentials 1"

void
essentials_init(struct essentials *e)
{
	memset(e, 0, sizeof *e);
	e->deadline_ms = 2000;
	e->notify_timeout_s = ESSENTIALS_NOTIFY_TIMEOUT;
	e->warn_percent = ESSENTIALS_WARN_PERCENT;
}

static bool
set_path(char *to, const char *value)
{
	if (value[0] != '\0' && !place_is_path(value, PLACE_PATH_MAX))
		return false;
	memcpy(to, value, strlen(value) + 1);
	return true;
}

static bool
set_number(uint32_t *to, const char *value, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*end != '\0' || n < least || n > most)
		return false;
	*to = (uint32_t)n;
	return true;
}

/* Any printable text, also one with "=" in it: a line's name ends at the first. */
static bool
add_filter(struct head_trust *trust, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || n > HEAD_FILTER_MAX || trust->filters_count == HEAD_FILTERS_MAX)
		return false;
	memcpy(trust->filters[trust->filters_count++], value, n + 1);
	return true;
}

static bool
set(struct essentials *e, const char *name, const char *value)
{
	if (strcmp(name, "remote") == 0)
		return set_path(e->remote, value);
	if (strcmp(name, "state") == 0)
		return set_path(e->state, value);
	if (strcmp(name, "deadline_ms") == 0)
		return set_number(&e->deadline_ms, value, 100, 60000);
	if (strcmp(name, "notify") == 0)
		return set_path(e->notify, value);
	if (strcmp(name, "notify_timeout") == 0)
		return set_number(&e->notify_timeout_s, value, 1, ESSENTIALS_NOTIFY_TIMEOUT_MOST);
	if (strcmp(name, "warn_percent") == 0)
		return set_number(&e->warn_percent, value, 1, 100);
	if (strcmp(name, "on_error") == 0) {
		e->defer_on_error = strcmp(value, "defer") == 0;
		return e->defer_on_error || strcmp(value, "deliver") == 0;
	}
	if (strcmp(name, "smtp_auth") == 0) {
		e->trust.smtp_auth = strcmp(value, "received") == 0;
		return e->trust.smtp_auth || strcmp(value, "none") == 0;
	}
	if (strcmp(name, "trusted_received") == 0)
		return add_filter(&e->trust, value);
	return true; /* a newer qlimit's setting */
}

/* One line after the first. */
static bool
parse_setting(struct essentials *e, char *line)
{
	char *value = strchr(line, '=');

	if (value == NULL)
		return false;
	*value = '\0';
	return set(e, line, value + 1);
}

/* The text in `line`, a string: every line is `name=value`, the last one too ends in a newline. */
static bool
parse(struct essentials *e, char *line)
{
	bool first = true;

	while (*line != '\0') {
		char *end = strchr(line, '\n');

		if (end == NULL)
			return false;
		*end = '\0';
		if (first ? strcmp(line, FIRST_LINE) != 0 : !parse_setting(e, line))
			return false;
		first = false;
		line = end + 1;
	}
	return !first;
}

int
essentials_read(struct essentials *e, const char *directory)
{
	char buffer[FILE_MAX + 1];

	essentials_init(e);
	if (small_file_read(directory, NAME, buffer, sizeof buffer) == -1)
		return -1;
	if (parse(e, buffer))
		return 0;
	essentials_init(e);
	errno = EBADMSG;
	return -1;
}

static void
compose(struct text *t, const struct essentials *e)
{
	text_add(t, FIRST_LINE "\nremote=");
	text_add(t, e->remote);
	text_add(t, "\nstate=");
	text_add(t, e->state);
	text_add(t, e->defer_on_error ? "\non_error=defer" : "\non_error=deliver");
	text_add(t, "\ndeadline_ms=");
	text_add_number(t, e->deadline_ms);
	text_add(t, "\nnotify=");
	text_add(t, e->notify);
	text_add(t, "\nnotify_timeout=");
	text_add_number(t, e->notify_timeout_s);
	text_add(t, "\nwarn_percent=");
	text_add_number(t, e->warn_percent);
	text_add(t, e->trust.smtp_auth ? "\nsmtp_auth=received\n" : "\nsmtp_auth=none\n");
	for (size_t i = 0; i < e->trust.filters_count; i++) {
		text_add(t, "trusted_received=");
		text_add(t, e->trust.filters[i]);
		text_add(t, "\n");
	}
}

int
essentials_write(const struct essentials *e, const char *directory)
{
	char buffer[FILE_MAX + 1];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	compose(&t, e);
	return small_file_write(directory, NAME, t.data, t.used);
}
