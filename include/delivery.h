/*
 * delivery - the story of one run of qlimit-remote, from top to bottom
 */
#ifndef DELIVERY_H
#define DELIVERY_H

/*
 * Does with a delivery what the limits say, and ends the process as the real qmail-remote would:
 * main() calls child_init() and then this. `argv[0]` is replaced by "qmail-remote".
 */
_Noreturn void delivery_run(int argc, char **argv, char **envp);

#endif
