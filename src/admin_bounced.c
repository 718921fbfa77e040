/*
 * admin_bounced - the command bounced: a notification that mail was returned, on standard input
 *
 * Run from a line of a .qmail file. There nothing may go wrong: what is printed lands in qmail's log or
 * a bounce, and an exit status is the delivery's. So the work is done by a child that writes nowhere but
 * to syslog and has only so long; how it ends is nobody's business.
 */
#include "admin_bounced.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_print.h"
#include "aside.h"
#include "guard.h"
#include "log.h"
#include "mime.h"

#define SECONDS 30 /* for all of it: a pipe that does not end, a file system that hangs */
#define PATIENCE_MS 3000 /* for the store's lock, which nobody holds longer than a few milliseconds */

/* --- the message --- */

/* Whoever writes into a pipe is to get rid of all of it. */
static void
drain(void)
{
	static char rest[65536];
	struct stat st;

	if (fstat(0, &st) == 0 && S_ISREG(st.st_mode))
		return;
	while (read(0, rest, sizeof rest) > 0)
		continue;
}

static int
read_message(struct admin_bounced *b)
{
	char *bytes = b->memory = malloc(BOUNCE_MAX);
	char one_more;
	ssize_t n;

	if (bytes == NULL)
		return -1;
	b->message = (struct span){ bytes, 0 };
	while (b->message.n < BOUNCE_MAX) {
		n = read(0, bytes + b->message.n, BOUNCE_MAX - b->message.n);
		if (n <= 0)
			return n == 0 ? 0 : -1;
		b->message.n += (size_t)n;
	}
	b->cut = read(0, &one_more, 1) == 1;
	drain();
	return 0;
}

/* --- what it says --- */

/* NULL: it counts, if its domain is hosted here; else why it does not. */
static const char *
understand(struct admin_bounced *b)
{
	const struct bounce_delivery delivery = { getenv("SENDER"), getenv("RECIPIENT") };

	(void)bounce_read(&b->bounce, b->message);
	bounce_trace_read(&b->trace, &delivery, &b->admin->essentials.trust, b->message, b->bounce.original);
	if (b->bounce.form == BOUNCE_NONE)
		return "this is no notification of failed mail";
	if (b->trace.has_sender)
		return "its envelope sender is an address: a notification has none";
	if (b->trace.own)
		return "this server's qmail wrote it: it was counted when the delivery failed";
	if (b->trace.whose == BOUNCE_OF_NOBODY)
		return "whose mail it was is not known";
	return NULL;
}

/* 0, or -1 with errno. */
static int
book(struct admin_bounced *b, bool keep)
{
	struct store *s = store_lmdb_new(b->admin->place.state, STORE_LIVE, PATIENCE_MS);
	int rc = -1, saved;

	if (s != NULL) {
		store_lmdb_of_boot(s, b->admin->boot);
		rc = admin_bounced_book(b, s, keep);
	}
	saved = errno;
	store_close(s);
	errno = saved;
	return rc;
}

/* --- run by qmail-local --- */

static void
log_it(const struct admin_bounced *b)
{
	struct log_line line;

	log_start(&line, LOG_LINE_NOTICE, b->whose == BOUNCED_COUNTED ? "returned" : "ignored");
	if (b->whose == BOUNCED_NOT_HOSTED)
		log_sentence(&line, "what", "a notification for a domain that is not hosted here");
	if (b->whose == BOUNCED_NO_RULES)
		log_sentence(&line, "what", "a notification: no rules are loaded yet");
	log_string(&line, "kind", meter_kind_name(METER_DOMAIN));
	log_string(&line, "name", b->trace.domain);
	log_bytes(&line, "recipient", b->bounce.recipients[0].at, b->bounce.recipients[0].n);
	if (b->whose == BOUNCED_COUNTED)
		log_number(&line, "count", b->counted);
	if (b->bounce.more)
		log_number(&line, "not_looked_beyond", BOUNCE_RECIPIENTS_MAX);
	log_send(&line);
}

static int
count_it(struct admin_bounced *b)
{
	if (book(b, true) == -1) {
		store_log_trouble("a notification of returned mail was not counted: the store cannot be used", errno);
		return EX_IOERR;
	}
	if (b->whose != BOUNCED_KNOWN)
		log_it(b);
	return EX_OK;
}

