/* bounce - a notification that mail was not delivered: for whom, and what mail it was */
#include "bounce.h"

#include <string.h>

#include "mime.h"
#include "text.h"

static struct span
id_of(const struct bounce *b, struct span message)
{
	struct span id = mime_find(b->original, "message-id"), header = mime_header(b->original);

	if (id.n > 0)
		return id;
	return header.n > 0 ? header : mime_find(message, "message-id");
}

static bool
read_as(struct bounce *b, struct span message, enum bounce_form form, void (*reader)(struct bounce *, struct span))
{
	/* A view of no bytes is still one of these. */
	memset(b, 0, sizeof *b);
	b->original = (struct span){ message.at, 0 };
	reader(b, message);
	b->id = id_of(b, message);
	b->form = b->count > 0 ? form : BOUNCE_NONE;
	return b->count > 0;
}

bool
bounce_read(struct bounce *b, struct span message)
{
	return read_as(b, message, BOUNCE_DSN, bounce_dsn_read) ||
	       read_as(b, message, BOUNCE_QSBMF, bounce_qsbmf_read);
}

void
bounce_add(struct bounce *b, struct span recipient)
{
	if (recipient.n == 0)
		return;
	if (b->count < BOUNCE_RECIPIENTS_MAX)
		b->recipients[b->count++] = recipient;
	else
		b->more = true;
}

void
bounce_normalize(char *out, struct span recipient)
{
	size_t n = recipient.n < QUEUE_ADDRESS_MAX ? recipient.n : QUEUE_ADDRESS_MAX;

	for (size_t i = 0; i < n; i++)
		out[i] = text_lower(recipient.at[i]);
	out[n] = '\0';
}

void
bounce_identity_begin(struct digest *begun, const unsigned char *secret, const struct bounce *b)
{
	digest_init(begun, secret);
	digest_add64(begun, b->id.n);
	digest_add(begun, b->id.at, b->id.n);
}

void
bounce_identity(unsigned char *id, const struct digest *begun, const struct bounce *b, size_t recipient)
{
	struct digest d = *begun;
	char address[QUEUE_ADDRESS_MAX + 1];

	bounce_normalize(address, b->recipients[recipient]);
	digest_add_string(&d, address);
	digest_finish(&d, id);
}
