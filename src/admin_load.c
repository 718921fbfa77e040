/* admin_load - the command load */
#include "admin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "admin_changes.h"
#include "admin_check.h"
#include "admin_owner.h"
#include "compile.h"
#include "config.h"
#include "log.h"
#include "store_file.h"

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
		store_log_trouble("ledger.mdb cannot be read: max_per_day knows this hour alone", c->ledger_error);
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

/* A live store that begins anew, as after a reboot, has no rules that could stay. */
static const char *
consequence(const struct compile *c, bool known)
{
	if (!known)
		return "the configuration is not in force";
	return c->generation != 0 ? "the rules in force stay as they are" :
	    "no rules are in force and nothing is limited until the configuration is right";
}

static void
log_failed_load(const char *why, const char *what_now)
{
	struct log_line line;

	log_start(&line, LOG_LINE_ERROR, "config_error");
	log_sentence(&line, "what", why);
	log_sentence(&line, "consequence", what_now);
	log_send(&line);
}

/* The configuration is wrong: notes that and says so. As compile_failed(). */
static int
load_nothing(struct compile *c, const char *why)
{
	int rc = compile_failed(c, why), saved = errno;
	const char *what_now = consequence(c, rc == 0);

	log_failed_load(why, what_now);
	(void)fprintf(stderr, "nothing loaded: %s\n", what_now);
	errno = saved;
	return rc;
}

/*
 * Asked before anything else: a load that takes a while, and that an upgrade overtakes, must not take the
 * store of the new version for one that was left behind by it. Where there is none, no lock is left either.
 */
static bool
is_of_newer(const struct admin *a)
{
	char live[PLACE_PATH_MAX + 1];
	struct store *s;
	bool newer;

	if (place_join(live, a->place.state, "live.mdb") == -1 || access(live, F_OK) == -1)
		return false;
	s = admin_live(a);
	newer = s != NULL && store_begin(s, false) == -1 && errno == STORE_NEWER_LIVE;
	store_close(s); /* ends a transaction as well */
	return newer;
}

/* After a step back to this version: only where the configuration is one for it. */
static void
set_newer_aside(const struct admin *a, struct store *live)
{
	if (store_set_newer_aside(live))
		(void)fprintf(stderr, "qlimit: %s/live.mdb was written by a newer qlimit: set aside as "
		    "live.mdb.newer, and counting begins anew\n", a->place.state);
}

static int
compile(struct admin *a, const struct config *config, const struct admin_findings *f, const char *usual, bool newer)
{
	struct compile c = { .boot = a->boot, .now = a->now, .config = config,
		.told = f->json ? admin_changes_told_json : admin_changes_told };
	const char *why = f->why;
	int status = EX_CONFIG, rc;

	c.live = admin_live(a);
	if (c.live == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, strerror(errno));
		return EX_OSERR;
	}
	if (why[0] != '\0') {
		rc = load_nothing(&c, why);
	} else {
		if (newer)
			set_newer_aside(a, c.live);
		admin_changes_start(&config->rules[1].limits);
		rc = put_in_force(a, &c, usual);
		status = EX_OK;
	}
	if (rc == -1) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, store_error(errno));
		store_log_trouble("qlimit load failed", errno);
		status = EX_IOERR;
	} else if (f->json) {
		admin_check_total(f, a->place.config, config, status == EX_OK ? &c.changes : NULL);
	} else if (status == EX_OK) {
		admin_changes_print(&c.changes);
		admin_check_summary(config);
	}
	store_close(c.live);
	return status;
}

/* One load at a time: two would write the same generation. */
static int
load_alone(struct admin *a, const char *usual, struct admin_findings *f)
{
	char lock[PLACE_PATH_MAX + 1];
	struct config *config;
	int fd = -1, status = EX_IOERR;
	bool newer;

	if (place_join(lock, usual, "load.lock") == 0)
		fd = store_file_take(usual, lock, ADMIN_PATIENCE_MS);
	if (fd == -1) {
		(void)fprintf(stderr, "qlimit: %s/load.lock: %s\n", usual, strerror(errno));
		(void)admin_owner_warn(a);
		return status;
	}
	newer = is_of_newer(a);
	config = load_when_still(a->place.config);
	admin_findings_judge(f, config, a->place.config);
	if (config != NULL) {
		if (!a->place.state_is_set && f->errors == 0)
			a->place.state = config->state != NULL ? config->state : usual;
		status = compile(a, config, f, usual, newer);
		config_free(config);
	}
	(void)close(fd);
	return status;
}

int
admin_load(struct admin *a)
{
	const char *usual = a->place.state;
	struct admin_findings f = { .json = a->option[ADMIN_JSON] != NULL };
	struct notify_facts trouble = { .event = NOTIFY_TROUBLE, .what = f.why };
	int status = admin_enter(a, true);

	if (status != EX_OK)
		return status;
	/* Where the state used to be: the right place to note that a load has failed. */
	status = load_alone(a, usual, &f);
	if (f.why[0] != '\0')
		admin_notify_event(a, &trouble);
	return status;
}
