/*
 * message - fuzzed: any bytes as the queue file on descriptor 0, with any size, time and position
 *
 * What it is known by must be what it is, and nothing else; its identity must tell apart all that is not
 * the same delivery; and its head must be read as far as it goes, however much of the file that takes.
 *
 * One byte of the input says what the file is like: 0x20 a hole behind the bytes, 0x08 a field folded
 * over and over before them, so that they stand far from the start.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"
#include "pending.h"

FUZZ_UNGUIDED

#define FILE_FD 0
#define WRITE_FD 100
#define OTHERS 5
#define ROOM (HEAD_MAX + 8192)

static int others[OTHERS] = { -1, 1000 }; /* what is no queue file */
static const struct head_trust trust = { .smtp_auth = true, .filters_count = 1, .filters = { "simscan" } };

/* The file's first bytes; behind them there are only zeros. */
static uint8_t content[ROOM];

static void
open_once(void)
{
	static bool done;
	int fd, ends[2];

	if (done)
		return;
	done = true;
	fd = memfd_create("qlimit-fuzz", MFD_CLOEXEC);
	MUST(fd > 0 && dup2(fd, FILE_FD) == FILE_FD && close(fd) == 0);
	fd = open("/proc/self/fd/0", O_WRONLY | O_CLOEXEC);
	MUST(fd > 0 && dup2(fd, WRITE_FD) == WRITE_FD && close(fd) == 0);
	MUST(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	others[2] = ends[0];
	others[3] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	others[4] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
same_head(const struct head *a, const struct head *b)
{
	return a->invoker == b->invoker && a->uid == b->uid && strcmp(a->forwarder, b->forwarder) == 0 &&
	    strcmp(a->auth, b->auth) == 0;
}

/* What is known of a file that is none: nothing, so that nothing is remembered under it. */
static void
check_others(int which)
{
	static const struct head nothing;
	struct pending_file file;
	struct head head;
	int fd = which == OTHERS ? WRITE_FD : others[which];

	memset(&file, 0xff, sizeof file);
	memset(&head, 0xff, sizeof head);
	message_examine(&file, &head, &trust, fd);
	MUST(!file.known && file.head_length <= PENDING_HEAD);
	MUST(same_head(&head, &nothing));
}

static void
set_times(int64_t seconds, uint32_t nanoseconds)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { seconds, nanoseconds } };

	MUST(futimens(FILE_FD, times) == 0);
}

/* Read at once, all of it that counts. */
static void
check_head(const struct head *head, off_t size)
{
	static char copy[HEAD_MAX];
	size_t n = size < HEAD_MAX ? (size_t)size : HEAD_MAX;
	struct head whole;

	memcpy(copy, content, n);
	(void)head_read(&whole, &trust, copy, n);
	MUST(same_head(head, &whole));
}

/* Examines and compares with what the file is. */
static void
examine(struct pending_file *file)
{
	off_t position = lseek(FILE_FD, 0, SEEK_CUR);
	struct head head;
	struct stat st;

	memset(file, 0xff, sizeof *file);
	memset(&head, 0xff, sizeof head);
	message_examine(file, &head, &trust, FILE_FD);
	MUST(lseek(FILE_FD, 0, SEEK_CUR) == position);
	MUST(fstat(FILE_FD, &st) == 0 && file->known);
	MUST(file->inode == st.st_ino && file->size == (uint64_t)st.st_size);
	MUST(file->mtime_seconds == st.st_mtim.tv_sec);
	MUST(file->mtime_nanoseconds == (uint32_t)st.st_mtim.tv_nsec);
	MUST(file->head_length == (st.st_size < PENDING_HEAD ? (size_t)st.st_size : PENDING_HEAD));
	MUST(memcmp(file->head, content, PENDING_HEAD) == 0);
	check_head(&head, st.st_size);
}

static void
identify(unsigned char *id, const unsigned char *secret, const struct pending_file *file,
    const char *sender, const char *recipient)
{
	unsigned char again[DIGEST_SIZE];

	pending_identity(id, secret, file, sender, recipient);
	pending_identity(again, secret, file, sender, recipient);
	MUST(memcmp(id, again, DIGEST_SIZE) == 0);
}

