/* remote_log - what the scripted remote was given, for the tests to read */
#include "remote_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define FNV_START UINT64_C(0xcbf29ce484222325)

extern char **environ;

static uint64_t
fnv(uint64_t sum, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static void
log_string(FILE *line, const char *key, const char *value)
{
	fprintf(line, " %s=", key);
	for (; *value != '\0'; value++)
		if (*value < 33 || *value > 126 || *value == '\\')
			fprintf(line, "\\x%02x", (unsigned)(unsigned char)*value);
		else
			fputc(*value, line);
}

static void
log_arguments(FILE *line, int argc, char **argv)
{
	char key[24];

	fprintf(line, " argc=%d", argc);
	for (int i = 0; i < argc; i++) {
		(void)snprintf(key, sizeof key, "argv%d", i);
		log_string(line, key, argv[i]);
	}
}

static void
log_message(FILE *line)
{
	static char buffer[65536];
	struct pollfd in = { .fd = 0, .events = POLLIN };
	uint64_t sum = FNV_START, length = 0;
	ssize_t n;

	fprintf(line, " offset=%jd", (intmax_t)lseek(0, 0, SEEK_CUR));
	while ((n = read(0, buffer, sizeof buffer)) > 0 ||
	       (n == -1 && (errno == EINTR || errno == EAGAIN))) {
		if (n == -1) {
			(void)poll(&in, 1, -1);
			continue;
		}
		sum = fnv(sum, buffer, (size_t)n);
		length += (uint64_t)n;
	}
	fprintf(line, " length=%" PRIu64 " sum=%016" PRIx64, length, sum);
}

static void
log_place(FILE *line)
{
	char cwd[PATH_SIZE];
	mode_t mask = umask(0);

	(void)umask(mask);
	log_string(line, "cwd", getcwd(cwd, sizeof cwd) != NULL ? cwd : "?");
	fprintf(line, " umask=%03o", (unsigned)mask);
}

static void
log_descriptors(FILE *line)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	const char *comma = "";

	fprintf(line, " fds=");
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir)) {
			fprintf(line, "%s%s", comma, entry->d_name);
			comma = ",";
		}
	if (dir != NULL)
		(void)closedir(dir);
}

static void
log_signals(FILE *line)
{
	FILE *status = fopen("/proc/self/status", "r");
	char text[200], mask[40];

	while (status != NULL && fgets(text, sizeof text, status) != NULL)
		if (sscanf(text, "SigBlk: %39s", mask) == 1)
			log_string(line, "blocked", mask);
		else if (sscanf(text, "SigIgn: %39s", mask) == 1)
			log_string(line, "ignored", mask);
	if (status != NULL)
		(void)fclose(status);
}

static void
log_environment(FILE *line)
{
	struct itimerval timer = { 0 };
	uint64_t sum = FNV_START;
	unsigned n = 0, nested = 0;

	/* Our mark is the one thing that may come to it. */
	for (char **e = environ; *e != NULL; e++)
		if (strcmp(*e, "QLIMIT_NESTED=1") == 0) {
			nested++;
		} else {
			sum = fnv(sum, *e, strlen(*e) + 1);
			n++;
		}
	(void)getitimer(ITIMER_REAL, &timer);
	fprintf(line, " environ=%u environ_sum=%016" PRIx64 " nested=%u alarm=%jd", n, sum, nested,
	    (intmax_t)timer.it_value.tv_sec * 1000 + timer.it_value.tv_usec / 1000);
}

void
remote_log(int argc, char **argv)
{
	const char *path = getenv("FAKE_REMOTE_LOG");
	char *text = NULL;
	size_t n = 0;
	FILE *line = open_memstream(&text, &n);
	int fd;

	if (line == NULL)
		return;
	/* The descriptors first: nothing of our own may be among them. */
	fprintf(line, "pid=%ld parent=%ld uid=%ld", (long)getpid(), (long)getppid(), (long)getuid());
	log_descriptors(line);
	log_arguments(line, argc, argv);
	log_message(line);
	log_place(line);
	log_signals(line);
	log_environment(line);
	fprintf(line, "\n");
	if (fclose(line) == 0 && path != NULL) {
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		/* One write: lines of remotes that run at once do not mix. */
		if (fd == -1 || write(fd, text, n) != (ssize_t)n)
			_exit(98);
		(void)close(fd);
	}
	free(text);
}
