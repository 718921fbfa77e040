/* config_syntax - what may stand where in qlimit.conf */
#include "config_syntax.h"

#include <string.h>
#include <strings.h>

void
config_syntax_init(struct config_syntax *s, struct config_source *source)
{
	memset(s, 0, sizeof *s);
	s->source = source;
}

/* Everything that is copied goes through here, so that `whole` is right. */
static void
pass(struct config_syntax *s, const char *bytes, size_t n)
{
	config_source_add(s->source, bytes, n);
	if (s->depth == 0 && s->brackets[0].state == CONFIG_STATE_AFTER)
		s->whole = s->source->used;
}

void
config_syntax_stop(struct config_syntax *s, const char *what, unsigned opened)
{
	struct text *t = config_source_blame(s->source, s->source->line);

	text_add(t, what);
	if (opened > 0)
		config_source_point(s->source, t, opened);
	config_source_blamed(s->source, s->source->line);
	s->stop = true;
}

static const char *
wanted(const struct config_bracket *b)
{
	switch (b->state) {
	case CONFIG_STATE_NAME:
		return b->open == '{' ? "the name of a setting, or \"}\"" : "the name of a setting";
	case CONFIG_STATE_EQUALS:
		return "\"=\" and a value";
	case CONFIG_STATE_FIRST:
		return b->open == '(' ? "a value, or \")\"" : "a value, or \"]\"";
	case CONFIG_STATE_VALUE:
		return b->open == '[' ? "a number or a text in quotes" : "a value";
	default:
		break;
	}
	if (b->open == '\0')
		return "\";\" or the name of a setting";
	if (b->open == '{')
		return "\";\", the name of a setting, or \"}\"";
	return b->open == '(' ? "\",\" or \")\"" : "\",\" or \"]\"";
}

static void
syntax_error(struct config_syntax *s, const char *found, size_t n, const char *hint)
{
	const struct config_bracket *b = &s->brackets[s->depth];
	struct text *t = config_source_blame(s->source, s->source->line);

	text_add(t, "expected ");
	text_add(t, wanted(b));
	text_add(t, ", found ");
	if (n == 0)
		text_add(t, "the end of the file");
	else if (*found == '"')
		text_add(t, "a text in quotes");
	else
		config_source_quote(t, found, n);
	text_add(t, hint);
	if (b->open != '\0') {
		text_add(t, " (inside the \"");
		text_add_bytes(t, &b->open, 1);
		text_add(t, "\"");
		config_source_point(s->source, t, b->line);
		text_add(t, ")");
	}
	config_source_blamed(s->source, s->source->line);
	s->stop = true;
}

static bool
is_list(const struct config_bracket *b)
{
	return b->open == '(' || b->open == '[';
}

/* Whether a value may stand here; if so it now does. */
static bool
take_value(struct config_syntax *s, const char *found, size_t n)
{
	struct config_bracket *b = &s->brackets[s->depth];

	if (b->state != CONFIG_STATE_VALUE && b->state != CONFIG_STATE_FIRST) {
		syntax_error(s, found, n, "");
		return false;
	}
	b->state = CONFIG_STATE_AFTER;
	s->after_string = false;
	return true;
}

void
config_syntax_blank(struct config_syntax *s, const char *bytes, size_t n)
{
	pass(s, bytes, n);
}

void
config_syntax_unexpected(struct config_syntax *s, const char *found, size_t n)
{
	syntax_error(s, found, n, "");
}

void
config_syntax_string(struct config_syntax *s, const char *string, size_t n)
{
	bool goes_on = s->after_string && s->brackets[s->depth].state == CONFIG_STATE_AFTER;

	if (!goes_on && !take_value(s, "\"", 1))
		return;
	s->after_string = true;
	pass(s, string, n);
}

static bool
is_plain_int(const char *number, size_t n)
{
	unsigned long long value = 0;

	if (number[0] == '-') {
		number++;
		n--;
	}
	if (n == 0 || n > 10 || (number[0] == '0' && n > 1))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (number[i] < '0' || number[i] > '9')
			return false;
		value = 10 * value + (unsigned)(number[i] - '0');
	}
	return value <= INT32_MAX;
}

void
config_syntax_number(struct config_syntax *s, const char *number, size_t n)
{
	static const char open[] = { '"', CONFIG_SYNTAX_NUMBER };
	bool plain = is_plain_int(number, n);

	if (!take_value(s, number, n))
		return;
	if (!plain)
		pass(s, open, sizeof open);
	pass(s, number, n);
	if (!plain)
		pass(s, "\"", 1);
}

static const struct config_name *
find_name(const struct config_syntax *s, const char *name, size_t n)
{
	const struct config_bracket *b = &s->brackets[s->depth];

	for (size_t i = 0; i < b->names_count; i++)
		if (b->names[i].n == n &&
		    memcmp(s->source->text + b->names[i].at, name, n) == 0)
			return &b->names[i];
	return NULL;
}

