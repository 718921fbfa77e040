/* harness_contrib - what the tests of contrib/'s scripts have in common: shells, and made-up programs */
#include "harness_contrib.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness_inside.h"

#define WORDS_MAX 18

/* The first runs what the script's first line says. */
static const char *const shells[][3] = { { NULL }, { "/bin/bash", "bash", "--posix" },
	{ "/bin/busybox", "busybox", "sh" } };

int
harness_contrib_shells(void)
{
	int n = 0;

	while (n < 3 && (shells[n][0] == NULL || access(shells[n][0], X_OK) == 0))
		n++;
	return n;
}

static void
put_in_path(const char *front, const char *behind)
{
	char path[8192];

	HARNESS_MUST(snprintf(path, sizeof path, "%s:%s", front, behind) < (int)sizeof path);
	HARNESS_MUST(setenv("PATH", path, 1) == 0);
}

void
harness_contrib_start(void)
{
	char place[200];

	harness_start();
	(void)snprintf(place, sizeof place, "%s", harness_path("."));
	place[strlen(place) - 2] = '\0';
	HARNESS_MUST(mkdir(harness_path("bin"), 0755) == 0);
	HARNESS_MUST(symlink(harness_program("qlimit"), harness_path("bin/qlimit")) == 0);
	put_in_path(harness_path("bin"), getenv("PATH"));
	HARNESS_MUST(setenv("PLACE", place, 1) == 0);
}

static void
write_file(const char *path, const char *first, const char *text)
{
	FILE *f = fopen(path, "w");

	HARNESS_MUST(f != NULL);
	HARNESS_MUST(fputs(first, f) != EOF);
	HARNESS_MUST(fputs(text, f) != EOF);
	HARNESS_MUST(fclose(f) == 0);
}

void
harness_contrib_write(const char *name, const char *text)
{
	write_file(harness_path(name), "", text);
}

/* The old one goes first: it may be a link to a real one. */
void
harness_contrib_program(const char *name, const char *body)
{
	char path[100];

	(void)snprintf(path, sizeof path, "bin/%s", name);
	(void)unlink(harness_path(path));
	write_file(harness_path(path), "#!/bin/sh\n", body);
	HARNESS_MUST(chmod(harness_path(path), 0755) == 0);
}

const char *
harness_contrib_read(const char *name)
{
	struct harness_buffer b = { 0 };
	FILE *f = fopen(harness_path(name), "r");
	char chunk[16384];
	size_t n;

	harness_buffer_add(&b, "", 0);
	while (f != NULL && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		harness_buffer_add(&b, chunk, n);
	if (f != NULL)
		(void)fclose(f);
	return harness_keep(b.data);
}

void
harness_contrib_busybox(void)
{
	const char *const argv[] = { "busybox", "--install", "-s", harness_path("applets"), NULL };

	if (mkdir(harness_path("applets"), 0755) == -1)
		return;
	(void)harness_run_words("/bin/busybox", argv);
	HARNESS_MUST(access(harness_path("applets/awk"), X_OK) == 0);
	put_in_path(harness_path("applets"), getenv("PATH"));
	put_in_path(harness_path("bin"), getenv("PATH"));
}

struct harness_output
harness_contrib_words(int shell, const char *const *words)
{
	const char *argv[WORDS_MAX] = { NULL };
	char script[200];
	size_t n = 0;

	(void)snprintf(script, sizeof script, "contrib/%s", words[0]);
	if (shell == HARNESS_CONTRIB_BUSYBOX)
		harness_contrib_busybox();
	if (shells[shell][0] != NULL) {
		argv[n++] = shells[shell][1];
		argv[n++] = shells[shell][2];
	}
	argv[n++] = script;
	for (size_t i = 1; words[i] != NULL; i++) {
		HARNESS_MUST(n + 1 < WORDS_MAX);
		argv[n++] = words[i];
	}
	return harness_run_words(shells[shell][0] != NULL ? shells[shell][0] : script, argv);
}
