/*
 * admin_report_style - how a report as a page of HTML looks
 */
#ifndef ADMIN_REPORT_STYLE_H
#define ADMIN_REPORT_STYLE_H

/* CSS: light and dark as the reader's system has it, down to the width of a phone, and on paper. */
extern const char admin_report_style[];

#endif
