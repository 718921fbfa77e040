/* config_hosted - the domains that are hosted here, read from qmail's control files */
#include "config_hosted.h"

#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config_control.h"
#include "config_rules.h"
#include "config_value.h"
#include "place.h"

struct name {
	struct config_control control; /* in the bytes of its file */
	unsigned line, file;
};

struct hosted {
	struct config_source *source;
	char *bytes[WATCH_FILES_MAX];
	struct name *names; /* then sorted by scope and name */
	size_t count, size;
};

/* --- the setting --- */

static void
add_file(struct config_source *source, const config_setting_t *setting, const char *name)
{
	struct config *config = source->config;
	char joined[PLACE_PATH_MAX + 1];
	const char *path = name;
	struct place place;

	place_init(&place);
	if (name != NULL && name[0] != '\0' && name[0] != '/')
		path = place_join(joined, place.control, name) == 0 ? joined : NULL;
	if (path == NULL || !place_is_path(path, PLACE_PATH_MAX)) {
		if (setting != NULL)
			config_value_blame(source, setting, "hosted",
			    "a list of files: absolute paths of at most 255 bytes, or names in qmail's control");
		return;
	}
	config->hosted_files[config->hosted_count++] = (struct config_hosted){
		.path = config_source_keep(source, path),
		.from = setting != NULL ? config_setting_source_line(setting) : 0,
	};
}

void
config_hosted_files(struct config_source *source, const config_setting_t *setting)
{
	static const char *const usual[] = { "rcpthosts", "morercpthosts", "virtualdomains", "locals" };
	unsigned count;

	if (setting == NULL && source->incomplete)
		return; /* it may stand in what is missing */
	if (setting == NULL) {
		for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
			add_file(source, NULL, usual[i]);
		return;
	}
	count = (unsigned)config_setting_length(setting);
	if (!config_setting_is_aggregate(setting) || config_setting_is_group(setting) ||
	    count > WATCH_FILES_MAX) {
		config_value_blame(source, setting, "hosted", "a list of at most 60 files ( \"...\", ... )");
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const config_setting_t *name = config_setting_get_elem(setting, i);

		add_file(source, name, config_setting_get_string(name));
	}
}

/* --- the files --- */

static void
add_name(struct hosted *h, const struct name *name)
{
	size_t size = h->size > 0 ? 2 * h->size : 1024;
	struct name *names;

	if (h->count == h->size) {
		names = realloc(h->names, size * sizeof *names);
		if (names == NULL) {
			h->source->no_memory = true;
			return;
		}
		h->names = names;
		h->size = size;
	}
	h->names[h->count++] = *name;
	if (name->control.says != CONFIG_CONTROL_EXCEPTION)
		h->source->config->hosted_files[name->file].names++;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
warn(struct hosted *h, const struct name *name, const char *wrong, const char *line, size_t n)
{
	const char *path = h->source->config->hosted_files[name->file].path;
	struct text *t = config_source_warn(h->source, path, name->line);

	text_add(t, "skipped: must be ");
	text_add(t, wrong);
	text_add(t, ", found ");
	config_source_quote(t, line, n);
	config_source_warned(h->source);
}

static void
take_lines(struct hosted *h, unsigned file, const struct config_file *content)
{
	char *at = content->bytes, *end = at + content->n;
	enum config_control_format format =
	    config_control_format(h->source->config->hosted_files[file].path);
	struct name name = { .file = file };

	while (at < end && !h->source->no_memory) {
		char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));
		const char *wrong;

		stop = stop != NULL ? stop : end;
		at = stop + 1;
		name.line++;
		while (stop > line && is_blank(stop[-1]))
			stop--;
		if (stop == line || *line == '#')
			continue;
		wrong = config_control_take(&name.control, format, line, (size_t)(stop - line));
		if (wrong != NULL)
			warn(h, &name, wrong, line, (size_t)(stop - line));
		else if (name.control.name != NULL)
			add_name(h, &name);
	}
}

static void
blame_file(struct config_source *source, const struct config_hosted *file, const char *why)
{
	unsigned line = file->from > 0 ? file->from : 1;
	struct text *t = config_source_blame(source, line);

	text_add(t, "cannot read ");
	config_source_quote(t, file->path, strlen(file->path));
	text_add(t, ", which says what is hosted: ");
	text_add(t, why);
	config_source_blamed(source, line);
}

/* Watched before it is read, and if it is missing: then it shows when it appears. */
static void
read_file(struct hosted *h, unsigned i)
{
	struct config_hosted *file = &h->source->config->hosted_files[i];
	struct config_file content;
	const char *why;

	if (!watch_add(&h->source->config->watched, file->path)) {
		blame_file(h->source, file, "more files than the 60 that can be watched");
		return;
	}
	why = config_source_read(h->source, file->path, &content);
	h->bytes[i] = content.bytes;
	h->source->beside += content.n;
	if (why == NULL)
		take_lines(h, i, &content);
	else if (!content.missing)
		blame_file(h->source, file, why);
}

