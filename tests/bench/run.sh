#!/bin/sh
# run.sh BUILD - the bench of `make bench`; BUILD/bench holds its programs. QUICK=1: 20 seconds.
#
# Prints ratios and exits 1 if many domains make a delivery dearer (issue 2, item 6) or if somebody
# did not count what was delivered. How long a delivery takes here is nobody's promise.
set -eu
export LC_ALL=C

build=$1
here=$(cd "$(dirname "$0")" && pwd)
quick=${QUICK:-}
many=100000
days=90
failed=

work=$(mktemp -d "${TMPDIR:-/tmp}/qlimit-bench.XXXXXX")
running=
# Scripts of a burst that was cut short may still be writing: once more, a second later.
trap 'rm -rf "$work" || { sleep 1; rm -rf "$work"; }' EXIT
trap 'kill $running 2>/dev/null || :; exit 130' INT
trap 'kill $running 2>/dev/null || :; exit 143' TERM HUP

mkdir "$work/messages"
export BENCH_MESSAGES="$work/messages" BENCH_REMOTE="$build/bench/noop" BENCH_RUNS="$work/runs"

# A step that hangs must not hang whoever runs this; a shell hears signals only while it waits.
bench() {
	timeout --foreground 150 "$build/bench/bench" "$@" &
	running=$!
	wait "$running"
}

# load NAME: has the place's configuration compiled.
load() {
	QLIMIT_CONFIG=$work/$1/qlimit.conf QLIMIT_STATE=$work/$1/state QLIMIT_CONTROL=$work/$1/control \
	QLIMIT_SYSLOG=$work/$1/no-syslog "$build/qlimit" load >/dev/null
}

# place NAME CONFIGURED ACTIVE DAYS [MORE]: a configuration, and a state directory made from it.
place() {
	place=$work/$1
	mkdir -p "$place/admin"
	mkdir -m 700 "$place/state"
	printf '%s\n' "${5:-}" >"$place/qlimit.conf"
	awk -v n="$2" 'BEGIN {
		print "default = { max_per_hour = 1000000; max_failure_percent = 55; };"
		print "domains = ("
		for (i = 0; i < n; i++)
			printf "\t{ name = \"d%06d.example\"; max_per_hour = 1000000; }%s\n", i, i < n - 1 ? "," : ""
		print ");"
	}' >>"$place/qlimit.conf"
	load "$1"
	"$build/bench/populate" fill "$place/state" "$3" "$4"
}

# --- 1. what a delivery costs ---

noop=noop=$build/bench/noop:$work/table:100
relay=relay=$build/bench/relay:$work/table:100
qlimit=qlimit-remote=$build/qlimit-remote:$work/table:100
sqlite=bash+sqlite3=$here/admin.sh:$work/table:100
perl=perl+flock=$here/admin.pl:$work/table:100

missing=
command -v sqlite3 >/dev/null && command -v bash >/dev/null || missing="$missing bash+sqlite3"
command -v perl >/dev/null || missing="$missing perl+flock"
is_missing() { case " $missing " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# against AT_ONCE SECONDS LEAST CONTESTANT: one line of an admin's own script.
against() {
	is_missing "${4%%=*}" || bench more "$1" "$2" "$3" "$noop" "$relay" "$4"
}

costs() {
	printf 'Whole process, from start to the end of its output and exit. noop: the remote alone. relay: a minimal\n'
	printf 'C program that only runs it, linked like qlimit-remote (%s).\n\n' "${LINKED:-?}"
	printf '%7s  %-14s %26s   %26s  %6s\n' '' '' 'time / noop' 'time / relay' ''
	printf '%7s  %-14s %8s %8s %8s   %8s %8s %8s  %6s\n' 'at once' through 25% median 75% 25% median 75% pairs
	if [ -n "$quick" ]; then
		bench table 1 2 50 "$noop" "$relay" "$qlimit"
		against 1 1 10 "$perl"
		against 1 1 10 "$sqlite"
		bench table 16 1 10 "$noop" "$relay" "$qlimit"
		bench table 255 2 5 "$noop" "$relay" "$qlimit"
		return
	fi
	for n in 1 16 255; do
		bench table $n 12 20 "$noop" "$relay" "$qlimit"
		against $n 10 3 "$perl"
		against $n 10 3 "$sqlite"
	done
}

# counted NAME NUMBER: was every delivery through NAME counted, once?
counted() {
	runs=$(awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }' "$work/runs")
	[ "$runs" -gt 0 ] || return 0
	if [ "$2" = "$runs" ]; then
		printf '  %-14s %s of %s\n' "$1" "${2% *}" "$runs"
	else
		printf '  %-14s %s of %s: WRONG\n' "$1" "$2" "$runs"
		failed=yes
	fi
}

counts() {
	printf '\nDeliveries counted:\n'
	state=$("$build/bench/populate" count "$work/table/state")
	counted qlimit-remote "${state% *}"
	[ "${state#* }" = "${state% *}" ] || { printf '  outcomes: %s\n' "$state"; failed=yes; }
	is_missing bash+sqlite3 || counted bash+sqlite3 \
	    "$(sqlite3 "$work/table/admin/counters.sqlite" \
	    'SELECT coalesce(sum(sent), 0) FROM counters')"
	is_missing perl+flock || counted perl+flock "$(cat "$work"/table/admin/d* 2>/dev/null |
	    awk '{ n += $3 } END { print n + 0 }')"
}

