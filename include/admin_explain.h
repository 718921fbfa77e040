/*
 * admin_explain - what the command explain knows of a delivery, for those who print it
 */
#ifndef ADMIN_EXPLAIN_H
#define ADMIN_EXPLAIN_H

#include "admin.h"
#include "admission.h"
#include "config.h"

struct explanation {
	struct booking booking;
	struct orders orders;
	struct info info;
	struct admission admission;
	struct payers payers;
	bool current;          /* are the rules in force those of the files as they are now? */
	struct config *config; /* NULL if it has errors: then nobody knows which line a limit is from */
};

/* "pass", "held", "refused" or "discarded". */
const char *admin_explain_verdict(enum verdict verdict);

/* What a judgement that does not pass tells qmail, without its letter; in REPORT_TEXT_MAX bytes. */
const char *admin_explain_text(char *out, const struct judgement *j, const struct admission *a);

/* --json: an object for the delivery, one for each payer, and one for the verdict. */
void admin_explain_json(const struct admin *a, const struct explanation *e);

#endif
