/* torture_disk - what a disk may hold after a power cut */
#include "torture_disk.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper_record.h"
#include "torture.h"

#define PAGE ((size_t)4096)
#define SECTOR ((size_t)512)
#define PAGES 512 /* of a file */
#define METAS 2
#define MUST(condition) ck_assert_msg(condition, "disk: %s: %s", #condition, strerror(errno))

/* A page after a write; NULL: never written, zeros. */
struct version {
	size_t step;
	unsigned char *bytes;
};

/* The first is durable, the last is what programs see. */
struct page {
	struct version *at;
	unsigned count;
};

struct size {
	size_t step, size;
};

struct disk_file {
	struct disk_file *next;
	uint64_t number;
	struct page pages[PAGES];
	size_t page_count;
	struct size *sizes;
	unsigned size_count;
};

/* What became of a name. */
struct naming {
	uint32_t type;
	const char *name, *other;
	struct disk_file *file;
};

struct entry {
	const char *name;
	struct disk_file *file;
};

/* Names at one moment. */
struct names {
	struct entry at[DISK_FILES];
	size_t count;
};

/* A thing that is done at once. A write with O_DSYNC is two: its write, and its sync. */
struct step {
	const struct record *record;
	bool sync_of_write;
};

static struct {
	unsigned char *log;
	struct step *steps;
	size_t step_count, done, marks;
	struct disk_file *files; /* the newest first: numbers are used again */
	struct naming *namings;
	size_t naming_count, namings_durable;
	struct names names;
	const char *last_name;
} disk;

static unsigned char *image_bytes[DISK_FILES];

static void *
grow(void *at, size_t count, size_t size)
{
	void *more = realloc(at, count * size);

	MUST(more != NULL);
	return more;
}

/* --- names --- */

static struct entry *
find_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->at[i].name, name) == 0)
			return &names->at[i];
	return NULL;
}

static void
remove_name(struct names *names, const char *name)
{
	struct entry *e = find_name(names, name);

	if (e != NULL)
		*e = names->at[--names->count];
}

static void
add_name(struct names *names, const char *name, struct disk_file *file)
{
	remove_name(names, name);
	MUST(names->count < DISK_FILES);
	names->at[names->count++] = (struct entry){ name, file };
}

static void
apply_naming(struct names *names, const struct naming *n)
{
	struct entry *e;

	switch (n->type) {
	case RECORD_OPEN:
		add_name(names, n->name, n->file);
		break;
	case RECORD_RENAME:
		e = find_name(names, n->name);
		MUST(e != NULL);
		add_name(names, n->other, e->file);
		remove_name(names, n->name);
		break;
	default:
		remove_name(names, n->name);
	}
}

static void
do_naming(uint32_t type, const struct record *r, struct disk_file *file)
{
	struct naming n = { type, r->name, r->other, file };

	disk.namings = grow(disk.namings, disk.naming_count + 1, sizeof n);
	disk.namings[disk.naming_count++] = n;
	apply_naming(&disk.names, &n);
}

static void
names_after(struct names *names, size_t namings)
{
	names->count = 0;
	for (size_t i = 0; i < namings; i++)
		apply_naming(names, &disk.namings[i]);
}

/* --- data --- */

static struct disk_file *
new_file(uint64_t number)
{
	struct disk_file *f = calloc(1, sizeof *f);

	MUST(f != NULL);
	f->sizes = calloc(1, sizeof *f->sizes);
	MUST(f->sizes != NULL);
	f->size_count = 1;
	f->number = number;
	f->next = disk.files;
	disk.files = f;
	return f;
}

static struct disk_file *
find_file(uint64_t number)
{
	struct disk_file *f = disk.files;

	while (f != NULL && f->number != number)
		f = f->next;
	ck_assert_msg(f != NULL, "disk: file %llu was never made", (unsigned long long)number);
	return f;
}

static size_t
size_of(const struct disk_file *f)
{
	return f->sizes[f->size_count - 1].size;
}

static void
set_size(struct disk_file *f, size_t size)
{
	if (size == size_of(f))
		return;
	f->sizes = grow(f->sizes, f->size_count + 1, sizeof *f->sizes);
	f->sizes[f->size_count++] = (struct size){ disk.done, size };
}

static struct page *
get_page(struct disk_file *f, size_t number)
{
	MUST(number < PAGES);
	for (; f->page_count <= number; f->page_count++) {
		struct page *p = &f->pages[f->page_count];

		p->at = calloc(1, sizeof *p->at);
		MUST(p->at != NULL);
		p->count = 1;
	}
	return &f->pages[number];
}

