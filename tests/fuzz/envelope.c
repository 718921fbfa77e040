/*
 * envelope - fuzzed: any arguments, any address: who pays, which rules are asked for, what is printed
 *
 * The input is the words of an argv, each ended by a NUL.
 */
#include "fuzz.h"

#include "address.h"
#include "admin_print.h"
#include "envelope.h"
#include "meter.h"
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

static void
check_payers(const struct meter_list *payers, const char *sender)
{
	const struct meter *first = &payers->at[0];
	const char *at = strrchr(sender, '@');
	char name[254];
	size_t n = at == NULL ? 0 : normal_form(at + 1, name);

	MUST(payers->count == 2 && payers->at[1].kind == METER_SERVER);
	MUST(payers->at[1].length == 0 && first->name[first->length] == '\0');
	if (sender[0] == '\0' || strcmp(sender, "#@[]") == 0)
		MUST(first->kind == METER_BOUNCES && first->length == 0);
	else if (n == 0)
		MUST(first->kind == METER_FOREIGN && first->length == 0);
	else
		MUST(first->kind == METER_DOMAIN && first->length == n &&
		     memcmp(first->name, name, n + 1) == 0);
}

/* Own name, then what is behind each dot, then the default; nothing twice. */
static void
check_rules(const struct meter *meter)
{
	const char *rest = meter->name;
	struct rules_key key;
	unsigned step = 0;

	if (meter->kind == METER_DOMAIN) {
		MUST(rules_key_for(&key, meter, step++) && key.scope == RULES_DOMAIN);
		MUST(strcmp(key.name, meter->name) == 0 && key.length == meter->length);
		while ((rest = strchr(rest, '.')) != NULL && *++rest != '\0') {
			MUST(rules_key_for(&key, meter, step++));
			MUST(key.scope == RULES_SUBDOMAINS && strcmp(key.name, rest) == 0);
			MUST(key.length == strlen(rest));
		}
	}
	if (meter->kind != METER_BOUNCES) {
		MUST(rules_key_for(&key, meter, step++) && key.length == 0);
		MUST(key.scope == (meter->kind == METER_SERVER ? RULES_SERVER : RULES_DEFAULT));
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

/* An admin's word means the meter that mail from such a domain pays. */
static void
check_word(const char *word)
{
	struct meter meter;
	char name[254];
	bool one_of_a_kind = strcmp(word, "server") == 0 || strcmp(word, "bounces") == 0 ||
	    strcmp(word, "foreign") == 0;
	bool parsed = meter_parse(&meter, word);

	if (one_of_a_kind) {
		MUST(parsed && meter.length == 0 && strcmp(meter_kind_name(meter.kind), word) == 0);
		return;
	}
	MUST(parsed == (normal_form(word, name) > 0));
	MUST(!parsed || (meter.kind == METER_DOMAIN && strcmp(meter.name, name) == 0));
}

static void
check_envelope(int argc, char **argv)
{
	bool numbered = argc >= 6 && argv[4][0] != '\0' &&
	    argv[4][strspn(argv[4], "0123456789")] == '\0';
	int first = numbered ? 5 : 3;
	struct envelope e;
	struct meter_list payers;

	MUST(envelope_parse(&e, argc, argv) == (argc > first));
	if (argc <= first)
		return;
	MUST(e.host == argv[1] && e.sender == argv[2] && e.recipients == argv + first);
	MUST(e.count == (size_t)(argc - first));
	meter_payers(&payers, e.sender);
	check_payers(&payers, e.sender);
	for (size_t i = 0; i < payers.count; i++) {
		check_rules(&payers.at[i]);
		check_printed(&payers.at[i]);
		check_report(&payers.at[i], VERDICT_DEFER, RULE_MAX_PER_HOUR, 0);
		check_report(&payers.at[i], VERDICT_REFUSE, RULE_MAX_FAILURE_PERCENT, UINT64_MAX);
	}
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
