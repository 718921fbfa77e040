/* admin_print - how the CLI writes names, times, sizes and JSON */
#include "admin_print.h"

#include <inttypes.h>
#include <time.h>

#include "readable.h"
#include "terminal.h"
#include "text.h"

const char *
admin_print_clock(char *out, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	out[localtime_r(&t, &tm) == NULL ? 0 : strftime(out, ADMIN_TIME_MAX - 1, "%H:%M", &tm)] =
	    '\0';
	return out;
}

const char *
admin_print_time(char *out, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	out[localtime_r(&t, &tm) == NULL ?
		0 : strftime(out, ADMIN_TIME_MAX - 1, "%Y-%m-%d %H:%M:%S %Z", &tm)] = '\0';
	return out;
}

const char *
admin_print_utc(char *out, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	out[gmtime_r(&t, &tm) == NULL ?
		0 : strftime(out, ADMIN_TIME_MAX - 1, "%Y-%m-%dT%H:%M:%SZ", &tm)] = '\0';
	return out;
}

const char *
admin_print_name(char *out, const struct meter *meter)
{
	struct text t;

	text_init(&t, out, ADMIN_NAME_MAX);
	meter_add_name(&t, meter);
	return out;
}

const char *
admin_print_text(char *out, size_t size, const char *s)
{
	struct text t;

	text_init(&t, out, size);
	readable_add(&t, s, terminal_is_utf8());
	return out;
}

void
admin_print_age(FILE *f, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < 3 && seconds < units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	(void)fprintf(f, "%" PRId64 " %s%s ago", seconds, units[i].name, seconds == 1 ? "" : "s");
}

void
admin_json_open(struct admin_json *j, FILE *f)
{
	j->f = f;
	j->more = false;
	(void)fputc('{', f);
}

/* RFC 8259 section 7: beyond the first 65536 as two halves. */
static void
quote_character(FILE *f, uint32_t code)
{
	if (code == '"' || code == '\\')
		(void)fprintf(f, "\\%c", (int)code);
	else if (code >= 32 && code < 127)
		(void)fputc((int)code, f);
	else if (code < 0x10000)
		(void)fprintf(f, "\\u%04" PRIx32, code);
	else
		(void)fprintf(f, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

/* The output is ASCII whatever the name is; what is no character of UTF-8 is written as in the log. */
static void
quote(FILE *f, const char *s)
{
	uint32_t code;

	(void)fputc('"', f);
	while (*s != '\0') {
		size_t n = readable_character(s, &code);

		if (n > 0)
			quote_character(f, code);
		else
			(void)fprintf(f, "\\\\x%02x", (unsigned char)*s);
		s += n > 0 ? n : 1;
	}
	(void)fputc('"', f);
}

static void
member(struct admin_json *j, const char *name)
{
	if (j->more)
		(void)fputc(',', j->f);
	j->more = true;
	quote(j->f, name);
	(void)fputc(':', j->f);
}

void
admin_json_string(struct admin_json *j, const char *name, const char *value)
{
	member(j, name);
	quote(j->f, value);
}

void
admin_json_number(struct admin_json *j, const char *name, uint64_t value)
{
	member(j, name);
	(void)fprintf(j->f, "%" PRIu64, value);
}

void
admin_json_bool(struct admin_json *j, const char *name, bool value)
{
	member(j, name);
	(void)fputs(value ? "true" : "false", j->f);
}

void
admin_json_null(struct admin_json *j, const char *name)
{
	member(j, name);
	(void)fputs("null", j->f);
}

void
admin_json_close(struct admin_json *j)
{
	(void)fputs("}\n", j->f);
}

void
admin_json_begin(struct admin_json *j, const char *name)
{
	member(j, name);
	j->more = false;
	(void)fputc('{', j->f);
}

void
admin_json_end(struct admin_json *j)
{
	j->more = true;
	(void)fputc('}', j->f);
}

void
admin_json_limits(struct admin_json *j, const struct limits *limits)
{
	char text[LIMITS_TEXT_MAX];

	admin_json_number(j, "max_per_hour", limits->max_per_hour);
	admin_json_number(j, "max_per_day", limits->max_per_day);
	admin_json_number(j, "refuse_above_percent", limits->refuse_above_percent);
	admin_json_number(j, "max_failure_percent", limits->max_failure_percent);
	admin_json_number(j, "min_failures", limits->min_failures);
	admin_json_string(j, "on_failures", limits_text(text, limits, LIMITS_ON_FAILURES));
	admin_json_string(j, "count_failures", limits_text(text, limits, LIMITS_COUNT_FAILURES));
	admin_json_string(j, "count", limits_text(text, limits, LIMITS_UNIT));
	admin_json_bool(j, "exempt", limits->exempt);
}