# --- 2. what waits ---

memory() {
	printf '\nMemory of one wrapper out of 100 that wait for their remotes (PSS, without the remote):\n'
	BENCH_REMOTE=$build/bench/sleeper bench memory 100 "$relay" "$qlimit"
}

# --- 3. does it grow ---

# instructions NAME DOMAINS: user instructions of the wrapper's own process, mean of 4 deliveries.
instructions() {
	total=0
	for i in 1 2 3 4; do
		domain=$(printf 'd%06d.example' $(($2 * i / 5)))
		rm -f "$work"/callgrind.*
		(
			cd "$work/messages"
			# Else callgrind takes each byte of a rep stosb for an instruction.
			GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=100000000 \
			QLIMIT_CONFIG=$work/$1/qlimit.conf QLIMIT_STATE=$work/$1/state \
			QLIMIT_SYSLOG=$work/$1/no-syslog QLIMIT_REMOTE=$build/bench/noop \
			    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
			    --log-file="$work/callgrind.%p" "$build/qlimit-remote" \
			    example.org "user@$domain" "i$i@example.org" <./0 >/dev/null
		) || return 1
		# The vforked child's log ends before it execs; the wrapper's is the longest run.
		one=$(sed -n 's/.*Collected : *//p' "$work"/callgrind.* | sort -n | tail -n 1)
		total=$((total + ${one:-0}))
	done
	printf '%s\n' $((total / 4))
}

witness() {
	command -v valgrind >/dev/null || { printf '  instructions: skipped, no valgrind\n'; return 0; }
	one=$(instructions one 1) && few=$(instructions configured $many) &&
	    edited=$(instructions reloaded $many) && all=$(instructions active $many) || one=0
	if [ "$one" -eq 0 ]; then
		printf '  instructions: skipped, valgrind cannot run it\n'
		return 0
	fi
	awk -v a="$one" -v b="$few" -v c="$edited" -v d="$all" 'BEGIN {
		printf "\n  user instructions of the wrapper: %d with 1 domain; then ", a
		printf "%.3f, %.3f, %.3f times as many\n", b / a, c / a, d / a
	}'
}

growth() {
	base=1-domain=$build/qlimit-remote:$work/one:1
	configured=$many-configured=$build/qlimit-remote:$work/configured:1000/$((many / 1000))
	reloaded=$many-reloaded=$build/qlimit-remote:$work/reloaded:1000/$((many / 1000))
	active=$many-and-active=$build/qlimit-remote:$work/active:$many
	printf '\nOne delivery through qlimit-remote, by what it takes with 1 domain (allowed: 1.10).\n'
	printf 'configured: so many domains in qlimit.conf, 1000 of them send. reloaded: the same after an edit.\n'
	printf 'active: all of them counted in this hour, any may send; %s days of ledger.\n\n' $days
	printf '  %-24s %8s   %14s   %6s\n' '' median '95% sure' pairs
	if [ -n "$quick" ]; then
		# Too short to condemn anybody on a busy machine: the long run decides.
		bench limit 1.10 500 2000 "$base" "$configured" "$reloaded" "$active" || :
	else
		bench limit 1.10 2000 16000 "$base" "$configured" "$reloaded" "$active" || failed=yes
	fi
	witness
}

