/* report - what qmail-rspawn makes of a remote's bytes, and our own reports */
#include "report.h"

#include <string.h>
#include <sys/wait.h>

static const char answer_mark[] = "said:";

void
report_init(struct report *r)
{
	memset(r, 0, sizeof *r);
}

static void
end_block(struct report *r)
{
	char letter = r->open ? r->starts_with : '\0';

	if (r->decision == '\0') {
		if (r->blocks < REPORT_RECIPIENTS)
			r->letters[r->blocks] = letter;
		if (letter == 'K' || letter == 'Z' || letter == 'D')
			r->decision = letter;
	}
	r->blocks++;
	r->open = false;
}

static void
match_answer(struct report *r, char c)
{
	/* No prefix of the mark occurs again inside it: a mismatch can only start anew. */
	r->matched = c == answer_mark[r->matched] ? r->matched + 1 : c == answer_mark[0];
	if (r->matched == sizeof answer_mark - 1) {
		r->answered = true;
		r->matched = 0;
	}
}

void
report_read(struct report *r, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		r->any = true;
		match_answer(r, c);
		if (c == '\0') {
			end_block(r);
		} else if (!r->open) {
			r->open = true;
			r->starts_with = c;
		}
	}
}

/* The recipient's own letter, r, s or h, or 0: only a block in its place before the decision. */
static char
recipient_letter(const struct report *r, size_t recipient)
{
	char letter;

	/* An `s` or `h` counts for the first recipient even where no NUL ever ended it. */
	if (recipient == 0 && r->blocks == 0)
		letter = r->open ? r->starts_with : '\0';
	else
		letter = recipient < r->blocks && recipient < REPORT_RECIPIENTS ?
		    r->letters[recipient] : '\0';
	return letter == 'r' || letter == 's' || letter == 'h' ? letter : '\0';
}

enum outcome
report_outcome(const struct report *r, size_t recipient, int wait_status)
{
	if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) == 111)
		return OUTCOME_UNREACHED;
	if (WEXITSTATUS(wait_status) != 0)
		return OUTCOME_FAILED;
	if (!r->any)
		return OUTCOME_UNREACHED;
	switch (recipient_letter(r, recipient)) {
	case 's':
		return OUTCOME_DEFERRED;
	case 'h':
		return OUTCOME_FAILED;
	default:
		break;
	}
	if (r->decision == 'K')
		return OUTCOME_SENT;
	if (r->decision == 'Z')
		return r->answered ? OUTCOME_DEFERRED : OUTCOME_UNREACHED;
	return OUTCOME_FAILED;
}

/* What it exceeded; WHM puts two spaces behind the one text and one behind the other: log parsers know both. */
static const struct {
	const char *before, *after;
} rules[] = {
	[RULE_NONE] = { "", "" },
	[RULE_MAX_PER_HOUR] = { " has exceeded the max emails per hour (", "%)) allowed.  " },
	[RULE_MAX_FAILURE_PERCENT] = { " has exceeded the max defers and failures per hour (", "%)) allowed. " },
	[RULE_MAX_PER_DAY] = { " has exceeded the max emails per day (", "%)) allowed.  " },
};

/* What WHM has no words for: the sender reads it in a bounce, so it names no names. */
static void
add_order(struct text *t, enum verdict verdict)
{
	text_add(t, verdict == VERDICT_DISCARD ? " is thrown away" : verdict == VERDICT_REFUSE ? " is refused" : " is held");
	text_add(t, " by order of this server's administrator.  ");
}

static void
add_figures(struct text *t, const struct judgement *j)
{
	text_add(t, rules[j->rule].before);
	text_add_number(t, j->count);
	text_add(t, "/");
	text_add_number(t, j->limit);
	text_add(t, " (");
	text_add_number(t, j->percent);
	text_add(t, rules[j->rule].after);
}

void
report_compose(struct text *t, const struct judgement *judgement, const struct meter *payer)
{
	static const char letters[] = { [VERDICT_DEFER] = 'Z', [VERDICT_REFUSE] = 'D', [VERDICT_DISCARD] = 'K' };
	static const char *const ends[] = {
		[VERDICT_DEFER] = "Message will be reattempted later. (#4.7.1)\n",
		[VERDICT_REFUSE] = "Message discarded. (#5.7.1)\n",
		[VERDICT_DISCARD] = "Nobody is told.\n",
	};

	text_add_bytes(t, &letters[judgement->verdict], 1);
	meter_describe(t, payer);
	if (judgement->rule == RULE_ORDER)
		add_order(t, judgement->verdict);
	else
		add_figures(t, judgement);
	text_add(t, ends[judgement->verdict]);
	text_add_bytes(t, "", 1);
}
