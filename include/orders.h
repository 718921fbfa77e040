/*
 * orders - an admin's own word on a meter: hold, refuse or discard what it pays for
 *
 * A small text file, "orders", in the state directory, which qlimit(8) writes and every delivery reads: an
 * order is in force with the next delivery, survives a reboot and needs no store. One line an order,
 * fields ended by tabs: kind, meter (meter_word(): printable, so that no name is another field or another order),
 * since and until in seconds since 1970 (until 0: until it is released), by whom, reason.
 */
#ifndef ORDERS_H
#define ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meter.h"
#include "text.h"

#define ORDERS_MAX 256 /* each delivery reads them all; what is for ever belongs into qlimit.conf */
#define ORDER_BY_MAX 64
#define ORDER_REASON_MAX 200

/* Bytes of a file that is full, each line at its longest. */
#define ORDERS_LINE_MAX (8 + METER_WORD_MAX + 1 + 2 * 20 + ORDER_BY_MAX + 1 + ORDER_REASON_MAX + 1)
#define ORDERS_TEXT_MAX (16 + ORDERS_MAX * ORDERS_LINE_MAX)

/* In order of strictness. */
enum order_kind { ORDER_HOLD = 1, ORDER_REFUSE, ORDER_DISCARD };

struct order {
	enum order_kind kind;
	struct meter meter;
	int64_t since, until; /* until 0: until it is released */
	char by[ORDER_BY_MAX + 1];
	char reason[ORDER_REASON_MAX + 1]; /* "" if none was given; no control characters */
};

struct orders {
	bool expired;         /* there were some that have expired and can be taken out; they are not in `at` */
	unsigned bad_line;    /* the first line that is not understood, from 1; 0: none */
	size_t count;
	struct order at[ORDERS_MAX];
};

/* "hold", "refuse", "discard"; and back: 0 if it is none of them. */
const char *order_name(enum order_kind kind);
enum order_kind order_kind_of(const char *name);

/* True of a text that can be a reason: no control characters, at most ORDER_REASON_MAX bytes. */
bool order_reason_is_good(const char *text);

/* The text of such a file, which is cut up, as orders; and back, ORDERS_TEXT_MAX bytes at most. */
void orders_parse(struct orders *orders, char *text, int64_t now);
void orders_compose(const struct orders *orders, struct text *t);

/*
 * Reads DIRECTORY/orders, all that are in force at `now` (seconds since 1970; 0: all). A line that is not
 * understood is none. 0, also where there is no such file; or -1 with errno and no orders.
 */
int orders_read(struct orders *orders, const char *directory, int64_t now);

/* The order on a meter, or NULL. `orders` may be NULL. */
const struct order *orders_find(const struct orders *orders, const struct meter *meter);

/* Adds an order, in the place of the one on its meter if there is one. False if there is no room. */
bool orders_put(struct orders *orders, const struct order *order);

/* Takes the order on a meter away. False if there is none. */
bool orders_remove(struct orders *orders, const struct meter *meter);

/*
 * Writes DIRECTORY/orders anew, durably; small_file_lock() must be held since they were read. 0, or -1 with errno
 * and the old file in place.
 */
int orders_write(const struct orders *orders, const char *directory);

#endif
