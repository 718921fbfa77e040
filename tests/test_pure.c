/* test_pure - the domain layer's small parts: digest, text, address, meter, envelope, hour, records */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "bytes.h"
#include "counters.h"
#include "digest.h"
#include "envelope.h"
#include "hour.h"
#include "info.h"
#include "limits.h"
#include "meter.h"
#include "origin.h"
#include "pending.h"
#include "readable.h"
#include "rules.h"
#include "suites.h"
#include "text.h"

/* --- digest --- */

/* Goal: the authors' vectors (key 00..0f, message 00, 01, 02, ...), however the input is cut. */
static const struct {
	size_t length;
	const char *hex;
} siphash_vectors[] = {
	{ 0, "a3817f04ba25a8e66df67214c7550293" },
	{ 1, "da87c1d86b99af44347659119b22fc45" },
	{ 7, "a1f1ebbed8dbc153c0b84aa61ff08239" },
	{ 8, "3b62a9ba6258f5610f83e264f31497b4" },
	{ 63, "5150d1772f50834a503e069a973fbd7c" },
};

static void
to_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

START_TEST(test_digest_vectors)
{
	unsigned char key[DIGEST_KEY_SIZE], input[64], sum[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];
	size_t n = siphash_vectors[_i].length;

	for (size_t i = 0; i < sizeof input; i++)
		input[i] = (unsigned char)i;
	memcpy(key, input, sizeof key);
	for (size_t cut = 0; cut <= n; cut++) {
		struct digest d;

		digest_init(&d, key);
		digest_add(&d, input, cut);
		digest_add(&d, input + cut, n - cut);
		digest_finish(&d, sum);
		to_hex(sum, sizeof sum, hex);
		ck_assert_str_eq(hex, siphash_vectors[_i].hex);
	}
}
END_TEST

/* Goal: neighbours cannot run together: ("ab", "c") and ("a", "bc") are two. */
START_TEST(test_digest_strings_are_separate)
{
	static const unsigned char key[DIGEST_KEY_SIZE];
	unsigned char one[DIGEST_SIZE], two[DIGEST_SIZE];
	struct digest d;

	digest_init(&d, key);
	digest_add_string(&d, "ab");
	digest_add_string(&d, "c");
	digest_finish(&d, one);
	digest_init(&d, key);
	digest_add_string(&d, "a");
	digest_add_string(&d, "bc");
	digest_finish(&d, two);
	ck_assert_mem_ne(one, two, sizeof one);
}
END_TEST

/* --- text --- */

static const struct {
	const char *label, *in;
	size_t most;
	const char *out;
} printable[] = {
	{ "plain", "example.com", 100, "example.com" },
	{ "control bytes", "a\x1b[2J\n\t", 100, "a\\x1b[2J\\x0a\\x09" },
	{ "format string", "%s%n", 100, "%s%n" },
	{ "space, quote, backslash", "a b\"c\\", 100, "a\\x20b\\x22c\\x5c" },
	{ "8-bit", "b\xc3\xbc", 100, "b\\xc3\\xbc" },
	{ "DEL", "\x7f", 100, "\\x7f" },
	{ "cut", "abcdef", 3, "abc..." },
	{ "not cut inside an escape", "ab\x01", 5, "ab..." },
	{ "exactly as long as allowed", "abc", 3, "abc" },
};

START_TEST(test_text_printable)
{
	char buffer[200];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	text_add_printable(&t, printable[_i].in, strlen(printable[_i].in), printable[_i].most);
	ck_assert_msg(strcmp(buffer, printable[_i].out) == 0, "%s: %s", printable[_i].label,
	    buffer);
}
END_TEST

/* Goal: what does not fit is left out, the string still ends, and it is said. */
START_TEST(test_text_truncates)
{
	char buffer[8];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	text_add(&t, "1234567");
	ck_assert(!t.truncated);
	text_add_number(&t, 8);
	ck_assert(t.truncated);
	ck_assert_str_eq(buffer, "1234567");
	text_init(&t, buffer, sizeof buffer);
	text_add_number(&t, 0);
	text_add_number(&t, 18446744073709551615u);
	ck_assert_str_eq(buffer, "0184467");
}
END_TEST

/* --- address and meter --- */

