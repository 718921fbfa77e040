/* pending - a delivery that is not finished, and how to know it again */
#include "pending.h"

#include "bytes.h"

#define VERSION 2

void
pending_identity(unsigned char *id, const unsigned char *secret,
    const struct pending_file *file, const char *sender, const char *recipient)
{
	struct digest d;

	digest_init(&d, secret);
	digest_add64(&d, file->inode);
	digest_add64(&d, (uint64_t)file->mtime_seconds);
	digest_add64(&d, file->mtime_nanoseconds);
	digest_add64(&d, file->size);
	digest_add64(&d, file->head_length);
	digest_add(&d, file->head, file->head_length);
	digest_add_string(&d, sender);
	digest_add_string(&d, recipient);
	digest_finish(&d, id);
}

void
pending_encode(const struct pending *p, unsigned char *record)
{
	struct bytes b;

	bytes_init(&b, record, PENDING_SIZE);
	bytes_put8(&b, VERSION);
	bytes_put8(&b, (uint8_t)p->state);
	bytes_put8(&b, (uint8_t)p->outcome);
	bytes_put8(&b, p->message);
	bytes_put32(&b, p->hour);
	bytes_put64(&b, (uint64_t)p->since);
	bytes_put64(&b, (uint64_t)p->touched);
	bytes_put64(&b, p->booked_at);
	bytes_put32(&b, p->stopped);
	bytes_put32(&b, 0);
}

bool
pending_decode(struct pending *p, unsigned char *record, size_t size)
{
	struct bytes b;
	uint8_t version, state, outcome, message;

	bytes_init(&b, record, size);
	version = bytes_get8(&b);
	state = bytes_get8(&b);
	outcome = bytes_get8(&b);
	message = bytes_get8(&b);
	p->hour = bytes_get32(&b);
	p->since = (int64_t)bytes_get64(&b);
	p->touched = (int64_t)bytes_get64(&b);
	p->booked_at = bytes_get64(&b);
	p->stopped = bytes_get32(&b);
	(void)bytes_get32(&b);
	if (version != VERSION || !bytes_complete(&b))
		return false;
	if ((state != PENDING_HELD && state != PENDING_ADMITTED) || outcome > OUTCOME_UNREACHED ||
	    message > 1)
		return false;
	p->message = message == 1;
	p->state = (enum pending_state)state;
	p->outcome = (enum outcome)outcome;
	return true;
}
