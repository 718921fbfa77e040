/* helper - what qlimit(8) does for a delivery in the background */
#include "helper.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "hour.h"
#include "log.h"
#include "notify.h"
#include "place.h"
#include "real.h"

#define WORD_MAX 32
static char name[] = "qlimit";

/* A writable copy, as argv wants it. */
static char *
copy(char *word, size_t size, const char *from)
{
	struct text t;

	text_init(&t, word, size);
	text_add(&t, from);
	return word;
}

static void
start(char *const *argv, char *const *envp)
{
	char path[PLACE_PATH_MAX + 1];
	const struct child_program program = { path, argv, envp };

	real_find_ours(path, name);
	if (access(path, X_OK) == -1 || child_detach(&program) == -1)
		log_trouble("cannot start qlimit(8): rules, history and notices stay as they are", errno);
}

void
helper_start(const char *command, char *const *envp)
{
	char word[WORD_MAX];
	char *const argv[] = { name, copy(word, sizeof word, command), NULL };

	start(argv, envp);
}

void
helper_notify(const struct booking_notices *notices, char *const *envp)
{
	static char notify[] = "notify", end_of_options[] = "--";
	static struct notify_env env;
	char event[WORD_MAX], meter[METER_WORD_MAX];
	char *const argv[] = { name, notify, event, end_of_options, meter, NULL };

	for (size_t i = 0; i < notices->count; i++) {
		const struct booking_notice *n = &notices->at[i];
		const struct notify_facts facts = { .event = n->event, .meter = &n->meter,
			.counters = &n->counters, .observe = notices->observe, .hour = notices->hour };

		(void)copy(event, sizeof event, notify_event_name(n->event));
		meter_word(&n->meter, meter);
		notify_environment(&facts, envp, &env);
		start(argv, env.entry);
	}
}

/* Each delivery may meet the same trouble, and a process for each of them would be trouble of our own. */
static bool
was_told(const char *state, int64_t now)
{
	char path[PLACE_PATH_MAX + 1];
	struct stat st;

	return place_join(path, state, NOTIFY_TROUBLE_FILE) == 0 && lstat(path, &st) == 0 &&
	       hour_of(st.st_mtime) == hour_of(now);
}

void
helper_trouble(const char *what, const char *state, int64_t now, char *const *envp)
{
	static char notify[] = "notify", trouble[] = "trouble";
	static struct notify_env env;
	char *const argv[] = { name, notify, trouble, NULL };
	const struct notify_facts facts = { .event = NOTIFY_TROUBLE, .what = what };

	if (was_told(state, now))
		return;
	notify_environment(&facts, envp, &env);
	start(argv, env.entry);
}