#define X63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *label, *sender;
	enum meter_kind kind;
	const char *name;
} senders[] = {
	{ "plain", "user@example.com", METER_DOMAIN, "example.com" },
	{ "A1 case", "User@EXAMPLE.Com", METER_DOMAIN, "example.com" },
	{ "A1 one trailing dot", "u@example.com.", METER_DOMAIN, "example.com" },
	{ "A1 two trailing dots", "u@example.com..", METER_DOMAIN, "example.com." },
	{ "A1 several @: the last counts", "a@b@example.com", METER_DOMAIN, "example.com" },
	{ "A1 quoted local part", "\"a@b\"@example.com", METER_DOMAIN, "example.com" },
	{ "A1 bounce", "", METER_BOUNCES, "" },
	{ "A1 double bounce", "#@[]", METER_BOUNCES, "" },
	{ "A1 no @", "www-data", METER_FOREIGN, "" },
	{ "A1 ends in @", "user@", METER_FOREIGN, "" },
	{ "A1 only a dot", "user@.", METER_FOREIGN, "" },
	{ "VERP keeps the list's domain", "list-user=host@lists.example", METER_DOMAIN,
	    "lists.example" },
	{ "A3 path", "x@../../../tmp/x", METER_DOMAIN, "../../../tmp/x" },
	{ "A3 control bytes stay what they are", "x@a\x1b[2J\n", METER_DOMAIN, "a\x1b[2j\n" },
	{ "A3 spaces and shell", "x@a b;$(reboot)`x`", METER_DOMAIN, "a b;$(reboot)`x`" },
	{ "8-bit is not lower-cased", "x@\xc3\x84.example", METER_DOMAIN, "\xc3\x84.example" },
	{ "A1 look-alike is another name", "x@examp1e.com", METER_DOMAIN, "examp1e.com" },
	{ "A2 254 bytes", "x@" X63 "." X63 "." X63 "." X63 "aaa", METER_FOREIGN, "" },
	{ "address literal", "x@[192.0.2.1]", METER_DOMAIN, "[192.0.2.1]" },
};

START_TEST(test_origin)
{
	struct origin o;

	origin_read(&o, senders[_i].sender, "r@b.example");
	ck_assert_msg(o.bounce == (senders[_i].kind == METER_BOUNCES), "%s", senders[_i].label);
	ck_assert_msg((o.domain[0] != '\0') == (senders[_i].kind == METER_DOMAIN), "%s", senders[_i].label);
	ck_assert_msg(strcmp(o.domain, senders[_i].name) == 0, "%s: %s", senders[_i].label, o.domain);
	ck_assert_str_eq(o.destination, "b.example");
}
END_TEST

/* Goal (A2): 253 bytes are a name, 254 and a megabyte are not, and never the beginning of one. */
START_TEST(test_address_length)
{
	char *big = malloc(1 << 20), out[ADDRESS_DOMAIN_MAX + 1];

	ck_assert_ptr_nonnull(big);
	memset(big, 'a', 1 << 20);
	ck_assert_uint_eq(address_normalize(big, 253, out), 253);
	ck_assert_uint_eq(strlen(out), 253);
	ck_assert_uint_eq(address_normalize(big, 254, out), 0);
	ck_assert_str_eq(out, "");
	big[253] = '.';
	ck_assert_uint_eq(address_normalize(big, 254, out), 253);
	ck_assert_uint_eq(address_normalize(big, 1 << 20, out), 0);
	free(big);
}
END_TEST

START_TEST(test_meter_parse)
{
	struct meter m;

	ck_assert(meter_parse(&m, "server"));
	ck_assert_uint_eq(m.kind, METER_SERVER);
	ck_assert(meter_parse(&m, "Example.COM."));
	ck_assert_uint_eq(m.kind, METER_DOMAIN);
	ck_assert_str_eq(m.name, "example.com");
	ck_assert(!meter_parse(&m, ""));
	ck_assert(!meter_parse(&m, "."));
	ck_assert(!meter_parse(&m, "domain:."));
	ck_assert(!meter_parse(&m, "a\\x00b"));
	ck_assert(meter_parse(&m, "FOREIGN.") && m.kind == METER_FOREIGN);
	ck_assert(meter_parse(&m, "Uid:48") && m.kind == METER_USER);
	ck_assert_str_eq(meter_kind_name(METER_FOREIGN), "foreign");
	ck_assert_str_eq(meter_kind_name(0), "unknown");
	ck_assert_str_eq(meter_kind_name(200), "unknown");
}
END_TEST

