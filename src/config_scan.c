/* config_scan - the text of qlimit.conf made so that libconfig cannot misread it */
#include "config_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_syntax.h"

/* One file may be included often, and that one include others: depth alone bounds nothing. */
#define INCLUDES_MAX 1000

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A number takes along what is written right behind it: "10k" is wrong as a whole. */
static const char name_bytes[] = LETTERS DIGITS "_*-";
static const char number_bytes[] = LETTERS DIGITS "_.+-";

struct input {
	const char *at, *end;
	bool line_begins; /* only blanks so far in this line */
	struct config_file file;
	const struct input *outer;
};

struct scan {
	struct config_source *source;
	const char *main_path;
	unsigned includes, files_open;
	struct config_syntax syntax;
};

static void scan_include(struct scan *s, struct input *in);

static size_t
span(const struct input *in, const char *set)
{
	const char *at = in->at;

	while (at < in->end && *at != '\0' && strchr(set, *at) != NULL)
		at++;
	return (size_t)(at - in->at);
}

static void
scan_string(struct scan *s, struct input *in)
{
	const char *start = in->at, *at = in->at + 1;

	for (; at < in->end && *at != '"' && *at != '\n' && *at != '\0'; at++) {
		if (*at != '\\' || at + 1 == in->end)
			continue;
		/* 1.5 drops this byte, 1.7 drops what follows it. */
		if (in->end - at > 3 && (at[1] | 0x20) == 'x' && memcmp(at + 2, "00", 2) == 0) {
			config_syntax_stop(&s->syntax, "a text in quotes must not hold \\x00", 0);
			return;
		}
		if (at[1] == '\\' || at[1] == '"')
			at++;
	}
	if (at == in->end || *at != '"') {
		config_syntax_stop(&s->syntax,
		    "the text in quotes that begins here must end in the same line", 0);
		return;
	}
	in->at = at + 1;
	config_syntax_string(&s->syntax, start, (size_t)(in->at - start));
}

static void
scan_word(struct scan *s, struct input *in)
{
	const char *word = in->at;
	size_t n = span(in, name_bytes);

	in->at += n;
	config_syntax_word(&s->syntax, word, n);
}

static void
scan_number(struct scan *s, struct input *in)
{
	const char *number = in->at;
	size_t n = span(in, number_bytes);

	in->at += n;
	config_syntax_number(&s->syntax, number, n);
}

/* True if there was a comment; a blank stands for it, and its line ends. */
static bool
scan_comment(struct scan *s, struct input *in)
{
	size_t n = (size_t)(in->end - in->at);
	bool is_long = n > 1 && memcmp(in->at, "/*", 2) == 0;
	const char *end = NULL;

	if (*in->at != '#' && !is_long && (n < 2 || memcmp(in->at, "//", 2) != 0))
		return false;
	if (!is_long) {
		end = memchr(in->at, '\n', n);
		in->at = end != NULL ? end : in->end;
		return true;
	}
	for (const char *at = in->at + 2; at + 1 < in->end && end == NULL; at++)
		if (at[0] == '*' && at[1] == '/')
			end = at + 2;
	if (end == NULL) {
		config_syntax_stop(&s->syntax, "the comment that begins here has no end", 0);
		return true;
	}
	config_syntax_blank(&s->syntax, " ", 1);
	for (; in->at < end; in->at++)
		if (*in->at == '\n')
			config_syntax_blank(&s->syntax, "\n", 1);
	return true;
}

/* What can stand nowhere. Characters of several bytes whole, as the quotes of word processors. */
static void
scan_other(struct scan *s, struct input *in)
{
	const char *at = in->at + 1;

	while (at < in->end && ((unsigned char)*at & 0xc0) == 0x80)
		at++;
	config_syntax_unexpected(&s->syntax, in->at, (size_t)(at - in->at));
}

static bool
is_mark(char c)
{
	return c != '\0' && strchr("=:,;(){}[]", c) != NULL;
}

static void
scan_token(struct scan *s, struct input *in)
{
	bool line_begins = in->line_begins;
	char c = *in->at;
	size_t n = span(in, " \t\r\f");

	if (n > 0 || c == '\n') {
		in->line_begins = line_begins || c == '\n';
		in->at += n > 0 ? n : 1;
		config_syntax_blank(&s->syntax, c == '\n' ? "\n" : " ", 1);
		return;
	}
	in->line_begins = false;
	if (scan_comment(s, in))
		return;
	if (c == '"')
		scan_string(s, in);
	else if (c == '@' && line_begins)
		scan_include(s, in);
	else if (span(in, LETTERS) > 0)
		scan_word(s, in);
	else if (span(in, DIGITS "+-.") > 0)
		scan_number(s, in);
	else if (is_mark(c)) /* not span(): of a long run each would be counted again and again */
		config_syntax_mark(&s->syntax, *in->at++);
	else
		scan_other(s, in);
}

