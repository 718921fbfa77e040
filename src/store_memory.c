/*
 * store_memory - a store in memory
 *
 * For tests: it shows that nothing above store_backend.h knows of pages, files or LMDB. Sorted arrays;
 * a transaction is undone by going back to a copy that was made before its first change.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_backend.h"

struct entry {
	size_t key_size, size;
	unsigned char *data; /* key, then value */
};

/* Room is made for so many at once. */
#define ENTRIES 16

struct entries {
	struct entry *at;
	size_t count;
};

struct store_memory {
	struct store base;
	bool exists, begun, changed;
	struct entries now[STORE_TABLES];
	struct entries before[STORE_TABLES]; /* the transaction */
};

static void
clear(struct entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->at[i].data);
	free(e->at);
	*e = (struct entries){ NULL, 0 };
}

static int
compare(const struct entry *e, const void *key, size_t key_size)
{
	size_t common = e->key_size < key_size ? e->key_size : key_size;
	int order = memcmp(e->data, key, common);

	if (order != 0)
		return order;
	return e->key_size == key_size ? 0 : e->key_size < key_size ? -1 : 1;
}

/* Index of the first entry that is not before the key. */
static size_t
find(const struct entries *e, const void *key, size_t key_size)
{
	size_t low = 0, high = e->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&e->at[middle], key, key_size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct entries *e, size_t i, const void *key, size_t key_size)
{
	return i < e->count && compare(&e->at[i], key, key_size) == 0;
}

static int
insert(struct entries *e, size_t i, struct entry entry)
{
	struct entry *more = e->at;

	if (e->count % ENTRIES == 0)
		more = realloc(e->at, (e->count + ENTRIES) * sizeof *more);
	if (more == NULL)
		return -1;
	e->at = more;
	memmove(&e->at[i + 1], &e->at[i], (e->count - i) * sizeof *more);
	e->at[i] = entry;
	e->count++;
	return 0;
}

static void
remove_at(struct entries *e, size_t i)
{
	free(e->at[i].data);
	e->count--;
	memmove(&e->at[i], &e->at[i + 1], (e->count - i) * sizeof *e->at);
}

static int
put(struct entries *e, const void *key, size_t key_size, const void *value, size_t size)
{
	struct entry entry = { key_size, size, malloc(key_size + size + 1) };
	size_t i = find(e, key, key_size);

	if (entry.data == NULL)
		return -1;
	memcpy(entry.data, key, key_size);
	memcpy(entry.data + key_size, value, size);
	if (is_at(e, i, key, key_size))
		remove_at(e, i);
	if (insert(e, i, entry) == 0)
		return 0;
	free(entry.data);
	return -1;
}

static int
copy_all(struct entries *to, const struct entries *from)
{
	if (from->count == 0)
		return 0;
	to->at = malloc((from->count / ENTRIES + 1) * ENTRIES * sizeof *to->at);
	if (to->at == NULL)
		return -1;
	for (; to->count < from->count; to->count++) {
		struct entry e = from->at[to->count];
		unsigned char *data = malloc(e.key_size + e.size + 1);

		if (data == NULL)
			return -1;
		memcpy(data, e.data, e.key_size + e.size);
		e.data = data;
		to->at[to->count] = e;
	}
	return 0;
}

static int
memory_begin(struct store *base, bool create)
{
	struct store_memory *s = (struct store_memory *)base;

	if (!s->exists && !create) {
		errno = ENOENT;
		return -1;
	}
	s->exists = true;
	s->begun = true;
	s->changed = false;
	return 0;
}

static void
forget_before(struct store_memory *s)
{
	for (int table = 0; table < STORE_TABLES; table++)
		clear(&s->before[table]);
}

/* Every change begins with this. */
static int
change(struct store_memory *s)
{
	if (s->changed)
		return 0;
	for (int table = 0; table < STORE_TABLES; table++)
		if (copy_all(&s->before[table], &s->now[table]) == -1) {
			forget_before(s); /* half a copy is nothing to go back to */
			return -1;
		}
	s->changed = true;
	return 0;
}

static int
memory_commit(struct store *base)
{
	struct store_memory *s = (struct store_memory *)base;

	forget_before(s);
	s->begun = false;
	return 0;
}

static void
memory_rollback(struct store *base)
{
	struct store_memory *s = (struct store_memory *)base;

	if (!s->begun)
		return;
	s->begun = false;
	if (!s->changed)
		return;
	for (int table = 0; table < STORE_TABLES; table++) {
		clear(&s->now[table]);
		s->now[table] = s->before[table];
		s->before[table] = (struct entries){ NULL, 0 };
	}
}

static int
memory_restart(struct store *base, enum store_fate fate)
{
	struct store_memory *s = (struct store_memory *)base;

	(void)fate;
	if (change(s) == -1)
		return -1;
	for (int table = 0; table < STORE_TABLES; table++)
		clear(&s->now[table]);
	return 0;
}

static int
copy_value(const struct entry *e, void *value, size_t room, size_t *size)
{
	if (e->size > room) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(value, e->data + e->key_size, e->size);
	*size = e->size;
	return 1;
}

static int
memory_get(struct store *base, enum store_table table, const void *key, size_t key_size,
    void *value, size_t room, size_t *size)
{
	const struct entries *e = &((struct store_memory *)base)->now[table];
	size_t i = find(e, key, key_size);

	return is_at(e, i, key, key_size) ? copy_value(&e->at[i], value, room, size) : 0;
}

static int
memory_put(struct store *base, enum store_table table, const void *key, size_t key_size,
    const void *value, size_t size)
{
	struct store_memory *s = (struct store_memory *)base;

	return change(s) == -1 ? -1 : put(&s->now[table], key, key_size, value, size);
}

static int
memory_del(struct store *base, enum store_table table, const void *key, size_t key_size)
{
	struct store_memory *s = (struct store_memory *)base;
	struct entries *e = &s->now[table];
	size_t i = find(e, key, key_size);

	if (change(s) == -1)
		return -1;
	if (is_at(e, i, key, key_size))
		remove_at(e, i);
	return 0;
}

static int
memory_next(struct store *base, enum store_table table, void *key, size_t *key_size,
    size_t prefix, void *value, size_t room, size_t *size)
{
	const struct entries *e = &((struct store_memory *)base)->now[table];
	size_t i = find(e, key, *key_size);

	if (is_at(e, i, key, *key_size))
		i++;
	if (i == e->count || e->at[i].key_size < prefix || memcmp(e->at[i].data, key, prefix) != 0)
		return 0;
	memcpy(key, e->at[i].data, e->at[i].key_size);
	*key_size = e->at[i].key_size;
	return copy_value(&e->at[i], value, room, size);
}

static int
memory_compact(struct store *base)
{
	memory_rollback(base);
	return 0;
}

static void
memory_close(struct store *base)
{
	struct store_memory *s = (struct store_memory *)base;

	for (int table = 0; table < STORE_TABLES; table++)
		clear(&s->now[table]);
	forget_before(s);
	free(s);
}

static const struct store_ops memory_ops = {
	.begin = memory_begin,
	.commit = memory_commit,
	.rollback = memory_rollback,
	.restart = memory_restart,
	.get = memory_get,
	.put = memory_put,
	.del = memory_del,
	.next = memory_next,
	.compact = memory_compact,
	.close = memory_close,
};

struct store *
store_memory_new(void)
{
	struct store_memory *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->base.ops = &memory_ops;
	s->base.disposable = true;
	return (struct store *)s;
}
