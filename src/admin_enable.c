/* admin_enable - the command enable: puts qlimit-remote into the mail path */
#include "admin_enable.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_mail_path.h"
#include "aside.h"
#include "config.h"
#include "front_trial.h"
#include "log.h"
#include "real.h"

#define REAL_PATH_SIZE 4096 /* PATH_MAX, what realpath(3) needs */

/* --- together with disable --- */

int
admin_enable_begin(const struct admin *a, struct front *f, struct mail_path *p)
{
	static char ours[PLACE_PATH_MAX + 1];

	if (geteuid() != 0) {
		(void)fputs("qlimit: only root can change what qmail runs\n", stderr);
		return EX_NOPERM;
	}
	real_find_ours(ours, "qlimit-remote");
	if (front_open(f, ADMIN_BIN, ours) == -1)
		return admin_enable_refuse(f);
	admin_mail_path_find(a, p);
	return EX_OK;
}

int
admin_enable_refuse(struct front *f)
{
	front_close(f);
	(void)fprintf(stderr, "qlimit: %s\n", f->problem);
	return EX_CONFIG;
}

void
admin_enable_log(const char *what)
{
	struct log_line line;

	log_start(&line, LOG_LINE_NOTICE, "mail_path");
	log_string(&line, "change", what);
	log_send(&line);
}

/* --- what is not understood --- */

/* By name it would come after what $QMAILREMOTE names, a signer as a rule, and get a pipe instead of the message. */
static int
refuse_other_variable(const struct front *f, const struct rspawn *r)
{
	(void)fprintf(stderr, "qlimit: $QMAILREMOTE of qmail-rspawn %ld names %s, and qlimit-remote belongs in front "
	    "of that: nothing is changed. By hand:\n"
	    "    remote = \"%s\";               in qlimit.conf, then `qlimit load`\n"
	    "    QMAILREMOTE=%s               where qmail is started, then restart qmail\n",
	    (long)r->pid, r->remote, r->remote, f->ours);
	return EX_CONFIG;
}

static int
refuse_path(const struct rspawn *r)
{
	(void)fprintf(stderr, "qlimit: the PATH of qmail-rspawn %ld leads to %s, not to " ADMIN_BIN "/qmail-remote: "
	    "nothing is changed. Put " ADMIN_BIN " first in the PATH that qmail is started with\n", (long)r->pid,
	    r->remote[0] != '\0' ? r->remote : "no qmail-remote");
	return EX_CONFIG;
}

static int
refuse_behind(const struct front *f)
{
	(void)fprintf(stderr, "qlimit: this is s/qmail with control/dkimdomains: qmail-rspawn runs qmail-dksign, which "
	    "runs qmail-remote. Behind the signer a retry is not known again: nothing is changed. By hand, and not "
	    "tried by us:\n"
	    "    remote = \"" ADMIN_BIN "/qmail-dksign.orig\";   in qlimit.conf, then `qlimit load`\n"
	    "    ln " ADMIN_BIN "/qmail-dksign " ADMIN_BIN "/qmail-dksign.orig\n"
	    "    install -m 755 %s " ADMIN_BIN "/qmail-dksign.new\n"
	    "    mv -f " ADMIN_BIN "/qmail-dksign.new " ADMIN_BIN "/qmail-dksign\n", f->ours);
	return EX_CONFIG;
}

/* What the running qmail-rspawns say against it; EX_OK if nothing. */
static int
ask_rspawns(const struct front *f, const struct mail_path *p)
{
	if (p->behind)
		return refuse_behind(f);
	for (size_t i = 0; i < mail_path_looked_at(p); i++) {
		const struct rspawn *r = &p->rspawns.one[i];

		if (r->error != 0 || mail_path_is_ours(&p->remote[i]))
			continue;
		if (r->by_variable)
			return refuse_other_variable(f, r);
		if (strcmp(r->remote, p->path) != 0)
			return refuse_path(r);
	}
	return EX_OK;
}

/* --- what is set as the real program --- */

