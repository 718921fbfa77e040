/* admin_notify - the command notify: the admin's program is told what has happened */
#include "admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_meter.h"
#include "admin_print.h"
#include "hour.h"
#include "log.h"
#include "notify.h"
#include "payers.h"
#include "program.h"
#include "small_file.h"

#define HOST_MAX 256
#define SAID_MAX 200

extern char **environ;

static int
misuse(const char *word)
{
	(void)fprintf(stderr, "qlimit: \"%.40s\": not an event:", word);
	for (unsigned i = 0; i < NOTIFY_EVENTS; i++)
		(void)fprintf(stderr, "%s %s", i == 0 ? "" : i + 1 == NOTIFY_EVENTS ? " or" : ",",
		    notify_event_name((enum notify_event)i));
	(void)fputc('\n', stderr);
	return EX_USAGE;
}

static int
nobody_to_tell(const struct admin *a)
{
	(void)fprintf(stderr, "qlimit: nobody to tell: no `notify` is in force in %s; set it in %s and run "
	    "`qlimit load`\n", a->place.state, a->place.config);
	return EX_CONFIG;
}

/* Of a meter's hour, as `show` has it. False, after saying why, if there is nothing to be read. */
static bool
look_up(struct admin *a, struct notify_facts *facts, struct counters *counters)
{
	struct info info;
	int status;
	struct store *s = admin_open_live(a, &info, &status);

	if (s == NULL)
		return false;
	facts->hour = hour_to_count_in(a->now, info.hour);
	facts->observe = info.settings.observe;
	info.tidy_wanted |= facts->hour != info.hour;
	info.hour = facts->hour;
	if (payers_read(s, &info, facts->meter, counters) == -1) {
		(void)admin_store_failed(s);
		return false;
	}
	store_rollback(s);
	store_close(s);
	facts->counters = counters;
	return true;
}

/* What came of it, in words. */
static const char *
describe(char *out, const struct program_result *result, uint32_t seconds)
{
	switch (result->end) {
	case PROGRAM_KILLED:
		(void)snprintf(out, SAID_MAX, "was killed by signal %d", result->number);
		break;
	case PROGRAM_TOO_SLOW:
		(void)snprintf(out, SAID_MAX, "took more than %u seconds (notify_timeout) and was killed", seconds);
		break;
	case PROGRAM_INTERRUPTED:
		(void)snprintf(out, SAID_MAX, "was interrupted by signal %d and killed", result->number);
		break;
	case PROGRAM_NOT_RUN:
		(void)snprintf(out, SAID_MAX, "cannot be executed: %s", strerror(result->number));
		break;
	default:
		(void)snprintf(out, SAID_MAX, "exited with status %d", result->number);
		break;
	}
	return out;
}

/* For an admin who was not told, and does not know. */
static void
log_failure(const char *program, const struct notify_facts *facts, const char *what)
{
	struct log_line line;

	log_start(&line, LOG_LINE_WARNING, "notify_failed");
	log_string(&line, "program", program);
	log_string(&line, "notice", notify_event_name(facts->event));
	if (facts->meter != NULL)
		log_string(&line, "kind", meter_kind_name(facts->meter->kind));
	if (facts->meter != NULL && facts->meter->length > 0)
		log_bytes(&line, "name", facts->meter->name, facts->meter->length);
	log_sentence(&line, "what", what);
	log_send(&line);
}

/* What came of it, for programs; `end` is a word. */
static void
say_json(const struct admin *a, const struct notify_facts *facts, const char *end, int number)
{
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "notice");
	admin_json_string(&j, "event", notify_event_name(facts->event));
	admin_json_string(&j, "program", a->essentials.notify);
	admin_json_string(&j, "result", end);
	admin_json_number(&j, "number", (uint64_t)number);
	admin_json_close(&j);
}

