/*
 * alloc - what alloc.c is told to do, and tells
 */
#ifndef ALLOC_H
#define ALLOC_H

/* What becomes of an allocation; all but the first two what a library may do that cannot have memory. */
enum alloc_way { ALLOC_ONCE, ALLOC_ON, ALLOC_EXIT, ALLOC_ABORT, ALLOC_CRASH };

struct alloc_orders {
	unsigned long number; /* of the allocation, from 1; 0: none. With ALLOC_ON every later one, too */
	unsigned long count;  /* how many there were */
	unsigned long obeyed; /* ... and how many of those were treated so */
	enum alloc_way way;
};

#endif
