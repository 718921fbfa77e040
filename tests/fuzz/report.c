/* report - any bytes a remote may write, in any pieces: the outcome is qmail-rspawn's */
#include <stdint.h>
#include <stdlib.h>

#include "report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First byte: how the remote ended and where the output is cut; the rest is the output. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 0, 0, 0, 0, 111 << 8, 1 << 8, 9, 11 | 0x80 };
	struct report whole, pieces;
	const char *bytes = (const char *)data + 1;
	size_t n = size - 1, cut;
	int status;

	if (size == 0)
		return 0;
	status = statuses[data[0] & 7];
	cut = n == 0 ? 0 : (data[0] >> 3) % n;
	report_init(&whole);
	report_read(&whole, bytes, n);
	report_init(&pieces);
	report_read(&pieces, bytes, cut);
	report_read(&pieces, bytes + cut, n - cut);
	for (size_t i = 0; i < 70; i++) {
		enum outcome outcome = report_outcome(&whole, i, status);

		if (outcome != report_outcome(&pieces, i, status) || outcome == OUTCOME_NONE)
			abort();
		/* Never "sent" where qmail-rspawn does not see a success. */
		if (outcome == OUTCOME_SENT && (status != 0 || whole.decision != 'K'))
			abort();
	}
	return 0;
}
