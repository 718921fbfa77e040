/* qlimit-remote - counts and limits what goes to qmail-remote(8), and runs it */
#include <stdlib.h>

#include "child.h"
#include "delivery.h"
#include "log.h"

extern char **environ;

int
main(int argc, char **argv)
{
	child_init();
	log_to(getenv("QLIMIT_SYSLOG"));
	delivery_run(argc, argv, environ);
}
