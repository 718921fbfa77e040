/* start_script - the files that usually start qmail, and whether they name qlimit-remote in $QMAILREMOTE */
#include "start_script.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define TEXT_SIZE (64 << 10) /* of a file; what comes later is not looked at */

static const char *const usual[] = {
	(QMAIL "/rc"),
	(QMAIL "/supervise/qmail-send/run"),
	"/service/qmail-send/run",
	"/service/qmail/run",
	"/etc/service/qmail-send/run",
	"/etc/sv/qmail-send/run",
	"/var/service/qmail-send/run",
	"/etc/init.d/qmail",
	"/etc/init.d/qmail-send",
};

#define BESIDE(directory) (directory "/env/QMAILREMOTE"), (directory "/variables/QMAILREMOTE")
#define SERVICES(directory) (directory "/*/run"), BESIDE(directory "/*")
#define UNITS(directory, names) (directory "/" names ".service"), (directory "/*.service.d/*.conf")

/* Any service: what its name is, is the admin's. */
static const char *const patterns[] = {
	(QMAIL "/rc"), BESIDE(QMAIL), SERVICES(QMAIL "/supervise"), SERVICES("/service"), SERVICES("/etc/service"),
	SERVICES("/var/service"), SERVICES("/etc/sv"), SERVICES("/etc/runit/runsvdir/*"), SERVICES("/etc/s6/sv"),
	UNITS("/etc/systemd/system", "*"), UNITS("/etc/systemd/system.control", "*"),
	UNITS("/run/systemd/system", "*"), UNITS("/usr/local/lib/systemd/system", "*"),
	UNITS("/usr/lib/systemd/system", "*qmail*"), UNITS("/lib/systemd/system", "*qmail*"),
	"/etc/systemd/system.conf", "/etc/systemd/system.conf.d/*.conf", "/etc/environment",
	"/etc/environment.d/*.conf", "/etc/profile", "/etc/profile.d/*.sh", "/etc/default/*", "/etc/sysconfig/*",
	"/etc/conf.d/*", "/etc/init.d/*", "/etc/rc.local", "/etc/rc.d/rc.local", "/etc/inittab",
};

const char *
start_script_usual(void)
{
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (access(usual[i], R_OK) == 0)
			return usual[i];
	return NULL;
}

/* In the directory of envdir(8) the file's name is the variable's. */
static bool
is_the_variable(const char *path)
{
	return strcmp(strrchr(path, '/'), "/QMAILREMOTE") == 0;
}

static bool
is_comment(const char *line)
{
	char first = line[strspn(line, " \t")];

	return first == '#' || first == ';';
}

static bool
has_both(const char *path, char *text)
{
	bool variable = is_the_variable(path), us = false;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		if (!is_comment(line)) {
			variable |= strstr(line, "QMAILREMOTE") != NULL;
			us |= strstr(line, "qlimit-remote") != NULL;
		}
	return variable && us;
}

static bool
names_us(const char *path)
{
	static char text[TEXT_SIZE];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return has_both(path, text);
}

static bool
find_one(char *path, const char *pattern)
{
	glob_t found;
	struct text t;
	bool is = false;

	if (glob(pattern, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc && !is; i++) {
		is = names_us(found.gl_pathv[i]);
		text_init(&t, path, PLACE_PATH_MAX + 1);
		text_add(&t, found.gl_pathv[i]);
	}
	globfree(&found);
	return is;
}

bool
start_script_names_us(char *path)
{
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		if (find_one(path, patterns[i]))
			return true;
	return false;
}
