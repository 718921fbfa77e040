/* queue_table - messages of a queue added up, sender's domain by sender's domain */
#include "queue_table.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
compare_meters(const void *a, const void *b)
{
	const struct queue_row *x = a, *y = b;

	if (x->meter.kind != y->meter.kind)
		return x->meter.kind < y->meter.kind ? -1 : 1;
	return strcmp(x->meter.name, y->meter.name);
}

static struct queue_row *
new_row(struct queue_table *t, const struct meter *meter)
{
	struct queue_row *row = calloc(1, sizeof *row);

	if (row == NULL)
		return NULL;
	row->meter = *meter;
	if (tsearch(row, &t->tree, compare_meters) == NULL) {
		free(row);
		errno = ENOMEM;
		return NULL;
	}
	t->rows[t->count++] = row;
	return row;
}

/* NULL: no memory. */
static struct queue_row *
find_row(struct queue_table *t, const struct meter *meter)
{
	struct queue_row key = { .meter = *meter };
	struct queue_row *const *found = tfind(&key, &t->tree, compare_meters);

	if (found == NULL && t->count >= QUEUE_TABLE_MAX) {
		meter_set(&key.meter, METER_OVERFLOW, "");
		found = tfind(&key, &t->tree, compare_meters);
	}
	return found != NULL ? *found : new_row(t, &key.meter);
}

void
queue_sum_add(struct queue_sum *sum, const struct queue_message *m, uint64_t held)
{
	if (sum->messages == 0 || m->since < sum->oldest)
		sum->oldest = m->since;
	sum->messages++;
	sum->todo += m->state == QUEUE_TODO;
	sum->incomplete += m->state == QUEUE_INCOMPLETE;
	sum->remote += m->remote_left;
	sum->local += m->local_left;
	sum->held += held;
	sum->held_messages += held > 0;
	sum->bytes += m->size;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct queue_row *const *x = a, *const *y = b;
	const struct queue_sum *p = &(*x)->sum, *q = &(*y)->sum;

	if (p->remote + p->local != q->remote + q->local)
		return p->remote + p->local > q->remote + q->local ? -1 : 1;
	if (p->messages != q->messages)
		return p->messages > q->messages ? -1 : 1;
	return compare_meters(*x, *y);
}

int
queue_table_add(struct queue_table *t, const struct meter *meter, const struct queue_message *m, uint64_t held)
{
	struct queue_row *row = find_row(t, meter);

	if (row == NULL)
		return -1;
	queue_sum_add(&row->sum, m, held);
	return 0;
}

void
queue_table_sort(struct queue_table *t)
{
	qsort(t->rows, t->count, sizeof(void *), compare_rows);
}

void
queue_table_empty(struct queue_table *t)
{
	while (t->count > 0) {
		struct queue_row *row = t->rows[--t->count];

		(void)tdelete(row, &t->tree, compare_meters);
		free(row);
	}
}
