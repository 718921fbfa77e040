#!/bin/sh
# coverage.sh BUILD - runs the tests of an instrumented build and says which lines and branches they ran
#
# Fails below 100 % of the lines and 95 % of the branches of src/, or if a test fails. What gcov says of
# each line is left in BUILD/report. COVERAGE_TORTURE: percent of the torture suites' full scale.
set -u
build=$1
programs="$build/qlimit-remote $build/qlimit $build/tests/qlimit-remote $build/tests/qlimit $build/tests/check"
QLIMIT_BUILD=$(realpath "$build")
export QLIMIT_BUILD
status=0

# Sparse, and everybody's: some tests run programs as another user.
rm -rf "$build"/*.gcda "$build/report"
for program in $programs; do
	rm -f "$program.counts"
	truncate -s 1M "$program.counts" && chmod 666 "$program.counts" || exit 1
done

sh tests/parts.sh 2 "$build/tests/check" || status=1
sh tests/demo.sh >"$build/demo.log" 2>&1 || { cat "$build/demo.log"; status=1; }
for suite in torture_calls torture_allocs; do
	CK_RUN_SUITE=$suite QLIMIT_TORTURE=${COVERAGE_TORTURE:-10} "$build/tests/check" || status=1
done

for program in $programs; do
	COVERAGE_DUMP=1 "$program" || exit 1
done
mkdir "$build/report"
for source in src/*.c; do
	name=$(basename "$source" .c)
	gcov -b -c -t -o "$build/$name.gcda" "$source" >"$build/report/$name" || exit 1
done
(cd "$build/report" && awk -f "$OLDPWD/tests/coverage.awk" -- *) || status=1
exit $status