/* --- envelope --- */

static const struct {
	const char *label;
	const char *argv[8];
	bool ok;
	const char *sender, *recipient;
	size_t count;
} envelopes[] = {
	{ "plain", { "q", "h", "s@x", "r@h" }, true, "s@x", "r@h", 1 },
	{ "several recipients", { "q", "h", "s", "r@h", "t@h" }, true, "s", "r@h", 2 },
	{ "indimail", { "q", "h", "s", "qqeh", "1234", "r@h" }, true, "s", "r@h", 1 },
	{ "indimail, two", { "q", "h", "s", "", "1", "r@h", "t@h" }, true, "s", "r@h", 2 },
	{ "four recipients are not indimail", { "q", "h", "s", "a@h", "b@h", "c@h" }, true, "s",
	    "a@h", 3 },
	{ "a number among few is a recipient", { "q", "h", "s", "r@h", "12" }, true, "s", "r@h",
	    2 },
	{ "an empty fourth is no number", { "q", "h", "s", "r@h", "", "t@h" }, true, "s", "r@h",
	    3 },
	{ "no recipient", { "q", "h", "s" }, false, NULL, NULL, 0 },
	{ "nothing", { "q" }, false, NULL, NULL, 0 },
	{ "not even a name", { NULL }, false, NULL, NULL, 0 },
};

START_TEST(test_envelope)
{
	char copies[8][16], *argv[9] = { NULL };
	struct envelope e;
	int argc = 0;

	for (; envelopes[_i].argv[argc] != NULL; argc++) {
		strcpy(copies[argc], envelopes[_i].argv[argc]);
		argv[argc] = copies[argc];
	}
	ck_assert_msg(envelope_parse(&e, argc, argv) == envelopes[_i].ok, "%s",
	    envelopes[_i].label);
	if (!envelopes[_i].ok)
		return;
	ck_assert_msg(strcmp(e.sender, envelopes[_i].sender) == 0, "%s", envelopes[_i].label);
	ck_assert_msg(strcmp(e.recipients[0], envelopes[_i].recipient) == 0, "%s",
	    envelopes[_i].label);
	ck_assert_msg(e.count == envelopes[_i].count, "%s", envelopes[_i].label);
}
END_TEST

/* --- hour --- */

static const struct {
	const char *label;
	int64_t seconds;
	uint32_t newest, hour;
} hours[] = {
	{ "first", 3600 * 100, 0, 100 },
	{ "last second", 3600 * 100 + 3599, 100, 100 },
	{ "next", 3600 * 101, 100, 101 },
	{ "A8 one second back over the edge", 3600 * 100 - 1, 100, 100 },
	{ "A8 three hours back", 3600 * 97, 100, 100 },
	{ "A8 more: the clock was set right", 3600 * 97 - 1, 100, 96 },
	{ "A8 before 1970", -5, 0, 0 },
	{ "A8 hours before 1970", -7200, 0, 0 },
	{ "A8 absurd", INT64_MAX, 100, UINT32_MAX },
};

START_TEST(test_hour)
{
	uint32_t hour = hour_to_count_in(hours[_i].seconds, hours[_i].newest);

	ck_assert_msg(hour == hours[_i].hour, "%s: %u", hours[_i].label, hour);
}
END_TEST

/* Goal: a name that is too long, which nobody should hand over, stays within its room. */
START_TEST(test_names_are_cut)
{
	char name[METER_NAME_MAX + 10];
	struct rules_key key;
	struct meter meter;

	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	meter_set(&meter, METER_DOMAIN, name);
	rules_key_set(&key, RULES_DOMAIN, name);
	ck_assert_uint_eq(strlen(meter.name), METER_NAME_MAX);
	ck_assert_uint_eq(meter.length, METER_NAME_MAX);
	ck_assert_uint_eq(strlen(key.name), METER_NAME_MAX);
	ck_assert_uint_eq(key.length, METER_NAME_MAX);
}
END_TEST

/* --- records --- */

