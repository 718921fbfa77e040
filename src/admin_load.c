/* admin_load - the commands check and load */
#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin_changes.h"
#include "compile.h"
#include "config.h"
#include "log.h"
#include "owner.h"
#include "store_file.h"

static void
print_hosted(const struct config *config)
{
	const char *between = " (";

	if (config->hosted == 0)
		(void)printf("no hosted domains: every sender domain is counted alone");
	else
		(void)printf("hosted names: %zu", config->hosted);
	for (size_t i = 0; i < config->hosted_count; i++) {
		const struct config_hosted *file = &config->hosted_files[i];

		if (file->names == 0)
			continue;
		(void)printf("%s%zu in %s", between, file->names, file->path);
		between = ", ";
	}
	(void)printf("%s; users: %zu, destinations: %zu\n", config->hosted > 0 ? ")" : "",
	    config->users, config->destinations);
}

static void
print_summary(const struct config *config)
{
	const struct limits *others = &config->rules[1].limits; /* server, then default */

	(void)printf("mode %s; domains: %zu, packages: %zu; default: max_per_hour %u, "
	    "max_failure_percent %u (0: no limit)\n",
	    config->settings.observe ? "observe" : "enforce", config->domains, config->packages,
	    others->max_per_hour, others->max_failure_percent);
	print_hosted(config);
	if (config->notify != NULL)
		(void)printf("notify %s, from %u %% of a limit on%s%s%s\n", config->notify, config->warn_percent,
		    config->notify_user != NULL ? "; user " : "",
		    config->notify_user != NULL ? config->notify_user : "",
		    config->notify_user != NULL ? ", who runs it, is exempt" : "");
}

static void
print_errors(const struct config *config)
{
	size_t shown = config->errors_count;

	if (shown > CONFIG_ERRORS_MAX)
		shown = CONFIG_ERRORS_MAX;
	for (size_t i = 0; i < shown; i++)
		(void)fprintf(stderr, "%s\n", config->errors[i]);
	if (shown < config->errors_count)
		(void)fprintf(stderr, "and %zu more errors\n", config->errors_count - shown);
}

/* Lines that qmail, too, makes nothing of. */
static void
print_warnings(const struct config *config)
{
	for (size_t i = 0; i < config->warnings_count && i < CONFIG_WARNINGS_MAX; i++)
		(void)fprintf(stderr, "warning: %s\n", config->warnings[i]);
	if (config->warnings_count > CONFIG_WARNINGS_MAX)
		(void)fprintf(stderr, "warning: and %zu more lines skipped\n",
		    config->warnings_count - CONFIG_WARNINGS_MAX);
}

/* What libconfig does not know: whether a program is there. Says what is wrong, in `why` too. */
static bool
judge_program(const char *path, const char *setting, const char *program, char *why)
{
	const char *problem = NULL;
	struct stat st;

	if (program == NULL)
		return true;
	if (stat(program, &st) == -1)
		problem = strerror(errno);
	else if (!S_ISREG(st.st_mode) || access(program, X_OK) == -1)
		problem = "not an executable file";
	if (problem == NULL)
		return true;
	(void)snprintf(why, STORE_NOTE_MAX + 1, "%s: %s = \"%s\": %s", path, setting, program, problem);
	(void)fprintf(stderr, "%s\n", why);
	return false;
}

/* Says what is wrong with a configuration that was read, NULL too, and keeps the first of it in `why`. */
static void
judge(const struct config *config, const char *path, char *why)
{
	why[0] = '\0';
	if (config == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", path, strerror(errno));
		return;
	}
	print_warnings(config);
	if (config->errors_count > 0) {
		print_errors(config);
		(void)snprintf(why, STORE_NOTE_MAX + 1, "%s", config->errors[0]);
		return;
	}
	if (judge_program(path, "remote", config->remote, why))
		(void)judge_program(path, "notify", config->notify, why);
}

