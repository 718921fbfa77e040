/*
 * processes - the processes of this machine, as /proc knows them
 *
 * Each is seen through a descriptor of its directory there: its number may be another's by the next moment, the
 * descriptor stays its own.
 */
#ifndef PROCESSES_H
#define PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One process: `directory` is /proc/PID, open; closed when this returns, which it does with 0 or 1. -1 with errno. */
typedef int processes_visitor(int directory, pid_t pid, void *context);

/*
 * Visits all. The sum of what the visitor returned; -1 with errno where there is no /proc, or where that sum is 0
 * and of one process it could not tell.
 */
int processes_visit(processes_visitor *visitor, void *context);

/*
 * Reads a file of a process into `buffer`, at most size - 1 bytes, and a NUL behind them. Their number, or -1 with
 * errno. A process that has ended has none (ENOENT, ESRCH).
 */
ssize_t processes_read(int directory, const char *name, char *buffer, size_t size);

/* Whether its `status` file says that it is called so: at most 15 characters, as the kernel has them. */
bool processes_is_called(const char *status, const char *name);

/* Of that file the number behind `name`, which is the whole beginning of a line, "\nUid:\t"; 0 where there is none. */
unsigned long long processes_number(const char *status, const char *name, int base);

#endif