/* A new version of a page: the old one with these bytes over it. */
static void
write_page(struct page *p, size_t offset, const unsigned char *bytes, size_t size)
{
	const unsigned char *before = p->at[p->count - 1].bytes;
	unsigned char *now = calloc(1, PAGE);

	MUST(now != NULL);
	if (before != NULL)
		memcpy(now, before, PAGE);
	memcpy(now + offset, bytes, size);
	p->at = grow(p->at, p->count + 1, sizeof *p->at);
	p->at[p->count++] = (struct version){ disk.done, now };
}

static void
write_data(struct disk_file *f, size_t offset, const unsigned char *bytes, size_t size)
{
	size_t end = offset + size;

	while (offset < end) {
		size_t in_page = offset % PAGE;
		size_t n = PAGE - in_page < end - offset ? PAGE - in_page : end - offset;

		write_page(get_page(f, offset / PAGE), in_page, bytes, n);
		bytes += n;
		offset += n;
	}
	if (end > size_of(f))
		set_size(f, end);
}

/* Beyond the end there is nothing, whatever was there before. */
static void
truncate_data(struct disk_file *f, size_t size)
{
	static const unsigned char zeros[PAGE];

	for (size_t at = size; at < f->page_count * PAGE; at += PAGE - at % PAGE)
		write_page(&f->pages[at / PAGE], at % PAGE, zeros, PAGE - at % PAGE);
	set_size(f, size);
}

static void
forget_versions(struct page *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		free(p->at[i].bytes);
}

static void
sync_page(struct page *p)
{
	forget_versions(p, 0, p->count - 1);
	p->at[0] = p->at[p->count - 1];
	p->count = 1;
}

static void
sync_data(struct disk_file *f, size_t from, size_t to)
{
	for (size_t i = from / PAGE; i * PAGE < to && i < f->page_count; i++)
		sync_page(&f->pages[i]);
	f->sizes[0] = f->sizes[f->size_count - 1];
	f->size_count = 1;
}

static void
free_file(struct disk_file *f)
{
	for (size_t i = 0; i < f->page_count; i++) {
		forget_versions(&f->pages[i], 0, f->pages[i].count);
		free(f->pages[i].at);
	}
	free(f->sizes);
	free(f);
}

/* --- the log --- */

static void
add_step(const struct record *r, bool sync_of_write)
{
	if (disk.step_count % 1024 == 0)
		disk.steps = grow(disk.steps, disk.step_count + 1024, sizeof *disk.steps);
	disk.steps[disk.step_count++] = (struct step){ r, sync_of_write };
}

static size_t
read_log(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);

	MUST(size > 0);
	disk.log = malloc((size_t)size);
	MUST(disk.log != NULL && pread(fd, disk.log, (size_t)size, 0) == size);
	(void)close(fd);
	return (size_t)size;
}

void
disk_load(const char *log)
{
	size_t size = read_log(log), at = 0;

	while (at < size) {
		/* Copied to where it may stand: what follows a write may be odd. */
		struct record *r = malloc(sizeof *r + 1);

		MUST(r != NULL && size - at >= sizeof *r);
		memcpy(r, disk.log + at, sizeof *r);
		ck_assert_msg(r->type != RECORD_OTHER, "%s in the directory: the recorder has to learn it",
		    r->name);
		if (r->type == RECORD_WRITE) {
			r = grow(r, 1, sizeof *r + r->size);
			memcpy(r + 1, disk.log + at + sizeof *r, r->size);
			at += r->size;
		}
		at += sizeof *r;
		add_step(r, false);
		if (r->type == RECORD_WRITE && (r->flags & O_DSYNC) != 0)
			add_step(r, true);
	}
	free(disk.log);
	disk.log = NULL;
	disk_rewind();
}

void
disk_rewind(void)
{
	while (disk.files != NULL) {
		struct disk_file *next = disk.files->next;

		free_file(disk.files);
		disk.files = next;
	}
	disk.done = disk.marks = disk.naming_count = disk.namings_durable = disk.names.count = 0;
	disk.last_name = "";
}

void
disk_free(void)
{
	disk_rewind();
	for (size_t i = disk.step_count; i > 0; i--)
		if (!disk.steps[i - 1].sync_of_write) {
			const void *record = disk.steps[i - 1].record;
			void *memory;

			memcpy(&memory, &record, sizeof memory);
			free(memory);
		}
	free(disk.steps);
	free(disk.namings);
	disk.steps = NULL;
	disk.namings = NULL;
	disk.step_count = 0;
	for (size_t i = 0; i < DISK_FILES; i++) {
		free(image_bytes[i]);
		image_bytes[i] = NULL;
	}
}

