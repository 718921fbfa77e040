/*
 * envelope - fuzzed: any arguments, any address: who pays, which rules are asked for, what is printed
 *
 * The input is the words of an argv, each ended by a NUL.
 */
#include "fuzz.h"

#include <ctype.h>

#include "address.h"
#include "admin_print.h"
#include "envelope.h"
#include "meter.h"
#include "origin.h"
#include "report.h"
#include "rules.h"
#include "text.h"

FUZZ_UNGUIDED

#define WORDS 8

/* The normal form, written down once more; 0 where there is none. */
static size_t
normal_form(const char *domain, char *out)
{
	size_t n = strlen(domain);

	if (n > 0 && domain[n - 1] == '.')
		n--;
	if (n == 0 || n > 253)
		return 0;
	for (size_t i = 0; i < n; i++)
		out[i] = domain[i] >= 'A' && domain[i] <= 'Z' ? (char)(domain[i] | 0x20) : domain[i];
	out[n] = '\0';
	return n;
}

/* Who the envelope names: as the rules will be asked for them. */
static void
check_origin(const struct origin *o, const char *sender, const char *recipient)
{
	const char *at = strrchr(sender, '@'), *to = strrchr(recipient, '@');
	bool bounce = sender[0] == '\0' || strcmp(sender, "#@[]") == 0;
	char domain[254] = "", destination[254] = "", user[METER_NAME_MAX + 1];
	size_t local = at == NULL ? 0 : (size_t)(at - sender) + 1, n;

	n = at == NULL || bounce ? 0 : normal_form(at + 1, domain);
	if (to != NULL)
		(void)normal_form(to + 1, destination);
	MUST(o->bounce == bounce && strcmp(o->domain, domain) == 0);
	MUST(strcmp(o->destination, destination) == 0);
	if (n == 0 || local + n > 253) {
		MUST(o->address[0] == '\0');
	} else {
		MUST(strlen(o->address) == local + n && strcmp(o->address + local, domain) == 0);
		for (size_t i = 0; i < local; i++)
			MUST(o->address[i] == (sender[i] >= 'A' && sender[i] <= 'Z' ? sender[i] | 0x20 : sender[i]));
	}
	origin_user(o, user);
	MUST(user[0] == '\0' && o->head.invoker == HEAD_NOBODY);
}

/* Own name; of a domain then what is behind each dot; then everybody's; nothing twice. */
static void
check_rules(const struct meter *meter)
{
	static const enum rules_scope own[] = { [METER_DOMAIN] = RULES_DOMAIN, [METER_USER] = RULES_USER,
		[METER_DESTINATION] = RULES_DESTINATION, [METER_OVERFLOW] = 0 };
	static const enum rules_scope common[] = { [METER_SERVER] = RULES_SERVER,
		[METER_DOMAIN] = RULES_DEFAULT, [METER_BOUNCES] = RULES_BOUNCES,
		[METER_FOREIGN] = RULES_FOREIGN, [METER_USER] = RULES_USER_DEFAULT,
		[METER_DESTINATION] = 0, [METER_OVERFLOW] = RULES_DEFAULT };
	bool known = meter->kind <= METER_OVERFLOW;
	const char *rest = meter->name;
	struct rules_key key;
	unsigned step = 0;

	if (known && own[meter->kind] != 0) {
		MUST(rules_key_for(&key, meter, step++) && key.scope == own[meter->kind]);
		MUST(strcmp(key.name, meter->name) == 0 && key.length == meter->length);
	}
	while (meter->kind == METER_DOMAIN && (rest = strchr(rest, '.')) != NULL && *++rest != '\0') {
		MUST(rules_key_for(&key, meter, step++));
		MUST(key.scope == RULES_SUBDOMAINS && strcmp(key.name, rest) == 0);
		MUST(key.length == strlen(rest));
	}
	if (known && common[meter->kind] != 0) {
		MUST(rules_key_for(&key, meter, step++) && key.length == 0);
		MUST(key.scope == common[meter->kind]);
	}
	for (unsigned i = 0; i < 4; i++)
		MUST(!rules_key_for(&key, meter, step + i));
}

static void
check_report(const struct meter *meter, enum verdict verdict, enum rule rule, uint64_t figure)
{
	const struct judgement j = { verdict, rule, figure, ~figure, figure / 2 };
	char buffer[REPORT_TEXT_MAX];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	report_compose(&t, &j, meter);
	MUST(!t.truncated && t.used == strlen(buffer) + 1);
	MUST(buffer[0] == (verdict == VERDICT_REFUSE ? 'D' : 'Z'));
	MUST(buffer[t.used - 2] == '\n');
	for (size_t i = 0; i + 2 < t.used; i++)
		MUST(buffer[i] >= 32 && buffer[i] <= 126);
}

/* What is printed can be read back. */
static void
check_printed(const struct meter *meter)
{
	char out[ADMIN_NAME_MAX];
	const char *s = admin_print_name(out, meter);

	for (size_t i = 0; i < meter->length; i++) {
		char digits[3] = { 0 };

		MUST(*s >= 33 && *s <= 126 && *s != '"');
		if (*s != '\\') {
			MUST(*s++ == meter->name[i]);
			continue;
		}
		memcpy(digits, s + 2, 2);
		MUST(s[1] == 'x' && (char)strtoul(digits, NULL, 16) == meter->name[i]);
		s += 4;
	}
	MUST(*s == '\0');
}

