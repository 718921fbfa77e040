/* origin - all that says who sends a delivery, and to whom */
#include "origin.h"

#include <string.h>

#include "text.h"

/* Mailboxes of virtualdomains are the same in any case (qmail-send(8)). */
static void
set_address(char *out, const char *sender, const char *domain)
{
	const char *at = strrchr(sender, '@');
	size_t local = at == NULL ? 0 : (size_t)(at - sender) + 1, n = strlen(domain);

	if (at == NULL || n == 0 || local + n > METER_NAME_MAX)
		return;
	(void)address_normalize(sender, local, out); /* ends in '@': only its case changes */
	memcpy(out + local, domain, n + 1);
}

void
origin_read(struct origin *origin, const char *sender, const char *recipient)
{
	memset(origin, 0, sizeof *origin);
	origin->bounce = address_is_bounce_sender(sender);
	if (!origin->bounce)
		(void)address_domain(sender, origin->domain);
	(void)address_domain(recipient, origin->destination);
	set_address(origin->address, sender, origin->domain);
}

void
origin_user(const struct origin *origin, char *name)
{
	struct text t;

	text_init(&t, name, METER_NAME_MAX + 1);
	if (origin->head.invoker == HEAD_UID) {
		text_add(&t, "uid:");
		text_add_number(&t, origin->head.uid);
	} else if (origin->head.invoker == HEAD_ALIAS) {
		text_add(&t, "alias");
	}
}
