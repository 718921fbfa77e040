/*
 * harness_calls - lets a system call of this very process fail, or something befall it there
 *
 * The unit tests are linked so that our own calls of these come through here first (the Makefile's CALLS):
 * for what no kernel does on demand. Nothing is forgotten by itself: a test has a process of its own.
 */
#ifndef HARNESS_CALLS_H
#define HARNESS_CALLS_H

/* Lets this call succeed `after` times from now and then fail with `error` as many times as said. */
void harness_call_fails(const char *name, unsigned after, unsigned times, int error);

/* What is to happen before each such call from now on: an error number to fail with, or 0. NULL: nothing. */
typedef int harness_hook(void);

void harness_on_call(const char *name, harness_hook *hook);

#endif
