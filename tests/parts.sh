#!/bin/sh
# parts.sh N CHECK - runs all suites of CHECK in N processes at once, and fails if one of them does
#
# The suites wait as much as they work, and none needs the machine for itself.
set -u
parts=$1 check=$2
status=0 running=""

[ "$parts" -gt 1 ] || exec "$check"
for k in $(seq "$parts"); do
	QLIMIT_PART=$k/$parts "$check" &
	running="$running $!"
done
for pid in $running; do
	wait "$pid" || status=1
done
exit $status
