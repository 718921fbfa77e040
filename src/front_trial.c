/* front_trial - does the copy of qlimit-remote run where it is to run, and as whom? */
#include "front_trial.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aside.h"
#include "front.h"
#include "program.h"
#include "text.h"

#define SECONDS 10
#define SAID_MAX 600
#define EXPECTED "qlimit-remote " /* what --version begins with */

struct trial {
	char path[PLACE_PATH_MAX + 1], next[PLACE_PATH_MAX + 1];
	uid_t uid;
	gid_t gid;
};

static int
tell(int fd, const char *path, const char *what, const char *why)
{
	char words[SAID_MAX];
	struct text t;

	text_init(&t, words, sizeof words);
	text_add(&t, "\n"); /* a line of its own, behind what the program has said */
	text_add(&t, path);
	text_add(&t, what);
	text_add(&t, why);
	(void)send(fd, words, t.used, MSG_NOSIGNAL);
	return 1;
}

static int
run(const struct trial *trial, int fd)
{
	static char name[] = "qmail-remote", version[] = "--version";
	char *const argv[] = { name, version, NULL }, *const envp[] = { NULL };
	const struct program program = { trial->path, argv, envp, SECONDS, false };
	struct program_result result = program_run(&program);

	if (result.end == PROGRAM_EXITED && result.number == 0)
		return 0;
	return tell(fd, trial->path, " cannot be run by " QLIMIT_OWNER ": ", result.end == PROGRAM_NOT_RUN ?
	    strerror(result.number) : result.end == PROGRAM_TOO_SLOW ? "it does not come to an end" :
	    "it ends with an error");
}

/* In a process of its own, for there is no way back to root. */
static int
try_as_owner(void *context, int fd)
{
	const struct trial *trial = context;

	if (setgroups(1, &trial->gid) == -1 || setgid(trial->gid) == -1 || setuid(trial->uid) == -1)
		return tell(fd, "cannot become " QLIMIT_OWNER, ": ", strerror(errno));
	if (access(trial->next, X_OK) == -1)
		return tell(fd, trial->next, " cannot be executed by " QLIMIT_OWNER ": ", strerror(errno));
	/* What the program prints goes to whoever waits. */
	return dup2(fd, 1) == -1 ? tell(fd, "dup2", ": ", strerror(errno)) : run(trial, fd);
}

/* All of it, of which the end is kept. */
static void
hear(int fd, char *said, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while ((n = recv(fd, said + used, size - 1 - used, 0)) > 0) {
		used += (size_t)n;
		if (used > size / 2) {
			memmove(said, said + used - size / 2, size / 2);
			used = size / 2;
		}
	}
	said[used] = '\0';
}

static const char *
last_line(const char *said)
{
	const char *at = strrchr(said, '\n');

	return at == NULL ? said : at + 1;
}

int
front_trial(const char *bin, uid_t uid, gid_t gid, char *problem, size_t size)
{
	struct trial trial = { .uid = uid, .gid = gid };
	char said[SAID_MAX];
	struct aside aside;
	struct text t;
	int status;

	text_init(&t, problem, size);
	if (place_join(trial.path, bin, FRONT_NEW) == -1 || place_join(trial.next, bin, "qmail-remote") == -1 ||
	    aside_start(&aside, try_as_owner, &trial) == -1) {
		text_add(&t, strerror(errno));
		return -1;
	}
	hear(aside.fd, said, sizeof said);
	status = aside_end(&aside);
	if (status == 0 && strncmp(said, EXPECTED, strlen(EXPECTED)) == 0)
		return 0;
	if (status == 0 || last_line(said)[0] == '\0') {
		text_add(&t, trial.path);
		text_add(&t, " does not answer as qlimit-remote");
	} else {
		text_add_sentence(&t, last_line(said));
	}
	return -1;
}
