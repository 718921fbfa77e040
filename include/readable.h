/*
 * readable - text of others for a person's screen or a program: what is a character, and what is not
 *
 * Beyond ASCII a character is a sequence of UTF-8 (RFC 3629 section 4): shortest form, no surrogates.
 */
#ifndef READABLE_H
#define READABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* How many bytes (1 to 4) the character at `s`, not "", has, and its number in *code; 0 if it is none. */
size_t readable_character(const char *s, uint32_t *code);

/* No byte of it controls a terminal: neither C0, DEL nor, as a byte or a character, C1. */
bool readable_is(const char *s);

/*
 * Appends a text as it is, but what controls a terminal, and what is no character, as \xHH. Without `utf8`
 * also all beyond ASCII: such a screen would take it for something else.
 */
void readable_add(struct text *t, const char *s, bool utf8);

/*
 * Appends a word for a shell, after "--" if an option would be taken for it: in quotes where it needs them. Of
 * printable characters, not "".
 */
void readable_add_word(struct text *t, const char *word);

#endif
