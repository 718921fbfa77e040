/* boot - which boot of the machine this is */
#include "boot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "info.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void
boot_id(unsigned char *id)
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof text);
	unsigned digits = 0;

	if (fd != -1)
		(void)close(fd);
	memset(id, 0, INFO_BOOT_SIZE);
	for (ssize_t i = 0; i < n && digits < 2 * INFO_BOOT_SIZE; i++) {
		int value = digit(text[i]);

		if (value == -1)
			continue;
		id[digits / 2] = (unsigned char)(id[digits / 2] << 4 | value);
		digits++;
	}
}
