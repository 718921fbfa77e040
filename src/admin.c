/* admin - what the commands of qlimit(8) have in common */
#include "admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_owner.h"
#include "boot.h"
#include "owner.h"

void
admin_init(struct admin *a, int64_t now)
{
	memset(a, 0, sizeof *a);
	a->now = now;
	place_init(&a->place);
	boot_id(a->boot);
}

int
admin_enter(struct admin *a, bool create)
{
	int status = owner_become(a->place.state, create);

	if (status != EX_OK)
		return status;
	/* Read as the owner: whoever may write this file must not say where root goes next. */
	a->essentials_error = essentials_read(&a->essentials, a->place.state) == 0 ? 0 : errno;
	if (!a->place.state_is_set && a->essentials.state[0] != '\0')
		a->place.state = a->essentials.state;
	return EX_OK;
}

int
admin_not_counted(const struct admin *a)
{
	char damaged[PLACE_PATH_MAX + 1];
	bool aside = place_join(damaged, a->place.state, "live.mdb.damaged") == 0 && access(damaged, F_OK) == 0;

	(void)fprintf(stderr, "qlimit: nothing counted yet in %s: no delivery has passed qlimit-remote since the machine "
	    "was started%s, and no `qlimit load` has been done\n", a->place.state,
	    aside ? ", or since a damaged store was set aside as live.mdb.damaged" : "");
	return EX_NOINPUT;
}

int
admin_open_failed(const struct admin *a)
{
	if ((errno == EPERM || errno == EACCES) && admin_owner_warn(a) != EX_OK)
		return EX_IOERR;
	if (errno == ENOENT)
		return admin_not_counted(a);
	if (errno == EPERM)
		(void)fprintf(stderr, "qlimit: %s: the directory, lock and live.mdb must be plain, "
		    "have one name, belong to one user and be writable by nobody else\n",
		    a->place.state);
	else if (errno == ETIMEDOUT)
		(void)fprintf(stderr, "qlimit: %s/lock: another process has held it for %d "
		    "seconds; meanwhile %s\n", a->place.state, ADMIN_PATIENCE_MS / 1000,
		    a->essentials.defer_on_error ? "mail is deferred, as on_error says" :
		    "mail goes on uncounted");
	else if (errno == EBADMSG)
		(void)fprintf(stderr, "qlimit: %s/live.mdb is damaged: the next delivery or "
		    "`qlimit load` sets it aside, and counting starts anew\n", a->place.state);
	else
		(void)fprintf(stderr, "qlimit: %s: %s\n", a->place.state, store_error(errno));
	return EX_IOERR;
}

struct store *
admin_live(const struct admin *a)
{
	struct store *s = store_lmdb_new(a->place.state, STORE_LIVE, ADMIN_PATIENCE_MS);

	if (s != NULL)
		store_lmdb_of_boot(s, a->boot);
	return s;
}

struct store *
admin_try_live(struct admin *a, struct info *info, int *status)
{
	struct store *s;
	int rc;

	*status = admin_enter(a, false);
	if (*status != EX_OK)
		return NULL;
	s = admin_live(a);
	if (s == NULL || store_begin(s, false) == -1) {
		*status = errno == ENOENT ? EX_OK : admin_open_failed(a);
		store_close(s);
		return NULL;
	}
	rc = store_info_get(s, info);
	/* What an earlier boot has counted is not trusted: the next delivery makes it anew. */
	if (rc == 1 && !store_is_of_boot(info, a->boot))
		rc = 0;
	if (rc == 1)
		return s;
	*status = rc == 0 ? EX_OK : admin_store_failed(s);
	if (rc == 0)
		store_close(s);
	return NULL;
}

struct store *
admin_open_live(struct admin *a, struct info *info, int *status)
{
	struct store *s = admin_try_live(a, info, status);

	if (s == NULL && *status == EX_OK)
		*status = admin_not_counted(a);
	return s;
}

int
admin_store_failed(struct store *s)
{
	int saved = errno;

	store_rollback(s);
	store_close(s);
	if (saved == EBADMSG)
		(void)fputs("qlimit: a store is damaged: the log says what was done; try again\n",
		    stderr);
	else
		(void)fprintf(stderr, "qlimit: the store cannot be used: %s\n", store_error(saved));
	return EX_IOERR;
}

bool
admin_limit(const struct admin *a, uint64_t least, uint64_t most, uint64_t *limit)
{
	const char *word = a->option[ADMIN_LIMIT];
	uint64_t n = 0;
	const char *at = word;

	if (word == NULL)
		return true;
	for (; *at >= '0' && *at <= '9' && n <= most; at++)
		n = 10 * n + (uint64_t)(*at - '0');
	if (at == word || *at != '\0' || n < least || n > most) {
		(void)fprintf(stderr, "qlimit: --limit \"%.40s\": write a whole number from %" PRIu64 " to %" PRIu64
		    "\n", word, least, most);
		return false;
	}
	*limit = n;
	return true;
}
