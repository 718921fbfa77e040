/* bounce_trace - how a notification has come here, by what local programs have written on its top */
#include "bounce_trace.h"

#include <string.h>

#include "mime.h"

/* The address in a field: in its brackets, or all of it. Cut where it is too long to be one. */
static void
address_in(struct span value, char *out, size_t room)
{
	const char *open = memchr(value.at, '<', value.n), *close;
	size_t n;

	if (open != NULL) {
		value.n -= (size_t)(open + 1 - value.at);
		value.at = open + 1;
		close = memchr(value.at, '>', value.n);
		value.n = close == NULL ? 0 : (size_t)(close - value.at);
	}
	n = value.n < room ? value.n : 0;
	memcpy(out, value.at, n);
	out[n] = '\0';
}

#define ADDRESS_MAX 1002 /* as qmail-queue */

static bool
take_domain(struct bounce_trace *t, enum bounce_whose whose, const char *address)
{
	if (address == NULL || address_domain(address, t->domain) == 0)
		return false;
	t->whose = whose;
	return true;
}

static bool
take_domain_in(struct bounce_trace *t, enum bounce_whose whose, struct span value)
{
	char address[ADDRESS_MAX + 1];

	address_in(value, address, sizeof address);
	return take_domain(t, whose, address);
}

/* What qmail-local writes on top of a file of a Maildir; not there where a program reads the message. */
static void
read_maildir(struct bounce_trace *t, struct cursor *c)
{
	struct cursor ahead = *c;
	struct mime_field field;
	char address[ADDRESS_MAX + 1];

	if (!mime_take_field(&ahead, &field) || !mime_is_named(&field, "return-path"))
		return;
	address_in(field.value, address, sizeof address);
	t->has_sender = !address_is_bounce_sender(address);
	*c = ahead;
	if (!mime_take_field(&ahead, &field) || !mime_is_named(&field, "delivered-to"))
		return;
	(void)take_domain_in(t, BOUNCE_OF_RECIPIENT, field.value);
	*c = ahead;
}

/* Behind the next Delivered-To:, which head_read() has read. */
static void
pass_forwarder(struct cursor *c)
{
	struct mime_field field;

	while (mime_take_field(c, &field) && !mime_is_named(&field, "delivered-to"))
		continue;
}

/* Each time that it was forwarded, from the last one back to the first. */
static void
read_forwarders(struct bounce_trace *t, const struct head_trust *trust, struct cursor *c)
{
	struct head head;

	for (int i = 0; i < BOUNCE_TRACE_MAX; i++) {
		(void)head_read(&head, trust, c->at, (size_t)(c->end - c->at));
		t->own = head.invoker == HEAD_BOUNCE;
		if (head.forwarder[0] == '\0')
			return;
		memcpy(t->domain, head.forwarder, sizeof t->domain);
		t->whose = BOUNCE_OF_FORWARDER;
		pass_forwarder(c);
	}
}

void
bounce_trace_read(struct bounce_trace *t, const struct bounce_delivery *delivery,
    const struct head_trust *trust, struct span message, struct span original)
{
	struct cursor c = { message.at, message.at + message.n, false };

	memset(t, 0, sizeof *t);
	if (delivery->sender != NULL)
		t->has_sender = !address_is_bounce_sender(delivery->sender);
	else if (delivery->recipient == NULL)
		read_maildir(t, &c);
	(void)take_domain(t, BOUNCE_OF_RECIPIENT, delivery->recipient);
	read_forwarders(t, trust, &c);
	if (t->whose == BOUNCE_OF_NOBODY && delivery->recipient == NULL &&
	    !take_domain_in(t, BOUNCE_OF_RETURNED, mime_find(original, "return-path")))
		(void)take_domain_in(t, BOUNCE_OF_RETURNED, mime_find(original, "from"));
}
