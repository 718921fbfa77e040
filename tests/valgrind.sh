#!/bin/sh
# valgrind.sh BUILD - the unit tests, and both programs wherever a test starts one, under memcheck
#
# BUILD is dynamic (STATIC=no): in a static program valgrind does not know malloc. An error, or memory that
# is definitely lost, makes the program end with 99, which no test takes for right. The helpers, the
# tools of the system and what is not C of ours run as they are.
#
# Left out, for time or because valgrind cannot follow: the suites that deliver by the hundred (wrapper, storm,
# faults, library; asan runs all of those): the wrapper is run here by the suites of the CLI. vfork is a fork
# under valgrind, so that a real program that cannot be executed is not noticed by its parent.
# No suppressions.
set -u
build=$1
QLIMIT_BUILD=$(realpath "$build")
CK_TIMEOUT_MULTIPLIER=30
VALGRIND_LOGS=$QLIMIT_BUILD/logs
export QLIMIT_BUILD CK_TIMEOUT_MULTIPLIER VALGRIND_LOGS

rm -rf "$VALGRIND_LOGS"
mkdir -m 1777 "$VALGRIND_LOGS"
# shellcheck disable=SC2016
printf '%s\n' cli report store cli_corners config_refused config place pure guard policy watch |
    xargs -P2 -I{} sh -c 'CK_RUN_SUITE=$1 valgrind --quiet --vgdb=no --trace-children=yes \
        --trace-children-skip="*/remote,*/rspawn,*/send,*/inject,/bin/*,/usr/bin/*" \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --error-exitcode=99 --log-file="$VALGRIND_LOGS/%p" "$QLIMIT_BUILD/tests/check"' sh {}
status=$?
find "$VALGRIND_LOGS" -type f -size +0 -exec cat {} +
exit $status