/* Goal: numbers are big-endian, so that keys sort by them; a short record yields zeros and is told. */
START_TEST(test_bytes)
{
	unsigned char data[15];
	struct bytes b;

	bytes_init(&b, data, sizeof data);
	bytes_put8(&b, 1);
	bytes_put16(&b, 0x0203);
	bytes_put32(&b, 0x04050607);
	bytes_put64(&b, UINT64_C(0x08090a0b0c0d0e0f));
	ck_assert(bytes_complete(&b));
	for (size_t i = 0; i < sizeof data; i++)
		ck_assert_uint_eq(data[i], i + 1u);
	bytes_put8(&b, 1);
	ck_assert(b.failed);
	bytes_init(&b, data, 3);
	ck_assert_uint_eq(bytes_get16(&b), 0x0102);
	ck_assert_uint_eq(bytes_get32(&b), 0);
	ck_assert_uint_eq(bytes_get8(&b), 0); /* once failed, always failed */
	ck_assert(!bytes_complete(&b));
}
END_TEST

/* Goal: every field of every record comes back; one byte less, more or another version does not. */
START_TEST(test_counters_record)
{
	struct counters c = { 1, 2, 3, 4, 5, 6, 7, 70, 71, UINT64_MAX, 8, 9, true, true, 0xabcd, 10,
		{ 11, 12, 112, 13, 14, LIMITS_COUNT_ALL, true, true, true, true, true } }, back;
	unsigned char record[COUNTERS_SIZE + 1] = { 0 };

	counters_encode(&c, record);
	ck_assert(counters_decode(&back, record, COUNTERS_SIZE));
	ck_assert(back.admitted == 1 && back.sent == 2 && back.deferred == 3 && back.failed == 4);
	ck_assert(back.unreached == 5 && back.held == 6 && back.refused == 7 && back.discarded == 70 &&
	    back.returned == 71);
	ck_assert(back.bytes == UINT64_MAX && back.before == 8 && back.reset_at == 9 && back.tripped && back.ordered);
	ck_assert(back.generation == 10 && back.noticed == 0xabcd && limits_equal(&back.limits, &c.limits));
	ck_assert(!counters_decode(&back, record, COUNTERS_SIZE - 1));
	ck_assert(!counters_decode(&back, record, COUNTERS_SIZE + 1));
	record[1] = 4;
	ck_assert(!counters_decode(&back, record, COUNTERS_SIZE));
	record[1] = 1;
	record[0]++;
	ck_assert(!counters_decode(&back, record, COUNTERS_SIZE));
}
END_TEST

/* Goal: what a ledger has from before there was a max_per_day can be read. */
START_TEST(test_counters_of_version_1)
{
	unsigned char record[97] = { 1, 1, 0, 3, 0, 0, 0, 7 };
	static const unsigned char limits[] = { 1, 60, LIMITS_COUNT_DEFAULT, 1, 0, 0, 1, 244, 0, 0, 0, 125, 0, 0, 0, 25 };
	struct counters c;

	for (size_t i = 0; i < 9; i++)
		record[8 + 8 * i + 7] = (unsigned char)(i + 1);
	memcpy(record + 80, limits, sizeof limits);
	ck_assert(counters_decode(&c, record, 96));
	ck_assert(c.admitted == 1 && c.bytes == 8 && c.before == 0 && c.reset_at == 9 && c.tripped);
	ck_assert(c.generation == 7 && c.noticed == 3);
	ck_assert(c.limits.max_failure_percent == 60 && c.limits.refuse_on_failures && !c.limits.named);
	ck_assert(c.limits.max_per_hour == 500 && c.limits.max_per_day == 0 && c.limits.refuse_above_percent == 125 &&
	    c.limits.min_failures == 25);
	ck_assert(!counters_decode(&c, record, 95));
	ck_assert(!counters_decode(&c, record, 97));
	record[83] = 2;
	ck_assert(!counters_decode(&c, record, 96));
}
END_TEST

/* Goal: so can what it has from before there were notifications. */
START_TEST(test_counters_of_version_3)
{
	const struct counters c = { .admitted = 1, .discarded = 10, .returned = 13, .ordered = true, .generation = 11,
		.limits = { .max_per_hour = 12, .refuse_above_percent = 125, .min_failures = 1 } };
	const size_t shorter = COUNTERS_SIZE - 8;
	unsigned char record[COUNTERS_SIZE];
	struct counters back;

	counters_encode(&c, record);
	memmove(record + shorter - LIMITS_SIZE, record + COUNTERS_SIZE - LIMITS_SIZE, LIMITS_SIZE);
	ck_assert(!counters_decode(&back, record, shorter));
	record[0] = 3;
	ck_assert(counters_decode(&back, record, shorter));
	ck_assert(back.admitted == 1 && back.discarded == 10 && back.returned == 0 && back.ordered);
	ck_assert(back.generation == 11 && back.limits.max_per_hour == 12);
	record[1] = 4;
	ck_assert(!counters_decode(&back, record, shorter));
}
END_TEST

