/* admin_enable - the command enable: puts qlimit-remote into the mail path */
#include "admin_enable.h"

#include <pwd.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_mail_path.h"
#include "admin_owner.h"
#include "front_trial.h"
#include "log.h"
#include "real.h"

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
	return f->in_doubt ? EX_IOERR : EX_CONFIG;
}

void
admin_enable_log(const char *what)
{
	struct log_line line;

	log_start(&line, LOG_LINE_NOTICE, "mail_path");
	log_string(&line, "change", what);
	log_send(&line);
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
	admin_enable_warn(f->ours);
	return EX_OK;
}

static int
put_in_front(const struct admin *a, struct front *f, const struct mail_path *p)
{
	int status = admin_enable_judge_rspawns(f, p);

	if (status == EX_OK && front_examine(f) == -1)
		return admin_enable_refuse(f);
	if (status == EX_OK)
		status = admin_enable_judge_remote(a, f);
	if (status != EX_OK) {
		front_close(f);
		return status;
	}
	if (front_prepare(f) == -1 || try_out(f) == -1 || front_keep(f) == -1 || front_put(f) == -1)
		return admin_enable_refuse(f);
	front_close(f);
	admin_enable_log("enabled");
	admin_enable_warn(f->ours);
	return EX_OK;
}

/* --- the command --- */

static int
say_by_variable(const struct admin *a, const struct mail_path *p)
{
	char said[ADMIN_MAIL_PATH_MAX];

	(void)printf("already in the mail path: %s\n", admin_mail_path_say(said, p));
	return admin_owner_warn(a);
}

static int
enable(struct admin *a, struct front *f, const struct mail_path *p)
{
	int status;

	if (p->front.is == OURS_SAME) {
		front_close(f);
		admin_enable_warn(f->ours);
		return admin_enable_say(a, "already in the mail path");
	}
	if (p->front.is == OURS_OTHER) {
		status = update(f);
		return status == EX_OK ? admin_enable_say(a, "updated") : status;
	}
	if (p->is == MAIL_PATH_VARIABLE) {
		front_close(f);
		return say_by_variable(a, p);
	}
	status = put_in_front(a, f, p);
	return status == EX_OK ? admin_enable_say(a, "enabled") : status;
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

	if (a->option[ADMIN_UPDATE] != NULL && a->option[ADMIN_VARIABLE] != NULL) {
		(void)fputs("qlimit: --update changes what is there, --variable changes nothing: give one of them\n", stderr);
		return EX_USAGE;
	}
	if (a->option[ADMIN_VARIABLE] != NULL)
		return admin_enable_variable(a);
	if (a->option[ADMIN_UPDATE] != NULL && !is_to_be_updated())
		return EX_OK;
	status = admin_enable_begin(a, &f, &p);
	if (status != EX_OK)
		return status;
	return a->option[ADMIN_UPDATE] != NULL ? update(&f) : enable(a, &f, &p);
}
