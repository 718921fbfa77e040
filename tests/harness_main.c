/* harness_main - runs every suite of suites.h */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "suites.h"
#include "torture.h"

/* What failed tests left behind is kept for whoever asks why. */
static void
tidy(const char *directory, int failed)
{
	if (failed > 0)
		fprintf(stderr, "what the failed tests left is in %s\n", directory);
	else if (harness_remove_tree(directory) == -1)
		perror(directory);
}

int
torture_scale(void)
{
	const char *percent = getenv("QLIMIT_TORTURE");

	return percent == NULL ? 0 : atoi(percent);
}

/* Whether this run is to have the suite of this number: $QLIMIT_PART is "K/N", one of N that run at once. */
static bool
is_ours(unsigned long number)
{
	char *part = getenv("QLIMIT_PART");
	unsigned long k, n;

	if (part == NULL)
		return true;
	k = strtoul(part, &part, 10);
	n = strtoul(part + (*part == '/'), NULL, 10);
	if (k < 1 || k > n) {
		fprintf(stderr, "QLIMIT_PART must be K/N, as in 1/2\n");
		exit(EXIT_FAILURE);
	}
	return number % n == k - 1;
}

static void
set_up_environment(void)
{
	/* Check's time limits end what hangs; how fast this machine is, or a sanitizer on it, is no test's matter. */
	if (setenv("CK_TIMEOUT_MULTIPLIER", "5", 0) == 0 &&
	    /* Programs that start by the thousand are not searched for leaks, most of their time; the tests are. */
	    setenv("ASAN_OPTIONS", "detect_leaks=0", 1) == 0)
		return;
	perror("setenv");
	exit(EXIT_FAILURE);
}

int
main(void)
{
#define SUITE_ADD(name) \
	if (is_ours(number++)) \
		srunner_add_suite(runner, suite_##name());
	SRunner *runner;
	const char *tmp = getenv("TMPDIR");
	char directory[64];
	unsigned long number = 0;
	int failed;

	set_up_environment();
	/* One place for all tests to make theirs in, short enough for the paths of sockets. */
	if (tmp == NULL || tmp[0] != '/' || strlen(tmp) > 30)
		tmp = "/tmp";
	(void)snprintf(directory, sizeof directory, "%s/qlimit-check.XXXXXX", tmp);
	if (mkdtemp(directory) == NULL || setenv("TMPDIR", directory, 1) == -1) {
		perror(directory);
		return EXIT_FAILURE;
	}
	runner = srunner_create(NULL);
	if (torture_scale() == 0) {
		SUITES(SUITE_ADD)
	} else {
		TORTURES(SUITE_ADD)
	}
	/* What tests send is to be heard, though nohup(1) or a shell's & has started them. */
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	tidy(directory, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