static void
warn_unreadable(const struct admin *a, const struct watch_list *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (!owner_can_read(a->place.state, files->file[i].path))
			(void)fprintf(stderr, "warning: %s: the owner of %s cannot read it: it will "
			    "not take effect; chmod a+r\n", files->file[i].path, a->place.state);
}

struct config *
admin_config(const char *path, int *status)
{
	char why[STORE_NOTE_MAX + 1], absolute[PLACE_PATH_MAX + 1], here[PLACE_PATH_MAX + 1];
	struct config *config;

	*status = EX_NOINPUT;
	if (path[0] != '/') {
		if (getcwd(here, sizeof here) == NULL || place_join(absolute, here, path) == -1) {
			(void)fprintf(stderr, "qlimit: %s: give an absolute path\n", path);
			return NULL;
		}
		path = absolute;
	}
	config = config_load(path);
	judge(config, path, why);
	*status = config == NULL ? EX_OSERR : why[0] != '\0' ? EX_CONFIG : EX_OK;
	if (*status == EX_OK)
		return config;
	config_free(config);
	return NULL;
}

int
admin_check(struct admin *a)
{
	int status;
	struct config *config = admin_config(a->names[0] != NULL ? a->names[0] : a->place.config, &status);

	if (config == NULL)
		return status;
	(void)printf("configuration OK: ");
	print_summary(config);
	warn_unreadable(a, &config->watched);
	config_free(config);
	return EX_OK;
}

/* --- load --- */

/*
 * An editor, or a script, may still be writing: a file has to be still for a moment, and for longer while
 * there is nothing in it. A list of hosted domains that is read too early makes foreigners of all those behind it.
 */
static bool
is_being_written(const struct watch_file *file)
{
	const int64_t still_ms = file->size == 0 ? 2000 : 100;
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!file->exists || file->mtime_seconds > now.tv_sec || file->mtime_seconds < now.tv_sec - 10)
		return false;
	return (now.tv_sec - file->mtime_seconds) * 1000 +
	       (now.tv_nsec - (int64_t)file->mtime_nanoseconds) / 1000000 < still_ms;
}

static bool
any_is_being_written(const struct watch_list *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (is_being_written(&files->file[i]))
			return true;
	return false;
}

/* Some seconds at most: then it is as it is, and a later change is seen later. */
static struct config *
load_when_still(const char *path)
{
	const struct timespec pause = { 0, 50000000 };
	struct config *config = config_load(path);

	for (int i = 0; i < 50 && config != NULL && any_is_being_written(&config->watched); i++) {
		config_free(config);
		(void)nanosleep(&pause, NULL);
		config = config_load(path);
	}
	return config;
}

static int
write_essentials(const struct essentials *e, const char *directory)
{
	if (essentials_write(e, directory) == 0)
		return 0;
	(void)fprintf(stderr, "qlimit: cannot write the file essentials in %s: %s\n", directory,
	    strerror(errno));
	return -1;
}

static void
fill_essentials(struct essentials *e, const struct config *config)
{
	essentials_init(e);
	e->defer_on_error = config->defer_on_error;
	e->deadline_ms = config->deadline_ms;
	if (config->remote != NULL)
		(void)snprintf(e->remote, sizeof e->remote, "%s", config->remote);
	if (config->notify != NULL)
		(void)snprintf(e->notify, sizeof e->notify, "%s", config->notify);
	e->notify_timeout_s = config->notify_timeout_s;
	e->warn_percent = config->warn_percent;
	e->trust.smtp_auth = config->smtp_auth;
	e->trust.filters_count = config->filters_count;
	for (size_t i = 0; i < config->filters_count; i++)
		(void)snprintf(e->trust.filters[i], sizeof e->trust.filters[i], "%s", config->filters[i]);
}

static bool
any_max_per_day(const struct config *config)
{
	for (size_t i = 0; i < config->rules_count; i++)
		if (config->rules[i].limits.max_per_day > 0)
			return true;
	return false;
}

