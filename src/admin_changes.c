/* admin_changes - what `qlimit load` says of the rules that are different */
#include "admin_changes.h"

#include <stdio.h>
#include <string.h>

#include "admin_print.h"

#define CHANGES_SHOWN 20

static unsigned shown;
/* What `default` was, and is. */
static struct limits default_before, default_now;

void
admin_changes_start(const struct limits *others)
{
	shown = 0;
	default_before = default_now = *others;
}

static void
print_limits(const struct limits *l)
{
	char value[LIMITS_TEXT_MAX];

	for (unsigned field = 0; field < LIMITS_EXEMPT; field++)
		(void)printf("%s %s %s", field > 0 ? "," : "", limits_name((enum limits_field)field),
		    limits_text(value, l, (enum limits_field)field));
	(void)printf("%s%s", l->exempt ? ", exempt" : "", l->runs_smtpd ? ", runs_smtpd" : "");
}

/* True of a domain that was and is as `default` says: there may be thousands in the hosted files. */
static bool
follows_default(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	struct limits l;

	if (key->scope != RULES_DOMAIN && key->scope != RULES_SUBDOMAINS && key->scope != RULES_ADDRESS)
		return false;
	for (int i = 0; i < 2; i++) {
		if ((i == 0 ? before : now) == NULL)
			continue;
		l = i == 0 ? *before : *now;
		l.named = false;
		if (!limits_equal(&l, i == 0 ? &default_before : &default_now))
			return false;
	}
	return true;
}

/* Of a domain, nothing more than its name. */
static const char *const scopes[] = { [RULES_SERVER] = "server", [RULES_DEFAULT] = "default", [RULES_DOMAIN] = "",
	[RULES_SUBDOMAINS] = ".", [RULES_BOUNCES] = "bounces", [RULES_FOREIGN] = "foreign", [RULES_USER] = "user ",
	[RULES_USER_DEFAULT] = "user_default", [RULES_DESTINATION] = "destination ", [RULES_ADDRESS] = "address " };

static const char *
change_name(const struct limits *before, const struct limits *now)
{
	return before == NULL ? "added" : now == NULL ? "removed" : "changed";
}

/* Whether it is one to be told. */
static bool
is_news(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	if (key->scope == RULES_DEFAULT && before != NULL)
		default_before = *before;
	return !follows_default(key, before, now);
}

/* What is different, and nothing else: "max_per_hour 20 -> 200, exempt no -> yes". */
static void
print_difference(const struct limits *before, const struct limits *now)
{
	char old[LIMITS_TEXT_MAX], new[LIMITS_TEXT_MAX];
	const char *separator = " ";

	for (unsigned field = 0; field < LIMITS_FIELDS; field++) {
		(void)limits_text(old, before, (enum limits_field)field);
		(void)limits_text(new, now, (enum limits_field)field);
		if (strcmp(old, new) == 0)
			continue;
		(void)printf("%s%s %s -> %s", separator, limits_name((enum limits_field)field), old, new);
		separator = ", ";
	}
}

void
admin_changes_told(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	if (!is_news(key, before, now) || shown >= CHANGES_SHOWN)
		return;
	shown++;
	(void)printf("%s %s%s:", change_name(before, now), scopes[key->scope], key->name);
	if (before != NULL && now != NULL)
		print_difference(before, now);
	else
		print_limits(before != NULL ? before : now);
	(void)putchar('\n');
}

static void
add_limits(struct admin_json *j, const char *name, const struct limits *limits)
{
	if (limits == NULL) {
		admin_json_null(j, name);
		return;
	}
	admin_json_begin(j, name);
	admin_json_limits(j, limits);
	admin_json_bool(j, "runs_smtpd", limits->runs_smtpd);
	admin_json_end(j);
}

void
admin_changes_told_json(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	char rule[METER_NAME_MAX + 20];
	struct admin_json j;

	if (!is_news(key, before, now))
		return;
	(void)snprintf(rule, sizeof rule, "%s%s", scopes[key->scope], key->name);
	admin_json_open(&j, stdout);
	admin_json_string(&j, "kind", change_name(before, now));
	admin_json_string(&j, "rule", rule);
	add_limits(&j, "before", before);
	add_limits(&j, "now", now);
	admin_json_close(&j);
}

void
admin_changes_print(const struct compile_changes *changes)
{
	uint64_t all = changes->added + changes->changed + changes->removed;

	if (all > shown)
		(void)printf("and %llu more\n", (unsigned long long)(all - shown));
	(void)printf("rules in force: %llu added, %llu changed, %llu removed, %llu as before\n",
	    (unsigned long long)changes->added, (unsigned long long)changes->changed,
	    (unsigned long long)changes->removed, (unsigned long long)changes->same);
}
