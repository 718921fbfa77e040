/*
 * config_syntax - what may stand where in qlimit.conf
 *
 * Takes the text's tokens one by one and passes them on to the source, or says what was expected
 * instead: libconfig knows "syntax error" alone. Knows brackets, names and values, not which
 * settings there are.
 */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "config_source.h"

#define CONFIG_SYNTAX_DEPTH 8 /* brackets open at once: libconfig recurses when it frees them */
/* libconfig compares each new name with every other of its group: there must be an end to them. */
#define CONFIG_SYNTAX_NAMES 64

/* What libconfig would misread as a number is passed on as a string that starts with this. */
#define CONFIG_SYNTAX_NUMBER '\001'
/* A setting that was set before, and has been blamed, is passed on under a name that starts so. */
#define CONFIG_SYNTAX_TWICE '*'

/* What may come next inside a bracket. */
enum config_state {
	CONFIG_STATE_NAME,   /* the name of a setting */
	CONFIG_STATE_EQUALS,
	CONFIG_STATE_FIRST,  /* the first value of a list, or its end */
	CONFIG_STATE_VALUE,
	CONFIG_STATE_AFTER,  /* what follows a value */
};

/* Where a setting's name stands in the text. */
struct config_name {
	size_t at, n;
	unsigned line;
};

struct config_bracket {
	char open; /* '{', '[', '('; 0 for the top level */
	enum config_state state;
	unsigned line;
	size_t names_count;
	struct config_name names[CONFIG_SYNTAX_NAMES];
};

struct config_syntax {
	struct config_source *source;
	bool stop;         /* after a syntax error: nothing further can be understood */
	bool after_string; /* a further string is a part of the last one */
	size_t whole;      /* bytes of the text that end with a whole setting */
	unsigned twice;
	size_t depth;
	struct config_bracket brackets[CONFIG_SYNTAX_DEPTH + 1];
};

/* Starts at the top level of an empty source. */
void config_syntax_init(struct config_syntax *s, struct config_source *source);

/* Blanks and newlines. */
void config_syntax_blank(struct config_syntax *s, const char *bytes, size_t n);

/* A string with its quotes, a number, a name or true or false, one of "=:,;(){}[]". */
void config_syntax_string(struct config_syntax *s, const char *string, size_t n);
void config_syntax_number(struct config_syntax *s, const char *number, size_t n);
void config_syntax_word(struct config_syntax *s, const char *word, size_t n);
void config_syntax_mark(struct config_syntax *s, char mark);

/* What can stand nowhere. */
void config_syntax_unexpected(struct config_syntax *s, const char *found, size_t n);

/* An error that nothing can be read after; points at the line `opened` too, unless it is 0. */
void config_syntax_stop(struct config_syntax *s, const char *what, unsigned opened);

/* The end of the main file. After an error the text is cut to the whole settings before it. */
void config_syntax_end(struct config_syntax *s);

#endif