/* Goal: so can what it has from before there were orders. */
START_TEST(test_counters_of_version_2)
{
	const struct counters c = { .admitted = 1, .refused = 7, .before = 8, .reset_at = 9, .discarded = 10,
		.generation = 11, .limits = { .max_per_hour = 12, .refuse_above_percent = 125, .min_failures = 1 } };
	const size_t shorter = COUNTERS_SIZE - 16;
	unsigned char record[COUNTERS_SIZE];
	struct counters back;

	counters_encode(&c, record);
	memmove(record + shorter - LIMITS_SIZE, record + COUNTERS_SIZE - LIMITS_SIZE, LIMITS_SIZE);
	ck_assert(!counters_decode(&back, record, shorter));
	record[0] = 2;
	ck_assert(counters_decode(&back, record, shorter));
	ck_assert(back.admitted == 1 && back.refused == 7 && back.before == 8 && back.reset_at == 9);
	ck_assert(back.discarded == 0 && back.generation == 11 && back.limits.max_per_hour == 12);
	record[1] = 2;
	ck_assert(!counters_decode(&back, record, shorter));
	ck_assert(!counters_decode(&back, record, COUNTERS_SIZE));
}
END_TEST

START_TEST(test_limits_record)
{
	struct limits l = { 1000000000, 5, 10000, 7, 100, LIMITS_COUNT_ALL, true, true, true, true, true }, back;
	unsigned char record[LIMITS_SIZE];

	limits_encode(&l, record);
	ck_assert(limits_decode(&back, record, sizeof record));
	ck_assert(limits_equal(&l, &back));
	for (int field = 0; field < 11; field++) {
		struct limits other = l;

		other.max_per_hour += field == 0;
		other.refuse_above_percent += field == 1;
		other.min_failures += field == 2;
		other.max_failure_percent = field == 3 ? 1 : l.max_failure_percent;
		other.count_failures = field == 4 ? 1 : l.count_failures;
		other.refuse_on_failures = field != 5;
		other.max_per_day += field == 6;
		other.count_messages = field != 7;
		other.exempt = field != 8;
		other.named = field != 9;
		other.runs_smtpd = field != 10;
		ck_assert(!limits_equal(&l, &other));
	}
	record[1] = 101; /* percent */
	ck_assert(!limits_decode(&back, record, sizeof record));
	record[1] = 100;
	record[2] = 0xff; /* outcomes that do not exist */
	ck_assert(!limits_decode(&back, record, sizeof record));
	ck_assert(!limits_decode(&back, record, sizeof record - 1));
	/* What no configuration can say. */
	for (int field = 0; field < 2; field++) {
		struct limits other = l;

		other.refuse_above_percent = field == 0 ? 99 : 100;
		other.min_failures = field == 1 ? 0 : 1;
		limits_encode(&other, record);
		ck_assert(!limits_decode(&back, record, sizeof record));
	}
	limits_encode(&l, record);
	record[0]++;
	ck_assert(!limits_decode(&back, record, sizeof record));
	limits_encode(&l, record);
	ck_assert(!limits_decode(&back, record, sizeof record - 1));
	l.refuse_above_percent = 10001;
	limits_encode(&l, record);
	ck_assert(!limits_decode(&back, record, sizeof record));
	l.refuse_above_percent = 99;
	limits_encode(&l, record);
	ck_assert(!limits_decode(&back, record, sizeof record));
}
END_TEST

START_TEST(test_settings_record)
{
	static const struct {
		uint16_t days;
		bool good;
	} cases[] = { { 0, false }, { 1, true }, { 3660, true }, { 3661, false } };
	struct rules_settings s = { .observe = true, .destinations = true, .max_meters = RULES_MAX_METERS_MOST }, back;
	unsigned char record[RULES_SETTINGS_SIZE];
	struct bytes b;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		s.history_days = cases[i].days;
		bytes_init(&b, record, sizeof record);
		rules_settings_put(&s, &b);
		bytes_init(&b, record, sizeof record);
		ck_assert(rules_settings_get(&back, &b) == cases[i].good);
		ck_assert(back.observe && !back.hosted && back.destinations);
		ck_assert(back.history_days == s.history_days && back.max_meters == s.max_meters);
	}
}
END_TEST