static void
do_open(const struct record *r)
{
	struct entry *e = find_name(&disk.names, r->name);

	if (e == NULL)
		do_naming(RECORD_OPEN, r, new_file(r->file));
	else
		MUST(e->file->number == r->file);
	if (e != NULL && (r->flags & O_TRUNC) != 0)
		truncate_data(e->file, 0);
}

static void
do_record(const struct record *r)
{
	switch (r->type) {
	case RECORD_OPEN: do_open(r); break;
	case RECORD_WRITE:
		write_data(find_file(r->file), r->offset, (const unsigned char *)(r + 1), r->size);
		break;
	case RECORD_TRUNCATE: truncate_data(find_file(r->file), r->size); break;
	case RECORD_SYNC: sync_data(find_file(r->file), 0, PAGES * PAGE); break;
	case RECORD_SYNC_NAMES: disk.namings_durable = disk.naming_count; break;
	case RECORD_RENAME:
	case RECORD_UNLINK: do_naming(r->type, r, NULL); break;
	case RECORD_MARK: disk.marks++; break;
	default: ck_abort_msg("disk: record of type %u", r->type);
	}
}

bool
disk_step(void)
{
	const struct step *s;

	if (disk.done == disk.step_count)
		return false;
	s = &disk.steps[disk.done++];
	disk.last_name = s->record->name;
	if (s->sync_of_write)
		sync_data(find_file(s->record->file), s->record->offset,
		    s->record->offset + s->record->size);
	else
		do_record(s->record);
	return true;
}

size_t
disk_steps(void)
{
	return disk.done;
}

const char *
disk_step_name(void)
{
	return disk.last_name;
}

size_t
disk_marks(void)
{
	return disk.marks;
}

bool
disk_is_at_risk(const char *name)
{
	struct entry *e = find_name(&disk.names, name);

	if (e == NULL)
		return false;
	for (size_t i = 0; i < e->file->page_count; i++)
		if (e->file->pages[i].count > 1)
			return true;
	return e->file->size_count > 1;
}

/* --- images --- */

/* What a page shows: one version, and sectors of another where the bits say so. */
struct pick {
	unsigned version, other;
	uint8_t torn;
};

static struct pick picks[PAGES];

static void
show(unsigned char *to, const struct page *p, const struct pick *pick)
{
	for (unsigned sector = 0; sector < PAGE / SECTOR; sector++) {
		bool other = (pick->torn >> sector & 1) != 0;
		const unsigned char *from = p->at[other ? pick->other : pick->version].bytes;

		if (from == NULL)
			memset(to + sector * SECTOR, 0, SECTOR);
		else
			memcpy(to + sector * SECTOR, from + sector * SECTOR, SECTOR);
	}
}

static void
add_file(struct disk_image *image, const struct entry *e, size_t size)
{
	size_t i = image->count++;

	image_bytes[i] = grow(image_bytes[i], PAGES + 1, PAGE);
	image->files[i].name = e->name;
	image->files[i].at = image_bytes[i];
	image->files[i].size = size;
	memset(image_bytes[i], 0, size);
	for (size_t page = 0; page < e->file->page_count; page++)
		show(image_bytes[i] + page * PAGE, &e->file->pages[page], &picks[page]);
}

static void
pick_all(const struct disk_file *f, bool newest)
{
	for (size_t i = 0; i < f->page_count; i++)
		picks[i] = (struct pick){ .version = newest ? f->pages[i].count - 1 : 0 };
}

static void
pick_metas(const struct disk_file *f, bool newest)
{
	pick_all(f, !newest);
	for (size_t i = 0; i < f->page_count && i < METAS; i++)
		picks[i].version = newest ? f->pages[i].count - 1 : 0;
}

static void
pick_one(const struct disk_file *f, bool newest)
{
	size_t risky[PAGES], n = 0;

	pick_all(f, !newest);
	for (size_t i = 0; i < f->page_count; i++)
		if (f->pages[i].count > 1)
			risky[n++] = i;
	if (n > 0) {
		size_t i = risky[torture_below(n)];

		picks[i].version = newest ? f->pages[i].count - 1 : 0;
	}
}

static unsigned
pick_version(const struct page *p, enum disk_order order)
{
	unsigned newest = p->count - 1, back = (unsigned)torture_below(3);

	if (order == DISK_SUBSET)
		return torture_below(2) == 0 ? 0 : newest;
	if (order == DISK_RECENT)
		return newest > back ? newest - back : 0;
	return (unsigned)torture_below(p->count);
}

/* The versions of a moment, but for some pages that were quicker. */
static void
pick_prefix(const struct disk_file *f, size_t moment)
{
	for (size_t i = 0; i < f->page_count; i++) {
		const struct page *p = &f->pages[i];
		unsigned version = 0;

		while (version + 1 < p->count && p->at[version + 1].step <= moment)
			version++;
		if (torture_below(8) == 0)
			version += (unsigned)torture_below(p->count - version);
		picks[i] = (struct pick){ .version = version };
	}
}

