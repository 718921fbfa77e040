/* compile - a checked configuration made into the rules of a live store */
#include "compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 500

static int
abandon(struct compile *c)
{
	int saved = errno;

	store_rollback(c->live);
	errno = saved;
	return -1;
}

/* --- what is different --- */

static void
compare(struct compile *c, const struct rules_key *key, const struct limits *before,
    const struct limits *now)
{
	if (before != NULL && now != NULL && limits_equal(before, now)) {
		c->changes.same++;
		return;
	}
	if (before == NULL)
		c->changes.added++;
	else if (now == NULL)
		c->changes.removed++;
	else
		c->changes.changed++;
	c->told(key, before, now);
}

static int
compare_keys(const void *a, const void *b)
{
	const struct rules_key *x = &((const struct config_rule *)a)->key;
	const struct rules_key *y = &((const struct config_rule *)b)->key;

	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool
is_still_there(const struct compile *c, const struct rules_key *key)
{
	struct config_rule wanted = { .key = *key };

	return bsearch(&wanted, c->config->rules, c->config->rules_count, sizeof wanted,
		   compare_keys) != NULL;
}

static int
find_removed(struct compile *c)
{
	struct rules_key key = { .scope = 0 };
	struct limits limits;
	struct info info;
	int rc;

	if (store_begin_live(c->live, &info, c->boot, c->now) == -1)
		return -1;
	while ((rc = store_rule_next(c->live, info.generation, &key, &limits)) == 1)
		if (!is_still_there(c, &key))
			compare(c, &key, &limits, NULL);
	return rc == -1 ? -1 : store_commit(c->live);
}

/* --- writing --- */

/* Whatever a killed load may have left under the number of the next generation. */
static int
prune(struct compile *c)
{
	struct info info;
	int removed;

	do {
		if (store_begin_live(c->live, &info, c->boot, c->now) == -1)
			return -1;
		removed = store_rules_prune(c->live, info.generation, BATCH);
		if (removed == -1 || store_commit(c->live) == -1)
			return -1;
	} while (removed == BATCH);
	return 0;
}

static int
write_batch(struct compile *c, size_t from, size_t to, struct info *info)
{
	struct limits before;

	if (store_begin_live(c->live, info, c->boot, c->now) == -1)
		return -1;
	for (size_t i = from; i < to; i++) {
		const struct config_rule *rule = &c->config->rules[i];
		int rc = store_rule_get(c->live, info->generation, &rule->key, &before);

		if (rc == -1 || store_rule_put(c->live, rules_following(info->generation), &rule->key,
				    &rule->limits) == -1)
			return -1;
		compare(c, &rule->key, rc == 1 ? &before : NULL, &rule->limits);
	}
	return store_commit(c->live);
}

/* Begins a transaction in the store that was written to: in another one, all of that is gone. */
static int
begin_again(struct compile *c, const struct info *expected, struct info *info)
{
	if (store_begin_live(c->live, info, c->boot, c->now) == -1)
		return -1;
	if (memcmp(info->secret, expected->secret, sizeof info->secret) == 0)
		return 0;
	errno = EAGAIN;
	return -1;
}

static int
put_in_force(struct compile *c, const struct info *expected)
{
	unsigned char record[WATCH_RECORD_MAX];
	struct info info;

	if (begin_again(c, expected, &info) == -1)
		return -1;
	info.generation = rules_following(info.generation);
	info.loaded_at = c->now;
	info.tried_at = c->now;
	info.load_claimed_at = 0;
	info.settings = c->config->settings;
	if (store_watch_put(c->live, record, watch_encode(&c->config->watched, record)) == -1 ||
	    store_note_put(c->live, "") == -1 || store_info_put(c->live, &info) == -1)
		return -1;
	return store_commit(c->live);
}

/* The old rules have left much room. Damage may be met here as well, and takes the new rules along. */
static int
clean_up(struct compile *c, const struct info *expected)
{
	struct info info;

	if (prune(c) == -1) {
		(void)abandon(c);
		if (errno == EBADMSG)
			return -1;
	}
	(void)store_compact(c->live);
	return begin_again(c, expected, &info) == -1 ? -1 : store_commit(c->live);
}

static int
write_rules(struct compile *c)
{
	size_t count = c->config->rules_count;
	struct info first = { .generation = 0 }, info;

	memset(&c->changes, 0, sizeof c->changes);
	if (prune(c) == -1)
		return -1;
	for (size_t i = 0; i < count; i += BATCH) {
		if (write_batch(c, i, i + BATCH < count ? i + BATCH : count, &info) == -1)
			return -1;
		if (i == 0)
			first = info;
	}
	if (c->ledger != NULL && compile_days(c, rules_following(first.generation)) == -1)
		return -1;
	if (find_removed(c) == -1 || put_in_force(c, &first) == -1)
		return -1;
	return clean_up(c, &first);
}

int
compile_rules(struct compile *c)
{
	/* A store that is set aside meanwhile takes the new rules with it: once more. */
	for (int tries = 0; tries < 3; tries++) {
		if (write_rules(c) == 0)
			return 0;
		(void)abandon(c);
		if (errno != EAGAIN && errno != EBADMSG)
			break;
	}
	return -1;
}

int
compile_failed(struct compile *c, const char *why)
{
	unsigned char record[WATCH_RECORD_MAX];
	struct info info;

	if (store_begin_live(c->live, &info, c->boot, c->now) == -1)
		return abandon(c);
	c->generation = info.generation;
	info.tried_at = c->now;
	info.load_claimed_at = 0;
	if (store_watch_put(c->live, record, watch_encode(&c->config->watched, record)) == -1 ||
	    store_note_put(c->live, why) == -1 || store_info_put(c->live, &info) == -1)
		return abandon(c);
	return store_commit(c->live);
}