START_TEST(test_info_record)
{
	struct info i = { .sequence = 7, .hour = 8, .generation = 9, .loaded_at = -1, .tried_at = 2,
		.load_claimed_at = 3, .tidy_claimed_at = 4, .last_delivery = 5, .pendings = 6,
		.created = 10, .tidy_wanted = true, .meters = 11,
		.settings = { .hosted = true, .history_days = 12, .max_meters = 100 } }, back;
	unsigned char record[INFO_SIZE];

	memset(i.boot, 0xaa, sizeof i.boot);
	memset(i.secret, 0xbb, sizeof i.secret);
	info_encode(&i, record);
	ck_assert(info_decode(&back, record, sizeof record));
	ck_assert_mem_eq(i.boot, back.boot, sizeof i.boot);
	ck_assert_mem_eq(i.secret, back.secret, sizeof i.secret);
	ck_assert(back.sequence == 7 && back.hour == 8 && back.generation == 9);
	ck_assert(back.loaded_at == -1 && back.tried_at == 2 && back.load_claimed_at == 3);
	ck_assert(back.tidy_claimed_at == 4 && back.last_delivery == 5 && back.pendings == 6);
	ck_assert(back.created == 10 && back.tidy_wanted && back.meters == 11);
	ck_assert(back.settings.hosted && back.settings.history_days == 12 && back.settings.max_meters == 100);
	record[0]++;
	ck_assert(!info_decode(&back, record, sizeof record));
}
END_TEST

START_TEST(test_pending_record)
{
	struct pending p = { PENDING_ADMITTED, true, OUTCOME_UNREACHED, 3, 30, 4, 5, 6 }, back;
	unsigned char record[PENDING_SIZE];

	pending_encode(&p, record);
	ck_assert(pending_decode(&back, record, sizeof record));
	ck_assert(back.state == p.state && back.outcome == p.outcome && back.hour == 3);
	ck_assert(back.since == 4 && back.touched == 5 && back.booked_at == 6 && back.message && back.stopped == 30);
	record[1] = 3; /* no state */
	ck_assert(!pending_decode(&back, record, sizeof record));
	record[1] = 1;
	record[2] = 5; /* no outcome */
	ck_assert(!pending_decode(&back, record, sizeof record));
	record[2] = 4;
	record[3] = 2; /* neither a delivery nor a message */
	ck_assert(!pending_decode(&back, record, sizeof record));
	pending_encode(&p, record);
	ck_assert(!pending_decode(&back, record, sizeof record - 1));
	record[0]++;
	ck_assert(!pending_decode(&back, record, sizeof record));
}
END_TEST

/* Goal: each part of the identity tells two deliveries apart; so does the store's secret. */
START_TEST(test_pending_identity)
{
	struct pending_file file = { .known = true, .inode = 1, .mtime_seconds = 2,
		.mtime_nanoseconds = 3, .size = 4, .head_length = 5, .head = "Recei" };
	unsigned char secret[DIGEST_KEY_SIZE] = { 0 }, ids[9][DIGEST_SIZE];

	pending_identity(ids[0], secret, &file, "s", "r");
	pending_identity(ids[1], secret, &file, "s2", "r");
	pending_identity(ids[2], secret, &file, "s", "r2");
	file.inode++;
	pending_identity(ids[3], secret, &file, "s", "r");
	file.mtime_seconds++;
	pending_identity(ids[4], secret, &file, "s", "r");
	file.mtime_nanoseconds++;
	pending_identity(ids[5], secret, &file, "s", "r");
	file.size++;
	pending_identity(ids[6], secret, &file, "s", "r");
	file.head[0] = 'r';
	pending_identity(ids[7], secret, &file, "s", "r");
	secret[0]++;
	pending_identity(ids[8], secret, &file, "s", "r");
	for (int i = 0; i < 9; i++)
		for (int k = i + 1; k < 9; k++)
			ck_assert_msg(memcmp(ids[i], ids[k], DIGEST_SIZE) != 0, "%d, %d", i, k);
}
END_TEST

