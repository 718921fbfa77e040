/* start_script - the files that usually start qmail, and whether they name $QMAILREMOTE */
#include "start_script.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE (64 << 10) /* of a script; what comes later is not looked at */

static const char *const usual[] = {
	(QMAIL "/rc"),
	(QMAIL "/supervise/qmail-send/run"),
	"/service/qmail-send/run",
	"/service/qmail/run",
	"/etc/service/qmail-send/run",
	"/etc/sv/qmail-send/run",
	"/var/service/qmail-send/run",
	"/etc/systemd/system/qmail-send.service.d/override.conf",
	"/etc/systemd/system/qmail.service.d/override.conf",
	"/etc/systemd/system/qmail-send.service",
	"/etc/systemd/system/qmail.service",
	"/lib/systemd/system/qmail-send.service",
	"/lib/systemd/system/qmail.service",
	"/etc/init.d/qmail",
	"/etc/init.d/qmail-send",
	"/etc/default/qmail",
};

/* In a line that is no comment. */
static void
look_for_it(struct start_script *s, char *text)
{
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		const char *value = line[strspn(line, " \t")] == '#' ? NULL : strstr(line, "QMAILREMOTE=");

		s->sets |= value != NULL;
		s->ours |= value != NULL && strstr(value, "qlimit-remote") != NULL;
	}
}

static bool
look(struct start_script *s, const char *path)
{
	static char text[TEXT_SIZE];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	*s = (struct start_script){ .path = path };
	look_for_it(s, text);
	return n != -1;
}

size_t
start_scripts_find(struct start_script *found)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		n += look(&found[n], usual[i]);
	return n;
}
