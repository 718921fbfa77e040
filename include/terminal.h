/*
 * terminal - what the screen can show
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

/* By the environment's own rule (locale(7)): setlocale(3) would change how numbers are read and written. */
bool terminal_is_utf8(void);

/* Columns: as $COLUMNS says, else of the terminal on stdout, else 80. */
int terminal_width(void);

#endif
