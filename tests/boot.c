/* boot - for the tests: QLIMIT_TEST_BOOT, any word, "" where the boot cannot be told; not set: the machine's */
#include "boot.h"

#include <stdlib.h>
#include <string.h>

#include "info.h"

/* The linker's names (--wrap=boot_id) for this and for the one that is replaced. */
void __wrap_boot_id(unsigned char *id);
void __real_boot_id(unsigned char *id);

void
__wrap_boot_id(unsigned char *id)
{
	const char *set = getenv("QLIMIT_TEST_BOOT");
	size_t n = set != NULL ? strlen(set) : 0;

	if (set == NULL) {
		__real_boot_id(id);
		return;
	}
	memset(id, 0, INFO_BOOT_SIZE);
	memcpy(id, set, n < INFO_BOOT_SIZE ? n : INFO_BOOT_SIZE);
}
