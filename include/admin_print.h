/*
 * admin_print - how the CLI writes names, times, sizes and JSON
 */
#ifndef ADMIN_PRINT_H
#define ADMIN_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "limits.h"
#include "meter.h"

#define ADMIN_TIME_MAX 40
#define ADMIN_NAME_MAX (4 * METER_NAME_MAX + 1)

/* Each writes to `out`, whose size is given above, and returns it. Times are local. */
const char *admin_print_clock(char *out, int64_t seconds); /* 18:00 */
const char *admin_print_time(char *out, int64_t seconds);  /* 2026-11-21 18:00:00 CET */
const char *admin_print_utc(char *out, int64_t seconds);   /* 2026-11-21T17:00:00Z */
const char *admin_print_name(char *out, const struct meter *meter); /* printable */

/* What a person wrote, in `size` bytes, for this terminal (readable_add()); returns `out`. */
const char *admin_print_text(char *out, size_t size, const char *s);

/* "5 seconds", "3 minutes", ... ago. */
void admin_print_age(FILE *f, int64_t seconds);

/*
 * One JSON object on one line: open, members, close. Strings may be anything; they are UTF-8, and a byte that is
 * not is written as \xHH. Names of meters are given as admin_print_name() or meter_word() has them.
 */
struct admin_json {
	FILE *f;
	bool more;
};

void admin_json_open(struct admin_json *j, FILE *f);
void admin_json_string(struct admin_json *j, const char *name, const char *value);
void admin_json_number(struct admin_json *j, const char *name, uint64_t value);
void admin_json_bool(struct admin_json *j, const char *name, bool value);
void admin_json_null(struct admin_json *j, const char *name);
void admin_json_close(struct admin_json *j);

/* Members between these two are those of an object that is itself a member. */
void admin_json_begin(struct admin_json *j, const char *name);
void admin_json_end(struct admin_json *j);

/* The limits as members, by their names in qlimit.conf(5). */
void admin_json_limits(struct admin_json *j, const struct limits *limits);

#endif