/* Each of these is another delivery. */
static void
check_identities(const struct pending_file *file, const char *sender, const char *recipient)
{
	unsigned char secret[DIGEST_KEY_SIZE] = "secret", ids[8][DIGEST_SIZE];
	char longer[80];
	struct pending_file other = *file;

	identify(ids[0], secret, file, sender, recipient);
	/* The same bytes, cut elsewhere. */
	(void)snprintf(longer, sizeof longer, "%s%s", sender, recipient);
	identify(ids[1], secret, file, longer, "");
	(void)snprintf(longer, sizeof longer, "%s.", recipient);
	identify(ids[2], secret, file, sender, longer);
	secret[15] ^= 0x80;
	identify(ids[3], secret, file, sender, recipient);
	secret[15] ^= 0x80;
	other.inode ^= UINT64_C(1) << 63;
	identify(ids[4], secret, &other, sender, recipient);
	other = *file;
	other.mtime_nanoseconds ^= 1;
	identify(ids[5], secret, &other, sender, recipient);
	other = *file;
	other.size += UINT64_C(1) << 32;
	identify(ids[6], secret, &other, sender, recipient);
	other = *file;
	other.mtime_seconds ^= INT64_MIN;
	identify(ids[7], secret, &other, sender, recipient);
	for (int i = 0; i < 8; i++)
		for (int k = i + 1; k < 8; k++)
			if (i > 0 || k > 1 || recipient[0] != '\0')
				MUST(memcmp(ids[i], ids[k], DIGEST_SIZE) != 0);
}

FUZZ_GUIDED

/* The file itself changes in one point, which must show, or behind its head, which need not. */
static void
check_changes(const struct pending_file *file, size_t at, size_t n)
{
	unsigned char secret[DIGEST_KEY_SIZE] = { 0 }, id[DIGEST_SIZE], other[DIGEST_SIZE];
	struct pending_file now;

	identify(id, secret, file, "s", "r");
	if (n == 0)
		return;
	at %= n;
	content[at] ^= 1;
	MUST(pwrite(FILE_FD, content + at, 1, (off_t)at) == 1);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now);
	identify(other, secret, &now, "s", "r");
	MUST((memcmp(id, other, sizeof id) != 0) == (at < PENDING_HEAD));
	content[at] ^= 1;
	MUST(pwrite(FILE_FD, content + at, 1, (off_t)at) == 1);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now);
	MUST(memcmp(&now, file, sizeof now) == 0);
	MUST(ftruncate(FILE_FD, (off_t)file->size + 1) == 0);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now);
	identify(other, secret, &now, "s", "r");
	MUST(memcmp(id, other, sizeof id) != 0);
}

static void
take_word(struct fuzz_input *in, char *word, size_t most)
{
	size_t n;
	const uint8_t *bytes = fuzz_bytes(in, most, &n);

	memcpy(word, bytes, n);
	word[n] = '\0';
}

/* The rest of the input, what follows its line 1 `room` bytes further on; returns how many bytes that makes. */
static size_t
set_content(struct fuzz_input *in, size_t room)
{
	const uint8_t *newline = memchr(in->at, '\n', in->left);
	size_t n = newline == NULL ? 0 : (size_t)(newline - in->at) + 1;

	if (n > 4096)
		n = 0;
	memset(content, 0, sizeof content);
	memcpy(content, in->at, n);
	for (size_t i = 0; i < room; i++)
		content[n + i] = i == 0 ? 'X' : i == 1 ? ':' : i % 64 == 0 ? '\n' : ' ';
	if (room > 0)
		content[n + room - 1] = '\n';
	if (in->left > ROOM - room)
		in->left = ROOM - room;
	memcpy(content + n + room, in->at + n, in->left - n);
	return in->left + room;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned how = (unsigned)fuzz_number(&in, 1);
	int64_t seconds = (int64_t)fuzz_number(&in, how & 0x80 ? 5 : 4) - (how & 0x40 ? 1 << 20 : 0);
	uint32_t nanoseconds = (uint32_t)(fuzz_number(&in, 4) % 1000000000);
	char sender[33], recipient[33];
	struct pending_file file;
	size_t n, at, room;

	open_once();
	check_others((int)(how % (OTHERS + 1)));
	take_word(&in, sender, sizeof sender - 1);
	take_word(&in, recipient, sizeof recipient - 1);
	at = (size_t)fuzz_number(&in, 2);
	room = how & 0x08 ? 3 + at % HEAD_MAX : 0;
	n = set_content(&in, room);
	MUST(ftruncate(FILE_FD, 0) == 0 && pwrite(FILE_FD, content, n, 0) == (ssize_t)n);
	/* Now and then with a hole behind it, of up to a terabyte. */
	if (how & 0x20)
		MUST(ftruncate(FILE_FD, (off_t)n + ((off_t)1 << nanoseconds % 40)) == 0);
	MUST(lseek(FILE_FD, how & 0x10 ? (off_t)seconds & 0xffff : 0, SEEK_SET) >= 0);
	set_times(seconds, nanoseconds);
	examine(&file);
	check_identities(&file, sender, recipient);
	check_changes(&file, at, n);
	return 0;
}
