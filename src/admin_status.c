/* admin_status - the command status: is qlimit itself well, and in the mail path? */
#include "admin_status.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_mail_path.h"
#include "orders.h"

static bool
look(const struct admin *a, const char *name, struct stat *st)
{
	char path[PLACE_PATH_MAX + 1];

	return place_join(path, a->place.state, name) == 0 && lstat(path, st) == 0;
}

static void
look_at_files(const struct admin *a, struct admin_status *s)
{
	struct stat st;

	s->live_bytes = look(a, "live.mdb", &st) ? (int64_t)st.st_size : 0;
	s->ledger_bytes = look(a, "ledger.mdb", &st) ? (int64_t)st.st_size : 0;
	s->damaged_at = look(a, "live.mdb.damaged", &st) ? (int64_t)st.st_ctim.tv_sec : 0;
	s->ledger_damaged = look(a, "ledger.mdb.damaged", &st);
}

static int
read_store(struct store *store, struct admin_status *s)
{
	static unsigned char record[WATCH_RECORD_MAX];
	size_t size;
	int rc;

	if (store_note_get(store, s->note) == -1)
		return -1;
	rc = store_watch_get(store, record, &size);
	if (rc == 1)
		(void)watch_decode(&s->watched, record, size);
	return rc == -1 ? -1 : 0;
}

static int
count_meters(struct store *store, struct admin_status *s)
{
	struct store_row row = { .hour = 0 };
	int rc;

	s->meters = 0;
	while ((rc = store_counters_next(store, s->info.hour, s->info.hour + 1, &row)) == 1)
		s->meters++;
	return rc;
}

static void
find_real(const struct admin *a, struct admin_status *s)
{
	s->real_problem = admin_mail_path_real(a, s->real);
	if (s->real_problem == NULL && access(s->real, X_OK) == -1)
		s->real_problem = "the real qmail-remote cannot be executed:";
}

static void
count_orders(const struct admin *a, struct admin_status *s)
{
	static struct orders orders;

	s->orders_bad = orders_read(&orders, a->place.state, a->now) == -1 || orders.bad_line > 0;
	s->orders = orders.count;
}

/* All that is not in the store. */
static void
find_outside(const struct admin *a, struct admin_status *s)
{
	look_at_files(a, s);
	find_real(a, s);
	count_orders(a, s);
}

void
admin_status_look(const struct admin *a, struct admin_status *s)
{
	(void)admin_owner_say(s->owner_problem, a);
	admin_status_say_space(a, s);
}

int
admin_status_find(const struct admin *a, struct store *store, struct admin_status *s)
{
	s->counted = store != NULL;
	if (s->counted && read_store(store, s) == -1)
		return -1;
	find_outside(a, s);
	admin_status_say_rules(s);
	admin_status_say_essentials(a, s);
	s->current = watch_list_is_current(&s->watched) && s->watched.count > 0;
	return 0;
}

/* --- the command --- */

static void
end(struct store *store)
{
	if (store != NULL)
		store_rollback(store);
	store_close(store);
}

static int
show(struct admin *a, const struct mail_path *path)
{
	static struct admin_status s;
	bool json = a->option[ADMIN_JSON] != NULL;
	struct store *store;
	int status;

	/* Whatever else cannot be told. */
	if (!json)
		admin_status_print_path(path);
	store = admin_try_live(a, &s.info, &status);
	admin_status_look(a, &s);
	if (!json)
		admin_status_print_look(&s);
	if (status != EX_OK) {
		if (json)
			admin_status_json(a, &s, path, false);
		return status;
	}
	if (admin_status_find(a, store, &s) == -1 || (s.counted && count_meters(store, &s) == -1))
		return admin_store_failed(store);
	end(store);
	if (json)
		admin_status_json(a, &s, path, true);
	else
		admin_status_print(a, &s);
	return s.counted ? EX_OK : admin_not_counted(a);
}

/* That nothing is counted yet is well, as after a reboot. */
static int
check(struct admin *a, const struct mail_path *path)
{
	static struct admin_status s;
	int status;
	struct store *store = admin_try_live(a, &s.info, &status);
	bool readable = status == EX_OK;

	admin_status_look(a, &s);
	if (readable && admin_status_find(a, store, &s) == -1) {
		readable = false;
		(void)admin_store_failed(store);
	} else {
		end(store);
	}
	return admin_status_check(a, &s, path) && readable ? EX_OK : ADMIN_STATUS_BAD;
}

int
admin_status(struct admin *a)
{
	static struct mail_path path;

	admin_mail_path_find(a, &path);
	return a->option[ADMIN_CHECK] != NULL ? check(a, &path) : show(a, &path);
}
