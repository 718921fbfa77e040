#!/bin/sh
# run.sh BUILD QMAIL TREE [SCENARIO...] - make check-qmail: whole-system tests against a real qmail
#
# TREE is the qmail that is copied, QMAIL where it believes to be: mostly the same. All happens in mount,
# network and process namespaces of its own (inside.sh), on a copy in memory: nothing on the machine changes,
# no packet can leave it, and whatever kills this leaves nothing behind but an empty directory in BUILD. Where
# the machine has not what it takes, one line says so, and the exit status is 0.
#
# A TREE for another qmail, here netqmail 1.06: conf-qmail stays /var/qmail, over which DIR is bound,
#	echo 'cc -O2 -fcommon -include errno.h' >conf-cc; sed -i '/^extern int errno;/d' error.h
#	unshare -m sh -c 'mount --bind DIR /var/qmail && make setup'
set -eu
BUILD=$(realpath "$1") QMAIL=$2 TREE=$3 PLACE=$(realpath "$1")/qmail
shift 3
cd "$(dirname "$0")"
export BUILD QMAIL TREE PLACE

skip() {
	echo "check-qmail: skipped: $1"
	exit 0
}

# Debian's own python, which has Debian's modules, wherever another stands before it in PATH.
python_with_aiosmtpd() {
	for PYTHON in /usr/bin/python3 python3; do
		if $PYTHON -c 'import aiosmtpd' 2>/dev/null; then return 0; fi
	done
	return 1
}

[ "$(id -u)" -eq 0 ] || skip "not root"
[ -x "$TREE/bin/qmail-send" ] || skip "no qmail in $TREE"
[ -d "$QMAIL" ] || skip "no $QMAIL, where the qmail in $TREE must seem to be"
id qmailr >/dev/null 2>&1 || skip "no user qmailr"
unshare -mnp --fork --mount-proc true 2>/dev/null || skip "no namespaces: unshare -mnp --mount-proc"
python_with_aiosmtpd || skip "no python3-aiosmtpd"
export PYTHON
mkdir -p "$PLACE"
before=$BUILD/qmail-before
sh ./before.sh "$before" >"$before.log" 2>&1 || echo "note: no older version could be built: $before.log"
exec unshare -mnp --fork --kill-child --mount-proc sh ./inside.sh "$@"
