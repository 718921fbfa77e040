/*
 * message - fuzzed: any bytes as the queue file on descriptor 0, with any size, time and position
 *
 * What it is known by must be what it is, and nothing else; and its identity must tell apart all that
 * is not the same delivery.
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

static int others[OTHERS] = { -1, 1000 }; /* what is no queue file */

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

/* What is known of a file that is none: nothing, so that nothing is remembered under it. */
static void
check_others(int which)
{
	struct pending_file file;
	int fd = which == OTHERS ? WRITE_FD : others[which];

	memset(&file, 0xff, sizeof file);
	message_examine(&file, fd);
	MUST(!file.known && file.head_length <= PENDING_HEAD);
}

static void
set_times(int64_t seconds, uint32_t nanoseconds)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, { seconds, nanoseconds } };

	MUST(futimens(FILE_FD, times) == 0);
}

/* Examines and compares with what the file is; `bytes` are its first `n`, then there are only zeros. */
static void
examine(struct pending_file *file, const uint8_t *bytes, size_t n)
{
	unsigned char head[PENDING_HEAD] = { 0 };
	off_t position = lseek(FILE_FD, 0, SEEK_CUR);
	struct stat st;

	memset(file, 0xff, sizeof *file);
	message_examine(file, FILE_FD);
	MUST(lseek(FILE_FD, 0, SEEK_CUR) == position);
	MUST(fstat(FILE_FD, &st) == 0 && file->known);
	MUST(file->inode == st.st_ino && file->size == (uint64_t)st.st_size);
	MUST(file->mtime_seconds == st.st_mtim.tv_sec);
	MUST(file->mtime_nanoseconds == (uint32_t)st.st_mtim.tv_nsec);
	MUST(file->head_length == (st.st_size < PENDING_HEAD ? (size_t)st.st_size : PENDING_HEAD));
	memcpy(head, bytes, n < PENDING_HEAD ? n : PENDING_HEAD);
	MUST(memcmp(file->head, head, sizeof head) == 0);
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
check_changes(const struct pending_file *file, struct fuzz_input *in, uint8_t *bytes, size_t n)
{
	unsigned char secret[DIGEST_KEY_SIZE] = { 0 }, id[DIGEST_SIZE], other[DIGEST_SIZE];
	size_t at = (size_t)fuzz_number(in, 2);
	struct pending_file now;

	identify(id, secret, file, "s", "r");
	if (n == 0)
		return;
	at %= n;
	bytes[at] ^= 1;
	MUST(pwrite(FILE_FD, bytes + at, 1, (off_t)at) == 1);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now, bytes, n);
	identify(other, secret, &now, "s", "r");
	MUST((memcmp(id, other, sizeof id) != 0) == (at < PENDING_HEAD));
	bytes[at] ^= 1;
	MUST(pwrite(FILE_FD, bytes + at, 1, (off_t)at) == 1);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now, bytes, n);
	MUST(memcmp(&now, file, sizeof now) == 0);
	MUST(ftruncate(FILE_FD, (off_t)file->size + 1) == 0);
	set_times(file->mtime_seconds, file->mtime_nanoseconds);
	examine(&now, bytes, n);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned how = (unsigned)fuzz_number(&in, 1);
	int64_t seconds = (int64_t)fuzz_number(&in, how & 0x80 ? 5 : 4) - (how & 0x40 ? 1 << 20 : 0);
	uint32_t nanoseconds = (uint32_t)(fuzz_number(&in, 4) % 1000000000);
	char sender[33], recipient[33];
	struct pending_file file;
	uint8_t bytes[4096];
	size_t n;

	open_once();
	check_others((int)(how % (OTHERS + 1)));
	take_word(&in, sender, sizeof sender - 1);
	take_word(&in, recipient, sizeof recipient - 1);
	n = in.left < sizeof bytes ? in.left : sizeof bytes;
	memcpy(bytes, in.at, n);
	MUST(ftruncate(FILE_FD, 0) == 0 && pwrite(FILE_FD, bytes, n, 0) == (ssize_t)n);
	/* Now and then with a hole behind it, of up to a terabyte. */
	if (how & 0x20)
		MUST(ftruncate(FILE_FD, (off_t)n + ((off_t)1 << nanoseconds % 40)) == 0);
	MUST(lseek(FILE_FD, how & 0x10 ? (off_t)seconds & 0xffff : 0, SEEK_SET) >= 0);
	set_times(seconds, nanoseconds);
	examine(&file, bytes, n);
	check_identities(&file, sender, recipient);
	check_changes(&file, &in, bytes, n);
	return 0;
}
