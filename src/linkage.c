/* linkage - does a program need the dynamic linker? */
#include "linkage.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "file_scan.h"

#define SEGMENTS_MOST 65536 /* bytes of their table: Linux executes no file with a longer one */

/* The table of segments, of which only each one's type is read: in both classes that stands first. */
struct segments {
	uint64_t at;
	size_t count, size; /* size: of one row */
};

static bool
read_at(int fd, void *out, size_t size, uint64_t at)
{
	return at <= FILE_SCAN_MAX && pread(fd, out, size, (off_t)at) == (ssize_t)size;
}

/* In the other byte order the size of a row is wrong, too. */
static bool
find_segments(struct segments *s, int fd)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr of32;
		Elf64_Ehdr of64;
	} header;
	bool is64;

	if (!read_at(fd, &header, sizeof header, 0) || memcmp(header.ident, ELFMAG, SELFMAG) != 0)
		return false;
	is64 = header.ident[EI_CLASS] == ELFCLASS64;
	s->at = is64 ? header.of64.e_phoff : header.of32.e_phoff;
	s->count = is64 ? header.of64.e_phnum : header.of32.e_phnum;
	s->size = is64 ? header.of64.e_phentsize : header.of32.e_phentsize;
	return s->size == (is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) && s->count * s->size <= SEGMENTS_MOST;
}

static enum linkage
judge(int fd)
{
	struct segments s;

	if (!find_segments(&s, fd))
		return LINKAGE_UNKNOWN;
	for (size_t i = 0; i < s.count; i++) {
		uint32_t type;

		if (!read_at(fd, &type, sizeof type, s.at + i * s.size))
			return LINKAGE_UNKNOWN;
		if (type == PT_INTERP)
			return LINKAGE_DYNAMIC;
	}
	return LINKAGE_STATIC;
}

enum linkage
linkage_look(const char *path)
{
	/* A fifo with nobody behind it would wait for ever. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	enum linkage is;

	if (fd == -1)
		return LINKAGE_UNKNOWN;
	is = judge(fd);
	(void)close(fd);
	return is;
}