/* Any page at risk may be torn between two of its contents. */
static void
tear(const struct disk_file *f)
{
	size_t i = f->page_count > 0 ? torture_below(f->page_count) : 0;

	if (f->page_count == 0 || f->pages[i].count == 1)
		return;
	picks[i].other = (unsigned)torture_below(f->pages[i].count);
	picks[i].torn = (uint8_t)torture_below(256);
}

static void
pick(const struct disk_file *f, enum disk_order order, size_t moment)
{
	switch (order) {
	case DISK_NONE:
	case DISK_ALL: pick_all(f, order == DISK_ALL); break;
	case DISK_METAS:
	case DISK_NOT_METAS: pick_metas(f, order == DISK_METAS); break;
	case DISK_ONE:
	case DISK_ALL_BUT_ONE: pick_one(f, order == DISK_ONE); break;
	case DISK_PREFIX: pick_prefix(f, moment); break;
	default:
		for (size_t i = 0; i < f->page_count; i++)
			picks[i] = (struct pick){ .version = pick_version(&f->pages[i], order) };
	}
}

static size_t
pick_size(const struct disk_file *f, enum disk_order order)
{
	if (order == DISK_NONE && torture_below(2) == 0)
		return f->sizes[0].size;
	if (torture_below(4) != 0)
		return size_of(f);
	return f->sizes[torture_below(f->size_count)].size;
}

/* All, none, up to a few before the last, or up to anywhere. */
static size_t
pick_namings(void)
{
	size_t open = disk.naming_count - disk.namings_durable;

	switch (torture_below(10)) {
	case 0: return disk.namings_durable;
	case 1: return disk.namings_durable + torture_below(open + 1);
	case 2:
	case 3:
	case 4: return disk.naming_count - torture_below(open < 4 ? open + 1 : 5);
	default: return disk.naming_count;
	}
}

void
disk_draw(struct disk_image *image, enum disk_order order)
{
	size_t namings = pick_namings(), moment = torture_below(disk.done + 1);
	bool torn = torture_below(3) == 0;
	struct names names;

	if (torture_below(2) == 0)
		moment = disk.done - moment / 32;
	names_after(&names, namings);
	image->count = 0;
	for (size_t i = 0; i < names.count; i++) {
		const struct disk_file *f = names.at[i].file;

		pick(f, order, moment);
		if (torn)
			tear(f);
		add_file(image, &names.at[i], pick_size(f, order));
	}
	(void)snprintf(image->what, sizeof image->what, "cut after step %zu of %zu (%s), names %zu of %zu "
	    "(%zu durable), order %d%s", disk.done, disk.step_count, disk.last_name, namings,
	    disk.naming_count, disk.namings_durable, (int)order, torn ? ", torn" : "");
}

void
disk_whole(struct disk_image *image)
{
	image->count = 0;
	for (size_t i = 0; i < disk.names.count; i++) {
		const struct disk_file *f = disk.names.at[i].file;

		pick_all(f, true);
		add_file(image, &disk.names.at[i], size_of(f));
	}
	(void)snprintf(image->what, sizeof image->what, "no cut, after step %zu", disk.done);
}

bool
disk_subset(struct disk_image *image, const char *name, unsigned subset, bool new_size, bool torn)
{
	struct entry *e = find_name(&disk.names, name);
	unsigned left = subset;

	if (e == NULL)
		return false;
	pick_all(e->file, false);
	for (size_t i = 0; i < e->file->page_count; i++)
		if (e->file->pages[i].count > 1) {
			picks[i].version = (left & 1) != 0 ? e->file->pages[i].count - 1 : 0;
			left >>= 1;
		}
	if (left != 0)
		return false;
	if (torn)
		tear(e->file);
	image->count = 0;
	add_file(image, e, new_size ? size_of(e->file) : e->file->sizes[0].size);
	(void)snprintf(image->what, sizeof image->what, "cut after step %zu of %zu, %s alone, pages %x, "
	    "size %s%s", disk.done, disk.step_count, name, subset, new_size ? "new" : "old",
	    torn ? ", torn" : "");
	return true;
}

static void
put_file(int dir, const char *name, const unsigned char *bytes, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd != -1 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}

void
disk_put(const struct disk_image *image, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	MUST(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			MUST(unlinkat(dirfd(dir), entry->d_name, 0) == 0);
	for (size_t i = 0; i < image->count; i++)
		put_file(dirfd(dir), image->files[i].name, image->files[i].at, image->files[i].size);
	(void)closedir(dir);
}