/* However little room there is: what is written is a string, begins right, and is not more. */
static void
check_room(const char *bytes, size_t n, size_t room)
{
	char *small = malloc(room), *large = malloc(4 * n + 1);
	struct text cut, whole;

	MUST(small != NULL && large != NULL);
	text_init(&cut, small, room);
	text_add_printable(&cut, bytes, n, 4 * n);
	text_init(&whole, large, 4 * n + 1);
	text_add_printable(&whole, bytes, n, 4 * n);
	MUST(!whole.truncated && cut.truncated == (whole.used >= room));
	MUST(strlen(small) == cut.used && cut.used == (cut.truncated ? room - 1 : whole.used));
	MUST(memcmp(small, large, cut.used) == 0);
	free(small);
	free(large);
}

/* What a word says, byte by byte; false of a NUL. */
static bool
decoded(const char *word, char *out)
{
	size_t n = strlen(word);

	if (n > 0 && word[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++) {
		char digits[3] = { 0 };
		bool escape = i + 3 < n && word[i] == '\\' && word[i + 1] == 'x' && isxdigit((unsigned char)word[i + 2]) &&
		    isxdigit((unsigned char)word[i + 3]);

		memcpy(digits, escape ? word + i + 2 : "00", 2);
		*out = (char)tolower(escape ? (int)strtoul(digits, NULL, 16) : (unsigned char)word[i]);
		if (*out++ == '\0')
			return false;
		i += escape ? 3 : 0;
	}
	*out = '\0';
	return true;
}

/* An admin's word means the meter that mail from such a domain, of such a user, to such a domain pays. */
static void
check_word(const char *word)
{
	static const char *const kinds[] = { "server", "bounces", "foreign", "overflow" };
	char *all = malloc(strlen(word) + 1), *rest = all;
	enum meter_kind kind = METER_DOMAIN;
	struct meter meter;
	bool parsed = meter_parse(&meter, word), known = all != NULL && decoded(word, all);

	MUST(all != NULL && (known || !parsed));
	for (size_t i = 0; known && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(all, kinds[i]) == 0) {
			MUST(parsed && meter.length == 0 && strcmp(meter_kind_name(meter.kind), all) == 0);
			known = false;
		}
	if (known && strncmp(all, "destination:", 12) == 0) {
		kind = METER_DESTINATION;
		rest += 12;
	} else if (known && strncmp(all, "domain:", 7) == 0) {
		rest += 7;
	} else if (known && (strcmp(all, "alias") == 0 || strncmp(all, "uid:", 4) == 0 ||
				strncmp(all, "auth:", 5) == 0)) {
		kind = METER_USER;
	}
	MUST(!known || parsed == (strlen(rest) > 0 && strlen(rest) <= METER_NAME_MAX));
	MUST(!known || !parsed || (meter.kind == kind && strcmp(meter.name, rest) == 0));
	free(all);
}

/* What is called so is what is meant. */
static void
check_called(const struct meter *meter)
{
	char word[METER_WORD_MAX];
	struct meter back;

	meter_word(meter, word);
	MUST(meter_parse(&back, word) && memcmp(&back, meter, sizeof back) == 0);
}

static void
check_meter(enum meter_kind kind, const char *name)
{
	struct meter meter;

	meter_set(&meter, kind, name);
	MUST(meter.name[meter.length] == '\0');
	check_rules(&meter);
	check_printed(&meter);
	if (kind < METER_SERVER || kind > METER_OVERFLOW)
		return;
	check_called(&meter);
	check_report(&meter, VERDICT_DEFER, RULE_MAX_PER_HOUR, 0);
	check_report(&meter, VERDICT_DEFER, RULE_MAX_PER_DAY, 1);
	check_report(&meter, VERDICT_REFUSE, RULE_MAX_FAILURE_PERCENT, UINT64_MAX);
}

/* Every meter that could pay, and some of a kind that only a damaged record has. */
static void
check_meters(const struct origin *o)
{
	char user[METER_NAME_MAX + 1] = "auth:";

	check_meter(METER_SERVER, "");
	check_meter(METER_BOUNCES, "");
	check_meter(METER_FOREIGN, "");
	check_meter(METER_OVERFLOW, "");
	if (o->domain[0] != '\0') {
		check_meter(METER_DOMAIN, o->domain);
		(void)strncat(user, o->domain, HEAD_AUTH_MAX);
		check_meter(METER_USER, user);
		check_meter(METER_OVERFLOW + 1, o->domain);
		check_meter(UINT8_MAX, o->domain);
	}
	if (o->destination[0] != '\0')
		check_meter(METER_DESTINATION, o->destination);
}

static void
check_envelope(int argc, char **argv)
{
	bool numbered = argc >= 6 && argv[4][0] != '\0' &&
	    argv[4][strspn(argv[4], "0123456789")] == '\0';
	int first = numbered ? 5 : 3;
	struct envelope e;
	struct origin origin;

	MUST(envelope_parse(&e, argc, argv) == (argc > first));
	if (argc <= first)
		return;
	MUST(e.host == argv[1] && e.sender == argv[2] && e.recipients == argv + first);
	MUST(e.count == (size_t)(argc - first));
	memset(&origin, 0xff, sizeof origin);
	origin_read(&origin, e.sender, e.recipients[0]);
	check_origin(&origin, e.sender, e.recipients[0]);
	check_meters(&origin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *argv[WORDS + 1] = { NULL };
	int argc = 0;

	MUST(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t at = 0; at <= size && argc < WORDS; at += strlen(copy + at) + 1)
		argv[argc++] = copy + at;
	check_word(argv[0]);
	check_room(copy, size, 1 + (size > 0 ? data[0] : 0));
	check_envelope(argc, argv);
	free(copy);
	return 0;
}

FUZZ_GUIDED
