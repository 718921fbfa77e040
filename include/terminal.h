/*
 * terminal - what the screen can show
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

enum terminal_when { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };

/* "auto", "always", "never"; NULL is "auto". False, and nothing changed, for another word. */
bool terminal_when(const char *word, enum terminal_when *when);

/* By the environment's own rule (locale(7)): setlocale(3) would change how numbers are read and written. */
bool terminal_is_utf8(void);

/* stdout is a terminal: somebody looks at it. */
bool terminal_is_there(void);

/* ... and it knows escape sequences: $TERM is set and not "dumb". */
bool terminal_has_escapes(void);

/* Colours are wanted: auto is a terminal with escapes and no $NO_COLOR (no-color.org), which a word overrules. */
bool terminal_has_colour(enum terminal_when when);

/* Columns: as $COLUMNS says, else of the terminal on stdout, else 80. */
int terminal_width(void);

/* Lines: as $LINES says, else of the terminal on stdout, else 24. */
int terminal_height(void);

/*
 * Turns to a screen of its own, where long lines are cut and no cursor blinks, and back to what was there
 * before. Each is harmless where it is done already. Async-signal-safe; what stdio holds back is not written.
 */
void terminal_enter(void);
void terminal_leave(void);

#endif
