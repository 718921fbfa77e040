/* nested - how many qlimit-remotes one delivery goes through */
#include "nested.h"

#include <string.h>

#define NAME "QLIMIT_NESTED="

/* How many have marked it, as a digit. */
static char
depth_of(const char *entry)
{
	char depth = entry[sizeof NAME - 1];

	return depth >= '0' ? depth : '0';
}

char *const *
nested_mark(char *const *envp)
{
	static char *marked[NESTED_ENTRIES + 2], mark[] = NAME "0";
	char depth = '0';
	size_t n = 0, at = 0;

	for (; envp[n] != NULL; n++) {
		if (n == NESTED_ENTRIES)
			return envp;
		marked[n] = envp[n];
	}
	marked[n] = marked[n + 1] = NULL;
	while (at < n && strncmp(marked[at], NAME, sizeof NAME - 1) != 0)
		at++;
	if (at < n)
		depth = depth_of(marked[at]);
	if (depth >= '0' + NESTED_MOST)
		return NULL;
	mark[sizeof mark - 2] = (char)(depth + 1);
	marked[at] = mark;
	return marked;
}