static void
scan_input(struct scan *s, struct input *in)
{
	in->at = in->file.bytes;
	in->end = in->at + in->file.n;
	in->line_begins = true;
	while (in->at < in->end && !s->syntax.stop && !s->source->no_memory)
		scan_token(s, in);
}

static void
blame_file(struct scan *s, const char *path, const char *why)
{
	struct text *t = config_source_blame(s->source, s->source->line);

	text_add(t, "cannot read ");
	config_source_quote(t, path, strlen(path));
	text_add(t, ": ");
	text_add(t, why);
	config_source_blamed(s->source, s->source->line);
	s->source->incomplete = true;
}

static bool
is_open(const struct input *in, const struct config_file *file)
{
	for (; in != NULL; in = in->outer)
		if (in->file.device == file->device && in->file.inode == file->inode)
			return true;
	return false;
}

/* The file is watched before it is read: then a change in between shows. */
static bool
open_input(struct scan *s, const char *path, const struct input *outer, struct input *in)
{
	const char *why;

	memset(in, 0, sizeof *in);
	in->outer = outer;
	if (!watch_add(&s->source->config->watched, path)) {
		blame_file(s, path, errno == ENOSPC ? "more files than the 60 that can be watched" :
		    "the path is not absolute, or longer than 255 bytes");
		return false;
	}
	why = config_source_read(s->source, path, &in->file);
	if (why == NULL && is_open(outer, &in->file))
		why = "it includes itself";
	if (why == NULL)
		return true;
	blame_file(s, path, why);
	free(in->file.bytes);
	return false;
}

/* Reads the name behind @include; false if it is not one text in quotes in this line. */
static bool
include_name(struct input *in, struct text *name)
{
	static const char word[] = "@include";
	const char *at = in->at;

	if ((size_t)(in->end - at) < sizeof word || memcmp(at, word, sizeof word - 1) != 0)
		return false;
	at += sizeof word - 1;
	if (*at != ' ' && *at != '\t')
		return false;
	while (at < in->end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == in->end || *at++ != '"')
		return false;
	for (; at < in->end && *at != '"'; at++) {
		if (*at == '\\' && at + 1 < in->end)
			at++;
		if (*at == '\n' || *at == '\0')
			return false;
		text_add_bytes(name, at, 1);
	}
	in->at = at + 1;
	return at < in->end;
}

/* The path of an included file; false if it is too long. */
static bool
include_path(const struct scan *s, const struct text *name, char *path)
{
	char directory[WATCH_PATH_MAX + 1];
	struct text t;
	size_t n = (size_t)(strrchr(s->main_path, '/') - s->main_path);

	text_init(&t, directory, sizeof directory);
	text_add_bytes(&t, s->main_path, n);
	text_init(&t, path, WATCH_PATH_MAX + 1);
	if (name->data[0] != '/') {
		text_add(&t, directory);
		text_add(&t, "/");
	}
	text_add_bytes(&t, name->data, name->used);
	return !t.truncated && !name->truncated;
}

static void
include_file(struct scan *s, struct input *outer, const char *path)
{
	struct config_source *source = s->source;
	struct config_place back = config_source_place(source, source->line);
	const char *kept = config_source_keep(source, path);
	struct input in;

	if (kept == NULL || !open_input(s, path, outer, &in))
		return;
	config_syntax_blank(&s->syntax, "\n", 1);
	config_source_enter(source, kept, 1);
	s->files_open++;
	scan_input(s, &in);
	s->files_open--;
	config_syntax_blank(&s->syntax, "\n", 1);
	config_source_enter(source, back.file, back.line);
	free(in.file.bytes);
}

static void
scan_include(struct scan *s, struct input *in)
{
	char name_data[WATCH_PATH_MAX + 1], path[WATCH_PATH_MAX + 1];
	const char *wrong = NULL;
	struct text name;

	text_init(&name, name_data, sizeof name_data);
	if (!include_name(in, &name))
		wrong = "an include must be written as @include \"file\" in one line";
	else if (!include_path(s, &name, path))
		wrong = "the path of an included file must not exceed 255 bytes";
	else if (s->files_open == CONFIG_SCAN_INCLUDES)
		wrong = "files must not be included in each other more than 10 deep";
	else if (s->includes++ == INCLUDES_MAX)
		wrong = "there must not be more than 1000 includes";
	if (wrong != NULL)
		config_syntax_stop(&s->syntax, wrong, 0);
	else
		include_file(s, in, path);
}

void
config_scan(struct config_source *source, const char *path)
{
	struct scan s = { .source = source, .main_path = path };
	const char *kept = config_source_keep(source, path);
	struct input in;

	if (kept == NULL)
		return;
	config_syntax_init(&s.syntax, source);
	config_source_enter(source, kept, 1);
	config_source_add(source, "", 0);
	if (!open_input(&s, path, NULL, &in))
		return;
	scan_input(&s, &in);
	free(in.file.bytes);
	config_syntax_end(&s.syntax);
}