/* In a process of its own. Its end is `end`, and the other one's for nothing. */
static int
count_in_silence(void *context, int end)
{
	struct admin_bounced *b = context;
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)end;
	if (nowhere == -1 || dup2(nowhere, 1) == -1 || dup2(nowhere, 2) == -1)
		return EX_OSERR;
	guard_follow();
	(void)alarm(SECONDS);
	if (read_message(b) == -1) {
		log_trouble("a notification of returned mail could not be read", errno);
		return EX_IOERR;
	}
	if (admin_enter(b->admin, false) != EX_OK) {
		log_trouble("a notification of returned mail was not counted: no access to the state directory", 0);
		return EX_NOPERM;
	}
	return understand(b) == NULL ? count_it(b) : EX_OK;
}

static int
run_in_silence(struct admin_bounced *b)
{
	struct aside aside;

	if (aside_start(&aside, count_in_silence, b) == -1)
		log_trouble("a notification of returned mail was not counted: no process", errno);
	else
		(void)aside_end(&aside);
	return EX_OK;
}

/* --- run by hand --- */

static void
print_address(const char *label, struct span address)
{
	char line[4 * 200 + 1];
	struct text t;

	text_init(&t, line, sizeof line);
	text_add_printable(&t, address.at, address.n, sizeof line - 1);
	(void)printf("%-10s %s\n", label, line);
}

static void
print_notification(const struct admin_bounced *b)
{
	static const char *const forms[] = { "", "delivery status notification (RFC 3464)",
		"qmail's notification (QSBMF)" };
	static const char *const whose[] = { "", "which forwarded it", "which it was delivered to",
		"the sender of what was returned" };
	struct span domain = { b->trace.domain, strlen(b->trace.domain) };

	(void)printf("message    %s%s\n", forms[b->bounce.form], b->cut ? ", only the first MiB of it" : "");
	for (size_t i = 0; i < b->bounce.count; i++)
		print_address("failed", b->bounce.recipients[i]);
	if (b->bounce.more)
		(void)puts("           and more, which are not counted");
	print_address("returned", b->bounce.id);
	print_address("domain", domain);
	(void)printf("           %s\n", whose[b->trace.whose]);
}

static int
say(const char *verdict, int status)
{
	(void)printf("%s\n", verdict);
	return status;
}

static int
say_whose(struct admin_bounced *b)
{
	if (book(b, false) == -1) {
		(void)fprintf(stderr, "qlimit: %s: the store cannot be used: %s\n", b->admin->place.state,
		    store_error(errno));
		return EX_IOERR;
	}
	if (b->whose == BOUNCED_NO_RULES)
		return say("not counted: no rules are loaded, so no domain is known", EX_DATAERR);
	if (b->whose == BOUNCED_NOT_HOSTED)
		return say("not counted: this domain is not hosted here", EX_DATAERR);
	if (b->whose == BOUNCED_KNOWN)
		return say("not counted: all of it was counted before", EX_DATAERR);
	(void)printf("would count: %zu returned\n", b->counted);
	return EX_OK;
}

static int
explain(struct admin_bounced *b)
{
	const char *why_not;
	int status;

	if (read_message(b) == -1) {
		(void)fprintf(stderr, "qlimit: standard input cannot be read\n");
		return EX_IOERR;
	}
	status = admin_enter(b->admin, false);
	if (status != EX_OK)
		return status;
	why_not = understand(b);
	if (b->bounce.form != BOUNCE_NONE)
		print_notification(b);
	if (why_not == NULL)
		return say_whose(b);
	(void)printf("not counted: %s\n", why_not);
	return EX_DATAERR;
}

int
admin_bounced(struct admin *a)
{
	/* Not static: every command of qlimit would have to find room for it. */
	struct admin_bounced *b = calloc(1, sizeof *b);
	int status;

	if (b == NULL && a->option[ADMIN_EXPLAIN] != NULL) {
		(void)fputs("qlimit: out of memory\n", stderr);
		return EX_IOERR;
	}
	if (b == NULL) {
		log_trouble("a notification of returned mail was not counted", ENOMEM);
		return EX_OK;
	}
	b->admin = a;
	status = a->option[ADMIN_EXPLAIN] != NULL ? explain(b) : run_in_silence(b);
	free(b->memory);
	free(b);
	return status;
}
