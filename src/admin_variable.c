/* admin_variable - enable --variable: which line puts qlimit-remote into the mail path by $QMAILREMOTE */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_enable.h"
#include "admin_mail_path.h"
#include "real.h"
#include "start_script.h"

static void
say_unit(const char *unit, const char *ours)
{
	(void)printf("    systemctl edit %s, and there\n"
	    "        [Service]\n"
	    "        Environment=QMAILREMOTE=%s\n", unit, ours);
}

/* A script often empties the environment, with env -: what stands before that is lost. */
static void
say_script(const char *path, const char *ours)
{
	(void)printf("    in %s, on the line that runs qmail-start, in front of that word and behind any \"env -\"\n"
	    "        QMAILREMOTE=%s\n", path, ours);
}

/* The unit that it runs in now says more than files that may lie about. */
static void
say_where(const struct mail_path *p, const char *ours)
{
	const char *unit = p->rspawns.count > 0 ? p->rspawns.one[0].unit : "", *script = start_script_usual();

	if (unit[0] != '\0')
		say_unit(unit, ours);
	else
		say_script(script != NULL ? script : "the script that starts qmail", ours);
}

static int
cannot(void)
{
	if (geteuid() != 0) {
		(void)fputs("qlimit: what qmail-rspawn understands cannot be seen: run this as root\n", stderr);
		return EX_NOPERM;
	}
	(void)fputs("qlimit: this qmail does not honour $QMAILREMOTE, or there is no qmail-rspawn in " ADMIN_BIN
	    ": use `qlimit enable`\n", stderr);
	return EX_CONFIG;
}

int
admin_enable_variable(const struct admin *a)
{
	static struct mail_path p;
	char ours[PLACE_PATH_MAX + 1], said[ADMIN_MAIL_PATH_MAX];
	struct ours_file file;

	real_find_ours(ours, "qlimit-remote");
	ours_look(&file, ours, ours);
	admin_mail_path_find(a, &p);
	if (!p.honours)
		return cannot();
	if (file.is != OURS_SAME) {
		(void)fprintf(stderr, "qlimit: %s is not there: is qlimit installed?\n", ours);
		return EX_CONFIG;
	}
	admin_enable_warn(ours);
	(void)puts("This qmail honours $QMAILREMOTE. Nothing is changed; add by hand");
	say_where(&p, ours);
	(void)printf("and restart qmail. Then `qlimit status` must say: yes, by $QMAILREMOTE\nnow: %s\n",
	    admin_mail_path_say(said, &p));
	return EX_OK;
}
