/* harness - a private place to run both programs in */
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness_inside.h"
#include "harness_queue.h"

#define PATH_SIZE 4096
#define PLACE_MAX 80 /* the socket's path below it must fit sun_path */

static char place[PLACE_MAX];

static struct {
	void **at;
	size_t used, size;
} kept;

void *
harness_keep(void *memory)
{
	HARNESS_MUST(memory != NULL);
	if (kept.used == kept.size) {
		size_t size = 2 * kept.size + 64;
		void **at = realloc(kept.at, size * sizeof *at);

		HARNESS_MUST(at != NULL);
		kept.at = at;
		kept.size = size;
	}
	kept.at[kept.used++] = memory;
	return memory;
}

void
harness_buffer_add(struct harness_buffer *b, const char *bytes, size_t n)
{
	if (b->size - b->used < n + 1) {
		size_t size = 2 * b->size + n + 1;
		char *data = realloc(b->data, size);

		HARNESS_MUST(data != NULL);
		b->data = data;
		b->size = size;
	}
	memcpy(b->data + b->used, bytes, n);
	b->used += n;
	b->data[b->used] = '\0';
}

static const char *
join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = harness_keep(malloc(size));

	(void)snprintf(path, size, "%s/%s", directory, name);
	return path;
}

const char *
harness_path(const char *name)
{
	return join(place, name);
}

const char *
harness_program(const char *name)
{
	const char *build = getenv("QLIMIT_BUILD");
	char *path = realpath(join(build != NULL ? build : "build", "tests"), NULL);

	HARNESS_MUST(path != NULL);
	return join(harness_keep(path), name);
}

static void
write_file(const char *path, const char *text)
{
	char other[PATH_SIZE];
	FILE *file;

	HARNESS_MUST(snprintf(other, sizeof other, "%s.new", path) < (int)sizeof other);
	file = fopen(other, "w");
	HARNESS_MUST(file != NULL);
	HARNESS_MUST(fputs(text, file) != EOF);
	HARNESS_MUST(fclose(file) == 0);
	HARNESS_MUST(rename(other, path) == 0);
}

/* As if written a while ago: a load waits until a file that has just been changed is still. */
void
harness_config(const char *text)
{
	struct timespec times[2];

	write_file(harness_path("qlimit.conf.aged"), text);
	(void)clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= 10;
	times[1] = times[0];
	HARNESS_MUST(utimensat(AT_FDCWD, harness_path("qlimit.conf.aged"), times, 0) == 0);
	HARNESS_MUST(rename(harness_path("qlimit.conf.aged"), harness_path("qlimit.conf")) == 0);
}

void
harness_script(const char *text)
{
	HARNESS_MUST(unlink(harness_path("go")) == 0 || errno == ENOENT);
	if (text != NULL)
		write_file(harness_path("script"), text);
	else
		HARNESS_MUST(unlink(harness_path("script")) == 0 || errno == ENOENT);
}

void
harness_go(void)
{
	write_file(harness_path("go"), "");
}

void
harness_set_time(int64_t now)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%jd", (intmax_t)now);
	HARNESS_MUST(setenv("QLIMIT_TEST_NOW", text, 1) == 0);
}

static void
set_environment(void)
{
	const char *const in_place[][2] = { { "QLIMIT_CONFIG", "qlimit.conf" },
		{ "QLIMIT_STATE", "state" }, { "QLIMIT_CONTROL", "control" }, { "QLIMIT_QUEUE", "queue" },
		{ "QLIMIT_SYSLOG", "syslog" },
		{ "FAKE_REMOTE_LOG", "calls" }, { "FAKE_REMOTE_SCRIPT", "script" } };

	for (size_t i = 0; i < sizeof in_place / sizeof in_place[0]; i++)
		HARNESS_MUST(setenv(in_place[i][0], harness_path(in_place[i][1]), 1) == 0);
	HARNESS_MUST(setenv("QLIMIT_REMOTE", harness_program("remote"), 1) == 0);
	harness_set_time(HARNESS_NOW);
}

void
harness_start(void)
{
	const char *tmp = getenv("TMPDIR");
	const char *name = "/qlimit.XXXXXX";

	ck_assert_msg(place[0] == '\0', "harness: started twice");
	if (tmp == NULL || tmp[0] != '/' || strlen(tmp) + strlen(name) >= sizeof place)
		tmp = "/tmp";
	(void)snprintf(place, sizeof place, "%s%s", tmp, name);
	HARNESS_MUST(mkdtemp(place) != NULL);
	HARNESS_MUST(mkdir(harness_path("state"), 0700) == 0);
	HARNESS_MUST(mkdir(harness_path("control"), 0755) == 0);
	HARNESS_MUST(harness_queue_make(harness_path("queue")) == 0);
	harness_look_open(harness_path("syslog"), harness_path("calls"));
	set_environment();
}

/* A helper that a delivery started in the background may still be writing. */
static bool
remove_place(void)
{
	const struct timespec pause = { 0, 20000000 };

	for (int i = 0; i < 100; i++) {
		if (harness_remove_tree(place) == 0)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

void
harness_end(void)
{
	harness_look_close();
	HARNESS_MUST(remove_place());
	place[0] = '\0';
	while (kept.used > 0)
		free(kept.at[--kept.used]);
	free(kept.at);
	kept.at = NULL;
	kept.size = 0;
}

const char *
harness_message(const char *origin, const char *text)
{
	char *name = harness_keep(malloc(HARNESS_QUEUE_NAME));

	if (origin == NULL)
		origin = "by uid 1000";
	if (text == NULL)
		text = "From: a@example.com\nTo: b@example.net\nSubject: test\n\nHello.\n";
	HARNESS_MUST(harness_queue_put(harness_path("queue"), origin, text, strlen(text), name) == 0);
	return name;
}

static int
remove_below(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[PATH_SIZE];
	int rc = 0;

	if (dir == NULL)
		return -1;
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= (int)sizeof below)
			rc = -1;
		else
			rc = harness_remove_tree(below);
	}
	(void)closedir(dir);
	return rc;
}

int
harness_remove_tree(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return unlink(path);
	return remove_below(path) == 0 ? rmdir(path) : -1;
}