/* Goal: own name, wildcards from the longest, default; a wildcard never covers its own domain. */
START_TEST(test_rules_order)
{
	static const struct {
		enum rules_scope scope;
		const char *name;
	} expected[] = { { RULES_DOMAIN, "a.b.example.com" }, { RULES_SUBDOMAINS, "b.example.com" },
		{ RULES_SUBDOMAINS, "example.com" }, { RULES_SUBDOMAINS, "com" },
		{ RULES_DEFAULT, "" } };
	static const struct {
		enum meter_kind kind;
		const char *name;
		unsigned scopes[2];
	} others[] = { { METER_SERVER, "", { RULES_SERVER } }, { METER_BOUNCES, "", { RULES_BOUNCES } },
		{ METER_FOREIGN, "", { RULES_FOREIGN } }, { METER_OVERFLOW, "", { RULES_DEFAULT } },
		{ METER_USER, "uid:48", { RULES_USER, RULES_USER_DEFAULT } },
		{ METER_DESTINATION, "a.example.com", { RULES_DESTINATION } } };
	struct meter m;
	struct rules_key key;

	meter_set(&m, METER_DOMAIN, "a.b.example.com");
	for (unsigned step = 0; step < 5; step++) {
		ck_assert(rules_key_for(&key, &m, step));
		ck_assert_uint_eq(key.scope, expected[step].scope);
		ck_assert_str_eq(key.name, expected[step].name);
	}
	ck_assert(!rules_key_for(&key, &m, 5));
	meter_set(&m, METER_DOMAIN, "localhost");
	ck_assert(rules_key_for(&key, &m, 1));
	ck_assert_uint_eq(key.scope, RULES_DEFAULT);
	ck_assert(!rules_key_for(&key, &m, 2));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		meter_set(&m, others[i].kind, others[i].name);
		for (unsigned step = 0; step < 2 && others[i].scopes[step] != 0; step++) {
			ck_assert_msg(rules_key_for(&key, &m, step), "%s %u", others[i].name, step);
			ck_assert_uint_eq(key.scope, others[i].scopes[step]);
			ck_assert_str_eq(key.name, step == 0 ? others[i].name : "");
		}
		ck_assert(!rules_key_for(&key, &m, others[i].scopes[1] != 0 ? 2 : 1));
	}
}
END_TEST

/* Goal: for any name the questions end, and end with the default. */
START_TEST(test_rules_always_end_with_default)
{
	static const char *const names[] = { ".", "..", "a.", ".a", "a..b", "a.b..", "....", "a" };
	struct meter m;
	struct rules_key key, last = { .scope = 0 };

	meter_set(&m, METER_DOMAIN, names[_i]);
	for (unsigned step = 0; rules_key_for(&key, &m, step); step++) {
		ck_assert_uint_lt(step, 300);
		last = key;
	}
	ck_assert_uint_eq(last.scope, RULES_DEFAULT);
}
END_TEST

/* Goal: a row of a kind that this version does not know has no limits, and nothing is read beyond a table. */
START_TEST(test_rules_of_no_kind)
{
	static const uint8_t kinds[] = { METER_OVERFLOW + 1, 8, 100, UINT8_MAX };
	struct meter m = { .length = 1, .name = "a" };
	struct rules_key key;

	for (size_t i = 0; i < sizeof kinds; i++)
		for (unsigned step = 0; step < 3; step++) {
			m.kind = kinds[i];
			ck_assert_msg(!rules_key_for(&key, &m, step), "kind %u step %u", kinds[i], step);
		}
}
END_TEST

/* Goal: the longest name, each byte of it escaped, comes back; a longer one is none. */
START_TEST(test_meter_length)
{
	char name[METER_NAME_MAX + 1], word[METER_WORD_MAX + 4];
	struct meter m, back;

	memset(name, '\n', METER_NAME_MAX);
	name[METER_NAME_MAX] = '\0';
	meter_set(&m, METER_DESTINATION, name);
	meter_word(&m, word);
	ck_assert_uint_eq(strlen(word), 12 + 4 * METER_NAME_MAX);
	ck_assert(meter_parse(&back, word));
	ck_assert_mem_eq(&back, &m, sizeof m);
	(void)strcat(word, "x");
	ck_assert(!meter_parse(&back, word));
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	ck_assert(!meter_parse(&back, word));
}
END_TEST

