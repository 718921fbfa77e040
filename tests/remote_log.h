/*
 * remote_log - what the scripted remote was given, for the tests to read
 */
#ifndef REMOTE_LOG_H
#define REMOTE_LOG_H

/*
 * Reads fd 0 to its end and appends one line to $FAKE_REMOTE_LOG, if that is set: words key=value, with
 * bytes below 33 or above 126 and `\` as \xHH.
 *
 *	pid parent uid
 *	argc, argv0 argv1 ...    as given
 *	offset                   of fd 0 before reading; -1: not seekable
 *	length sum               of what was read: bytes, FNV-1a in hex
 *	cwd umask(octal)
 *	fds                      open descriptors, "0,1,2"
 *	blocked ignored          signals, as /proc/self/status prints them
 *	environ environ_sum      number of variables, FNV-1a of all with their NULs
 *	alarm                    ms left of ITIMER_REAL
 */
void remote_log(int argc, char **argv);

#endif
