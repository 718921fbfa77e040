/*
 * harness_parse - configurations written and read in a directory of their own
 *
 * The directory stays behind for harness_main, which removes what is in TMPDIR or keeps it for
 * whoever asks why. Strings that are returned live until the next call of the same function.
 */
#ifndef HARNESS_PARSE_H
#define HARNESS_PARSE_H

#include <stddef.h>

#include "config.h"

/* Makes the directory, and in it an empty "control", which is QLIMIT_CONTROL: a fixture. */
void harness_parse_start(void);

/* The path of a file in it. */
const char *harness_parse_path(const char *name);

void harness_parse_write(const char *name, const char *bytes, size_t n);

/* Writes the text to q.conf and reads that; to be ended with config_free. */
struct config *harness_parse(const char *text);

/*
 * All rules but server and default, one a line: scope and name, max_per_hour/max_per_day, what else is unusual,
 * and where it stands. Not those of groups of which nothing is written.
 */
const char *harness_parse_rules(const struct config *config);

/* All errors, one a line, without the directory's name wherever it stands. */
const char *harness_parse_errors(const struct config *config);

#endif
