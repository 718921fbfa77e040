/*
 * harness_report - what qmail-rspawn tells qmail-send about one delivery
 *
 * A second implementation of the rules in facts/qmail-remote.md section 2, written apart from
 * src/report.c: the one is tested with the other.
 */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stddef.h>

#define HARNESS_REPORT_ROOM 64

/*
 * Writes to `out` (at least n + HARNESS_REPORT_ROOM bytes) the letter K, Z or D that qmail records and
 * the text behind it, ended with a NUL, for a remote that wrote these `n` bytes and ended with
 * `wait_status` (of waitpid(2)). Returns the length of the string.
 */
size_t harness_report(char *out, int wait_status, const char *bytes, size_t n);

#endif
