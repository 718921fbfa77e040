/*
 * cursor - bytes read from the left, of which the end may be missing
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stddef.h>

/* Some bytes among others; no NUL need end them. */
struct span {
	const char *at;
	size_t n;
};

/* The bytes from `at` on up to `end`; no NUL need end them. */
struct cursor {
	const char *at;
	const char *end;
	bool ended; /* something was looked for of which the bytes end too early to say whether it is there */
};

/* Steps over `literal`; if it is not there the cursor stays. */
bool cursor_take(struct cursor *c, const char *literal);

/* Steps over the bytes from `low` to `high` but those in `except`; false if there is none. */
bool cursor_take_run(struct cursor *c, char low, char high, const char *except);

/* Steps over blanks and tabs. */
void cursor_take_blanks(struct cursor *c);

/* Behind the newline that ends the line at `at`; NULL if it is not there. */
const char *cursor_behind_line(const char *at, const char *end);

/* Blank or tab. */
bool cursor_is_blank(char c);

#endif
