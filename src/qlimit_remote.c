/* qlimit-remote - counts and limits what goes to qmail-remote(8), and runs it */
#include <stddef.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "child.h"
#include "delivery.h"

extern char **environ;

int
main(int argc, char **argv)
{
#ifdef __GLIBC__
	/* Else the second opening of the store zeroes LMDB's big arrays by hand: half of all we execute. */
	(void)mallopt(M_MMAP_THRESHOLD, 65536);
#endif
	child_init();
	delivery_run(argc, argv, environ);
}
