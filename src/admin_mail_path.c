/* admin_mail_path - what the CLI says of the mail path */
#include "admin_mail_path.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "real.h"
#include "text.h"

#define LATELY 86400 /* seconds */

void
admin_mail_path_find(const struct admin *a, struct mail_path *p)
{
	static char ours[PLACE_PATH_MAX + 1];

	real_find_ours(ours, "qlimit-remote");
	mail_path_find(p, QMAIL "/bin", a->place.control, ours);
	real_set_self(mail_path_is_ours(&p->front) ? QMAIL "/bin/qmail-remote" : ours);
}

const char *
admin_mail_path_real(const struct admin *a, char *path)
{
	return real_find(path, a->place.remote != NULL ? a->place.remote : a->essentials.remote);
}

const char *
admin_mail_path_word(const struct mail_path *p)
{
	static const char *const words[] = { [MAIL_PATH_NO] = "no", [MAIL_PATH_NAME] = "name",
		[MAIL_PATH_VARIABLE] = "variable", [MAIL_PATH_BOTH] = "both", [MAIL_PATH_SOME] = "some",
		[MAIL_PATH_UNKNOWN] = "unknown" };

	return words[p->is];
}

/* What was counted before qmail-remote became another program may have come by that name. */
static bool
counted_lately(const struct mail_path *p, int64_t last_delivery, int64_t now)
{
	return last_delivery != 0 && now - last_delivery <= LATELY &&
	    (mail_path_is_ours(&p->front) || last_delivery >= p->front.changed);
}

bool
admin_mail_path_is_bad(const struct mail_path *p, int64_t last_delivery, int64_t now)
{
	if (p->is == MAIL_PATH_UNKNOWN)
		return !counted_lately(p, last_delivery, now);
	return p->is == MAIL_PATH_NO || p->is == MAIL_PATH_SOME || p->old || p->twice || p->behind;
}

static int64_t
find_last_delivery(struct admin *a)
{
	struct info info;
	struct store *store;
	int status;

	/* Not a word of a directory that was never made. */
	if (access(a->place.state, F_OK) == -1)
		return 0;
	store = admin_try_live(a, &info, &status);
	if (store == NULL)
		return 0;
	store_rollback(store);
	store_close(store);
	return info.last_delivery;
}

bool
admin_mail_path_is_left(struct admin *a, const struct mail_path *p)
{
	return p->is == MAIL_PATH_UNKNOWN && p->honours && counted_lately(p, find_last_delivery(a), a->now);
}

/* --- in sentences --- */

static void
add_path(struct text *t, const char *path)
{
	text_add_printable(t, path, strlen(path), PLACE_PATH_MAX);
}

static void
add_rspawn(struct text *t, const struct rspawn *r)
{
	text_add(t, "qmail-rspawn ");
	text_add_number(t, (uint64_t)r->pid);
}

/* "by $QMAILREMOTE of qmail-rspawn 971: /usr/local/sbin/qlimit-remote". */
static void
add_variable(struct text *t, const struct rspawn *r)
{
	text_add(t, "by $QMAILREMOTE of ");
	add_rspawn(t, r);
	text_add(t, ": ");
	add_path(t, r->remote);
}

static void
say_yes(struct text *t, const struct mail_path *p)
{
	const struct rspawn *first;

	(void)mail_path_by_variable(p, &first);
	text_add(t, "yes, ");
	if (first != NULL) {
		add_variable(t, first);
		if (p->is == MAIL_PATH_BOTH) {
			text_add(t, ", and as ");
			add_path(t, p->path);
			text_add(t, p->twice ? ", which is another version: each delivery is counted twice; `qlimit enable` "
			    "updates that one" : ": counted once");
		}
		return;
	}
	text_add(t, "as ");
	add_path(t, p->rspawns.count > 0 ? p->rspawns.one[0].remote : p->path);
	if (p->rspawns.count == 0)
		text_add(t, "; no qmail-rspawn is running");
}

