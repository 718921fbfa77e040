/* front_prepare - the copy of qlimit-remote, under a name that nobody runs */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "front.h"
#include "front_names.h"
#include "label.h"
#include "text.h"

static int
copy(int from, int to)
{
	static char bytes[1 << 16];
	ssize_t n;

	while ((n = read(from, bytes, sizeof bytes)) > 0) {
		if (write(to, bytes, (size_t)n) != n) {
			errno = errno != 0 ? errno : ENOSPC;
			return -1;
		}
	}
	return (int)n;
}

static int
label(const struct front *f, int to)
{
	int from = openat(f->fd, FRONT_REMOTE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc = from == -1 ? -1 : label_copy(from, to);

	if (from != -1)
		(void)close(from);
	return rc;
}

static int
fill(const struct front *f, int from, int to)
{
	struct stat target;

	return copy(from, to) == -1 || fstatat(f->fd, FRONT_REMOTE, &target, 0) == -1 ||
	    fchown(to, 0, target.st_gid) == -1 || fchmod(to, 0755) == -1 || label(f, to) == -1 ||
	    fsync(to) == -1 ? -1 : 0;
}

static int
make_copy(struct front *f, int from)
{
	int to, rc;

	if (unlinkat(f->fd, FRONT_NEW, 0) == -1 && errno != ENOENT)
		return front_fail(f, FRONT_NEW);
	to = openat(f->fd, FRONT_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to == -1)
		return front_fail(f, FRONT_NEW);
	f->prepared = true;
	errno = 0;
	rc = fill(f, from, to) == -1 ? front_fail(f, FRONT_NEW) : 0;
	if (close(to) == -1 && rc == 0)
		rc = front_fail(f, FRONT_NEW);
	return rc;
}

int
front_prepare(struct front *f)
{
	struct ours_file file;
	int from, rc;

	ours_look(&file, f->ours, f->ours);
	from = file.is == OURS_SAME ? open(f->ours, O_RDONLY | O_CLOEXEC) : -1;
	if (from == -1) {
		struct text t;

		text_init(&t, f->problem, sizeof f->problem);
		text_add(&t, f->ours);
		text_add(&t, ": is not qlimit-remote, or cannot be read: is it installed?");
		return -1;
	}
	rc = front_check_directory(f) == -1 ? -1 : make_copy(f, from);
	(void)close(from);
	return rc;
}
