/* admin_load - the commands check and load */
#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin_print.h"
#include "compile.h"
#include "config.h"
#include "log.h"
#include "owner.h"
#include "store_file.h"

#define CHANGES_SHOWN 20

static void
print_summary(const struct config *config)
{
	const struct limits *others = &config->rules[1].limits; /* server, then default */

	(void)printf("mode %s; domains: %zu, packages: %zu; default: max_per_hour %u, "
	    "max_failure_percent %u (0: no limit)\n",
	    config->settings.observe ? "observe" : "enforce", config->domains, config->packages,
	    others->max_per_hour, others->max_failure_percent);
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

/* What libconfig does not know: whether the real qmail-remote is there. */
static const char *
problem_with_remote(const char *remote)
{
	struct stat st;

	if (remote == NULL)
		return NULL;
	if (stat(remote, &st) == -1)
		return strerror(errno);
	return S_ISREG(st.st_mode) && access(remote, X_OK) == 0 ? NULL : "not an executable file";
}

/* Reads and judges the configuration; NULL after saying what is wrong with it. */
static struct config *
read_config(const char *path, char *why)
{
	struct config *config = config_load(path);
	const char *problem;

	why[0] = '\0';
	if (config == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	if (config->errors_count > 0) {
		print_errors(config);
		(void)snprintf(why, STORE_NOTE_MAX + 1, "%s", config->errors[0]);
		return config;
	}
	problem = problem_with_remote(config->remote);
	if (problem != NULL) {
		(void)snprintf(why, STORE_NOTE_MAX + 1, "%s: remote = \"%s\": %s", path,
		    config->remote, problem);
		(void)fprintf(stderr, "%s\n", why);
	}
	return config;
}

static void
warn_unreadable(const struct admin *a, const struct watch_list *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (!owner_can_read(a->place.state, files->file[i].path))
			(void)fprintf(stderr, "warning: %s: the owner of %s cannot read it: it will "
			    "not take effect; chmod a+r\n", files->file[i].path, a->place.state);
}

int
admin_check(struct admin *a)
{
	const char *path = a->names[0] != NULL ? a->names[0] : a->place.config;
	char why[STORE_NOTE_MAX + 1], absolute[PLACE_PATH_MAX + 1], here[PLACE_PATH_MAX + 1];
	struct config *config;
	int status = EX_CONFIG;

	if (path[0] != '/') {
		if (getcwd(here, sizeof here) == NULL || place_join(absolute, here, path) == -1) {
			(void)fprintf(stderr, "qlimit: %s: give an absolute path\n", path);
			return EX_NOINPUT;
		}
		path = absolute;
	}
	config = read_config(path, why);
	if (config == NULL)
		return EX_OSERR;
	if (why[0] == '\0') {
		(void)printf("configuration OK: ");
		print_summary(config);
		warn_unreadable(a, &config->watched);
		status = EX_OK;
	}
	config_free(config);
	return status;
}

/* --- load --- */

static unsigned shown;

static void
print_limits(const char *when, const struct limits *l)
{
	(void)printf("%s max_per_hour %u, refuse_above_percent %u, max_failure_percent %u, "
	    "min_failures %u, on_failures %s, count_failures", when, l->max_per_hour,
	    l->refuse_above_percent, l->max_failure_percent, l->min_failures,
	    l->refuse_on_failures ? "refuse" : "defer");
	if (l->count_failures & LIMITS_COUNT(OUTCOME_FAILED))
		(void)printf(" failed");
	if (l->count_failures & LIMITS_COUNT(OUTCOME_DEFERRED))
		(void)printf(" deferred");
	if (l->count_failures & LIMITS_COUNT(OUTCOME_UNREACHED))
		(void)printf(" unreached");
}

static void
print_change(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	static const char *const scopes[] = { [RULES_SERVER] = "server",
		[RULES_DEFAULT] = "default", [RULES_DOMAIN] = "", [RULES_SUBDOMAINS] = "." };

	if (shown++ >= CHANGES_SHOWN)
		return;
	(void)printf("%s %s%s:", before == NULL ? "added" : now == NULL ? "removed" : "changed",
	    scopes[key->scope], key->name);
	if (before != NULL)
		print_limits(now == NULL ? "" : " from", before);
	if (now != NULL)
		print_limits(before == NULL ? "" : "; to", now);
	(void)putchar('\n');
}

static void
print_changes(const struct compile_changes *changes)
{
	if (shown > CHANGES_SHOWN)
		(void)printf("and %u more\n", shown - CHANGES_SHOWN);
	(void)printf("rules in force: %llu added, %llu changed, %llu removed, %llu as before\n",
	    (unsigned long long)changes->added, (unsigned long long)changes->changed,
	    (unsigned long long)changes->removed, (unsigned long long)changes->same);
}

/* An editor may still be writing: the file has to be still for a moment. */
static void
let_it_settle(const char *path)
{
	const struct timespec pause = { 0, 50000000 };
	struct timespec now;
	struct stat st;

	for (int i = 0; i < 10; i++) {
		(void)clock_gettime(CLOCK_REALTIME, &now);
		if (stat(path, &st) == -1 || now.tv_sec - st.st_mtim.tv_sec > 1 ||
		    (now.tv_sec - st.st_mtim.tv_sec) * 1000 +
			    (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000 >= 100)
			return;
		(void)nanosleep(&pause, NULL);
	}
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
	const struct config *config = c->config;
	struct essentials e;

	essentials_init(&e);
	e.defer_on_error = config->defer_on_error;
	e.deadline_ms = config->deadline_ms;
	if (config->remote != NULL)
		(void)snprintf(e.remote, sizeof e.remote, "%s", config->remote);
	if (elsewhere)
		(void)snprintf(e.state, sizeof e.state, "%s", a->place.state);
	if ((elsewhere || !was_elsewhere) && write_essentials(&e, a->place.state) == -1)
		return -1;
	if (compile_rules(c) == -1)
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
		.told = print_change };
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
		rc = put_in_force(a, &c, usual);
		status = EX_OK;
	}
	if (rc == -1) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		log_trouble("qlimit load failed", errno);
		status = EX_IOERR;
	} else if (status == EX_OK) {
		print_changes(&c.changes);
		print_summary(config);
	}
	store_close(c.live);
	return status;
}

/* One load at a time: two would write the same generation. */
static int
load_alone(struct admin *a, const char *usual)
{
	char why[STORE_NOTE_MAX + 1], lock[PLACE_PATH_MAX + 1];
	struct config *config;
	int fd = -1, status = EX_IOERR;

	if (place_join(lock, usual, "load.lock") == 0)
		fd = store_file_take(usual, lock, ADMIN_PATIENCE_MS);
	if (fd == -1) {
		(void)fprintf(stderr, "qlimit: %s/load.lock: %s\n", usual, strerror(errno));
		return status;
	}
	let_it_settle(a->place.config);
	config = read_config(a->place.config, why);
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
	int status = admin_enter(a, true);

	if (status != EX_OK)
		return status;
	/* Where the state used to be: the right place to note that a load has failed. */
	return load_alone(a, usual);
}
