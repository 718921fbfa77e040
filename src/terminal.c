/* terminal - what the screen can show */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define WIDTH_DEFAULT 80

bool
terminal_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && (value == NULL || value[0] == '\0'); i++)
		value = getenv(names[i]);
	return value != NULL && (strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
	    strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL);
}

int
terminal_width(void)
{
	const char *set = getenv("COLUMNS");
	struct winsize size;
	long columns = set != NULL ? strtol(set, NULL, 10) : 0;

	if (columns <= 0 && ioctl(1, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	return columns <= 0 || columns > 1000 ? WIDTH_DEFAULT : (int)columns;
}