/*
 * In a process that has become the owner of the state directory, which is made where it is missing: what `remote`
 * is, by the file if that is right, for the next delivery loads it; else as it is in force.
 */
static int
tell_remote(void *context, int fd)
{
	struct admin a = *(const struct admin *)context;
	struct config *config;
	const char *remote;
	int status = admin_enter(&a, true);

	if (status != EX_OK)
		return status;
	remote = a.essentials.remote;
	config = config_load(a.place.config);
	if (config != NULL && config->errors_count == 0)
		remote = config->remote != NULL ? config->remote : "";
	if (a.place.remote != NULL)
		remote = a.place.remote;
	status = send(fd, remote, strlen(remote) + 1, MSG_NOSIGNAL) == -1 ? EX_OSERR : EX_OK;
	config_free(config);
	return status;
}

static int
ask_remote(const struct admin *a, char *remote)
{
	struct admin copy = *a;
	struct aside aside;
	ssize_t n;
	int status;

	if (aside_start(&aside, tell_remote, &copy) == -1) {
		(void)fprintf(stderr, "qlimit: %s\n", strerror(errno));
		return EX_OSERR;
	}
	n = recv(aside.fd, remote, PLACE_PATH_MAX + 1, MSG_WAITALL);
	status = aside_end(&aside);
	remote[n > 0 ? n - 1 : 0] = '\0';
	if (status == -1)
		(void)fputs("qlimit: the configuration cannot be read: see `qlimit check`\n", stderr);
	return status == -1 ? EX_CONFIG : status;
}

