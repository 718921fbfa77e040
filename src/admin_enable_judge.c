/* admin_enable_judge - what of qmail as it runs, and of the configuration, speaks against enabling */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_enable.h"
#include "aside.h"
#include "config.h"
#include "front_names.h"

#define REAL_PATH_SIZE 4096 /* PATH_MAX, what realpath(3) needs */

/* --- what qmail-rspawn runs --- */

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

int
admin_enable_judge_rspawns(const struct front *f, const struct mail_path *p)
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

static bool
is_front(const char *path)
{
	struct stat x, y;

	return stat(path, &x) == 0 && stat(ADMIN_BIN "/qmail-remote", &y) == 0 && front_is_same(&x, &y);
}

/* One of the same file, that is. */
static bool
is_another_name(const char *path)
{
	char a[REAL_PATH_SIZE], b[REAL_PATH_SIZE];

	return is_front(path) && realpath(path, a) != NULL && realpath(ADMIN_BIN "/qmail-remote", b) != NULL &&
	    strcmp(a, b) != 0;
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
	(void)fprintf(stderr, "qlimit: remote is set to %s, which %s: nothing is changed. Take remote out of "
	    "qlimit.conf, or, if that stands in front of qmail-remote, use `qlimit enable --variable`\n", remote,
	    access(remote, X_OK) == -1 ? "cannot be executed" : is_front(remote) ? "becomes qlimit-remote itself" :
	    "might run qmail-remote again, and so qlimit-remote, for ever");
	return EX_CONFIG;
}

int
admin_enable_judge_remote(const struct admin *a, const struct front *f)
{
	char remote[PLACE_PATH_MAX + 1];
	int status = ask_remote(a, remote);

	return status == EX_OK ? judge_remote(f, remote) : status;
}
