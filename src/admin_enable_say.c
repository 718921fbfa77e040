/* admin_enable_say - what `enable` says once it is done */
#include <stdio.h>
#include <sysexits.h>

#include "admin_enable.h"
#include "admin_mail_path.h"
#include "admin_owner.h"
#include "linkage.h"

/* The trial has started it: that is of today, and a library may go with any update of the system. */
void
admin_enable_warn(const char *ours)
{
	if (linkage_look(ours) == LINKAGE_DYNAMIC)
		(void)fputs("qlimit: warning: qlimit-remote is linked dynamically: if a shared library vanishes or is "
		    "upgraded wrongly it cannot start, and qmail bounces all mail. Better build it where liblmdb.a is "
		    "(apt-get install liblmdb-dev): see README\n", stderr);
}

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
say_chain(const struct admin *a, const char *what, const struct mail_path *p)
{
	char next[PLACE_PATH_MAX + 1];
	const char *problem = admin_mail_path_real(a, next);

	(void)printf("%s: qmail-rspawn -> " ADMIN_BIN "/qmail-remote (qlimit-remote %s) -> %s\n", what,
	    p->front.version, problem == NULL ? next : "nothing");
	if (problem == NULL)
		return EX_OK;
	(void)fprintf(stderr, "qlimit: all mail is deferred: %s\n", problem);
	return EX_CONFIG;
}

int
admin_enable_say(struct admin *a, const char *what)
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
	return status == EX_OK ? admin_owner_warn(a) : status;
}
