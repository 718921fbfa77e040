/*
 * admin_orders - the file of orders, as the commands change it
 *
 * Each of them locks it, reads it and writes it anew: of two at once none is lost. They return an exit status, and
 * say what is wrong where it is not EX_OK; then nothing was changed.
 */
#ifndef ADMIN_ORDERS_H
#define ADMIN_ORDERS_H

#include "admin.h"

/* Become the owner of the state, and put an order into its file; what it replaces, if anything, in *before. */
int admin_orders_put(struct admin *a, const struct order *o, struct order *before);

/* ... and take the order on a meter, which is copied to *o, out of it. */
int admin_orders_take(struct admin *a, const struct meter *meter, struct order *o);

/* The file failed, by errno: says so and what follows from it, and returns the exit status for that. */
int admin_orders_failed(const struct admin *a, const char *consequence);

/* An order as an object of --json. */
void admin_orders_json(const struct order *o);

/* A line in the log: "order", "released" or "order_expired", and by whom. */
void admin_orders_log(const char *event, const struct order *o, const char *by);

#endif
