/* admin_check - the command check: what is wrong with a configuration */
#include "admin_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_print.h"
#include "owner.h"

/* --- what is right --- */

static void
print_hosted(const struct config *config)
{
	const char *between = " (";

	if (config->hosted == 0)
		(void)printf("no hosted domains: every sender domain is counted alone");
	else
		(void)printf("hosted names: %zu", config->hosted);
	for (size_t i = 0; i < config->hosted_count; i++) {
		const struct config_hosted *file = &config->hosted_files[i];

		if (file->names == 0)
			continue;
		(void)printf("%s%zu in %s", between, file->names, file->path);
		between = ", ";
	}
	(void)printf("%s; users: %zu, destinations: %zu\n", config->hosted > 0 ? ")" : "",
	    config->users, config->destinations);
}

void
admin_check_summary(const struct config *config)
{
	const struct limits *others = &config->rules[1].limits; /* server, then default */

	(void)printf("mode %s; domains: %zu, packages: %zu; default: max_per_hour %u, "
	    "max_failure_percent %u (0: no limit)\n",
	    config->settings.observe ? "observe" : "enforce", config->domains, config->packages,
	    others->max_per_hour, others->max_failure_percent);
	print_hosted(config);
	if (config->notify != NULL)
		(void)printf("notify %s, from %u %% of a limit on%s%s%s\n", config->notify, config->warn_percent,
		    config->notify_user != NULL ? "; user " : "",
		    config->notify_user != NULL ? config->notify_user : "",
		    config->notify_user != NULL ? ", who runs it, is exempt" : "");
}

void
admin_check_total(const struct admin_findings *f, const char *path, const struct config *config,
    const struct compile_changes *changes)
{
	struct admin_json j;

	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "total");
	admin_json_string(&j, "file", path);
	admin_json_bool(&j, "ok", f->errors == 0);
	admin_json_number(&j, "errors", f->errors);
	admin_json_number(&j, "warnings", f->warnings);
	if (changes != NULL) {
		admin_json_number(&j, "added", changes->added);
		admin_json_number(&j, "changed", changes->changed);
		admin_json_number(&j, "removed", changes->removed);
		admin_json_number(&j, "same", changes->same);
	}
	if (f->errors == 0) {
		admin_json_string(&j, "mode", config->settings.observe ? "observe" : "enforce");
		admin_json_number(&j, "domains", config->domains);
		admin_json_number(&j, "packages", config->packages);
		admin_json_number(&j, "hosted", config->hosted);
		admin_json_number(&j, "users", config->users);
		admin_json_number(&j, "destinations", config->destinations);
	}
	admin_json_close(&j);
}

/* --- what is wrong --- */

/* Where the ":LINE: " of a finding begins, or the ": " of one without a line; its end if it has neither. */
static const char *
end_of_file_name(const char *text)
{
	for (const char *at = strchr(text, ':'); at != NULL; at = strchr(at + 1, ':')) {
		size_t digits = strspn(at + 1, "0123456789");

		if (at[1 + digits] == ':' && digits > 0)
			return at;
	}
	return strstr(text, ": ");
}

/* "FILE:LINE: WHAT", or "FILE: WHAT", taken apart. */
static void
say_json(const char *severity, const char *text)
{
	const char *colon = end_of_file_name(text);
	char file[PLACE_PATH_MAX + 1];
	unsigned long line;
	struct admin_json j;

	(void)snprintf(file, sizeof file, "%.*s", (int)(colon - text), text);
	line = colon[1] != ' ' ? strtoul(colon + 1, NULL, 10) : 0;
	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", "mistake");
	admin_json_string(&j, "severity", severity);
	admin_json_string(&j, "file", file);
	if (line > 0)
		admin_json_number(&j, "line", line);
	else
		admin_json_null(&j, "line");
	admin_json_string(&j, "what", strstr(colon, ": ") + 2);
	admin_json_close(&j);
}

static void
warn(const struct admin_findings *f, const char *text)
{
	if (f->json)
		say_json("warning", text);
	else
		(void)fprintf(stderr, "warning: %s\n", text);
}

static void
blame(const struct admin_findings *f, const char *text)
{
	if (f->json)
		say_json("error", text);
	else
		(void)fprintf(stderr, "%s\n", text);
}

static void
say_errors(struct admin_findings *f, const struct config *config)
{
	f->errors = config->errors_count;
	for (size_t i = 0; i < f->errors && i < CONFIG_ERRORS_MAX; i++)
		blame(f, config->errors[i]);
	if (f->errors > CONFIG_ERRORS_MAX && !f->json)
		(void)fprintf(stderr, "and %zu more errors\n", f->errors - CONFIG_ERRORS_MAX);
	(void)snprintf(f->why, sizeof f->why, "%s", config->errors[0]);
}

