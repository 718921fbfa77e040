#!/bin/sh
# valgrind.sh BUILD - the unit tests, and both programs wherever a test starts one, under memcheck
#
# BUILD is dynamic (STATIC=no): in a static program valgrind does not know malloc. An error, or memory that
# is definitely lost, makes the program end with 99, which no test takes for right. The helpers, the
# tools of the system and what is not C of ours run as they are.
#
# Left out for time, since a start of either program takes most of a second: the suites that deliver by the
# hundred (cli, wrapper, storm, hearing, faults, damage, wild, mounts, locks, starts, attacks, config_faults), and
# library, which starts a command over for each call that may fail; report, which makes 300,000 of them up. asan
# runs all of those; the wrapper is run here by the suites of the CLI's corners.
# Left out because valgrind cannot follow: test_place's other cases, as /proc/self/exe is valgrind itself, and as a
# process that it follows into another root directory has no log there; and
# test_admin_corners' crashes, as a SIGSEGV from outside that meets it between two system calls is now and then
# its own end. And vfork is a fork, so that a parent does not learn from its child how the real program was started.
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
printf '%s\n' config_refused cli_corners admin_corners many store config_corners config elsewhere \
    place pure head config_payers guard policy watch |
    xargs -P2 -I{} sh -c 'case $1 in place) export CK_RUN_CASE="in place" ;;
            admin_corners) export CK_RUN_CASE=corners ;; esac
        CK_RUN_SUITE=$1 valgrind --quiet --vgdb=no --trace-children=yes \
        --trace-children-skip="*/remote,*/rspawn,*/send,*/inject,/bin/*,/usr/bin/*" \
        --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --error-exitcode=99 --log-file="$VALGRIND_LOGS/%p" "$QLIMIT_BUILD/tests/check"' sh {}
status=$?
find "$VALGRIND_LOGS" -type f -size +0 -exec cat {} +
exit $status
