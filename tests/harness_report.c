/* harness_report - what qmail-rspawn tells qmail-send about one delivery */
#include "harness_report.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

enum grade { FAILURE = -1, DEFERRAL = 0, SUCCESS = 1 };

static bool
is_letter(char c)
{
	return c == 'K' || c == 'Z' || c == 'D';
}

static enum grade
grade_of(char letter)
{
	if (letter == 'K')
		return SUCCESS;
	return letter == 'Z' ? DEFERRAL : FAILURE;
}

/* By the first complete block that is a message report; one without its NUL does not count. */
static enum grade
decide(const char *bytes, size_t n)
{
	const char *end = bytes + n, *block = bytes, *nul;

	while (block < end && (nul = memchr(block, '\0', (size_t)(end - block))) != NULL) {
		if (is_letter(*block))
			return grade_of(*block);
		block = nul + 1;
	}
	return FAILURE;
}

static size_t
append(char *out, size_t used, const char *from, size_t n)
{
	memcpy(out + used, from, n);
	return used + n;
}

/* The search starts behind the first byte: a NUL there belongs to the text, as in qmail. */
static size_t
add_texts(char *out, const char *bytes, size_t n, bool second_too)
{
	const char *end = bytes + n;
	const char *nul = n > 1 ? memchr(bytes + 1, '\0', n - 1) : NULL;
	size_t used = 1;

	if (nul == NULL)
		return used;
	used = append(out, used, bytes + 1, (size_t)(nul - bytes - 1));
	if (second_too && ++nul < end && is_letter(*nul)) {
		const char *text = nul + 1;

		nul = memchr(text, '\0', (size_t)(end - text));
		used = append(out, used, text, (size_t)((nul != NULL ? nul : end) - text));
	}
	return used;
}

static size_t
say(char *out, const char *what)
{
	size_t n = strlen(what);

	memcpy(out, what, n + 1);
	return n;
}

size_t
harness_report(char *out, int wait_status, const char *bytes, size_t n)
{
	enum grade decided, shown;
	size_t used;

	if (!WIFEXITED(wait_status))
		return say(out, "Zqmail-remote crashed.\n");
	if (WEXITSTATUS(wait_status) == 111)
		return say(out, "ZUnable to run qmail-remote.\n");
	if (WEXITSTATUS(wait_status) != 0)
		return say(out, "DUnable to run qmail-remote.\n");
	if (n == 0)
		return say(out, "Zqmail-remote produced no output.\n");

	decided = shown = decide(bytes, n);
	if (bytes[0] == 's')
		shown = DEFERRAL;
	else if (bytes[0] == 'h')
		shown = FAILURE;
	out[0] = shown == SUCCESS ? 'K' : shown == DEFERRAL ? 'Z' : 'D';
	used = add_texts(out, bytes, n, decided <= shown);
	out[used] = '\0';
	return used;
}
