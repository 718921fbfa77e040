/* payers - which meters pay for a delivery, and what they have counted */
#include "payers.h"

#include <string.h>

struct view {
	struct store *store;
	const struct info *info;
	struct payers *payers;
	const struct orders *orders;
};

/* --- what a meter has counted --- */

/* Closed hours that nobody has moved to the ledger yet are not in the day's record either. */
static int
note_waiting_hours(struct store *s, const struct info *info, const struct meter *meter, struct day *day)
{
	struct counters c;

	for (uint32_t ago = DAY_HOURS - 1; ago > 0 && info->tidy_wanted; ago--) {
		int rc = info->hour < ago ? 0 : store_counters_get(s, info->hour - ago, meter, &c);

		if (rc == -1)
			return -1;
		if (rc == 1)
			day_note(day, info->hour - ago, c.admitted);
	}
	return 0;
}

static int
read_day(struct store *s, const struct info *info, const struct meter *meter, struct counters *c)
{
	struct day day;

	if (store_day_get(s, meter, &day) == -1 || note_waiting_hours(s, info, meter, &day) == -1)
		return -1;
	c->before = day_before(&day, info->hour);
	return 0;
}

int
payers_refresh(struct store *s, const struct info *info, const struct meter *meter, struct counters *c)
{
	if (c->generation == info->generation && c->generation != 0)
		return 0;
	c->generation = info->generation;
	if (store_limits_find(s, info->generation, meter, &c->limits) == -1)
		return -1;
	return c->limits.max_per_day > 0 ? read_day(s, info, meter, c) : 0;
}

int
payers_read(struct store *s, const struct info *info, const struct meter *meter, struct counters *c)
{
	int rc = store_counters_get(s, info->hour, meter, c);

	return rc == -1 || payers_refresh(s, info, meter, c) == -1 ? -1 : rc;
}

/* --- who pays --- */

static int
add(struct view *v, enum meter_kind kind, const char *name, enum payer_reason reason)
{
	struct payer *p = &v->payers->at[v->payers->count];
	int rc;

	meter_set(&p->meter, kind, name);
	p->reason = reason;
	p->order = orders_find(v->orders, &p->meter);
	rc = payers_read(v->store, v->info, &p->meter, &p->counters);
	p->is_new = rc == 0;
	if (rc != -1)
		v->payers->count++;
	return rc == -1 ? -1 : 1;
}

/* Adds a meter only if there are rules for its very name, or an order: 1; 0 if not. */
static int
add_named(struct view *v, enum meter_kind kind, const char *name, enum payer_reason reason)
{
	struct payer *p = &v->payers->at[v->payers->count];

	if (name[0] == '\0')
		return 0;
	if (add(v, kind, name, reason) == -1)
		return -1;
	if (p->counters.limits.named)
		return 1;
	if (p->order != NULL) {
		p->reason = PAYER_ORDER;
		return 1;
	}
	v->payers->count--;
	return 0;
}

/* The sender is an address that virtualdomains has, of a domain that is not hosted. */
static int
add_address(struct view *v, const struct origin *o)
{
	struct rules_key key;
	struct limits limits;
	int rc;

	if (o->address[0] == '\0')
		return 0;
	rules_key_set(&key, RULES_ADDRESS, o->address);
	rc = store_rule_get(v->store, v->info->generation, &key, &limits);
	return rc == 1 ? add(v, METER_DOMAIN, o->domain, PAYER_ADDRESS) : rc;
}

/* Whoever is to blame for the mail: one meter, always. */
static int
add_accountable(struct view *v, const struct origin *o)
{
	int rc;

	if (o->bounce)
		return add(v, METER_BOUNCES, "", PAYER_BOUNCE);
	if (!v->info->settings.hosted && o->domain[0] != '\0')
		return add(v, METER_DOMAIN, o->domain, PAYER_ANY_SENDER);
	rc = add_named(v, METER_DOMAIN, o->domain, PAYER_HOSTED);
	if (rc == 0)
		rc = add_address(v, o);
	if (rc == 0)
		rc = add_named(v, METER_DOMAIN, o->head.forwarder, PAYER_FORWARDER);
	if (rc == 0)
		rc = add(v, METER_FOREIGN, "", o->domain[0] != '\0' ? PAYER_NOT_HOSTED : PAYER_NO_DOMAIN);
	return rc;
}

static int
add_users(struct view *v, const struct origin *o)
{
	char name[METER_NAME_MAX + 1];
	bool believed = o->head.invoker == HEAD_NETWORK;

	origin_user(o, name);
	if (name[0] != '\0') {
		if (add(v, METER_USER, name, PAYER_USER) == -1)
			return -1;
		believed = v->payers->at[v->payers->count - 1].counters.limits.runs_smtpd;
	}
	if (!believed || o->head.auth[0] == '\0')
		return 0;
	memcpy(name, "auth:", 5);
	memcpy(name + 5, o->head.auth, strlen(o->head.auth) + 1);
	return add(v, METER_USER, name, PAYER_AUTH);
}

/* --- and where there is no room for more names --- */

static int
share(struct view *v, size_t at)
{
	enum payer_reason reason = v->payers->at[at].reason;
	size_t last = v->payers->count - 1;
	struct payer *p = v->payers->at;

	for (size_t i = 0; i < at; i++)
		if (p[i].meter.kind == METER_OVERFLOW) {
			memmove(&p[at], &p[at + 1], (last - at) * sizeof *p);
			v->payers->count--;
			return 0;
		}
	meter_set(&p[at].meter, METER_OVERFLOW, "");
	p[at].reason = reason;
	p[at].order = orders_find(v->orders, &p[at].meter);
	p[at].is_new = false;
	switch (payers_read(v->store, v->info, &p[at].meter, &p[at].counters)) {
	case -1:
		return -1;
	case 0:
		p[at].is_new = true;
	}
	return 1;
}

/* 1 if a rule is written for this very name: there are only so many, and what strangers make up has none. */
static int
has_own_rule(struct view *v, const struct meter *meter)
{
	struct rules_key key;
	struct limits limits;

	(void)rules_key_for(&key, meter, 0);
	return store_rule_get(v->store, v->info->generation, &key, &limits);
}

static int
share_what_is_too_much(struct view *v)
{
	uint64_t meters = v->info->meters;
	size_t i = 0;

	while (i < v->payers->count) {
		const struct payer *p = &v->payers->at[i];
		int rc = 1;

		if (p->is_new && p->meter.length > 0 && meters++ >= v->info->settings.max_meters) {
			rc = p->order != NULL ? 1 : has_own_rule(v, &p->meter);
			if (rc == 0)
				rc = share(v, i);
		}
		if (rc == -1)
			return -1;
		i += (size_t)rc;
	}
	return 0;
}

int
payers_find(struct payers *payers, struct store *s, const struct info *info, const struct origin *o,
    const struct orders *orders)
{
	struct view v = { s, info, payers, orders };

	payers->count = 0;
	if (add_accountable(&v, o) == -1 || add_users(&v, o) == -1)
		return -1;
	if ((info->settings.destinations || (orders != NULL && orders->count > 0)) &&
	    add_named(&v, METER_DESTINATION, o->destination, PAYER_DESTINATION) == -1)
		return -1;
	if (add(&v, METER_SERVER, "", PAYER_ALL_MAIL) == -1)
		return -1;
	return share_what_is_too_much(&v);
}
