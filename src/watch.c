/* watch - files whose change calls for a new load */
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bytes.h"

#define VERSION 1

static void
look(struct watch_file *file)
{
	struct stat st;

	file->exists = stat(file->path, &st) == 0;
	if (!file->exists)
		memset(&st, 0, sizeof st);
	file->inode = (uint64_t)st.st_ino;
	file->size = (uint64_t)st.st_size;
	file->mtime_seconds = (int64_t)st.st_mtim.tv_sec;
	file->mtime_nanoseconds = (uint32_t)st.st_mtim.tv_nsec;
}

static bool
is_current(const struct watch_file *file)
{
	struct watch_file now;

	memcpy(now.path, file->path, sizeof now.path);
	look(&now);
	return now.exists == file->exists && now.inode == file->inode && now.size == file->size &&
	       now.mtime_seconds == file->mtime_seconds &&
	       now.mtime_nanoseconds == file->mtime_nanoseconds;
}

bool
watch_add(struct watch_list *list, const char *path)
{
	size_t n = strlen(path);
	struct watch_file *file = &list->file[list->count];

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->file[i].path, path) == 0)
			return true;
	if (n > WATCH_PATH_MAX || path[0] != '/') {
		errno = EINVAL;
		return false;
	}
	if (list->count == WATCH_FILES_MAX) {
		errno = ENOSPC;
		return false;
	}
	memset(file, 0, sizeof *file);
	memcpy(file->path, path, n);
	look(file);
	list->count++;
	return true;
}

bool
watch_list_is_current(const struct watch_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!is_current(&list->file[i]))
			return false;
	return true;
}

size_t
watch_encode(const struct watch_list *list, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, WATCH_RECORD_MAX);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, (uint8_t)list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct watch_file *file = &list->file[i];
		size_t n = strlen(file->path);

		bytes_put8(&b, (uint8_t)n);
		bytes_put(&b, file->path, n);
		bytes_put8(&b, file->exists);
		bytes_put64(&b, file->inode);
		bytes_put64(&b, file->size);
		bytes_put64(&b, (uint64_t)file->mtime_seconds);
		bytes_put32(&b, file->mtime_nanoseconds);
	}
	return b.at;
}

static void
get_file(struct bytes *b, struct watch_file *file)
{
	size_t n = bytes_get8(b);

	memset(file->path, 0, sizeof file->path);
	bytes_get(b, file->path, n);
	file->exists = bytes_get8(b) != 0;
	file->inode = bytes_get64(b);
	file->size = bytes_get64(b);
	file->mtime_seconds = (int64_t)bytes_get64(b);
	file->mtime_nanoseconds = bytes_get32(b);
}

bool
watch_is_current(unsigned char *record, size_t size, const char *first)
{
	struct bytes b;
	struct watch_file file;
	size_t count;

	bytes_init(&b, record, size);
	if (bytes_get8(&b) != VERSION)
		return false;
	count = bytes_get8(&b);
	for (size_t i = 0; i < count && !b.failed; i++) {
		get_file(&b, &file);
		if (i == 0 && strcmp(file.path, first) != 0)
			return false;
		if (!is_current(&file))
			return false;
	}
	return count > 0 && bytes_complete(&b);
}

bool
watch_decode(struct watch_list *list, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	list->count = bytes_get8(&b);
	if (version != VERSION || list->count > WATCH_FILES_MAX) {
		list->count = 0;
		return false;
	}
	for (size_t i = 0; i < list->count; i++)
		get_file(&b, &list->file[i]);
	return bytes_complete(&b);
}