/* With the closed hours that max_per_day counts, where it is used. */
static int
compile_with_history(const struct admin *a, struct compile *c)
{
	int rc;

	if (!any_max_per_day(c->config))
		return compile_rules(c);
	c->ledger = store_lmdb_new(a->place.state, STORE_LEDGER, ADMIN_PATIENCE_MS);
	if (c->ledger == NULL)
		return -1;
	rc = compile_rules(c);
	if (c->ledger_error != 0 && c->ledger_error != ENOENT)
		log_trouble("ledger.mdb cannot be read: max_per_day knows this hour alone", c->ledger_error);
	store_close(c->ledger);
	return rc;
}

/*
 * The wrapper looks in the one place it knows; where the state is elsewhere, that place says so. Last of
 * all: a load that fails must not have moved it away from the rules in force. QLIMIT_STATE settles it
 * without any file.
 */
static int
put_in_force(const struct admin *a, struct compile *c, const char *usual)
{
	bool elsewhere = strcmp(a->place.state, usual) != 0;
	bool was_elsewhere = !a->place.state_is_set && a->essentials.state[0] != '\0';
	struct essentials e;

	fill_essentials(&e, c->config);
	if (elsewhere)
		(void)snprintf(e.state, sizeof e.state, "%s", a->place.state);
	if ((elsewhere || !was_elsewhere) && write_essentials(&e, a->place.state) == -1)
		return -1;
	if (compile_with_history(a, c) == -1)
		return -1;
	return elsewhere || was_elsewhere ? write_essentials(&e, usual) : 0;
}

static void
log_failed_load(const char *why)
{
	struct log_line line;

	log_start(&line, LOG_LINE_ERROR, "config_error");
	log_sentence(&line, "what", why);
	log_sentence(&line, "consequence", "the rules stay as they were");
	log_send(&line);
}

static int
compile(struct admin *a, const struct config *config, const char *why, const char *usual)
{
	struct compile c = { .boot = a->boot, .now = a->now, .config = config,
		.told = admin_changes_told };
	int status = EX_CONFIG, rc;

	c.live = admin_live(a);
	if (c.live == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		return EX_OSERR;
	}
	if (why[0] != '\0') {
		log_failed_load(why);
		rc = compile_failed(&c, why);
		(void)fputs("nothing loaded: the rules in force stay as they are\n", stderr);
	} else {
		admin_changes_start(&config->rules[1].limits);
		rc = put_in_force(a, &c, usual);
		status = EX_OK;
	}
	if (rc == -1) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		log_trouble("qlimit load failed", errno);
		status = EX_IOERR;
	} else if (status == EX_OK) {
		admin_changes_print(&c.changes);
		print_summary(config);
	}
	store_close(c.live);
	return status;
}

/* One load at a time: two would write the same generation. */
static int
load_alone(struct admin *a, const char *usual, char *why)
{
	char lock[PLACE_PATH_MAX + 1];
	struct config *config;
	int fd = -1, status = EX_IOERR;

	if (place_join(lock, usual, "load.lock") == 0)
		fd = store_file_take(usual, lock, ADMIN_PATIENCE_MS);
	if (fd == -1) {
		(void)fprintf(stderr, "qlimit: %s/load.lock: %s\n", usual, strerror(errno));
		return status;
	}
	config = load_when_still(a->place.config);
	judge(config, a->place.config, why);
	if (config != NULL) {
		if (!a->place.state_is_set && why[0] == '\0')
			a->place.state = config->state != NULL ? config->state : usual;
		status = compile(a, config, why, usual);
		config_free(config);
	}
	(void)close(fd);
	return status;
}

int
admin_load(struct admin *a)
{
	const char *usual = a->place.state;
	char why[STORE_NOTE_MAX + 1] = "";
	struct notify_facts trouble = { .event = NOTIFY_TROUBLE, .what = why };
	int status = admin_enter(a, true);

	if (status != EX_OK)
		return status;
	/* Where the state used to be: the right place to note that a load has failed. */
	status = load_alone(a, usual, why);
	if (why[0] != '\0')
		admin_notify_event(a, &trouble);
	return status;
}