/* --- the names --- */

static int
compare_names(const void *a, const void *b)
{
	const struct name *p = a, *q = b;

	if (p->control.scope != q->control.scope)
		return p->control.scope < q->control.scope ? -1 : 1;
	return strcmp(p->control.name, q->control.name);
}

/* Then those that host a name come first, by file and line. */
static int
compare_all(const void *a, const void *b)
{
	const struct name *p = a, *q = b;
	int order = compare_names(a, b);

	if (order == 0)
		order = (p->control.says == CONFIG_CONTROL_EXCEPTION) -
		    (q->control.says == CONFIG_CONTROL_EXCEPTION);
	if (order == 0)
		order = (p->file > q->file) - (p->file < q->file);
	return order != 0 ? order : (p->line > q->line) - (p->line < q->line);
}

static void
sort_names(struct hosted *h)
{
	size_t used = 0;

	if (h->count > 0)
		qsort(h->names, h->count, sizeof *h->names, compare_all);
	for (size_t i = 0; i < h->count; i++) {
		if (used > 0 && compare_names(&h->names[used - 1], &h->names[i]) == 0)
			h->names[used - 1].control.says |= h->names[i].control.says;
		else
			h->names[used++] = h->names[i];
	}
	h->count = used;
}

/* What is left of a name behind its next dot, or NULL. */
static const char *
above(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : NULL;
}

/*
 * True for an exception that takes back what a wildcard of virtualdomains says, unless another file or
 * `domains` hosts the name as well.
 */
static bool
excludes(const struct hosted *h, size_t rules, const struct name *exception)
{
	bool decided = false, excluded = false;

	for (const char *s = above(exception->control.name); s != NULL; s = above(s)) {
		struct name key = { .control = { .name = s, .scope = RULES_SUBDOMAINS } };
		const struct name *found =
		    bsearch(&key, h->names, h->count, sizeof key, compare_names);

		if (config_rules_find(h->source->config, rules, RULES_SUBDOMAINS, s) != NULL ||
		    (found != NULL && (found->control.says & CONFIG_CONTROL_LISTED)))
			return false;
		if (found != NULL && !decided) {
			excluded = (found->control.says & CONFIG_CONTROL_VIRTUAL) != 0;
			decided = true;
		}
	}
	return excluded;
}

/* The rule that a domain without one of its own has its limits from: the longest wildcard's, or default. */
static size_t
limits_above(const struct config *config, size_t rules, const char *name)
{
	const struct config_rule *found = NULL;

	for (const char *s = above(name); s != NULL && found == NULL; s = above(s))
		found = config_rules_find(config, rules, RULES_SUBDOMAINS, s);
	if (found == NULL)
		found = config_rules_find(config, rules, RULES_DEFAULT, "");
	return (size_t)(found - config->rules);
}

/* A rule for a name, if it needs one; the first `rules` are what qlimit.conf says itself. */
static void
add_rule(struct hosted *h, size_t rules, const struct name *name)
{
	struct config *config = h->source->config;
	const struct config_control *c = &name->control;
	bool hosts = c->says != CONFIG_CONTROL_EXCEPTION;
	struct config_rule *rule;
	size_t from;

	config->hosted += hosts;
	if (config_rules_find(config, rules, c->scope, c->name) != NULL ||
	    (!hosts && !excludes(h, rules, name)))
		return;
	from = limits_above(config, rules, c->name);
	rule = config_rules_add(h->source, c->scope, c->name);
	if (rule == NULL)
		return;
	rule->limits = config->rules[from].limits;
	rule->limits.named = hosts;
	memcpy(rule->from, config->rules[from].from, sizeof rule->from);
	rule->file = config->hosted_files[name->file].path;
	rule->line = name->line;
}

void
config_hosted_add(struct config_source *source)
{
	struct hosted h = { .source = source };
	struct config *config = source->config;
	size_t rules = config->rules_count;

	for (unsigned i = 0; i < config->hosted_count && !source->no_memory; i++)
		read_file(&h, i);
	sort_names(&h);
	for (size_t i = 0; i < h.count && !source->no_memory; i++)
		add_rule(&h, rules, &h.names[i]);
	if (config->rules_count > rules)
		config_rules_sort(config);
	config->settings.hosted = config->hosted > 0;
	for (unsigned i = 0; i < config->hosted_count; i++)
		free(h.bytes[i]);
	free(h.names);
}
