/* admin_notify - the command notify: the admin's program is told what has happened */
#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hour.h"
#include "log.h"
#include "notify.h"
#include "payers.h"
#include "program.h"

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
	info.tidy_wanted = info.tidy_wanted || facts->hour != info.hour;
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

static int
tell(struct admin *a, const struct notify_facts *facts)
{
	char *argv[] = { a->essentials.notify, NULL }, said[SAID_MAX];
	static struct notify_env env;
	struct program program = { argv[0], argv, env.entry, a->essentials.notify_timeout_s };
	struct program_result result;

	notify_environment(facts, environ, &env);
	result = program_run(&program);
	(void)describe(said, &result, program.seconds);
	if (result.end == PROGRAM_EXITED && result.number == 0) {
		(void)printf("%s was told of %s\n", program.path, notify_event_name(facts->event));
		return EX_OK;
	}
	(void)fprintf(stderr, "qlimit: %s %s\n", program.path, said);
	log_failure(program.path, facts, said);
	return EX_UNAVAILABLE;
}

int
admin_notify(struct admin *a)
{
	struct notify_facts facts = { .event = NOTIFY_TEST };
	struct counters counters;
	struct meter meter;
	char host[HOST_MAX];
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
	if (gethostname(host, sizeof host) == 0)
		facts.host = host;
	return tell(a, &facts);
}
