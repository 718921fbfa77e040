/* admin_changes - what `qlimit load` says of the rules that are different */
#include "admin_changes.h"

#include <stdio.h>

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
print_limits(const char *when, const struct limits *l)
{
	char value[LIMITS_TEXT_MAX];

	(void)printf("%s", when);
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

void
admin_changes_told(const struct rules_key *key, const struct limits *before, const struct limits *now)
{
	static const char *const scopes[] = { [RULES_SERVER] = "server", [RULES_DEFAULT] = "default",
		[RULES_DOMAIN] = "", [RULES_SUBDOMAINS] = ".", [RULES_BOUNCES] = "bounces",
		[RULES_FOREIGN] = "foreign", [RULES_USER] = "user ", [RULES_USER_DEFAULT] = "user_default",
		[RULES_DESTINATION] = "destination ", [RULES_ADDRESS] = "address " };

	if (key->scope == RULES_DEFAULT && before != NULL)
		default_before = *before;
	if (follows_default(key, before, now) || shown >= CHANGES_SHOWN)
		return;
	shown++;
	(void)printf("%s %s%s:", before == NULL ? "added" : now == NULL ? "removed" : "changed",
	    scopes[key->scope], key->name);
	if (before != NULL)
		print_limits(now == NULL ? "" : " from", before);
	if (now != NULL)
		print_limits(before == NULL ? "" : "; to", now);
	(void)putchar('\n');
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
