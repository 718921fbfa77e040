/* noop - a remote that accepts every message unread */
#include <unistd.h>

int
main(void)
{
	static const char answer[] = "r\0Kok\n";

	/* The string's own NUL ends the report. */
	return write(1, answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 111;
}