/* libconfig would go no further than to the second of two settings with one name. */
static void
pass_under_other_name(struct config_syntax *s, const char *name, size_t n, unsigned first)
{
	char other[24];
	struct text t;
	struct text *error = config_source_blame(s->source, s->source->line);

	text_add_printable(error, name, n, CONFIG_SOURCE_SHOWN);
	text_add(error, " must be set once, it was set before");
	config_source_point(s->source, error, first);
	config_source_blamed(s->source, s->source->line);

	text_init(&t, other, sizeof other);
	text_add_bytes(&t, &(const char){ CONFIG_SYNTAX_TWICE }, 1);
	text_add_number(&t, ++s->twice);
	pass(s, other, t.used);
}

static void
take_name(struct config_syntax *s, const char *name, size_t n)
{
	struct config_bracket *b = &s->brackets[s->depth];
	const struct config_name *first = find_name(s, name, n);

	b->state = CONFIG_STATE_EQUALS;
	if (first != NULL) {
		pass_under_other_name(s, name, n, first->line);
		return;
	}
	if (b->names_count == CONFIG_SYNTAX_NAMES) {
		config_syntax_stop(s, "a group must not hold more than 64 settings", 0);
		return;
	}
	b->names[b->names_count++] =
	    (struct config_name){ .at = s->source->used, .n = n, .line = s->source->line };
	pass(s, name, n);
}

void
config_syntax_word(struct config_syntax *s, const char *word, size_t n)
{
	const struct config_bracket *b = &s->brackets[s->depth];
	bool truth = (n == 4 && strncasecmp(word, "true", n) == 0) ||
	    (n == 5 && strncasecmp(word, "false", n) == 0);

	if (!truth && (b->state == CONFIG_STATE_NAME ||
	    (b->state == CONFIG_STATE_AFTER && !is_list(b))))
		take_name(s, word, n);
	else if (!truth)
		syntax_error(s, word, n, b->state == CONFIG_STATE_EQUALS ? "" : " without quotes");
	else if (take_value(s, word, n))
		pass(s, word, n);
}

static void
open_bracket(struct config_syntax *s, char mark)
{
	struct config_bracket *b = &s->brackets[s->depth];

	if (b->open == '[') {
		syntax_error(s, &mark, 1, "");
		return;
	}
	if (!take_value(s, &mark, 1))
		return;
	if (s->depth == CONFIG_SYNTAX_DEPTH) {
		config_syntax_stop(s, "more than 8 brackets are open here, the innermost", b->line);
		return;
	}
	b = &s->brackets[++s->depth];
	b->open = mark;
	b->state = mark == '{' ? CONFIG_STATE_NAME : CONFIG_STATE_FIRST;
	b->line = s->source->line;
	b->names_count = 0;
	pass(s, &mark, 1);
}

static void
close_bracket(struct config_syntax *s, char mark)
{
	const struct config_bracket *b = &s->brackets[s->depth];
	char open = mark == '}' ? '{' : mark == ']' ? '[' : '(';

	if (b->open != open || b->state == CONFIG_STATE_EQUALS || b->state == CONFIG_STATE_VALUE) {
		syntax_error(s, &mark, 1, "");
		return;
	}
	s->depth--;
	s->after_string = false;
	pass(s, &mark, 1);
}

void
config_syntax_mark(struct config_syntax *s, char mark)
{
	struct config_bracket *b = &s->brackets[s->depth];

	if (strchr("{[(", mark) != NULL) {
		open_bracket(s, mark);
	} else if (strchr("}])", mark) != NULL) {
		close_bracket(s, mark);
	} else if (b->state == CONFIG_STATE_EQUALS && (mark == '=' || mark == ':')) {
		b->state = CONFIG_STATE_VALUE;
		pass(s, &mark, 1);
	} else if (b->state == CONFIG_STATE_AFTER &&
	    (mark == ',' || (mark == ';' && !is_list(b)))) {
		b->state = is_list(b) ? CONFIG_STATE_VALUE : CONFIG_STATE_NAME;
		pass(s, &mark, 1);
	} else {
		syntax_error(s, &mark, 1, "");
	}
}

void
config_syntax_end(struct config_syntax *s)
{
	enum config_state state = s->brackets[s->depth].state;

	if (!s->stop && (s->depth > 0 || state == CONFIG_STATE_EQUALS ||
	    state == CONFIG_STATE_VALUE))
		syntax_error(s, "", 0, "");
	if (!s->stop || s->source->no_memory)
		return;
	s->source->incomplete = true;
	s->source->used = s->whole;
	s->source->text[s->whole] = '\0';
}
