/*
 * report - fuzzed: any bytes a remote may write, in any pieces, however it ends
 *
 * Judged by the tests' own qmail-rspawn (harness_report.c), and for further recipients and for what the
 * other side has said by a plain reading of all the bytes at once.
 */
#include "fuzz.h"

#include <sys/wait.h>

#include "harness_report.c"
#include "report.h"

FUZZ_UNGUIDED

#define SAID "said:"

/* One more recipient than are remembered; those beyond share the message's. */
struct reading {
	bool answered;
	enum grade message;
	char letters[REPORT_RECIPIENTS + 1];
};

/* The letters of the blocks in the recipients' places, up to the first message report. */
static void
read_letters(struct reading *r, const char *bytes, size_t n)
{
	const char *end = bytes + n, *block = bytes, *nul;

	for (size_t i = 0; block < end && i < REPORT_RECIPIENTS; i++, block = nul + 1) {
		nul = memchr(block, '\0', (size_t)(end - block));
		/* The first one counts even where no NUL ever ended it. */
		if (nul == NULL && i > 0)
			return;
		r->letters[i] = *block;
		if (nul == NULL || is_letter(*block))
			return;
	}
}

static enum outcome
outcome_of(const struct reading *r, size_t n, size_t recipient, int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 111)
		return OUTCOME_UNREACHED;
	if (WEXITSTATUS(status) != 0)
		return OUTCOME_FAILED;
	if (n == 0)
		return OUTCOME_UNREACHED;
	if (r->letters[recipient] == 's')
		return OUTCOME_DEFERRED;
	if (r->letters[recipient] == 'h')
		return OUTCOME_FAILED;
	if (r->message == DEFERRAL)
		return r->answered ? OUTCOME_DEFERRED : OUTCOME_UNREACHED;
	return r->message == SUCCESS ? OUTCOME_SENT : OUTCOME_FAILED;
}

static void
check_first(enum outcome outcome, const char *bytes, size_t n, int status)
{
	char *told = malloc(n + HARNESS_REPORT_ROOM);
	bool later = outcome == OUTCOME_DEFERRED || outcome == OUTCOME_UNREACHED;

	MUST(told != NULL);
	(void)harness_report(told, status, bytes, n);
	MUST((told[0] == 'K') == (outcome == OUTCOME_SENT));
	MUST((told[0] == 'D') == (outcome == OUTCOME_FAILED));
	MUST((told[0] == 'Z') == later);
	free(told);
}

/* First byte: how the remote ended; the next two: how much is read at once. The rest is the output. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 0, 0, 0, 0, 111 << 8, 1 << 8, 9, 11 | 0x80, 100 << 8, 255 << 8 };
	struct fuzz_input in = { data, size };
	int status = statuses[fuzz_number(&in, 1) % 10];
	size_t piece = 1 + (size_t)fuzz_number(&in, 2);
	const char *bytes = (const char *)in.at;
	size_t n = in.left;
	struct report whole, pieces;
	struct reading reading = { .answered = memmem(bytes, n, SAID, strlen(SAID)) != NULL,
		.message = decide(bytes, n) };

	report_init(&whole);
	report_read(&whole, bytes, n);
	report_init(&pieces);
	for (size_t at = 0; at < n; at += piece)
		report_read(&pieces, bytes + at, n - at < piece ? n - at : piece);
	MUST(memcmp(&whole, &pieces, sizeof whole) == 0);
	read_letters(&reading, bytes, n);
	for (size_t i = 0; i <= REPORT_RECIPIENTS; i++)
		MUST(report_outcome(&whole, i, status) == outcome_of(&reading, n, i, status));
	check_first(report_outcome(&whole, 0, status), bytes, n, status);
	return 0;
}

FUZZ_GUIDED