# --- 4. what one meter more costs ---

more_meters() {
	base=domain+user+server=$build/qlimit-remote:$work/one:1
	destination=+destination=$build/qlimit-remote:$work/destination:1
	elsewhere=+9-destinations=$build/qlimit-remote:$work/elsewhere:1
	hosted=hosted=$build/qlimit-remote:$work/hosted:1
	foreign=foreign=$build/qlimit-remote:$work/foreign:1
	day=max_per_day=$build/qlimit-remote:$work/day:1
	messages=count-messages=$build/qlimit-remote:$work/messages-counted:1
	orders=10-orders=$build/qlimit-remote:$work/orders:1
	full=50-orders=$build/qlimit-remote:$work/orders-full:1
	printf '\nThe same, by what it takes with three meters (allowed: 1.10). +destination: a fourth. +9-destinations:\n'
	printf 'some have limits, this one has not. hosted, foreign: with a list of hosted domains, the sender in it or\n'
	printf 'not. max_per_day, count-messages: on all meters. orders: in force, on others.\n\n'
	printf '  %-24s %8s   %14s   %6s\n' '' median '95% sure' pairs
	if [ -n "$quick" ]; then
		bench limit 1.10 300 1200 "$base" "$destination" "$elsewhere" "$hosted" "$foreign" "$day" "$messages" "$orders" "$full" || :
	else
		bench limit 1.10 2000 8000 "$base" "$destination" "$elsewhere" "$hosted" "$foreign" "$day" "$messages" \
		    "$orders" "$full" ||
		    failed=yes
	fi
}

# --- all of it ---

place table 100 0 0
place one 1 0 0
place configured $many 0 0
place reloaded $many 0 0
echo '# edited' >>"$work/reloaded/qlimit.conf"
load reloaded
place active $many $many $days
place destination 1 0 0 'destinations = ( { name = "example.org"; max_per_hour = 1000000; } );'
place elsewhere 1 0 0 "destinations = ( $(for i in 1 2 3 4 5 6 7 8 9; do
    printf '{ name = "d%s.example"; }%s' $i "$([ $i = 9 ] || echo ,)"; done) );"
place day 1 0 0 'count = "recipients"; server = { max_per_day = 1000000; };'
sed -i 's/^default = {/& max_per_day = 1000000;/' "$work/day/qlimit.conf" && load day
place messages-counted 1 0 0 'count = "messages";'
# orders DIRECTORY NUMBER
orders() {
	{
		echo 'qlimit orders 1'
		seq -f 'hold	o%.0f.example	1	0	root	web form abused' "$2"
	} >"$work/$1/state/orders"
	chmod 600 "$work/$1/state/orders"
}
place orders 1 0 0
orders orders 10
place orders-full 1 0 0
orders orders-full 50
mkdir -p "$work/hosted/control" "$work/foreign/control"
echo d000000.example >"$work/hosted/control/rcpthosts"
echo host.example >"$work/foreign/control/rcpthosts"
place hosted 0 0 0
place foreign 0 0 0
is_missing bash+sqlite3 || sqlite3 "$work/table/admin/counters.sqlite" >/dev/null \
    'PRAGMA journal_mode = WAL; CREATE TABLE counters (domain TEXT, hour INTEGER,
     admitted INTEGER DEFAULT 0, sent INTEGER DEFAULT 0, deferred INTEGER DEFAULT 0,
     failed INTEGER DEFAULT 0, PRIMARY KEY (domain, hour)) WITHOUT ROWID;'

for who in $missing; do
	printf '%s: skipped, its programs are not installed\n' "$who"
done
costs
counts
memory
growth
more_meters
[ -z "$failed" ] || { printf '\nbench: FAILED\n'; exit 1; }
