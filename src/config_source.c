/* config_source - the files of a configuration as one text; its places and its errors */
#include "config_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A string that the configuration owns; config->memory is the newest. */
struct kept {
	struct kept *next;
	char string[];
};

void
config_source_init(struct config_source *source, struct config *config)
{
	memset(source, 0, sizeof *source);
	source->config = config;
	source->line = 1;
}

void
config_source_drop(struct config_source *source)
{
	free(source->text);
	source->text = NULL;
}

static bool
make_room(struct config_source *source, size_t n)
{
	size_t size = source->size > 0 ? source->size : 4096;
	char *text;

	if (source->no_memory)
		return false;
	while (size - source->used <= n)
		size *= 2;
	if (size == source->size)
		return true;
	text = realloc(source->text, size);
	if (text == NULL) {
		source->no_memory = true;
		return false;
	}
	source->text = text;
	source->size = size;
	return true;
}

void
config_source_add(struct config_source *source, const char *bytes, size_t n)
{
	if (!make_room(source, n))
		return;
	for (size_t i = 0; i < n; i++)
		source->line += bytes[i] == '\n';
	memcpy(source->text + source->used, bytes, n);
	source->used += n;
	source->text[source->used] = '\0';
}

void
config_source_enter(struct config_source *source, const char *file, unsigned line)
{
	struct config *config = source->config;
	size_t size = source->places_size > 0 ? 2 * source->places_size : 64;
	struct config_place *places;

	if (config->places_count == source->places_size) {
		places = realloc(config->places, size * sizeof *places);
		if (places == NULL) {
			source->no_memory = true;
			return;
		}
		config->places = places;
		source->places_size = size;
	}
	config->places[config->places_count++] =
	    (struct config_place){ .at = source->line, .line = line, .file = file };
}

static struct config_place
find_place(const struct config *config, unsigned line)
{
	struct config_place found = { .file = "" };
	size_t low = 0, high = config->places_count;

	/* The last of those that begin at or before the line: an empty file has no line at all. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (config->places[middle].at <= line)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0) {
		found = config->places[low - 1];
		found.line += line - found.at;
		found.at = line;
	}
	return found;
}

struct config_place
config_source_place(const struct config_source *source, unsigned line)
{
	return find_place(source->config, line);
}

const char *
config_where(const struct config *config, unsigned from, unsigned *line)
{
	struct config_place place = find_place(config, from);

	*line = from > 0 ? place.line : 0;
	return from > 0 ? place.file : NULL;
}

char *
config_source_keep(struct config_source *source, const char *s)
{
	size_t n = strlen(s) + 1;
	struct kept *kept = malloc(sizeof *kept + n);

	if (kept == NULL) {
		source->no_memory = true;
		return NULL;
	}
	memcpy(kept->string, s, n);
	kept->next = source->config->memory;
	source->config->memory = kept;
	return kept->string;
}

void
config_source_forget(struct config *config)
{
	struct kept *kept, *next;

	for (kept = config->memory; kept != NULL; kept = next) {
		next = kept->next;
		free(kept);
	}
	config->memory = NULL;
	free(config->places);
	config->places = NULL;
}

static struct text *
begin_message(struct config_source *source, const char *file, unsigned line)
{
	struct text *t = &source->message;

	text_init(t, source->message_data, sizeof source->message_data);
	text_add_printable(t, file, strlen(file), sizeof source->message_data / 2);
	text_add(t, ":");
	text_add_number(t, line);
	text_add(t, ": ");
	return t;
}

struct text *
config_source_blame(struct config_source *source, unsigned line)
{
	struct config_place place = config_source_place(source, line);

	return begin_message(source, place.file, place.line);
}

struct text *
config_source_warn(struct config_source *source, const char *file, unsigned line)
{
	return begin_message(source, file, line);
}

void
config_source_warned(struct config_source *source)
{
	struct config *config = source->config;

	if (config->warnings_count < CONFIG_WARNINGS_MAX)
		config->warnings[config->warnings_count] = config_source_keep(source, source->message_data);
	config->warnings_count++;
}

/* Kept in the order of the text, the first CONFIG_ERRORS_MAX of it. */
void
config_source_blamed(struct config_source *source, unsigned line)
{
	struct config *config = source->config;
	char **errors = config->errors;
	size_t at = config->errors_count++;
	char *copy;

	if (at >= CONFIG_ERRORS_MAX) {
		at = CONFIG_ERRORS_MAX - 1;
		if (errors[at] == NULL || line >= source->error_lines[at])
			return;
		free(errors[at]);
		errors[at] = NULL;
	}
	copy = malloc(source->message.used + 1);
	if (copy == NULL) {
		source->no_memory = true;
		return;
	}
	memcpy(copy, source->message_data, source->message.used + 1);
	for (; at > 0 && source->error_lines[at - 1] > line; at--) {
		errors[at] = errors[at - 1];
		source->error_lines[at] = source->error_lines[at - 1];
	}
	errors[at] = copy;
	source->error_lines[at] = line;
}

void
config_source_quote(struct text *t, const char *s, size_t n)
{
	text_add(t, "\"");
	text_add_printable(t, s, n, CONFIG_SOURCE_SHOWN);
	text_add(t, "\"");
}

void
config_source_point(struct config_source *source, struct text *t, unsigned line)
{
	struct config_place place = config_source_place(source, line);

	text_add(t, " at ");
	text_add_printable(t, place.file, strlen(place.file), sizeof source->message_data / 2);
	text_add(t, ":");
	text_add_number(t, place.line);
}

/* As many bytes as it had when it was opened: one that grows is read again, see config_load. */
static bool
read_whole(struct config_source *source, int fd, struct config_file *file, size_t size)
{
	file->n = 0;
	file->bytes = malloc(size + 1);
	if (file->bytes == NULL) {
		source->no_memory = true;
		return false;
	}
	while (file->n < size) {
		ssize_t n = read(fd, file->bytes + file->n, size - file->n);

		if (n < 0 && errno == EINTR)
			continue;
		/* Shorter than it said: what is missing may be every limit. */
		if (n == 0)
			errno = EIO;
		if (n <= 0) {
			free(file->bytes);
			file->bytes = NULL;
			return false;
		}
		file->n += (size_t)n;
	}
	return true;
}

const char *
config_source_read(struct config_source *source, const char *path, struct config_file *file)
{
	/* Not blocking: nobody may ever write to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why = NULL;
	struct stat st = { 0 };

	memset(file, 0, sizeof *file);
	if (fd < 0) {
		file->missing = errno == ENOENT;
		return strerror(errno);
	}
	if (fstat(fd, &st) < 0)
		why = strerror(errno);
	else if (S_ISDIR(st.st_mode))
		why = "it is a directory";
	else if (!S_ISREG(st.st_mode))
		why = "it is not a plain file";
	else if ((uintmax_t)st.st_size + source->used + source->beside > CONFIG_SOURCE_MAX)
		why = "larger than 64 MiB, alone or with the files before it";
	else if (!read_whole(source, fd, file, (size_t)st.st_size))
		why = strerror(errno);
	file->device = st.st_dev;
	file->inode = st.st_ino;
	(void)close(fd);
	return why;
}
