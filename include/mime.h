/*
 * mime - header fields, and the parts of a multipart body (RFC 5322, RFC 2045, RFC 2046)
 *
 * Pure readers of bytes that strangers have written: any bytes, lines that end in LF or CRLF, each byte
 * looked at a few times however it is nested. Nothing is decoded. Results are views of these bytes.
 */
#ifndef MIME_H
#define MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "cursor.h"

#define MIME_PARAMETER_MAX 200 /* bytes of a parameter's value; a boundary has 70 at most (RFC 2046 5.1.1) */

struct mime_field {
	struct span name;
	struct span value; /* all behind the colon with the lines it goes on in, without blanks and newlines around */
};

/*
 * Takes one field off. False where the line at the cursor is none: empty, of another form, or not there.
 * The cursor then stays.
 */
bool mime_take_field(struct cursor *c, struct mime_field *field);

/* Whether it has this name, given in small letters. */
bool mime_is_named(const struct mime_field *field, const char *name);

/* The value of the first field of this name in the header that `bytes` begin with; n is 0: there is none. */
struct span mime_find(struct span bytes, const char *name);

/* The header that `bytes` begin with, up to the line that ends it; and all behind that line. */
struct span mime_header(struct span bytes);
struct span mime_body(struct span bytes);

/* Whether a value begins with this word, given in small letters, not with a longer one: "failed (said he)". */
bool mime_begins_with(struct span value, const char *word);

/*
 * A parameter of a Content-Type: without its quotes, MIME_PARAMETER_MAX + 1 bytes, ending in a NUL.
 * False where there is none, or a longer one.
 */
bool mime_parameter(struct span value, const char *name, char *out);

/*
 * Takes a part off a body, up to and with the next line "--boundary", or up to the end of all, whoever
 * forgot that line. True if another part follows. What is taken first is no part, but what stands before
 * the first one.
 */
bool mime_take_part(struct cursor *c, const char *boundary, struct span *part);

/* Without blanks, tabs and ends of lines around it. */
struct span mime_trim(struct span s);

#endif
