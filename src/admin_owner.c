/* admin_owner - does the state belong to the user whom qmail delivers as? */
#include "admin_owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "text.h"

static void
say(struct text *t, const char *directory, const char *name, uid_t uid)
{
	text_add(t, directory);
	text_add(t, name);
	text_add(t, " belongs to uid ");
	text_add_number(t, uid);
	text_add(t, ", not to " QLIMIT_OWNER ", so deliveries are not counted: chown -R " QLIMIT_OWNER ":" QLIMIT_GROUP
	    " ");
	text_add(t, directory);
}

/* The first of its files that is somebody else's; the directory itself stands first. */
static void
look(struct text *t, const char *directory, uid_t owner)
{
	static const char *const names[] = { "", "/lock", "/live.mdb", "/ledger.lock", "/ledger.mdb",
		"/load.lock", "/essentials" };

	for (size_t i = 0; i < sizeof names / sizeof names[0] && t->used == 0; i++) {
		char path[PLACE_PATH_MAX + sizeof "/ledger.lock"];
		struct stat st;

		(void)snprintf(path, sizeof path, "%s%s", directory, names[i]);
		if (lstat(path, &st) == 0 && st.st_uid != owner)
			say(t, directory, names[i], st.st_uid);
	}
}

const char *
admin_owner_say(char out[ADMIN_OWNER_MAX], const struct admin *a)
{
	int saved = errno;
	const struct passwd *owner = a->place.state_is_set ? NULL : getpwnam(QLIMIT_OWNER);
	struct text t;

	text_init(&t, out, ADMIN_OWNER_MAX);
	if (owner != NULL) {
		look(&t, QLIMIT_STATE, owner->pw_uid);
		look(&t, a->place.state, owner->pw_uid);
	}
	errno = saved;
	return out;
}

int
admin_owner_warn(const struct admin *a)
{
	char said[ADMIN_OWNER_MAX];

	if (admin_owner_say(said, a)[0] == '\0')
		return EX_OK;
	(void)fprintf(stderr, "qlimit: %s\n", said);
	return EX_CONFIG;
}
