/* admin_status_print - what the command status says */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "admin_mail_path.h"
#include "admin_print.h"
#include "admin_status.h"
#include "hour.h"

/* --- as text --- */

static void
print_problem(const char *problem)
{
	if (problem[0] != '\0')
		(void)printf("TROUBLE:       %s\n", problem);
}

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
		(void)puts("none are in force: nothing is limited");
	} else {
		(void)printf("loaded ");
		print_when(a, s->info.loaded_at);
		(void)printf("; mode %s\n", s->info.settings.observe ? "observe" : "enforce");
	}
	for (size_t i = 0; i < s->watched.count; i++)
		(void)printf("%s%s%s\n", i == 0 ? "configuration: " : "               ",
		    s->watched.file[i].path,
		    s->watched.file[i].exists ? "" : " (does not exist)");
	print_problem(s->rules_problem);
	if (s->note[0] == '\0' && !s->current)
		(void)puts("changed since: yes; loaded with the next delivery, or now with `qlimit load`");
}

/* What is wrong with the real program is not always wrong with a path. */
static const char *
blank_before(const char *path)
{
	return path[0] != '\0' ? " " : "";
}

static void
print_mail(const struct admin *a, const struct admin_status *s)
{
	(void)printf("last delivery: ");
	if (s->info.last_delivery == 0)
		(void)puts("none seen yet");
	else
		print_when(a, s->info.last_delivery);
	if (s->info.last_delivery != 0)
		(void)puts("");
	(void)printf("counting:      meters in the newest hour: %" PRIu64
	    "; deliveries not finished: %" PRIu64 "\n", s->meters, s->info.pendings);
}

static void
print_essentials(const struct admin *a, const struct admin_status *s)
{
	if (s->real_problem == NULL)
		(void)printf("real program:  %s\n", s->real);
	else
		(void)printf("TROUBLE:       %s%s%s\n", s->real_problem, blank_before(s->real), s->real);
	print_problem(s->essentials_problem);
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
}

static void
print_damage(const struct admin *a, const struct admin_status *s)
{
	if (s->damaged_at != 0) {
		(void)printf("TROUBLE:       a damaged store was set aside as live.mdb.damaged ");
		print_when(a, s->damaged_at);
		(void)puts("; remove it when you have seen it");
	}
	if (s->ledger_damaged)
		(void)puts("TROUBLE:       a damaged ledger was set aside as ledger.mdb.damaged; remove "
		    "it when you have seen it");
}

void
admin_status_print_path(const struct mail_path *path)
{
	char said[ADMIN_MAIL_PATH_MAX];

	(void)printf("mail path:     %s\n", admin_mail_path_say(said, path));
	/* Before what is wrong with the rest, on standard error. */
	(void)fflush(stdout);
}

void
admin_status_print_look(const struct admin_status *s)
{
	print_problem(s->owner_problem);
	print_problem(s->space_problem);
}

void
admin_status_print(const struct admin *a, const struct admin_status *s)
{
	if (s->counted) {
		print_rules(a, s);
		print_mail(a, s);
	}
	print_essentials(a, s);
	print_admins_part(a, s);
	if (s->counted)
		print_store(a, s);
	print_damage(a, s);
	/* As above. */
	(void)fflush(stdout);
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
put_counted(struct admin_json *out, const struct admin_status *s)
{
	admin_json_string(out, "mode", s->info.settings.observe ? "observe" : "enforce");
	json_time(out, "loaded_at", s->info.generation == 0 ? 0 : s->info.loaded_at);
	admin_json_bool(out, "current", s->current);
	admin_json_string(out, "load_error", s->note);
	json_time(out, "last_delivery", s->info.last_delivery);
	json_time(out, "hour", s->info.hour == 0 ? 0 : hour_start(s->info.hour));
	admin_json_number(out, "meters", s->meters);
	admin_json_number(out, "pending", s->info.pendings);
}

static void
put_outside(struct admin_json *out, const struct admin *a, const struct admin_status *s)
{
	admin_json_number(out, "live_bytes", (uint64_t)s->live_bytes);
	admin_json_number(out, "ledger_bytes", (uint64_t)s->ledger_bytes);
	if (s->counted)
		json_time(out, "created", s->info.created);
	json_time(out, "damaged_at", s->damaged_at);
	admin_json_string(out, "remote", s->real);
	admin_json_string(out, "on_error", a->essentials.defer_on_error ? "defer" : "deliver");
	admin_json_number(out, "deadline_ms", a->essentials.deadline_ms);
	admin_json_number(out, "orders", s->orders);
	admin_json_bool(out, "orders_bad", s->orders_bad);
	admin_json_string(out, "notify", a->essentials.notify);
}

static void
put_path(struct admin_json *out, const struct mail_path *path)
{
	char said[ADMIN_MAIL_PATH_MAX];

	admin_json_string(out, "mail_path", admin_mail_path_word(path));
	admin_json_string(out, "mail_path_text", admin_mail_path_say(said, path));
	admin_json_string(out, "version", QLIMIT_VERSION);
	admin_json_string(out, "front_version", path->front.version);
}

void
admin_status_json(const struct admin *a, const struct admin_status *s, const struct mail_path *path, bool found)
{
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "status");
	admin_json_string(&j, "config", a->place.config);
	admin_json_string(&j, "state", a->place.state);
	if (s->counted)
		put_counted(&j, s);
	if (found)
		put_outside(&j, a, s);
	admin_json_string(&j, "owner_problem", s->owner_problem);
	put_path(&j, path);
	admin_json_string(&j, "rules_problem", s->rules_problem);
	admin_json_string(&j, "essentials_problem", s->essentials_problem);
	admin_json_string(&j, "space_problem", s->space_problem);
	admin_json_close(&j);
}

/* --- for cron --- */

/* False after saying it. */
static bool
is_well(bool well, const char *what, const char *which)
{
	if (!well)
		(void)printf("qlimit: %s%s\n", what, which);
	return well;
}

bool
admin_status_check(const struct admin *a, const struct admin_status *s, const struct mail_path *path)
{
	const char *const problems[] = { s->owner_problem, s->space_problem, s->rules_problem, s->essentials_problem };
	const char *problem = s->real_problem != NULL ? s->real_problem : "";
	bool well;
	char said[ADMIN_MAIL_PATH_MAX];

	well = is_well(!admin_mail_path_is_bad(path, s->info.last_delivery, a->now), "mail path: ",
	    admin_mail_path_say(said, path));
	if (problem[0] != '\0')
		(void)printf("qlimit: %s%s%s\n", problem, blank_before(s->real), s->real);
	well = problem[0] == '\0' && well;
	for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
		well = is_well(problems[i][0] == '\0', problems[i], "") && well;
	well = is_well(!s->orders_bad, "the file of orders is not understood; see `qlimit orders`", "") && well;
	well = is_well(s->damaged_at == 0, "a damaged store was set aside as live.mdb.damaged; remove it when you have "
	    "seen it", "") && well;
	return is_well(!s->ledger_damaged, "a damaged ledger was set aside as ledger.mdb.damaged; remove it when you "
	    "have seen it", "") && well;
}
