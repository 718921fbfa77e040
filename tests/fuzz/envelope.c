/* envelope - any arguments: who pays, which rules are asked for, what is printed */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "meter.h"
#include "report.h"
#include "rules.h"
#include "text.h"

#define WORDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rules(const struct meter *meter)
{
	struct rules_key key = { .scope = 0 };
	unsigned step = 0;

	while (rules_key_for(&key, meter, step))
		if (++step > 300 || strlen(key.name) != key.length)
			abort();
	if (meter->kind == METER_DOMAIN && key.scope == 0)
		abort();
}

static void
check_report(const struct meter *meter)
{
	const struct judgement j = { VERDICT_DEFER, RULE_MAX_PER_HOUR, 1, 2, 3 };
	char buffer[REPORT_TEXT_MAX];
	struct text t;

	text_init(&t, buffer, sizeof buffer);
	report_compose(&t, &j, meter);
	if (t.truncated || t.used != strlen(buffer) + 1 || buffer[0] != 'Z')
		abort();
	for (size_t i = 0; i + 2 < t.used; i++)
		if (buffer[i] < 32 || buffer[i] > 126)
			abort();
}

/* The words of an argv, each ended by a NUL. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *argv[WORDS + 1] = { NULL };
	struct envelope e;
	struct meter_list payers;
	int argc = 0;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t at = 0; at <= size && argc < WORDS; at += strlen(copy + at) + 1)
		argv[argc++] = copy + at;
	if (envelope_parse(&e, argc, argv)) {
		meter_payers(&payers, e.sender);
		for (size_t i = 0; i < payers.count; i++) {
			check_rules(&payers.at[i]);
			check_report(&payers.at[i]);
		}
	}
	free(copy);
	return 0;
}
