/* admin_print - how the CLI writes names, times, sizes and JSON */
#include "admin_print.h"

#include <inttypes.h>
#include <time.h>

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
	text_add_printable(&t, meter->name, meter->length, ADMIN_NAME_MAX);
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

/* Bytes above 126 are passed on only as escapes: the output is ASCII whatever the name is. */
static void
quote(FILE *f, const char *s)
{
	(void)fputc('"', f);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)fprintf(f, "\\%c", c);
		else if (c < 32 || c > 126)
			(void)fprintf(f, "\\u%04x", c);
		else
			(void)fputc(c, f);
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