/* What is wrong with the program that it leads to. */
static const char *
why_not(const struct mail_path *p, size_t i)
{
	const struct rspawn *r = &p->rspawns.one[i];

	if (p->remote[i].is == OURS_NOTHING)
		return ", which is not there: all mail bounces";
	if (strcmp(r->remote, p->path) != 0)
		return r->by_variable ? "" : ", which its PATH leads to";
	if (r->ignores)
		return ", as this qmail does not know $QMAILREMOTE, which is set";
	return ", which is another program, put back by an update of qmail perhaps";
}

/* What a qmail-rspawn runs instead, and what to do. */
static void
say_other(struct text *t, const struct mail_path *p, size_t i)
{
	const struct rspawn *r = &p->rspawns.one[i];

	if (r->remote[0] == '\0') {
		add_rspawn(t, r);
		text_add(t, r->by_variable ? " has a $QMAILREMOTE that leads to no program" :
		    " finds no qmail-remote along its PATH");
	} else {
		text_add(t, r->by_variable ? "$QMAILREMOTE of " : "");
		add_rspawn(t, r);
		text_add(t, r->by_variable ? " names " : " runs ");
		add_path(t, r->remote);
		text_add(t, why_not(p, i));
	}
	text_add(t, ": see `qlimit enable`");
}

static void
say_no(struct text *t, const struct mail_path *p)
{
	text_add(t, p->is == MAIL_PATH_SOME ? "NOT ALWAYS: " : "NO: ");
	for (size_t i = 0; i < mail_path_looked_at(p); i++)
		if (p->rspawns.one[i].error == 0 && !mail_path_is_ours(&p->remote[i])) {
			say_other(t, p, i);
			return;
		}
	add_path(t, p->path);
	text_add(t, p->front.is == OURS_NOTHING ? " is not there; is qmail installed?" :
	    " is another program: see `qlimit enable`; no qmail-rspawn is running");
}

static void
say_unknown(struct text *t, const struct mail_path *p)
{
	int error = p->rspawns.error;

	text_add(t, "unknown: ");
	add_path(t, p->path);
	text_add(t, mail_path_is_ours(&p->front) ? " is qlimit-remote, but " : p->front.is == OURS_UNKNOWN ?
	    " cannot be read, and " : " is not qlimit-remote, and ");
	for (size_t i = 0; i < mail_path_looked_at(p); i++)
		if (p->rspawns.one[i].error != 0 || p->remote[i].is == OURS_UNKNOWN) {
			text_add(t, "what ");
			add_rspawn(t, &p->rspawns.one[i]);
			text_add(t, " runs cannot be seen: only root may, with CAP_SYS_PTRACE");
			if (mail_path_is_ours(&p->front) && p->honours)
				text_add(t, "; if its $QMAILREMOTE names another program, such as spawn-filter, that "
				    "stands in front of qlimit-remote, or runs instead: see qlimit(8), enable");
			return;
		}
	text_add(t, error != 0 ? "the running processes cannot be looked at: " :
	    "no qmail-rspawn is running, whose $QMAILREMOTE could name it");
	if (error != 0)
		text_add(t, strerror(error));
}

const char *
admin_mail_path_say(char out[ADMIN_MAIL_PATH_MAX], const struct mail_path *p)
{
	struct text t;

	text_init(&t, out, ADMIN_MAIL_PATH_MAX);
	if (p->is == MAIL_PATH_NO || p->is == MAIL_PATH_SOME)
		say_no(&t, p);
	else if (p->is == MAIL_PATH_UNKNOWN)
		say_unknown(&t, p);
	else
		say_yes(&t, p);
	if (p->old && !p->twice)
		text_add(&t, "; it is qlimit-remote of another version: `qlimit enable` updates it");
	if (p->behind)
		text_add(&t, "; qmail-rspawn runs qmail-dksign first, which calls it behind itself: see qlimit(8), "
		    "enable");
	return out;
}
