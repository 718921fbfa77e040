/*
 * alloc - for the tests: memory that is not to be had, or a library that gives up for want of it
 *
 * Linked into programs of their own (build/tests/alloc/). The file $QLIMIT_TEST_ALLOC holds a struct
 * alloc_orders (alloc.h); every allocation counts in it, across processes, and the chosen one obeys. In the
 * static wrapper, where glibc's own malloc cannot be replaced, by the linker's --wrap; in the dynamic
 * qlimit in front of all libraries, libconfig's calls and the C library's own among them.
 */
#include "alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef ALLOC_WRAP
#define NAME(name) __wrap_##name
#define REAL(name) __real_##name
#else
#define NAME(name) name
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t n);
void *NAME(malloc)(size_t n);
void *NAME(calloc)(size_t n, size_t size);
void *NAME(realloc)(void *p, size_t n);
#ifdef ALLOC_WRAP
char *__wrap_strdup(const char *s);
#endif

static struct alloc_orders none, *orders;
static bool begun;

/* What the C library allocates before any constructor fails for every program alike. */
static void __attribute__((constructor))
begin(void)
{
	begun = true;
}

static struct alloc_orders *
find_orders(void)
{
	const char *path;
	void *at;
	int fd;

	if (orders != NULL)
		return orders;
	orders = &none;
	path = getenv("QLIMIT_TEST_ALLOC");
	fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd == -1)
		return orders;
	at = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		orders = at;
	(void)close(fd);
	return orders;
}

/* True if this allocation is to fail. */
static bool
is_refused(void)
{
	int saved = errno;
	struct alloc_orders *o;
	unsigned long number;

	if (!begun)
		return false;
	o = find_orders();
	number = ++o->count;
	errno = saved;
	if (o->number == 0 || number < o->number || (number > o->number && o->way != ALLOC_ON))
		return false;
	o->obeyed++;
	switch (o->way) {
	case ALLOC_EXIT:
		exit(2);
	case ALLOC_ABORT:
		abort();
	case ALLOC_CRASH:
		__builtin_trap();
	default:
		errno = ENOMEM;
		return true;
	}
}

void *
NAME(malloc)(size_t n)
{
	return is_refused() ? NULL : REAL(malloc)(n);
}

void *
NAME(calloc)(size_t n, size_t size)
{
	return is_refused() ? NULL : REAL(calloc)(n, size);
}

void *
NAME(realloc)(void *p, size_t n)
{
	return is_refused() ? NULL : REAL(realloc)(p, n);
}

#ifdef ALLOC_WRAP
/* The C library's own would call its own malloc. */
char *
__wrap_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = NAME(malloc)(n);

	return copy == NULL ? NULL : memcpy(copy, s, n);
}
#endif
