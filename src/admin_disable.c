/* admin_disable - the command disable: takes qlimit-remote out of the mail path */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_enable.h"
#include "admin_mail_path.h"
#include "start_script.h"

/* --- by name --- */

static int
restore(struct front *f)
{
	if (front_restore(f) == -1)
		return admin_enable_refuse(f);
	(void)printf("disabled: " ADMIN_BIN "/qmail-remote is again what %s was\n", f->kept);
	admin_enable_log("disabled");
	return EX_OK;
}

static int
clean(struct front *f)
{
	int removed = front_clean(f);

	if (removed == -1)
		return admin_enable_refuse(f);
	(void)puts("not in the mail path by name: " ADMIN_BIN "/qmail-remote is another program");
	if (removed > 0)
		(void)printf("what an interrupted `qlimit enable` had left there is removed: %d file%s\n", removed,
		    removed == 1 ? "" : "s");
	return EX_OK;
}

/* It is out of the way itself, but perhaps not a copy of it that a wrapper runs. */
static int
look_beside(struct front *f)
{
	const char *left;

	if (front_look_beside(f, &left) == -1)
		return admin_enable_refuse(f);
	if (left != NULL)
		(void)printf(ADMIN_BIN "/%s stays: qmail-remote does not run it, as it seems. If nothing else does, it can "
		    "be removed\n", left);
	return EX_OK;
}

/* What cannot be read is left alone. */
static int
take_away(struct front *f, const struct ours_file *front)
{
	int status;

	if (front->is != OURS_UNKNOWN) {
		status = mail_path_is_ours(front) ? restore(f) : clean(f);
		return status == EX_OK ? look_beside(f) : status;
	}
	(void)fprintf(stderr, "qlimit: " ADMIN_BIN "/qmail-remote: %s\n", strerror(front->error));
	return EX_IOERR;
}

/* --- by $QMAILREMOTE, which cannot be undone from here --- */

static int
warn(const char *who, const char *where, const char *how)
{
	(void)fprintf(stderr, "qlimit: still in the mail path: %s%s %s it in $QMAILREMOTE. Take that out "
	    "where qmail is started, and restart qmail. Until then the program must stay where it is: without it "
	    "qmail bounces all mail\n", who, where, how);
	return EX_CONFIG;
}

static int
warn_of_counted(void)
{
	(void)fputs("qlimit: perhaps still in the mail path: a delivery was counted in the last 24 hours, and not by "
	    "name; so where qmail is started $QMAILREMOTE may name it. Take that out, start qmail, for its "
	    "qmail-rspawn tells, and run this again. Until then the program must stay where it is: without it qmail "
	    "would bounce all mail\n", stderr);
	return EX_CONFIG;
}

static int
look_for_variable(struct admin *a, const struct mail_path *p)
{
	const struct rspawn *first;
	char pid[24], path[PLACE_PATH_MAX + 1];

	if (mail_path_by_variable(p, &first) > 0) {
		(void)snprintf(pid, sizeof pid, "%ld", (long)first->pid);
		return warn("qmail-rspawn ", pid, "names");
	}
	if (start_script_names_us(path))
		return warn("", path, "names");
	/* As in a container: rather a program too many than mail that bounces. */
	if (p->honours && mail_path_unseen(p))
		return warn("", "a qmail-rspawn that cannot be looked at", "may name");
	return admin_mail_path_is_left(a, p) ? warn_of_counted() : EX_OK;
}

int
admin_disable(struct admin *a)
{
	static struct mail_path p;
	struct front f;
	int status;

	if (geteuid() == 0 && access(ADMIN_BIN "/qmail-remote", F_OK) == -1 && errno == ENOENT) {
		(void)puts("not in the mail path by name: there is no " ADMIN_BIN "/qmail-remote");
		admin_mail_path_find(a, &p);
		return look_for_variable(a, &p);
	}
	status = admin_enable_begin(a, &f, &p);
	if (status != EX_OK)
		return status;
	status = take_away(&f, &p.front);
	front_close(&f);
	return status == EX_OK ? look_for_variable(a, &p) : status;
}
