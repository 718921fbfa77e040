/* admin_status_problem - what may be wrong with rules, essentials and free space, in words */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "admin_status.h"

#define SPACE_LEAST (1 << 20) /* bytes: some thousand meters' worth in a live.mdb that has to grow */

void
admin_status_say_space(const struct admin *a, struct admin_status *s)
{
	struct statvfs fs;
	uint64_t bytes;

	s->space_problem[0] = '\0';
	/* A tmpfs without a limit has no blocks at all. */
	if (statvfs(a->place.state, &fs) == -1 || fs.f_blocks == 0)
		return;
	bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (bytes < SPACE_LEAST)
		(void)snprintf(s->space_problem, sizeof s->space_problem, "the file system of %s is full, %" PRIu64
		    " KiB are free: what the store has no room for %s", a->place.state, bytes / 1024,
		    a->essentials.defer_on_error ? "is deferred, as on_error says" : "is delivered uncounted");
}

void
admin_status_say_rules(struct admin_status *s)
{
	bool any = s->info.generation != 0;

	s->rules_problem[0] = '\0';
	if (s->note[0] != '\0')
		(void)snprintf(s->rules_problem, sizeof s->rules_problem, "the last load failed, %s: %s",
		    any ? "older rules are in force" :
		    "no rules are in force and nothing is limited until the configuration is right", s->note);
	else if (!any && s->info.last_delivery != 0)
		(void)snprintf(s->rules_problem, sizeof s->rules_problem,
		    "no rules are in force and nothing is limited: run `qlimit load`");
}

/*
 * A file that is not there is as it should be before the first load. Any load that succeeds writes it before its
 * rules; the rules do not bring it back.
 */
void
admin_status_say_essentials(const struct admin *a, struct admin_status *s)
{
	int error = a->essentials_error;

	s->essentials_problem[0] = '\0';
	if (error == 0 || (error == ENOENT && s->info.generation == 0))
		return;
	(void)snprintf(s->essentials_problem, sizeof s->essentials_problem, "the file essentials in %s cannot be used "
	    "(%s): remote, state, on_error, deadline_ms, notify, notify_timeout, warn_percent, smtp_auth and "
	    "trusted_received are not in force: run `qlimit load`", a->place.state,
	    error == EBADMSG ? "not understood" : strerror(error));
}