/* One of the same file, that is. */
static bool
is_another_name(const char *path)
{
	static const char front[] = ADMIN_BIN "/qmail-remote";
	char a[REAL_PATH_SIZE], b[REAL_PATH_SIZE];
	struct stat x, y;

	return realpath(path, a) != NULL && realpath(front, b) != NULL && strcmp(a, b) != 0 && stat(a, &x) == 0 &&
	    stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/*
 * A program that is set is what qlimit-remote runs, and nobody knows what that runs: if qmail-remote, they would
 * run each other for ever.
 */
static int
judge_remote(const struct front *f, const char *remote)
{
	char kept[PLACE_PATH_MAX + 1];

	(void)place_join(kept, f->bin, f->kept);
	if (remote[0] == '\0' || strcmp(remote, kept) == 0 || is_another_name(remote))
		return EX_OK;
	(void)fprintf(stderr, "qlimit: remote is set to %s, which might run qmail-remote again, and so qlimit-remote, "
	    "for ever: nothing is changed. Take remote out of qlimit.conf, or, if that stands in front of "
	    "qmail-remote, use `qlimit enable --variable`\n", remote);
	return EX_CONFIG;
}

/* --- the steps --- */

static int
try_out(struct front *f)
{
	const struct passwd *pw = getpwnam(QLIMIT_OWNER);

	if (pw != NULL)
		return front_trial(f->bin, pw->pw_uid, pw->pw_gid, f->problem, sizeof f->problem);
	(void)snprintf(f->problem, sizeof f->problem, "there is no user " QLIMIT_OWNER ", as whom qmail runs "
	    "qmail-remote: is qmail installed?");
	return -1;
}

static int
update(struct front *f)
{
	if (front_prepare(f) == -1 || try_out(f) == -1 || front_put(f) == -1)
		return admin_enable_refuse(f);
	front_close(f);
	admin_enable_log("updated");
	return EX_OK;
}

static int
put_in_front(const struct admin *a, struct front *f)
{
	char remote[PLACE_PATH_MAX + 1];
	int status;

	if (front_examine(f) == -1)
		return admin_enable_refuse(f);
	status = ask_remote(a, remote);
	if (status == EX_OK)
		status = judge_remote(f, remote);
	if (status != EX_OK) {
		front_close(f);
		return status;
	}
	if (front_prepare(f) == -1 || try_out(f) == -1 || front_keep(f) == -1 || front_put(f) == -1)
		return admin_enable_refuse(f);
	front_close(f);
	admin_enable_log("enabled");
	return EX_OK;
}

/* --- what is said --- */

static void
say_mode(const struct admin *a)
{
	struct store *s = admin_live(a);
	struct info info;

	if (s == NULL || store_begin(s, false) == -1 || store_info_get(s, &info) != 1 ||
	    !store_is_of_boot(&info, a->boot) || info.generation == 0)
		(void)puts("rules:         none are loaded: see `qlimit load`");
	else
		(void)printf("rules:         mode %s\n", info.settings.observe ? "observe: counts and stops nothing" :
		    "enforce");
	store_close(s);
}

static void
say_next(const struct mail_path *p)
{
	(void)puts("next:          send a message to another server: `qlimit status` must then show that delivery.\n"
	    "               `qlimit disable` undoes this.");
	if (p->honours)
		(void)puts("               An update of qmail undoes it, too. This qmail honours $QMAILREMOTE, which stays:\n"
		    "               see `qlimit enable --variable`.");
}

/* What it will run; for it has to be found by whoever runs the mail, root is given up for that. */
static int
say_chain(struct admin *a, const char *what, const struct mail_path *p)
{
	char wrapper[PLACE_PATH_MAX + 1], next[PLACE_PATH_MAX + 1];
	const char *problem;

	real_find_ours(wrapper, "qlimit-remote");
	real_set_self(wrapper);
	problem = real_find(next, a->place.remote != NULL ? a->place.remote : a->essentials.remote);
	(void)printf("%s: qmail-rspawn -> " ADMIN_BIN "/qmail-remote (qlimit-remote %s) -> %s\n", what,
	    p->front.version, problem == NULL ? next : "nothing");
	if (problem == NULL)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: all mail is deferred: %s\n", problem);
	return EX_CONFIG;
}

/* By looking, once more. */
static int
say_path(struct admin *a, const char *what)
{
	static struct mail_path p;
	char said[ADMIN_MAIL_PATH_MAX];
	int status;

	admin_mail_path_find(a, &p);
	status = admin_enter(a, true);
	if (status != EX_OK)
		return status;
	status = say_chain(a, what, &p);
	(void)printf("mail path:     %s\n", admin_mail_path_say(said, &p));
	say_mode(a);
	say_next(&p);
	return status;
}

static int
say_by_variable(const struct mail_path *p)
{
	char said[ADMIN_MAIL_PATH_MAX];

	(void)printf("already in the mail path: %s\n", admin_mail_path_say(said, p));
	return EX_OK;
}

static int
enable(struct admin *a, struct front *f, const struct mail_path *p)
{
	int status;

	if (p->front.is == OURS_SAME) {
		front_close(f);
		return say_path(a, "already in the mail path");
	}
	if (p->front.is == OURS_OTHER) {
		status = update(f);
		return status == EX_OK ? say_path(a, "updated") : status;
	}
	if (p->is == MAIL_PATH_VARIABLE) {
		front_close(f);
		return say_by_variable(p);
	}
	status = ask_rspawns(f, p);
	if (status != EX_OK) {
		front_close(f);
		return status;
	}
	status = put_in_front(a, f);
	return status == EX_OK ? say_path(a, "enabled") : status;
}

/* For packages: nothing is said, and nothing done, where it is not there by name. */
static bool
is_to_be_updated(void)
{
	char ours[PLACE_PATH_MAX + 1];
	struct ours_file file;

	real_find_ours(ours, "qlimit-remote");
	ours_look(&file, ADMIN_BIN "/qmail-remote", ours);
	return file.is == OURS_OTHER;
}

int
admin_enable(struct admin *a)
{
	static struct mail_path p;
	struct front f;
	int status;

	if (a->option[ADMIN_VARIABLE] != NULL)
		return admin_enable_variable(a);
	if (a->option[ADMIN_UPDATE] != NULL && !is_to_be_updated())
		return EX_OK;
	status = admin_enable_begin(a, &f, &p);
	if (status != EX_OK)
		return status;
	return a->option[ADMIN_UPDATE] != NULL ? update(&f) : enable(a, &f, &p);
}
