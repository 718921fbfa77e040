/* config - fuzzed: any bytes as qlimit.conf, read to the end without harm */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/qlimit-fuzz.XXXXXX";
static char path[sizeof directory + 2];

static void
clean_up(void)
{
	(void)unlink(path);
	(void)rmdir(directory);
}

static void
make_directory(void)
{
	if (path[0] != '\0')
		return;
	if (mkdtemp(directory) == NULL)
		abort();
	(void)snprintf(path, sizeof path, "%s/q", directory);
	(void)atexit(clean_up);
}

static void
check(const struct config *config)
{
	for (size_t i = 0; i < config->errors_count && i < CONFIG_ERRORS_MAX; i++)
		for (const char *s = config->errors[i]; *s != '\0'; s++)
			if (*s < ' ' || *s > '~')
				abort();
	if (config->errors_count > 0)
		return;
	for (size_t i = 0; i < config->rules_count; i++) {
		unsigned char record[LIMITS_SIZE];
		struct limits limits;

		limits_encode(&config->rules[i].limits, record);
		if (!limits_decode(&limits, record, sizeof record))
			abort();
		if (i > 2 && config->rules[i].key.scope == config->rules[i - 1].key.scope &&
		    strcmp(config->rules[i - 1].key.name, config->rules[i].key.name) >= 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config;
	int fd;

	make_directory();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
	config = config_load(path);
	if (config == NULL)
		abort();
	check(config);
	config_free(config);
	return 0;
}
