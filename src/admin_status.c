/* admin_status - the command status: is qlimit itself well? */
#include "admin_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_print.h"
#include "hour.h"
#include "orders.h"
#include "real.h"

struct status {
	struct admin_status at;
	uint64_t meters;
};

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
count_meters(struct store *store, struct status *s)
{
	struct store_row row = { .hour = 0 };
	int rc;

	while ((rc = store_counters_next(store, s->at.info.hour, s->at.info.hour + 1, &row)) == 1)
		s->meters++;
	return rc;
}

static void
find_real(const struct admin *a, struct admin_status *s)
{
	static char wrapper[PLACE_PATH_MAX + 1];

	real_find_ours(wrapper, "qlimit-remote");
	real_set_self(wrapper);
	s->real_problem = real_find(s->real,
	    a->place.remote != NULL ? a->place.remote : a->essentials.remote);
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

int
admin_status_find(const struct admin *a, struct store *store, struct admin_status *s)
{
	if (read_store(store, s) == -1)
		return -1;
	look_at_files(a, s);
	find_real(a, s);
	count_orders(a, s);
	s->current = watch_list_is_current(&s->watched) && s->watched.count > 0;
	return 0;
}

/* --- as text --- */

static void
print_when(const struct admin *a, int64_t then)
{
	char time[ADMIN_TIME_MAX];

	(void)printf("%s, ", admin_print_time(time, then));
	admin_print_age(stdout, then > 0 ? a->now - then : 0);
}

static void
print_rules(const struct admin *a, const struct admin_status *s)
{
	(void)printf("rules:         ");
	if (s->info.generation == 0) {
		(void)puts("none were ever loaded: nothing is limited");
	} else {
		(void)printf("loaded ");
		print_when(a, s->info.loaded_at);
		(void)printf("; mode %s\n", s->info.settings.observe ? "observe" : "enforce");
	}
	for (size_t i = 0; i < s->watched.count; i++)
		(void)printf("%s%s%s\n", i == 0 ? "configuration: " : "               ",
		    s->watched.file[i].path,
		    s->watched.file[i].exists ? "" : " (does not exist)");
	if (s->note[0] != '\0')
		(void)printf("TROUBLE:       the last load failed, older rules are in force: %s\n",
		    s->note);
	else if (!s->current)
		(void)puts("changed since: yes; loaded with the next delivery, or now with `qlimit load`");
}

static void
print_mail(const struct admin *a, const struct admin_status *s, uint64_t meters)
{
	(void)printf("last delivery: ");
	if (s->info.last_delivery == 0)
		(void)puts("none seen: is qlimit-remote in the mail path?");
	else
		print_when(a, s->info.last_delivery);
	if (s->info.last_delivery != 0)
		(void)puts("");
	(void)printf("counting:      meters in the newest hour: %" PRIu64
	    "; deliveries not finished: %" PRIu64 "\n", meters, s->info.pendings);
	if (s->real_problem == NULL)
		(void)printf("real program:  %s\n", s->real);
	else
		(void)printf("TROUBLE:       %s %s\n", s->real_problem, s->real);
	(void)printf("on error:      %s, after at most %" PRIu32 " ms\n",
	    a->essentials.defer_on_error ? "defer" : "deliver", a->essentials.deadline_ms);
}

static void
print_admins_part(const struct admin *a, const struct admin_status *s)
{
	if (s->orders > 0)
		(void)printf("orders:        %zu in force; see `qlimit orders`\n", s->orders);
	if (s->orders_bad)
		(void)puts("TROUBLE:       the file of orders is not understood; see `qlimit orders`");
	if (a->essentials.notify[0] != '\0')
		(void)printf("notices:       %s, from %" PRIu32 " %% of a limit on\n", a->essentials.notify,
		    a->essentials.warn_percent);
}

static void
print_store(const struct admin *a, const struct admin_status *s)
{
	(void)printf("store:         %s: live.mdb %" PRId64 " KiB, ledger.mdb %" PRId64
	    " KiB, since ", a->place.state, (s->live_bytes + 1023) / 1024,
	    (s->ledger_bytes + 1023) / 1024);
	print_when(a, s->info.created);
	(void)puts("");
	if (s->info.tidy_wanted)
		(void)puts("closed hours:  wait to be moved to the ledger");
	if (s->damaged_at != 0) {
		(void)printf("TROUBLE:       a damaged store was set aside as live.mdb.damaged ");
		print_when(a, s->damaged_at);
		(void)puts("; remove it when you have seen it");
	}
	if (s->ledger_damaged)
		(void)puts("TROUBLE:       a damaged ledger was set aside as ledger.mdb.damaged; remove "
		    "it when you have seen it");
}

/* --- as JSON --- */

static void
json_time(struct admin_json *j, const char *name, int64_t seconds)
{
	char time[ADMIN_TIME_MAX];

	if (seconds == 0)
		admin_json_null(j, name);
	else
		admin_json_string(j, name, admin_print_utc(time, seconds));
}

static void
print_json(const struct admin *a, const struct admin_status *s, uint64_t meters)
{
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "status");
	admin_json_string(&j, "config", a->place.config);
	admin_json_string(&j, "state", a->place.state);
	admin_json_string(&j, "mode", s->info.settings.observe ? "observe" : "enforce");
	json_time(&j, "loaded_at", s->info.generation == 0 ? 0 : s->info.loaded_at);
	admin_json_bool(&j, "current", s->current);
	admin_json_string(&j, "load_error", s->note);
	json_time(&j, "last_delivery", s->info.last_delivery);
	json_time(&j, "hour", s->info.hour == 0 ? 0 : hour_start(s->info.hour));
	admin_json_number(&j, "meters", meters);
	admin_json_number(&j, "pending", s->info.pendings);
	admin_json_number(&j, "live_bytes", (uint64_t)s->live_bytes);
	admin_json_number(&j, "ledger_bytes", (uint64_t)s->ledger_bytes);
	json_time(&j, "created", s->info.created);
	json_time(&j, "damaged_at", s->damaged_at);
	admin_json_string(&j, "remote", s->real);
	admin_json_string(&j, "on_error", a->essentials.defer_on_error ? "defer" : "deliver");
	admin_json_number(&j, "deadline_ms", a->essentials.deadline_ms);
	admin_json_number(&j, "orders", s->orders);
	admin_json_bool(&j, "orders_bad", s->orders_bad);
	admin_json_string(&j, "notify", a->essentials.notify);
	admin_json_close(&j);
}

int
admin_status(struct admin *a)
{
	static struct status s;
	int status;
	struct store *store = admin_open_live(a, &s.at.info, &status);

	if (store == NULL)
		return status;
	if (admin_status_find(a, store, &s.at) == -1 || count_meters(store, &s) == -1)
		return admin_store_failed(store);
	store_rollback(store);
	store_close(store);
	if (a->option[ADMIN_JSON] != NULL) {
		print_json(a, &s.at, s.meters);
		return EX_OK;
	}
	print_rules(a, &s.at);
	print_mail(a, &s.at, s.meters);
	print_admins_part(a, &s.at);
	print_store(a, &s.at);
	return EX_OK;
}
