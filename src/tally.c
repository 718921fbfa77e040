/* tally - what many meters have come to, found by meter */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#define NAMES 65536 /* bytes of names in one piece; rows in one: */
#define ROWS (NAMES / sizeof(struct tally_row))
#define SLOTS_LEAST 1024 /* a power of two */

struct piece {
	struct piece *next;
	union {
		struct tally_row rows[ROWS];
		char names[NAMES];
	} u;
};

/* Pieces never move, so that rows and names stay where they are. */
struct tally {
	struct piece *rows, *names;
	size_t rows_used, names_used; /* in the newest piece */
	struct tally_row **slots;     /* open addressing; at most half of them are taken */
	size_t slots_count, count;
	size_t bytes, most;
	struct tally_row *last; /* asked for */
	bool full;
};

struct tally *
tally_new(size_t most)
{
	struct tally *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->most = most;
	t->slots_count = SLOTS_LEAST;
	t->slots = calloc(t->slots_count, sizeof(struct tally_row *));
	if (t->slots != NULL)
		return t;
	free(t);
	return NULL;
}

static void
free_pieces(struct piece *p)
{
	while (p != NULL) {
		struct piece *next = p->next;

		free(p);
		p = next;
	}
}

void
tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	free_pieces(t->rows);
	free_pieces(t->names);
	free(t->slots);
	free(t);
}

bool
tally_is_full(const struct tally *t)
{
	return t->full;
}

/* FNV-1a. Whoever makes up names that collide costs a report some time, and mail none. */
static size_t
hash_of(unsigned kind, const char *name, size_t length)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ kind;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
	return (size_t)(h ^ (h >> 32));
}

static bool
is_of(const struct tally_row *row, unsigned kind, const char *name, size_t length)
{
	return row->kind == kind && row->length == length && memcmp(row->name, name, length) == 0;
}

/* Where the row is, or belongs. */
static struct tally_row **
slot_of(struct tally *t, unsigned kind, const char *name, size_t length)
{
	size_t i = hash_of(kind, name, length) & (t->slots_count - 1);

	for (;; i = (i + 1) & (t->slots_count - 1)) {
		struct tally_row *row = t->slots[i];

		if (row == NULL || is_of(row, kind, name, length))
			return &t->slots[i];
	}
}

static int
grow_slots(struct tally *t)
{
	struct tally_row **old = t->slots;
	size_t count = t->slots_count;

	t->slots = calloc(2 * count, sizeof(struct tally_row *));
	if (t->slots == NULL) {
		t->slots = old;
		return -1;
	}
	t->slots_count = 2 * count;
	for (size_t i = 0; i < count; i++)
		if (old[i] != NULL)
			*slot_of(t, old[i]->kind, old[i]->name, old[i]->length) = old[i];
	free(old);
	return 0;
}

static int
add_piece(struct tally *t, struct piece **pieces)
{
	struct piece *p = calloc(1, sizeof *p);

	if (p == NULL)
		return -1;
	p->next = *pieces;
	*pieces = p;
	t->bytes += sizeof *p;
	return 0;
}

/* Room for one more row and its name: 1; 0 if that would be too much; or -1 with errno. */
static int
make_room(struct tally *t, bool optional)
{
	size_t slots = t->slots_count * sizeof(struct tally_row *);
	bool rows = t->rows == NULL || t->rows_used == ROWS;
	bool names = t->names == NULL || t->names_used + METER_NAME_MAX + 1 > NAMES;
	bool grow = 2 * (t->count + 1) > t->slots_count;

	/* While they grow there are old and new ones. */
	if (optional && t->bytes + slots * (grow ? 3 : 1) +
	    ((size_t)rows + (size_t)names) * sizeof(struct piece) > t->most)
		return 0;
	if (grow && grow_slots(t) == -1)
		return -1;
	if (rows) {
		if (add_piece(t, &t->rows) == -1)
			return -1;
		t->rows_used = 0;
	}
	if (names) {
		if (add_piece(t, &t->names) == -1)
			return -1;
		t->names_used = 0;
	}
	return 1;
}

static struct tally_row *
new_row(struct tally *t, const struct meter *meter)
{
	struct tally_row *row = &t->rows->u.rows[t->rows_used++];
	char *name = t->names->u.names + t->names_used;

	memcpy(name, meter->name, meter->length);
	name[meter->length] = '\0';
	t->names_used += (size_t)meter->length + 1;
	row->name = name;
	row->kind = meter->kind;
	row->length = meter->length;
	*slot_of(t, row->kind, row->name, row->length) = row;
	t->count++;
	return row;
}

static struct tally_row *
find_or_make(struct tally *t, const struct meter *meter)
{
	struct tally_row *row = *slot_of(t, meter->kind, meter->name, meter->length);
	struct meter others;
	int rc;

	if (row != NULL)
		return row;
	/* Kinds are few: what has no name always gets its row. Once full, it stays full. */
	rc = t->full && meter->length > 0 ? 0 : make_room(t, meter->length > 0);
	if (rc != 0)
		return rc == 1 ? new_row(t, meter) : NULL;
	t->full = true;
	meter_set(&others, (enum meter_kind)meter->kind, "");
	return find_or_make(t, &others);
}

/* Every hour has its meters in the same order: whoever came behind the last one does so again, as a rule. */
struct tally_row *
tally_of(struct tally *t, const struct meter *meter)
{
	struct tally_row *last = t->last, *row = last != NULL ? last->after : NULL;

	if (row == NULL || !is_of(row, meter->kind, meter->name, meter->length))
		row = find_or_make(t, meter);
	if (last != NULL)
		last->after = row;
	t->last = row;
	return row;
}

struct tally_row **
tally_sort(struct tally *t, int (*compare)(const void *a, const void *b), size_t *count)
{
	size_t n = 0;

	for (size_t i = 0; i < t->slots_count; i++)
		if (t->slots[i] != NULL)
			t->slots[n++] = t->slots[i];
	qsort(t->slots, n, sizeof(struct tally_row *), compare);
	*count = n;
	return t->slots;
}

void
tally_meter(const struct tally_row *row, struct meter *meter)
{
	memset(meter, 0, sizeof *meter);
	meter->kind = row->kind;
	meter->length = row->length;
	memcpy(meter->name, row->name, row->length);
}