static const char *
end_name(enum program_end end)
{
	static const char *const names[] = { [PROGRAM_EXITED] = "exited", [PROGRAM_KILLED] = "killed",
		[PROGRAM_TOO_SLOW] = "too_slow", [PROGRAM_INTERRUPTED] = "interrupted", [PROGRAM_NOT_RUN] = "not_run" };

	return names[end];
}

static int
tell(const struct admin *a, const struct notify_facts *facts)
{
	char path[PLACE_PATH_MAX + 1], *argv[] = { path, NULL }, said[SAID_MAX];
	static struct notify_env env;
	struct program program = { path, argv, env.entry, a->essentials.notify_timeout_s,
		a->option[ADMIN_JSON] != NULL };
	struct program_result result;

	memcpy(path, a->essentials.notify, sizeof path);
	notify_environment(facts, environ, &env);
	result = program_run(&program);
	(void)describe(said, &result, program.seconds);
	if (program.apart)
		say_json(a, facts, end_name(result.end), result.number);
	if (result.end == PROGRAM_EXITED && result.number == 0) {
		if (!program.apart)
			(void)printf("%s was told of %s\n", program.path, notify_event_name(facts->event));
		return EX_OK;
	}
	(void)fprintf(stderr, "qlimit: %s %s\n", program.path, said);
	log_failure(program.path, facts, said);
	return EX_UNAVAILABLE;
}

/*
 * Trouble is told once an hour, whoever meets it first; not where that cannot be noted, or a full disk would
 * make a notice of every delivery.
 */
static bool
is_first_trouble(const struct admin *a)
{
	const struct timespec times[] = { { .tv_sec = a->now }, { .tv_sec = a->now } };
	char path[PLACE_PATH_MAX + 1];
	int lock = small_file_lock(a->place.state);
	struct stat st;
	bool first = lock != -1 && place_join(path, a->place.state, NOTIFY_TROUBLE_FILE) == 0 &&
	    (lstat(path, &st) == -1 || hour_of(st.st_mtime) != hour_of(a->now)) &&
	    small_file_write(a->place.state, NOTIFY_TROUBLE_FILE, "", 0) == 0 &&
	    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0;

	if (lock != -1)
		(void)close(lock);
	return first;
}

static int
tell_once(const struct admin *a, const struct notify_facts *event)
{
	struct notify_facts facts = *event; /* `host` is ours alone */
	char host[HOST_MAX];

	if (facts.event == NOTIFY_TROUBLE && !is_first_trouble(a)) {
		if (a->option[ADMIN_JSON] != NULL)
			say_json(a, &facts, "told_before", 0);
		else
			(void)puts("trouble was told in this hour already, or that cannot be noted");
		return EX_OK;
	}
	if (gethostname(host, sizeof host) == 0)
		facts.host = host;
	return tell(a, &facts);
}

void
admin_notify_event(const struct admin *a, struct notify_facts *facts)
{
	/* Whoever sits at a terminal sees what is wrong. */
	if (a->essentials.notify[0] != '\0' && !isatty(2))
		(void)tell_once(a, facts);
}

int
admin_notify(struct admin *a)
{
	struct notify_facts facts = { .event = NOTIFY_TEST };
	struct counters counters;
	struct meter meter;
	int status;

	if (!notify_event_parse(a->names[0], &facts.event))
		return misuse(a->names[0]);
	if (a->names[1] != NULL && !admin_meter(&meter, a->names[1]))
		return EX_USAGE;
	facts.meter = a->names[1] != NULL ? &meter : NULL;
	status = admin_enter(a, false);
	if (status != EX_OK)
		return status;
	if (a->essentials.notify[0] == '\0')
		return nobody_to_tell(a);
	facts.retold = notify_is_retold(&facts, environ);
	/* A program that is to tell of trouble is run all the more where the store cannot be read. */
	if (facts.meter != NULL && !(facts.retold && notify_value(environ, "QLIMIT_ADMITTED") != NULL))
		(void)look_up(a, &facts, &counters);
	return tell_once(a, &facts);
}
