/*
 * linkage - does a program need the dynamic linker?
 *
 * A program that names one (a segment PT_INTERP: the System V ABI, "Program Header"; elf(5)) starts only if that,
 * and every library that it then looks for, is there and fits. What is only position-independent (static-pie) names
 * none.
 */
#ifndef LINKAGE_H
#define LINKAGE_H

enum linkage {
	LINKAGE_UNKNOWN, /* it cannot be read; or is no ELF file that Linux would execute, of this byte order */
	LINKAGE_STATIC,  /* names no dynamic linker */
	LINKAGE_DYNAMIC, /* names one */
};

/*
 * What the file at `path` is, links followed, of 32 or of 64 bits. Whatever is in it, at most 64 KiB of it count, and
 * those of its first 64 MiB: it is read, never mapped.
 */
enum linkage linkage_look(const char *path);

#endif
