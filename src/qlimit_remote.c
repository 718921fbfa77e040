/* qlimit-remote - counts and limits what goes to qmail-remote(8), and runs it */
#include <stddef.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "child.h"
#include "delivery.h"

extern char **environ;

/* What tells any version of this program from any other program (ours.h). */
static const char version[] = "@(#)qlimit-remote " QLIMIT_VERSION "\n";

#define WHAT 4 /* "@(#)", for what(1) */

int
main(int argc, char **argv)
{
#ifdef __GLIBC__
	/* Else the second opening of the store zeroes LMDB's big arrays by hand: half of all we execute. */
	(void)mallopt(M_MMAP_THRESHOLD, 65536);
#endif
	/* qmail-rspawn gives three words and more. */
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		child_answer(version + WHAT, sizeof version - 1 - WHAT);
	child_init();
	delivery_run(argc, argv, environ);
}
