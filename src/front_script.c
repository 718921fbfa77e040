/* front_script - which names are in what is qmail-remote: of others, and of itself */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file_scan.h"
#include "front.h"
#include "front_names.h"
#include "text.h"

static int
open_remote(const struct front *f)
{
	return openat(f->fd, FRONT_REMOTE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* --- others --- */

static int
has(int fd, const char *word)
{
	char behind[2];

	return file_scan(fd, word, behind, sizeof behind);
}

static int
is_script(int fd)
{
	char begin[2] = "";

	return pread(fd, begin, sizeof begin, 0) == -1 ? -1 : memcmp(begin, "#!", sizeof begin) == 0;
}

/*
 * As a loop over "orig real" has it, for "qmail-remote.$p". There is another name to take for "orig", so the word
 * alone is enough; none for "next", which scripts say of other things: only with names that are put together.
 */
static int
puts_together(int fd, const char *word)
{
	static const char *const how[] = { ".$", ".{", ".%" };
	int script = is_script(fd), found = script == 1 ? has(fd, word) : script;

	if (found != 1 || strcmp(word, "next") != 0)
		return found;
	found = 0;
	for (size_t i = 0; i < sizeof how / sizeof how[0] && found == 0; i++)
		found = has(fd, how[i]);
	return found;
}

int
front_mentions(struct front *f, const char *name)
{
	const char *ending = strrchr(name, '.');
	int fd = open_remote(f), found = -1;

	if (fd != -1)
		found = has(fd, ending);
	if (found == 0)
		found = puts_together(fd, ending + 1);
	if (found == -1)
		(void)front_fail(f, FRONT_REMOTE);
	if (fd != -1)
		(void)close(fd);
	return found;
}

/* --- itself --- */

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* dirname "$0"; dirname "$(readlink -f "$0")"; os.path.dirname(os.path.abspath(__file__)); and ${0%/...} */
static bool
is_for_directory(const char *text, const char *at, size_t length)
{
	const char *behind = at + length + (begins(at + length, "[0]") ? 3 : 0), *from = at;

	if (begins(behind, "%/"))
		return true;
	while (from > text && at - from < 40 && strchr("\n;)`|&", from[-1]) == NULL)
		if (begins(--from, "dirname"))
			return true;
	return false;
}

static const char *
find_own_name(const char *text)
{
	static const char *const words[] = { "$0", "${0", "BASH_SOURCE", "__FILE__", "__file__", "argv[0]" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t length = strlen(words[i]);

		for (const char *at = strstr(text, words[i]); at != NULL; at = strstr(at + length, words[i]))
			if (!is_for_directory(text, at, length))
				return words[i];
	}
	return NULL;
}

/* A NUL would end the search: none is in a script. */
static int
read_remote(struct front *f, char *text)
{
	int fd = open_remote(f);
	ssize_t n = fd == -1 ? -1 : pread(fd, text, FRONT_SCRIPT_MAX, 0);

	if (n == -1)
		(void)front_fail(f, FRONT_REMOTE);
	if (fd != -1)
		(void)close(fd);
	text[n == -1 ? 0 : n] = '\0';
	return n == -1 ? -1 : 0;
}

int
front_check_own_name(struct front *f)
{
	char text[FRONT_SCRIPT_MAX + 1], what[300];
	const char *word;
	struct text t;

	if (read_remote(f, text) == -1)
		return -1;
	word = begins(text, "#!") ? find_own_name(text) : NULL;
	if (word == NULL)
		return 0;
	text_init(&t, what, sizeof what);
	text_add(&t, "is a script that uses its own name (");
	text_add(&t, word);
	text_add(&t, "), and would be run by another one, such as " FRONT_NEXT ": write the full path of what it runs "
	    "there instead");
	return front_refuse(f, FRONT_REMOTE, what);
}