/* Goal: UTF-8 as RFC 3629 has it, and nothing that only looks like it. */
START_TEST(test_characters)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t code;
		bool readable;
	} cases[] = { { "a", 1, 'a', true }, { "\033", 1, 27, false }, { "\177", 1, 127, false },
		{ "\303\274", 2, 0xfc, true }, { "\302\233", 2, 0x9b, false }, { "\302\240", 2, 0xa0, true },
		{ "\342\202\254", 3, 0x20ac, true }, { "\360\237\230\200", 4, 0x1f600, true },
		{ "\364\217\277\277", 4, 0x10ffff, true }, { "\364\220\200\200", 0, 0, false },
		{ "\355\237\277", 3, 0xd7ff, true }, { "\355\240\200", 0, 0, false }, { "\356\200\200", 3, 0xe000, true },
		{ "\300\200", 0, 0, false }, { "\340\200\200", 0, 0, false }, { "\303", 0, 0, true },
		{ "\303a", 0, 0, true }, { "\233", 0, 0, false }, { "\377", 0, 0, true }, { "\370", 0, 0, true } };
	uint32_t code;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_uint_eq(readable_character(cases[i].bytes, &code), cases[i].n);
		ck_assert(cases[i].n == 0 || code == cases[i].code);
		ck_assert_msg(readable_is(cases[i].bytes) == cases[i].readable, "case %zu", i);
	}
}
END_TEST

/* Goal: what is called by a word is found by it, also a domain that is called as something else is. */
START_TEST(test_meter_word)
{
	static const struct {
		enum meter_kind kind;
		const char *name, *word;
	} cases[] = { { METER_DOMAIN, "a.example", "a.example" }, { METER_DOMAIN, "server", "domain:server" },
		{ METER_DOMAIN, "domain:a", "domain:domain:a" }, { METER_DOMAIN, "uid:48", "domain:uid:48" },
		{ METER_DOMAIN, "destination:a", "domain:destination:a" },
		{ METER_DESTINATION, "a.example", "destination:a.example" }, { METER_USER, "uid:48", "uid:48" },
		{ METER_BOUNCES, "", "bounces" }, { METER_DOMAIN, "a.", "a\\x2e" },
		{ METER_USER, "auth:\t\n \\\"\377.", "auth:\\x09\\x0a\\x20\\x5c\\x22\\xff\\x2e" } };
	char word[METER_WORD_MAX];
	struct meter m, back;

	meter_set(&m, cases[_i].kind, cases[_i].name);
	meter_word(&m, word);
	ck_assert_str_eq(word, cases[_i].word);
	ck_assert(meter_parse(&back, word));
	ck_assert_mem_eq(&back, &m, sizeof m);
}
END_TEST

#define LOOP(tcase, table, test) \
	tcase_add_loop_test(tcase, test, 0, (int)(sizeof(table) / sizeof(table)[0]))

Suite *
suite_pure(void)
{
	Suite *s = suite_create("pure");
	TCase *t = tcase_create("parts");

	LOOP(t, siphash_vectors, test_digest_vectors);
	tcase_add_test(t, test_digest_strings_are_separate);
	LOOP(t, printable, test_text_printable);
	tcase_add_test(t, test_text_truncates);
	LOOP(t, senders, test_origin);
	tcase_add_test(t, test_address_length);
	tcase_add_test(t, test_meter_parse);
	tcase_add_test(t, test_meter_length);
	tcase_add_test(t, test_characters);
	tcase_add_loop_test(t, test_meter_word, 0, 10);
	LOOP(t, envelopes, test_envelope);
	LOOP(t, hours, test_hour);
	tcase_add_test(t, test_names_are_cut);
	tcase_add_test(t, test_bytes);
	tcase_add_test(t, test_counters_record);
	tcase_add_test(t, test_counters_of_version_1);
	tcase_add_test(t, test_counters_of_version_2);
	tcase_add_test(t, test_counters_of_version_3);
	tcase_add_test(t, test_limits_record);
	tcase_add_test(t, test_settings_record);
	tcase_add_test(t, test_info_record);
	tcase_add_test(t, test_pending_record);
	tcase_add_test(t, test_pending_identity);
	tcase_add_test(t, test_rules_order);
	tcase_add_loop_test(t, test_rules_always_end_with_default, 0, 8);
	tcase_add_test(t, test_rules_of_no_kind);
	suite_add_tcase(s, t);
	return s;
}
