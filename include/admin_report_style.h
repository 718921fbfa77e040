/*
 * admin_report_style - how a report as a page of HTML looks
 */
#ifndef ADMIN_REPORT_STYLE_H
#define ADMIN_REPORT_STYLE_H

#include <stdio.h>

/* Writes the CSS: light and dark as the reader's system has it, down to the width of a phone, and on paper. */
void admin_report_style_print(FILE *f);

#endif
