/*
 * html - text in a page of HTML
 */
#ifndef HTML_H
#define HTML_H

#include <stdint.h>
#include <stdio.h>

/* Writes a string so that it is shown as it is, also in an attribute between double quotes. */
void html_text(FILE *f, const char *s);

/* Writes a number with its digits in groups of three, thin spaces between them. */
void html_number(FILE *f, uint64_t n);

#endif
