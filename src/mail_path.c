/* mail_path - is qlimit-remote in the mail path? found out by looking */
#include "mail_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "real.h"

bool
mail_path_is_ours(const struct ours_file *file)
{
	return file->is == OURS_SAME || file->is == OURS_OTHER;
}

size_t
mail_path_looked_at(const struct mail_path *p)
{
	return p->rspawns.count < RSPAWN_MOST ? p->rspawns.count : RSPAWN_MOST;
}

size_t
mail_path_by_variable(const struct mail_path *p, const struct rspawn **first)
{
	size_t n = 0;

	*first = NULL;
	for (size_t i = 0; i < mail_path_looked_at(p); i++)
		if (p->rspawns.one[i].by_variable && mail_path_is_ours(&p->remote[i])) {
			if (n++ == 0)
				*first = &p->rspawns.one[i];
		}
	return n;
}

bool
mail_path_unseen(const struct mail_path *p)
{
	bool unseen = p->rspawns.error != 0;

	for (size_t i = 0; i < mail_path_looked_at(p); i++)
		unseen |= p->rspawns.one[i].error != 0;
	return unseen;
}

static bool
has_dkimdomains(const char *control)
{
	char path[PLACE_PATH_MAX + 1];

	return place_join(path, control, "dkimdomains") == 0 && access(path, F_OK) == 0;
}

/* What each runs; whether they all know the variable is a matter of one binary, or of two after an update. */
static void
ask_each(struct mail_path *p, const char *ours)
{
	bool front = mail_path_is_ours(&p->front);

	for (size_t i = 0; i < mail_path_looked_at(p); i++) {
		const struct rspawn *r = &p->rspawns.one[i];

		if (r->error == 0 && r->remote[0] != '\0')
			ours_look(&p->remote[i], r->remote, ours);
		p->old |= p->remote[i].is == OURS_OTHER;
		p->twice |= front && r->by_variable && mail_path_is_ours(&p->remote[i]) &&
		    !real_is_copy(r->remote, p->path);
		p->honours |= r->honours;
		p->behind |= r->signs;
	}
}

static enum mail_path_is
judge_none(const struct mail_path *p, int file_error)
{
	if (p->rspawns.error != 0 || p->front.is == OURS_UNKNOWN)
		return MAIL_PATH_UNKNOWN;
	if (mail_path_is_ours(&p->front))
		return MAIL_PATH_NAME;
	/* It may be in a start script, for when qmail runs again. */
	return p->honours || (file_error != 0 && file_error != ENOENT) ? MAIL_PATH_UNKNOWN : MAIL_PATH_NO;
}

static enum mail_path_is
judge(const struct mail_path *p)
{
	const struct rspawn *first;
	size_t variable = mail_path_by_variable(p, &first), in = 0, out = 0, n = mail_path_looked_at(p);

	for (size_t i = 0; i < n; i++) {
		const struct rspawn *r = &p->rspawns.one[i];

		in += mail_path_is_ours(&p->remote[i]);
		out += r->error == 0 && (r->remote[0] == '\0' || p->remote[i].is == OURS_NOT ||
		    p->remote[i].is == OURS_NOTHING);
	}
	if (out > 0)
		return in > 0 ? MAIL_PATH_SOME : MAIL_PATH_NO;
	if (in < n)
		return MAIL_PATH_UNKNOWN;
	if (variable == n)
		return mail_path_is_ours(&p->front) ? MAIL_PATH_BOTH : MAIL_PATH_VARIABLE;
	return MAIL_PATH_NAME;
}

void
mail_path_find(struct mail_path *p, const char *bin, const char *control, const char *ours)
{
	struct rspawn file = { .error = 0 };

	memset(p, 0, sizeof *p);
	if (place_join(p->path, bin, "qmail-remote") == -1)
		p->front = (struct ours_file){ .is = OURS_UNKNOWN, .error = errno };
	else
		ours_look(&p->front, p->path, ours);
	rspawn_find(&p->rspawns, bin);
	ask_each(p, ours);
	/* One that cannot be looked at is, as a rule, what its file is. */
	if (p->rspawns.count == 0 || mail_path_unseen(p)) {
		rspawn_examine(&file, bin);
		p->honours |= file.honours;
		p->behind |= file.signs;
	}
	p->behind = p->behind && has_dkimdomains(control);
	p->old = p->old || (p->rspawns.count == 0 && p->front.is == OURS_OTHER);
	p->is = p->rspawns.count > 0 ? judge(p) : judge_none(p, file.error);
}