/* Lines that qmail, too, makes nothing of. */
static void
say_warnings(struct admin_findings *f, const struct config *config)
{
	f->warnings = config->warnings_count;
	for (size_t i = 0; i < f->warnings && i < CONFIG_WARNINGS_MAX; i++)
		warn(f, config->warnings[i]);
	if (f->warnings > CONFIG_WARNINGS_MAX && !f->json)
		(void)fprintf(stderr, "warning: and %zu more lines skipped\n", f->warnings - CONFIG_WARNINGS_MAX);
}

/* What libconfig does not know: whether a program is there. */
static bool
judge_program(struct admin_findings *f, const struct config *config, unsigned from, const char *setting,
    const char *program)
{
	const char *problem = NULL, *file;
	unsigned line;
	struct stat st;

	if (program == NULL)
		return true;
	if (stat(program, &st) == -1)
		problem = strerror(errno);
	else if (!S_ISREG(st.st_mode) || access(program, X_OK) == -1)
		problem = "not an executable file";
	if (problem == NULL)
		return true;
	file = config_where(config, from, &line);
	(void)snprintf(f->why, sizeof f->why, "%s:%u: %s = \"%s\": %s", file, line, setting, program, problem);
	f->errors = 1;
	blame(f, f->why);
	return false;
}

void
admin_findings_judge(struct admin_findings *f, const struct config *config, const char *path)
{
	*f = (struct admin_findings){ .json = f->json };
	if (config == NULL) {
		(void)fprintf(stderr, "qlimit: %s: %s\n", path, strerror(errno));
		f->errors = 1;
		return;
	}
	say_warnings(f, config);
	if (config->errors_count > 0)
		say_errors(f, config);
	else if (judge_program(f, config, config->remote_from, "remote", config->remote))
		(void)judge_program(f, config, config->notify_from, "notify", config->notify);
}

/*
 * What several files have in common, a directory, is said once. Rights are nothing that a delivery would see to have
 * changed (watch.h), so that there must be a load by hand.
 */
static void
warn_unreadable(struct admin_findings *f, const struct admin *a, const struct watch_list *files)
{
	char where[OWNER_PATH_SIZE], said[OWNER_PATH_SIZE] = "";
	char text[2 * PLACE_PATH_MAX + OWNER_PATH_SIZE + 100];
	struct stat st;

	for (size_t i = 0; i < files->count; i++) {
		if (owner_can_read(a->place.state, files->file[i].path, where) || strcmp(where, said) == 0)
			continue;
		(void)snprintf(said, sizeof said, "%s", where);
		(void)snprintf(text, sizeof text, "%s: the owner of %s cannot read it: it will not take effect; "
		    "chmod a+%c %s, then `qlimit load`", files->file[i].path, a->place.state,
		    stat(where, &st) == 0 && S_ISDIR(st.st_mode) ? 'x' : 'r', where);
		f->warnings++;
		warn(f, text);
	}
}

/* --- the command --- */

/* As admin_config(); where --json is asked for, what is wrong goes to standard output. */
static struct config *
read_config(struct admin_findings *f, const char *path, int *status)
{
	char absolute[PLACE_PATH_MAX + 1], here[PLACE_PATH_MAX + 1];
	struct config *config;

	*status = EX_NOINPUT;
	if (path[0] != '/') {
		if (getcwd(here, sizeof here) == NULL || place_join(absolute, here, path) == -1) {
			(void)fprintf(stderr, "qlimit: %s: give an absolute path\n", path);
			return NULL;
		}
		path = absolute;
	}
	config = config_load(path);
	admin_findings_judge(f, config, path);
	*status = config == NULL ? EX_OSERR : f->errors > 0 ? EX_CONFIG : EX_OK;
	if (*status == EX_OK)
		return config;
	config_free(config);
	return NULL;
}

struct config *
admin_config(const char *path, int *status)
{
	struct admin_findings f = { .json = false };

	return read_config(&f, path, status);
}

int
admin_check(struct admin *a)
{
	const char *path = a->names[0] != NULL ? a->names[0] : a->place.config;
	struct admin_findings f = { .json = a->option[ADMIN_JSON] != NULL };
	int status;
	struct config *config = read_config(&f, path, &status);

	if (config != NULL && !f.json) {
		(void)printf("configuration OK: ");
		admin_check_summary(config);
	}
	if (config != NULL)
		warn_unreadable(&f, a, &config->watched);
	if (f.json && (status == EX_OK || status == EX_CONFIG))
		admin_check_total(&f, path, config, NULL);
	config_free(config);
	return status;
}
